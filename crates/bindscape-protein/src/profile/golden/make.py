"""Makes the files of this folder with HMMER 3.3.2 (hmmbuild and hmmsearch on the path).

    python3 make.py

The sequences are made up here. `hmmbuild` makes `made.hmm` of `family.sto`; `hmmsearch` finds `ours.hmm`, a profile
that bindscape built of the same sequences, in `proteins.fasta` and writes `domains.txt`.
"""

import random
import subprocess

AMINO = "ACDEFGHIKLMNPQRSTVWY"


def mutated(draw, sequence, changes):
    letters = list(sequence)
    for place in draw.sample(range(len(letters)), changes):
        letters[place] = draw.choice(AMINO)
    return "".join(letters)


def main():
    draw = random.Random(5)
    founder = "".join(draw.choice(AMINO) for _ in range(48))
    family = [mutated(draw, founder, draw.randrange(6, 26)) for _ in range(12)]
    # Two members lack the same four residues, another one has three more.
    rows = [list(sequence) for sequence in family]
    for row in rows[3:5]:
        row[20:24] = "----"
    insert = [list("GSG") if number == 7 else list("...") for number in range(len(rows))]
    with open("family.sto", "w") as out:
        out.write("# STOCKHOLM 1.0\n#=GF ID box\n")
        for number, (row, more) in enumerate(zip(rows, insert)):
            out.write(f"member{number} {''.join(row[:33] + more + row[33:])}\n")
        out.write("//\n")
    with open("proteins.fasta", "w") as out:
        for number in range(24):
            protein = "".join(draw.choice(AMINO) for _ in range(draw.randrange(90, 260)))
            for _ in range(number % 3):
                place = draw.randrange(len(protein))
                member = mutated(draw, draw.choice(family), draw.randrange(0, 22))
                protein = protein[:place] + member + protein[place:]
            out.write(f">protein{number}\n{protein}\n")
    # Of more random sequences than the 200 it takes otherwise, so that the places are sure.
    many = ["--EmN", "5000", "--EvN", "5000", "--EfN", "5000"]
    subprocess.run(["hmmbuild", "-o", "/dev/null", *many, "--amino", "made.hmm", "family.sto"], check=True)
    search = ["hmmsearch", "-o", "/dev/null", "--domtblout", "all.txt", "-Z", "1", "--domZ", "1", "ours.hmm", "proteins.fasta"]
    subprocess.run(search, check=True)
    with open("all.txt") as rows, open("domains.txt", "w") as out:
        out.write("protein\tprotein_bits\tbits\te_value\tposition_from\tposition_to\tfrom\tto\tenvelope_from\tenvelope_to\n")
        for row in rows:
            if not row.startswith("#"):
                cells = row.split()
                out.write("\t".join([cells[0], cells[7], cells[13], cells[12], *cells[15:21]]) + "\n")
    subprocess.run(["rm", "all.txt"], check=True)


main()
