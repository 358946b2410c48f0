#!/bin/bash
# Usage: bench/edit_to_verdict.sh [FILE.c [SECONDS]]
# Edit to verdict, warm: a one-file driver that was just changed; `./drydock check` compiles it, links
# it and fuzzes it for SECONDS (2). Prints wall time and executions, best of five. With 100,000
# executions or more the time is an upper bound of what 100,000 take.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${2:-2}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "${1:-examples/tutorial/pump.c}" "$work/driver.c"
./drydock check "$work/driver.c" --seconds 1 --out "$work/out" >/dev/null || true  # warm

best=
for turn in 1 2 3 4 5; do
  echo "/* $turn */" >>"$work/driver.c"
  rm -f "$work/result.json"
  start=$(date +%s%N)
  ./drydock check "$work/driver.c" --seconds "$seconds" --out "$work/out" \
    --json "$work/result.json" >/dev/null || (($? == 1))  # 1: findings
  end=$(date +%s%N)
  line=$(python3 -c '
import json, sys
executions = json.load(open(sys.argv[1]))["drivers"][0]["executions"]
print("%.2f s in all, %d executions" % (int(sys.argv[2]) / 1e9, executions))
if executions < 100000: print("too few executions: give more SECONDS", file=sys.stderr)
' "$work/result.json" $((end - start)))
  echo "turn $turn: $line"
  [[ -z $best || $line < $best ]] && best=$line
done
echo "edit to verdict: best $best (100,000 in at most 3 s; load $(cut -d' ' -f1-3 /proc/loadavg))"
