#!/usr/bin/env bash
# What can be made of few peaks of a TF that the multi-model never saw: a JASPAR profile, a PWM, a regression
# on k-mers, a transferred network, one from scratch, a readout of the multi-model.
#
# run.sh DATA OUT [FOLDS]
#
# DATA holds the published matrix as bench/transfer/run.sh takes it. Needs bindscape on the PATH or in
# BINDSCAPE, and Python with NumPy and SciPy. Whatever is already in OUT is not done again.
# MULTI="--architecture cnn --shift 0 --weight-decay 0 --epochs 4" pre-trains the network of the paper, as for most
# tables of docs/few-shot.md.
# SEED=2 draws other regions of each TF, into OUT/runs-2 (draws.py puts several draws together).
# NETWORKS=--simple-only pre-trains nothing: JASPAR profile, PWM and k-mer regression, on the same draws.
set -euo pipefail
data=$1 out=$2 folds=${3:-"0 1 2 3"}
bindscape=${BINDSCAPE:-bindscape}
here=$(cd "$(dirname "$0")" && pwd)
runs=$out/runs${SEED:+-$SEED}
mkdir -p "$out"

[ -s "$out/matrix.parquet" ] || "$bindscape" matrix import --build hg38 \
  --sparse "$data/matrix2d.ReMap+UniBind.sparse.npz" \
  --less-sparse "$data/matrix2d.ReMap+UniBind.less-sparse.npz" \
  --regions "$data/regions_idx.pickle.gz" --tfs "$data/tfs_idx.pickle.gz" \
  --out "$out/matrix.parquet"
python3 "$here/folds.py" "$data" "$out"

# The TFs of a fold; with a third word those that tables report.
tfs() {
  python3 -c '
import json, sys
folds = json.load(open(sys.argv[1]))
tfs = folds["folds"][int(sys.argv[2])]
print(*[tf for tf in tfs if len(sys.argv) < 4 or tf not in folds["dev"]])' "$out/folds.json" "$@"
}

for fold in $folds; do
  left_out=$(tfs "$fold" | tr ' ' ,)
  model=(--model "$out/multi-$fold")
  [ "${NETWORKS:-}" != --simple-only ] || model=()
  # shellcheck disable=SC2086
  [ ${#model[@]} = 0 ] || "$bindscape" pretrain --matrix "$out/matrix.parquet" --sequences "$data/sequences.200bp.fa.gz" \
    --without "$left_out" ${MULTI:-} \
    --split chromosome --validation-chromosomes chr22 --test-chromosomes chr15,chr21 \
    --resamples 0 --out "$out/multi-$fold"
  for positives in ${POSITIVES:-500 50}; do
    for tf in $(tfs "$fold" reported); do
      # shellcheck disable=SC2086
      "$bindscape" finetune "${model[@]}" --matrix "$out/matrix.parquet" \
        --sequences "$data/sequences.200bp.fa.gz" --tf "$tf" --positives "$positives" \
        --split chromosome --validation-chromosomes chr21 --test-chromosomes chr15 \
        --resamples 0 --seed "${SEED:-1}" ${NETWORKS:---readout-only} --out "$runs/$fold.$positives.$tf"
    done
  done
done
python3 "$here/collect.py" "$runs"
