"""Is the first motif of a TF's bound regions the TF's own?

tfs.py PROGRAM BOUND_REGIONS DATA JASPAR.meme JASPAR.tsv OUT.json [TF ...]

BOUND_REGIONS is the program `bound_regions` of `bindscape-tools`, DATA the directory of the
published matrix. At most 2,500 bound regions and as many unbound ones of the same GC contents,
every fifth of them put aside; three motifs from the others. AUCPR is that of the first motif's sum
occupancy, and of the best profile of the TF, over the regions put aside. A motif is the TF's own if Tomtom's p-value against one of the profiles of
that TF (all vertebrate profiles as the null) is below 1e-5, and of its mode if the profile
with the smallest p-value, below 1e-5, is of the same family.
"""

import csv
import subprocess
import sys
import tempfile

import numpy as np
from common import discover, matches, read_meme, say
from sklearn.metrics import average_precision_score

program, bound_regions, data, meme, table, out = sys.argv[1:7]
TFS = sys.argv[7:] or (
    "HNF4A CEBPB SPI1 FOXA1 JUND MAX REST GATA1 ESR1 AR TEAD4 YY1 NRF1 GABPA RUNX3 TP63 EBF1 "
    "NFYA RFX5 TCF7L2"
).split()
with open(table) as file:
    known = {row["matrix_id"]: row for row in csv.DictReader(file, delimiter="\t")}
jaspar = [motif for motif in read_meme(meme) if known[motif[0]]["tax_group"] == "vertebrates"]
family = [known[motif[0]]["family"] for motif in jaspar]


def parts(path):
    """The files of the records to learn from, and of every fifth."""
    with open(path) as file:
        records = [">" + record for record in file.read().split(">")[1:]]
    for name, keep in [("learn", lambda i: i % 5), ("test", lambda i: not i % 5)]:
        with open(f"{path}.{name}", "w") as out:
            out.writelines(record for i, record in enumerate(records) if keep(i))
    return f"{path}.learn", f"{path}.test"


def occupancy(motifs, ids, path):
    """Sum occupancies, sequences x motifs."""
    command = [program, "--quiet", "motif", "scan", "--motifs", motifs, "--motif", ",".join(ids)]
    text = subprocess.run([*command, "--occupancy", path], check=True, capture_output=True, text=True)
    rows = [row.split("\t") for row in text.stdout.splitlines() if not row.startswith("#")]
    table = csv.DictReader(("\t".join(row) for row in rows), delimiter="\t")
    values = {}
    for row in table:
        values.setdefault(row["motif_id"], []).append(float(row["sum_occupancy"]))
    return np.array([values[id_] for id_ in ids]).T


def aucpr(motifs, ids, positives, controls):
    """The best average precision of these motifs by themselves."""
    bound, unbound = (occupancy(motifs, ids, path) for path in (positives, controls))
    labels = np.repeat([1, 0], [len(bound), len(unbound)])
    return max(average_precision_score(labels, x) for x in np.concatenate([bound, unbound]).T)


rows = []
with tempfile.TemporaryDirectory() as directory:
    for tf in TFS:
        positives, controls = f"{directory}/p.fa", f"{directory}/n.fa"
        subprocess.run([bound_regions, data, tf, positives, controls, "2500"], check=True)
        (positives, positives_test), (controls, controls_test) = parts(positives), parts(controls)
        found, table = discover(
            program, positives, f"{directory}/out", "--n", controls, "--nmotifs", "3",
            "--maxw", "21", "--hofract", "0.1",
        )
        own = [i for i, m in enumerate(jaspar) if m[1].upper().split("(")[0] == tf]
        row = {
            "tf": tf, "regions": int(table[0]["train_pos_total"]), "motifs": [],
            "aucpr": aucpr(f"{directory}/out/streme.txt", [found[0][0]], positives_test, controls_test),
            "aucpr_jaspar": aucpr(meme, [jaspar[i][0] for i in own], positives_test, controls_test),
        }
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
    "aucpr": f"{np.mean([row['aucpr'] for row in rows]):.3f}",
    "aucpr_jaspar": f"{np.mean([row['aucpr_jaspar'] for row in rows]):.3f}",
    "own_profile_first": f"{own} of {len(rows)}",
    "own_profile_or_mode_first": f"{mode} of {len(rows)}",
    "tfs": rows,
}, out)
