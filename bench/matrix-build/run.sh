#!/usr/bin/env bash
# Times the build of a full-scale binding matrix against `bedtools intersect`,
# which does the overlaps alone, of the same sorted intervals. Needs bedtools,
# GNU time, and about 12 GB of disk (16 GB with --gzip).
#
#   bench/matrix-build/run.sh DIRECTORY [--gzip] [PEAKS CLUSTERS SITES]
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=${1:?a directory for the data}
shift
gzip=no
if [ "${1:-}" = --gzip ]; then
    gzip=yes
    shift
fi
mkdir -p "$work"
data=$work/data

rustc -O --edition 2024 "$here/generate.rs" -o "$work/generate"
(cd "$root" && cargo build --quiet --release -p bindscape-core --example build_matrix)
example=${CARGO_TARGET_DIR:-$root/target}/release/examples/build_matrix
if [ ! -e "$data/complete" ]; then
    "$work/generate" "$data" "$@"
    touch "$data/complete"
fi

# Appends "NAME seconds user system kilobytes" to the results.
results=$work/results.txt
: >"$results"
timed() {
    local name=$1
    shift
    command time -f "$name %e %U %S %M" -a -o "$results" "$@" >"$work/$name.out"
    tail -n 1 "$results"
}

overlaps() { # of $1 with the regions, as pairs, which a matrix needs
    bedtools intersect -sorted -wa -wb -a "$1" -b "$data/regions.bed"
}
export -f overlaps
export data

echo "$(bedtools --version), $(rustc --version), $(nproc) threads"
echo "name seconds user system peak-kilobytes"
for repeat in 1 2; do
    timed "bindscape-$repeat" "$example" "$data/dhs_clusters.bed" "$data/dhs_sources.tsv" \
        "$data/remap_peaks.bed" "$data/sites" "$work/matrix.parquet"
    timed "bedtools-summits-$repeat" bash -c "overlaps '$data/summits.bed' >/dev/null"
    timed "bedtools-sites-$repeat" bash -c "overlaps '$data/sites.bed' >/dev/null"
done
cat "$work/bindscape-1.out"

if [ "$gzip" = yes ]; then
    for name in remap_peaks.bed dhs_clusters.bed summits.bed; do
        [ -e "$data/$name.gz" ] || gzip -1 -k "$data/$name"
    done
    timed bindscape-gzip "$example" "$data/dhs_clusters.bed.gz" "$data/dhs_sources.tsv" \
        "$data/remap_peaks.bed.gz" "$data/sites"
    timed bedtools-summits-gzip bash -c "overlaps '$data/summits.bed.gz' >/dev/null"
    cat "$work/bindscape-gzip.out"
fi

awk '
    { seconds[$1] = $2; peak[$1] = $5 }
    END {
        for (r = 1; r <= 2; r++) {
            peer = seconds["bedtools-summits-" r] + seconds["bedtools-sites-" r]
            printf "repeat %d: bedtools %.1f s, bindscape %.1f s, ratio %.2f, peak %.2f GiB\n",
                r, peer, seconds["bindscape-" r], peer / seconds["bindscape-" r],
                peak["bindscape-" r] / 1048576
        }
        if ("bindscape-gzip" in seconds)
            printf "gzip: bedtools (summits alone) %.1f s, bindscape %.1f s, ratio %.2f\n",
                seconds["bedtools-summits-gzip"], seconds["bindscape-gzip"],
                seconds["bedtools-summits-gzip"] / seconds["bindscape-gzip"]
    }' "$results"
