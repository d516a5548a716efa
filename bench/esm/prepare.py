"""Writes what the comparison runs on into OUT: random weights of the published 8M and
150M configurations as `transformers` saves them (Hugging Face safetensors), and 256
proteins drawn from a FASTA file at even distances.

Usage: prepare.py PROTEINS.fasta.gz OUT
"""

import gzip
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import EsmConfig, EsmForMaskedLM

SIZES = {"8M": (6, 320, 20), "150M": (30, 640, 20)}
PROTEINS = 256
# Longer proteins are split into chunks by bindscape and by nobody else.
LONGEST = 1022


def proteins(path):
    name, parts = None, []
    with gzip.open(path, "rt") as lines:
        for line in lines:
            if line.startswith(">"):
                if name:
                    yield name, "".join(parts)
                name, parts = line[1:].split()[0], []
            else:
                parts.append(line.strip())
    yield name, "".join(parts)


def main():
    source, out = sys.argv[1], Path(sys.argv[2])
    kept = [(n, s) for n, s in proteins(source) if len(s) <= LONGEST]
    step = len(kept) // PROTEINS
    chosen = kept[::step][:PROTEINS]
    with open(out / "proteins.fasta", "w") as fasta:
        for name, sequence in chosen:
            fasta.write(f">{name}\n{sequence}\n")
    for size, (layers, width, heads) in SIZES.items():
        torch.manual_seed(0)
        config = EsmConfig(
            vocab_size=33, mask_token_id=32, pad_token_id=1, hidden_size=width,
            num_hidden_layers=layers, num_attention_heads=heads,
            intermediate_size=4 * width, max_position_embeddings=1026,
            position_embedding_type="rotary", token_dropout=True,
            emb_layer_norm_before=False, layer_norm_eps=1e-5,
            hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
        )
        EsmForMaskedLM(config).save_pretrained(out / size)
        # Names and rotary frequencies as in the published files, which all programs know.
        path = out / size / "model.safetensors"
        weights = load_file(path)
        for old, new in (("gamma", "weight"), ("beta", "bias")):
            weights = {n.replace(f"LayerNorm.{old}", f"LayerNorm.{new}"): v for n, v in weights.items()}
        frequencies = 10_000.0 ** -(torch.arange(0, width // heads, 2).float() / (width // heads))
        for layer in range(layers):
            name = f"esm.encoder.layer.{layer}.attention.self.rotary_embeddings.inv_freq"
            weights[name] = frequencies.clone()
        save_file(weights, path, metadata={"format": "pt"})


main()
