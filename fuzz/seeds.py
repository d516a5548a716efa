"""Writes small valid inputs for each fuzz target to seeds/TARGET, with Python 3.11 and numpy 2.4.6."""

import gzip
import io
import pickle
import struct
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parent / "seeds"


def write(target, name, data):
    folder = ROOT / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def twobit(version, order):
    number = lambda *values: struct.pack(order + "I" * len(values), *values)
    body = number(9, 1, 2, 3, 1, 5, 2, 0) + bytes([0b00011011, 0b11100100, 0b01000000])
    offset = 16 + 1 + 4 + (4 if version == 0 else 8)
    place = struct.pack(order + ("I" if version == 0 else "Q"), offset)
    return number(0x1A412743, version, 1, 0) + b"\x04chr1" + place + body


bed = b"track name=x\nchr1\t100\t300\tE1.JUND.K562\t5\t.\t150\t151\t0,0,0\nchr2 5 9 3 1,2,3,\r\n"
write("bed", "bed", bed)
write("bed", "gzip", gzip.compress(bed, mtime=0))
write("narrowpeak", "peaks", b"chr1\t100\t300\t.\t0\t.\t1.5\t-1\t-1\t75\nchr1\t400\t500\tp\t9\t+\t1\t2\t3\t-1\n")
fasta = b">0::chr1:10-15 x\nACGTN\n>chr2:0-4(-)\nacgu\n\n>chr2:9-11\r\nRY\r\n"
for target in ("fasta", "regions"):
    write(target, "fasta", fasta)
    write(target, "gzip", gzip.compress(fasta, mtime=0))
for version in (0, 1):
    for name, order in (("little", "<"), ("big", ">")):
        write("twobit", f"{name}{version}", twobit(version, order))
for protocol in (2, 3, 4, 5):
    for name, content in (("names", {"MAX": 0, "JUND": 1}), ("regions", {("chr1", 1, 201): 0, ("chr1", 70000, 70200): 1})):
        write("pickle", f"{name}{protocol}", pickle.dumps(content, protocol=protocol))
for save in (np.savez, np.savez_compressed):
    for kind in ("f8", "i1", "?"):
        buffer = io.BytesIO()
        save(buffer, np.array([[1, 0, 1], [0, 0, 1]]).astype(kind))
        write("npz", f"{save.__name__}.{kind[0].replace('?', 'bool')}", buffer.getvalue())
for file in (Path(__file__).parent.parent / "crates/bindscape-matrix/tests/data/parquet").glob("*.parquet"):
    write("parquet", file.stem, file.read_bytes())
for file in (Path(__file__).parent.parent / "crates/bindscape-arrays/tests/data/torch").glob("*.pt"):
    write("torch", file.stem, file.read_bytes())
proteins = b">sp|P01106|MYC_HUMAN Myc\nMPLNVSFTXBZUOJ\n\nmk*\r\n>b x\nWWHHCCLEDQ\n"
write("proteins", "fasta", proteins)
write("proteins", "gzip", gzip.compress(proteins, mtime=0))
# The first byte chooses the format in the order of `Format::ALL`; 7 tells it from the text.
motifs = {
    "meme": b"MEME version 4\n\nALPHABET= ACGT\n\nstrands: + -\n\nBackground letter frequencies (from x):\nA 0.3 C 0.2 G 0.2 T 0.3\n\nMOTIF a b\nletter-probability matrix: alength= 4 w= 2 nsites= 9 E= 1e-400\n 0.25 0.25 0.25 0.25\n 1 0 0 0\nURL u\n",
    "jaspar": b">MA1.1\tn\nA [ 1 2 ]\nC [ 0 2.5 ]\nG [ 3 4 ]\nT [ 0 0 ]\n",
    "pfm": b">a b\n1 2\n0 2\n3 4\n0 0\n",
    "transfac": b"VV  x\nXX\n//\nAC  M1\nXX\nID  i\nNA  n\nDE  d\nP0 A C G T\n01 1 2 3 4 N\n02 0.5 0 0 0\nXX\nCC  tf_class:A::B\nCC  c\n//\n",
    "homer": b">ACG\tn/x(y)\t6.5\t-1\t0\tT:1\n0.97\t0.01\t0.01\t0.01\n0.25\t0.25\t0.25\t0.25\n",
    "uniprobe": b"Protein: n\tSeed: x\nA:\t0.1 1\nC:\t0.2 0\nG:\t0.3 0\nT:\t0.4 0\n",
}
for number, (name, text) in enumerate(motifs.items()):
    write("motifs", name, bytes([number]) + text)
    write("motifs", f"{name}.told", b"\x07" + text)
