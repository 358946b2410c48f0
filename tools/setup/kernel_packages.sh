# shellcheck shell=bash disable=SC2154  # root, work, kernels and the row: of kernels.sh
# Sourced by kernels.sh: what Debian offers, in a package index of our own. Nothing is
# installed and the system's apt is not touched; apt checks signatures and sums.

index_days=1 # an index that is older is read again

debian_uri() { # PATTERN: the first of the system's repositories that matches
  # shellcheck disable=SC2016  # the variable is apt's
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null | grep -E "$1" | head -n 1
}

write_apt_configuration() { # FOLDER
  local folder=$1 main security offered
  main=$(debian_uri '/debian/?$') || true
  security=$(debian_uri '/debian-security/?$') || true
  [[ -n $main ]] || {
    echo "apt knows no Debian repository (no line of /etc/apt/sources.list* names one)" >&2
    return 1
  }
  mkdir -p "$folder"/{etc/sources.list.d,etc/preferences.d,lists/partial,cache/archives/partial}
  : >"$folder/status"
  {
    while read -r offered; do
      echo "deb [arch=amd64] $main $offered main"
    done < <(awk '!/^#/ && NF { print $4 }' "$root/kmod/kernels/kernels.txt" | sort -u)
    [[ -z $security ]] || echo "deb [arch=amd64] $security bookworm-security main"
  } | sed 's#arch=amd64#& signed-by=/usr/share/keyrings/debian-archive-keyring.gpg#' >"$folder/etc/sources.list"
  cat >"$folder/apt.conf" <<CONF
Dir::Etc "$folder/etc";
Dir::Etc::sourcelist "$folder/etc/sources.list";
Dir::Etc::sourceparts "$folder/etc/sources.list.d";
Dir::Etc::preferencesparts "$folder/etc/preferences.d";
Dir::State "$folder";
Dir::State::lists "$folder/lists";
Dir::State::status "$folder/status";
Dir::Cache "$folder/cache";
Dir::Cache::pkgcache "pkgcache.bin";
Dir::Cache::srcpkgcache "srcpkgcache.bin";
Acquire::Languages "none";
APT::Sandbox::User "";
CONF
}

read_package_index() { # 1 and one line on stderr if it cannot be read
  local folder=$kernels/apt
  command -v apt-get >/dev/null || {
    echo "apt-get is not here: kernels come from Debian's packages" >&2
    return 1
  }
  [[ -z $(find "$folder/complete" -mtime -$index_days 2>/dev/null) ]] || return 0
  write_apt_configuration "$folder" || return 1
  if ! apt-get -c "$folder/apt.conf" -qq -o APT::Update::Error-Mode=any update >"$work/apt.log" 2>&1; then
    # Yesterday's index is better than none.
    [[ ! -e $folder/complete ]] || return 0
    echo "no package index: apt-get update: $(grep -m1 -E '^(E|W): ' "$work/apt.log" | cut -c4-)" >&2
    return 1
  fi
  touch "$folder/complete"
}

cached() { # apt-cache in our index
  apt-cache -c "$kernels/apt/apt.conf" "$@" 2>/dev/null
}

candidate_version() { # PACKAGE
  cached policy "$1" | awk '/Candidate:/ && $2 != "(none)" { print $2 }'
}

kernel_offer() { # sets offered_version and offered_packages; 1 and one line on stderr if there is none
  local release
  if [[ $how == source ]]; then
    offered_packages=linux-source-$series
    offered_version=$(candidate_version "$offered_packages")
    [[ -n $offered_version ]] || {
      echo "Debian's $suite offers no linux-source-$series" >&2
      return 1
    }
    return
  fi
  # The newest with headers that has an image.
  while read -r release; do
    offered_version=$(candidate_version "linux-image-$release")
    [[ -n $offered_version ]] || continue
    offered_packages="linux-image-$release linux-headers-$release $(cached depends "linux-headers-$release" |
      sed -nE 's/^ *Depends: (linux-(headers|kbuild)-)/\1/p' | paste -sd' ')"
    return
  done < <(cached search -n "^linux-headers-${series//./\\.}[.+]" | grep -oE '^linux-headers-[^ ]+-amd64' |
    grep -vE -- '-(cloud|rt)-amd64$' | sed 's/^linux-headers-//' | sort -Vr)
  echo "Debian's $suite offers no image of $series together with its headers" >&2
  return 1
}

download_packages() { # FOLDER PACKAGE...: leaves one .deb each
  local folder=$1 package megabytes
  shift
  rm -rf "$folder"
  mkdir -p "$folder"
  for package in "$@"; do
    megabytes=$(($(cached show --no-all-versions "$package" | sed -n 's/^Size: //p') / 1000000))
    say "downloading $package ($megabytes MB)"
    (cd "$folder" && apt-get -c "$kernels/apt/apt.conf" -qq download "$package") >"$work/apt.log" 2>&1 || {
      rm -f "$kernels/apt/complete"
      fail "kernel $name" "apt-get download $package: $(grep -m1 -E '^(E|W): ' "$work/apt.log" | cut -c4-)" \
        "see to the network, then again: drydock kernel get $name"
    }
  done
}
