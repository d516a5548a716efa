#!/usr/bin/env bash
# All models of proteins on the published sets, and the tables for docs/proteins.md.
#
#   bench/protein/run.sh DATA OUT [--parts PART,…] [--models MODEL,…] [--only FOLD,…] [--threads N]
#                                 [--embeddings DIR]
#
# With embeddings of all proteins of the parts (`protein embed`), networks read those.
# DATA holds curated/tf_domains, curated/hard_negatives, prokaryotic (.fasta.gz and .tsv) and
# jaspar_tf_motifs.tsv. The parts are
# domains-similarity, domains-random, prokaryotic-similarity and prokaryotic-random. Stopped, the
# same command continues: a model and fold that is done is not done again. The tables of all
# parts that there are lie in OUT/tables.md at the end.
set -euo pipefail

if [ $# -lt 2 ]; then
    sed -n '2,13s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
data=$1 out=$2
shift 2
parts=domains-similarity,prokaryotic-similarity,domains-random,prokaryotic-random
models=homology,nearest-alignment,tfpredict,logistic,nearest-embedding,multitask,tf,domain,deeptfactor
options=()
while [ $# -gt 0 ]; do
    case $1 in
        --parts) parts=$2 ;;
        --models) models=$2 ;;
        --only | --threads | --embeddings) options+=("$1" "$2") ;;
        *) echo "unknown option $1" >&2; exit 2 ;;
    esac
    shift 2
done

cd "$(dirname "$0")/../.."
bindscape=${BINDSCAPE:-}
if [ -z "$bindscape" ]; then
    cargo build --release --bin bindscape
    bindscape=${CARGO_TARGET_DIR:-target}/release/bindscape
fi
mkdir -p "$out"

for part in ${parts//,/ }; do
    set_name=${part%-*} split=${part#*-}
    case $set_name in
        domains)
            input=(--proteins "$data/curated/tf_domains.fasta.gz" --labels "$data/curated/tf_domains.tsv"
                --domains "$data/jaspar_tf_motifs.tsv"
                --external "$data/curated/hard_negatives.fasta.gz")
            these=$models ;;
        prokaryotic)
            input=(--proteins "$data/prokaryotic.fasta.gz" --labels "$data/prokaryotic.tsv")
            # Its TFs are of unknown kind: nothing for a network of classes, and the
            # network of both tasks is its twin.
            these=$(tr , '\n' <<<"$models" | grep -vE '^(domain|multitask)(:|$)' | paste -sd, -) ;;
        *) echo "unknown part $part" >&2; exit 2 ;;
    esac
    [ -n "$these" ] || continue
    "$bindscape" protein crossval "${input[@]}" --split "$split" --folds 5 --seed 1 \
        --models "$these" --out "$out/$part" "${options[@]}" >/dev/null
done

{
    echo "bindscape $("$bindscape" --version | cut -d' ' -f2), $(uname -m), $(nproc) cores"
    for part in domains-similarity domains-random prokaryotic-similarity prokaryotic-random; do
        if [ -f "$out/$part/metrics.md" ]; then
            printf '\n### %s\n\n' "$part"
            cat "$out/$part/metrics.md"
        fi
    done
} >"$out/tables.md"
cat "$out/tables.md"
