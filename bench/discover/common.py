"""Motif files, FASTA files and runs of `bindscape motif discover`, for the scripts beside."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
from memelite import tomtom

LETTERS = np.array(list("ACGT"))


def read_meme(path):
    """(id, name, matrix of width x 4) of each motif."""
    motifs, rows, head = [], None, None
    for line in Path(path).read_text().splitlines():
        words = line.split()
        if line.startswith("MOTIF"):
            head, rows = (words[1], words[2] if len(words) > 2 else words[1]), []
            motifs.append((*head, rows))
        elif rows is not None and len(words) == 4 and words[0][0] in "01":
            rows.append([float(word) for word in words])
    return [(id_, name, np.array(rows)) for id_, name, rows in motifs]


def write_fasta(path, sequences):
    with open(path, "w") as out:
        for number, sequence in enumerate(sequences):
            out.write(f">s{number}\n{''.join(LETTERS[sequence])}\n")


def discover(program, positives, out, *options):
    """Runs the program and gives its motifs and the rows of `motifs.tsv`."""
    command = [program, "--quiet", "motif", "discover", "--p", positives, "--oc", out, *options]
    subprocess.run([str(word) for word in command], check=True)
    with open(Path(out) / "motifs.tsv") as table:
        rows = list(csv.DictReader(table, delimiter="\t"))
    return read_meme(Path(out) / "streme.txt"), rows


def matches(query, targets):
    """Tomtom p-values (memelite) of one matrix against many."""
    p, *_ = tomtom([query.T], [target.T for _, _, target in targets])
    return p[0]


def say(result, path):
    text = json.dumps(result, indent=1)
    Path(path).write_text(text + "\n")
    print(text, file=sys.stderr)
