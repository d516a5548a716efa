"""The PyTorch side: the same networks, data and measurements as the example
`speed` of bindscape-nn.

    pytorch.py DATA WHAT NETWORK THREADS BATCH OUTPUTS LENGTH SECONDS [VARIANT]
    pytorch.py DATA finetune cnn THREADS BATCH 1 200 0 --models N --regions N --epochs N

WHAT is train, predict, or finetune (N trainings one after the other). VARIANT
is float32, bf16 (autocast) or compiled (torch.compile). Prints one line of JSON.

Sequences are one-hot float32 tensors, both strands of them for training, before
the clock runs. Of the ways in which Adam can run (one tensor at a time, `foreach`,
`fused`) the fastest is found before the clock runs, and used.
"""

import argparse
import copy
import json
import time
from pathlib import Path

import torch
from torch import nn

WARM_UP = 5
LEAST = 5
SEQUENCES = 2000
BATCHES = 10
ADAM = [{"foreach": False}, {"foreach": True}, {"fused": True}]


def memory(field: str) -> float | None:
    """VmHWM (most so far) or VmRSS of this process in MiB."""
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(field):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return None


class Cnn(nn.Sequential):
    """The paper's network (`ConvNetDeep`)."""

    def __init__(self, length: int, outputs: int):
        layers, channels = [], 4
        for filters, kernel in [(100, 19), (200, 7), (200, 4)]:
            layers += [
                nn.Conv1d(channels, filters, kernel),
                nn.BatchNorm1d(filters),
                nn.ReLU(),
                nn.MaxPool1d(3),
            ]
            channels, length = filters, (length + 1 - kernel) // 3
        layers.append(nn.Flatten())
        width = channels * length
        for _ in range(2):
            layers += [nn.Linear(width, 1000), nn.BatchNorm1d(1000), nn.ReLU(), nn.Dropout(0.3)]
            width = 1000
        super().__init__(*layers, nn.Linear(width, outputs))


class Danq(nn.Module):
    """DanQ with the paper's sizes."""

    def __init__(self, length: int, outputs: int):
        super().__init__()
        self.convolution = nn.Sequential(
            nn.Conv1d(4, 320, 26), nn.ReLU(), nn.MaxPool1d(13), nn.Dropout(0.2)
        )
        self.lstm = nn.LSTM(
            320, 320, num_layers=2, batch_first=True, dropout=0.5, bidirectional=True
        )
        steps = (length + 1 - 26) // 13
        self.dense = nn.Sequential(
            nn.Flatten(), nn.Linear(steps * 640, 925), nn.ReLU(), nn.Linear(925, outputs)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x, _ = self.lstm(self.convolution(x).transpose(1, 2))
        return self.dense(x)


def read(args: argparse.Namespace, rows: int) -> tuple[torch.Tensor, torch.Tensor]:
    """One-hot sequences [rows, 4, length] and labels [rows, outputs], as `read` of the example."""
    sequences = (args.data / "sequences.txt").read_text().split()
    labels = (args.data / "labels.txt").read_text().split()
    lines = -(-args.length // len(sequences[0]))
    x = torch.zeros(rows, 4, args.length)
    y = torch.zeros(rows, args.outputs)
    codes = torch.zeros(256, dtype=torch.long)
    for code, letter in enumerate(b"ACGT"):
        codes[letter] = code
    for row in range(rows):
        letters = "".join(sequences[(row * lines + k) % len(sequences)] for k in range(lines))
        letters = bytearray(letters[: args.length], "ascii")
        bases = codes[torch.frombuffer(letters, dtype=torch.uint8).long()]
        x[row].scatter_(0, bases[None], 1.0)
        label = labels[row % len(labels)]
        y[row] = torch.tensor([float(label[tf % len(label)]) for tf in range(args.outputs)])
    return x, y


def both_strands(x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.cat([x, x.flip(1, 2)]), torch.cat([y, y])


class Trainer:
    """A network, its optimizer and the loss."""

    def __init__(self, args: argparse.Namespace, adam: dict):
        network = {"cnn": Cnn, "danq": Danq}[args.network]
        self.network = network(args.length, args.outputs)
        self.model = torch.compile(self.network) if args.variant == "compiled" else self.network
        self.adam = torch.optim.Adam(self.network.parameters(), lr=0.003, **adam)
        self.loss = nn.BCEWithLogitsLoss()
        self.bf16 = args.variant == "bf16"

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.bf16):
            return self.model(x)

    def step(self, x: torch.Tensor, y: torch.Tensor) -> float:
        self.adam.zero_grad(set_to_none=True)
        loss = self.loss(self.forward(x).float(), y)
        loss.backward()
        self.adam.step()
        return loss.item()

    def epoch(self, x: torch.Tensor, y: torch.Tensor, batch: int):
        """Yields after each step."""
        for rows in torch.randperm(len(x)).split(batch):
            self.step(x[rows], y[rows])
            yield


def fastest_adam(args: argparse.Namespace, x: torch.Tensor, y: torch.Tensor) -> dict:
    def seconds(adam: dict) -> float:
        trainer = Trainer(args, adam)
        times = []
        for _ in range(5):
            began = time.perf_counter()
            trainer.step(x[: args.batch], y[: args.batch])
            times.append(time.perf_counter() - began)
        return min(times)

    return min(ADAM, key=seconds)


def time_training(args: argparse.Namespace) -> dict:
    batches = -(-SEQUENCES // args.batch)
    batches += batches % 2
    x, y = both_strands(*read(args, batches * args.batch // 2))
    adam = ADAM[2] if args.variant == "compiled" else fastest_adam(args, x, y)
    trainer = Trainer(args, adam)
    trainer.network.train()
    done, timed, seconds = 0, 0, 0.0
    while timed < LEAST or seconds < args.seconds:
        began = time.perf_counter()
        for _ in trainer.epoch(x, y, args.batch):
            now = time.perf_counter()
            done += 1
            if done > WARM_UP:
                timed += 1
                seconds += now - began
            began = now
            if timed >= LEAST and seconds >= args.seconds:
                break
    return {"sequences": timed * args.batch, "seconds": seconds, "adam": adam}


def predict(trainer: Trainer, x: torch.Tensor, batch: int) -> torch.Tensor:
    with torch.inference_mode():
        return torch.cat([torch.sigmoid(trainer.forward(part).float()) for part in x.split(batch)])


def time_prediction(args: argparse.Namespace) -> dict:
    rows = BATCHES * args.batch
    x, _ = read(args, rows)
    trainer = Trainer(args, ADAM[0])
    trainer.network.eval()
    for _ in range(WARM_UP):
        predict(trainer, x[: args.batch], args.batch)
    began, count = time.perf_counter(), 0
    while time.perf_counter() - began < args.seconds:
        predict(trainer, x, args.batch)
        count += rows
    return {"sequences": count, "seconds": time.perf_counter() - began}


def time_finetuning(args: argparse.Namespace) -> dict:
    """As `bindscape finetune`: 80% / 10% / 10%, both strands in training and
    validation, the best epoch kept, both strands of the test part predicted at the end."""
    x, y = read(args, args.regions)
    parent = Trainer(args, ADAM[0]).network.state_dict()
    adam = fastest_adam(args, x, y)
    began = time.perf_counter()
    for seed in range(args.models):
        torch.manual_seed(seed)
        parts = torch.randperm(len(x)).tensor_split([len(x) * 8 // 10, len(x) * 9 // 10])
        fitted, held, test = (both_strands(x[part], y[part]) for part in parts)
        trainer = Trainer(args, adam)
        trainer.network.load_state_dict(parent)
        best, best_state = float("inf"), None
        for _ in range(args.epochs):
            trainer.network.train()
            for _ in trainer.epoch(*fitted, args.batch):
                pass
            trainer.network.eval()
            with torch.inference_mode():
                losses = [
                    nn.functional.binary_cross_entropy_with_logits(
                        trainer.forward(a).float(), b, reduction="sum"
                    ).item()
                    for a, b in zip(held[0].split(256), held[1].split(256))
                ]
            if sum(losses) < best:
                best, best_state = sum(losses), copy.deepcopy(trainer.network.state_dict())
        trainer.network.load_state_dict(best_state)
        trainer.network.eval()
        predict(trainer, test[0], 256)
    return {"seconds": time.perf_counter() - began, "models": args.models, "adam": adam}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("what", choices=["train", "predict", "finetune"])
    parser.add_argument("network", choices=["cnn", "danq"])
    for name in ["threads", "batch", "outputs", "length"]:
        parser.add_argument(name, type=int)
    parser.add_argument("seconds", type=float)
    parser.add_argument("variant", nargs="?", default="float32", choices=["float32", "bf16", "compiled"])
    for name in ["models", "regions", "epochs"]:
        parser.add_argument(f"--{name}", type=int, default=0)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(1)
    start = memory("VmRSS")
    run = {"train": time_training, "predict": time_prediction, "finetune": time_finetuning}
    line = {
        "program": "pytorch",
        "variant": args.variant,
        "what": args.what,
        "network": args.network,
        "threads": args.threads,
        "batch": args.batch,
        "outputs": args.outputs,
        "length": args.length,
        **run[args.what](args),
    }
    if "sequences" in line:
        line["sequences_per_second"] = line["sequences"] / line["seconds"]
    line["start_rss_mib"] = start
    line["peak_rss_mib"] = memory("VmHWM")
    line["torch"] = torch.__version__
    print(json.dumps(line))


if __name__ == "__main__":
    main()
