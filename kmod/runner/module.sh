#!/bin/bash
# Usage: module.sh ROOT FOLDER MODULE BUILD CACHE [HOOK.c FLAG...]
# Builds the kernel modules of FOLDER in the checkout ROOT against BUILD, a kernel's
# build folder or headers, and prints the path of MODULE.ko. What was built of the same
# sources against the same kernel is taken from CACHE. A module that the folder's Kbuild
# does not name is made of MODULE.c alone. With HOOK.c, which becomes a part of the
# module, its code is compiled with FLAG... (of kmod/cover/coverage.cc),
# and the debug information stays.
set -euo pipefail
root=$1 folder=$2 module=$3 build=$4 cache=$5 hook=${6:-} hook_flags=("${@:7}")

mapfile -t sources < <(cd "$root/$folder" && find . -maxdepth 1 \( -name '*.[ch]' -o -name Kbuild -o -name Makefile \) | sort)
key=$({
  echo "$folder $module"
  sha256sum <"$build/Module.symvers"
  sha256sum "$build/include/generated/autoconf.h" "$build/include/generated/utsrelease.h" 2>/dev/null || true
  gcc --version | head -n 1
  (cd "$root/$folder" && sha256sum "${sources[@]}")
  [[ -z $hook ]] || { cat "$hook" && echo "${hook_flags[*]}"; } | sha256sum
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
# A single file that no Kbuild names is a module by itself; the kernel calls my-pump.c
# my_pump.
if ! cat "$stage/$folder"/{Kbuild,Makefile} 2>/dev/null | tr - _ | grep -qw "$module"; then
  for source in "$stage/$folder"/*.c; do
    name=$(basename "$source" .c)
    [[ ${name//-/_} != "$module" ]] || echo "obj-m := $name.o" >"$stage/$folder/Kbuild"
  done
fi
flags=-I$stage
if [[ -n $hook ]]; then
  cp "$hook" "$stage/$folder/drydock_cover_hook.c"
  printf "%s\n" "obj-m := $module.o" "$module-y += drydock_cover_hook.o" >>"$stage/$folder/Kbuild"
  flags+=" ${hook_flags[*]}"
fi
# (Type information for BPF wants a vmlinux, which headers do not have.)
if ! KBUILD_BUILD_TIMESTAMP=@0 env -u MAKEFLAGS make -j2 -C "$build" M="$stage/$folder" ARCH=x86_64 \
  CONFIG_DEBUG_INFO_BTF_MODULES= KCFLAGS="$flags" modules >"$stage/log" 2>&1; then
  grep -m5 -E 'error|Error' "$stage/log" >&2 || tail -n 5 "$stage/log" >&2
  exit 1
fi
for file in "$stage/$folder"/*-*.ko; do
  name=$(basename "$file")
  [[ ! -f $file ]] || mv "$file" "$stage/$folder/${name//-/_}"
done
[[ -f $stage/$folder/$module.ko ]] || {
  echo "$folder: its Kbuild makes no $module.ko" >&2
  exit 1
}
mkdir "$stage/built"
mv "$stage/$folder"/*.ko "$stage/built/"
[[ -n $hook ]] || strip --strip-debug "$stage/built"/*.ko
# (Another one may have been faster.)
mv -T "$stage/built" "$built" 2>/dev/null || [[ -f $built/$module.ko ]]
echo "$built/$module.ko"
