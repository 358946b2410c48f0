# shellcheck shell=bash disable=SC2154  # root, work: of ./drydock
# Sourced by ./drydock: builds what `--confirm` starts besides the engine.

confirm_targets=(//kmod/confirm //kmod/agent //bazel/initramfs:pack)

wants_confirm() { # ARGUMENT...
  local argument
  for argument; do
    [[ $argument != -- ]] || return 1
    [[ $argument != --confirm && $argument != --confirm=* ]] || return 0
  done
  return 1
}

prepare_confirm() { # FOLDER-OF-WHAT-IS-BUILT
  local log=$work/build.log
  need_packages conform
  in_bazel build --config=engine --noshow_progress --curses=no --ui_event_filters=-info \
    "${confirm_targets[@]}" >"$log" 2>&1 || {
    grep -vE '^(INFO|Loading|Analyzing|Computing|DEBUG)' "$log" >&2 || true
    fail "build" "what --confirm starts does not build (above: what Bazel says)" \
      "see: bazel build --config=engine ${confirm_targets[*]}"
  }
  export DRYDOCK_CONFIRM=$1/kmod/confirm/confirm
  export DRYDOCK_AGENT=$1/kmod/agent/agent
  export DRYDOCK_PACK=$1/bazel/initramfs/pack
  DRYDOCK_KERNELS=$(kernels_folder)
  DRYDOCK_MODULES=$(cache_folder)/drydock/modules
  export DRYDOCK_KERNELS DRYDOCK_MODULES
}
