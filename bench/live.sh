#!/bin/bash
# Usage: bench/live.sh [BYTES [SECONDS]]
# Live mode's two numbers with the reference driver: a loop over mapped memory against one over plain
# memory, and open + mmap + munmap + close a second. Exit status: 0 both reached, 1 not, 2 could not run.
set -euo pipefail
cd "$(dirname "$0")/.."

bytes=${1:-1048576} seconds=${2:-2}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${CC:-cc}" -O2 -o "$work/live_program" bench/live_program.c
status=0
./drydock run --driver driver_core/dma_buffer.c --param size="$bytes" -- \
  "$work/live_program" /dev/drydock_dma_buffer "$bytes" "$seconds" || status=$?
echo "load $(cut -d' ' -f1-3 /proc/loadavg)"
exit "$status"
