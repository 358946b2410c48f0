"""The rules that Drydock offers to a workspace.

    load("@drydock//:defs.bzl", "driver_library", "kernel_module", "mmap_fuzz_test")
"""

load("//bazel:copts.bzl", _DRIVER_WARNINGS = "DRIVER_WARNINGS")
load("//bazel:driver_library.bzl", _PROFILES = "PROFILES", _driver_library = "driver_library")
load("//bazel/fuzz:mmap_fuzz_test.bzl", _mmap_fuzz_test = "mmap_fuzz_test")
load("//bazel/kernel:module.bzl", _kernel_module = "kernel_module")

DRIVER_WARNINGS = _DRIVER_WARNINGS
PROFILES = _PROFILES
driver_library = _driver_library
kernel_module = _kernel_module
mmap_fuzz_test = _mmap_fuzz_test
