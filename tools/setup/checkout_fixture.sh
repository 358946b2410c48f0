# shellcheck shell=bash disable=SC2034  # what is set here is for the test
# Sourced by tests of ./drydock: a checkout of the launcher alone, in which each program that a
# test fakes only writes down what it was asked.

root="$TEST_TMPDIR/checkout with spaces"
bin=$TEST_TMPDIR/bin
asked=$TEST_TMPDIR/asked
failures=0

expect() { # WHAT GOT WANTED
  if [[ $2 == "$3" ]]; then
    echo "ok     $1"
  else
    echo "FAILED $1: got '$2', wanted '$3'"
    failures=1
  fi
}

# shellcheck disable=SC2016  # for the program to expand
fake() { # NAME: a program whose text is on stdin
  { echo '#!/bin/bash'; echo 'echo "${0##*/} $*" >>"$ASKED"'; cat; } >"$bin/$1"
  chmod +x "$bin/$1"
}

drydock() { # ARGUMENT...: sets status, out, err
  : >"$asked"
  out=$(cd / && env -i PATH="$bin:/usr/bin:/bin" HOME="$TEST_TMPDIR/home" TMPDIR="${temporary:-$TEST_TMPDIR}" \
    ASKED="$asked" BUILT="$TEST_TMPDIR/built" LACKING="${lacking:-}" "$root/drydock" "$@" 2>"$asked.err")
  status=$?
  err=$(<"$asked.err")
}

mkdir -p "$root/tools/setup" "$bin" "$TEST_TMPDIR/home" "$TEST_TMPDIR/built"
cp -L drydock "$root/"
cp -L tools/setup/* "$root/tools/setup/"

# Every package is installed but those in $lacking.
fake dpkg-query <<'FAKE'
for package in "${@:3}"; do
  [[ " $LACKING " == *" $package "* ]] || echo "installed $package"
done
FAKE
