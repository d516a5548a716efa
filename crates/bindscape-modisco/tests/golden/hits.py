"""Golden hits of src/golden.rs, from Fi-NeMo.

    pip install finemo==0.41 "numpy<3"   # torch 2.15.0
    python hits.py > hits.json

The first 100 sequences of generate.py and the patterns of modisco.json. Each pattern is given as its core, all
padded to the width of the widest, since Fi-NeMo wants room for all columns of a pattern in the
sequence. Its tolerance is lowered, as ours is.
"""

import json
import os
import sys

import numpy as np
import torch
from finemo.data_io import trim_motif
from finemo.hitcaller import fit_contribs

from generate import planted

COUNT = 100


def main():
    one_hot, hypothetical = (array[:COUNT] for array in planted())
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "modisco.json")) as file:
        golden = json.load(file)
    cores = []
    for pattern in golden["positive_patterns"] + golden["negative_patterns"]:
        columns = np.array(pattern["contributions"]).T
        columns /= np.sqrt((columns**2).sum())
        start, end = trim_motif(columns, 0.3)
        core = columns[:, start:end]
        cores += [core, core[::-1, ::-1]]
    width = max(core.shape[1] for core in cores)
    cwms = np.zeros((len(cores), 4, width), dtype=np.float32)
    mask = np.zeros((len(cores), width), dtype=np.int8)
    for number, core in enumerate(cores):
        cwms[number, :, : core.shape[1]] = core
        mask[number, : core.shape[1]] = 1
    hits, quality = fit_contribs(
        cwms, hypothetical, one_hot.astype(np.int8), mask, False,
        np.full(len(cores), 0.7, dtype=np.float32), convergence_tol=2e-6, max_steps=20_000,
        batch_size=COUNT, device=torch.device("cpu"))
    print(quality["dual_gap"].max(), quality["num_steps"].max(), len(hits), file=sys.stderr)
    hits = hits.filter(hits["hit_coefficient"] > 1e-3).sort("peak_id", "hit_start", "motif_id")
    scale = dict(zip(quality["peak_id"], quality["global_scale"]))
    rows = [
        [int(row["peak_id"]), int(row["motif_id"]), int(row["hit_start"]),
         round(float(row["hit_coefficient"]), 5), round(float(row["hit_similarity"]), 5),
         round(float(row["hit_importance"] * scale[row["peak_id"]]), 5)]
        for row in hits.iter_rows(named=True)
    ]
    json.dump({"width": width, "hits": rows}, sys.stdout, separators=(",", ":"))


if __name__ == "__main__":
    main()
