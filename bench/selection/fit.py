"""What predicts the gain by transfer from a set of pre-training TFs?

fit.py EXPERIMENT...

Reads the result tables and the multi-models' records of experiments with sets of TFs. The gain of a set for a TF
is the mean AUCPR (1:1) of transfer less that from scratch, on the same regions; where an experiment has no networks from
scratch, gains are known up to a constant of the TF, and serve for ranking alone. A ridge regression on features of the
set is fitted to all TFs but one and predicts the sets of that one; Spearman's correlation is that of predicted and
measured gains, within TFs and over all. Needs NumPy and SciPy.
"""

import collections
import csv
import json
import pathlib
import sys

import numpy
from scipy.stats import spearmanr

RIDGE = 1.0


def table(path):
    with open(path) as lines:
        yield from csv.DictReader((line for line in lines if not line.startswith("#")), delimiter="\t")


def features(choice, taken):
    """Of a set: logarithms of bound regions, all and weighted by cosine or mode; the largest cosine."""
    share = min(1.0, taken / choice["regions"]) if choice["regions"] else 0.0
    bound = [share * tf["bound_in_regions"] for tf in choice["tfs"]]
    cosine = [tf["cosine"] or 0.0 for tf in choice["tfs"]]
    mode = [bool(tf["shared"]) for tf in choice["tfs"]]
    log = lambda x: numpy.log10(1.0 + x)
    return [
        log(sum(b for b, m in zip(bound, mode) if m)),
        log(sum(b * c for b, c in zip(bound, cosine))),
        log(sum(bound)),
        max(cosine),
    ]


NAMES = ["log10 bound of mode", "log10 bound by cosine", "log10 bound", "largest cosine"]


def points(experiments):
    found = []
    for directory in map(pathlib.Path, experiments):
        values = collections.defaultdict(lambda: collections.defaultdict(list))
        multi = {}
        for row in table(directory / "results.tsv"):
            if row["aucpr"] != "NA":
                values[row["tf"], row["set"], row["repeat"]][row["model"]].append(float(row["aucpr"]))
                multi[row["tf"], row["set"], row["repeat"]] = row["multi_model"], int(row["multi_regions"])
        for key, models in values.items():
            run, regions = multi[key]
            choice = json.load(open(directory / run / "run.json"))["configuration"]["choice"]
            scratch = models.get("scratch")
            gain = numpy.mean(models["transfer"]) - (numpy.mean(scratch) if scratch else numpy.nan)
            found.append((directory.name, key[0], key[1], features(choice, regions), numpy.mean(models["transfer"]), gain))
    return found


def fit(x, y):
    mean, scale = x.mean(0), x.std(0) + 1e-9
    z = (x - mean) / scale
    weights = numpy.linalg.solve(z.T @ z + RIDGE * numpy.eye(x.shape[1]), z.T @ (y - y.mean())) / scale
    return weights, y.mean() - mean @ weights


def main():
    found = points(sys.argv[1:])
    tfs = sorted({(study, tf) for study, tf, *_ in found})
    x = numpy.array([point[3] for point in found])
    aucpr = numpy.array([point[4] for point in found])
    gain = numpy.array([point[5] for point in found])
    group = numpy.array([tfs.index(point[:2]) for point in found])
    within = lambda v: v - numpy.array([v[group == g].mean(0) for g in group])
    print(f"{len(found)} sets of {len(tfs)} TFs")
    for columns in [[0], [1], [2], [3], [0, 1], [1, 3], [0, 1, 3], [0, 1, 2, 3]]:
        # Ranking within TFs: constants of TFs are taken off both sides.
        a, b = within(x[:, columns]), within(aucpr)
        predicted = numpy.zeros(len(b))
        for left_out in range(len(tfs)):
            weights, _ = fit(a[group != left_out], b[group != left_out])
            predicted[group == left_out] = a[group == left_out] @ weights
        ranks = [spearmanr(predicted[group == g], b[group == g])[0] for g in range(len(tfs))]
        known = ~numpy.isnan(gain)
        absolute = numpy.full(len(gain), numpy.nan)
        for left_out in set(group[known]):
            train = known & (group != left_out)
            weights, offset = fit(x[train][:, columns], gain[train])
            test = group == left_out
            absolute[test] = x[test][:, columns] @ weights + offset
        over_all = spearmanr(absolute[known], gain[known])[0] if known.sum() > 3 else numpy.nan
        error = numpy.sqrt(numpy.nanmean((absolute[known] - gain[known]) ** 2)) if known.any() else numpy.nan
        print(
            ", ".join(NAMES[c] for c in columns),
            f"| within TFs: mean Spearman {numpy.nanmean(ranks):.2f} | over all left-out TFs: {over_all:.2f},"
            f" error {error:.3f}",
        )
        if known.any():
            weights, offset = fit(x[known][:, columns], gain[known])
            print("    weights", *(f"{w:.4f}" for w in weights), f"offset {offset:.4f}; sd of gains {gain[known].std():.3f}")
    for study, tf, name, of, value, g in found:
        print(study, tf, name, *(f"{f:.2f}" for f in of), f"{value:.3f} {g:+.3f}", sep="\t")


main()
