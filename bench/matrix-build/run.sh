#!/usr/bin/env bash
# Times the build of a full-scale binding matrix against `bedtools intersect`,
# which does the overlaps alone, of the same sorted files: the peaks as they
# are, and, less work for bedtools, a file of summits prepared for it. Needs
# bedtools, GNU time, and about 12 GB of disk (16 GB with --gzip).
#
#   bench/matrix-build/run.sh DIRECTORY [--gzip] [PAIRS PEAKS CLUSTERS SITES]
#
# REPEATS sets the number of repeats (2). Other work on the machine falsifies
# the ratio, because bedtools uses one thread: the load is printed.
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
(cd "$root" && cargo build --quiet --release -p bindscape-tools --bin build_matrix)
example=${CARGO_TARGET_DIR:-$root/target}/release/build_matrix
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

repeats=${REPEATS:-2}
echo "$(bedtools --version), $(rustc --version), $(nproc) threads, load $(cut -d' ' -f1-3 /proc/loadavg)"
echo "name seconds user system peak-kilobytes"
for repeat in $(seq "$repeats"); do
    timed "bindscape-$repeat" "$example" "$data/dhs_clusters.bed" "$data/dhs_sources.tsv" \
        "$data/remap_peaks.bed" "$data/sites" "$work/matrix.parquet"
    for name in remap_peaks summits sites; do
        timed "bedtools-$name-$repeat" bash -c "overlaps '$data/$name.bed' >/dev/null"
    done
done
cat "$work/bindscape-1.out"

if [ "$gzip" = yes ]; then
    for name in remap_peaks dhs_clusters summits; do
        [ -e "$data/$name.bed.gz" ] || gzip -1 -k "$data/$name.bed"
    done
    timed bindscape-gzip "$example" "$data/dhs_clusters.bed.gz" "$data/dhs_sources.tsv" \
        "$data/remap_peaks.bed.gz" "$data/sites" "$work/matrix.parquet"
    for name in remap_peaks summits; do
        timed "bedtools-$name-gzip" bash -c "overlaps '$data/$name.bed.gz' >/dev/null"
    done
    cat "$work/bindscape-gzip.out"
fi

awk -v repeats="$repeats" '
    { seconds[$1] = $2; cpu[$1] = $3 + $4; peak[$1] = $5 }
    function report(label, ours, peaks, summits, sites) {
        printf "%s: bindscape %.1f s, peak %.2f GiB; bedtools on peaks %.1f s, ratio %.2f; on summits %.1f s, ratio %.2f\n",
            label, seconds[ours], peak[ours] / 1048576,
            seconds[peaks] + sites, (seconds[peaks] + sites) / seconds[ours],
            seconds[summits] + sites, (seconds[summits] + sites) / seconds[ours]
    }
    END {
        for (r = 1; r <= repeats; r++) {
            report("repeat " r, "bindscape-" r, "bedtools-remap_peaks-" r,
                "bedtools-summits-" r, seconds["bedtools-sites-" r])
            sites = cpu["bedtools-sites-" r]
            printf "repeat %d, CPU seconds: bindscape %.1f; bedtools on peaks %.1f, on summits %.1f\n",
                r, cpu["bindscape-" r], cpu["bedtools-remap_peaks-" r] + sites,
                cpu["bedtools-summits-" r] + sites
        }
        if ("bindscape-gzip" in seconds)
            report("gzip, sites not counted for bedtools", "bindscape-gzip",
                "bedtools-remap_peaks-gzip", "bedtools-summits-gzip", 0)
    }' "$results"
