"""Do attributions lie on the sites that make a region bound, and are the motifs found?

    python bench/planted/run.py OUT [BINDSCAPE] [LENGTH,…]

Needs Python with NumPy. Regions of 200 and of 1,000 bp (LENGTHS) are simulated: each holds a site of
each of four TFs with a probability of one quarter, drawn from the TF's JASPAR profile, on either
strand at a random place; a site makes the region bound by that TF and by no other. A network of the
four TFs is trained on 8,000 of them. Of further regions with a site of the TF, the bases of that
site are the truth: sites of the other TFs are not. Printed are, by TF and method, the mean over the
regions of the average precision of the contributions of their bases, with the share of regions in
which the window of the site's width with the largest sum covers half of the site, beside guessing
and beside the profile that the sites were drawn from (the best window over each base), which no
user has; then the patterns of `motif modisco` of the contributions beside the planted profiles.
"""

import csv
import pathlib
import subprocess
import sys

import numpy as np

TFS = {"JUND": "MA0491.3", "SPI1": "MA0080.7", "HNF4A": "MA0114.5", "MAX": "MA0058.4"}
TRAINED, TESTED, SHARE, GAP = 8000, 200, 0.25, 40
METHODS = [
    ("DeepLIFT, 10 dinucleotide shuffles", ["--method", "deeplift"]),
    ("DeepLIFT, 10 shuffles of bases", ["--reference", "mononucleotide"]),
    ("DeepLIFT, 10 unbound regions of the same GC", ["--reference", "unbound"]),
    ("DeepLIFT, no base", ["--reference", "zero"]),
    ("integrated gradients, 10 dinucleotide shuffles", ["--method", "integrated-gradients"]),
    ("in-silico mutagenesis", ["--method", "ism"]),
    ("gradient at the sequence", ["--method", "saliency"]),
]


def run(program, *words):
    done = subprocess.run([program, *map(str, words)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, words))}\n{done.stderr}")
    return done.stdout


def profiles(program):
    """Probabilities, positions x 4, of each TF's motif without ends that say nothing."""
    found, name = {}, None
    for line in run(program, "motif", "convert", "jaspar:" + ",".join(TFS.values()), "--to", "meme",
                    "--trim", "0.3").splitlines():
        words = line.split()
        if line.startswith("MOTIF"):
            name = words[1]
            found[name] = []
        elif name and len(words) == 4 and words[0][0].isdigit():
            found[name].append([float(word) for word in words])
    return {tf: np.array(found[motif]) for tf, motif in TFS.items()}


def regions(rng, count, length, motifs, always=None):
    """Bases of regions, and for each TF where its site begins and ends, or None."""
    bases, sites = [], []
    for _ in range(count):
        gc = rng.uniform(0.35, 0.65)
        region = rng.choice(4, size=length, p=[(1 - gc) / 2, gc / 2, gc / 2, (1 - gc) / 2])
        taken, own = [], dict.fromkeys(TFS)
        for tf, motif in motifs.items():
            if tf != always and rng.random() >= SHARE:
                continue
            while True:
                start = int(rng.integers(length - len(motif)))
                if all(start + len(motif) <= a or b <= start for a, b in taken):
                    break
            site = np.array([rng.choice(4, p=row / row.sum()) for row in motif])
            if rng.random() < 0.5:
                site = 3 - site[::-1]
            region[start:start + len(motif)] = site
            own[tf] = (start, start + len(motif))
            taken.append(own[tf])
        bases.append(region)
        sites.append(own)
    return np.array(bases), sites


def letters(row):
    return "".join("ACGT"[base] for base in row)


def write_training(out, rng, length, motifs):
    """A genome of five chromosomes, accessible regions, and peaks of each TF."""
    bases, sites = regions(rng, TRAINED, length, motifs)
    each = TRAINED // 5
    accessible, genome = [], []
    peaks = {tf: [] for tf in TFS}
    for chromosome in range(5):
        text = []
        for number in range(each):
            row = chromosome * each + number
            start = number * (length + GAP) + GAP // 2
            text.append(letters(rng.integers(4, size=GAP)) + letters(bases[row]))
            start = number * (length + GAP) + GAP
            name = f"chr{chromosome + 1}"
            accessible.append(f"{name}\t{start}\t{start + length}\n")
            for tf, site in sites[row].items():
                if site:
                    a, b = start + site[0], start + site[1]
                    middle = (b - a) // 2
                    peaks[tf].append(f"{name}\t{a}\t{b}\t.\t0\t.\t9\t9\t9\t{middle}\n")
        genome.append(f">chr{chromosome + 1}\n{''.join(text)}\n")
    (out / "genome.fa").write_text("".join(genome))
    offset, index = 0, []
    for record in genome:
        header, sequence = record.split("\n")[:2]
        offset += len(header) + 1
        index.append(f"{header[1:]}\t{len(sequence)}\t{offset}\t{len(sequence)}\t{len(sequence) + 1}\n")
        offset += len(sequence) + 1
    (out / "genome.fa.fai").write_text("".join(index))
    (out / "accessible.bed").write_text("".join(accessible))
    for tf, rows in peaks.items():
        (out / f"{tf}.narrowPeak").write_text("".join(rows))


def attributed(program, out, tf, bases, name, options):
    """The directory with the contributions of regions to the logit of a TF."""
    fasta, why = out / f"{tf}.{name}.fa", out / f"{tf}.{name}"
    if not (why / "regions.tsv").exists():
        fasta.write_text("".join(f">s{n}\n{letters(row)}\n" for n, row in enumerate(bases)))
        run(program, "attribute", "--model", out / "multi", "--tf", tf, "--fasta", fasta, "--show", 0,
            "--out", why, *options)
    return why


def read_table(path):
    with open(path, newline="") as lines:
        return list(csv.DictReader((line for line in lines if not line.startswith("#")), delimiter="\t"))


def average_precision(truth, scores):
    order = np.argsort(-scores, kind="stable")
    hits = truth[order]
    # Equal scores count together.
    ends = np.append(np.diff(scores[order]) != 0, True)
    found = np.cumsum(hits)[ends]
    precision = found / (np.flatnonzero(ends) + 1)
    return float((np.diff(np.append(0, found)) * precision).sum() / hits.sum())


def by_profile(row, motif):
    """The log-odds of the best window over each base, on either strand."""
    odds = np.log2((motif + 1e-3) / 0.25)
    best = np.full(len(row), -np.inf)
    for weights in [odds, odds[::-1, ::-1]]:
        for start in range(len(row) - len(motif) + 1):
            score = weights[np.arange(len(motif)), row[start:start + len(motif)]].sum()
            part = best[start:start + len(motif)]
            np.maximum(part, score, out=part)
    return best


def on_site(values, site):
    """Whether the window of the site's width with the largest sum covers half of the site."""
    width = site[1] - site[0]
    sums = np.convolve(values, np.ones(width), mode="valid")
    return abs(int(sums.argmax()) - site[0]) * 2 <= width


def mean(values):
    half = 1.96 * np.std(values, ddof=1) / np.sqrt(len(values))
    return f"{np.mean(values):.3f} ± {half:.3f}"


def one_length(out, program, length, motifs):
    out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(length)
    data = ["--matrix", out / "matrix.parquet", "--genome", out / "genome.fa"]
    if not (out / "matrix.parquet").exists():
        write_training(out, rng, length, motifs)
        peaks = [word for tf in TFS for word in ["--peaks", f"{tf}={out / tf}.narrowPeak"]]
        run(program, "matrix", "build", "--accessible", out / "accessible.bed", *peaks, "--width",
            length, "--build", "simulated", "--out", out / "matrix.parquet")
    if not (out / "multi/multi/model.safetensors").exists():
        run(program, "pretrain", "--preset", "paper-2021", *data, "--tfs", "all", "--architecture", "wide-cnn", "--split",
            "chromosome", "--motif-filters", "jaspar:vertebrates", "--shift", length // 4,
            "--weight-decay", 0.05, "--epochs", 15, "--resamples", 0, "--out", out / "multi")
    rows = {}
    tested = TESTED if length <= 200 else TESTED // 4
    for tf, motif in motifs.items():
        rng = np.random.default_rng([length, list(TFS).index(tf)])
        bases, sites = regions(rng, tested, length, motifs, always=tf)
        truth = np.zeros(bases.shape, dtype=bool)
        for row, own in zip(truth, sites):
            row[slice(*own[tf])] = True
        windows = length - len(motif) + 1
        found = {"guessing": ([np.mean(row) for row in truth], [(len(motif) // 2 * 2 + 1) / windows])}

        def take(name, values):
            found[name] = ([average_precision(t, v) for t, v in zip(truth, values)],
                           [on_site(v, own[tf]) for v, own in zip(values, sites)])

        take("the profile that the sites are of", [by_profile(row, motif) for row in bases])
        for number, (name, options) in enumerate(METHODS):
            if "unbound" in options:
                options = [*options, *data]
            why = attributed(program, out, tf, bases, number, options)
            one_hot = np.load(why / "one-hot.npz")["arr_0"]
            values = (np.load(why / "contributions.npz")["arr_0"] * one_hot).sum(1)
            take(name, values)
        rows[tf] = found
    said = run(program, "evaluate", "--model", out / "multi", *data, "--on", "held-out")
    print(f"\n{length} bp\n\n{said}\n| | {' | '.join(TFS)} |\n|---|{'---:|' * len(TFS)}")
    for name in rows[tf]:
        cells = [f"{mean(rows[tf][name][0])}, {np.mean(rows[tf][name][1]):.0%}" for tf in TFS]
        print(f"| {name} | {' | '.join(cells)} |")


def recovered(out, program, length, motifs):
    """How the patterns of each TF's contributions are like the planted profile."""
    print(f"\n| {length} bp | regions | patterns | largest like the profile, q | its seqlets on a site |")
    print("|---|---:|---:|---|---:|")
    for tf in TFS:
        rng = np.random.default_rng([length, 100 + list(TFS).index(tf)])
        count = 500
        bases, sites = regions(rng, count, length, motifs, always=tf)
        why, patterns = attributed(program, out, tf, bases, "more", []), out / f"{tf}.patterns"
        arrays = ["-s", why / "one-hot.npz", "-a", why / "contributions.npz"]
        if not (patterns / "modisco.json").exists():
            run(program, "motif", "modisco", *arrays, "--targets", "jaspar:" + ",".join(TFS.values()),
                "-o", patterns)
        table, matches = [read_table(patterns / name) for name in ["patterns.tsv", "matches.tsv"]]
        raising = [row for row in table if row["sign"] == "+"]
        best = raising[0]
        like = [float(match["q-value"]) for match in matches
                if match["pattern"] == best["pattern"] and match["match"] == TFS[tf]]
        on, all_of = 0, 0
        with open(patterns / "seqlets.bed") as lines:
            for line in lines:
                sequence, start, end, name, _, strand = line.rstrip("\n").split("\t")
                if name.rsplit(".", 1)[0] != best["pattern"]:
                    continue
                # The columns of the pattern that contribute.
                columns = [int(best["first"]), int(best["last"])]
                core = [int(start) + column for column in columns]
                if strand == "-":
                    core = [int(end) - column for column in reversed(columns)]
                site = sites[int(sequence.split("_")[-1])][tf]
                all_of += 1
                on += core[0] < site[1] and site[0] < core[1]
        first = f"{min(like):.1e}" if like else "not"
        print(f"| {tf} | {count} | {len(raising)} | {first} | {on} of {all_of} |")


def main():
    out = pathlib.Path(sys.argv[1])
    program = sys.argv[2] if len(sys.argv) > 2 else "bindscape"
    lengths = [int(n) for n in (sys.argv[3] if len(sys.argv) > 3 else "200,1000").split(",")]
    motifs = profiles(program)
    for length in lengths:
        one_length(out / str(length), program, length, motifs)
        recovered(out / str(length), program, length, motifs)


main()
