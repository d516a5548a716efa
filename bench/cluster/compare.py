"""Compares `bindscape protein cluster` with MMseqs2 on one FASTA file.

    python bench/cluster/compare.py BINDSCAPE PROTEINS.fasta[.gz] WORK_DIRECTORY

needs `mmseqs` (14-7e284) on the PATH, and nothing beyond Python 3.11. Both sides run at 30%
identity and 80% coverage of both proteins (`--min-seq-id 0.3 -c 0.8 --cov-mode 0`), with
connected components and with greedy set cover. Prints, for each:

- seconds of both;
- clusters, the largest one, and the adjusted Rand index;
- the share of one side's pairs inside of clusters that are inside of the other's clusters;
- pairs that an exhaustive search (`mmseqs easy-search -s 7.5`) finds at the same thresholds and
  that lie in two clusters, and so in two folds in the worst case.

WORK_DIRECTORY keeps the results of MMseqs2, so that another run need not repeat them.
"""

import gzip
import subprocess
import sys
import time
from collections import Counter
from math import comb
from pathlib import Path

THRESHOLDS = ["--min-seq-id", "0.3", "-c", "0.8", "--cov-mode", "0", "--threads", "2", "-v", "1"]


def timed(words):
    start = time.perf_counter()
    subprocess.run([str(word) for word in words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def kept(path, make):
    """Seconds that it took to make `path`, now or earlier."""
    stamp = path.with_suffix(path.suffix + ".seconds")
    if not stamp.exists():
        stamp.write_text(str(make()))
    return float(stamp.read_text())


def table(path, member, cluster, header):
    lines = path.read_text().splitlines()[1 if header else 0 :]
    rows = [line.split("\t") for line in lines]
    return {row[member]: row[cluster] for row in rows}


def rand_index(ours, theirs):
    ids = sorted(ours)
    both = sum(comb(n, 2) for n in Counter((ours[i], theirs[i]) for i in ids).values())
    a = sum(comb(n, 2) for n in Counter(ours.values()).values())
    b = sum(comb(n, 2) for n in Counter(theirs.values()).values())
    expected = a * b / comb(len(ids), 2)
    return (both - expected) / ((a + b) / 2 - expected), both / a, both / b


def main(program, fasta, work):
    work = Path(work)
    work.mkdir(parents=True, exist_ok=True)
    plain = work / "proteins.fasta"
    opener = gzip.open if fasta.endswith(".gz") else open
    with opener(fasta, "rt") as source:
        plain.write_text(source.read())
    search = work / "search.tsv"
    seconds = kept(
        search,
        lambda: timed(
            ["mmseqs", "easy-search", plain, plain, search, work / "tmp", "-s", "7.5", "--max-seqs", "10000"]
            + ["--format-output", "query,target"]
            + THRESHOLDS
        ),
    )
    pairs = {tuple(sorted(line.split("\t"))) for line in search.read_text().splitlines()}
    pairs = {pair for pair in pairs if pair[0] != pair[1]}
    print(f"exhaustive search: {len(pairs)} similar pairs, {seconds:.0f} s")
    for linkage, mode in [("connected", 1), ("representative", 0)]:
        out = work / f"{linkage}.tsv"
        ours_seconds = timed([program, "--threads", "2", "protein", "cluster", plain, "--linkage", linkage, "--out", out])
        ours = table(out, 0, 1, True)
        prefix = work / f"mmseqs{mode}"
        their_table = work / f"mmseqs{mode}_cluster.tsv"
        theirs_seconds = kept(
            their_table,
            lambda: timed(["mmseqs", "easy-cluster", plain, prefix, work / "tmp", "--cluster-mode", mode] + THRESHOLDS),
        )
        theirs = table(their_table, 1, 0, False)
        index, inside_theirs, inside_ours = rand_index(ours, theirs)
        print(f"{linkage}: {ours_seconds:.0f} s, MMseqs2 {theirs_seconds:.0f} s")
        for name, clusters in [("bindscape", ours), ("MMseqs2", theirs)]:
            sizes = Counter(clusters.values())
            parted = sum(clusters[a] != clusters[b] for a, b in pairs)
            print(f"  {name}: {len(sizes)} clusters, largest {max(sizes.values())}, similar pairs in two clusters: {parted}")
        print(f"  adjusted Rand index {index:.3f}; of MMseqs2's pairs {inside_ours:.3f} are in ours, of ours {inside_theirs:.3f} in theirs")


main(*sys.argv[1:])
