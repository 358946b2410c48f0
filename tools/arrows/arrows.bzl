"""arrow_test: a layer depends on what DESIGN 1 lets it depend on, and on nothing else."""

load("@rules_shell//shell:sh_test.bzl", "sh_test")

# What ships, and everything that it is made of. Each new part of a layer is in there as soon as
# something uses it, without being named here.
_PRODUCT = [
    "//driver_core:dma_buffer.so",
    "//fuzz:mmap_target",
    "//fuzz:violations_markdown",
    "//fuzz:worker",
    "//tools/command:drydock",
]

# Bazel's own (compilers, its tools, settings of the build) is nobody's dependency.
_OURS = "^(//|@[a-z0-9_]+//)"
_NOT_OURS = "^(@bazel_tools|@local_config|@rules_|@platforms|@remote_|//bazel[/:])"

def arrow_test(name, layer, may_use):
    """Fails, with one path that breaks the rule, if a layer reaches what it may not.

    Args:
      name: of the test.
      layer: regular expression of labels.
      may_use: regular expressions of labels, besides the layer's own.
    """
    product = "set(%s)" % " ".join(_PRODUCT)
    members = "filter('%s', kind('rule', deps(%s)))" % (layer, product)
    allowed = "|".join([layer] + may_use)
    broken = "filter('%s', deps(%s)) except filter('%s', deps(%s)) except filter('%s', deps(%s))" % (
        _OURS,
        members,
        _NOT_OURS,
        members,
        allowed,
        members,
    )
    options = ["--noimplicit_deps"]
    native.genquery(
        name = name + "_members",
        expression = members,
        opts = options,
        scope = _PRODUCT,
    )
    native.genquery(
        name = name + "_path",
        expression = "somepath(%s, %s)" % (members, broken),
        opts = options,
        scope = _PRODUCT,
    )
    sh_test(
        name = name,
        size = "small",
        srcs = ["arrow_test.sh"],
        args = [
            "$(rootpath :%s_members)" % name,
            "$(rootpath :%s_path)" % name,
        ],
        data = [
            ":%s_members" % name,
            ":%s_path" % name,
        ],
    )
