"""Takes the proteins of OUT through esm-cpp, packed without padding, and prints residues
per second. It gives logits: its language-model head is included.

Usage: esmcpp.py OUT SIZE THREADS [RUNS]
"""

import os
import sys
import time
from pathlib import Path

# Read when the library is loaded.
os.environ["ESM_NUM_THREADS"] = sys.argv[3]

import esm_cpp


def main():
    out, size = Path(sys.argv[1]), sys.argv[2]
    runs = int(sys.argv[4]) if len(sys.argv) > 4 else 3
    sequences = [l.strip() for l in open(out / "proteins.fasta") if not l.startswith(">")]
    model = esm_cpp.Model.load_from_safetensors(str(out / size / "model.safetensors"))
    tokenizer = esm_cpp.Tokenizer()
    ids = [tokenizer.encode(sequence) for sequence in sequences]
    model.forward_scheduled(ids[:2])
    best = float("inf")
    for _ in range(runs):
        began = time.perf_counter()
        model.forward_scheduled(ids)
        best = min(best, time.perf_counter() - began)
    print(sum(map(len, sequences)) / best)


main()
