"""Do attributions lie in the DNA-binding domains of proteins that the network has not seen?

    python3 bench/attribution/run.py DATA OUT [BINDSCAPE]

DATA holds tf_domains.fasta.gz, tf_domains.tsv and jaspar_tf_motifs.tsv. Proteins are
clustered at 30% identity; a fifth of the clusters is held out, and the multi-task
network is trained on the rest with encodings of residues. The held-out TFs with Pfam
domains are then explained. Printed is the mean share of positive attribution inside
the domains beside the share of the length, for proteins called TFs and for all, per
class. Python's standard library is enough.
"""

import collections
import csv
import gzip
import random
import statistics
import subprocess
import sys
from pathlib import Path

EPOCHS, RATE = 8, 5e-4


def fasta(path):
    name, records = None, {}
    with gzip.open(path, "rt") as lines:
        for line in lines:
            if line.startswith(">"):
                name = line[1:].split()[0]
                records[name] = []
            else:
                records[name].append(line.strip())
    return {name: "".join(parts) for name, parts in records.items()}


def table(path):
    with open(path, newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


def write_fasta(path, names, sequences):
    path.write_text("".join(f">{name}\n{sequences[name]}\n" for name in names))


def main():
    data, out = Path(sys.argv[1]), Path(sys.argv[2])
    program = sys.argv[3] if len(sys.argv) > 3 else "bindscape"
    out.mkdir(parents=True, exist_ok=True)

    def run(*words):
        subprocess.run([program, "protein", *map(str, words)], check=True)

    if not (out / "clusters.tsv").exists():
        run("cluster", data / "tf_domains.fasta.gz", "--out", out / "clusters.tsv")
    cluster = {row["id"]: row["cluster"] for row in table(out / "clusters.tsv")}
    names = sorted(set(cluster.values()))
    held_clusters = set(random.Random(1).sample(names, len(names) // 5))
    sequences = fasta(data / "tf_domains.fasta.gz")
    classes = {row["accession"]: row["class"] for row in table(data / "tf_domains.tsv")}
    domains = {r["accession"]: r["domains"] for r in table(data / "jaspar_tf_motifs.tsv")}
    held = [name for name in sequences if cluster[name] in held_clusters]
    held_tfs = [name for name in held if classes[name] != "non_tf" and domains.get(name)]
    trained_on = [name for name in sequences if cluster[name] not in held_clusters]
    write_fasta(out / "train.fasta", trained_on, sequences)
    write_fasta(out / "held.fasta", held, sequences)
    write_fasta(out / "held_tfs.fasta", held_tfs, sequences)
    (out / "train.tsv").write_text(
        "accession\tclass\n" + "".join(f"{n}\t{classes[n]}\n" for n in trained_on)
    )
    (out / "domains.tsv").write_text(
        "accession\tdomains\n" + "".join(f"{n}\t{domains[n]}\n" for n in held_tfs)
    )
    run(
        "train", "--proteins", out / "train.fasta", "--labels", out / "train.tsv",
        "--epochs", EPOCHS, "--learning-rate", RATE, "--out", out / "run",
    )
    run("predict", "--model", out / "run", "--proteins", out / "held.fasta", "--out", out / "held.tsv")
    said = {row["id"]: row for row in table(out / "held.tsv")}
    right = [(row["is_tf"] == "yes") == (classes[name] != "non_tf") for name, row in said.items()]
    print(f"held out: {len(held)} proteins, {100 * statistics.mean(right):.1f}% called rightly; "
          f"{len(held_tfs)} TFs with domains")
    for baseline in ["zeros", "mean"]:
        folder = out / f"explained-{baseline}"
        run(
            "explain", "--model", out / "run", "--proteins", out / "held_tfs.fasta", "--baseline",
            baseline, "--domains", out / "domains.tsv", "--out", folder,
        )
        groups = collections.defaultdict(list)
        for row in table(folder / "proteins.tsv"):
            if not row["domain_attribution_share"]:
                continue
            pair = float(row["domain_attribution_share"]), float(row["domain_length_share"])
            called = said[row["id"]]["is_tf"] == "yes"
            groups["all"].append(pair)
            groups["called TFs" if called else "missed"].append(pair)
            groups[classes[row["id"]]].append(pair)
        print(f"\n| baseline {baseline} | proteins | attribution inside | length inside | above chance |")
        print("|---|---|---|---|---|")
        for group, pairs in groups.items():
            inside, length = (statistics.mean(column) for column in zip(*pairs))
            above = statistics.mean(a > b for a, b in pairs)
            print(f"| {group} | {len(pairs)} | {inside:.3f} | {length:.3f} | {100 * above:.0f}% |")


if __name__ == "__main__":
    main()
