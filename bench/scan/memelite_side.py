"""memelite's FIMO beside `bindscape motif scan`, on the same files.

    memelite_side.py PROGRAM MOTIFS.meme SEQUENCES.fa THREADS ROUNDS OUT

Both sides use a uniform background, FIMO's pseudocount of 0.1 sites and a p-value of at most 1e-4.
memelite adds a fixed `eps` to frequencies instead, so it gets frequencies with the pseudocount
already in them. It rounds log-odds to bins of 0.1 bits for p-values, and scores windows with
log-odds that are not rounded; with bins of 0.001 its p-values are as fine as bindscape's (2^-10
bits; 2^-20 for up to 8 positions).

Versions: memelite 0.5.0, numba 0.68.1, numpy 2.4.6.
"""

import csv
import json
import os
import re
import subprocess
import sys
import time

program, motifs, sequences, threads, rounds, out = sys.argv[1:]
os.environ["NUMBA_NUM_THREADS"] = threads

import numpy
from memelite import fimo
from memelite.io import read_meme

sites = [float(n) for n in re.findall(r"nsites=\s*(\S+)", open(motifs).read())]
pwms = {}
for (name, pwm), n in zip(read_meme(motifs).items(), sites, strict=True):
    pwms[name.split()[0]] = (pwm * n + 0.1 * 0.25) / (n + 0.1)
arguments = dict(eps=0.0, threshold=1e-4)


def timed(run):
    start = time.perf_counter()
    result = run()
    return time.perf_counter() - start, result


def ours():
    subprocess.run(
        [program, "motif", "scan", "--quiet", "--threads", threads, "--bfile", "--uniform--",
         "--motifs", motifs, "--out", out, sequences],
        check=True,
    )


# Compile and warm up.
fimo(pwms, sequences, **arguments)
ours()
times = {"bindscape, whole command": [], "memelite, call": []}
for _ in range(int(rounds)):
    seconds, _ = timed(ours)
    times["bindscape, whole command"].append(seconds)
    seconds, rough = timed(lambda: fimo(pwms, sequences, **arguments))
    times["memelite, call"].append(seconds)
fine = fimo(pwms, sequences, bin_size=0.001, **arguments)
medians = {name: float(numpy.median(values)) for name, values in times.items()}

mine, scores = {}, {}
with open(out) as file:
    rows = csv.DictReader((line for line in file if not line.startswith("#")), delimiter="\t")
    for row in rows:
        key = (row["motif_id"], row["sequence_name"], int(row["start"]) - 1, row["strand"])
        mine[key] = float(row["p-value"])
        scores[key] = float(row["score"])


def compare(tables):
    theirs = {}
    for table in tables:
        for row in table.itertuples(index=False):
            key = (row.motif_name.removesuffix("-rc"), row.sequence_name, int(row.start), row.strand)
            theirs[key] = (row.score, row[7])
    only_mine = mine.keys() - theirs.keys()
    only_theirs = theirs.keys() - mine.keys()
    both = mine.keys() & theirs.keys()
    zeros = sum(theirs[key][1] == 0 for key in both)
    log_ratio = numpy.array(
        [numpy.log10(mine[key] / theirs[key][1]) for key in both if theirs[key][1] > 0]
    )
    difference = numpy.array([scores[key] - theirs[key][0] for key in both])
    return {
        "hits": len(theirs),
        "both": len(both),
        "only_bindscape": len(only_mine),
        "only_memelite": len(only_theirs),
        "only_memelite_with_p_of_zero": int(sum(theirs[key][1] == 0 for key in only_theirs)),
        "only_memelite_motifs_of_p_of_zero": sorted({key[0] for key in only_theirs if theirs[key][1] == 0}),
        "largest_p_of_only_memelite_above_zero": max((float(theirs[key][1]) for key in only_theirs if theirs[key][1] > 0), default=None),
        "smallest_p_of_only_memelite_above_zero": min((float(theirs[key][1]) for key in only_theirs if theirs[key][1] > 0), default=None),
        "smallest_p_of_only_bindscape": min((mine[key] for key in only_mine), default=None),
        "p_of_zero_by_memelite": int(zeros),
        "largest_difference_of_scores_bits": float(numpy.abs(difference).max()),
        "share_of_log10_p_within_0.01": float((numpy.abs(log_ratio) < 0.01).mean()),
        "largest_difference_of_log10_p": float(numpy.abs(log_ratio).max()),
    }


print(json.dumps({
    "threads": int(threads),
    "seconds": medians,
    "ratio": medians["memelite, call"] / medians["bindscape, whole command"],
    "hits_of_bindscape": len(mine),
    "memelite, bins of 0.1 bits (its default)": compare(rough),
    "memelite, bins of 0.001 bits": compare(fine),
}, indent=1))
