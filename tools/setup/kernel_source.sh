# shellcheck shell=bash disable=SC2154  # root, work, kernels, part and the row: of kernels.sh
# Sourced by kernels.sh: a kernel built from Debian's source package. The tree stays in
# source/, for all kernels of it; the build folder stays, to build modules with.

# Large, and no kernel of ours is made of it. (Settings of all architectures are read.)
left_out=('Documentation/*/*' 'arch/[a-wyz]*.[chS]' 'arch/[a-wyz]*.dts*' tools/testing 'sound/*.[ch]'
  'drivers/gpu/*.[ch]' 'drivers/infiniband/*.[ch]' 'drivers/media/*.[ch]' 'drivers/net/*.[ch]'
  'drivers/pinctrl/*.[ch]' 'drivers/scsi/*.[ch]' 'drivers/staging/*.[ch]' 'drivers/usb/*.[ch]')

source_tree() { # prints the unpacked tree
  local tree=$kernels/source/linux-source-$series-$offered_version archive=/usr/src/linux-source-$series.tar.xz
  local temporary=$kernels/source/part.$BASHPID options=() pattern
  if [[ -f $tree/Makefile ]]; then
    echo "$tree"
    return
  fi
  mkdir -p "$kernels/source"
  # (What a killed get left.)
  find "$kernels/source" -maxdepth 1 -name 'part.*' -mmin +60 -exec rm -rf {} +
  mkdir -p "$temporary"
  if [[ $(dpkg-query -W -f='${Version}' "linux-source-$series" 2>/dev/null) != "$offered_version" || ! -f $archive ]]; then
    download_packages "$temporary/packages" "$offered_packages"
    dpkg-deb --fsys-tarfile "$temporary/packages"/*.deb |
      tar -x -C "$temporary" "./usr/src/linux-source-$series.tar.xz" ||
      fail "kernel $name" "$offered_packages cannot be unpacked" "see to the space in $kernels"
    archive=$temporary/usr/src/linux-source-$series.tar.xz
  fi
  say "unpacking linux-source-$series $offered_version"
  mkdir "$temporary/tree"
  for pattern in "${left_out[@]}"; do options+=("--exclude=linux-source-$series/$pattern"); done
  LC_ALL=C tar --anchored "${options[@]}" -xJf "$archive" -C "$temporary/tree" --strip-components=1 ||
    fail "kernel $name" "$archive cannot be unpacked" "see to the space in $kernels"
  mv "$temporary/tree" "$tree" 2>/dev/null || [[ -f $tree/Makefile ]] ||
    fail "$tree" "cannot be made" "see the folder $kernels/source"
  rm -rf "$temporary"
  echo "$tree"
}

kernel_make() { # ARGUMENT...: make in the build folder, log in $part/log
  KBUILD_BUILD_TIMESTAMP=@0 KBUILD_BUILD_USER=drydock KBUILD_BUILD_HOST=drydock \
    env -u MAKEFLAGS -u MFLAGS make -C "$part/build" ARCH=x86_64 "$@" >>"$part/log" 2>&1
}

build_failed() { # WHAT
  grep -m3 -E '(error|Error|No space)' "$part/log" >&2 || tail -n 3 "$part/log" >&2
  fail "kernel $name" "$1 (log: $part/log)" "see the lines above; then again: drydock kernel get $name"
}

configure_kernel() { # TREE
  local tree=$1 paths=() fragment lost
  for fragment in ${fragments//,/ }; do paths+=("$root/kmod/kernels/$fragment.config"); done
  mkdir -p "$part/build"
  make -C "$tree" O="$part/build" ARCH=x86_64 tinyconfig >>"$part/log" 2>&1 || build_failed "make tinyconfig failed"
  (cd "$part/build" && "$tree/scripts/kconfig/merge_config.sh" -m .config "${paths[@]}") >>"$part/log" 2>&1 ||
    build_failed "the settings cannot be merged"
  kernel_make olddefconfig || build_failed "make olddefconfig failed"
  # What another setting forbids is dropped without a word.
  lost=$(grep -hE '^(CONFIG_|# CONFIG_.* is not set)' "${paths[@]}" | while read -r line; do
    case $line in
      CONFIG_*) grep -qxF "$line" "$part/build/.config" || echo "$line" ;;
      *) ! grep -q "^$(cut -d' ' -f2 <<<"$line")=" "$part/build/.config" || echo "$line" ;;
    esac
  done | paste -sd' ')
  [[ -z $lost ]] || fail "kernel $name" "these settings do not survive: $lost" "mend kmod/kernels/*.config"
  : >"$part/configured"
}

get_kernel_source() {
  local tree begun=$SECONDS built ticker
  tree=$(source_tree) || exit
  if [[ -e $part/configured ]]; then
    say "going on with the build that was begun"
  else
    : >"$part/log"
    configure_kernel "$tree"
  fi
  say "building Linux $series with $(nproc) processors (some minutes; log: $part/log)"
  # (It ends with this shell, however that ends, and does not keep the lock.)
  # (Its sleep holds nobody up who reads what this command prints.)
  (while sleep 20 >/dev/null 2>&1 && kill -0 $$ 2>/dev/null; do
    say "$(grep -c '^  CC ' "$part/log") files compiled, $((SECONDS - begun)) s"
  done) 8>&- &
  ticker=$!
  built=yes
  kernel_make -j"$(nproc)" "$boot" modules || built=no
  kill "$ticker" 2>/dev/null || true
  [[ $built == yes ]] || build_failed "make failed"
  case $boot in
    vmlinux) cp "$part/build/vmlinux" "$part/image" ;;
    bzImage) cp "$part/build/arch/x86/boot/bzImage" "$part/image" ;;
  esac || build_failed "no image came of the build"
  [[ -f $part/build/Module.symvers ]] || build_failed "no Module.symvers came of the build"
  cp "$part/build/include/config/kernel.release" "$part/release"
  # Modules are built without the objects of the kernel.
  find "$part/build" \( -name '*.o' -o -name '*.a' -o -name '.*.cmd' \) -not -path '*/scripts/*' -not -path '*/tools/*' -delete
  rm -f "$part"/build/.tmp_vmlinux* "$part/configured"
  # It will have another name in a moment.
  sed -i "s#$part/#$kernels/$name/#g" "$part/build/Makefile"
  say "built in $((SECONDS - begun)) s"
}
