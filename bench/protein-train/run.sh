#!/usr/bin/env bash
# Training of the multi-task network beside PyTorch on the CPU, on the same features.
#
#   bench/protein-train/run.sh FASTA.gz OUT [PROTEINS] [FEATURES] [ROUNDS] [EPOCHS]
#
# FASTA gives the lengths; the features are random numbers (1,280 at each position, as the
# embeddings of ESM-2 650M have). Each round runs bindscape, PyTorch padded to 300 positions, and
# PyTorch with bindscape's batches, one after the other, and counts the last epoch of each.
# PYTHON names a Python with PyTorch and NumPy, THREADS the threads of both sides.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
fasta=$(realpath "${1:?a FASTA file}")
mkdir -p "${2:?a directory for the results}"
out=$(cd "$2" && pwd)
proteins=${3:-2000} features=${4:-1280} rounds=${5:-3} epochs=${6:-2}
python=${PYTHON:-python3} threads=${THREADS:-$(nproc)}

(cd "$root" && cargo build --quiet --release -p bindscape-nn --example protein_speed)
example=${CARGO_TARGET_DIR:-$root/target}/release/examples/protein_speed
data=$out/data-$proteins-$features
[ -s "$data/features.f32" ] || "$python" "$here/prepare.py" "$fasta" "$data" "$proteins" "$features"
: > "$out/results.jsonl"
for round in $(seq "$rounds"); do
  for side in bindscape padded sorted; do
    if [ "$side" = bindscape ]; then
      line=$("$example" "$data" "$features" "$threads" "$epochs")
    else
      line=$("$python" "$here/pytorch.py" "$data" "$features" "$threads" "$epochs" "$side")
    fi
    printf '{"round":%s,"side":"%s","result":%s}\n' "$round" "$side" "$line" | tee -a "$out/results.jsonl"
  done
done
"$python" - "$out/results.jsonl" <<'PY'
import json, statistics, sys
speeds = {}
for line in open(sys.argv[1]):
    record = json.loads(line)
    speeds.setdefault(record["side"], []).append(record["result"]["speeds"][-1])
middle = {side: statistics.median(values) for side, values in speeds.items()}
for side, values in speeds.items():
    print(f"{side:10} {middle[side]:8.0f} proteins/s  ({min(values):.0f} to {max(values):.0f})")
for side in ("padded", "sorted"):
    print(f"bindscape is {middle['bindscape'] / middle[side]:.2f} times as fast as PyTorch, {side}")
PY
