"""How well models tell TFs at other shares of TFs than that of the test part.

shares.py FOLDS PREDICTIONS…: FOLDS is folds.tsv of `protein crossval`, PREDICTIONS are files of its
predictions/. For each, MCC, average precision, recall and precision at the share of the test part, at 1:1,
and where 3% are TFs: proteins are weighed to that share, and the odds of p_tf are shifted to it. Below, what
the first model has more than each of the others in MCC and average precision, with 95% of 1,000 samples of
clusters of similar proteins.
"""

import csv
import sys

import numpy as np

SHARES = (None, 0.5, 0.03)
SAMPLES = 1000


def rows(path):
    with open(path) as file:
        return list(csv.DictReader(file, delimiter="\t"))


def measures(p, tf, counts, share):
    """MCC, average precision, recall and precision of proteins that count so often each."""
    own = tf.mean()
    share = share or own
    weights = np.where(tf, share / own, (1 - share) / (1 - own)) * counts
    shift = np.log(share / (1 - share)) - np.log(own / (1 - own))
    called = np.log(p / (1 - p)) + shift >= 0
    order = np.argsort(-p, kind="stable")
    found = (weights * tf)[order]
    average_precision = (found.cumsum() / np.maximum(weights[order].cumsum(), 1e-30) * found).sum() / found.sum()
    a, b = (weights * (called & tf)).sum(), (weights * (called & ~tf)).sum()
    c, d = (weights * (~called & tf)).sum(), (weights * (~called & ~tf)).sum()
    mcc = (a * d - b * c) / np.sqrt((a + b) * (a + c) * (d + b) * (d + c) + 1e-30)
    return np.array([mcc, average_precision, a / (a + c), a / max(a + b, 1e-30)])


def main():
    folds = {row["id"]: row for row in rows(sys.argv[1])}
    models = {path: {row["id"]: float(row["p_tf"]) for row in rows(path)} for path in sys.argv[2:]}
    ids = [of for of in models[sys.argv[2]] if all(of in model for model in models.values())]
    tf = np.array([folds[of]["class"] != "non_tf" for of in ids])
    _, clusters = np.unique([folds[of]["group"] for of in ids], return_inverse=True)
    p = {path: np.clip([model[of] for of in ids], 1e-12, 1 - 1e-12) for path, model in models.items()}
    print(f"{len(ids)} proteins, {clusters.max() + 1} clusters, share of TFs {tf.mean():.3f}")
    print("predictions\tshare\tMCC\taverage precision\trecall\tprecision")
    for path in p:
        for share in SHARES:
            numbers = "\t".join(f"{number:.3f}" for number in measures(p[path], tf, 1, share))
            print(f"{path}\t{share or tf.mean():.3f}\t{numbers}")
    first, *others = p
    random = np.random.default_rng(1)
    samples = random.integers(0, clusters.max() + 1, (SAMPLES, clusters.max() + 1))
    counts = [np.bincount(sample, minlength=clusters.max() + 1)[clusters] for sample in samples]
    for other in others:
        for share in SHARES:
            more = lambda count: (measures(p[first], tf, count, share) - measures(p[other], tf, count, share))[:2]
            low, high = np.percentile([more(count) for count in counts], [2.5, 97.5], axis=0)
            text = [f"{m:+.3f} ({l:.3f} to {h:.3f})" for m, l, h in zip(more(1), low, high)]
            print(f"{first} - {other}\t{share or tf.mean():.3f}\t" + "\t".join(text))


main()
