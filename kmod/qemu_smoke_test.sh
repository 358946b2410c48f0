#!/bin/bash
# Usage: qemu_smoke_test.sh KERNEL WHY-NOT INITRAMFS
# Boots the kernel with the initramfs. Passes only if the guest's last word was that
# all its checks passed (exit status 33) and the kernel complained of nothing.
# Without QEMU or a kernel it is skipped, with KERNEL_TESTS=required it fails.
set -uo pipefail

skip() { # WHY
  if [[ ${KERNEL_TESTS:-} == required ]]; then
    echo "FAIL: $1, and KERNEL_TESTS=required" >&2
    exit 1
  fi
  echo "skipped: $1"
  # Bazel knows no skipped shell test; what reads test.xml does.
  cat >"${XML_OUTPUT_FILE:-/dev/null}" <<XML
<?xml version="1.0" encoding="UTF-8"?>
<testsuites><testsuite name="qemu_smoke_test" tests="1" failures="0" errors="0" skipped="1">
<testcase name="qemu_smoke_test" status="notrun"><skipped message="$1"/></testcase>
</testsuite></testsuites>
XML
  exit 0
}

why_not=$(<"$2")
[[ -z $why_not ]] || skip "$why_not"
qemu=$(command -v qemu-system-x86_64) || skip "no qemu-system-x86_64 (package qemu-system-x86)"

log=${TEST_UNDECLARED_OUTPUTS_DIR:-$TEST_TMPDIR}/console.log
# tcg: the same everywhere. Where /dev/kvm works, QEMU_ACCEL=kvm is faster.
timeout -k 5 "${QEMU_TIMEOUT:-50}" "$qemu" -accel "${QEMU_ACCEL:-tcg}" -m 256 \
  -display none -nodefaults -no-reboot -nic none -serial "file:$log" \
  -device edu -device isa-debug-exit,iobase=0xf4,iosize=4 -kernel "$1" -initrd "$3" \
  -append "console=ttyS0 quiet panic=-1 oops=panic nokaslr mitigations=off no_timer_check cryptomgr.notests" \
  </dev/null
status=$?
cat "$log"

if ((status != 33)); then
  case $status in
    0) why="the kernel panicked or the machine was switched off" ;;
    35) why="a check failed" ;;
    124 | 137) why="no end in ${QEMU_TIMEOUT:-50} s" ;;
    *) why="QEMU did not run" ;;
  esac
  echo "FAIL: exit status $status, not 33: $why" >&2
  exit 1
fi
if grep -E 'BUG:|Oops|WARNING:|Call Trace|Kernel panic' "$log" >&2; then
  echo "FAIL: the guest passed, but its kernel complained (above)" >&2
  exit 1
fi
