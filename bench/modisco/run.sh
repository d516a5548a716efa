#!/bin/sh
# `bindscape motif modisco` beside modisco-lite 3.0.0, in turn, on the same files with the same
# settings: time and memory of whole processes, and whether the patterns are the same.
#
#   bench/modisco/run.sh OUT [RUNS]
#
# PYTHON names a Python with modisco-lite 3.0.0 (default python3), BINDSCAPE the program (default:
# it is built), THREADS the threads of both (default: all). It wants an idle machine. One run of
# modisco-lite that is not counted fills numba's caches.
set -eu
out=$1
runs=${2:-3}
python=${PYTHON:-python3}
threads=${THREADS:-$(nproc)}
here=$(cd "$(dirname "$0")" && pwd)
if [ -z "${BINDSCAPE:-}" ]; then
    cargo build --release --manifest-path "$here/../../Cargo.toml" -p bindscape-cli
    BINDSCAPE=$here/../../target/release/bindscape
fi
mkdir -p "$out"
for size in 2000 8000; do
    [ -e "$out/$size.a.npz" ] || "$python" "$here/simulate.py" "$size" "$out/$size.s.npz" "$out/$size.a.npz"
done
exec "$python" "$here/measure.py" "$BINDSCAPE" "$out" "$runs" "$threads"
