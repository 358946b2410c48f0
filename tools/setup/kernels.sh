# shellcheck shell=bash disable=SC2154  # root, work, install: of ./drydock
# Sourced by ./drydock: `kernel list` and `kernel get`, kernels that programs run on
# besides the simulation. What there is: kmod/kernels/kernels.txt.
#
# A kernel is ready when its folder holds a stamp: it is written last and names what
# the kernel was made of. Everything is made in NAME.part and renamed.

# shellcheck source=tools/setup/kernel_packages.sh
source "$root/tools/setup/kernel_packages.sh"
# shellcheck source=tools/setup/kernel_image.sh
source "$root/tools/setup/kernel_image.sh"
# shellcheck source=tools/setup/kernel_source.sh
source "$root/tools/setup/kernel_source.sh"

kernels_folder() {
  local folder
  folder=$(cache_folder)/drydock/kernels
  mkdir -p "$folder" || fail "$folder" "cannot be made" "set XDG_CACHE_HOME to a folder of yours"
  echo "$folder"
}

kernel_names() {
  awk '!/^#/ && NF { print $1 }' "$root/kmod/kernels/kernels.txt"
}

read_kernel_row() { # NAME: sets name, how, series, suite, boot, fragments
  read -r name how series suite boot fragments _ < <(awk -v name="$1" '$1 == name' "$root/kmod/kernels/kernels.txt") ||
    fail "$1" "no such kernel" "one of: $(kernel_names | paste -sd' ')"
}

say() { # progress, for a person who waits
  echo "drydock: $name: $*" >&2
}

# What decides about the kernel besides the version of its package. A kernel whose
# stamp says otherwise is stale.
kernel_plan() {
  local files=("$root/kmod/kernels/kernels.txt") fragment
  if [[ $how == source ]]; then
    for fragment in ${fragments//,/ }; do files+=("$root/kmod/kernels/$fragment.config"); done
    sed '/^#/!b; / is not set$/!d' "${files[@]:1}" | sha256sum | cut -c1-16
  else
    echo "as-it-is"
  fi
}

stamp_field() { # FOLDER FIELD
  sed -n "s/^$2: //p" "$1/stamp" 2>/dev/null || true
}

kernel_state() { # sets state and detail; needs a row
  local folder=$kernels/$name
  detail=$(stamp_field "$folder" version)
  if [[ -z $detail ]]; then
    state=absent
    if [[ -d $folder.part ]]; then detail="begun, get goes on"; else detail=-; fi
  elif [[ $(stamp_field "$folder" plan) != "$(kernel_plan)" ]]; then
    state=stale
  elif [[ $(stamp_field "$folder" image-bytes) != "$(stat -c %s "$folder/image" 2>/dev/null)" ]]; then
    state=broken
  else
    state=ready
  fi
}

how_got() {
  case $how in
    image) echo "linux-image-$series of Debian, with headers" ;;
    source) echo "built from linux-source-$series of $suite: tinyconfig + $fragments" ;;
  esac
}

list_kernels() {
  local name how series suite boot fragments state detail version size why
  printf '%-10s  %-7s  %-19s  %7s  %s\n' NAME STATE VERSION SIZE "HOW IT IS GOT"
  while read -r name; do
    read_kernel_row "$name"
    kernel_state
    size=-
    [[ ! -d $kernels/$name ]] || size=$(du -sh "$kernels/$name" | cut -f1)
    version=$detail
    why=$(how_got)
    if [[ $state == absent && ! -d $kernels/$name.part ]]; then
      if read_package_index 2>"$work/why" && kernel_offer 2>"$work/why"; then
        version=$offered_version
      else
        state=cannot
        why=$(<"$work/why")
      fi
    fi
    printf '%-10s  %-7s  %-19s  %7s  %s\n' "$name" "$state" "$version" "$size" "$why"
  done < <(kernel_names)
}

get_kernel() { # NAME
  local name how series suite boot fragments state detail offered_version offered_packages part
  read_kernel_row "$1"
  part=$kernels/$name.part
  exec 8>"$kernels/lock.$name"
  if ! flock -n 8; then
    say "another get of it is at work; waiting"
    flock 8
  fi
  kernel_state
  if [[ $state == ready ]]; then
    if sha256sum --quiet --status -c <(echo "$(stamp_field "$kernels/$name" image-sha256)  $kernels/$name/image"); then
      say "ready ($detail)"
      return
    fi
    state=broken
  fi
  [[ $state == absent ]] || say "$state ($detail): making it anew"
  [[ $state != broken ]] || rm -rf "${kernels:?}/$name"
  need_packages kernel
  if ! { read_package_index 2>"$work/why" && kernel_offer 2>"$work/why"; }; then
    fail "kernel $name" "$(<"$work/why")" "see: drydock kernel list"
  fi
  mkdir -p "$part" || fail "$part" "cannot be made" "see to the space there"
  need_space
  # What was begun with another source or other settings is of no use.
  if [[ $(cat "$part/begun" 2>/dev/null) != "$offered_version $(kernel_plan)" ]]; then
    rm -rf "${part:?}"
    mkdir -p "$part"
    echo "$offered_version $(kernel_plan)" >"$part/begun"
  fi
  "get_kernel_$how"
  printf '%s\n' "name: $name" "version: $offered_version" "release: $(<"$part/release")" "plan: $(kernel_plan)" \
    "image-bytes: $(stat -c %s "$part/image")" "image-sha256: $(sha256sum <"$part/image" | cut -d' ' -f1)" >"$part/stamp"
  rm -rf "${kernels:?}/$name"
  mv "$part" "$kernels/$name" || fail "$part" "cannot be renamed" "see the folder $kernels"
  say "ready: Linux $(stamp_field "$kernels/$name" release), $(du -sh "$kernels/$name" | cut -f1) in $kernels/$name"
}

need_space() {
  local needed_megabytes=1500 free_megabytes
  [[ $how == image ]] || needed_megabytes=3500
  free_megabytes=$(($(stat -f -c '%a * %S' "$kernels") / 1000000))
  ((free_megabytes >= needed_megabytes)) ||
    fail "kernel $name" "needs $needed_megabytes MB in $kernels, and $free_megabytes MB are free" \
      "make room there, or set XDG_CACHE_HOME to another folder"
}

run_kernel_command() { # list | get NAME...
  local kernels one
  [[ $(uname -m) == x86_64 ]] || fail "kernel" "the kernels are x86-64's, this machine is $(uname -m)" "use an x86-64 machine"
  kernels=$(kernels_folder)
  case ${1:-list} in
    list)
      (($# <= 1)) || fail "kernel list" "takes no argument, not '$2'" "usage: drydock kernel list"
      list_kernels
      ;;
    get)
      (($# >= 2)) || fail "kernel get" "wants a name" "one of: $(kernel_names | paste -sd' ')"
      for one in "${@:2}"; do get_kernel "$one"; done
      ;;
    *) fail "kernel $1" "no such command" "usage: drydock kernel list | get NAME..." ;;
  esac
}
