"""Simulates contributions with planted sites, and runs the programs in turn; see run.sh.

1,000 sequences of 200 bases. Each has three sites of ten motifs, a base of which differs one time
in ten; each contributes, more or less, and so does every other base a little at random. As many
sites of the same motifs contribute nothing.
"""

import os
import re
import shutil
import subprocess
import sys

import h5py
import numpy as np

COUNT, LENGTH, SITES = 1000, 200, 3
MOTIFS = [
    "TGACTCA", "TTGCGCAA", "GGGGCGGGG", "AGATAAGG", "CCGGAAGTG", "CCACTAGGGGG", "CAGGTGC",
    "TGTTTAC", "CAAAGTCCA", "AACCACA",
]
PENALTY, SHARE = 0.7, 0.3


def simulate(out):
    rng = np.random.default_rng(7)
    bases = rng.integers(4, size=(COUNT, LENGTH))
    contributions = rng.normal(scale=0.05, size=(COUNT, 4, LENGTH))
    sites = []
    third = LENGTH // (2 * SITES)
    for example in range(COUNT):
        for place in range(2 * SITES):
            motif = MOTIFS[rng.integers(len(MOTIFS))]
            letters = np.array(["ACGT".index(letter) for letter in motif])
            if rng.random() < 0.5:
                letters = 3 - letters[::-1]
            letters = np.where(rng.random(len(letters)) < 0.1, rng.integers(4, size=len(letters)), letters)
            start = place * third + rng.integers(third - len(letters))
            bases[example, start:start + len(letters)] = letters
            if place % 2:
                continue
            size = rng.uniform(0.15, 1)
            for i, letter in enumerate(letters):
                contributions[example, :, start + i] -= size / 4
                contributions[example, letter, start + i] += size * 5 / 4
            sites.append((example, start, start + len(letters)))
    one_hot = np.eye(4, dtype=np.int8)[bases].transpose(0, 2, 1)
    np.savez_compressed(f"{out}/s.npz", one_hot)
    np.savez_compressed(f"{out}/a.npz", contributions.astype(np.float32))
    with open(f"{out}/s.fa", "w") as file:
        for example, row in enumerate(bases):
            file.write(f">{example}\n{''.join('ACGT'[base] for base in row)}\n")
    with open(f"{out}/true.meme", "w") as file:
        file.write("MEME version 4\n\nALPHABET= ACGT\n\nstrands: + -\n")
        for motif in MOTIFS:
            file.write(f"\nMOTIF {motif}\nletter-probability matrix: alength= 4 w= {len(motif)}\n")
            for letter in motif:
                file.write(" ".join("0.925" if letter == base else "0.025" for base in "ACGT") + "\n")
    return np.array(sites), one_hot, contributions


def timed(words):
    """Seconds and peak memory (MB) of a process, and what it said."""
    done = subprocess.run(["/usr/bin/time", "-v", *words], capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    hours, minutes, seconds = re.search(r"Elapsed .*: (?:(\d+):)?(\d+):([\d.]+)", done.stderr).groups()
    memory = int(re.search(r"Maximum resident set size \(kbytes\): (\d+)", done.stderr)[1])
    return int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds), memory / 1024


def table(path):
    with open(path) as file:
        rows = [line.rstrip("\n").split("\t") for line in file if line.strip() and not line.startswith("#")]
    return [dict(zip(rows[0], row)) for row in rows[1:]]


def against(sites, calls):
    """Share of the sites that a call overlaps by half, and of the calls that overlap one so."""
    under = [[] for _ in range(COUNT)]
    for number, (example, start, end) in enumerate(sites):
        under[example].append((number, start, end))
    found, right = set(), 0
    for example, start, end in calls:
        hit = [number for number, first, last in under[example]
               if 2 * (min(end, last) - max(start, first)) >= min(last - first, end - start)]
        found.update(hit)
        right += bool(hit)
    return len(found) / len(sites), right / len(calls), len(calls)


def objectives(path, rows, one_hot, contributions):
    """What both programs minimise, by sequence, without what the last filter takes away."""
    cores = {}
    with h5py.File(path) as file:
        for sign in ["pos_patterns", "neg_patterns"]:
            for name, group in file.get(sign, {}).items():
                columns = group["contrib_scores"][:].T
                columns = columns / np.sqrt((columns**2).sum())
                sizes = np.abs(columns).sum(0)
                strong = np.flatnonzero(sizes >= SHARE * sizes.max())
                core = columns[:, strong[0]:strong[-1] + 1]
                cores[f"{sign}.{name}", "+"] = core
                cores[f"{sign}.{name}", "-"] = core[::-1, ::-1]
    own = (one_hot * contributions).sum(1)
    scaled = own / np.sqrt((own**2).mean(1, keepdims=True))
    predicted, cost = np.zeros_like(scaled), np.zeros(COUNT)
    for row in rows:
        example, start = int(row["peak_id"]), int(row["start"])
        core = cores[row["motif_name"], row["strand"]]
        end = start + core.shape[1]
        weight = ((scaled[example, start:end]**2).sum() + 1) ** -0.5
        coefficient = float(row["hit_coefficient"])
        predicted[example, start:end] += coefficient * weight * (core * one_hot[example, :, start:end]).sum(0)
        cost[example] += PENALTY * coefficient
    return ((scaled - predicted)**2).sum(1) / 2 + cost


def main():
    program, out, runs = sys.argv[1], sys.argv[2], int(sys.argv[3])
    sites, one_hot, contributions = simulate(out)
    files = ["-s", f"{out}/s.npz", "-a", f"{out}/a.npz"]
    shutil.rmtree(f"{out}/patterns", ignore_errors=True)
    subprocess.run([program, "motif", "modisco", *files, "-o", f"{out}/patterns"], check=True, capture_output=True)
    patterns = f"{out}/patterns/patterns.h5"
    finemo = os.path.join(os.path.dirname(sys.executable), "finemo")
    prepare = [finemo, "extract-regions-modisco-fmt", *files, "-o", f"{out}/regions.npz", "-w", str(LENGTH)]
    theirs = [finemo, "call-hits", "-r", f"{out}/regions.npz", "-m", patterns, "-o", f"{out}/theirs"]
    ours = [program, "motif", "hits", "-m", patterns, *files, "-o", f"{out}/ours"]
    scan = [program, "motif", "scan", "--motifs", f"{out}/true.meme", f"{out}/s.fa", "--thresh", "1e-3", "--out", f"{out}/scan.tsv"]
    spent = {"scan": [], "theirs": [], "ours": []}
    for _ in range(runs):
        shutil.rmtree(f"{out}/ours", ignore_errors=True)
        spent["ours"].append(timed(ours))
        # Fi-NeMo's own preparation is part of its work.
        first, second = timed(prepare), timed(theirs)
        spent["theirs"].append((first[0] + second[0], max(first[1], second[1])))
        spent["scan"].append(timed(scan))
    found = {name: table(f"{out}/{name}/hits.tsv") for name in ["theirs", "ours"]}
    calls = {name: [(int(row["peak_id"]), int(row["start"]), int(row["end"])) for row in rows]
             for name, rows in found.items()}
    calls["scan"] = [(int(row["sequence_name"]), int(row["start"]) - 1, int(row["stop"]))
                     for row in table(f"{out}/scan.tsv")]
    print("| | calls | sites found | calls at a site | seconds | MB |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, label in [("scan", "scan with the true motifs, p ≤ 1e-3"), ("theirs", "Fi-NeMo 0.41"), ("ours", "bindscape")]:
        recall, precision, count = against(sites, calls[name])
        seconds, memory = (min(values) for values in zip(*spent[name]))
        print(f"| {label} | {count:,} | {recall:.3f} | {precision:.3f} | {seconds:.2f} | {memory:.0f} |")
    objective = {name: objectives(patterns, rows, one_hot, contributions) for name, rows in found.items()}
    difference = objective["theirs"] - objective["ours"]
    places = {name: {(row["peak_id"], row["motif_name"], row["start"]) for row in rows} for name, rows in found.items()}
    both = places["ours"] & places["theirs"]
    print(f"\n{len(sites)} sites. Objective: {objective['theirs'].mean():.3f} (Fi-NeMo), {objective['ours'].mean():.3f} (bindscape); "
          f"ours no higher in {(difference >= -1e-3).mean():.1%} of the sequences. "
          f"{len(both)} places in common, {len(places['theirs'] - both)} of Fi-NeMo alone, {len(places['ours'] - both)} of bindscape alone.")


main()
