#!/bin/bash
# Every patch under undo/ applies to faulty.c by itself, and all of them, in any
# order, make it repaired.c to the byte. Usage: fuzz/bugs/check_undo.sh
set -euo pipefail
bugs=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

undo() { patch -p0 -s --fuzz=0 < "$1"; }

for sample in cached_alias deep_stack dma_textbook framebuffer_offset split_count tutorial unwinding wrap_dma; do
  patches=("$bugs/$sample/undo/"*.patch)
  for one in "${patches[@]}"; do
    cp "$bugs/$sample/faulty.c" faulty.c
    undo "$one"
    for other in "${patches[@]}"; do
      [[ $other == "$one" ]] || undo "$other"
    done
    cmp faulty.c "$bugs/$sample/repaired.c"
  done
  echo "$sample: ${#patches[@]} mistakes, each undone by itself and all to repaired.c"
done

for other in "$bugs"/*/other/*.patch; do
  sample=${other%/other/*}
  cp "$sample/"{faulty,repaired}.c .
  undo "$other"
  echo "${other#"$bugs/"} applies"
done

cp "$bugs/wrap_dma/wrap64.c" wrap64.c
undo "$bugs/wrap_dma/undo64/C03.patch"
echo "wrap_dma/wrap64.c: 1 mistake, undone"
