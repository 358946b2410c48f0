#!/bin/bash
# conform from one end to the other, with kmod/runner/fake_guest in place of QEMU: what
# it says and returns when something is not there or goes wrong.
set -uo pipefail
# shellcheck source=kmod/conform/conform_parts.sh
source kmod/conform/conform_parts.sh
export DRYDOCK_QEMU=$PWD/kmod/runner/fake_guest
failures=0

conform() { # ARGUMENT...: sets status, out, err
  out=$("$DRYDOCK_ROOT/kmod/conform/conform" --driver dma_buffer --out "$TEST_TMPDIR/out" "$@" 2>"$TEST_TMPDIR/err")
  status=$?
  err=$(<"$TEST_TMPDIR/err")
}

expect() { # WHAT STATUS ERR: of the last conform
  if [[ $status == "$2" && $err == "$3" ]]; then
    echo "ok     $1"
  else
    printf 'FAILED %s: status %s, wanted %s\n  said   %s\n  wanted %s\n' "$1" "$status" "$2" "$err" "$3"
    failures=1
  fi
}

mkdir -p "$DRYDOCK_BUILT_MODULES" "$TEST_TMPDIR/one"
printf '\x7fELF%14s\x3e\x00' '' | tr ' ' '\0' >"$TEST_TMPDIR/image"
put_kernel 6.1 "$TEST_TMPDIR/image"
for module in drydock_ptdump drydock_dma_buffer; do : >"$DRYDOCK_BUILT_MODULES/$module.ko"; done
cp -L fuzz/corpus/map_touch_unmap.prog "$TEST_TMPDIR/one/"
one=(--kernel 6.1 --programs "$TEST_TMPDIR/one")

conform --frobnicate
expect "an option that is none" 2 \
  "drydock: conform: The following argument was not expected: --frobnicate (drydock conform --help says what there is)"
conform --kernel 6.1-small --random 1
expect "no image" 2 "drydock: conform: kernel 6.1-small: it is not here; run ./drydock kernel get 6.1-small"
conform --kernel 6.1 --random 1 --driver nothing
expect "no such driver" 2 "drydock: conform: no driver nothing; there are: $(
  awk '!/^#/ && NF { print $1 }' kmod/conform/drivers.txt | paste -sd' ')"
conform --kernel 6.1 --programs /nonexistent
expect "no such folder" 2 \
  "drydock: conform: /nonexistent: No such file or directory; name a folder of .prog files"

mkdir "$TEST_TMPDIR/bad"
echo "drydock program 9" >"$TEST_TMPDIR/bad/bad.prog"
conform --kernel 6.1 --programs "$TEST_TMPDIR/bad"
expect "a program that is none" 2 "drydock: conform: ${err#drydock: conform: }"
[[ $err == *"bad.prog:1"* ]] || { echo "FAILED a bad program is named: $err"; failures=1; }

DRYDOCK_QEMU=no-such-qemu conform "${one[@]}"
expect "no QEMU" 2 "drydock: conform: dma_buffer on kernel 6.1: no-such-qemu cannot be started: No such file or directory"
FAKE_GUEST=refuses conform "${one[@]}"
expect "QEMU refuses" 2 "drydock: conform: dma_buffer on kernel 6.1: QEMU did not run: qemu-system-x86_64: could not load kernel 'image'"
FAKE_GUEST="panics at boot" conform "${one[@]}"
expect "no boot" 2 "drydock: conform: dma_buffer on kernel 6.1: the guest's kernel panicked: Kernel panic - not syncing: VFS: Unable to mount root fs"
FAKE_GUEST=fails conform "${one[@]}"
expect "the agent fails" 2 "drydock: conform: dma_buffer on kernel 6.1: the agent: loading driver.ko: Invalid argument"
FAKE_GUEST="result too long" conform "${one[@]}"
expect "results that are cut off" 2 "drydock: conform: dma_buffer on kernel 6.1: the guest's results are cut off at program 1"
TMPDIR=/nonexistent conform "${one[@]}"
expect "no temporary folder" 2 "drydock: conform: no temporary folder can be made; set TMPDIR"

FAKE_GUEST="" conform "${one[@]}" --coverage
expect "a module that tells no coverage" 2 \
  "drydock: conform: dma_buffer on kernel 6.1: the module does not tell its coverage"

FAKE_GUEST="" conform "${one[@]}"
expect "a guest that shows something else" 1 ""
last=${out##*$'\n'}
[[ $last =~ ^1\ programs,\ [0-9]+\ observations,\ [0-9]+\ differences$ ]] || {
  echo "FAILED the last line: $last"
  failures=1
}
kept=$(sed -n 's/.*, kept as //p' <<<"$out" | head -n 1)
[[ $(grep -vcE '^(#|$)' "$kept") == 6 && $(tail -n 1 "$kept") == 'fd0 = open('* ]] || {
  echo "FAILED what differs is kept as its shortest program: '$kept' $(cat "$kept")"
  failures=1
}
[[ $out == *"  mix: 1 programs, "*"mmaps of a file succeed"* && $out == *"  calls: "* ]] || {
  echo "FAILED the mix is printed: $out"
  failures=1
}
FAKE_GUEST="panics later" conform "${one[@]}"
expect "a program that kills the guest" 1 ""
[[ $out == *"linux  the guest's kernel panicked: BUG: kernel NULL pointer dereference"* ]] || {
  echo "FAILED the guest's death is shown: $out"
  failures=1
}

# Interrupted: nothing is claimed, nothing is left.
(FAKE_GUEST="never ready" exec "$DRYDOCK_ROOT/kmod/conform/conform" --driver dma_buffer "${one[@]}" \
  --out "$TEST_TMPDIR/out" >"$TEST_TMPDIR/cut" 2>"$TEST_TMPDIR/err") &
for ((i = 0; i < 600; ++i)); do
  ! compgen -G "$TEST_TMPDIR/drydock-conform.*/dma_buffer.so" >/dev/null || break
  sleep 0.1
done
kill -INT $!
wait $!
status=$? err=$(<"$TEST_TMPDIR/err")
expect "an interrupt" 2 "drydock: conform: interrupted"
[[ ! -s $TEST_TMPDIR/cut ]] || { echo "FAILED an interrupted run says: $(<"$TEST_TMPDIR/cut")"; failures=1; }
if compgen -G "$TEST_TMPDIR/drydock-conform.*" >/dev/null; then
  echo "FAILED an interrupted run leaves its folder"
  failures=1
fi

rm "$DRYDOCK_BUILT_MODULES/drydock_dma_buffer.ko"
conform "${one[@]}"
expect "no module" 2 "drydock: conform: $DRYDOCK_BUILT_MODULES/drydock_dma_buffer.ko: no such file"
printf '\x7fELF%14s\xb7\x00' '' | tr ' ' '\0' >"$TEST_TMPDIR/foreign"
put_kernel 6.12 "$TEST_TMPDIR/foreign"
conform --kernel 6.12 --random 1
expect "an image for another machine" 2 \
  "drydock: conform: kernel 6.12: its image is not one for x86-64; run ./drydock kernel get 6.12"
echo x >>"$kernels/6.1/image"
conform "${one[@]}"
expect "a corrupt image" 2 "drydock: conform: kernel 6.1: its image is corrupt; run ./drydock kernel get 6.1"
env -u DRYDOCK_KERNELS kmod/conform/conform --random 1 2>"$TEST_TMPDIR/err"
status=$? err=$(<"$TEST_TMPDIR/err")
expect "not started by ./drydock" 2 "drydock: conform: start ./drydock in the checkout, it sets what is needed"
exit $failures
