# shellcheck shell=bash disable=SC2154  # root, work, install: of ./drydock
# Sourced by ./drydock: Debian packages that a command needs.

packages_of() { # COMMAND: one "PACKAGE WHY" a line
  awk -v command="$1" '!/^#/ && NF && ("," $1 ",") ~ ("," command ",") { $1 = ""; print substr($0, 2) }' \
    "$root/tools/setup/packages.txt"
}

missing_packages() { # COMMAND: as above, those that are not installed
  local installed
  # shellcheck disable=SC2016  # the braces are dpkg-query's
  installed=$(packages_of "$1" | cut -d' ' -f1 |
    xargs dpkg-query -W -f='${db:Status-Status} ${Package}\n' 2>/dev/null) || true
  packages_of "$1" | while read -r package why; do
    grep -qxF "installed $package" <<<"$installed" || printf '%s %s\n' "$package" "$why"
  done
}

as_root() {
  if ((EUID == 0)); then
    "$@"
  else
    sudo "$@"
  fi
}

install_packages() { # COMMAND LIST ("PACKAGE WHY" lines)
  local names log=$work/apt.log options=(-y --no-install-recommends -o DPkg::Lock::Timeout=120)
  mapfile -t names < <(cut -d' ' -f1 <<<"$2")
  if [[ $install == no ]]; then
    echo "apt-get install --no-install-recommends ${names[*]}"
    exit 2
  fi
  if ((EUID != 0)) && ! command -v sudo >/dev/null; then
    fail "packages" "missing, and there is neither root nor sudo to install them" \
      "as root: apt-get install --no-install-recommends ${names[*]}"
  fi
  echo "drydock ${1/-/ --} needs ${#names[@]} Debian packages that are not here; installing:" >&2
  awk '{ name = $1; $1 = ""; printf "  %-20s%s\n", name, $0 }' <<<"$2" >&2
  # Without fsync where nobody misses it after a power cut: 40 s, not 150 s.
  if [[ ${CI:-} || -e /.dockerenv || -e /run/.containerenv ]]; then
    options+=(-o Dpkg::Options::=--force-unsafe-io)
  fi
  if ! { as_root apt-get -qq update &&
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install "${options[@]}" "${names[@]}"; } \
    >"$log" 2>&1 </dev/null; then
    grep -E '^(E|W): ' "$log" >&2 || tail -n 5 "$log" >&2
    fail "packages" "apt-get could not install them" \
      "run it by hand: apt-get install --no-install-recommends ${names[*]}"
  fi
}

need_packages() { # COMMAND
  if ! command -v dpkg-query >/dev/null; then # not Debian: the user sees to it
    command -v bazel >/dev/null || fail "bazel" "not found, and this is not Debian" \
      "install Bazel 7 (bazelisk will do), clang 19 and its runtimes"
    return
  fi
  local missing
  missing=$(missing_packages "$1")
  [[ -z $missing ]] || install_packages "$1" "$missing"
}
