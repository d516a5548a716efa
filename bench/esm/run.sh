#!/bin/sh
# Residues per second of ESM-2 with random weights of the published 8M and 150M sizes over
# 256 proteins: bindscape, transformers and esm-cpp, in turn, on THREADS threads.
#
#     PYTHON=~/venv/bin/python bench/esm/run.sh PROTEINS.fasta.gz OUT [ROUNDS]
#
# Needs torch, transformers, safetensors and esm-cpp (which is left out if absent). Each
# measurement is a process of its own; rounds alternate between the programs, and the best
# of each program counts. It wants an idle machine.
set -eu
proteins=$1
out=$2
rounds=${3:-3}
python=${PYTHON:-python3}
threads=${THREADS:-2}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$out"
cargo build --release --quiet --manifest-path "$here/../../Cargo.toml" -p bindscape-nn --example esm
target=${CARGO_TARGET_DIR:-$here/../../target}
[ -e "$out/150M/model.safetensors" ] || "$python" "$here/prepare.py" "$proteins" "$out" 2>"$out/prepare.log"
export TRANSFORMERS_VERBOSITY=error HF_HUB_OFFLINE=1

# measure NAME SIZE COMMAND...: adds a line to the results.
measure() {
    name=$1 size=$2
    shift 2
    if rate=$("$@" 2>"$out/error.log" | tail -n 1); then
        printf '%s\t%s\t%s\n' "$size" "$name" "$rate" | tee -a "$out/results.tsv"
    else
        echo "$name $size did not run: $(tail -n 1 "$out/error.log")" >&2
    fi
}

: >"$out/results.tsv"
for size in ${SIZES:-8M 150M}; do
    for round in $(seq "$rounds"); do
        measure bindscape "$size" "$target/release/examples/esm" "$out/$size" "$out/proteins.fasta" "$threads" 8192 1
        measure transformers-input-order "$size" "$python" "$here/transformers_side.py" "$out" "$size" input "$threads" 1
        measure transformers-sorted "$size" "$python" "$here/transformers_side.py" "$out" "$size" sorted "$threads" 1
        measure esm-cpp "$size" "$python" "$here/esmcpp.py" "$out" "$size" "$threads" 1
    done
done
awk -F '\t' '
    $3 > best[$1, $2] { best[$1, $2] = $3 + 0 }
    { size[$1]; name[$2] }
    END {
        print "\nsize\tprogram\tresidues/s\tbindscape is faster by"
        for (s in size) for (n in name) if ((s, n) in best)
            printf "%s\t%s\t%.0f\t%.2f\n", s, n, best[s, n], best[s, "bindscape"] / best[s, n]
    }' "$out/results.tsv"
