"""Memory of `pretrain` on a matrix as large as the published one: 1.8 million regions of 200 bp and 163 TFs.

full_size.py BINDSCAPE MATRIX SEQUENCES OUT [SECONDS]: MATRIX is the imported quarter of the published matrix,
SEQUENCES its FASTA file. Chromosomes and some TFs are repeated under other names until it is large enough.
The training is stopped after SECONDS (420); by then everything is read and batches are trained on.
Needs pyarrow.
"""

import gzip
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

COPIES = 6
TFS = 163


def write_matrix(source, target):
    table = pq.read_table(source)
    text = pa.field("chrom", pa.string(), nullable=False)
    names = table.column("chrom").to_pylist()
    parts = [table.set_column(0, text, pa.array([f"{name}_{copy}" for name in names], pa.string()))
             for copy in range(COPIES)]
    large = pa.concat_tables(parts).replace_schema_metadata(table.schema.metadata)
    for copy in range(TFS - (table.num_columns - 3)):
        column = large.schema.field(3 + copy)
        large = large.append_column(pa.field(f"COPY{copy}", column.type, column.nullable), large.column(3 + copy))
    pq.write_table(large, target, row_group_size=1 << 17, compression="zstd")
    return large.num_rows, large.num_columns - 3


def write_sequences(source, target):
    with gzip.open(source, "rt") as file:
        lines = file.read().split("\n")
    with open(target, "w") as out:
        for copy in range(COPIES):
            for line in lines:
                out.write(re.sub(r"::(\w+):", rf"::\1_{copy}:", line) + "\n" if line else "")


def peak(process, seconds):
    """Largest resident size in KiB until the process ends or the time is over."""
    most, until = 0, time.time() + seconds
    while process.poll() is None and time.time() < until:
        status = Path(f"/proc/{process.pid}/status").read_text()
        most = max([most, *map(int, re.findall(r"VmHWM:\s+(\d+)", status))])
        time.sleep(1)
    return most


def main() -> None:
    program, matrix, sequences, out, *seconds = sys.argv[1:]
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    large, fasta = out / "large.parquet", out / "large.fa"
    regions, tfs = write_matrix(matrix, large)
    write_sequences(sequences, fasta)
    command = [program, "pretrain", "--matrix", large, "--sequences", fasta,
               "--split", "chromosome", "--validation-chromosomes", "chr22_0",
               "--test-chromosomes", "chr15_0,chr21_0", "--epochs", "1", "--resamples", "0", "--out", out / "run"]
    with open(out / "log", "w") as log:
        process = subprocess.Popen(list(map(str, command)), stderr=log)
        most = peak(process, float(seconds[0]) if seconds else 420.0)
    process.send_signal(signal.SIGINT)
    process.wait()
    print(f"{regions} regions, {tfs} TFs: {most / 2**20:.2f} GiB at most")


main()
