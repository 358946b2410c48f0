#!/bin/bash
# Usage: bench/tables.sh [FOLDER]
# What copies cost (examples/benchmark_io_vs_mmap.c) and frames a second by mapped rings and by read
# (examples/packet_counter.c), in live mode and in a kernel in QEMU: four tables, printed, and with
# the two plots written to FOLDER (out/tables). Exit status: 0 done, 2 could not run.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$(mkdir -p "${1:-out/tables}" && cd "${1:-out/tables}" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for program in benchmark_io_vs_mmap packet_counter; do
  "${CC:-cc}" -O2 -I. -o "$work/$program" "examples/$program.c"
done

./drydock run --driver driver_core/dma_buffer.c --param size=1048576 -- \
  "$work/benchmark_io_vs_mmap" /dev/drydock_dma_buffer "$folder/live-io_vs_mmap.svg" \
  >"$folder/live-io_vs_mmap.txt"
./drydock run --driver driver_core/nic_rings.c -- \
  "$work/packet_counter" /dev/drydock_nic_rings 50000 >"$folder/live-packets.txt"
bazel run --noshow_progress --ui_event_filters=-info //bench:guest_tables -- "$folder" >&2

for side in live guest; do
  echo "$side"
  cat "$folder/$side-io_vs_mmap.txt" "$folder/$side-packets.txt"
done
echo "load $(cut -d' ' -f1-3 /proc/loadavg)"
