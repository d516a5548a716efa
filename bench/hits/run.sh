#!/bin/sh
# `bindscape motif hits` beside Fi-NeMo 0.41 and a scan with the true motifs: planted sites found,
# how low the objective is, time and memory of whole processes in turn.
#
#   bench/hits/run.sh OUT [RUNS]
#
# PYTHON names a Python with finemo 0.41 (default python3), BINDSCAPE the program (default: it is
# built). GNU time is needed, and an idle machine.
set -eu
out=$1
runs=${2:-3}
python=${PYTHON:-python3}
here=$(cd "$(dirname "$0")" && pwd)
if [ -z "${BINDSCAPE:-}" ]; then
    cargo build --release --manifest-path "$here/../../Cargo.toml" -p bindscape-cli
    BINDSCAPE=$here/../../target/release/bindscape
fi
mkdir -p "$out"
exec "$python" "$here/measure.py" "$BINDSCAPE" "$out" "$runs"
