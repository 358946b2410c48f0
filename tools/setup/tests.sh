# shellcheck shell=bash disable=SC2154  # root, work, install: of ./drydock
# Sourced by ./drydock: runs all tests and sums them up.

test_results=() # NAME:STATUS:SECONDS:EVENTS, for bazel/results/summary.py

run_bazel() { # NAME COMMAND BAZEL-ARGUMENT...
  local name=$1 command=$2 status=0 begun=$SECONDS options=(--keep_going)
  shift 2
  [[ -t 2 ]] || options+=(--noshow_progress --curses=no)
  [[ -z ${CI:-} ]] || options+=(--config=ci)
  echo "drydock test: $name" >&2
  in_bazel "$command" "${options[@]}" --ui_event_filters=-info --noshow_loading_progress \
    --build_event_json_file="$work/$name.json" "$@" >&2 || status=$?
  test_results+=("$name:$status:$((SECONDS - begun)):$work/$name.json")
  # Bazel was interrupted: Ctrl-C. It has stopped the tests that ran.
  ((status != 8)) || exit 130
}

run_tests() { # NAME BAZEL-ARGUMENT...
  run_bazel "$1" test --test_summary=none "${@:2}"
}

run_all_tests() { # [--full]
  local full=no smoke
  case ${1:-} in
    '') ;;
    --full) full=yes ;;
    *) fail "test" "does not know '$1'" "usage: drydock test [--full] [--no-install]" ;;
  esac
  need_packages test
  [[ $full == no ]] || need_packages test-full
  run_tests gcc //...
  run_tests clang-asan-ubsan --config=asan-ubsan //...
  if [[ $full == yes ]]; then
    run_tests clang --config=clang //...
    run_tests gcc-opt --config=opt //...
    smoke=$(in_bazel query --noshow_progress 'attr(tags, fuzz-smoke, tests(//...:all-targets))' 2>/dev/null) || true
    # shellcheck disable=SC2086  # one label a word
    [[ -z $smoke ]] || run_tests clang-fuzz --config=fuzz --test_tag_filters=fuzz-smoke $smoke
    run_tests gcc-valgrind --config=valgrind //driver_core/... //mocks/... //sim/...
    run_bazel clang-tidy build --config=clang-tidy //...
    run_gate full --config=opt
  else
    run_gate test
  fi
  python3 "$root/bazel/results/summary.py" "${test_results[@]}"
}
