#!/bin/bash
# Usage: symbols.sh MODULE-SYMVERS MODULE.ko...
# Exit status 1 if a module wants a symbol that the kernel does not export; names
# each on a line "MODULE.ko: SYMBOL: not exported by this kernel".
set -euo pipefail
export LC_ALL=C

symvers=$1
shift
exported=$(cut -f2 "$symvers" | sort -u)
status=0
for module in "$@"; do
  wanted=$(nm --undefined-only --format=just-symbols "$module" 2>/dev/null ||
    nm --undefined-only --format=posix "$module" | cut -d' ' -f1)
  if [[ -z $wanted ]]; then
    # Every module wants something, if only what its return goes through.
    echo "$module: no undefined symbol; is it a module?" >&2
    status=1
  fi
  while read -r symbol; do
    echo "${module##*/}: $symbol: not exported by this kernel" >&2
    status=1
  done < <(comm -23 <(sort -u <<<"$wanted") <(echo "$exported") | sed '/^$/d')
done
exit "$status"
