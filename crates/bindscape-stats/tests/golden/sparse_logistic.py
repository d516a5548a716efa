"""A logistic regression on sparse features, fitted by scikit-learn.

Usage: python sparse_logistic.py > sparse_logistic.json
Made with scikit-learn 1.9.1, SciPy 1.17.1, NumPy 2.4.6.
"""

import json

import numpy as np
import scipy
import sklearn
from sklearn.linear_model import LogisticRegression

PENALTY = 0.3

rng = np.random.default_rng(20260101)
rows, columns = 60, 200
table = np.round(scipy.sparse.random(rows, columns, density=0.05, rng=rng, format="csr"), 3)
labels = rng.random(rows) < 0.4
# More features than rows, as with words of sequences; some are in no row.
model = LogisticRegression(C=1 / PENALTY, solver="newton-cg", tol=1e-12, max_iter=10_000).fit(table, labels)
print(
    json.dumps(
        {
            "versions": {"scikit-learn": sklearn.__version__, "scipy": scipy.__version__, "numpy": np.__version__},
            "columns": columns,
            "penalty": PENALTY,
            "rows": [list(zip(row.indices.tolist(), row.data.tolist())) for row in table],
            "labels": labels.tolist(),
            "weights": model.coef_[0].tolist(),
            "constant": float(model.intercept_[0]),
        }
    )
)
