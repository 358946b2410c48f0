#!/bin/bash
# fails_test.sh TEST TEXT: the GoogleTest TEST fails, and says TEXT.
set -uo pipefail
# Its failure is no result of this test.
unset XML_OUTPUT_FILE GTEST_OUTPUT
said=$("$1" 2>&1)
status=$?
if ((status != 1)) || [[ $said != *"$2"* ]]; then
  echo "$1: status $status, expected 1 and \`$2\`; it said:" >&2
  echo "$said" >&2
  exit 1
fi
