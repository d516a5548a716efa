#!/usr/bin/env python3
"""Golden values of the networks for proteins in PyTorch, and of integrated gradients
in Captum, for src/protein/tests/parity.rs.

    python protein.py write         writes protein_{multitask,tf,deeptfactor}.json beside
                                    this file
    python protein.py check FILE    loads a model written by `bindscape protein train` into
                                    the network below, strictly, and prints its logits for an
                                    input of zeros

Weights, features and labels come from one formula on both sides (see parity.py), so that
only results are stored. The networks are written here after the description in the
documentation of MultiTaskConfig and DeepTFactorConfig.
"""
import json
import pathlib
import sys

import captum
import numpy as np
import safetensors
import safetensors.torch
import torch
from captum.attr import IntegratedGradients
from parity import numbers, units
from torch import nn
from torch.nn import functional

HERE = pathlib.Path(__file__).parent
LETTERS = 21


class MultiTask(nn.Module):
    def __init__(self, features, positions, heads, filters, kernel, pool, hidden):
        super().__init__()
        self.conv1 = nn.Conv1d(features, filters[0], kernel, padding=kernel // 2)
        self.conv2 = nn.Conv1d(filters[0], filters[1], kernel, padding=kernel // 2)
        self.pool = pool
        width = positions // pool // pool * filters[1]
        self.dense = len(hidden)
        for number, units_ in enumerate(hidden, 1):
            setattr(self, f"fc{number}", nn.Linear(width, units_))
            width = units_
        if heads != "domain":
            self.tf_head = nn.Linear(width, 1)
        if heads != "tf":
            self.domain_head = nn.Linear(width, 5)

    def forward(self, x, rows):
        """x: [batch, positions, features], zero beyond the rows of each protein."""
        x = x.transpose(1, 2)
        for conv in (self.conv1, self.conv2):
            x = functional.max_pool1d(torch.relu(conv(x)), self.pool)
            rows = (rows + self.pool - 1) // self.pool
            x = x * (torch.arange(x.shape[2])[None] < rows[:, None])[:, None]
        x = x.flatten(1)
        for number in range(1, self.dense + 1):
            x = torch.relu(getattr(self, f"fc{number}")(x))
        tf = self.tf_head(x) if hasattr(self, "tf_head") else None
        domain = self.domain_head(x) if hasattr(self, "domain_head") else None
        return tf, domain


class Branches(nn.Module):
    def __init__(self, kernels, filters):
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Sequential(*(
                nn.Sequential(nn.Conv1d(LETTERS if n == 0 else filters, filters, kernel),
                              nn.BatchNorm1d(filters), nn.ReLU())
                for n, kernel in enumerate(branch)))
            for branch in kernels)
        width = filters * len(kernels)
        self.conv = nn.Conv1d(width, width, 1)
        self.batchnorm = nn.BatchNorm1d(width)

    def forward(self, x):
        x = torch.cat([layer(x) for layer in self.layers], 1)
        return torch.relu(self.batchnorm(self.conv(x))).amax(2)


class DeepTFactor(nn.Module):
    def __init__(self, length, kernels, filters, hidden):
        super().__init__()
        self.cnn0 = Branches(kernels, filters)
        self.fc1 = nn.Linear(filters * len(kernels), hidden)
        self.bn1 = nn.BatchNorm1d(hidden)
        self.fc2 = nn.Linear(hidden, 1)
        self.bn2 = nn.BatchNorm1d(1)

    def forward(self, x, rows):
        x = self.cnn0(x.transpose(1, 2))
        x = torch.relu(self.bn1(self.fc1(x)))
        return self.bn2(self.fc2(x)), None


def fill(network):
    """`fill` of the tests: weights by fan-in, normalisations around 1 and 0."""
    for number, (name, array) in enumerate(network.state_dict().items()):
        if name.endswith("num_batches_tracked"):
            continue
        u = torch.from_numpy(units(number, array.numel()).reshape(tuple(array.shape)))
        module, part = name.rsplit(".", 1)
        layer = network.get_submodule(module)
        if isinstance(layer, nn.BatchNorm1d):
            offset = 1.0 if part in ("weight", "running_var") else 0.0
            array.copy_(offset + (2 * u - 1) * 0.25)
        else:
            fan_in = layer.weight[0].numel()
            array.copy_((2 * u - 1) * np.float32(1 / np.sqrt(fan_in)))


def batch(number, config, proteins, letters):
    """Features, rows, classes of a batch; `batch` of the tests."""
    positions = config.get("positions", config.get("length"))
    features = config.get("features", LETTERS)
    rows = 1 + (units(1000 + number, proteins) * positions).astype(np.int64)
    classes = (units(2000 + number, proteins) * 5).astype(np.int64)
    u = units(3000 + number, proteins * positions * features)
    u = u.reshape(proteins, positions, features)
    if letters:
        x = np.eye(features)[(u[:, :, 0] * features).astype(np.int64)]
    else:
        x = (2 * u - 1).astype(np.float64)
    x[np.arange(positions)[None] >= rows[:, None]] = 0
    return torch.from_numpy(x), torch.from_numpy(rows), torch.from_numpy(classes)


def loss_of(outputs, classes, weights):
    tf, domain = outputs
    tf_loss = None if tf is None else functional.binary_cross_entropy_with_logits(
        tf[:, 0], (classes < 4).to(tf.dtype))
    # A class of 3 is of unknown kind in these batches.
    known = classes.clone()
    known[classes == 3] = -100
    domain_loss = None if domain is None else functional.cross_entropy(domain, known)
    if tf is None or domain is None:
        return domain_loss if tf is None else tf_loss
    return weights[0] * tf_loss + weights[1] * domain_loss


def joined(outputs):
    return torch.cat([part for part in outputs if part is not None], 1)


def golden(name, network_of, config, proteins, letters, weights, learning_rate):
    """Logits, gradients and running statistics of one batch, the losses of ten steps of Adam,
    and integrated gradients of one protein; in double precision (see parity.py)."""
    def fresh():
        network = network_of(**config)
        fill(network)
        return network.double()

    network = fresh().eval()
    x, rows, classes = batch(0, config, proteins, letters)
    out = {"eval_logits": numbers(joined(network(x, rows)))}

    explained = []
    for protein, output in ((0, 0), (1, joined(network(x, rows)).shape[1] - 1)):
        length = rows[protein : protein + 1]

        def forward(points):
            return joined(network(points, length.expand(len(points))))[:, output]

        found = IntegratedGradients(forward).attribute(
            x[protein : protein + 1], n_steps=20, method="gausslegendre")
        explained.append({"protein": protein, "output": output,
                          "values": numbers(found[0, : int(length)])})
    out["explained"] = explained

    network.train()
    outputs = network(x, rows)
    loss_of(outputs, classes, weights).backward()
    out["train_logits"] = numbers(joined(outputs))
    out["gradients"] = {key: {"norm": float(p.grad.norm()), "values": numbers(p.grad)}
                        for key, p in network.named_parameters()}
    out["running"] = {key: numbers(v) for key, v in network.state_dict().items()
                      if "running" in key}

    network = fresh().train()
    optimizer = torch.optim.Adam(network.parameters(), lr=learning_rate)
    losses = []
    for step in range(10):
        x, rows, classes = batch(step, config, proteins, letters)
        optimizer.zero_grad()
        loss = loss_of(network(x, rows), classes, weights)
        loss.backward()
        losses.append(loss.item())
        optimizer.step()
    kind = "deeptfactor" if network_of is DeepTFactor else "multitask"
    out = {"made_by": f"protein.py, torch {torch.__version__}, numpy {np.__version__}, "
                      f"captum {captum.__version__}",
           "network": {"network": kind, **config, "dropout": 0.0}, "proteins": proteins,
           "letters": letters, "loss_weights": weights, "learning_rate": learning_rate,
           "losses": losses, **out}
    text = json.dumps(out, separators=(",", ":"))
    (HERE / f"protein_{name}.json").write_text(text + "\n")
    print(name, len(text), losses)


def check(path):
    with safetensors.safe_open(path, "pt") as file:
        config = json.loads(file.metadata()["bindscape"])["network"]
    kind = {"multitask": MultiTask, "deeptfactor": DeepTFactor}[config.pop("network")]
    config.pop("dropout")
    network = kind(**config)
    network.load_state_dict(safetensors.torch.load_file(path), strict=True)
    network.eval()
    positions = config.get("positions", config.get("length"))
    x = torch.zeros(1, positions, config.get("features", LETTERS))
    logits = joined(network(x, torch.tensor([positions])))
    print("loaded strictly; zeros:", logits[0].tolist())


if __name__ == "__main__":
    torch.set_num_threads(1)
    if sys.argv[1:] == ["write"]:
        small = dict(features=6, positions=41, filters=[8, 12], kernel=3, pool=2)
        golden("multitask", MultiTask, dict(small, heads="both", hidden=[20, 9]),
               24, False, [0.7, 0.3], 0.003)
        golden("tf", MultiTask, dict(small, heads="tf", hidden=[16], kernel=5, pool=3),
               24, False, [0.7, 0.3], 0.003)
        golden("deeptfactor", DeepTFactor,
               dict(length=60, kernels=[[4, 4, 16], [12, 8, 4], [16, 4, 4]], filters=4, hidden=10),
               16, True, [1.0, 0.0], 0.0003)
    elif len(sys.argv) == 3 and sys.argv[1] == "check":
        check(sys.argv[2])
    else:
        sys.exit(__doc__)
