"""Expected values of the tests that compare samples, and of their effect sizes, by SciPy.

Usage: python comparisons.py > comparisons.json
Made with SciPy 1.17.1, NumPy 2.4.6.
"""

import json
import sys

import numpy as np
import scipy
from scipy import stats
from scipy.special import gammaln

rng = np.random.default_rng(20211027)


def rounded(values, decimals):
    return np.round(values, decimals)


def welch(x, y):
    test = stats.ttest_ind(x, y, equal_var=False)
    low, high = test.confidence_interval(0.9)
    df = len(x) + len(y) - 2
    pooled = np.sqrt(((len(x) - 1) * np.var(x, ddof=1) + (len(y) - 1) * np.var(y, ddof=1)) / df)
    m, n = len(x), len(y)
    correction = np.exp(gammaln(df / 2) - gammaln((df - 1) / 2)) / np.sqrt(df / 2)
    g = correction * (np.mean(x) - np.mean(y)) / pooled
    error = np.sqrt((m + n) / (m * n) + g**2 / (2 * (m + n)))
    return {
        "x": x.tolist(), "y": y.tolist(),
        "statistic": test.statistic, "degrees_of_freedom": test.df, "p": test.pvalue,
        "interval": [low, high],
        "hedges_g": g,
        "hedges_interval": list(stats.norm.interval(0.9, g, error)),
    }


def kruskal(*groups):
    test = stats.kruskal(*groups)
    return {
        "groups": [group.tolist() for group in groups],
        "statistic": test.statistic, "p": test.pvalue,
        "epsilon_squared": test.statistic / (sum(len(group) for group in groups) - 1),
    }


def spearman(x, y):
    if len(x) <= 8:
        found = stats.permutation_test(
            (x,), lambda x: stats.spearmanr(x, y).statistic, permutation_type="pairings",
            n_resamples=np.inf,
        )
        p = float(np.mean(np.abs(found.null_distribution) >= abs(found.statistic) - 1e-9))
    else:
        p = stats.spearmanr(x, y).pvalue
    return {"x": x.tolist(), "y": y.tolist(), "rho": stats.spearmanr(x, y).statistic, "p": p}


def rank_biserial(x, y):
    difference = (x - y)[x != y]
    ranks = stats.rankdata(np.abs(difference))
    return {
        "x": x.tolist(), "y": y.tolist(),
        "value": float(np.sum(ranks * np.sign(difference)) / np.sum(ranks)),
    }


def adjusted(p):
    order = np.argsort(p, kind="stable")
    holm = np.empty(len(p))
    holm[order] = np.minimum(1, np.maximum.accumulate(np.sort(p) * np.arange(len(p), 0, -1)))
    return {"p": p.tolist(), "holm": holm.tolist(), "bonferroni": np.minimum(1, p * len(p)).tolist()}


json.dump({
    "versions": {"scipy": scipy.__version__, "numpy": np.__version__},
    "welch": [
        welch(rng.normal(shift, spread, n), rng.normal(0, 1, m))
        for n, m, shift, spread in
        [(5, 5, 0.5, 1), (2, 3, 0, 1), (49, 59, 0.3, 2), (40, 7, 3, 0.1), (60, 80, 8, 1)]
    ],
    "kruskal": [
        kruskal(*(rounded(rng.normal(0.3 * group, 1, n), decimals) for group, n in enumerate(sizes)))
        for sizes, decimals in [
            ([5, 5], 9), ([5] * 5, 9), ([5] * 5, 1), ([3, 1, 8], 1), ([40, 30, 50], 0), ([2, 2], 9),
        ]
    ],
    "spearman": [
        spearman(rounded(x, decimals), rounded(0.6 * x + rng.normal(0, 1, n), decimals))
        for n, decimals in [(4, 9), (5, 9), (7, 0), (8, 9), (9, 9), (30, 9), (148, 1), (148, 9)]
        for x in [rng.normal(0, 1, n)]
    ],
    "rank_biserial": [
        rank_biserial(rounded(rng.normal(0.3, 1, n), decimals), rounded(rng.normal(0, 1, n), decimals))
        for n, decimals in [(3, 9), (12, 9), (25, 0), (148, 1)]
    ],
    "adjusted": [
        adjusted(p) for p in [rng.uniform(0, 0.1, 6), rng.uniform(0, 1, 20), np.array([0.02, 0.02, 0.9])]
    ],
}, sys.stdout)
