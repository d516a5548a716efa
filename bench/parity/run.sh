#!/usr/bin/env bash
# The claims of Novakovsky et al. (2021) that a quarter of the published matrix can test.
#
# run.sh DATA OUT
#
# DATA holds the published matrix as bench/transfer/run.sh takes it. Needs bindscape on the PATH or in
# BINDSCAPE. What is already in OUT is not done again.
set -euo pipefail
data=$1 out=$2
bindscape=${BINDSCAPE:-bindscape}
mkdir -p "$out"

[ -s "$out/matrix.parquet" ] || "$bindscape" matrix import --build hg38 \
  --sparse "$data/matrix2d.ReMap+UniBind.sparse.npz" \
  --less-sparse "$data/matrix2d.ReMap+UniBind.less-sparse.npz" \
  --regions "$data/regions_idx.pickle.gz" --tfs "$data/tfs_idx.pickle.gz" \
  --out "$out/matrix.parquet"

study() {
  "$bindscape" experiment "$1" --matrix "$out/matrix.parquet" \
    --sequences "$data/sequences.200bp.fa.gz" --protocol paper-2021 --out "$out/$1" "${@:2}"
}

study all-tfs --repeats 1 --positives 300 --all-if-fewer --models pwm,multi-model,scratch,transfer
study downsampling --regions 10000 --positives 1000,500,250,125,50 --test-positives 500 --draws 3 --splits 1
study strategies --regions 10000 --repeats 1 --tfs HNF4A,JUND,MAX,SPI1,SP1 \
  --sets mode,low-correlation,cofactors,random,matched
study freezing --repeats 1 --positives 300 --all-if-fewer \
  --models pwm,scratch,motif-filters,de-novo-filters,layers:first-convolutional,layers:convolutional,transfer,freeze:convolutional \
  --tfs JUND,MAX,REST,GABPA,CEBPB,YY1,SP1,FOXA1,SPI1,HNF4A,ATF3,ELK4,ETV1,FLI1,BATF,IRF1,MEF2A,NFYA,STAT1,TFAP2A
