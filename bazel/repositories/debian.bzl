"""The repositories of WORKSPACE, each made of an installed Debian package.

Only Debian's Bazel 4.2.3 evaluates this. Repositories are made when a build
first needs them: a package that nobody asked for may be missing.
"""

load("//bazel/kernel:headers.bzl", "kernel_headers")
load("//bazel/kernel:image.bzl", "kernel_image")
load("//bazel/kernel:source.bzl", "linux_drivers")
load("//bazel/repositories:build_files.bzl", "BENCHMARK", "CLI11", "COVERAGE_TOOLS", "FMT", "GOOGLETEST", "NLOHMANN_JSON")
load("//bazel/repositories:clang_runtime.bzl", "clang_runtime")

def _debian_package_impl(rctx):
    for target in rctx.attr.links.values():
        if not rctx.path(target).exists:
            fail("@{repository} needs {path} of the Debian package {package}: apt-get install --no-install-recommends {package}".format(
                package = rctx.attr.package,
                path = target,
                repository = rctx.name,
            ))
    for name, target in rctx.attr.links.items():
        rctx.symlink(target, name)
    for source, name in rctx.attr.sources.items():
        rctx.symlink(rctx.path(source), name)
    for name, text in rctx.attr.files.items():
        rctx.file(name, text, executable = False)

debian_package = repository_rule(
    implementation = _debian_package_impl,
    attrs = {
        "files": attr.string_dict(doc = "Path in the repository -> its text."),
        "links": attr.string_dict(doc = "Path in the repository -> path on this machine."),
        "package": attr.string(doc = "The Debian package that has the links' targets."),
        "sources": attr.label_keyed_string_dict(doc = "File of Drydock -> path in the repository."),
    },
    local = True,
)

def _native(rules):
    return "".join(["{0} = native.{0}\n".format(rule) for rule in rules])

def _rules():
    """Rule sets that Bazel 4.2.3 has built in, under the names newer ones load.

    For any C++ target it loads rules_cc and rules_java, for any test the coverage
    tools, and would download them if they were not here.
    """
    debian_package(
        name = "rules_cc",
        files = {
            "cc/BUILD.bazel": "",
            "cc/common/BUILD.bazel": "",
            "cc/common/cc_common.bzl": "load(\"//cc/private:native.bzl\", \"native_cc_common\")\ncc_common = native_cc_common\n",
            "cc/common/cc_info.bzl": "load(\"//cc/private:native.bzl\", \"NativeCcInfo\")\nCcInfo = NativeCcInfo\n",
            "cc/defs.bzl": _native(["cc_binary", "cc_import", "cc_library", "cc_test", "cc_toolchain", "cc_toolchain_suite"]),
            "cc/private/BUILD.bazel": "",
            "cc/private/native.bzl": "NativeCcInfo = CcInfo\nnative_cc_common = cc_common\n",
        },
    )
    debian_package(
        name = "rules_java",
        files = {
            "java/BUILD.bazel": "",
            "java/defs.bzl": _native(["java_binary", "java_import", "java_library", "java_runtime", "java_toolchain"]),
        },
    )
    debian_package(
        name = "rules_shell",
        files = {
            "shell/BUILD.bazel": "",
            "shell/sh_binary.bzl": _native(["sh_binary"]),
            "shell/sh_library.bzl": _native(["sh_library"]),
            "shell/sh_test.bzl": _native(["sh_test"]),
        },
    )
    debian_package(
        name = "remote_coverage_tools",
        files = {"BUILD.bazel": COVERAGE_TOOLS},
        sources = {Label("//bazel/coverage:lcov_merge.py"): "lcov_merge.py"},
    )

# What `./drydock check` is tested with, unchanged. MODULE.bazel has them too.
MAINLINE_DRIVERS = [
    "drivers/char/bsr.c",
    "drivers/misc/open-dice.c",
    "drivers/video/fbdev/vfb.c",
]

def debian_repositories():
    """Every external repository of this workspace."""
    _rules()

    # From source, so that it is built with the sanitizers of each --config.
    debian_package(
        name = "googletest",
        package = "googletest",
        files = {"BUILD.bazel": GOOGLETEST},
        links = {
            "googlemock/include": "/usr/src/googletest/googlemock/include",
            "googlemock/src": "/usr/src/googletest/googlemock/src",
            "googletest/include": "/usr/src/googletest/googletest/include",
            "googletest/src": "/usr/src/googletest/googletest/src",
        },
    )
    debian_package(
        name = "google_benchmark",
        package = "libbenchmark-dev",
        files = {"BUILD.bazel": BENCHMARK},
        links = {"include/benchmark": "/usr/include/benchmark"},
    )
    debian_package(
        name = "cli11",
        package = "libcli11-dev",
        files = {"BUILD.bazel": CLI11},
        links = {"include/CLI": "/usr/include/CLI"},
    )
    debian_package(
        name = "fmt",
        package = "libfmt-dev",
        files = {"BUILD.bazel": FMT},
        links = {"include/fmt": "/usr/include/fmt"},
    )
    debian_package(
        name = "nlohmann_json",
        package = "nlohmann-json3-dev",
        files = {"BUILD.bazel": NLOHMANN_JSON},
        links = {"include/nlohmann": "/usr/include/nlohmann"},
    )

    clang_runtime(name = "clang_runtime")
    kernel_headers(name = "linux_headers")
    kernel_image(name = "linux_image")
    linux_drivers(
        name = "linux_drivers",
        files = MAINLINE_DRIVERS,
        package = "linux-source-6.1",
    )
