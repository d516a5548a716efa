#!/usr/bin/env python3
"""Golden values of training in PyTorch, for src/train/parity.rs.

    python parity.py write          writes parity_{small,paper,danq_small,danq_paper}.json
                                    and pytorch_{small,danq_small}.safetensors beside
                                    this file
    python parity.py check FILE     loads a model written by bindscape into the
                                    authors' network, strictly, and prints the
                                    probability of the first output for poly-A

Weights, sequences and labels come from one formula on both sides, so that only
results are stored. The networks are written here after the description in the
paper's Methods, with the parameter names of the authors' ConvNetDeep and DanQ.
"""
import json
import pathlib
import sys

import numpy as np
import safetensors
import safetensors.torch
import torch
from torch import nn

HERE = pathlib.Path(__file__).parent


class Cnn(nn.Module):
    def __init__(self, length, outputs, filters, kernels, pool, hidden):
        super().__init__()
        channels, size = 4, length
        for number, (count, width) in enumerate(zip(filters, kernels), 1):
            setattr(self, f"c{number}", nn.Conv1d(channels, count, width))
            setattr(self, f"bn{number}", nn.BatchNorm1d(count))
            channels, size = count, (size - width + 1) // pool
        self.pool = pool
        self.d4 = nn.Linear(channels * size, hidden)
        self.bn4 = nn.BatchNorm1d(hidden)
        self.d5 = nn.Linear(hidden, hidden)
        self.bn5 = nn.BatchNorm1d(hidden)
        self.d6 = nn.Linear(hidden, outputs)

    def forward(self, x):
        for n in (1, 2, 3):
            x = torch.relu(getattr(self, f"bn{n}")(getattr(self, f"c{n}")(x)))
            x = nn.functional.max_pool1d(x, self.pool, self.pool)
        x = torch.flatten(x, 1)
        for n in (4, 5):
            x = torch.relu(getattr(self, f"bn{n}")(getattr(self, f"d{n}")(x)))
        return self.d6(x)


class CnnOfModules(Cnn):
    """The same with a module for each nonlinearity, which tangermeme gives its rules."""

    def __init__(self, **config):
        super().__init__(**config)
        self.relus = nn.ModuleList(nn.ReLU() for _ in range(5))
        self.pools = nn.ModuleList(nn.MaxPool1d(self.pool) for _ in range(3))

    def forward(self, x):
        for n in (1, 2, 3):
            x = self.relus[n - 1](getattr(self, f"bn{n}")(getattr(self, f"c{n}")(x)))
            x = self.pools[n - 1](x)
        x = torch.flatten(x, 1)
        for n in (4, 5):
            x = self.relus[n - 1](getattr(self, f"bn{n}")(getattr(self, f"d{n}")(x)))
        return self.d6(x)


class Danq(nn.Module):
    def __init__(self, length, outputs, filters, kernel, pool, units, hidden):
        super().__init__()
        self.pool = pool
        self.Conv1 = nn.Conv1d(4, filters, kernel)
        self.BiLSTM = nn.LSTM(filters, units, num_layers=2, batch_first=True, bidirectional=True)
        self.Linear1 = nn.Linear((length - kernel + 1) // pool * 2 * units, hidden)
        self.Linear2 = nn.Linear(hidden, outputs)

    def forward(self, x):
        x = nn.functional.max_pool1d(torch.relu(self.Conv1(x)), self.pool, self.pool)
        x, _ = self.BiLSTM(x.transpose(1, 2))
        return self.Linear2(torch.relu(self.Linear1(torch.flatten(x, 1))))


def units(stream, count):
    """Numbers in [0, 1) with 24 bits: a multiplicative hash of stream and index."""
    i = np.arange(count, dtype=np.uint64) + np.uint64(stream) * np.uint64(1_000_003)
    h = (i * np.uint64(2_654_435_761)) & np.uint64(0xFFFFFFFF)
    h = ((h ^ (h >> np.uint64(15))) * np.uint64(2_246_822_519)) & np.uint64(0xFFFFFFFF)
    h ^= h >> np.uint64(13)
    return (h >> np.uint64(8)).astype(np.float32) / np.float32(2**24)


def fill(network):
    state = network.state_dict()
    for number, (name, array) in enumerate(state.items()):
        if name.endswith("num_batches_tracked"):
            continue
        u = torch.from_numpy(units(number, array.numel()).reshape(tuple(array.shape)))
        if name.startswith("bn"):
            offset = {"weight": 1.0, "running_var": 1.0}.get(name.split(".")[1], 0.0)
            array.copy_(offset + (2 * u - 1) * 0.25)
        else:
            layer = getattr(network, name.split(".")[0])
            fan_in = layer.hidden_size if isinstance(layer, nn.LSTM) else layer.weight[0].numel()
            array.copy_((2 * u - 1) * np.float32(1 / np.sqrt(fan_in)))


def batch(number, rows, length, outputs):
    bases = (units(1000 + number, rows * length) * 4).astype(np.int64).reshape(rows, length)
    x = nn.functional.one_hot(torch.from_numpy(bases), 4).float().transpose(1, 2)
    y = torch.from_numpy((units(2000 + number, rows * outputs) < 0.3).astype(np.float32))
    return x.contiguous(), y.reshape(rows, outputs)


def numbers(tensor):
    return [float(np.format_float_positional(v, unique=True)) if v else 0.0
            for v in tensor.detach().numpy().astype(np.float32).ravel()]


def stride(count):
    """One in so many gradients is kept. Not count // 50: in a matrix of 50 rows that
    is one column, which may be all zero."""
    return 1 if count <= 50 else count // 50 + 1


def golden(name, kind, rows, loss_rows, config, full, learning_rate):
    """Logits, gradients and running statistics of one batch of `rows`, and the losses
    of ten steps of Adam with batches of `loss_rows`.

    In double precision: a window whose maximum, or a unit whose sign, hangs on the
    last digit changes gradients by about 1e-3 (with 20 rows PyTorch's own float32 has
    one), and Adam magnifies rounding from step to step. Sizes and learning
    rates were chosen so that PyTorch's float32 agrees with its float64 to 1e-4.
    """
    def fresh():
        network = kind(**config)
        fill(network)
        return network

    loss_of = nn.BCEWithLogitsLoss()
    network = fresh()
    if full:
        safetensors.torch.save_file(network.state_dict(), HERE / f"pytorch_{name}.safetensors")
        torch.save(network.state_dict(), HERE / f"pytorch_{name}.pth")
    network = network.double().eval()
    x, y = batch(0, rows, config["length"], config["outputs"])
    out = {"eval_logits": numbers(network(x.double()))}
    network.train()
    logits = network(x.double())
    loss_of(logits, y.double()).backward()
    out["train_logits"] = numbers(logits)
    out["gradients"] = {
        key: {"norm": float(p.grad.norm()),
              "values": numbers(p.grad if full else p.grad.ravel()[:: stride(p.numel())])}
        for key, p in network.named_parameters()}
    out["running"] = {key: numbers(v) for key, v in network.state_dict().items()
                      if "running" in key and (full or key.startswith("bn1"))}

    network = fresh().double().train()
    optimizer = torch.optim.Adam(network.parameters(), lr=learning_rate)
    losses = []
    for step in range(10):
        x, y = batch(step, loss_rows, config["length"], config["outputs"])
        optimizer.zero_grad()
        loss = loss_of(network(x.double()), y.double())
        loss.backward()
        losses.append(loss.item())
        optimizer.step()
    no_dropout = ({"dropout": 0.0} if kind is Cnn else
                  {"convolutional_dropout": 0.0, "recurrent_dropout": 0.0})
    out = {"made_by": f"parity.py, torch {torch.__version__}, numpy {np.__version__}",
           "config": {**config, **no_dropout}, "rows": rows, "loss_rows": loss_rows,
           "learning_rate": learning_rate, "losses": losses, **out}
    text = json.dumps(out, separators=(",", ":"))
    (HERE / f"parity_{name}.json").write_text(text + "\n")
    print(name, len(text), losses)


def check(path):
    with safetensors.safe_open(path, "pt") as file:
        config = json.loads(file.metadata()["bindscape"])["architecture"]
    kind = {"cnn": Cnn, "danq": Danq}[config.pop("kind")]
    network = kind(**{k: v for k, v in config.items() if "dropout" not in k})
    network.load_state_dict(safetensors.torch.load_file(path), strict=True)
    network.eval()
    x = torch.zeros(1, 4, config["length"])
    x[:, 0] = 1
    print("loaded strictly; poly-A:", torch.sigmoid(network(x))[0, 0].item())


if __name__ == "__main__":
    torch.set_num_threads(1)
    if sys.argv[1:] == ["write"]:
        small = dict(length=200, outputs=3, filters=[8, 12, 12], kernels=[19, 7, 4], pool=3, hidden=20)
        golden("small", Cnn, 12, 12, small, True, 0.003)
        paper = dict(length=200, outputs=50, filters=[100, 200, 200], kernels=[19, 7, 4], pool=3, hidden=1000)
        golden("paper", Cnn, 16, 100, paper, False, 0.0001)
        small = dict(length=200, outputs=3, filters=8, kernel=26, pool=13, units=6, hidden=10)
        golden("danq_small", Danq, 12, 12, small, True, 0.003)
        paper = dict(length=200, outputs=50, filters=320, kernel=26, pool=13, units=320, hidden=925)
        golden("danq_paper", Danq, 8, 20, paper, False, 0.0001)
    elif len(sys.argv) == 3 and sys.argv[1] == "check":
        check(sys.argv[2])
    else:
        sys.exit(__doc__)
