# shellcheck shell=bash disable=SC2154  # root, work, kernels, part and the row: of kernels.sh
# Sourced by kernels.sh: a kernel of Debian as it is. Of its packages there remain
# `image`, to boot, and `headers`, to build modules with.

# The unpacked kernel boots through PVH; that saves each guest some seconds.
unpack_kernel() { # VMLINUZ OUT
  local magic tool offset
  for tool in xz zstd; do
    case $tool in
      xz) magic='\xfd7zXZ\x00' ;;
      zstd) magic='\x28\xb5\x2f\xfd' ;;
    esac
    while read -r offset; do
      # (What follows the payload makes the tool end with an error.)
      tail -c +$((offset + 1)) "$1" | "$tool" -dc >"$2" 2>/dev/null || true
      [[ $(head -c 4 "$2" | tail -c 3) != ELF ]] || return 0
    done < <(LC_ALL=C grep -aboP "$magic" "$1" | tr -d '\0' | cut -d: -f1)
  done
  rm -f "$2"
  return 1
}

get_kernel_image() {
  local deb packages vmlinuz release headers
  packages=$part/packages
  # shellcheck disable=SC2086  # one package a word
  download_packages "$packages" $offered_packages
  say "unpacking"
  rm -rf "$part/root"
  for deb in "$packages"/*.deb; do
    case ${deb##*/} in
      linux-image-*) dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$packages" --wildcards '*/vmlinuz*' ;;
      *) dpkg-deb -x "$deb" "$part/root" ;;
    esac || fail "kernel $name" "${deb##*/} cannot be unpacked" "see to the space in $kernels"
  done
  vmlinuz=$(find "$packages" -name 'vmlinuz-*' | head -n 1)
  [[ -n $vmlinuz ]] || fail "kernel $name" "its package has no vmlinuz" "say so: this is a mistake of drydock"
  release=${vmlinuz##*/vmlinuz-}
  unpack_kernel "$vmlinuz" "$part/image" ||
    fail "kernel $name" "its vmlinuz holds no payload that xz or zstd unpack" "apt-get install xz-utils zstd"
  headers=$part/root/usr/src/linux-headers-$release
  [[ -f $headers/Module.symvers ]] || fail "kernel $name" "its headers have no Module.symvers" "say so: this is a mistake of drydock"
  # The headers name their other half by its place in a system; here it is beside.
  # shellcheck disable=SC2016  # the variable is make's
  sed -i 's#^\(include \)/usr/src/#\1$(dir $(lastword $(MAKEFILE_LIST)))../#' "$headers/Makefile"
  ln -sfn "root/usr/src/linux-headers-$release" "$part/build"
  echo "$release" >"$part/release"
  rm -rf "$packages"
}
