"""How good are the motifs of bound regions, beside those of another program or of other options?

quality.py data DATA DIRECTORY                        writes the sets of all TFs
quality.py run PROGRAM DIRECTORY OUT.json [OPTION ...]  many regions: three motifs of each TF
quality.py few PROGRAM DIRECTORY OUT.json [OPTION ...]  the first motif of 50 and of 500 regions
quality.py compare OLD.json NEW.json                  tables of two runs, of either kind

DATA is the directory of the published matrix, PROGRAM `bindscape` or STREME's `streme`. Sets: of
each TF with at least 500 bound regions 1,000 at most, and as many unbound ones with the same GC
contents (in steps of 5%); a fifth is put aside. NumPy is all that this script needs.

Both programs get the same files and options (`--hofract 0`, `--nmotifs 3`, seed 0), one thread each,
and both are measured by the same code here, in the order in which motifs were found: best site of a
sequence over independent bases, threshold of the smallest Fisher p-value on the training part; with
that threshold, Fisher's p-value on the fifth put aside. Sites of earlier motifs are erased in both
parts. AUCPR: sum occupancy of the first motif on the fifth put aside. Development are the TFs with odd
numbers in the order of their names, reporting are the others. The environment chooses: `HALF=odd` or
`HALF=even`, `TFS="HNF4A YY1"`, and of the few `FEW=50` or `FEW=500`.
"""

import gzip
import json
import math
import os
import pickle
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

LETTERS = "ACGT"
CAP, LEAST, MOTIFS = 1000, 500, 3
FEW_TFS, FEW_TEST, FEW = 30, 500, {50: 6, 500: 3}
CODE = np.full(256, 4, np.uint8)
for number, letter in enumerate(LETTERS):
    CODE[ord(letter)] = CODE[ord(letter.lower())] = number


def fasta(path, sequences):
    with open(path, "w") as out:
        for index, sequence in enumerate(sequences):
            out.write(f">s{index}\n{sequence}\n")


def read_fasta(path):
    return [line.strip() for line in open(path) if not line.startswith(">")]


def encode(sequences):
    """Base numbers, sequences x positions; sequences are equally long."""
    return CODE[np.frombuffer("".join(sequences).encode(), np.uint8)].reshape(len(sequences), -1)


# --- data


def draw(rng, bound, unbound, gc):
    """As many unbound rows with the GC contents of the bound ones; fewer where there are fewer."""
    chosen = []
    bins = (gc * 20).astype(int)
    for value in np.unique(bins[bound]):
        there = unbound[bins[unbound] == value]
        count = min(len(there), int((bins[bound] == value).sum()))
        chosen.extend(rng.choice(there, count, replace=False))
    return rng.permutation(np.array(chosen))


def write_data(data, directory):
    data, directory = Path(data), Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    with gzip.open(data / "tfs_idx.pickle.gz") as file:
        tfs = pickle.load(file)
    labels = np.load(data / "matrix2d.ReMap+UniBind.sparse.npz")["arr_0"]
    with gzip.open(data / "sequences.200bp.fa.gz", "rt") as file:
        sequences = [line.strip().upper() for line in file if not line.startswith(">")]
    known = np.array(["N" not in s for s in sequences])
    gc = np.array([(s.count("G") + s.count("C")) / len(s) for s in sequences])
    chosen = []
    for tf in sorted(tfs):
        column = labels[:, tfs[tf]]
        bound, unbound = (np.flatnonzero((column == value) & known) for value in (1, 0))
        if len(bound) < LEAST:
            continue
        rng = np.random.default_rng([tfs[tf], 1])
        bound = rng.permutation(bound)
        sets = {"": bound[:CAP]}
        for draws, count in ((FEW[50], 50), (FEW[500], 500)):
            for repeat in range(draws):
                if len(bound) >= 2 * FEW_TEST:
                    sets[f".{count}.{repeat}"] = rng.choice(bound[FEW_TEST:], count, replace=False)
        if len(bound) >= 2 * FEW_TEST:
            sets[".few-test"] = bound[:FEW_TEST]
        few_test = None
        for name, rows in sorted(sets.items(), key=lambda item: item[0] != ".few-test"):
            # What the few are measured on is not among what they are learned from.
            rest = unbound if few_test is None or name == "" else np.setdiff1d(unbound, few_test)
            controls = draw(rng, rows, rest, gc)
            if name == ".few-test":
                few_test = controls
            for label, which in (("bound", rows), ("unbound", controls)):
                lines = [sequences[row] for row in which]
                if name:
                    fasta(directory / f"{tf}{name}.{label}.fa", lines)
                else:
                    fasta(directory / f"{tf}.test.{label}.fa", lines[::5])
                    fasta(directory / f"{tf}.learn.{label}.fa", [s for i, s in enumerate(lines) if i % 5])
        chosen.append(tf)
    few = [tf for tf in chosen if (directory / f"{tf}.few-test.bound.fa").exists()]
    step = len(few) / FEW_TFS
    few = sorted({few[int(i * step)] for i in range(FEW_TFS)})
    (directory / "tfs.json").write_text(json.dumps({"tfs": chosen, "few": few}))


# --- programs


def discover(program, positives, controls, options):
    """Motifs in the order in which they were found (width x 4, reported log10 p), and seconds."""
    with tempfile.TemporaryDirectory() as directory:
        out = f"{directory}/out"
        command = [program, "--p", positives, "--n", controls, "--oc", out, "--seed", "0"]
        streme = Path(program).name == "streme"
        if streme:
            command += ["--dna", "--verbosity", "1", *options]
        else:
            command[1:1] = ["--quiet", "motif", "discover", "--threads", "1"]
            command += options
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = after.ru_utime - before.ru_utime
        matrices, ids = [], []
        for line in open(f"{out}/streme.txt"):
            words = line.split()
            if line.startswith("MOTIF"):
                ids.append(words[1])
                matrices.append([])
            elif matrices and len(words) == 4 and words[0][0] in "01":
                matrices[-1].append([float(word) for word in words])
        if streme:
            text = open(f"{out}/streme.xml").read()
            reported = {
                id_: float(p)
                for id_, p in re.findall(r'<motif id="([^"]+)".*?train_log_pvalue="([^"]+)"', text, re.S)
            }
            order = range(len(ids))
            reported = [reported[id_] for id_ in ids]
        else:
            lines = [line.rstrip("\n").split("\t") for line in open(f"{out}/motifs.tsv")]
            column = {name: index for index, name in enumerate(lines[0])}
            reported = [log10(line[column["train_p-value"]]) for line in lines[1:]]
            order = np.argsort([int(line[column["found"]]) for line in lines[1:]])
        return [(np.array(matrices[i]), reported[i]) for i in order], seconds


def log10(text):
    mantissa, _, exponent = text.lower().partition("e")
    return math.log10(float(mantissa)) + int(exponent or 0)


# --- measures


def log_odds(matrix, background):
    return np.log2((matrix + 1e-3) / (matrix + 1e-3).sum(1, keepdims=True) / background)


def scores(bases, odds):
    """The better strand at every position; minus infinity over unknown or erased bases."""
    width = len(odds)
    count = bases.shape[1] - width + 1
    strands = []
    for table in (odds, odds[::-1, ::-1]):
        table = np.column_stack([table, np.full(width, -np.inf)]).astype(np.float32)
        strands.append(sum(table[i][bases[:, i : i + count]] for i in range(width)))
    return np.maximum(*strands)


LN_FACTORIAL = np.concatenate([[0], np.cumsum(np.log(np.arange(1, 10_000)))])


def ln_choose(n, k):
    return LN_FACTORIAL[n] - LN_FACTORIAL[k] - LN_FACTORIAL[n - k]


def fisher(x, y, p, c):
    """log10 of the one-sided p-value of x of p positives and y of c controls."""
    with_site = x + y
    k = np.arange(x, min(with_site, p) + 1)
    k = k[with_site - k <= c]
    terms = ln_choose(p, k) + ln_choose(c, with_site - k) - ln_choose(p + c, with_site)
    return float((terms.max() + np.log(np.exp(terms - terms.max()).sum())) / math.log(10))


def best_threshold(positives, controls):
    thresholds = np.unique(np.concatenate([positives, controls]))
    thresholds = thresholds[thresholds > 0]
    if len(thresholds) == 0:
        return np.inf, 0, 0, 0.0
    p, c = len(positives), len(controls)
    x = p - np.searchsorted(np.sort(positives), thresholds)
    y = c - np.searchsorted(np.sort(controls), thresholds)
    term = ln_choose(p, x) + ln_choose(c, y) - ln_choose(p + c, x + y)
    term[x * c <= y * p] = 0
    best = (0.0, np.inf, 0, 0)
    for index in np.argsort(term)[:30]:
        if term[index] < 0:
            value = fisher(x[index], y[index], p, c)
            best = min(best, (value, thresholds[index], int(x[index]), int(y[index])))
    return best[1], best[2], best[3], best[0]


def average_precision(positives, controls):
    values = np.concatenate([positives, controls])
    labels = np.repeat([1, 0], [len(positives), len(controls)])
    order = np.argsort(-values, kind="stable")
    values, labels = values[order], labels[order]
    ends = np.flatnonzero(np.append(np.diff(values) != 0, True))
    hits = np.cumsum(labels)[ends]
    return float((np.diff(np.append(0, hits)) * hits / (ends + 1)).sum() / labels.sum())


def occupancy(bases, odds):
    width = len(odds)
    count = bases.shape[1] - width + 1
    total = 0
    for table in (odds, odds[::-1, ::-1]):
        table = np.column_stack([table, np.full(width, -np.inf)])
        total = total + np.exp2(sum(table[i][bases[:, i : i + count]] for i in range(width))).sum(1)
    return total


def consensus(matrix):
    return "".join(
        LETTERS[row.argmax()] if row.max() > 0.6 else LETTERS[row.argmax()].lower() if row.max() > 0.4 else "n"
        for row in matrix
    )


def aucpr(matrix, bound, unbound):
    odds = np.log2((matrix + 5e-3) / (matrix + 5e-3).sum(1, keepdims=True) / 0.25)
    return average_precision(occupancy(bound, odds), occupancy(unbound, odds))


def measure(motifs, learn, test):
    background = np.bincount(learn[1].ravel(), minlength=5)[:4] + 1.0
    background = (background + background[::-1]) / background.sum() / 2
    learn, test = [s.copy() for s in learn], [s.copy() for s in test]
    rows = []
    for matrix, reported in motifs:
        odds = log_odds(matrix, background)
        all_scores = [scores(bases, odds) for bases in learn + test]
        best = [s.max(1) for s in all_scores]
        threshold, x, y, p = best_threshold(best[0], best[1])
        u, v = (int((b >= threshold).sum()) for b in best[2:])
        rows.append({
            "consensus": consensus(matrix), "width": len(matrix), "reported": reported, "training": p,
            "sites": [x, y], "held_out": fisher(u, v, len(test[0]), len(test[1])),
            "held_out_sites": [u, v],
        })
        for bases, s in zip(learn + test, all_scores):
            for sequence, at in zip(*np.nonzero(s >= threshold)):
                bases[sequence, at : at + len(matrix)] = 4
    return rows


def read_set(directory, name):
    return [encode(read_fasta(Path(directory) / f"{name}.{label}.fa")) for label in ("bound", "unbound")]


def run(program, directory, out, options):
    tfs = json.loads((Path(directory) / "tfs.json").read_text())["tfs"]
    if os.environ.get("TFS"):
        tfs = os.environ["TFS"].split()
    every = {"odd": tfs[::2], "even": tfs[1::2]}.get(os.environ.get("HALF"), tfs)
    result = {}
    for tf in every:
        files = [f"{directory}/{tf}.learn.{label}.fa" for label in ("bound", "unbound")]
        motifs, seconds = discover(program, *files, ["--nmotifs", str(MOTIFS), "--hofract", "0", *options])
        learn, test = read_set(directory, f"{tf}.learn"), read_set(directory, f"{tf}.test")
        result[tf] = {
            "seconds": seconds, "motifs": measure(motifs, learn, test),
            "aucpr": aucpr(motifs[0][0], *test) if motifs else None,
        }
        Path(out).write_text(json.dumps(result))


def few(program, directory, out, options):
    tfs = json.loads((Path(directory) / "tfs.json").read_text())["few"]
    if os.environ.get("TFS"):
        tfs = os.environ["TFS"].split()
    result = {}
    for tf in tfs:
        test = read_set(directory, f"{tf}.few-test")
        for count, draws in FEW.items():
            if os.environ.get("FEW", str(count)) != str(count):
                continue
            for repeat in range(draws):
                files = [f"{directory}/{tf}.{count}.{repeat}.{label}.fa" for label in ("bound", "unbound")]
                motifs, seconds = discover(
                    program, *files, ["--nmotifs", "1", "--hofract", "0", "--maxw", "21", *options]
                )
                value = aucpr(motifs[0][0], *test) if motifs else 0.5
                result.setdefault(tf, {}).setdefault(str(count), []).append(
                    [value, seconds, consensus(motifs[0][0]) if motifs else ""]
                )
        Path(out).write_text(json.dumps(result))


def compare(old_path, new_path):
    old, new = (json.loads(Path(path).read_text()) for path in (old_path, new_path))
    tfs = [tf for tf in old if tf in new]
    if "motifs" not in old[tfs[0]]:
        for count in old[tfs[0]]:
            if count not in new[tfs[0]]:
                continue
            a, b = (np.array([[draw[0] for draw in of[tf][count]] for tf in tfs]) for of in (old, new))
            difference = (b - a).mean(1)
            error = difference.std(ddof=1) / math.sqrt(len(tfs))
            seconds = [sum(draw[1] for tf in tfs for draw in of[tf][count]) for of in (old, new)]
            print(
                f"{count:>4} regions: AUCPR {a.mean():.4f} -> {b.mean():.4f} ({difference.mean():+.4f} +- {error:.4f}), "
                f"better by 0.01 in {(b > a + 0.01).sum()}, worse in {(b < a - 0.01).sum()} of {a.size} draws; "
                f"TFs better {(difference > 0.002).sum()}, worse {(difference < -0.002).sum()} of {len(tfs)}; "
                f"{seconds[0]:.1f} -> {seconds[1]:.1f} s"
            )
        return
    names = sorted(max(old, new, key=len))
    for half, of in (("development", names[::2]), ("reporting", names[1::2])):
        of = [tf for tf in of if tf in tfs]
        if not of:
            continue
        print(f"{half}: {len(of)} TFs")
        for rank in range(MOTIFS):
            there = [tf for tf in of if min(len(d[tf]["motifs"]) for d in (old, new)) > rank]
            for key in ("reported", "training", "held_out"):
                a, b = (np.array([d[tf]["motifs"][rank][key] for tf in there]) for d in (old, new))
                ratio = b / np.minimum(a, -1e-9)
                print(
                    f"  motif {rank + 1} {key:9} log10 p: mean {a.mean():8.2f} -> {b.mean():8.2f}  "
                    f"better {int((b < a).sum()):3}, worse {int((b > a).sum()):3}, "
                    f"worse by >5% {int((ratio < 0.95).sum()):3} of {len(there)}"
                )
            weak = [sum(d[tf]["motifs"][rank]["held_out"] > math.log10(0.05) for tf in there) for d in (old, new)]
            print(f"  motif {rank + 1} not significant on the part put aside: {weak[0]} -> {weak[1]}")
        total = [[sum(m["held_out"] for m in d[tf]["motifs"]) for tf in of] for d in (old, new)]
        print(f"  held-out log10 p, sum of the motifs: mean {np.mean(total[0]):.2f} -> {np.mean(total[1]):.2f}")
        a, b = (np.array([d[tf]["aucpr"] for tf in of]) for d in (old, new))
        print(
            f"  AUCPR: mean {a.mean():.4f} -> {b.mean():.4f}, better by 0.005 {(b > a + .005).sum()}, "
            f"worse {(b < a - .005).sum()}"
        )
        seconds = [sum(d[tf]["seconds"] for tf in of) for d in (old, new)]
        print(f"  seconds: {seconds[0]:.1f} -> {seconds[1]:.1f}, ratio {seconds[1] / seconds[0]:.2f}")


if __name__ == "__main__":
    verb, *arguments = sys.argv[1:]
    if verb == "data":
        write_data(*arguments)
    elif verb == "compare":
        compare(*arguments)
    else:
        {"run": run, "few": few}[verb](*arguments[:3], arguments[3:])
