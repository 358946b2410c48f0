#!/bin/bash
# Usage: bench/fuzz_ratio.sh [fuzz-plain|fuzz]... [-- RUNS]
# The mmap target with the reference driver and all oracles against an empty libFuzzer target of the
# same build: exec/s of each, best of five turns, and the ratio.
#
# "fixed": both are libFuzzer's whole loop with the same mutator, which gives the corpus's programs
# one after the other; so both run the same inputs. "mutating": each fuzzes from the same corpus,
# with the mutator it has (the empty one libFuzzer's own), same -seed, -runs and -max_len.
# libFuzzer's options are those that ./drydock check gives its workers (tools/command/worker_run.cc),
# the same for both.
set -euo pipefail
cd "$(dirname "$0")/.."

configs=() runs=400000
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

# run BINARY CORPUS OPTION...: prints exec/s, keeps the log.
run() {
  local binary=$1 corpus=$2
  shift 2
  rm -rf "$work/corpus"
  cp -r "$corpus" "$work/corpus"
  "$binary" -runs="$runs" -seed=1 -max_len=192 -len_control=0 -timeout=0 -rss_limit_mb=0 \
    -detect_leaks=0 -reload=0 -entropic=0 -artifact_prefix="$work/" \
    "$@" "$work/corpus" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
  # libFuzzer counts whole seconds; the clock here counts the whole process, loading included.
  awk '/^stat::number_of_executed_units:/ {print $2}' "$work/log"
}

# rate BINARY CORPUS OPTION...: exec/s, best of five; what loading costs is taken off.
rate() {
  local best=0 start end empty n
  for _ in 1 2 3 4 5; do
    start=$(date +%s%N)
    (runs=1 run "$@" >/dev/null)
    end=$(date +%s%N)
    empty=$((end - start))
    start=$(date +%s%N)
    n=$(run "$@" -print_final_stats=1)
    end=$(date +%s%N)
    n=$((n * 1000000000 / (end - start - empty)))
    ((n > best)) && best=$n
  done
  echo "$best"
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

  empty=$(rate "$bin/bench/empty_target" "$DRYDOCK_BENCH_CORPUS")
  target=$(rate "$bin/bench/session_target" "$DRYDOCK_BENCH_CORPUS" "$driver")
  grep '^bench:' "$work/log" || true
  awk -v c="$config" -v e="$empty" -v t="$target" -v l="$(cut -d' ' -f1-3 /proc/loadavg)" 'BEGIN {
    printf "%-10s fixed     empty %8d exec/s  mmap target %8d exec/s  ratio %.3f  (at least 0.35; load %s)\n",
           c, e, t, t / e, l}'

  empty=$(rate "$bin/bench/empty_target_mutating" "$DRYDOCK_BENCH_CORPUS")
  target=$(rate "$bin/fuzz/targets/dma_buffer_remap_bin" "$DRYDOCK_BENCH_CORPUS" "$driver")
  awk -v c="$config" -v e="$empty" -v t="$target" -v l="$(cut -d' ' -f1-3 /proc/loadavg)" 'BEGIN {
    printf "%-10s mutating  empty %8d exec/s  mmap target %8d exec/s  ratio %.3f  (load %s)\n",
           c, e, t, t / e, l}'
done
