#!/bin/bash
# Usage: surface_test.sh TABLE FLAGS-FILE
# Compiles each line of the table for each kernel, and for those alone that it names it may.
set -euo pipefail
table=$1
mapfile -t flags <"$2"
(($# == 2 && ${#flags[@]}))

declare -A number=([6.1]=601 [6.12]=612 [7.3]=703)
file=$TEST_TMPDIR/line.c
status=0 lines=0
while read -r kernels code; do
  [[ $kernels == \#* || -z $kernels ]] && continue
  lines=$((lines + 1))
  case $code in
    "file "*) code=${code#file } ;;
    "header "*) code="#include <${code#header }>" ;;
    *) code="void line(struct vm_area_struct *vma); void line(struct vm_area_struct *vma) { $code }" ;;
  esac
  printf '#include <linux/%s.h>\n' mm fs module device string timer hrtimer >"$file"
  echo "$code" >>"$file"
  for kernel in "${!number[@]}"; do
    compiles=no wanted=no
    clang-19 "${flags[@]}" -fsyntax-only -w -isystem mocks/include "-DDRYDOCK_PROFILE=${number[$kernel]}" \
      '-DKBUILD_MODNAME="line"' "$file" 2>"$TEST_TMPDIR/said" && compiles=yes
    [[ ",$kernels," == *",$kernel,"* ]] && wanted=yes
    [[ $compiles == "$wanted" ]] && continue
    echo "kernel $kernel: compiles: $compiles, and the table says $wanted: $code" >&2
    head -n 3 "$TEST_TMPDIR/said" >&2
    status=1
  done
done <"$table"
((lines > 20)) || {
  echo "$table: $lines lines only" >&2
  exit 1
}
exit "$status"
