# shellcheck shell=bash disable=SC2154  # root, work: of ./drydock
# Sourced by ./drydock: builds what `conform` runs, and runs it.

conform_targets=(//kmod/conform //kmod/agent //bazel/initramfs:pack //bazel:driver_flags)

build_conform() { # BAZEL-ARGUMENT...: sets conform_folder and what conform looks for; 1 if it does not build
  local log=$work/build.log
  in_bazel build "$@" --noshow_progress --curses=no --ui_event_filters=-info \
    "${conform_targets[@]}" >"$log" 2>&1 || {
    grep -vE '^(INFO|Loading|Analyzing|Computing|DEBUG)' "$log" >&2 || true
    return 1
  }
  conform_folder=$(in_bazel info "$@" --noshow_progress --ui_event_filters=-info bazel-bin 2>/dev/null)
  export DRYDOCK_ROOT=$root
  export DRYDOCK_FLAGS=$conform_folder/bazel/driver_flags.txt
  export DRYDOCK_AGENT=$conform_folder/kmod/agent/agent
  export DRYDOCK_PACK=$conform_folder/bazel/initramfs/pack
  DRYDOCK_KERNELS=$(kernels_folder)
  DRYDOCK_MODULES=$(cache_folder)/drydock/modules
  export DRYDOCK_KERNELS DRYDOCK_MODULES
}

run_conform() { # ARGUMENT...
  need_packages conform
  build_conform --config=engine ||
    fail "build" "conform does not build (above: what Bazel says)" "see: bazel build --config=engine ${conform_targets[*]}"
  rm -rf "$work"
  trap - EXIT
  exec "$conform_folder/kmod/conform/conform" "$@"
}
