#!/usr/bin/env bash
# Makes the models that the program brings along.
#
#   bench/protein/shipped.sh DATA OUT
#
# DATA holds curated/tf_domains, curated/hard_negatives and prokaryotic (.fasta.gz and .tsv), and
# jaspar_tf_motifs.tsv; sequences are those of UniProt (CC BY 4.0). OUT gets the trainings and the two files
# for crates/bindscape/models. The same data give the same bytes. Needs zstd and, since the program is
# built with the models, the ones that there are.
set -euo pipefail

if [ $# -ne 2 ]; then
    sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
data=$1 out=$2
cd "$(dirname "$0")/../.."
bindscape=${BINDSCAPE:-}
if [ -z "$bindscape" ]; then
    cargo build --release --bin bindscape
    bindscape=${CARGO_TARGET_DIR:-target}/release/bindscape
fi
mkdir -p "$out"

# Nuclear proteins that are no TFs are what a model has to tell TFs from.
zcat "$data/curated/tf_domains.fasta.gz" "$data/curated/hard_negatives.fasta.gz" >"$out/eukaryotes.fasta"
{
    printf 'accession\tclass\n'
    tail -n +2 "$data/curated/tf_domains.tsv" | cut -f 1,2
    tail -n +2 "$data/curated/hard_negatives.tsv" | awk -F '\t' '{ print $1 "\tnon_tf" }'
} >"$out/eukaryotes.tsv"
zcat "$data/prokaryotic.fasta.gz" >"$out/prokaryotes.fasta"
cut -f 1,2 "$data/prokaryotic.tsv" >"$out/prokaryotes.tsv"

for kind in eukaryotes prokaryotes; do
    domains=()
    [ $kind = eukaryotes ] && domains=(--domains "$data/jaspar_tf_motifs.tsv")
    "$bindscape" protein train --network homology --proteins "$out/$kind.fasta" \
        --labels "$out/$kind.tsv" "${domains[@]}" --out "$out/$kind"
    zstd -q -f -22 --ultra "$out/$kind/model.safetensors" -o "$out/$kind.safetensors.zst"
done
ls -l "$out"/*.zst
