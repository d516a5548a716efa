"""Writes sequences.txt and labels.txt, which both programs read.

    prepare.py DATA OUT

DATA holds the published files. Takes LINES regions, evenly spread over the
matrix, without those whose sequence has other letters than A, C, G, T. A label is 1
if the less sparse matrix says that the TF binds there, else 0 (unresolved ones
too: speed does not depend on them); one column per TF, those with most bound
regions first.
"""

import gzip
import sys
from pathlib import Path

import numpy as np

LINES = 6000


def main() -> None:
    data, out = Path(sys.argv[1]), Path(sys.argv[2])
    matrix = np.load(data / "matrix2d.ReMap+UniBind.less-sparse.npz")["arr_0"]
    bound = matrix == 1
    columns = np.argsort(-bound.sum(axis=0), kind="stable")
    wanted = set(range(0, len(matrix), max(1, len(matrix) // LINES)))
    row = None
    count = 0
    with (
        gzip.open(data / "sequences.200bp.fa.gz", "rt") as lines,
        open(out / "sequences.txt", "w") as sequences,
        open(out / "labels.txt", "w") as labels,
    ):
        for line in lines:
            if line.startswith(">"):
                row = int(line[1:].split("::")[0])
            elif row in wanted:
                letters = line.strip().upper()
                if set(letters) <= set("ACGT"):
                    print(letters, file=sequences)
                    print("".join("01"[int(b)] for b in bound[row, columns]), file=labels)
                    count += 1
    print(f"{count} sequences, {len(columns)} TFs", file=sys.stderr)


if __name__ == "__main__":
    main()
