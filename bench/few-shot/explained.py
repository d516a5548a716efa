"""Which motif does a model of few peaks name, when it is asked why?

    explained.py BINDSCAPE DATA MATRIX RUNS OUT

RUNS holds directories that end in .TF, as run.sh leaves them. The transferred network, the readout, and both
together of each are explained by `explain`, on up to 300 bound regions that they were not fitted to; it compares
patterns with JASPAR's vertebrates. Printed is, for how many TFs the largest pattern is most like a profile of one of
the TF's own binding modes (`motif cluster` of JASPAR's vertebrates), and for how many any pattern is. The first rows
are a profile drawn at random, and the de novo PWM of the same peaks, compared with JASPAR in the same way. TFs without
a profile are left out.
"""

import csv
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

bindscape, data, matrix, runs, out = sys.argv[1:]
out = Path(out)
out.mkdir(parents=True, exist_ok=True)
Q = 0.05
KINDS = ["transfer", "readout", "joint"]


def run(*words):
    subprocess.run([bindscape, *map(str, words)], check=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def table(path):
    with open(path, newline="") as lines:
        return list(csv.DictReader((line for line in lines if not line.startswith("#")), delimiter="\t"))


modes = out / "modes"
if not (modes / "modes.tsv").exists():
    run("motif", "cluster", "jaspar:vertebrates", "--out", modes)
of_motif = {row["motif"]: row["cluster"] for row in table(modes / "clusters.tsv")}
of_tf = defaultdict(set)
for row in table(modes / "modes.tsv"):
    of_tf[row["tf"].upper()].update(row["clusters"].split(","))

counts, kinds = defaultdict(lambda: [0, 0, 0]), ["PWM", *KINDS]
chance, tfs = 0.0, 0
print("TF\tmodel\tpatterns\tlargest\tlike\town mode\tany")
for directory in sorted(Path(runs).iterdir()):
    tf = directory.name.split(".")[-1]
    own = of_tf.get(tf, set())
    if not own or not (directory / "comparison.json").exists():
        continue
    tfs += 1
    chance += sum(cluster in own for cluster in of_motif.values()) / len(of_motif)
    for kind in kinds:
        if kind == "PWM":
            there = out / f"{tf}.pwm.tsv"
            if not there.exists():
                text = subprocess.run(
                    [bindscape, "motif", "compare", directory / "readout-1/motifs.meme", "jaspar:vertebrates", "--text"],
                    check=True, capture_output=True, text=True).stdout
                there.write_text(text)
            # In the order of discovery; the first is the PWM.
            rows = [row for row in table(there) if float(row["q-value"]) <= Q]
            names = list(dict.fromkeys(row["Query_ID"] for row in table(there)))
            first = [row for row in rows if row["Query_ID"].startswith("1-")]
            best = min(first, key=lambda row: float(row["p-value"]), default=None)
            found = [(best["Target_ID"], best["Query_ID"])] if best else []
            patterns, consensus = len(names), names[0]
        else:
            there = out / f"{tf}.{kind}"
            if not (there / "explanation.json").exists():
                run("explain", "--model", directory / f"{kind}-1/model.safetensors", "--matrix", matrix, "--sequences",
                    Path(data) / "sequences.200bp.fa.gz", "--on", "unseen", "--max-regions", 300, "--out", there)
            rows = []
            if (there / "patterns/patterns.tsv").exists():
                rows = [row for row in table(there / "patterns/patterns.tsv") if row["sign"] == "+"]
            patterns = len(rows)
            rows.sort(key=lambda row: -int(row["seqlets"]))
            found = [(row["match"], row["consensus"]) for row in rows]
            consensus = rows[0]["consensus"] if rows else ""
        right = [of_motif.get(match) in own for match, _ in found]
        counts[kind][0] += bool(right and right[0])
        counts[kind][1] += any(right)
        counts[kind][2] += patterns
        like = found[0][0] if found else ""
        print(tf, kind, patterns, consensus, like, bool(right and right[0]), any(right), sep="\t", flush=True)
print(f"\n{tfs} TFs\tlargest of an own mode\tany of an own mode\tpatterns")
print(f"a profile at random\t{chance:.1f}")
for kind in kinds:
    print(kind, *counts[kind][:3], sep="\t")
