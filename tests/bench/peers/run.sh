#!/bin/sh
# run.sh PEER[@VARIANT] WORKLOAD NET SECONDS : one run, one JSON line. README.md says what can be set.
cd "$(dirname "$0")" || exit 1
: "${PEERS_CACHE:=${XDG_CACHE_HOME:-$HOME/.cache}/deskhand-bench}"
: "${DESKHAND_BIN:=${CARGO_TARGET_DIR:-$PWD/../../../target}/release}"
export PEERS_CACHE DESKHAND_BIN
# One at a time: two would spoil each other.
exec 9>"$PEERS_CACHE/lock"
flock 9
exec "$PEERS_CACHE/py/bin/python" measure.py "$@"
