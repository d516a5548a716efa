"""Writes the golden files of `torch.save`, with Python 3.11, PyTorch 2.15 and numpy 2.4.

    python make.py
"""

import argparse
import struct
import zipfile
from collections import OrderedDict
from pathlib import Path

import torch

HERE = Path(__file__).parent


def ramp(*shape, dtype=torch.float32):
    count = 1
    for size in shape:
        count *= size
    return (torch.arange(count, dtype=torch.float64) / 4 - 3).reshape(shape).to(dtype)


def main():
    # A module's weights: parameters, a buffer, an integer scalar.
    model = torch.nn.Sequential(torch.nn.Conv1d(2, 3, 4), torch.nn.BatchNorm1d(3))
    with torch.no_grad():
        for tensor in model.parameters():
            tensor.copy_(ramp(*tensor.shape))
    torch.save(model.state_dict(), HERE / "state_dict.pt")

    # Every type of numbers, views with strides and offsets, a shared storage, repeats.
    base = ramp(4, 6)
    torch.save(
        {
            "f64": ramp(3, dtype=torch.float64),
            "f16": ramp(3, dtype=torch.float16),
            "bf16": ramp(3, dtype=torch.bfloat16),
            "i64": torch.tensor([1, -2, 3]),
            "i32": torch.tensor([1, -2, 3], dtype=torch.int32),
            "i16": torch.tensor([1, -2, 3], dtype=torch.int16),
            "i8": torch.tensor([1, -2, 3], dtype=torch.int8),
            "u8": torch.tensor([1, 254, 3], dtype=torch.uint8),
            "bool": torch.tensor([True, False, True]),
            "base": base,
            "transposed": base.t(),
            "slice": base[1:4:2, 2:5],
            "repeated": ramp(2, 1).expand(2, 3),
            "scalar": torch.tensor(0.5),
            "empty": torch.zeros(0, 5),
        },
        HERE / "types.pt",
    )

    # As fair-esm's weights: a namespace beside the tensors.
    torch.save(
        {
            "cfg": {"model": argparse.Namespace(encoder_layers=2, dropout=0.1, name="toy", tied=True, none=None)},
            "args": argparse.Namespace(layers=[1, 2], shape=(3, 4)),
            "model": OrderedDict([("encoder.weight", ramp(2, 2)), ("head", torch.nn.Parameter(ramp(2)))]),
        },
        HERE / "checkpoint.pt",
        pickle_protocol=4,
    )

    # As `esm-extract` writes a protein.
    torch.save(
        {
            "label": "sp|P01106|MYC_HUMAN",
            "representations": {6: ramp(5, 3)},
            "mean_representations": {6: ramp(5, 3).mean(0)},
        },
        HERE / "extract.pt",
    )
    torch.save({"sparse": ramp(3, 3).to_sparse()}, HERE / "sparse.pt")
    torch.save(model, HERE / "module.pt")


main()
