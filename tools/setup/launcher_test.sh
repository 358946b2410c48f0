#!/bin/bash
# ./drydock in a checkout of nothing, with a dpkg-query, an apt-get and a bazel that
# only write down what they were asked: what is installed, built, said, returned.
set -uo pipefail

# shellcheck source=tools/setup/checkout_fixture.sh
source tools/setup/checkout_fixture.sh

fake apt-get <<'FAKE'
[[ ! -e $BUILT/no-network ]] || { echo "E: no network" >&2; exit 100; }
FAKE
fake sudo <<<'exec "$@"'
fake bazel <<'FAKE'
case " $* " in
  *" info "*) echo "$BUILT" ;;
  *" build "*)
    [[ ! -e $BUILT/broken ]] || { echo "INFO: noise"; echo "ERROR: a.cc:1: no such thing"; exit 1; }
    mkdir -p "$BUILT"/{tools/command,fuzz,bazel,live/server,live/preload,kmod/conform}
    [[ -e $BUILT/keeps-conform ]] ||
      printf '#!/bin/bash\necho "$*|$DRYDOCK_ROOT|$DRYDOCK_KERNELS|$DRYDOCK_MODULES"; exit 1\n' >"$BUILT/kmod/conform/conform"
    chmod +x "$BUILT/kmod/conform/conform"
    printf '#!/bin/bash\nfor f; do echo "<$f>"; done; echo "$DRYDOCK_ROOT"; echo "$PWD"; exit 1\n' >"$BUILT/tools/command/drydock"
    echo >"$BUILT/fuzz/worker"
    echo >"$BUILT/live/server/live_server"
    echo >"$BUILT/live/preload/libdrydock_live.so"
    echo >"$BUILT/bazel/driver_flags.txt"
    chmod +x "$BUILT/tools/command/drydock" "$BUILT/fuzz/worker" "$BUILT/live/server/live_server"
    ;;
esac
FAKE

drydock help
expect "help: status" "$status" 0
drydock chekc
expect "unknown command: status" "$status" 2
expect "unknown command: one line" "$err" "drydock: chekc: no such command; see: drydock help"

temporary=/nonexistent
drydock check x.c
expect "no temporary folder: status" "$status" 2
expect "no temporary folder: one line" "$err" \
  "drydock: temporary folder: cannot be made in /nonexistent; see to free space there, or set TMPDIR"
expect "no temporary folder: nothing was run" "$(<"$asked")" ""
temporary=""

lacking="clang-19 llvm-19"
drydock check --no-install
expect "--no-install: status" "$status" 2
expect "--no-install: the line" "$out" "apt-get install --no-install-recommends clang-19 llvm-19"
expect "--no-install: nothing is said besides" "$err" ""
expect "--no-install: nothing was run" "$(grep -cE '^(apt-get|bazel)' "$asked")" 0
for command in replay kmod test conform; do
  lacking=bazel-bootstrap drydock "$command" --no-install
  expect "--no-install with $command: status" "$status" 2
  expect "--no-install with $command: the line" "$out" "apt-get install --no-install-recommends bazel-bootstrap"
done
lacking="valgrind clang-tidy-19"
drydock test --full --no-install
expect "test --full: what it alone needs" "$out" "apt-get install --no-install-recommends clang-tidy-19 valgrind"
touch "$TEST_TMPDIR/built/no-network"
drydock test --full
expect "test --full: says for what" "$(head -n 1 <<<"$err")" \
  "drydock test --full needs 2 Debian packages that are not here; installing:"
rm "$TEST_TMPDIR/built/no-network"
drydock test
expect "test: needs none of them" "$(grep -c '^apt-get' "$asked")" 0
lacking="clang-19 llvm-19"
touch "$TEST_TMPDIR/built/no-network"
drydock check
expect "apt-get fails: status" "$status" 2
expect "apt-get fails: last line" "${err##*$'\n'}" \
  "drydock: packages: apt-get could not install them; run it by hand: apt-get install --no-install-recommends clang-19 llvm-19"
rm "$TEST_TMPDIR/built/no-network"
drydock check --no-advice "a b.c"
expect "installs what is missing" "$(grep -c '^apt-get .*install .* clang-19 llvm-19$' "$asked")" 1
expect "says why" "$(grep -c 'clang-19 .*compiles drivers' <<<"$err")" 1
lacking=""

expect "arguments arrive" "$out" $'<check>\n<--no-advice>\n<a b.c>\n'"$root"$'\n/'
expect "the exit status is the command's" "$status" 1
drydock check x.c
expect "nothing changed: no bazel" "$(grep -c '^bazel' "$asked")" 0
drydock check --confirm 6.1 x.c
expect "--confirm: what it starts is built" "$(grep -c '^bazel build .* //kmod/confirm ' "$asked")" 1
expect "--confirm: the arguments arrive" "$(head -n 3 <<<"$out")" $'<check>\n<--confirm>\n<6.1>'
drydock run --driver x.c -- program --confirm
expect "what a program's argument looks like is nothing to us" "$(grep -c '^bazel' "$asked")" 0
touch "$TEST_TMPDIR/built/broken"
drydock replay x.prog --confirm=6.1
expect "--confirm: a broken build: status" "$status" 2
expect "--confirm: a broken build: last line" "$(tail -n 1 <<<"$err" | cut -c1-55)" \
  "drydock: build: what --confirm starts does not build (a"
rm "$TEST_TMPDIR/built/broken"
sleep 0.02
touch "$root/BUILD.bazel"
drydock check x.c
expect "a new source: a build" "$(grep -c '^bazel build' "$asked")" 1
mkdir "$root/driver_core" && touch "$root/driver_core/x.c"
drydock check x.c
expect "a driver is not part of the engine" "$(grep -c '^bazel' "$asked")" 0

sleep 0.02
touch "$root/BUILD.bazel" "$TEST_TMPDIR/built/broken"
drydock check x.c
expect "a broken build: status" "$status" 2
expect "a broken build: first line" "${err%%$'\n'*}" "ERROR: a.cc:1: no such thing"
expect "a broken build: last line" "$(tail -n 1 <<<"$err" | cut -c1-24)" "drydock: build: the engi"
drydock conform --random 1
expect "conform: a broken build: status" "$status" 2
expect "conform: a broken build: last line" "$(tail -n 1 <<<"$err" | cut -c1-38)" "drydock: build: conform does not build"
rm "$TEST_TMPDIR/built/broken"
drydock conform --random 1
expect "conform: the exit status is the command's" "$status" 1
cache=$TEST_TMPDIR/home/.cache/drydock
expect "conform: arguments and places arrive" "$out" "--random 1|$root|$cache/kernels|$cache/modules"

# test: the simulation against real kernels, after all else
mkdir -p "$root/kmod/kernels" "$root/kmod/conform/programs" "$root/bazel/results" "$root/fuzz/corpus"
echo "small image 6.1 bookworm vmlinux - test" >"$root/kmod/kernels/kernels.txt"
echo "large image 6.1 bookworm vmlinux - full" >>"$root/kmod/kernels/kernels.txt"
echo "other image 6.1 bookworm vmlinux - -" >>"$root/kmod/kernels/kernels.txt"
touch "$root/fuzz/corpus/a.prog" "$root/kmod/conform/programs/b.prog"
cp -L bazel/results/summary.py "$root/bazel/results/"
put_kernel() { # NAME PLAN
  mkdir -p "$cache/kernels/$1"
  echo x >"$cache/kernels/$1/image"
  printf 'name: %s\nversion: 1\nplan: %s\nimage-bytes: 2\n' "$1" "$2" >"$cache/kernels/$1/stamp"
}
# shellcheck disable=SC2016  # for the program to expand
conforms() { # STATUS: what conform is from now on
  printf '#!/bin/bash\necho "conform $*" >>"$ASKED"; echo "4 programs, 5 observations, <%s> differences"; exit %s\n' "$1" "$1" \
    >"$BUILT_CONFORM"
}
BUILT_CONFORM=$TEST_TMPDIR/built/kmod/conform/conform
conforms 0
touch "$TEST_TMPDIR/built/keeps-conform"
drydock test
expect "test: a kernel that is not here is skipped" "$(grep '^skipped' <<<"$out")" \
  "skipped  conform: conform conform.small: kernel small is absent; ./drydock kernel get small"
put_kernel small as-it-is
put_kernel large as-it-is
drydock test
expect "test: with the kernels of the gate" "$(grep '^conform ' "$asked")" \
  "conform --kernel small --programs $root/fuzz/corpus --programs $root/kmod/conform/programs --random 2000 --seed 1 --out $root/out"
expect "test: what agrees has passed" "$(grep '^conform' <<<"$out" | tr -s ' ' | cut -d' ' -f1-4)" "conform 1 0 0"
drydock test --full
expect "test --full: with more" "$(grep -oE '^conform --kernel .*|--random [0-9]+' "$asked" | grep -oE 'kernel [a-z]+|random [0-9]+' | paste -sd' ')" \
  "kernel small random 100000 kernel large random 100000"
conforms 1
drydock test
expect "test: a difference is a failure" "$(grep '^failed   conform' <<<"$out")" \
  "failed   conform: conform conform.small: 4 programs, 5 observations, <1> differences"
expect "test: the last line counts it" "$(tail -n 1 <<<"$out" | grep -oE '[1-9] failed')" "$(grep -c '^failed' <<<"$out") failed"

expect "no temporary folder is left" "$(find "$TEST_TMPDIR" -maxdepth 1 -name 'tmp.*')" ""
exit "$failures"
