#!/bin/bash
# Usage: kbuild_test.sh KBUILD MODULE:FILE [FILE...] ...
# The Kbuild makes the modules that are named, and no others, of the C files that are named.
set -euo pipefail

kbuild=$1
shift
expected=$(
  for word in "$@"; do
    if [[ $word == *:* ]]; then
      printf '\n%s' "${word%%:*}"
      word=${word#*:}
    fi
    [[ $word != *.c ]] || printf ' %s' "$(basename "${word%.c}.o")"
  done
  echo
)
found=$(
  grep -oP '^obj-m \+= \K\S+(?=\.o$)' "$kbuild" | while read -r module; do
    echo "$module $(grep -oP "^$module-y := \K.*" "$kbuild")"
  done
)
sorted() { # Modules, and the parts of each.
  while read -r module parts; do
    [[ -z $module ]] || echo "$module: $(tr ' ' '\n' <<<"$parts" | sort | tr '\n' ' ')"
  done | sort
}
diff <(sorted <<<"$expected") <(sorted <<<"$found") || {
  echo "FAIL: < what Bazel builds, > what $kbuild does" >&2
  exit 1
}
[[ -n $found ]]
