# shellcheck shell=bash disable=SC2154  # root, work: of ./drydock
# Sourced by ./drydock: builds what `conform` runs, and runs it.

conform_targets=(//kmod/conform //kmod/agent //bazel/initramfs:pack //bazel:driver_flags)

run_conform() { # ARGUMENT...
  local folder log=$work/build.log
  need_packages conform
  in_bazel build --config=engine --noshow_progress --curses=no --ui_event_filters=-info \
    "${conform_targets[@]}" >"$log" 2>&1 || {
    grep -vE '^(INFO|Loading|Analyzing|Computing|DEBUG)' "$log" >&2 || true
    fail "build" "conform does not build (above: what Bazel says)" "see: bazel build --config=engine ${conform_targets[*]}"
  }
  folder=$(in_bazel info --config=engine --noshow_progress --ui_event_filters=-info bazel-bin 2>/dev/null)
  export DRYDOCK_ROOT=$root
  export DRYDOCK_FLAGS=$folder/bazel/driver_flags.txt
  export DRYDOCK_AGENT=$folder/kmod/agent/agent
  export DRYDOCK_PACK=$folder/bazel/initramfs/pack
  DRYDOCK_KERNELS=$(kernels_folder)
  DRYDOCK_MODULES=$(cache_folder)/drydock/modules
  export DRYDOCK_KERNELS DRYDOCK_MODULES
  rm -rf "$work"
  trap - EXIT
  exec "$folder/kmod/conform/conform" "$@"
}
