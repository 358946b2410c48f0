# shellcheck shell=bash
# Sourced by tests of conform: what ./drydock sets for it. The working folder is the
# root of the runfiles.

kernels=$TEST_TMPDIR/kernels
DRYDOCK_ROOT=$PWD
DRYDOCK_FLAGS=$PWD/bazel/driver_flags.txt
DRYDOCK_AGENT=$PWD/kmod/agent/agent
DRYDOCK_PACK=$PWD/bazel/initramfs/pack
DRYDOCK_KERNELS=$kernels
DRYDOCK_MODULES=$TEST_TMPDIR/modules
DRYDOCK_BUILT_MODULES=$TEST_TMPDIR/built
export DRYDOCK_ROOT DRYDOCK_FLAGS DRYDOCK_AGENT DRYDOCK_PACK DRYDOCK_KERNELS DRYDOCK_MODULES
export DRYDOCK_BUILT_MODULES TMPDIR=$TEST_TMPDIR

put_kernel() { # NAME IMAGE: as `./drydock kernel get` leaves one
  mkdir -p "$kernels/$1/build"
  : >"$kernels/$1/build/Module.symvers"
  cp -L "$2" "$kernels/$1/image"
  printf 'name: %s\nversion: test\nrelease: %s\nimage-sha256: %s\n' "$1" "$1" \
    "$(sha256sum <"$kernels/$1/image" | cut -d' ' -f1)" >"$kernels/$1/stamp"
}
