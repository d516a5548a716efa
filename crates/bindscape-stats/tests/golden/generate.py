"""Expected values of the metrics and tests, computed by scikit-learn and SciPy.

Usage: python generate.py > metrics.json
Made with scikit-learn 1.9.1, SciPy 1.17.1, NumPy 2.4.6.
"""

import json
import sys

import numpy as np
import scipy
import sklearn
from scipy.stats import wilcoxon
from sklearn import metrics as m

rng = np.random.default_rng(20210101)


def case(name, scores, labels):
    scores = np.asarray(scores, dtype=np.float64)
    labels = np.asarray(labels, dtype=bool)
    precision, recall, thresholds = m.precision_recall_curve(labels, scores)
    predicted = scores >= 0.5
    return {
        "name": name,
        "scores": scores.tolist(),
        "labels": labels.tolist(),
        "precision_curve": precision.tolist(),
        "recall_curve": recall.tolist(),
        "thresholds": thresholds.tolist(),
        "aucpr": m.auc(recall, precision),
        "average_precision": m.average_precision_score(labels, scores),
        "auroc": m.roc_auc_score(labels, scores),
        "mcc": m.matthews_corrcoef(labels, predicted),
        "precision": m.precision_score(labels, predicted),
        "recall": m.recall_score(labels, predicted),
        "f1": m.f1_score(labels, predicted),
        "brier": m.brier_score_loss(labels, scores),
    }


def informative(n, share, ties):
    labels = rng.random(n) < share
    scores = np.clip(rng.normal(0.35 + 0.25 * labels, 0.2), 0, 1)
    if ties:
        scores = np.round(scores * ties) / ties
    return scores, labels


cases = [
    case("distinct scores", *informative(120, 0.4, None)),
    case("many ties", *informative(150, 0.3, 10)),
    case("rare positives", *informative(200, 0.05, 50)),
    case("perfect", [0.9, 0.8, 0.2, 0.1], [True, True, False, False]),
    case("inverted", [0.6, 0.7, 0.2, 0.1], [False, False, True, True][::-1]),
    case("two values", [0.5, 0.5, 0.5, 0.0, 0.0], [True, False, True, False, True]),
]

tests = []
for n, decimals in [(5, 9), (8, 9), (12, 1), (13, 1), (25, 9), (50, 9), (80, 9), (80, 1)]:
    x = np.round(rng.normal(0.2, 1.0, n), decimals)
    y = np.round(rng.normal(0.0, 1.0, n), decimals)
    result = wilcoxon(x, y)
    tests.append({
        "x": x.tolist(), "y": y.tolist(),
        "statistic": float(result.statistic), "p": float(result.pvalue),
    })

json.dump({
    "versions": {"scikit-learn": sklearn.__version__, "scipy": scipy.__version__, "numpy": np.__version__},
    "cases": cases,
    "wilcoxon": tests,
}, sys.stdout)
