#!/usr/bin/env bash
# Transfer against training from scratch on the published matrix.
#
#   bench/transfer/run.sh DATA OUT
#
# DATA holds the published files (github.com/wassermanlab/TF-Binding-Matrix or a
# part of it): matrix2d.ReMap+UniBind.{sparse,less-sparse}.npz,
# {regions,tfs}_idx.pickle.gz, sequences.200bp.fa.gz. OUT receives the runs and
# the table, table.tsv. What is there already is not done again.
set -euo pipefail
data=$1
out=$2
bindscape=${BINDSCAPE:-"$(dirname "$0")/../../target/release/bindscape"}
mkdir -p "$out"

[ -s "$out/matrix.parquet" ] || "$bindscape" matrix import --build hg38 \
  --sparse "$data/matrix2d.ReMap+UniBind.sparse.npz" \
  --less-sparse "$data/matrix2d.ReMap+UniBind.less-sparse.npz" \
  --regions "$data/regions_idx.pickle.gz" --tfs "$data/tfs_idx.pickle.gz" \
  --out "$out/matrix.parquet"

"$bindscape" pretrain --preset paper-2021 --matrix "$out/matrix.parquet" --sequences "$data/sequences.200bp.fa.gz" \
  --tfs top-resolved:50 --epochs 10 --out "$out/multi"

# Several small trainings side by side, one thread each, use the cores better than one after the other.
finetune() {
  positives=(--positives 500)
  [ "$1" = ATF4 ] && positives=()
  "$bindscape" finetune --preset paper-2021 --threads 1 --model "$out/multi" --matrix "$out/matrix.parquet" \
    --sequences "$data/sequences.200bp.fa.gz" --tf "$1" "${positives[@]}" \
    --repeats 5 --with-scratch --epochs 10 --out "$out/$1"
}
export -f finetune
export bindscape data out
printf '%s\n' HNF4A MAX JUND SPI1 ATF4 | xargs -P "$(nproc)" -I{} bash -c 'finetune {}'

python3 "$(dirname "$0")/table.py" "$out" | tee "$out/table.tsv"
