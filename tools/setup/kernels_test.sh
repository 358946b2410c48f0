#!/bin/bash
# ./drydock kernel list and get: what docs/kernels.md says of them. Debian is a folder
# of three kernels here, the network is there or not, and make needs no time.
set -uo pipefail

# shellcheck source=tools/setup/checkout_fixture.sh
source tools/setup/checkout_fixture.sh
mkdir -p "$root/kmod/kernels"
cp -L kmod/kernels/* "$root/kmod/kernels/"

debian=$TEST_TMPDIR/built/debian # of the fakes, with the switches below beside it
kernels=$TEST_TMPDIR/home/.cache/drydock/kernels
mkdir -p "$debian"

switch() { # NAME on|off: how the world of the fakes is
  if [[ $2 == on ]]; then touch "$TEST_TMPDIR/built/$1"; else rm -f "$TEST_TMPDIR/built/$1"; fi
}

state_of() { # NAME: as `kernel list` printed it
  awk -v name="$1" '$1 == name { print $2 }' <<<"$out"
}

row_of() { # NAME: without runs of spaces
  awk -v name="$1" '$1 == name { $1 = $1; print }' <<<"$out"
}

times() { # PATTERN: how often the fakes were asked so
  grep -cE -- "$1" "$asked"
}

package() { # NAME VERSION FOLDER
  mkdir -p "$3/DEBIAN"
  printf '%s\n' "Package: $1" "Version: $2" "Architecture: amd64" "Maintainer: nobody" "Description: fake" \
    >"$3/DEBIAN/control"
  dpkg-deb --root-owner-group -Znone -b "$3" "$debian/$1_$2_amd64.deb" >/dev/null
}

make_debian() {
  local tree=$TEST_TMPDIR/linux-source-6.1 folder release=6.1.0-44-amd64
  mkdir -p "$tree/scripts/kconfig" "$TEST_TMPDIR/source/usr/src"
  echo "# a kernel" >"$tree/Makefile"
  # shellcheck disable=SC2016  # for the script to expand
  printf '%s\n' '#!/bin/bash' 'shift; out=$1; shift; cat "$@" >>"$out"' >"$tree/scripts/kconfig/merge_config.sh"
  chmod +x "$tree/scripts/kconfig/merge_config.sh"
  tar -cJf "$TEST_TMPDIR/source/usr/src/linux-source-6.1.tar.xz" -C "$TEST_TMPDIR" linux-source-6.1
  package linux-source-6.1 6.1.9-1 "$TEST_TMPDIR/source"

  folder=$TEST_TMPDIR/image
  mkdir -p "$folder/boot"
  { echo "what boots is behind this"; printf '\177ELF and a kernel' | xz; } >"$folder/boot/vmlinuz-$release"
  package "linux-image-$release" 6.1.9-1 "$folder"
  folder=$TEST_TMPDIR/headers
  mkdir -p "$folder/usr/src/linux-headers-$release"
  touch "$folder/usr/src/linux-headers-$release/Module.symvers"
  echo "include /usr/src/linux-headers-6.1.0-44-common/Makefile" >"$folder/usr/src/linux-headers-$release/Makefile"
  package "linux-headers-$release" 6.1.9-1 "$folder"
}

fake apt-get <<'FAKE'
if [[ $1 == indextargets ]]; then
  echo mirror:/debian/
elif [[ -e $BUILT/no-network ]]; then
  echo "E: no network" >&2
  exit 100
elif [[ " $* " == *" download "* ]]; then
  [[ ! -e $BUILT/dies-in-download ]] || { echo "E: connection lost" >&2; exit 100; }
  cp "$BUILT/debian/${!#}"_*.deb .
fi
FAKE
fake apt-cache <<'FAKE'
shift 2
case $1 in
  policy) for deb in "$BUILT/debian/$2"_*.deb; do
    [[ ! -e $deb ]] || { version=${deb##*/}; version=${version#*_}; echo "  Candidate: ${version%_*}"; }
  done ;;
  search) echo "linux-headers-6.1.0-44-amd64 - headers"; echo "linux-headers-6.1.0-45-amd64 - no image of it yet" ;;
  depends) ;;
  show) echo "Size: 1000000" ;;
esac
FAKE
fake make <<'FAKE'
case " $* " in
  *" tinyconfig "*)
    for argument; do [[ $argument != O=* ]] || build=${argument#O=}; done
    echo "CONFIG_TINY=y" >"$build/.config"
    echo "# made by $build/" >"$build/Makefile"
    ;;
  *" olddefconfig "*) [[ ! -e $BUILT/forbids ]] || sed -i '/^CONFIG_FUTEX=/d' "$2/.config" ;;
  *)
    while [[ -e $BUILT/slow ]]; do sleep 0.05; done
    [[ ! -e $BUILT/compiler-fails ]] || { echo "a.c:1: error: no such thing"; exit 2; }
    [[ ! -e $BUILT/kills ]] || { rm "$BUILT/kills"; kill -KILL "$PPID"; exit 1; }
    mkdir -p "$2/include/config"
    echo 6.1.9 >"$2/include/config/kernel.release"
    touch "$2/Module.symvers" "$2/leftover.o"
    printf '\177ELF built' >"$2/vmlinux"
    ;;
esac
FAKE
fake stat <<'FAKE'
if [[ $1 == -f && -e $BUILT/full ]]; then echo "1 * 1000000"; else exec /usr/bin/stat "$@"; fi
FAKE
make_debian

# --- list ---------------------------------------------------------------------

switch no-network on
drydock kernel list
expect "no index and no network: status" "$status" 0
expect "no index and no network: why" "$(row_of 6.1)" "6.1 cannot - - no package index: apt-get update: no network"
switch no-network off

drydock kernel list
expect "list: what is offered is absent" "$(row_of 6.1-small)" \
  "6.1-small absent 6.1.9-1 - built from linux-source-6.1 of bookworm: tinyconfig + small"
expect "list: the newest headers that have an image" "$(row_of 6.1 | cut -d' ' -f1-3)" "6.1 absent 6.1.9-1"
expect "list: what nobody offers" "$(row_of 7.3-small)" \
  "7.3-small cannot - - Debian's trixie-backports offers no linux-source-7.3"
expect "list: downloads and builds nothing" "$(times '^make|download')" 0
expect "the suites are those of kernels.txt" "$(grep -oE '[^ ]+ main$' "$kernels/apt/etc/sources.list" | paste -sd' ')" \
  "bookworm main bookworm-backports main trixie-backports main"

drydock kernel list
expect "an index of today is not read again" "$(times 'update$')" 0
touch -d '3 days ago' "$kernels/apt/complete"
drydock kernel list
expect "an old index is read again" "$(times 'update$')" 1
touch -d '3 days ago' "$kernels/apt/complete"
switch no-network on
drydock kernel list
expect "an old index is better than none" "$(state_of 6.1)" absent
switch no-network off

# --- get: refusals, which leave nothing that counts as a kernel ---------------

drydock kernel get 6.2
expect "no such kernel: status" "$status" 2
expect "no such kernel: one line" "$err" \
  "drydock: 6.2: no such kernel; one of: 6.1 6.12 6.1-small 7.3-small 6.1-kasan"
drydock kernel get 7.3-small
expect "not offered: status" "$status" 2
expect "not offered: one line" "$err" \
  "drydock: kernel 7.3-small: Debian's trixie-backports offers no linux-source-7.3; see: drydock kernel list"
switch full on
drydock kernel get 6.1-small
expect "no space: status" "$status" 2
expect "no space: one line" "$err" \
  "drydock: kernel 6.1-small: needs 3500 MB in $kernels, and 1 MB are free; make room there, or set XDG_CACHE_HOME to another folder"
expect "no space: nothing was begun" "$(times '^make|download')" 0
switch full off
switch dies-in-download on
drydock kernel get 6.1-small
expect "download fails: status" "$status" 2
expect "download fails: last line" "${err##*$'\n'}" \
  "drydock: kernel 6.1-small: apt-get download linux-source-6.1: connection lost; see to the network, then again: drydock kernel get 6.1-small"
switch dies-in-download off
switch forbids on
drydock kernel get 6.1-small
expect "a forbidden setting: status" "$status" 2
expect "a forbidden setting: its name" "${err##*$'\n'}" \
  "drydock: kernel 6.1-small: these settings do not survive: CONFIG_FUTEX=y; mend kmod/kernels/*.config"
expect "a forbidden setting: nothing was built" "$(times '^make .*vmlinux')" 0
switch forbids off
switch compiler-fails on
drydock kernel get 6.1-small
expect "the compiler fails: status" "$status" 2
expect "the compiler fails: its words" "$(grep -c 'a.c:1: error: no such thing' <<<"$err")" 1
switch compiler-fails off
expect "after all these there is no kernel" "$(find "$kernels" -maxdepth 1 -name '6.1*' ! -name '*.part')" ""

# --- get: stopped, and gone on with -------------------------------------------

switch kills on
drydock kernel get 6.1-small
expect "killed: status" "$status" 137
drydock kernel list
expect "killed: what remains is no kernel" "$(row_of 6.1-small | cut -d' ' -f1-6)" "6.1-small absent begun, get goes on"
drydock kernel get 6.1-small
expect "gone on with: status" "$status" 0
expect "gone on with: not configured again" "$(times '^make .*config$')" 0
expect "gone on with: not downloaded again" "$(times 'download')" 0
expect "gone on with: built" "$(times '^make .*vmlinux modules$')" 1
expect "the part has become the kernel" "$(cd "$kernels" && echo 6*)" 6.1-small
expect "modules are built without its objects" "$(find "$kernels/6.1-small" -name '*.o')" ""
expect "the build folder knows its new name" "$(<"$kernels/6.1-small/build/Makefile")" \
  "# made by $kernels/6.1-small/build/"
expect "the stamp has the image's sum" "$(sed -n 's/^image-sha256: //p' "$kernels/6.1-small/stamp")" \
  "$(sha256sum <"$kernels/6.1-small/image" | cut -d' ' -f1)"

# --- get: what is there -------------------------------------------------------

drydock kernel list
expect "list: ready" "$(state_of 6.1-small)" ready
drydock kernel get 6.1-small
expect "ready: status" "$status" 0
expect "ready: only looked at" "$(times '^make|download|update')" 0
expect "ready: said" "$err" "drydock: 6.1-small: ready (6.1.9-1)"

printf 'XELF built' >"$kernels/6.1-small/image"
drydock kernel get 6.1-small
expect "other bytes in the image: made anew" "$(head -c 4 "$kernels/6.1-small/image" | tail -c 3)" ELF
expect "other bytes in the image: said" "$(head -n 1 <<<"$err")" \
  "drydock: 6.1-small: broken (6.1.9-1): making it anew"
echo x >>"$kernels/6.1-small/image"
drydock kernel list
expect "another size: broken" "$(state_of 6.1-small)" broken
rm "$kernels/6.1-small/image"
drydock kernel list
expect "no image: broken" "$(state_of 6.1-small)" broken
drydock kernel get 6.1-small
expect "broken: made anew" "$status $(times '^make .*vmlinux modules$')" "0 1"

echo "# A remark." >>"$root/kmod/kernels/small.config"
drydock kernel list
expect "a remark in the settings changes nothing" "$(state_of 6.1-small)" ready
echo "CONFIG_NEW=y" >>"$root/kmod/kernels/small.config"
drydock kernel list
expect "another setting: stale" "$(state_of 6.1-small)" stale
switch compiler-fails on
drydock kernel get 6.1-small
expect "the kernel before stays until there is a new one" "$status $(head -c 4 "$kernels/6.1-small/image" | tail -c 3)" "2 ELF"
switch compiler-fails off
echo "CONFIG_NEWER=y" >>"$root/kmod/kernels/small.config"
drydock kernel get 6.1-small
expect "what was begun with other settings is begun anew" "$status $(times '^make .*tinyconfig$')" "0 1"
expect "the new setting is in it" "$(grep -c '^CONFIG_NEWER=y' "$kernels/6.1-small/build/.config")" 1

# --- get: two at once ---------------------------------------------------------

rm -r "$kernels/6.1-small"
switch slow on
first=$TEST_TMPDIR/first
(asked=$first && drydock kernel get 6.1-small && echo "$status" >"$first.status") &
for ((i = 0; i < 600; ++i)); do
  ! grep -qs '^make .*vmlinux modules$' "$first" || break
  sleep 0.05
done
(sleep 1; switch slow off) &
drydock kernel get 6.1-small
wait
expect "two at once: the first" "$(<"$first.status") $(grep -c '^make .*modules$' "$first")" "0 1"
expect "two at once: the second" "$status" 0
expect "two at once: the second waited" "$(head -n 1 <<<"$err")" \
  "drydock: 6.1-small: another get of it is at work; waiting"
expect "two at once: and built nothing" "$(tail -n 1 <<<"$err") $(times '^make .*modules$')" \
  "drydock: 6.1-small: ready (6.1.9-1) 0"

# --- get: a kernel of Debian as it is -----------------------------------------

drydock kernel get 6.1
expect "Debian's kernel: status" "$status" 0
expect "Debian's kernel: unpacked" "$(head -c 4 "$kernels/6.1/image" | tail -c 3)" ELF
expect "Debian's kernel: its release" "$(<"$kernels/6.1/release")" 6.1.0-44-amd64
expect "Debian's kernel: headers for modules" "$([[ -f $kernels/6.1/build/Module.symvers ]] && echo yes)" yes
expect "Debian's kernel: its headers are found here" "$(grep -c '^include /usr' "$kernels/6.1/build/Makefile")" 0
expect "Debian's kernel: nothing was installed" "$(times '^apt-get .*install')" 0
exit "$failures"
