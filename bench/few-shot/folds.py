"""Splits the TFs of the published matrix into four folds and marks those for development.

folds.py DATA OUT: DATA holds the published files. A TF takes part if it has at least 500 bound regions
in the sparse view off chromosomes 15 and 21, and 100 on them. OUT/folds.json holds `folds`, four lists
of TFs, and `dev`, the third of all TFs that settings are chosen on and tables leave out.
"""

import gzip
import json
import pickle
import sys

import numpy as np

HELD_OUT = ["chr15", "chr21"]


def main() -> None:
    data, out = sys.argv[1:]
    with gzip.open(f"{data}/regions_idx.pickle.gz") as file:
        regions = pickle.load(file)
    with gzip.open(f"{data}/tfs_idx.pickle.gz") as file:
        columns = pickle.load(file)
    matrix = np.load(f"{data}/matrix2d.ReMap+UniBind.sparse.npz")["arr_0"]
    chromosome = np.empty(len(regions), dtype=object)
    for (chrom, _, _), row in regions.items():
        chromosome[row] = chrom
    tested = np.isin(chromosome.astype(str), HELD_OUT)
    names = sorted(columns, key=columns.get)
    bound = matrix == 1
    counts = zip(names, bound[~tested].sum(0), bound[tested].sum(0))
    tfs = [name for name, fitted, held in counts if fitted >= 500 and held >= 100]
    order = [str(tf) for tf in np.random.default_rng(2021).permutation(tfs)]
    folds = [order[start::4] for start in range(4)]
    with open(f"{out}/folds.json", "w") as file:
        json.dump({"folds": folds, "dev": sorted(order[::3])}, file, indent=1)


main()
