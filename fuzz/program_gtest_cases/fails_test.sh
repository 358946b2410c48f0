#!/bin/bash
# fails_test.sh TEST TEXT: the GoogleTest TEST fails, and says TEXT.
set -uo pipefail
said=$("$1" 2>&1)
status=$?
if ((status != 1)) || [[ $said != *"$2"* ]]; then
  echo "$1: status $status, expected 1 and \`$2\`; it said:" >&2
  echo "$said" >&2
  exit 1
fi
