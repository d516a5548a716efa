#!/usr/bin/env python3
"""Golden values of attributions, for src/attribution/tests.rs.

    python attribution.py      writes attribution_{small,paper,danq_small}.json
                               beside this file

Everything is computed in double precision. Weights, sequences and references come
from one formula on both sides (see parity.py), so that only results are stored.

- DeepLIFT: hypothetical contributions of tangermeme's `deep_lift_shap`, in the mean
  over the references, and its multipliers of the first reference. The BiLSTM is
  written out in modules that tangermeme has rules for; its products are `BilinearOp`.
  The last reference differs from its sequence in few bases, so that many windows
  do not change.
- Integrated gradients: captum, 50 points, baselines zero and the first reference.
- Saliency: the gradient of PyTorch.
- In-silico mutagenesis: each edited sequence through the network.
"""
import json
import pathlib

import captum
import numpy as np
import tangermeme
import torch
from captum.attr import IntegratedGradients
from tangermeme.deep_lift_shap import BilinearOp, deep_lift_shap
from torch import nn

import parity

HERE = pathlib.Path(__file__).parent
SEQUENCES, REFERENCES, TARGET = 2, 4, 1


class Step(nn.Module):
    """A step of an LSTM in modules."""

    def __init__(self):
        super().__init__()
        self.input, self.forget, self.output = nn.Sigmoid(), nn.Sigmoid(), nn.Sigmoid()
        self.cell, self.squash = nn.Tanh(), nn.Tanh()
        self.keep, self.add, self.show = (BilinearOp("...,...->...") for _ in range(3))

    def forward(self, gates, cells):
        i, f, g, o = gates.chunk(4, dim=-1)
        cells = self.keep(self.forget(f), cells) + self.add(self.input(i), self.cell(g))
        return self.show(self.output(o), self.squash(cells)), cells


class Danq(parity.Danq):
    """The same network with its LSTMs written out."""

    def __init__(self, **config):
        super().__init__(**config)
        steps = (config["length"] - config["kernel"] + 1) // config["pool"]
        self.units = config["units"]
        self.relus = nn.ModuleList(nn.ReLU() for _ in range(2))
        self.pooling = nn.MaxPool1d(self.pool)
        self.steps = nn.ModuleDict(
            {f"{layer}{end}": nn.ModuleList(Step() for _ in range(steps))
             for layer in (0, 1) for end in ("", "_reverse")})

    def direction(self, x, layer, end):
        part = lambda name: getattr(self.BiLSTM, f"{name}_l{layer}{end}")
        hidden = x.new_zeros(x.shape[0], self.units)
        cells = x.new_zeros(x.shape[0], self.units)
        out = [None] * x.shape[1]
        order = range(x.shape[1])
        for step in reversed(order) if end else order:
            gates = nn.functional.linear(x[:, step], part("weight_ih"), part("bias_ih"))
            gates = gates + nn.functional.linear(hidden, part("weight_hh"), part("bias_hh"))
            hidden, cells = self.steps[f"{layer}{end}"][step](gates, cells)
            out[step] = hidden
        return torch.stack(out, 1)

    def forward(self, x):
        x = self.pooling(self.relus[0](self.Conv1(x))).transpose(1, 2)
        for layer in (0, 1):
            x = torch.cat([self.direction(x, layer, end) for end in ("", "_reverse")], 2)
        return self.Linear2(self.relus[1](self.Linear1(torch.flatten(x, 1))))


def bases_of(stream, rows, length):
    return (parity.units(stream, rows * length) * 4).astype(np.int64).reshape(rows, length)


def one_hot(bases):
    x = nn.functional.one_hot(torch.from_numpy(bases), 4).double()
    return x.transpose(-1, -2).contiguous()


def inputs(length):
    """Sequences, and references of each; the last one of these is the sequence itself with
    every 41st base replaced by the next one of A, C, G, T."""
    bases = bases_of(3000, SEQUENCES, length)
    references = bases_of(4000, SEQUENCES * REFERENCES, length)
    references = references.reshape(SEQUENCES, REFERENCES, length)
    references[:, -1] = bases
    references[:, -1, ::41] = (bases[:, ::41] + 1) % 4
    return bases, references


def numbers(values):
    return [float(f"{v:.13g}") for v in np.asarray(values, dtype=np.float64).ravel()]


def golden(name, kind, plain, config):
    torch.manual_seed(1)
    network = plain(**config)
    parity.fill(network)
    network = network.double().eval()
    state = network.state_dict()
    written = kind(**config).double().eval()
    written.load_state_dict(state)
    bases, references = inputs(config["length"])
    x, refs = one_hot(bases), one_hot(references)
    difference = (written(x) - network(x)).abs().max().item()
    assert difference < 1e-12, difference

    common = dict(target=TARGET, references=refs, dtype=torch.float64, device="cpu",
                  warning_threshold=1e-9, random_state=0)
    hypothetical = deep_lift_shap(written, x, hypothetical=True, **common)
    raw = deep_lift_shap(written, x, raw_outputs=True, **common)

    integrated = IntegratedGradients(lambda x: network(x)[:, TARGET])
    zero = integrated.attribute(x, n_steps=50)
    first = integrated.attribute(x, baselines=refs[:, 0], n_steps=50)

    watched = x.clone().requires_grad_()
    network(watched)[:, TARGET].sum().backward()

    changes = torch.zeros_like(x)
    with torch.no_grad():
        start = network(x)[:, TARGET]
        for position in range(config["length"]):
            for base in range(4):
                edited = x.clone()
                edited[:, :, position] = 0
                edited[:, base, position] = 1
                changes[:, base, position] = network(edited)[:, TARGET] - start
        logits_of_references = network(refs.flatten(0, 1))[:, TARGET]

    no_dropout = ({"dropout": 0.0} if kind is parity.CnnOfModules else
                  {"convolutional_dropout": 0.0, "recurrent_dropout": 0.0})
    out = {"made_by": f"attribution.py, torch {torch.__version__}, tangermeme "
                      f"{tangermeme.__version__}, captum {captum.__version__}",
           "config": {**config, **no_dropout}, "logits": numbers(start),
           "reference_logits": numbers(logits_of_references),
           "hypothetical": numbers(hypothetical.detach()),
           "multipliers": numbers(raw[:, 0].detach()),
           "integrated_zero": numbers(zero.detach().sum(1)),
           "integrated_first": numbers(first.detach().sum(1)),
           "saliency": numbers(watched.grad), "changes": numbers(changes)}
    text = json.dumps(out, separators=(",", ":"))
    (HERE / f"attribution_{name}.json").write_text(text + "\n")
    print(name, len(text), out["logits"], out["reference_logits"])


if __name__ == "__main__":
    torch.set_num_threads(1)
    small = dict(length=200, outputs=3, filters=[8, 12, 12], kernels=[19, 7, 4], pool=3, hidden=20)
    golden("small", parity.CnnOfModules, parity.Cnn, small)
    paper = dict(length=200, outputs=50, filters=[100, 200, 200], kernels=[19, 7, 4], pool=3, hidden=1000)
    golden("paper", parity.CnnOfModules, parity.Cnn, paper)
    small = dict(length=200, outputs=3, filters=8, kernel=26, pool=13, units=6, hidden=10)
    golden("danq_small", Danq, parity.Danq, small)
