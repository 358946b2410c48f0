#!/bin/bash
# Usage: run_fuzzer.sh BINARY NAME DICT|- SEED... -- OPTION...
# Fuzzes. What was found stays in .fuzz/NAME of the workspace (bazel run) or in the
# undeclared outputs of the test (bazel test).
set -euo pipefail

binary=$1 name=$2 dict=$3
shift 3

out=${TEST_UNDECLARED_OUTPUTS_DIR:-${BUILD_WORKSPACE_DIRECTORY:-$PWD}/.fuzz/$name}
mkdir -p "$out/corpus" "$out/artifacts" "$out/seeds"
while (($#)) && [[ $1 != -- ]]; do
  # Programs as text: the target makes them bytes, before libFuzzer cuts and mutates them.
  case $1 in
    *.prog) cp -Ln --no-preserve=mode "$1" "$out/seeds/" ;;
    *) cp -Ln --no-preserve=mode "$1" "$out/corpus/$(sha1sum <"$1" | cut -c1-40)" ;;
  esac
  shift
done
shift

# bazel test sets these by --test_env, bazel run does not.
if symbolizer=$(command -v llvm-symbolizer-19 || command -v llvm-symbolizer); then
  export ASAN_SYMBOLIZER_PATH=${ASAN_SYMBOLIZER_PATH:-$symbolizer}
  export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1:external_symbolizer_path=$symbolizer}
fi

options=(-artifact_prefix="$out/artifacts/")
[[ $dict != - ]] && options+=(-dict="$dict")
exec "./$binary" --seeds="$out/seeds" --corpus="$out/corpus" "${options[@]}" "$@" "$out/corpus"
