"""Warning flags of our own code. External repositories do not get them."""

# For every cc_library, cc_binary and cc_test of Drydock. No -std here: copts
# reach C and C++ alike; .bazelrc says which standard each language has.
DRYDOCK_COPTS = [
    "-Wall",
    "-Wextra",
    "-Werror",
]

# For the drivers of this repository, on top of bazel/driver_flags.bzl. A kernel
# callback has the signature it must have, and the kernel itself is built with
# neither of the two warnings that are switched off.
DRIVER_WARNINGS = [
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wno-unused-parameter",
    "-Wno-missing-field-initializers",
]
