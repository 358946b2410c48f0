#!/bin/bash
# What `check --confirm` starts, with kmod/runner/fake_guest in place of QEMU: each
# verdict, and what it says when something is not there or goes wrong.
set -uo pipefail
# shellcheck source=kmod/conform/conform_parts.sh
source kmod/conform/conform_parts.sh
export DRYDOCK_QEMU=$PWD/kmod/runner/fake_guest
failures=0

confirm() { # ARGUMENT...: sets status, err
  kmod/confirm/confirm --kernel 6.1 "$@" >"$TEST_TMPDIR/out" 2>"$TEST_TMPDIR/err"
  status=$?
  err=$(<"$TEST_TMPDIR/err")
}

is() { # WHAT GOT WANTED
  if [[ $2 == "$3" ]]; then
    echo "ok     $1"
  else
    printf 'FAILED %s\n  got    %s\n  wanted %s\n' "$1" "$2" "$3"
    failures=1
  fi
}

# One claim: a program of open and mmap, or what PROGRAM says.
judge() { # FAKE CLASS [FIELDS [PROGRAM]]: sets judgement
  local program=${4:-'drydock program 1\n\nfd0 = open(\"/dev/drydock_dma_buffer\", O_RDWR)\nm0 = mmap(fd0, 1 page, PROT_READ, MAP_SHARED, offset 0 pages)\n'}
  echo "[{\"class\": \"$2\", \"step\": 1, ${3:-} \"program\": \"$program\"}]" >"$TEST_TMPDIR/claims"
  rm -f "$TEST_TMPDIR/judgements"
  FAKE_GUEST=$1 confirm --driver driver_core/dma_buffer.c --claims "$TEST_TMPDIR/claims" \
    --judgements "$TEST_TMPDIR/judgements"
  judgement=$(sed -n 's/^ *"\(shown\|verdict\)": "\(.*\)",\?$/\2/p' "$TEST_TMPDIR/judgements" 2>/dev/null | paste -sd'|')
}

mkdir -p "$DRYDOCK_BUILT_MODULES"
printf '\x7fELF%14s\x3e\x00' '' | tr ' ' '\0' >"$TEST_TMPDIR/image"
put_kernel 6.1 "$TEST_TMPDIR/image"
for module in drydock_ptdump drydock_dma_buffer; do : >"$DRYDOCK_BUILT_MODULES/$module.ko"; done

confirm --ready
is "all is there" "$status $err" "0 "
DRYDOCK_QEMU=no-such-qemu confirm --ready
is "no QEMU" "$status $err" "2 drydock: no-such-qemu: no such program, install qemu-system-x86"
mv "$kernels/6.1/stamp" "$TEST_TMPDIR/stamp"
confirm --ready
is "no such kernel" "$status $err" "2 drydock: kernel 6.1: it is not here; run ./drydock kernel get 6.1"
mv "$TEST_TMPDIR/stamp" "$kernels/6.1/stamp"
env -u DRYDOCK_KERNELS kmod/confirm/confirm --kernel 6.1 --ready 2>"$TEST_TMPDIR/err"
is "not started by ./drydock" "$(<"$TEST_TMPDIR/err")" "drydock: start ./drydock in the checkout, it sets what is needed"
confirm --claims /nonexistent
is "no claims" "$status $err" "2 drydock: /nonexistent: no claims in it"

judge "panics later" X01
is "a BUG that the kernel has, too" "$judgement" \
  "BUG: kernel NULL pointer dereference, address: 0000000000000008|confirmed"
judge "" X01
is "a BUG that the kernel has not" "$judgement" "the kernel goes on without a word|refuted"
judge "" X05
is "a step that comes back" "$judgement" "every step comes back|refuted"
judge "" X02
is "an access that hits something" "$judgement" "the access hit memory that is there|not observable"
judge "" C25
is "another result" "$judgement" "fd0 = open(\\\"/dev/drydock_dma_buffer\\\", O_RDWR): 600, where the simulation has 3|refuted"
judge "panics later" C02
is "a kernel that dies of a mapping" "$judgement" \
  "BUG: kernel NULL pointer dereference, address: 0000000000000008|confirmed"
judge "" C63
is "a use count that is not told" "$judgement" "the kernel does not tell the module's use count|not observable"

# Nothing is booted for these.
judge "panics at boot" C45
is "a leak" "$judgement" "a kernel does not say what is left behind|not observable"
judge "panics at boot" C02 '"on_x86": false,'
is "another machine" "$judgement" "it does not show on an x86-64 machine, which the guest is|not observable"
judge "panics at boot" C02 "" 'drydock program 1\nfail-allocation 2\n\nfd0 = open(node 0, O_RDWR)\n'
is "an allocation fails" "$judgement" "nothing makes an allocation fail there|not observable"
judge "panics at boot" C45 "" 'drydock program 1\nload-trial 3\n'
is "an allocation of insmod fails" "$judgement" "nothing makes an allocation of insmod fail there|not observable"
judge "panics at boot" C03 "" 'drydock program 1\ncore-guards off\n\nfd0 = open(node 0, O_RDWR)\n'
is "without guards" "$judgement" "the kernel's own check of offset + length is always on there|not observable"

judge "panics at boot" X01
is "a guest that does not boot" "$status $err" \
  "2 drydock: kernel 6.1: the guest's kernel panicked: Kernel panic - not syncing: VFS: Unable to mount root fs"
is "and nothing is written" "$judgement" ""
rm "$DRYDOCK_BUILT_MODULES/drydock_dma_buffer.ko"
judge "" X01
is "no module" "$judgement" "$DRYDOCK_BUILT_MODULES/drydock_dma_buffer.ko: no such file|not observable"
is "no temporary folder is left" "$(find "$TEST_TMPDIR" -maxdepth 1 -name 'drydock-confirm*')" ""
exit $failures
