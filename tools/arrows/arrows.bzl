"""Which part may depend on which: arrow_test for the layers of DESIGN 1, only_users_test for what is
there for a few targets alone."""

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
_PRODUCT_SET = "set(%s)" % " ".join(_PRODUCT)

# Bazel's own (compilers, its tools, settings of the build) is nobody's dependency.
_OURS = "^(//|@[a-z0-9_]+//)"
_NOT_OURS = "^(@bazel_tools|@local_config|@rules_|@platforms|@remote_|//bazel[/:])"

def _query_test(name, members, broken):
    """Fails if the query `members` gives nothing or the query `broken` gives anything."""
    for part, expression in [("members", members), ("broken", broken)]:
        native.genquery(
            name = "%s_%s" % (name, part),
            expression = expression,
            opts = ["--noimplicit_deps"],
            scope = _PRODUCT,
        )
    results = [":%s_%s" % (name, part) for part in ["members", "broken"]]
    sh_test(
        name = name,
        size = "small",
        srcs = ["arrow_test.sh"],
        args = ["$(rootpath %s)" % result for result in results],
        data = results,
    )

def arrow_test(name, layer, may_use):
    """Fails, with one path that breaks the rule, if a layer reaches what it may not.

    Args:
      name: of the test.
      layer: regular expression of labels.
      may_use: regular expressions of labels, besides the layer's own.
    """
    members = "filter('%s', kind('rule', deps(%s)))" % (layer, _PRODUCT_SET)
    allowed = "|".join([layer] + may_use)
    broken = "filter('%s', deps(%s)) except filter('%s', deps(%s)) except filter('%s', deps(%s))" % (
        _OURS,
        members,
        _NOT_OURS,
        members,
        allowed,
        members,
    )
    _query_test(name, members, "somepath(%s, %s)" % (members, broken))

def only_users_test(name, of, users):
    """Fails, with those that do, if more than `users` depend on what `of` names.

    Args:
      name: of the test.
      of: regular expression of labels.
      users: labels.
    """
    used = "filter('%s', deps(%s))" % (of, _PRODUCT_SET)
    others = "rdeps(deps(%s), %s, 1) except %s except set(%s)" % (
        _PRODUCT_SET,
        used,
        used,
        " ".join(users),
    )
    _query_test(name, used, others)
