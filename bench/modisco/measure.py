"""Runs both programs in turn; see run.sh."""

import os
import re
import shutil
import statistics
import subprocess
import sys

import h5py
import numpy as np

LEIDEN_RUNS = "2"


def timed(words, threads):
    """Seconds and peak memory (MB) of a process and its largest child, on the first processors."""
    done = subprocess.run(
        ["taskset", "-c", f"0-{int(threads) - 1}", "/usr/bin/time", "-v", *words],
        env=dict(os.environ, NUMBA_NUM_THREADS=threads), capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    clock = re.search(r"Elapsed .*: (?:(\d+):)?(\d+):([\d.]+)", done.stderr)
    hours, minutes, seconds = clock.groups()
    memory = int(re.search(r"Maximum resident set size \(kbytes\): (\d+)", done.stderr)[1])
    return int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds), memory / 1024


def patterns(path):
    """Contributions and seqlet count of each pattern of both signs."""
    found = []
    with h5py.File(path) as file:
        for sign in ["pos_patterns", "neg_patterns"]:
            for group in file.get(sign, {}).values():
                found.append((group["contrib_scores"][:], int(group["seqlets/n_seqlets"][0])))
    return found


def correlation(a, b):
    """Largest Pearson correlation over shifts and strands."""
    best = -1
    for other in [b, b[::-1, ::-1]]:
        padded = np.pad(other, ((15, 15), (0, 0)))
        for start in range(31):
            part = padded[start:start + len(a)]
            if len(part) == len(a) and part.std() > 0:
                best = max(best, np.corrcoef(a.ravel(), part.ravel())[0, 1])
    return best


def main():
    program, out, runs, threads = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
    modisco = os.path.join(os.path.dirname(sys.executable), "modisco")
    print("| sequences | program | seconds (least) | memory, MB | ratio of time | ratio of memory | patterns | theirs with r ≥ 0.95 |")
    print("|---|---|---|---|---|---|---|---|")
    for size in ["2000", "8000"]:
        files = ["-s", f"{out}/{size}.s.npz", "-a", f"{out}/{size}.a.npz"]
        shared = ["-n", "20000", "-w", "500", "-l", LEIDEN_RUNS]
        theirs = [modisco, "motifs", *files, *shared, "-o", f"{out}/{size}.theirs.h5"]
        directory = f"{out}/{size}.ours"
        ours = [program, "motif", "modisco", *files, *shared, "--edges", "drop",
            "--min-seqlets", "101", "-o", directory]
        timed(theirs, threads)
        measured = {"modisco-lite": [], "bindscape": []}
        for _ in range(runs):
            measured["modisco-lite"].append(timed(theirs, threads))
            shutil.rmtree(directory, ignore_errors=True)
            measured["bindscape"].append(timed(ours, threads))
        least = {name: min(times) for name, times in measured.items()}
        memory = {name: statistics.median(m for _, m in times) for name, times in measured.items()}
        a, b = patterns(f"{out}/{size}.theirs.h5"), patterns(f"{directory}/patterns.h5")
        matched = sum(max((correlation(x, y) for y, _ in b), default=-1) >= 0.95 for x, _ in a)
        for name, count in [("modisco-lite", len(a)), ("bindscape", len(b))]:
            print(f"| {size} | {name} | {least[name][0]:.1f} | {memory[name]:.0f} "
                f"| {least['modisco-lite'][0] / least[name][0]:.2f} "
                f"| {memory[name] / memory['modisco-lite']:.2f} | {count} | {matched} of {len(a)} |")


main()
