"""Runs both programs in turn and prints the ratios as Markdown.

    speed.py DATA OUT --bindscape PROGRAM --example PROGRAM [options]

DATA holds sequences.txt and labels.txt (prepare.py); with --finetune also the
files of the fine-tunings, as run.sh makes them. Every measurement is a process
of its own; rounds alternate bindscape, PyTorch, bindscape…; a figure is the
median of its rounds, the memory the largest. Writes OUT/results.json and
OUT/table.md.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
PARTS = ["speed", "scaling", "finetune"]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--bindscape", required=True, help="the program")
    parser.add_argument("--example", required=True, help="the example `speed` of bindscape-nn")
    parser.add_argument("--python", default=sys.executable, help="a Python with PyTorch")
    parser.add_argument("--parts", default=",".join(PARTS), help="of " + ",".join(PARTS))
    parser.add_argument("--networks", default="cnn,danq")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4, help="per measurement, at the least")
    parser.add_argument(
        "--variants", default="bf16,compiled", help="other ways of PyTorch, timed once; may be empty"
    )
    parser.add_argument("--models", type=int, default=20, help="fine-tunings")
    parser.add_argument("--epochs", type=int, default=10, help="of a fine-tuning")
    parser.add_argument("--tf", default="HNF4A", help="of the fine-tunings")
    return parser.parse_args()


class Bench:
    def __init__(self, args: argparse.Namespace):
        self.args = args
        self.results = []
        self.pairs = {}

    def json_line(self, command: list, needed: bool = True) -> dict | None:
        """The last line that a command prints. One that fails ends the benchmark if it is needed."""
        command = [str(word) for word in command]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        if done.returncode == 0:
            return json.loads(done.stdout.splitlines()[-1])
        failed = f"{' '.join(command)} ended with status {done.returncode}"
        if needed:
            sys.exit(failed)
        print(failed, file=sys.stderr)
        return None

    def ours(self, *words) -> dict:
        return self.json_line([self.args.example, self.args.data, *words, self.args.seconds])

    def theirs(self, *words, variant: str = "float32") -> dict | None:
        """Variants are for information: they may need a compiler that is not there."""
        command = [self.args.python, HERE / "pytorch.py", self.args.data]
        command += [*words, self.args.seconds, variant]
        return self.json_line(command, needed=variant == "float32")

    def model(self, network: str, outputs: int, length: int) -> None:
        """The model that our predictions need; PyTorch's is made on the spot."""
        directory = self.args.data / f"model-{network}-{length}-{outputs}"
        if not (directory / "model.safetensors").exists():
            words = ["model", network, 2, 100, outputs, length, 0]
            subprocess.run(
                [str(word) for word in [self.args.example, self.args.data, *words]], check=True
            )

    def pair(self, what: str, network: str, threads: int, batch: int, outputs: int, length: int) -> dict:
        """One measurement of both, in alternating rounds; made once."""
        words = [what, network, threads, batch, outputs, length]
        if tuple(words) in self.pairs:
            return self.pairs[tuple(words)]
        if what == "predict":
            self.model(network, outputs, length)
        rounds = {"bindscape": [], "pytorch": []}
        for _ in range(self.args.rounds):
            rounds["bindscape"].append(self.ours(*words))
            rounds["pytorch"].append(self.theirs(*words))
        pair = dict(zip(["what", "network", "threads", "batch", "outputs", "length"], words))
        for program, lines in rounds.items():
            speeds = [line["sequences_per_second"] for line in lines]
            pair[program] = {
                "sequences_per_second": statistics.median(speeds),
                "slowest": min(speeds),
                "fastest": max(speeds),
                "peak_rss_mib": most(lines, "peak_rss_mib"),
                "start_rss_mib": most(lines, "start_rss_mib"),
            }
        pair["ratio"] = (
            pair["bindscape"]["sequences_per_second"] / pair["pytorch"]["sequences_per_second"]
        )
        self.results.append(pair)
        self.pairs[tuple(words)] = pair
        print(
            f"{' '.join(map(str, words))}: {pair['bindscape']['sequences_per_second']:.0f}"
            f" / {pair['pytorch']['sequences_per_second']:.0f} = {pair['ratio']:.2f}",
            file=sys.stderr,
        )
        return pair


def most(lines: list, key: str) -> float | None:
    return max((line[key] for line in lines if line[key] is not None), default=None)


def table(header: list, rows: list) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "".join("| " + " | ".join(map(str, line)) + " |\n" for line in lines)


def spread(side: dict) -> str:
    return f"{side['sequences_per_second']:,.0f} ({side['slowest']:,.0f}–{side['fastest']:,.0f})"


def mib(side: dict) -> str:
    peak, start = side["peak_rss_mib"], side["start_rss_mib"]
    return "unknown" if peak is None else f"{peak:,.0f} ({start:,.0f})"


def speed(bench: Bench) -> str:
    rows = []
    for network in bench.args.networks.split(","):
        for what in ["train", "predict"]:
            for threads in [2, 1]:
                for outputs in [50, 1]:
                    pair = bench.pair(what, network, threads, 100, outputs, 200)
                    ours, theirs = pair["bindscape"], pair["pytorch"]
                    information = []
                    if threads == 2:
                        for variant in filter(None, bench.args.variants.split(",")):
                            line = bench.theirs(what, network, threads, 100, outputs, 200, variant=variant)
                            pair[variant] = line and line["sequences_per_second"]
                            told = f"{pair[variant]:,.0f}" if line else "failed"
                            information.append(f"{variant} {told}")
                    rows.append(
                        [
                            what,
                            network,
                            threads,
                            outputs,
                            spread(ours),
                            spread(theirs),
                            f"**{pair['ratio']:.2f}**",
                            mib(ours),
                            mib(theirs),
                            ", ".join(information),
                        ]
                    )
    header = ["", "network", "threads", "outputs", "bindscape, sequences/s", "PyTorch, sequences/s"]
    header += ["ratio", "bindscape, MiB", "PyTorch, MiB", "PyTorch otherwise, once"]
    return (
        "## Speed and memory\n\nBatches of 100, 200 bp, float32. Median (slowest–fastest) of the rounds; "
        "peak resident memory, in brackets that before the data are read.\n\n" + table(header, rows)
    )


def scaling(bench: Bench) -> str:
    cases = [("batch", batch, 50, 200) for batch in [1, 10, 100, 400]]
    cases += [("length", 100, 50, length) for length in [200, 500, 1000]]
    cases += [("outputs", 100, outputs, 200) for outputs in [1, 50, 200]]
    rows = []
    for network in bench.args.networks.split(","):
        for varied, batch, outputs, length in cases:
            row = [network, varied, batch, length, outputs]
            for what in ["train", "predict"]:
                # Batch normalisation needs two sequences to train on.
                size = max(batch, 2) if what == "train" else batch
                pair = bench.pair(what, network, 2, size, outputs, length)
                times = [
                    1000 * size / pair[program]["sequences_per_second"]
                    for program in ["bindscape", "pytorch"]
                ]
                row += [f"{time:.2f}" for time in times] + [f"{pair['ratio']:.2f}"]
            rows.append(row)
    header = ["network", "varied", "batch", "length", "outputs"]
    header += ["train, ms per batch", "PyTorch", "ratio"] + ["predict, ms per batch", "PyTorch", "ratio"]
    return (
        "## Cost against work\n\n2 threads; a batch of 1 is one of 2 in training.\n\n"
        + table(header, rows)
    )


def finetune(bench: Bench) -> str:
    """The command `finetune --repeats` against a loop in PyTorch."""
    args = bench.args
    out = args.out / "finetuned"

    def ours(threads: int) -> dict:
        command = [
            *(args.bindscape, "finetune", "--preset", "paper-2021", "--model", args.data / "multi", "--tf", args.tf),
            *("--matrix", args.data / "matrix.parquet", "--sequences", args.data / "sequences.fa.gz"),
            *("--positives", 500, "--repeats", args.models, "--threads", threads),
            *("--epochs", args.epochs, "--patience", args.epochs, "--resamples", 0),
            *("--quiet", "--out", out),
        ]
        return measured([str(word) for word in command])

    rounds = {"both": [], "reading": [], "one": [], "pytorch": []}
    for _ in range(args.rounds):
        shutil.rmtree(out, ignore_errors=True)
        rounds["one"].append(ours(1))
        shutil.rmtree(out)
        rounds["both"].append(ours(2))
        # A finished run reads and checks its input again, and trains nothing.
        rounds["reading"].append(ours(2))
        regions = total_regions(out)
        words = ["finetune", "cnn", 2, 100, 1, 200, 0, "--models", args.models]
        words += ["--regions", regions, "--epochs", args.epochs]
        line = bench.json_line([args.python, HERE / "pytorch.py", args.data, *words])
        rounds["pytorch"].append(line)
    bench.results.append({"what": "finetune", "models": args.models, "regions": regions, **rounds})
    both, reading, one, pytorch = (
        statistics.median(line["seconds"] for line in lines) for lines in rounds.values()
    )

    def row(name: str, key: str, seconds: float) -> list:
        return [name, f"{seconds:.1f}", f"{pytorch / seconds:.2f}", f"{most(rounds[key], 'peak_rss_mib'):,.0f}"]

    rows = [
        row("bindscape finetune, 2 threads", "both", both),
        row("the same without reading and checking its input", "both", both - reading),
        row("bindscape finetune, 1 thread", "one", one),
        row("PyTorch, 2 threads, one after the other, data in memory", "pytorch", pytorch),
    ]
    return (
        f"## {args.models} fine-tunings of {regions:,} regions\n\n{args.epochs} epochs each, CNN, 1 output, "
        "batches of 100, both strands. The whole command of bindscape, from files to metrics; PyTorch "
        "without its start.\n\n" + table(["", "seconds", "times faster than PyTorch", "MiB"], rows)
    )


def measured(command: list) -> dict:
    """Seconds and peak memory of a command."""
    began = time.perf_counter()
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with status {process.returncode}")
    return {"seconds": time.perf_counter() - began, "peak_rss_mib": usage.ru_maxrss / 1024}


def total_regions(run: Path) -> int:
    """Regions of one training of a run, all parts."""
    record = json.loads((run / "run.json").read_text())
    return sum(part["regions"] for part in record["trainings"][0]["parts"].values())


def machine(args: argparse.Namespace) -> dict:
    def said(*command) -> str:
        return subprocess.run(command, capture_output=True, text=True).stdout.strip()

    model = platform.processor() or platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    except OSError:
        pass
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "system": f"{platform.system()} {platform.machine()}",
        "bindscape": said(args.bindscape, "--version"),
        "commit": said("git", "-C", str(HERE), "rev-parse", "--short", "HEAD"),
        "pytorch": said(args.python, "-c", "import torch; print(torch.__version__)"),
        "rounds": args.rounds,
    }


def main() -> None:
    args = arguments()
    args.out.mkdir(parents=True, exist_ok=True)
    facts = machine(args)
    if facts["load"] > 0.5:
        print(
            f"warning: the machine is not idle (load {facts['load']:.1f}); "
            "both programs will be slower, and not by the same factor",
            file=sys.stderr,
        )
    bench = Bench(args)
    text = (
        f"# bindscape beside PyTorch\n\n{facts['bindscape']} ({facts['commit']}), PyTorch {facts['pytorch']}; "
        f"{facts['cpu']}, {facts['cores']} cores, {facts['system']}; load before {facts['load']:.1f}; "
        f"{facts['rounds']} rounds.\n"
    )
    for part in args.parts.split(","):
        text += "\n" + {"speed": speed, "scaling": scaling, "finetune": finetune}[part](bench)
        # After every part, so that a stopped run leaves what it measured.
        (args.out / "results.json").write_text(
            json.dumps({"machine": facts, "results": bench.results}, indent=1) + "\n"
        )
        (args.out / "table.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
