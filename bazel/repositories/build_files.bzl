"""BUILD files over the sources that Debian ships without any.

Target names are those of the modules in MODULE.bazel.
"""

_HEAD = """\
load("@rules_cc//cc:defs.bzl", "cc_library")

package(default_visibility = ["//visibility:public"])
"""

GOOGLETEST = _HEAD + """
cc_library(
    name = "gtest",
    srcs = [
        "googlemock/src/gmock-all.cc",
        "googletest/src/gtest-all.cc",
    ],
    hdrs = glob([
        "googlemock/include/**/*.h",
        "googletest/include/**/*.h",
    ]),
    copts = ["-w"],
    includes = [
        "googlemock",
        "googlemock/include",
        "googletest",
        "googletest/include",
    ],
    linkopts = ["-pthread"],
    textual_hdrs = glob([
        "googlemock/src/*.cc",
        "googletest/src/*.cc",
        "googletest/src/*.h",
    ]),
)

cc_library(
    name = "gtest_main",
    srcs = ["googlemock/src/gmock_main.cc"],
    deps = [":gtest"],
)
"""

BENCHMARK = _HEAD + """
cc_library(
    name = "benchmark",
    hdrs = glob(["include/benchmark/*.h"]),
    includes = ["include"],
    linkopts = [
        "-lbenchmark",
        "-pthread",
    ],
)

cc_library(
    name = "benchmark_main",
    linkopts = ["-lbenchmark_main"],
    deps = [":benchmark"],
)
"""

CLI11 = _HEAD + """
cc_library(
    name = "cli11",
    hdrs = glob(["include/CLI/**/*.hpp"]),
    includes = ["include"],
)
"""

# Header only: the shared library of the package would be one more thing that a
# worker process has to load each time it is started.
FMT = _HEAD + """
cc_library(
    name = "fmt",
    hdrs = glob(["include/fmt/*.h"]),
    defines = ["FMT_HEADER_ONLY=1"],
    includes = ["include"],
)
"""

NLOHMANN_JSON = _HEAD + """
cc_library(
    name = "json",
    hdrs = glob(["include/nlohmann/**/*.hpp"]),
    includes = ["include"],
)
"""

# Bazel would download a Java program for both.
COVERAGE_TOOLS = """\
package(default_visibility = ["//visibility:public"])

sh_binary(
    name = "lcov_merger",
    srcs = ["lcov_merge.py"],
)

sh_binary(
    name = "coverage_report_generator",
    srcs = ["lcov_merge.py"],
)
"""
