"""Leaves the TFs of one clade out: files to train without them and to test on them.

    python3 bench/protein/clade_out.py DATA plants|insects --clusters CLUSTERS.tsv --out DIR

DATA holds curated/tf_domains.fasta.gz and .tsv; CLUSTERS is a table of their clusters as `bindscape
protein cluster` writes it (id, cluster, representative). The files train.fasta, train.tsv, test.fasta and
test.tsv come out, for `new_genome.py --test --truth --train --labels` and for `bindscape protein train`.

- test: the TFs of the clade and a fifth of the clusters without TFs, all members. Whether such a cluster is
  in the fifth depends on the SHA-256 of its representative's accession alone, so that it is the same
  fifth for all clades and on all machines.
- train: all proteins of clusters without any test protein. A TF of another clade that shares a cluster with
  a TF of this one is in neither set: relatives over the whole length do not count as knowledge
  of the clade.

TFs of unknown taxon (`eukaryotes` in the table) may be of the clade, too. They stay in training, unless
they share a cluster with a test protein, so that the clade is left out in part only; how many there are is
printed. Python's standard library is enough.
"""

import argparse
import collections
import csv
import gzip
import hashlib
from pathlib import Path

ONE_IN = 5


def fasta(path):
    name, records = None, {}
    with gzip.open(path, "rt") as lines:
        for line in lines:
            if line.startswith(">"):
                name = line[1:].split()[0]
                records[name] = []
            else:
                records[name].append(line.strip())
    return {name: "".join(parts) for name, parts in records.items()}


def table(path):
    with open(path, newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


def chosen(representative):
    digest = hashlib.sha256(representative.encode()).digest()
    return int.from_bytes(digest[:8], "big") % ONE_IN == 0


def divide(rows, clusters, clade):
    """Accessions of the training and of the test set, in the order of the table.

    `rows` is the table of proteins, `clusters` maps accessions to (cluster, representative)."""
    members = collections.defaultdict(list)
    for row in rows:
        members[clusters[row["accession"]][0]].append(row)
    test = set()
    for group in members.values():
        if all(row["class"] == "non_tf" for row in group):
            if chosen(clusters[group[0]["accession"]][1]):
                test.update(row["accession"] for row in group)
        else:
            test.update(r["accession"] for r in group if r["class"] != "non_tf" and r["taxon"] == clade)
    touched = {clusters[name][0] for name in test}
    order = [row["accession"] for row in rows]
    train = [name for name in order if clusters[name][0] not in touched]
    return train, [name for name in order if name in test]


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("data", type=Path)
    options.add_argument("clade", choices=["plants", "insects"])
    options.add_argument("--clusters", type=Path, required=True)
    options.add_argument("--out", type=Path, required=True)
    args = options.parse_args()

    rows = table(args.data / "curated/tf_domains.tsv")
    sequences = fasta(args.data / "curated/tf_domains.fasta.gz")
    clusters = {row["id"]: (row["cluster"], row["representative"]) for row in table(args.clusters)}
    for known, what in [(sequences, "sequence"), (clusters, "cluster")]:
        lacking = [row["accession"] for row in rows if row["accession"] not in known]
        if lacking:
            raise SystemExit(f"{len(lacking)} proteins of the table have no {what}, the first {lacking[0]}")
    train, test = divide(rows, clusters, args.clade)

    by_name = {row["accession"]: row for row in rows}
    args.out.mkdir(parents=True, exist_ok=True)
    for part, names in [("train", train), ("test", test)]:
        (args.out / f"{part}.fasta").write_text("".join(f">{name}\n{sequences[name]}\n" for name in names))
        lines = ["\t".join(by_name[name].values()) for name in names]
        (args.out / f"{part}.tsv").write_text("\n".join(["\t".join(rows[0]), *lines]) + "\n")
        tfs = [name for name in names if by_name[name]["class"] != "non_tf"]
        unknown = sum(by_name[name]["taxon"] == "eukaryotes" for name in tfs)
        print(f"{part}: {len(names)} proteins, {len(tfs)} of them TFs ({unknown} of unknown taxon)")
    left = set(by_name) - set(train) - set(test)
    left_tfs = sum(by_name[name]["class"] != "non_tf" for name in left)
    print(f"in neither: {len(left)} relatives of test proteins, {left_tfs} of them TFs")


if __name__ == "__main__":
    main()
