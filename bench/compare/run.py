"""Compares `bindscape motif compare` with memelite's Tomtom (`pip install memelite==0.5.0`).

    cargo build --release -p bindscape-tools --bin compare_all
    python bench/compare/run.py target/release/compare_all MOTIFS.meme [THREADS [ROUNDS [STEPS]]]

Compares all motifs of a MEME file with all, on both sides in turn, and prints the seconds of each
round with their ratio, and the agreement of the last:

- queries with the same best match other than themselves (equal p-values count as the same);
- matches with p < 1e-3 in memelite whose log10 p agree within 0.1, and quantiles of the difference;
- the same, for offset, overlap and strand.

STEPS is the number of steps per unit of frequency within which both sides take target columns for
one (99 is memelite's default), or `exact` (default).

Neither side's time includes reading the file; memelite's does not include compiling.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy
from memelite import tomtom
from memelite.io import read_meme


def main(program, meme, threads=2, rounds=3, steps="exact"):
    threads, rounds = int(threads), int(rounds)
    motifs = [numpy.asarray(rows, dtype="float64") for rows in read_meme(meme).values()]
    count = len(motifs)
    tomtom(motifs[:40], motifs[:40], n_jobs=threads)
    ratios = []
    with tempfile.TemporaryDirectory() as directory:
        out = Path(directory) / "all"
        for number in range(rounds):
            words = [program, meme, meme, str(threads), steps]
            if number == rounds - 1:
                words.append(str(out))
            ours = float(subprocess.run(words, check=True, capture_output=True, text=True).stdout)
            start = time.perf_counter()
            theirs_all = tomtom(motifs, motifs, n_jobs=threads, n_target_bins=None if steps == "exact" else int(steps) + 1)
            theirs = time.perf_counter() - start
            ratios.append(theirs / ours)
            print(f"bindscape {ours:.3f} s  memelite {theirs:.3f} s  ratio {ratios[-1]:.2f}")
        print(f"median ratio {numpy.median(ratios):.2f}, {count} x {count}, {threads} threads")
        ours_all = numpy.fromfile(out, dtype="<f8").reshape(count, count, 4)
    agreement(ours_all, theirs_all, count)


def agreement(ours, theirs, count):
    p, q = ours[:, :, 0].copy(), theirs[0].copy()
    itself = numpy.eye(count, dtype=bool)
    p[itself], q[itself] = 2, 2
    best, their_best = p.argmin(axis=1), q.argmin(axis=1)
    rows = numpy.arange(count)
    same = (best == their_best) | (q[rows, best] == q[rows, their_best]) | (p[rows, their_best] == p[rows, best])
    print(f"same best match: {same.mean():.4%} of {count} queries; by number alone {(best == their_best).mean():.4%}")
    with numpy.errstate(divide="ignore"):
        a, b = numpy.log10(ours[:, :, 0]), numpy.log10(theirs[0])
    low = theirs[0] < 1e-3
    finite = low & numpy.isfinite(a) & numpy.isfinite(b)
    difference = (a - b)[finite]
    print(f"matches below 1e-3: {low.sum()}, of which 0 in memelite {(low & ~numpy.isfinite(b)).sum()}, here {(low & ~numpy.isfinite(a)).sum()}")
    print(f"log10 p within 0.1: {(abs(difference) < 0.1).mean():.4%}, within 0.02: {(abs(difference) < 0.02).mean():.4%}")
    print("quantiles 0.1%, 1%, 50%, 99%, 99.9% of the difference:", numpy.quantile(difference, [0.001, 0.01, 0.5, 0.99, 0.999]).round(4))
    for name, mine, yours in [("offset", 1, 2), ("overlap", 2, 3), ("strand", 3, 4)]:
        print(f"same {name}: {(ours[:, :, mine] == theirs[yours])[low].mean():.4%}")


if __name__ == "__main__":
    main(*sys.argv[1:])
