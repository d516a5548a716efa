"""What a readout and the fine-tuned networks of the same peaks say together: AUCPR on chromosome 15 in the
proportion of the genome.

average.py BINDSCAPE DATA OUT READOUTS NETWORKS…: DATA holds the published files, READOUTS and each of NETWORKS a
run of `finetune` for each TF, RUNS/TF, with a readout and with a network. Log odds are averaged: of all
networks alike, and of the readout with their mean in several proportions. The unit is the TF.
"""

import gzip
import pickle
import sys
from pathlib import Path

import numpy as np

from collect import interval
from own import aucpr, predictions, sequences

SHARES = (0.2, 0.3, 0.5)


def log_odds(program, model, out):
    scores = np.clip(predictions(program, str(model), out)[1][:, 0], 1e-6, 1 - 1e-6)
    return np.log(scores / (1 - scores))


def main() -> None:
    program, data, out, readouts, *networks = sys.argv[1:]
    rows, _ = sequences(data, out)
    labels = np.load(f"{data}/matrix2d.ReMap+UniBind.sparse.npz")["arr_0"][rows]
    with gzip.open(f"{data}/tfs_idx.pickle.gz") as file:
        columns = pickle.load(file)
    found = []
    for run in sorted(Path(readouts).glob("*/readout-1")):
        tf = run.parent.name
        readout = log_odds(program, run, out)
        each = [log_odds(program, Path(of, tf, "transfer-1"), out) for of in networks]
        network = np.mean(each, axis=0)
        both = [(1 - share) * readout + share * network for share in SHARES]
        label = labels[:, columns[tf]]
        known = ~np.isnan(label)
        found.append([aucpr(label[known] == 1, score[known]) for score in (readout, each[0], network, *both)])
    names = ["readout", "first network", "mean of networks", *(f"readout and {share:.0%} of that" for share in SHARES)]
    print("| model | genome | difference from the first of its kind |\n|---|---:|---:|")
    values = np.array(found)
    for place, name in enumerate(names):
        than = 1 if place in (1, 2) else 0
        difference = values[:, place] - values[:, than]
        low, high = interval(difference)
        told = "" if place == than else (
            f"{difference.mean():+.3f} [{low:+.3f}, {high:+.3f}], {(difference > 0).sum()} of {len(values)}")
        print(f"| {name} | {values[:, place].mean():.3f} | {told} |")


if __name__ == "__main__":
    main()
