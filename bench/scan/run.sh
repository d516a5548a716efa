#!/usr/bin/env bash
# Scanning beside memelite's FIMO and beside lightmotif alone.
#
#   bench/scan/run.sh DATA MOTIFS.meme OUT
#
# DATA holds sequences.200bp.fa.gz of the published matrix, of which every 29th (10,000 in all)
# is scanned; MOTIFS is JASPAR CORE in MEME's format, of which every 26th motif (100 in all) is
# taken. PYTHON names a Python with memelite.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
data=$(cd "${1:?the published files}" && pwd)
motifs=$(realpath "${2:?a MEME file of motifs}")
mkdir -p "${3:?a directory for the results}"
out=$(cd "$3" && pwd)
python=${PYTHON:-python3}
target=${CARGO_TARGET_DIR:-$root/target}/release

(cd "$here" && CARGO_TARGET_DIR="$target/.." cargo build --quiet --release)
[ -n "${BINDSCAPE:-}" ] || (cd "$root" && cargo build --quiet --release -p bindscape)
program=${BINDSCAPE:-$target/bindscape}

zcat "$data/sequences.200bp.fa.gz" | paste - - | awk 'NR % 29 == 1 && n++ < 10000' | tr '\t' '\n' > "$out/regions.fa"
awk '/^MOTIF/ { keep = n++ % 26 == 0 && kept < 100; kept += keep } n == 0 || keep' "$motifs" > "$out/motifs.meme"
for threads in 1 2; do
  "$target/scan-bench" "$out/motifs.meme" "$out/regions.fa" "$threads" 11
  "$python" "$here/memelite_side.py" "$program" "$out/motifs.meme" "$out/regions.fa" "$threads" 5 "$out/hits.tsv"
done
