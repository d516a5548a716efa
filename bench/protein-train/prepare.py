"""Features for the comparison: random numbers at as many positions as real proteins have.

    prepare.py FASTA OUT PROTEINS FEATURES

Draws PROTEINS proteins of FASTA (seed 1) and writes, for windows of ten residues and at most 300
positions, OUT/rows.txt (one number per protein), OUT/labels.txt (a class, 0 to 4) and
OUT/features.f32 (positions x FEATURES of one protein after the other).
"""

import gzip
import sys
from pathlib import Path

import numpy as np

fasta, out, proteins, features = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
lengths = []
with gzip.open(fasta, "rt") as file:
    for line in file:
        if line.startswith(">"):
            lengths.append(0)
        else:
            lengths[-1] += len(line.strip())
rng = np.random.default_rng(1)
chosen = rng.permutation(lengths)[:proteins]
rows = np.minimum(-(-chosen // 10), 300)
labels = rng.integers(0, 5, len(rows))
out.mkdir(parents=True, exist_ok=True)
(out / "rows.txt").write_text("".join(f"{row}\n" for row in rows))
(out / "labels.txt").write_text("".join(f"{label}\n" for label in labels))
with (out / "features.f32").open("wb") as file:
    for row, label in zip(rows, labels):
        x = rng.standard_normal((row, features), dtype=np.float32)
        x[:, label * 10 : label * 10 + 10] += 0.3
        file.write(x.tobytes())
print(f"{len(rows)} proteins, {rows.sum()} positions, {rows.mean():.1f} on average")
