#!/bin/bash
# Usage: bazel run //bench:guest_tables -- FOLDER
# Boots the modules' guest and lets it measure (kmod/guest/programs_smoke.c): what copies cost, as a table
# and a plot, and frames a second. The files go to FOLDER as guest-*. Exit status: 0 done, 2 could not run.
set -uo pipefail
kernel=$1 why_not=$(<"$2") guest=$3 folder=$4

say() {
  echo "guest_tables: $1" >&2
  exit 2
}
[[ -d $folder ]] || say "$folder is no folder"
[[ -z $why_not ]] || say "$why_not"
qemu=$(command -v qemu-system-x86_64) || say "no qemu-system-x86_64 (package qemu-system-x86)"

console=$(mktemp)
trap 'rm -f "$console"' EXIT
timeout -k 5 "${QEMU_TIMEOUT:-300}" "$qemu" -accel "${QEMU_ACCEL:-tcg}" -m 512 \
  -display none -nodefaults -no-reboot -nic none -serial "file:$console" \
  -device edu -device isa-debug-exit,iobase=0xf4,iosize=4 -kernel "$kernel" -initrd "$guest" \
  -append "console=ttyS0 quiet panic=-1 nokaslr mitigations=off no_timer_check cryptomgr.notests -- bench" \
  </dev/null
status=$?
if ((status != 33)); then
  tail -n 20 "$console" >&2
  say "QEMU ended with $status, not 33 (above: the end of its console)"
fi

# "--- NAME", the file, "--- end".
tr -d '\r' <"$console" | awk -v folder="$folder" '
  /^--- end$/ { close(file); file = ""; next }
  /^--- / { file = folder "/guest-" $2; printf "" >file; next }
  file != "" { print >file }'
[[ -s $folder/guest-packets.txt ]] || say "the guest measured nothing"
echo "kernel in QEMU (${QEMU_ACCEL:-tcg}): $folder/guest-*"
