"""What multi-models say of their own TFs, on chromosome 15: AUCPR at 1:1, matched in GC, and in the
proportion of the genome.

own.py BINDSCAPE DATA OUT MODEL…: DATA holds the published files, OUT the folds.json of folds.py. All bound
regions of the chromosome that the sparse view resolves count; at 1:1 each has an unbound one whose GC content differs by
6 bases at most, where there is one. Means over the reported TFs of each fold that the model has.
"""

import gzip
import json
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np

CHROMOSOME = "chr15"


def aucpr(bound, scores):
    """Average precision, rank by rank."""
    bound = bound[np.argsort(-scores, kind="stable")]
    return (np.cumsum(bound) / np.arange(1, len(bound) + 1))[bound].mean()


def sequences(data, out):
    """Rows of the matrix on the chromosome without N, their GC counts, and a FASTA file of them."""
    with gzip.open(f"{data}/regions_idx.pickle.gz") as file:
        regions = pickle.load(file)
    rows = {f"{chrom}:{start}-{end}": row for (chrom, start, end), row in regions.items() if chrom == CHROMOSOME}
    kept, gc = [], []
    with gzip.open(f"{data}/sequences.200bp.fa.gz", "rt") as file, open(f"{out}/own.fa", "w") as written:
        name = None
        for line in file:
            line = line.strip()
            if line.startswith(">"):
                name = line[1:].split("::")[-1]
            elif name in rows and "N" not in line.upper():
                kept.append(rows[name])
                gc.append(sum(map(line.upper().count, "GC")))
                written.write(f">r{rows[name]}\n{line}\n")
    return np.array(kept), np.array(gc)


def matched(bound, unbound, gc, rng):
    """Indices of the bound regions and of an unbound one for each, where there is one."""
    pools = {}
    for index in rng.permutation(unbound):
        pools.setdefault(gc[index] // 2, []).append(index)
    chosen = []
    for index in bound:
        near = (pools.get(gc[index] // 2 + step) for step in (0, 1, -1, 2, -2, 3, -3))
        pool = next((pool for pool in near if pool), None)
        if pool:
            chosen.append(pool.pop())
    return np.concatenate([bound, np.array(chosen, dtype=int)])


def predictions(program, model, out):
    """Scores of the sequences, and the TFs of their columns."""
    table = f"{out}/own.{Path(model).name}.tsv"
    subprocess.run([program, "predict", "--model", model, "--fasta", f"{out}/own.fa", "--out", table],
                   check=True, capture_output=True)
    with open(table) as file:
        lines = [line.rstrip("\n").split("\t") for line in file if not line.startswith("#")]
    # Chromosome, start, end and name come first.
    return lines[0][4:], np.array([[float(value) for value in line[4:]] for line in lines[1:]])


def main() -> None:
    program, data, out, *models = sys.argv[1:]
    rows, gc = sequences(data, out)
    labels = np.load(f"{data}/matrix2d.ReMap+UniBind.sparse.npz")["arr_0"][rows]
    with gzip.open(f"{data}/tfs_idx.pickle.gz") as file:
        columns = pickle.load(file)
    folds = json.loads(Path(out, "folds.json").read_text())
    print("| model | TFs | guessing | 1:1 | genome |\n|---|---:|---:|---:|---:|")
    for model in models:
        tfs, scores = predictions(program, model, out)
        assert len(scores) == len(rows)
        found = {}
        for tf in set(tfs) & {tf for fold in folds["folds"] for tf in fold} - set(folds["dev"]):
            rng = np.random.default_rng(1)
            label, score = labels[:, columns[tf]], scores[:, tfs.index(tf)]
            bound, unbound = np.flatnonzero(label == 1), np.flatnonzero(label == 0)
            both = np.concatenate([bound, unbound])
            pairs = matched(bound, unbound, gc, rng)
            found[tf] = (len(bound) / len(both), aucpr(label[pairs] == 1, score[pairs]), aucpr(label[both] == 1, score[both]))
        for number, fold in [*enumerate(folds["folds"]), ("all", [tf for fold in folds["folds"] for tf in fold])]:
            values = [found[tf] for tf in fold if tf in found]
            if values:
                guessing, balanced, natural = np.mean(values, axis=0)
                print(f"| {Path(model).name}, fold {number} | {len(values)} | {guessing:.3f} | {balanced:.3f} | {natural:.3f} |")


if __name__ == "__main__":
    main()
