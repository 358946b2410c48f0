#!/bin/bash
# Usage: conform_smoke_test.sh KERNEL WHY-NOT MODULE.ko...
# Some programs in the simulation and in Debian's own kernel: no
# difference. Without QEMU or a kernel it is skipped, with KERNEL_TESTS=required it fails.
set -uo pipefail
# shellcheck source=kmod/conform/conform_parts.sh
source kmod/conform/conform_parts.sh

skip() { # WHY
  if [[ ${KERNEL_TESTS:-} == required ]]; then
    echo "FAIL: $1, and KERNEL_TESTS=required" >&2
    exit 1
  fi
  echo "skipped: $1"
  # Bazel knows no skipped shell test; what reads test.xml does.
  cat >"${XML_OUTPUT_FILE:-/dev/null}" <<XML
<?xml version="1.0" encoding="UTF-8"?>
<testsuites><testsuite name="conform_smoke_test" tests="1" failures="0" errors="0" skipped="1">
<testcase name="conform_smoke_test" status="notrun"><skipped message="$1"/></testcase>
</testsuite></testsuites>
XML
  exit 0
}

why_not=$(<"$2")
[[ -z $why_not ]] || skip "$why_not"
command -v qemu-system-x86_64 >/dev/null || skip "no qemu-system-x86_64 (package qemu-system-x86)"

put_kernel 6.1 "$1"
mkdir -p "$DRYDOCK_BUILT_MODULES"
for module in "${@:3}"; do cp -L "$module" "$DRYDOCK_BUILT_MODULES/"; done
kmod/conform/conform --kernel 6.1 --driver dma_buffer --driver chardev --driver edu \
  --programs fuzz/corpus --programs kmod/conform/programs --random 45 --out "${TEST_UNDECLARED_OUTPUTS_DIR:-$TEST_TMPDIR/out}"
