#!/bin/bash
# Usage: module.sh ROOT FOLDER MODULE BUILD CACHE
# Builds the kernel modules of FOLDER in the checkout ROOT against BUILD, a kernel's
# build folder or headers, and prints the path of MODULE.ko. What was built of the same
# sources against the same kernel is taken from CACHE.
set -euo pipefail
root=$1 folder=$2 module=$3 build=$4 cache=$5

mapfile -t sources < <(cd "$root/$folder" && find . -maxdepth 1 \( -name '*.[ch]' -o -name Kbuild \) | sort)
key=$({
  echo "$folder"
  sha256sum <"$build/Module.symvers"
  sha256sum "$build/include/generated/autoconf.h" "$build/include/generated/utsrelease.h" 2>/dev/null || true
  gcc --version | head -n 1
  (cd "$root/$folder" && sha256sum "${sources[@]}")
} | sha256sum | cut -c1-24)
built=$cache/$key
if [[ -f $built/$module.ko ]]; then
  echo "$built/$module.ko"
  exit
fi

# Sources keep their place in the checkout: `#include "folder/header.h"` works.
mkdir -p "$cache"
stage=$(mktemp -d "$cache/part.XXXXXX")
trap 'rm -rf "$stage"' EXIT
mkdir -p "$stage/$folder"
(cd "$root/$folder" && cp "${sources[@]}" "$stage/$folder/")
# A single file without a Kbuild is a module by itself.
[[ -f $stage/$folder/Kbuild ]] || echo "obj-m := $module.o" >"$stage/$folder/Kbuild"
# (Type information for BPF wants a vmlinux, which headers do not have.)
if ! KBUILD_BUILD_TIMESTAMP=@0 env -u MAKEFLAGS make -j2 -C "$build" M="$stage/$folder" ARCH=x86_64 \
  CONFIG_DEBUG_INFO_BTF_MODULES= KCFLAGS="-I$stage" modules >"$stage/log" 2>&1; then
  grep -m5 -E 'error|Error' "$stage/log" >&2 || tail -n 5 "$stage/log" >&2
  exit 1
fi
[[ -f $stage/$folder/$module.ko ]] || {
  echo "$folder: its Kbuild makes no $module.ko" >&2
  exit 1
}
mkdir "$stage/built"
mv "$stage/$folder"/*.ko "$stage/built/"
strip --strip-debug "$stage/built"/*.ko
# (Another one may have been faster.)
mv -T "$stage/built" "$built" 2>/dev/null || [[ -f $built/$module.ko ]]
echo "$built/$module.ko"
