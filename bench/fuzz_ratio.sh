#!/bin/bash
# Usage: bench/fuzz_ratio.sh [fuzz-plain|fuzz]... [-- RUNS]
# The mmap target with the reference driver and all oracles against an empty libFuzzer target of the
# same build: executions in a second of CPU of each, best of five turns, and the ratio. (By CPU time,
# in turn: what else the machine does counts for little.)
#
# "fixed": both are libFuzzer's whole loop with the same mutator, which gives the corpus's programs
# one after the other; so both run the same inputs. "mutating": each fuzzes from the same corpus,
# with the mutator it has (the empty one libFuzzer's own), same -seed, -runs and -max_len.
# libFuzzer's options are those that ./drydock check gives its workers (tools/command/worker_run.cc),
# the same for both.
set -euo pipefail
cd "$(dirname "$0")/.."

configs=() runs=2000000 empty_rate=0 target_rate=0
while (($#)); do
  case $1 in
    --) runs=$2; shift 2 ;;
    *) configs+=("$1"); shift ;;
  esac
done
((${#configs[@]})) || configs=(fuzz-plain fuzz)

# As //fuzz:mmap_target has them built in.
export ASAN_OPTIONS=halt_on_error=0:detect_leaks=0:handle_segv=0:handle_sigbus=0:handle_sigfpe=0
ASAN_OPTIONS+=:handle_sigill=0:symbolize=0:detect_stack_use_after_return=0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# run RUNS BINARY CORPUS OPTION...: prints the milliseconds of CPU, user and system, keeps the log.
run() {
  local runs=$1 binary=$2 corpus=$3 TIMEFORMAT='%3U %3S'
  shift 3
  rm -rf "$work/corpus"
  cp -r "$corpus" "$work/corpus"
  { time "$binary" -runs="$runs" -seed=1 -max_len=192 -len_control=0 -timeout=0 -rss_limit_mb=0 \
    -detect_leaks=0 -reload=0 -entropic=0 -print_final_stats=1 -artifact_prefix="$work/" \
    "$@" "$work/corpus" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }; } 2>"$work/time"
  awk '{printf "%d\n", ($1 + $2) * 1000}' "$work/time"
}

# rates NAME...: runs the commands in the arrays of these names in turn, five times; into NAME_rate
# executions in a second of CPU, by the least time of all runs; what loading costs is taken off.
rates() {
  local name ms
  local -A least loading units
  for _ in 1 2 3 4 5; do
    for name in "$@"; do
      local -n command=$name
      ms=$(run 1 "${command[@]}")
      ((ms >= ${loading[$name]:-ms + 1})) || loading[$name]=$ms
      ms=$(run "$runs" "${command[@]}")
      ((ms >= ${least[$name]:-ms + 1})) || least[$name]=$ms
      units[$name]=$(awk '/^stat::number_of_executed_units:/ {print $2}' "$work/log")
    done
  done
  for name in "$@"; do
    printf -v "${name}_rate" %d $((units[$name] * 1000 / (least[$name] - loading[$name])))
  done
}

# tell KIND: one line.
tell() {
  awk -v c="$config" -v k="$1" -v e="$empty_rate" -v t="$target_rate" \
    -v l="$(cut -d' ' -f1-3 /proc/loadavg)" 'BEGIN {
    printf "%-10s %-8s  empty %8d exec/s  mmap target %8d exec/s  ratio %.3f%s; load %s\n",
           c, k, e, t, t / e, k == "fixed" ? " (at least 0.35)" : "", l}'
}

for config in "${configs[@]}"; do
  bazel build --config="$config" --noshow_progress --ui_event_filters=-info \
    //bench:empty_target //bench:empty_target_mutating //bench:session_target \
    //fuzz/targets:dma_buffer_remap_bin //driver_core:dma_buffer.so
  bin=$(bazel info --config="$config" --noshow_progress --ui_event_filters=-info bazel-bin)
  driver=--driver=$bin/driver_core/dma_buffer.so
  export DRYDOCK_BENCH_CORPUS=$work/bytes
  mkdir -p "$DRYDOCK_BENCH_CORPUS" "$work/nothing"
  printf 0 >"$DRYDOCK_BENCH_CORPUS/first"
  "$bin/bench/session_target" "$driver" --seeds=fuzz/corpus "--corpus=$DRYDOCK_BENCH_CORPUS" \
    -runs=0 >/dev/null 2>&1
  rm "$DRYDOCK_BENCH_CORPUS/first"

  # shellcheck disable=SC2034 # used by rates, by their names
  empty=("$bin/bench/empty_target" "$DRYDOCK_BENCH_CORPUS") \
    target=("$bin/bench/session_target" "$DRYDOCK_BENCH_CORPUS" "$driver")
  rates empty target
  grep '^bench:' "$work/log" || true
  tell fixed

  # shellcheck disable=SC2034
  empty=("$bin/bench/empty_target_mutating" "$DRYDOCK_BENCH_CORPUS") \
    target=("$bin/fuzz/targets/dma_buffer_remap_bin" "$DRYDOCK_BENCH_CORPUS" "$driver")
  rates empty target
  tell mutating
done
