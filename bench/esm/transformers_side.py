"""Embeds the proteins of OUT with `transformers` and prints residues per second.

Usage: transformers_side.py OUT SIZE ORDER THREADS [RUNS], where ORDER is `input` (batches
of 8 in input order, padded: how `transformers` is commonly used) or `sorted` (by length
first). The clock runs over batches of tokens made before; the fastest run counts.
"""

import sys
import time
from pathlib import Path

import torch
from transformers import EsmModel

LETTERS = "L A G V S E R T I D P K Q N F Y M H W C X B U Z O".split()
IDS = {letter: 4 + i for i, letter in enumerate(LETTERS)}


def main():
    out, size, order, threads = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
    runs = int(sys.argv[5]) if len(sys.argv) > 5 else 3
    torch.set_num_threads(threads)
    sequences = [l.strip() for l in open(out / "proteins.fasta") if not l.startswith(">")]
    residues = sum(map(len, sequences))
    if order == "sorted":
        sequences.sort(key=len)
    model = EsmModel.from_pretrained(out / size, add_pooling_layer=False).eval()
    batches = []
    for first in range(0, len(sequences), 8):
        rows = [[0] + [IDS[l] for l in s] + [2] for s in sequences[first:first + 8]]
        width = max(map(len, rows))
        ids = torch.tensor([row + [1] * (width - len(row)) for row in rows])
        batches.append((ids, (ids != 1).long()))

    def run():
        for ids, mask in batches:
            model(input_ids=ids, attention_mask=mask)

    with torch.inference_mode():
        model(input_ids=batches[0][0], attention_mask=batches[0][1])
        best = float("inf")
        for _ in range(runs):
            began = time.perf_counter()
            run()
            best = min(best, time.perf_counter() - began)
    print(residues / best)


main()
