#!/bin/bash
# Usage: symbols_test.sh SYMBOLS.SH MODULE-SYMVERS MODULE.ko...
set -euo pipefail

check=$1 symvers=$2
shift 2

echo "every module, against its kernel"
"$check" "$symvers" "$@"

echo "the check itself: a kernel that lacks one symbol, and a file that is no module"
lost=$(nm --undefined-only --format=posix "$1" | cut -d' ' -f1 | grep -m1 register)
grep -vP "\t$lost\t" "$symvers" >"$TEST_TMPDIR/fewer.symvers"
if said=$("$check" "$TEST_TMPDIR/fewer.symvers" "$1" 2>&1); then
  echo "FAIL: $lost is not exported and nothing was said" >&2
  exit 1
fi
[[ $said == "${1##*/}: $lost: not exported by this kernel" ]] || {
  echo "FAIL: said '$said', and not that $lost is missing" >&2
  exit 1
}
if "$check" "$symvers" "$symvers" 2>/dev/null; then
  echo "FAIL: a text file passed for a module" >&2
  exit 1
fi
