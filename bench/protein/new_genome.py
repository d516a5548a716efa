"""bindscape beside what one would use today, on a genome that nobody trained on.

    python3 bench/protein/new_genome.py --data DATA --bindscape TABLE[,NAME] ... --out DIR
        [--profiles FILE.hmm] [--train FASTA --labels TSV] [--test FASTA --truth TSV]

DATA holds curated/tf_domains.fasta.gz and .tsv, and new_genome/podospora.fasta.gz and .tsv. TABLE is what
`bindscape protein predict` writes for the proteins of the genome. --train and --labels (columns accession and
class) take the place of the curated set, --test and --truth that of the genome, so that a clade that was left
out (`clade_out.py`) is measured the same way. A protein of any class but non_tf is a TF.

Rows, simplest first:

- guessing: as many proteins at random as there are TFs, in expectation;
- blastp: TF if the best hit in the training set (E <= 1e-3, defaults otherwise) is one. Proteins are ordered
  by bits of the best TF hit minus bits of the best other hit, each 0 where there is none among the hits
  that blastp lists, of 500 proteins at most;
- profiles: `hmmsearch` with FILE.hmm, TF at a sequence score of 25 bits or more; in a second row at
  E <= 1e-3, where E counts the proteins of the test set and not the profiles. Ordered by the best score of
  a sequence, 0 without a hit;
- blastp or profile: TF if blastp or 25 bits say so. Both scores are in bits, taken above what calls a TF (0 for
  blastp, 25 for profiles), and the larger one counts;
- each TABLE: `yes` is a call, `uncertain` is none. Ordered by p_tf, an empty one being 0.

MCC, average precision (steps, not trapezoids), recall, precision, false positives, and, of p_tf, expected
calibration error (15 bins (a, b]). Intervals hold 95% of 1,000 samples of the clusters of the test set, with
replacement; two proteins that blastp joins at E <= 1e-3 are in one cluster, and so on. Differences are taken
within each sample. What a sample does not define (precision where nothing is called) is left out, and
results.json says how many samples were left. Other shares of TFs (--shares) weigh those that are no TFs.

The output of blastp and hmmsearch is kept in DIR under a name made of its inputs, so that a second call is fast.
Needs NumPy, blastp and makeblastdb, and hmmsearch for profiles.
"""

import argparse
import collections
import csv
import gzip
import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np

E_VALUE = 1e-3
BITS = 25.0
SAMPLES = 1000
SEED = 1
BINS = 15
METRICS = ["mcc", "average_precision", "recall", "precision", "false_positives", "ece"]
TITLES = {
    "mcc": "MCC", "average_precision": "average precision", "recall": "recall", "precision": "precision",
    "false_positives": "false positives", "ece": "ECE",
}  # fmt: skip


def fasta(path):
    opener = gzip.open if path.suffix == ".gz" else open
    name, records = None, {}
    with opener(path, "rt") as lines:
        for line in lines:
            if line.startswith(">"):
                name = line[1:].split()[0]
                if name in records:
                    sys.exit(f"{path}: {name} is there twice")
                records[name] = []
            elif line.strip():
                records[name].append(line.strip())
    return {name: "".join(parts) for name, parts in records.items()}


def table(path):
    with open(path, newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


def labelled(fasta_path, table_path):
    """Sequences, and whether each protein is a TF. Both files must name the same proteins."""
    sequences = fasta(fasta_path)
    tf = {row["accession"]: row["class"] != "non_tf" for row in table(table_path)}
    if odd := sequences.keys() ^ tf.keys():
        sys.exit(f"{len(odd)} proteins are in only one of {fasta_path} and {table_path}, as is {min(odd)}")
    return sequences, tf


class Search:
    """Runs blastp and hmmsearch, and keeps what they say.

    Proteins go by their number there, so that no name is read in a special way."""

    def __init__(self, out, threads):
        self.out, self.threads = out, threads

    def kept(self, program, version, inputs, options, run):
        said = subprocess.run(version, check=True, capture_output=True, text=True).stdout
        key = hashlib.sha256("\0".join([said, *options]).encode())
        for text in inputs:
            key.update(b"\0" + hashlib.sha256(text.encode()).digest())
        result = self.out / f"{program}-{key.hexdigest()[:16]}.tsv"
        if not result.exists():
            print(f"{program} runs, which may take minutes", file=sys.stderr)
            part = result.with_suffix(".part")
            run(part)
            part.rename(result)
        return result.read_text().splitlines()

    def blastp(self, queries, targets):
        """For each query, pairs of target and bits, best first."""
        query_text, target_text = numbered(queries), numbered(targets)
        options = ["-evalue", str(E_VALUE), "-outfmt", "6 qseqid sseqid bitscore evalue"]

        def run(part):
            query, database = self.out / "query.fasta", self.out / "database.fasta"
            query.write_text(query_text)
            database.write_text(target_text)
            subprocess.run(
                ["makeblastdb", "-in", database, "-dbtype", "prot", "-out", self.out / "database"],
                check=True, stdout=subprocess.DEVNULL,
            )  # fmt: skip
            subprocess.run(
                ["blastp", "-query", query, "-db", self.out / "database", "-out", part, *options]
                + ["-num_threads", str(self.threads)],
                check=True,
            )
            query.unlink()
            for file in self.out.glob("database.*"):
                file.unlink()

        lines = self.kept("blastp", ["blastp", "-version"], [query_text, target_text], options, run)
        query_names, target_names = list(queries), list(targets)
        hits = collections.defaultdict(list)
        for line in lines:
            query, target, bits, _ = line.split("\t")
            hits[query_names[int(query)]].append((target_names[int(target)], float(bits)))
        # Stable: of hits with as many bits, the one that blastp lists first.
        return {name: sorted(found, key=lambda hit: -hit[1]) for name, found in hits.items()}

    def hmmsearch(self, profiles, proteins):
        """For each protein with a hit, its best bits and its smallest E-value, over all profiles."""
        text = numbered(proteins)

        def run(part):
            target = self.out / "target.fasta"
            target.write_text(text)
            subprocess.run(
                ["hmmsearch", "--noali", "--cpu", str(self.threads), "--tblout", part, profiles, target],
                check=True, stdout=subprocess.DEVNULL,
            )  # fmt: skip
            target.unlink()

        lines = self.kept("hmmsearch", ["hmmsearch", "-h"], [text, profiles.read_text()], [], run)
        names, best = list(proteins), {}
        for line in lines:
            if line.startswith("#"):
                continue
            cells = line.split()
            name, e_value, bits = names[int(cells[0])], float(cells[4]), float(cells[5])
            bits_so_far, e_so_far = best.get(name, (bits, e_value))
            best[name] = max(bits, bits_so_far), min(e_value, e_so_far)
        return best


def numbered(sequences):
    return "".join(f">{number}\n{sequence}\n" for number, sequence in enumerate(sequences.values()))


def components(names, hits):
    """The number of each protein's connected component."""
    parent = {name: name for name in names}

    def root(name):
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for name, found in hits.items():
        for other, _ in found:
            parent[root(name)] = root(other)
    numbers = {}
    return np.array([numbers.setdefault(root(name), len(numbers)) for name in names])


# A row is a dictionary of name, kind, called, score and p; guessing has none of the last three.


def blastp_row(names, hits, tf):
    called, score = [], []
    for name in names:
        found = hits.get(name, [])
        called.append(bool(found) and tf[found[0][0]])
        best = {is_tf: max((b for t, b in found if tf[t] == is_tf), default=0.0) for is_tf in (True, False)}
        score.append(best[True] - best[False])
    return {"name": "blastp", "kind": "simple", "called": np.array(called), "score": np.array(score), "p": None}


def profile_rows(names, best):
    bits = np.array([max(best.get(name, (0.0, 0.0))[0], 0.0) for name in names])
    e_values = np.array([best[name][1] if name in best else np.inf for name in names])
    for rule, called in [(f">= {BITS:g} bits", bits >= BITS), (f"E <= {E_VALUE:g}", e_values <= E_VALUE)]:
        yield {"name": f"profiles, {rule}", "kind": "simple", "called": called, "score": bits, "p": None}


def either_row(blastp, profiles):
    return {
        "name": "blastp or profile", "kind": "simple", "p": None,
        "called": blastp["called"] | profiles["called"],
        "score": np.maximum(blastp["score"], profiles["score"] - BITS),
    }  # fmt: skip


def bindscape_row(argument, names):
    path, _, name = argument.rpartition(",")
    if not path or Path(argument).exists():
        path, name = argument, Path(argument).stem
    rows = table(path)
    if not rows or not {"id", "p_tf", "is_tf"} <= rows[0].keys():
        sys.exit(f"{path} is no table of `bindscape protein predict` that says what is a TF")
    said = {row["id"]: row for row in rows}
    lacking = [protein for protein in names if protein not in said]
    if lacking:
        sys.exit(f"{path} lacks {len(lacking)} proteins of the test set, the first {lacking[0]}")
    answers = [said[protein]["is_tf"] for protein in names]
    if odd := set(answers) - {"yes", "no", "uncertain", ""}:
        sys.exit(f"{path}: is_tf may be yes, no or uncertain, not {min(odd)}")
    p = np.array([float(said[protein]["p_tf"] or 0) for protein in names])
    called = np.array([answer == "yes" for answer in answers])
    uncertain = answers.count("uncertain")
    return {"name": name, "kind": "bindscape", "called": called, "score": p, "p": p, "uncertain": uncertain}


def divided(above, below):
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(below > 0, above / below, np.nan)


def measure(row, truth, weights):
    """Each metric, once per line of `weights` (samples by proteins); NaN where it is not defined."""
    positive, negative = weights @ truth, weights @ ~truth
    share = positive / (positive + negative)
    if row["kind"] == "guessing":
        # A share of `share` is called, and neither the order nor the calls know of the truth.
        return {
            "mcc": np.where((share > 0) & (share < 1), 0.0, np.nan), "average_precision": share, "recall": share,
            "precision": share, "false_positives": share * negative,
        }  # fmt: skip
    tp, fp = weights @ (row["called"] & truth), weights @ (row["called"] & ~truth)
    fn, tn = positive - tp, negative - fp
    metrics = {
        "mcc": divided(tp * tn - fp * fn, np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))),
        "average_precision": average_precision(row["score"], truth, weights),
        "recall": divided(tp, positive),
        "precision": divided(tp, tp + fp),
        "false_positives": fp,
    }
    if row["p"] is not None:
        bins = np.clip(np.ceil(row["p"] * BINS), 1, BINS).astype(int) - 1
        excess = np.zeros((len(row["p"]), BINS))
        excess[np.arange(len(bins)), bins] = row["p"] - truth
        metrics["ece"] = divided(np.abs(weights @ excess).sum(axis=1), weights.sum(axis=1))
    return metrics


def average_precision(score, truth, weights):
    order = np.argsort(-score, kind="stable")
    # Proteins with the same score come in together.
    last = np.append(np.diff(score[order]) != 0, True)
    weights = weights[:, order]
    tp = np.cumsum(weights * truth[order], axis=1)[:, last]
    both = np.cumsum(weights, axis=1)[:, last]
    precision = np.divide(tp, both, out=np.zeros_like(tp), where=both > 0)
    gained = np.diff(tp, axis=1, prepend=0)
    return divided((precision * gained).sum(axis=1), tp[:, -1])


def samples(clusters):
    """How often each protein is in each sample: clusters are drawn with replacement."""
    count = clusters.max() + 1
    random = np.random.default_rng(SEED)
    drawn = random.multinomial(count, np.full(count, 1 / count), size=SAMPLES)
    return drawn[:, clusters].astype(float)


def summary(value, sampled):
    defined = sampled[np.isfinite(sampled)]
    low, high = np.percentile(defined, [2.5, 97.5]) if len(defined) else (None, None)
    return {
        "value": None if np.isnan(value) else float(value),
        "low": None if low is None else float(low),
        "high": None if high is None else float(high),
        "samples": len(defined),
    }


def compare(rows, truth, weights):
    """Metrics of all rows, and differences of bindscape's from the others, with intervals."""
    once = np.ones((1, len(truth)))
    points = [measure(row, truth, once) for row in rows]
    sampled = [measure(row, truth, weights) for row in rows]
    metrics = [
        {"row": row["name"], **{m: summary(point[m][0], drawn[m]) for m in METRICS if m in point}}
        for row, point, drawn in zip(rows, points, sampled)
    ]
    differences = []
    for i, ours in enumerate(rows):
        for j, theirs in enumerate(rows):
            if ours["kind"] == "bindscape" and theirs["kind"] != "bindscape":
                pair = {"row": ours["name"], "minus": theirs["name"]}
                for m in METRICS:
                    if m in points[i] and m in points[j]:
                        pair[m] = summary(points[i][m][0] - points[j][m][0], sampled[i][m] - sampled[j][m])
                differences.append(pair)
    return metrics, differences


def at_share(rows, truth, weights, share):
    """MCC, average precision and precision if a share of `share` of the proteins were TFs."""
    factor = np.where(truth, 1.0, truth.mean() / (1 - truth.mean()) * (1 - share) / share)
    result = []
    for row in rows:
        point, drawn = (measure(row, truth, w * factor) for w in (np.ones((1, len(truth))), weights))
        chosen = ["mcc", "average_precision", "precision"]
        result.append({"row": row["name"], **{m: summary(point[m][0], drawn[m]) for m in chosen}})
    return result


def cell(metric, name, signed=False):
    if metric is None or metric["value"] is None:
        return "–"
    sign = "+" if signed else ""
    digits = 0 if name == "false_positives" else 3
    write = lambda value: "?" if value is None else f"{value:{sign}.{digits}f}".replace("-", "−")
    return f"{write(metric['value'])} ({write(metric['low'])} to {write(metric['high'])})"


def markdown(heads, columns, rows, signed=False):
    titles = [head for head, _ in heads] + [TITLES[column] for column in columns]
    lines = ["| " + " | ".join(titles) + " |", "|" + "---|" * len(titles)]
    for row in rows:
        cells = [row[key] for _, key in heads] + [cell(row.get(column), column, signed) for column in columns]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def report(results):
    test = results["test"]
    parts = [
        f"{test['proteins']} proteins, {test['tfs']} of them TFs ({100 * test['tfs'] / test['proteins']:.1f}%), in "
        f"{test['clusters']} clusters, the largest of {test['largest_cluster']}. Training set: "
        f"{results['train']['proteins']} proteins, {results['train']['tfs']} of them TFs. In brackets: 95% of "
        f"{SAMPLES:,} samples of clusters.",
        markdown([("", "row")], METRICS, results["rows"]),
    ]
    for row, count in results["uncertain"].items():
        parts.append(f"{row}: {count} of the proteins are uncertain.")
    if results["differences"]:
        columns = [metric for metric in METRICS if metric != "ece"]
        heads = [("", "row"), ("minus", "minus")]
        parts += ["### Differences", markdown(heads, columns, results["differences"], True)]
    for share in results["shares"]:
        parts.append(f"### If {100 * share['share']:g}% were TFs")
        parts.append(markdown([("", "row")], ["mcc", "average_precision", "precision"], share["rows"]))
    return "\n\n".join(parts) + "\n"


def number_of_threads(text):
    if not re.fullmatch(r"[1-9]\d*", text):
        raise argparse.ArgumentTypeError("a whole number from 1")
    return int(text)


def shares(text):
    values = [float(part) for part in text.split(",") if part]
    if not all(0 < value < 1 for value in values):
        raise argparse.ArgumentTypeError("shares lie between 0 and 1")
    return values


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path)
    options.add_argument("--bindscape", nargs="+", default=[], metavar="TABLE[,NAME]")
    options.add_argument("--out", type=Path, required=True)
    options.add_argument("--profiles", type=Path)
    options.add_argument("--train", type=Path)
    options.add_argument("--labels", type=Path)
    options.add_argument("--test", type=Path)
    options.add_argument("--truth", type=Path)
    options.add_argument("--shares", type=shares, default=[0.02, 0.5], help="default 0.02,0.5; '' for none")
    options.add_argument("--threads", type=number_of_threads, default=1)
    args = options.parse_args()
    for one, other in [("train", "labels"), ("test", "truth")]:
        if (getattr(args, one) is None) != (getattr(args, other) is None):
            options.error(f"--{one} and --{other} go together")
    if args.data is None and (args.train is None or args.test is None):
        options.error("--data is needed unless both sets are given")

    train, train_tf = labelled(
        args.train or args.data / "curated/tf_domains.fasta.gz", args.labels or args.data / "curated/tf_domains.tsv"
    )
    test, test_tf = labelled(
        args.test or args.data / "new_genome/podospora.fasta.gz", args.truth or args.data / "new_genome/podospora.tsv"
    )
    names = list(test)
    truth = np.array([test_tf[name] for name in names])
    if truth.all() or not truth.any():
        sys.exit("the test set must hold TFs and others")
    known = set(train.values())
    shared = [name for name in names if name in train or test[name] in known]
    if shared:
        print(f"{len(shared)} test proteins are in the training set, as is {shared[0]}", file=sys.stderr)

    args.out.mkdir(parents=True, exist_ok=True)
    search = Search(args.out, args.threads)
    rows = [{"name": "guessing", "kind": "guessing"}]
    blastp = blastp_row(names, search.blastp(test, train), train_tf)
    rows.append(blastp)
    if args.profiles:
        by_bits, by_e_value = profile_rows(names, search.hmmsearch(args.profiles, test))
        rows += [by_bits, by_e_value, either_row(blastp, by_bits)]
    rows += [bindscape_row(argument, names) for argument in args.bindscape]
    twice = [name for name, count in collections.Counter(row["name"] for row in rows).items() if count > 1]
    if twice:
        sys.exit(f"two rows are called {twice[0]}; give NAME after a comma")

    clusters = components(names, search.blastp(test, test))
    weights = samples(clusters)
    metrics, differences = compare(rows, truth, weights)
    results = {
        "train": {"proteins": len(train), "tfs": sum(train_tf.values())},
        "test": {
            "proteins": len(test),
            "tfs": int(truth.sum()),
            "clusters": int(clusters.max() + 1),
            "largest_cluster": int(np.bincount(clusters).max()),
            "in_training_set": shared,
        },
        "bootstrap": {"samples": SAMPLES, "seed": SEED},
        "rows": metrics,
        "uncertain": {row["name"]: row["uncertain"] for row in rows if row.get("uncertain")},
        "differences": differences,
        "shares": [{"share": share, "rows": at_share(rows, truth, weights, share)} for share in args.shares],
    }
    (args.out / "results.json").write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    text = report(results)
    (args.out / "results.md").write_text(text)
    print(text, end="")


if __name__ == "__main__":
    main()
