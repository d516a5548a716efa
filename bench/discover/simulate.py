"""Is a planted JASPAR motif the first motif found?

simulate.py PROGRAM JASPAR.meme JASPAR.tsv OUT.json [RUNS]

Each run: 1,000 random sequences of 200 bp (bases A and T 0.28, C and G 0.22), in 10, 20, 30, 40
or 50% of which one site drawn from a profile of JASPAR's vertebrates (8 to 21 bp, at least
8 bits) is written at a random place and strand; controls are shuffled by the program. The
motif counts as found if Tomtom's p-value of the first motif against the planted profile, with
all vertebrate profiles as the null, is below 1e-5.
"""

import csv
import sys
import tempfile

import numpy as np
from common import discover, matches, read_meme, say, write_fasta

program, meme, table, out = sys.argv[1:5]
runs = int(sys.argv[5]) if len(sys.argv) > 5 else 200
with open(table) as file:
    groups = {row["matrix_id"]: row["tax_group"] for row in csv.DictReader(file, delimiter="\t")}
jaspar = [motif for motif in read_meme(meme) if groups[motif[0]] == "vertebrates"]


def bits(matrix):
    return float((matrix * np.log2(np.maximum(matrix, 1e-9) / 0.25)).sum())


eligible = [i for i, m in enumerate(jaspar) if 8 <= len(m[2]) <= 21 and bits(m[2]) >= 8]
rows = []
with tempfile.TemporaryDirectory() as directory:
    for run in range(runs):
        rng = np.random.default_rng(run)
        planted = rng.choice(eligible)
        share = [0.1, 0.2, 0.3, 0.4, 0.5][run % 5]
        id_, name, matrix = jaspar[planted]
        sequences = rng.choice(4, size=(1000, 200), p=[0.28, 0.22, 0.22, 0.28])
        for sequence in sequences[: int(1000 * share)]:
            site = np.array([rng.choice(4, p=column / column.sum()) for column in matrix])
            if rng.random() < 0.5:
                site = 3 - site[::-1]
            at = rng.integers(0, 200 - len(site) + 1)
            sequence[at : at + len(site)] = site
        write_fasta(f"{directory}/p.fa", sequences)
        found, table = discover(
            program, f"{directory}/p.fa", f"{directory}/out", "--nmotifs", "1", "--maxw", "21",
            "--threads", "1",
        )
        p = matches(found[0][2], jaspar)
        rows.append({
            "run": run, "motif": id_, "name": name, "width": len(matrix),
            "bits": round(bits(matrix), 1), "share": share, "found": found[0][0],
            "tomtom_p": float(p[planted]), "rank": int((p < p[planted]).sum()) + 1,
            "test_p": table[0]["test_p-value"],
        })
        print(rows[-1], file=sys.stderr, flush=True)
summary = {
    str(share): f"{sum(r['tomtom_p'] < 1e-5 for r in of)} of {len(of)}"
    for share in (0.1, 0.2, 0.3, 0.4, 0.5)
    if (of := [r for r in rows if r["share"] == share])
}
frequent = [r for r in rows if r["share"] >= 0.2]
summary["20% or more"] = f"{sum(r['tomtom_p'] < 1e-5 for r in frequent)} of {len(frequent)}"
say({"summary": summary, "missed": [r for r in rows if r["tomtom_p"] >= 1e-5]}, out)
