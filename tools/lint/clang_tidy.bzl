"""An aspect that runs clang-tidy 19 over the C++ of a target, one action a file.

    bazel build --config=clang-tidy //...

Bazel keeps what passed: only what changed, or includes what changed, is looked at again.
"""

load("@bazel_tools//tools/build_defs/cc:action_names.bzl", "CPP_COMPILE_ACTION_NAME")
load("@bazel_tools//tools/cpp:toolchain_utils.bzl", "find_cpp_toolchain")
load("@rules_cc//cc/common:cc_common.bzl", "cc_common")
load("@rules_cc//cc/common:cc_info.bzl", "CcInfo")

# The analyzer walks every path through GoogleTest's macros: 130 s a file in place of 6 s. That
# ASSERT_TRUE(optional) has looked is not known to clang-tidy 19.
_NOT_FOR_TESTS = "--checks=-clang-analyzer-*,-bugprone-unchecked-optional-access"

# Without what clang-tidy says of itself, and with names as they are in the checkout.
_COMMAND = """
clang-tidy-19 "$@" 2>&1 | sed -E "/^[0-9]+ warnings? (generated|treated)|^Suppressed |^Use -header-filter/d; s#$PWD/##g"
status=${PIPESTATUS[0]}
[ $status -ne 0 ] || touch %s
exit $status
"""

def _compile_flags(ctx, context):
    toolchain = find_cpp_toolchain(ctx)
    features = cc_common.configure_features(
        ctx = ctx,
        cc_toolchain = toolchain,
        requested_features = ctx.features,
        unsupported_features = ctx.disabled_features,
    )
    variables = cc_common.create_compile_variables(
        cc_toolchain = toolchain,
        feature_configuration = features,
        include_directories = context.includes,
        preprocessor_defines = depset(transitive = [context.defines, context.local_defines]),
        quote_include_directories = context.quote_includes,
        system_include_directories = context.system_includes,
        user_compile_flags = ctx.fragments.cpp.copts + ctx.fragments.cpp.cxxopts + ctx.rule.attr.copts,
    )
    return cc_common.get_memory_inefficient_command_line(
        action_name = CPP_COMPILE_ACTION_NAME,
        feature_configuration = features,
        variables = variables,
    )

def _clang_tidy_impl(target, ctx):
    if CcInfo not in target or ctx.label.workspace_name or not hasattr(ctx.rule.attr, "srcs"):
        return [OutputGroupInfo(clang_tidy = depset())]
    context = target[CcInfo].compilation_context
    files = [file for source in ctx.rule.attr.srcs for file in source.files.to_list()]
    sources = [file for file in files if file.extension == "cc" and file.is_source]
    flags = _compile_flags(ctx, context) if sources else []
    passed = []
    for source in sources:
        name = source.short_path
        if name.startswith(ctx.label.package + "/"):
            name = name[len(ctx.label.package) + 1:]
        stamp = ctx.actions.declare_file(name + "." + ctx.label.name + ".clang-tidy")
        ctx.actions.run_shell(
            command = _COMMAND % stamp.path,
            arguments = [
                "--quiet",
                "--config-file=" + ctx.file._config.path,
                _NOT_FOR_TESTS if ctx.rule.attr.testonly or ctx.rule.kind == "cc_test" else "--checks=",
                source.path,
                "--",
            ] + flags,
            inputs = depset([ctx.file._config, source] + files, transitive = [context.headers]),
            mnemonic = "ClangTidy",
            outputs = [stamp],
            progress_message = "clang-tidy " + source.short_path,
        )
        passed.append(stamp)
    return [OutputGroupInfo(clang_tidy = depset(passed))]

clang_tidy = aspect(
    implementation = _clang_tidy_impl,
    attrs = {
        "_cc_toolchain": attr.label(default = "@bazel_tools//tools/cpp:current_cc_toolchain"),
        "_config": attr.label(default = "//:.clang-tidy", allow_single_file = True),
    },
    fragments = ["cpp"],
    toolchains = ["@bazel_tools//tools/cpp:toolchain_type"],
)
