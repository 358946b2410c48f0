#!/bin/bash
# Usage: clang_format.sh [--dry-run]
# Formats all C and C++ of the checkout: .cc by the .clang-format of the root, .c and
# .h by the nearest one (folders of kernel C have their own; their tests are C++).
# With --dry-run it changes nothing and fails if there is something to change.
set -euo pipefail

cd "$(dirname "$(realpath MODULE.bazel)")"

sources() { # FIND-TEST...
  find . \( -name 'bazel-*' -o -name '.?*' -o -path ./out -o -path ./third_party \) -prune \
    -o -type f \( "$@" \) -print | sort
}
mapfile -t cpp < <(sources -name '*.cc')
mapfile -t others < <(sources -name '*.c' -o -name '*.h')
echo "${#cpp[@]} + ${#others[@]} files"
((${#cpp[@]} && ${#others[@]})) # None is a mistake of this script.

if [[ ${1:-} != --dry-run ]]; then
  clang-format-19 --style=file:.clang-format -i "${cpp[@]}"
  clang-format-19 -i "${others[@]}"
  exit
fi
status=0
clang-format-19 --dry-run -Werror --style=file:.clang-format "${cpp[@]}" || status=1
clang-format-19 --dry-run -Werror "${others[@]}" || status=1
((status == 0)) || echo "to format them: bazel run //tools/lint:format" >&2
exit "$status"
