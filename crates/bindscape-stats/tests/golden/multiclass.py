"""Expected values of the metrics of several classes and of calibration, by scikit-learn.

Usage: python multiclass.py > multiclass.json
Made with scikit-learn 1.9.1, SciPy 1.17.1, NumPy 2.4.6.
"""

import json
import sys

import numpy as np
import scipy
import sklearn
from scipy.optimize import minimize_scalar
from sklearn import metrics as m
from sklearn.calibration import calibration_curve

rng = np.random.default_rng(20240522)


def calibration_error(positive, probability, bins=15):
    """scikit-learn gives the curve; the weights are the rows of each bin."""
    share, mean = calibration_curve(positive, probability, n_bins=bins, strategy="uniform")
    edges = np.linspace(0.0, 1.0, bins + 1)
    rows = np.bincount(np.searchsorted(edges[1:-1], probability), minlength=bins)
    return float(np.sum(rows[rows > 0] * np.abs(share - mean)) / len(probability))


def softmax(logits):
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)


def temperature(logits, labels):
    loss = lambda inverse: m.log_loss(labels, softmax(logits * inverse), labels=range(logits.shape[1]))
    return 1.0 / minimize_scalar(loss, bounds=(0.05, 20.0), method="bounded", options={"xatol": 1e-10}).x


def case(name, rows, classes, shares, signal, decimals):
    labels = rng.choice(classes, rows, p=shares)
    labels[:classes] = range(classes)
    logits = np.round(rng.normal(size=(rows, classes)) + signal * np.eye(classes)[labels], decimals)
    p = softmax(logits)
    predicted = p.argmax(axis=1)
    one = np.eye(classes, dtype=bool)[labels]
    tf = labels != classes - 1
    p_tf = 1.0 - p[:, -1]
    tn, fp, fn, tp = m.confusion_matrix(tf, p_tf >= 0.5).ravel()
    return {
        "name": name,
        "classes": classes,
        "labels": labels.tolist(),
        "logits": logits.ravel().tolist(),
        "probabilities": p.ravel().tolist(),
        "confusion": m.confusion_matrix(labels, predicted).ravel().tolist(),
        "accuracy": m.accuracy_score(labels, predicted),
        "precision": m.precision_score(labels, predicted, average=None).tolist(),
        "recall": m.recall_score(labels, predicted, average=None).tolist(),
        "f1": m.f1_score(labels, predicted, average=None).tolist(),
        "macro_precision": m.precision_score(labels, predicted, average="macro"),
        "macro_recall": m.recall_score(labels, predicted, average="macro"),
        "macro_f1": m.f1_score(labels, predicted, average="macro"),
        "mcc": m.matthews_corrcoef(labels, predicted),
        "auroc": [m.roc_auc_score(one[:, c], p[:, c]) for c in range(classes)],
        "macro_auroc": m.roc_auc_score(labels, p, multi_class="ovr", average="macro"),
        "average_precision": [m.average_precision_score(one[:, c], p[:, c]) for c in range(classes)],
        "brier": m.brier_score_loss(labels, p, scale_by_half=False),
        "log_loss": m.log_loss(labels, p),
        "calibration_error": calibration_error(predicted == labels, p.max(axis=1)),
        "temperature": temperature(logits, labels),
        "binary": {
            "accuracy": m.accuracy_score(tf, p_tf >= 0.5),
            "specificity": tn / (tn + fp),
            "sensitivity": tp / (tp + fn),
            "log_loss": m.log_loss(tf, p_tf),
            "calibration_error": calibration_error(tf, p_tf),
        },
    }


cases = [
    case("five classes", 300, 5, [0.05, 0.07, 0.03, 0.1, 0.75], 2.0, 4),
    case("weak", 200, 5, [0.2] * 5, 0.5, 3),
    case("three classes with ties", 150, 3, [0.3, 0.3, 0.4], 1.0, 0),
]

json.dump({
    "versions": {"scikit-learn": sklearn.__version__, "scipy": scipy.__version__, "numpy": np.__version__},
    "cases": cases,
}, sys.stdout)
