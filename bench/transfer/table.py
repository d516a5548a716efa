"""Test AUCPR per TF, transfer against scratch, from the runs below a directory.

Needs the standard library only.
"""

import json
import pathlib
import statistics
import sys

runs = pathlib.Path(sys.argv[1])
multi = json.loads((runs / "multi" / "run.json").read_text())
print("tf\tin multi-model\ttest regions\ttransfer mean\ttransfer s.d.\tscratch mean\tscratch s.d.\tdifference")
for run in sorted(runs.glob("*/run.json")):
    record = json.loads(run.read_text())
    if record["kind"] != "finetune" or not record["finished"]:
        continue
    values = {"transfer": [], "scratch": []}
    regions = set()
    for training in record["trainings"]:
        metrics = json.loads((run.parent / training["directory"] / "metrics.json").read_text())
        values[training["start"]].append(metrics["tfs"][0]["aucpr"]["value"])
        regions.add(metrics["tfs"][0]["regions"])
    tf = record["tfs"][0]
    means = {start: statistics.mean(v) for start, v in values.items()}
    print(
        tf,
        "yes" if tf in multi["tfs"] else "no",
        "/".join(str(n) for n in sorted(regions)),
        *(f"{x:.3f}" for start in ("transfer", "scratch")
          for x in (means[start], statistics.stdev(values[start]))),
        f"{means['transfer'] - means['scratch']:+.3f}",
        sep="\t",
    )
