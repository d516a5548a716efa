#!/usr/bin/env bash
# Training, prediction and fine-tuning beside PyTorch on the CPU, on the same real sequences.
#
#   bench/speed/run.sh DATA OUT [options of speed.py]
#
# DATA holds the published files (github.com/wassermanlab/TF-Binding-Matrix or a
# part of it): matrix2d.ReMap+UniBind.{sparse,less-sparse}.npz,
# {regions,tfs}_idx.pickle.gz, sequences.200bp.fa.gz. OUT receives the prepared
# data, results.json and table.md. PYTHON names a Python with PyTorch and NumPy.
#
# Everything takes about an hour and a half and wants an idle machine: `--parts speed`,
# `--networks cnn`, `--rounds 1` and `--seconds 2` make it shorter.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
data=$(cd "${1:?the published files}" && pwd)
mkdir -p "${2:?a directory for the results}"
out=$(cd "$2" && pwd)
shift 2
python=${PYTHON:-python3}

(cd "$root" && cargo build --quiet --release -p bindscape-cli && cargo build --quiet --release -p bindscape-nn --example speed)
target=${CARGO_TARGET_DIR:-$root/target}/release

prepared=$out/data
mkdir -p "$prepared"
[ -s "$prepared/labels.txt" ] || "$python" "$here/prepare.py" "$data" "$prepared"
[ -s "$prepared/matrix.parquet" ] || "$target/bindscape" matrix import --build hg38 \
  --sparse "$data/matrix2d.ReMap+UniBind.sparse.npz" \
  --less-sparse "$data/matrix2d.ReMap+UniBind.less-sparse.npz" \
  --regions "$data/regions_idx.pickle.gz" --tfs "$data/tfs_idx.pickle.gz" \
  --out "$prepared/matrix.parquet"
ln -sf "$data/sequences.200bp.fa.gz" "$prepared/sequences.fa.gz"
# Models of this very build; how good they are does not matter here.
rm -rf "$prepared"/multi "$prepared"/model-*
"$target/bindscape" pretrain --preset paper-2021 --quiet --matrix "$prepared/matrix.parquet" \
  --sequences "$prepared/sequences.fa.gz" --tfs top-resolved:50 --regions 2000 --epochs 1 \
  --resamples 0 --out "$prepared/multi"

"$python" "$here/speed.py" "$prepared" "$out" --python "$python" \
  --bindscape "$target/bindscape" --example "$target/examples/speed" "$@"
