"""sample: the drivers that are made from one sample and its undo patches."""

load("//:defs.bzl", "DRIVER_WARNINGS", "driver_library")

# UndefinedBehaviorSanitizer would see some of the mistakes before the oracles do, and end the process.
_FAULTY_FLAGS = DRIVER_WARNINGS + ["-fno-sanitize=undefined"]

def _patched(name, source, patches):
    """A driver from `source` with `patches` applied."""
    folder = name + "_source"
    native.genrule(
        name = folder,
        testonly = True,
        srcs = [source] + patches,
        outs = [folder + "/" + source],
        # Patches of one file that may overlap in their context: in any order, without fuzz.
        cmd = "cp $(location %s) $@ && chmod u+w $@" % source + "".join([
            " && patch -s --fuzz=0 --no-backup-if-mismatch $@ $(location %s)" % one
            for one in patches
        ]),
        visibility = ["//visibility:private"],
    )
    driver_library(
        name = name,
        testonly = True,
        srcs = [":" + folder],
        copts = _FAULTY_FLAGS,
        visibility = ["//fuzz:__subpackages__"],
    )

def sample(name, mistakes, more = {}):
    """Makes the drivers of one sample.

    Targets made:
      repaired       without a mistake
      faulty         with all of them
      only_CLASS     with this one: the others are undone
      NAME_drivers   the shared objects, for tests

    Args:
      name: the sample's.
      mistakes: ids of the classes; undo/CLASS.patch undoes one.
      more: further drivers of the sample: name -> (source, patches).
    """
    driver_library(
        name = "repaired",
        testonly = True,
        srcs = ["repaired.c"],
        copts = DRIVER_WARNINGS,
        visibility = ["//fuzz:__subpackages__"],
    )
    _patched("faulty", "faulty.c", [])
    for mistake in mistakes:
        _patched(
            "only_" + mistake,
            "faulty.c",
            ["undo/%s.patch" % other for other in mistakes if other != mistake],
        )
    for driver, (source, patches) in more.items():
        _patched(driver, source, patches)

    native.filegroup(
        name = name + "_drivers",
        testonly = True,
        srcs = [":%s.so" % driver for driver in
                ["repaired", "faulty"] + ["only_" + mistake for mistake in mistakes] + more.keys()],
        visibility = ["//visibility:public"],
    )
