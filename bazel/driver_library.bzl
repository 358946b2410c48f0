"""driver_library: an unchanged driver's C, compiled for user space."""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_library")
load("@rules_cc//cc/common:cc_common.bzl", "cc_common")
load("@rules_cc//cc/common:cc_info.bzl", "CcInfo")
load(
    "//bazel:driver_flags.bzl",
    "DRIVER_COVERAGE_FLAGS",
    "DRIVER_FLAGS",
    "DRIVER_LINK_FLAGS",
    "DRIVER_SANITIZER_FLAGS",
)

PROFILES = ["6.1", "6.12", "7.3"]

def _label(text):
    """The label as seen from this repository, whichever one calls the macro."""
    return str(Label(text))

def _profile_flags(profile):
    """As for a kernel's version: 6.12 is 612."""
    if profile not in PROFILES + [None]:
        fail("profile = \"%s\": write %s" % (profile, ", ".join(PROFILES)))
    if not profile:
        return []
    major, minor = profile.split(".")
    return ["-DDRYDOCK_PROFILE=%d" % (int(major) * 100 + int(minor))]

def _driver_archive_impl(ctx):
    headers = depset(ctx.files.hdrs)
    return [
        DefaultInfo(
            files = ctx.attr.objects[DefaultInfo].files,
            runfiles = ctx.attr.objects[DefaultInfo].default_runfiles,
        ),
        CcInfo(
            compilation_context = cc_common.create_compilation_context(headers = headers),
            linking_context = ctx.attr.objects[CcInfo].linking_context,
        ),
        coverage_common.instrumented_files_info(ctx, dependency_attributes = ["objects"]),
    ]

# A cc_library would hand mocks/include on to whatever depends on it, and a C++
# test that has <linux/...> of the emulated kernel in its path does not compile.
_driver_archive = rule(
    implementation = _driver_archive_impl,
    attrs = {
        "hdrs": attr.label_list(allow_files = [".h"]),
        "objects": attr.label(mandatory = True, providers = [CcInfo]),
    },
    provides = [CcInfo],
)

def driver_library(
        name,
        srcs,
        hdrs = [],
        module = None,
        profile = None,
        copts = [],
        tags = [],
        testonly = False,
        visibility = None):
    """Compiles a driver for the emulated kernel.

    Targets made:
      NAME      the objects as a static library, for tests that call a function of
                the driver directly (a plan). Hands on hdrs, no include folder.
      NAME.so   the driver as the harness loads it, `struct module` included.

    Args:
      name: stem of both.
      srcs: the driver's C files, and headers that only they include.
      hdrs: headers that tests include; valid in C++ and free of kernel headers.
      module: the module's name (KBUILD_MODNAME); by default NAME.
      profile: the kernel whose names and types it sees, "6.1" (what it is by default),
        "6.12" or "7.3".
      copts: added to bazel/driver_flags.bzl. DRIVER_WARNINGS for our own drivers.
      tags: of every target.
      testonly: of every target.
      visibility: of NAME and NAME.so.
    """
    flags = DRIVER_FLAGS + [
        "-DKBUILD_MODNAME='\"%s\"'" % (module or name),
    ] + _profile_flags(profile) + copts + select({
        _label("//bazel/fuzz:is_libfuzzer"): DRIVER_COVERAGE_FLAGS,
        "//conditions:default": [],
    }) + select({
        _label("//bazel/fuzz:drivers_are_sanitized"): DRIVER_SANITIZER_FLAGS,
        "//conditions:default": [],
    })

    objects = name + "_objects_"
    cc_library(
        name = objects,
        testonly = testonly,
        srcs = srcs + hdrs,
        copts = flags,
        linkstatic = True,
        tags = tags + ["manual"],
        visibility = ["//visibility:private"],
        deps = [_label("//mocks:driver_headers")],
    )
    _driver_archive(
        name = name,
        testonly = testonly,
        hdrs = hdrs,
        objects = ":" + objects,
        tags = tags,
        visibility = visibility,
    )
    cc_binary(
        name = name + ".so",
        testonly = testonly,
        srcs = srcs + hdrs + [_label("//mocks:module_record")],
        copts = flags,
        # The profile that `bazel coverage` links into every object is a libc user.
        linkopts = select({
            _label("//bazel:is_coverage"): [],
            "//conditions:default": DRIVER_LINK_FLAGS,
        }),
        linkshared = True,
        tags = tags,
        visibility = visibility,
        deps = [_label("//mocks:driver_headers")],
    )
