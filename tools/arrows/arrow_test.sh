#!/bin/bash
# Usage: arrow_test.sh MEMBERS PATH
# PATH: what is against the rule (of a path each on the next), one a line; nothing if all is well.
set -euo pipefail

# A layer without targets would pass whatever it reaches.
[[ -s $1 ]] || {
  echo "no target of the layer was found: has it been moved?" >&2
  exit 1
}
[[ -s $2 ]] || {
  echo "$(wc -l <"$1") targets of the layer"
  exit 0
}
echo "against the arrows of DESIGN 1:" >&2
sed 's/^/  /' "$2" >&2
exit 1
