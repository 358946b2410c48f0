# shellcheck shell=bash disable=SC2154  # root, work, install: of ./drydock
# Sourced by ./drydock: builds what `check`, `replay` and `run` start, if it has to.

engine_targets=(//tools/command:drydock //fuzz:worker //bazel:driver_flags
  //live/server:live_server //live/preload:libdrydock_live.so)

# Bazel keeps its output below the home folder; where that cannot be written, here.
cache_folder() {
  local folder=${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}
  if ! mkdir -p "$folder/drydock" 2>/dev/null || ! [[ -w $folder/drydock ]]; then
    folder=${TMPDIR:-/tmp}/drydock-$UID
    (umask 077 && mkdir -p "$folder/drydock")
    [[ -O $folder ]] || fail "$folder" "belongs to somebody else" "set XDG_CACHE_HOME to a folder of yours"
  fi
  echo "$folder"
}

in_bazel() { # ARGUMENT...: bazel, in the checkout
  local startup=()
  [[ -w ${HOME:-/nonexistent} ]] || startup=("--output_user_root=$(cache_folder)/bazel")
  (cd "$root" && "${BAZEL:-bazel}" "${startup[@]}" "$@")
}

# A build that has nothing to do costs Bazel 0.2 s, or 3 s when its server is not
# up. Looking for a file that is newer than the last build costs 0.01 s.
engine_is_current() { # STAMP
  [[ -f $1 ]] || return 1
  local folder
  folder=$(<"$1")
  [[ -x $folder/tools/command/drydock && -x $folder/fuzz/worker && -f $folder/bazel/driver_flags.txt &&
    -x $folder/live/server/live_server && -f $folder/live/preload/libdrydock_live.so ]] || return 1
  [[ -z $(find "$root" -mindepth 1 \( -path "$root/bazel-*" -o -path "$root/.git" -o -path "$root/.fuzz" \
    -o -path "$root/out" -o -path "$root/docs" -o -path "$root/driver_core" -o -path "$root/coverage" \
    -o -path "$root/fuzz/bugs" -o -path "$root/compile_commands.json" \) -prune -o -newer "$1" -print -quit) ]] || return 1
  # Packages keep the times of their making: what counts is when they came here.
  [[ -z $(find -L /usr/bin/clang-19 /usr/include/{CLI,fmt,nlohmann} -maxdepth 0 -cnewer "$1" -print -quit 2>/dev/null) ]]
}

build_engine() { # prints the folder with what was built
  local stamp log=$work/build.log status=0 ticker
  stamp=$(cache_folder)/drydock/engine-$(cksum <<<"$root" | cut -d' ' -f1)
  if engine_is_current "$stamp"; then
    cat "$stamp"
    return
  fi
  touch "$work/begun"
  (sleep 2 && echo "drydock: building the engine (a minute or two the first time) ..." >&3) \
    3>&2 >/dev/null 2>&1 </dev/null &
  ticker=$!
  in_bazel build --config=engine --noshow_progress --curses=no --ui_event_filters=-info \
    "${engine_targets[@]}" >"$log" 2>&1 || status=$?
  kill "$ticker" 2>/dev/null || true
  case $status in
    0) ;;
    8) exit 130 ;;
    *)
      grep -vE '^(INFO|Loading|Analyzing|Computing|DEBUG|FAILED: Build did NOT|Extracting|Starting local)' "$log" >&2 || true
      fail "build" "the engine does not build (above: what Bazel says)" "see: bazel build --config=engine ${engine_targets[*]}"
      ;;
  esac
  in_bazel info --config=engine --noshow_progress --ui_event_filters=-info bazel-bin >"$work/folder" 2>"$log" ||
    fail "bazel" "does not say where it builds: $(tail -n 1 "$log")" "see: bazel info --config=engine bazel-bin"
  # As old as the beginning of the build: what changed meanwhile is newer.
  touch -r "$work/begun" "$work/folder"
  cp -p "$work/folder" "$stamp.$$" && mv -f "$stamp.$$" "$stamp"
  cat "$stamp"
}

run_engine() { # COMMAND ARGUMENT...
  local folder
  need_packages check
  folder=$(build_engine) || exit
  ! wants_confirm "$@" || prepare_confirm "$folder"
  rm -rf "$work"
  trap - EXIT
  export DRYDOCK_ROOT=$root
  export DRYDOCK_WORKER=$folder/fuzz/worker
  export DRYDOCK_FLAGS=$folder/bazel/driver_flags.txt
  export DRYDOCK_LIVE_SERVER=$folder/live/server/live_server
  export DRYDOCK_LIVE_LIBRARY=$folder/live/preload/libdrydock_live.so
  exec "$folder/tools/command/drydock" "$@"
}
