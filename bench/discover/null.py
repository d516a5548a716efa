"""Are held-out p-values uniform where there is nothing to find?

null.py PROGRAM OUT.json [RUNS]

Each run: 300 random sequences of 100 bp and controls shuffled by the program, a third held out,
one motif. Fisher's test is discrete, so a p-value is larger than uniform; what is tested
(Kolmogorov-Smirnov) is the p-value less a uniform share of the probability of the
observed table, which is exactly uniform under the null.
"""

import sys
import tempfile

import numpy as np
from common import discover, say, write_fasta
from scipy.stats import hypergeom, kstest

program, out = sys.argv[1:3]
runs = int(sys.argv[3]) if len(sys.argv) > 3 else 300
plain, exact = [], []
with tempfile.TemporaryDirectory() as directory:
    for run in range(runs):
        rng = np.random.default_rng(run)
        write_fasta(f"{directory}/p.fa", rng.integers(0, 4, size=(300, 100)))
        _, table = discover(
            program, f"{directory}/p.fa", f"{directory}/out", "--nmotifs", "1",
            "--hofract", "0.33", "--seed", str(run), "--threads", "1", "--neval", "10",
        )
        row = table[0]
        x, y = int(row["test_pos_count"]), int(row["test_neg_count"])
        positives, controls = int(row["test_pos_total"]), int(row["test_neg_total"])
        law = hypergeom(positives + controls, positives, x + y)
        p = law.sf(x - 1)
        assert abs(np.log10(p) - np.log10(float(row["test_p-value"]))) < 0.05, row
        plain.append(p)
        exact.append(p - rng.random() * law.pmf(x))
test = kstest(exact, "uniform")
say({
    "runs": runs,
    "kolmogorov_smirnov_p": float(test.pvalue),
    "distance": float(test.statistic),
    "at_most_0.05": float(np.mean(np.array(plain) <= 0.05)),
    "at_most_0.01": float(np.mean(np.array(plain) <= 0.01)),
    "at_most_0.05_exact": float(np.mean(np.array(exact) <= 0.05)),
}, out)
