"""How fast is `bindscape attribute` beside tangermeme, and how much memory does each take?

    python bench/attribute-speed/run.py OUT [BINDSCAPE]

Needs Python with PyTorch, tangermeme (1.5 or later) and safetensors. A network of the
paper's sizes with random weights, 200 bp and one output, attributes the same random
sequences on 2 threads, one strand, both sides in turn and each in a process of its own:

- DeepLIFT: 1,000 sequences, 10 references each. tangermeme is given shuffles that were
  made before the clock runs; bindscape draws its own, and its time is that of the whole
  command, with reading and writing.
- In-silico mutagenesis of 100 sequences.

Each is run three times; the best counts. It wants an idle machine. Then cost against
the number of sequences, of references and of bases, for bindscape.
"""

import json
import os
import pathlib
import resource
import subprocess
import sys
import time

LENGTH, THREADS, REPEATS = 200, 2, 3
GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "crates/bindscape-nn/tests/golden"
CONFIG = dict(outputs=1, filters=[100, 200, 200], kernels=[19, 7, 4], pool=3, hidden=1000)


def network(length=LENGTH):
    sys.path.insert(0, str(GOLDEN))
    import parity
    plain, modules = parity.Cnn(length=length, **CONFIG), parity.CnnOfModules(length=length, **CONFIG)
    parity.fill(plain)
    modules.load_state_dict(plain.state_dict())
    return plain, modules.eval()


def sequences(count, length=LENGTH):
    import numpy as np
    return np.random.default_rng(1).integers(0, 4, (count, length))


def one_hot(bases):
    import torch
    x = torch.nn.functional.one_hot(torch.from_numpy(bases), 4).float()
    return x.transpose(-1, -2).contiguous()


def theirs(method, count):
    """In a process of its own: seconds of the attribution alone, megabytes."""
    import torch
    torch.set_num_threads(THREADS)
    _, model = network()
    x = one_hot(sequences(count))
    if method == "deeplift":
        from tangermeme.deep_lift_shap import deep_lift_shap
        from tangermeme.ersatz import dinucleotide_shuffle
        references = dinucleotide_shuffle(x, n=10, random_state=0).float()
        begin = time.perf_counter()
        deep_lift_shap(model, x, references=references, hypothetical=True, device="cpu",
                       batch_size=128)
    else:
        from tangermeme.saturation_mutagenesis import saturation_mutagenesis
        begin = time.perf_counter()
        saturation_mutagenesis(model, x, device="cpu", batch_size=128, hypothetical=True)
    seconds = time.perf_counter() - begin
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps([seconds, megabytes]))


def ours(program, out, method, count, references=10, length=LENGTH):
    import shutil
    out = out / str(length)
    fasta = out / f"{count}.fa"
    if not fasta.exists():
        words = ["--write", str(out), str(count), str(length)]
        subprocess.run([sys.executable, __file__, *words], check=True)
    if not (out / "m.safetensors").exists():
        subprocess.run([program, "model", "import", str(out / "weights.safetensors"), "--tfs", "A",
                        "--length", str(length),
                        "--out", str(out / "m.safetensors")], check=True, capture_output=True)
    shutil.rmtree(out / "out", ignore_errors=True)
    words = [program, "attribute", "--model", out / "m.safetensors", "--fasta", fasta, "--method",
             method, "--strands", "forward", "--threads", THREADS, "--show", 0, "--quiet", "--out",
             out / "out"]
    if method == "deeplift":
        words += ["--references", references]
    begin = time.perf_counter()
    child = subprocess.Popen([str(word) for word in words])
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0
    return time.perf_counter() - begin, usage.ru_maxrss / 1024


def write(out, count, length):
    """In a process of its own: the memory of a process counts as that of what it starts."""
    import safetensors.torch
    out.mkdir(parents=True, exist_ok=True)
    plain, _ = network(length)
    safetensors.torch.save_file(plain.state_dict(), out / "weights.safetensors")
    rows = ("".join("ACGT"[base] for base in row) for row in sequences(count, length))
    (out / f"{count}.fa").write_text("".join(f">s{n}\n{row}\n" for n, row in enumerate(rows)))


def main():
    out = pathlib.Path(sys.argv[1])
    program = sys.argv[2] if len(sys.argv) > 2 else "bindscape"
    out.mkdir(parents=True, exist_ok=True)
    print("| method | sequences | tangermeme s | bindscape s | ratio | tangermeme MB | "
          "bindscape MB |\n|---|---|---|---|---|---|---|")
    for method, count in [("deeplift", 1000), ("ism", 100)]:
        runs = ([], [])
        for _ in range(REPEATS):
            words = [sys.executable, __file__, "--theirs", method, str(count)]
            text = subprocess.run(words, check=True, capture_output=True, text=True).stdout
            runs[0].append(json.loads(text.splitlines()[-1]))
            runs[1].append(ours(program, out, method, count))
        best = [min(run) for run in runs]
        (a, a_mb), (b, b_mb) = best
        print(f"| {method} | {count} | {a:.2f} | {b:.2f} | {a / b:.1f} | {a_mb:.0f} | {b_mb:.0f} |")
    print("\n| method | sequences | references | bp | bindscape s | MB |\n|---|---|---|---|---|---|")
    for method, count, references, length in [
            ("deeplift", 250, 10, 200), ("deeplift", 500, 10, 200), ("deeplift", 1000, 10, 200),
            ("deeplift", 2000, 10, 200), ("deeplift", 1000, 1, 200), ("deeplift", 1000, 20, 200),
            ("deeplift", 250, 10, 500), ("deeplift", 250, 10, 1000),
            ("ism", 100, 0, 200), ("ism", 20, 0, 500), ("ism", 20, 0, 1000)]:
        seconds, megabytes = min(ours(program, out, method, count, references, length)
                                 for _ in range(REPEATS))
        print(f"| {method} | {count} | {references} | {length} | {seconds:.2f} | {megabytes:.0f} |")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--theirs"]:
        theirs(sys.argv[2], int(sys.argv[3]))
    elif sys.argv[1:2] == ["--write"]:
        write(pathlib.Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
    else:
        main()
