"""unsanitized: targets as they are without --config=asan-ubsan and its kin."""

def _is_sanitizer(flag):
    return flag.startswith("-fsanitize") or flag.startswith("-fno-sanitize")

_OPTIONS = [
    "//command_line_option:" + name
    for name in ["copt", "conlyopt", "cxxopt", "linkopt"]
]

def _without_sanitizers_impl(settings, attr):
    return {
        name: [flag for flag in settings[name] if not _is_sanitizer(flag)]
        for name in _OPTIONS
    }

_without_sanitizers = transition(
    implementation = _without_sanitizers_impl,
    inputs = _OPTIONS,
    outputs = _OPTIONS,
)

def _unsanitized_impl(ctx):
    files = depset(transitive = [target[DefaultInfo].files for target in ctx.attr.targets])
    runfiles = ctx.runfiles(transitive_files = files)
    return [DefaultInfo(files = files, runfiles = runfiles)]

unsanitized = rule(
    implementation = _unsanitized_impl,
    attrs = {
        "targets": attr.label_list(cfg = _without_sanitizers),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
    doc = "The files of `targets`, for what runs beside a sanitized program and is none: a " +
          "library that is loaded into other programs, and those programs.",
)
