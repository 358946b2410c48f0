"""@clang_runtime: clang 19's libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer, as libraries.

For a program that loads drivers which clang compiled and which another compiler links.
clang itself needs no such thing: it has -fsanitize=. Without clang 19 what needs them is
skipped; with --repo_env=KERNEL_TESTS=required that is an error.
"""

_BUILD = """\
load("@rules_cc//cc:defs.bzl", "cc_import", "cc_library")

package(default_visibility = ["//visibility:public"])

constraint_setting(name = "never")

constraint_value(
    name = "clang_19_missing",
    constraint_setting = ":never",
)
"""

_IMPORT = """
cc_import(
    name = "{name}_archive",
    static_library = "{name}.a",
    alwayslink = True,
)
"""

# UndefinedBehaviorSanitizer's is part of AddressSanitizer's.
_ARCHIVES = ["asan", "asan_cxx", "asan_static", "fuzzer"]

_LIBRARY = """
cc_library(
    name = "fuzzer_address_undefined",
    linkopts = [
        "-ldl",
        "-lm",
        "-lpthread",
        "-lresolv",
        "-lrt",
    ],
    target_compatible_with = {compatible},
    deps = {deps},
)
"""

def _archive(rctx, folder, name):
    for place in ["linux/libclang_rt.%s-x86_64.a", "x86_64-pc-linux-gnu/libclang_rt.%s.a", "x86_64-unknown-linux-gnu/libclang_rt.%s.a"]:
        path = rctx.path(folder + "/lib/" + place % name)
        if path.exists:
            return path
    return None

def _clang_runtime_impl(rctx):
    clang = rctx.which("clang-19")
    folder = rctx.execute([clang, "-print-resource-dir"]).stdout.strip() if clang else "/nonexistent"
    found = {name: _archive(rctx, folder, name) for name in _ARCHIVES}
    missing = [name for name, path in found.items() if not path]
    if missing and rctx.os.environ.get("KERNEL_TESTS") == "required":
        fail("@clang_runtime needs the Debian packages clang-19 and libclang-rt-19-dev: apt-get install --no-install-recommends clang-19 libclang-rt-19-dev")
    build = _BUILD
    if not missing:
        for name, path in found.items():
            rctx.symlink(path, name + ".a")
            build += _IMPORT.format(name = name)
    rctx.file("BUILD.bazel", build + _LIBRARY.format(
        compatible = repr([":clang_19_missing"] if missing else []),
        deps = repr([] if missing else [":%s_archive" % name for name in _ARCHIVES]),
    ), executable = False)

clang_runtime = repository_rule(
    implementation = _clang_runtime_impl,
    configure = True,
    environ = [
        "KERNEL_TESTS",
        "PATH",
    ],
    local = True,
)
