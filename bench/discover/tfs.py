"""Is the first motif of a TF's bound regions the TF's own?

tfs.py PROGRAM BOUND_REGIONS DATA JASPAR.meme JASPAR.tsv OUT.json [TF ...]

BOUND_REGIONS is the example `bound_regions` of `bindscape-motif`, DATA the directory of the
published matrix. At most 2,500 bound regions and as many unbound ones of the same GC contents,
three motifs. A motif is the TF's own if Tomtom's p-value against one of the profiles of
that TF (all vertebrate profiles as the null) is below 1e-5, and of its mode if the profile
with the smallest p-value, below 1e-5, is of the same family.
"""

import csv
import subprocess
import sys
import tempfile

from common import discover, matches, read_meme, say

program, bound_regions, data, meme, table, out = sys.argv[1:7]
TFS = sys.argv[7:] or (
    "HNF4A CEBPB SPI1 FOXA1 JUND MAX REST GATA1 ESR1 AR TEAD4 YY1 NRF1 GABPA RUNX3 TP63 EBF1 "
    "NFYA RFX5 TCF7L2"
).split()
with open(table) as file:
    known = {row["matrix_id"]: row for row in csv.DictReader(file, delimiter="\t")}
jaspar = [motif for motif in read_meme(meme) if known[motif[0]]["tax_group"] == "vertebrates"]
family = [known[motif[0]]["family"] for motif in jaspar]
rows = []
with tempfile.TemporaryDirectory() as directory:
    for tf in TFS:
        positives, controls = f"{directory}/p.fa", f"{directory}/n.fa"
        subprocess.run([bound_regions, data, tf, positives, controls, "2500"], check=True)
        found, table = discover(
            program, positives, f"{directory}/out", "--n", controls, "--nmotifs", "3",
            "--maxw", "21", "--hofract", "0.1",
        )
        own = [i for i, m in enumerate(jaspar) if m[1].upper().split("(")[0] == tf]
        row = {"tf": tf, "regions": int(table[0]["train_pos_total"]), "motifs": []}
        for (id_, _, matrix), counts in zip(found, table):
            p = matches(matrix, jaspar)
            best = int(p.argmin())
            row["motifs"].append({
                "motif": id_, "test_p": counts["test_p-value"],
                "bound": round(int(counts["train_pos_count"]) / int(counts["train_pos_total"]), 3),
                "unbound": round(int(counts["train_neg_count"]) / int(counts["train_neg_total"]), 3),
                "own_p": float(min((p[i] for i in own), default=1)),
                "best": jaspar[best][1], "best_p": float(p[best]),
                "own_family": family[best] in {family[i] for i in own},
            })
        rows.append(row)
        print(row, file=sys.stderr, flush=True)
own = sum(row["motifs"][0]["own_p"] < 1e-5 for row in rows)
mode = sum(
    m["own_p"] < 1e-5 or (m["own_family"] and m["best_p"] < 1e-5)
    for m in (row["motifs"][0] for row in rows)
)
say({
    "own_profile_first": f"{own} of {len(rows)}",
    "own_profile_or_mode_first": f"{mode} of {len(rows)}",
    "tfs": rows,
}, out)
