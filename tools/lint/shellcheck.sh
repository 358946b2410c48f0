#!/bin/bash
# Usage: shellcheck.sh
# ShellCheck over the shell scripts of the checkout: *.sh, and ./drydock and .ci/run.
set -euo pipefail

cd "$(dirname "$(realpath MODULE.bazel)")"
mapfile -t files < <(find . \( -name 'bazel-*' -o -name .git -o -path ./out -o -path ./third_party \) -prune \
  -o -type f -name '*.sh' -print | sort)
shellcheck -x drydock .ci/run "${files[@]}"
