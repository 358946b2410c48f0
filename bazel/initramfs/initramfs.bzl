"""initramfs: packs files for a kernel to boot with."""

def _initramfs_impl(ctx):
    out = ctx.actions.declare_file(ctx.label.name + ".cpio")
    args = ctx.actions.args()
    args.add(out)
    inputs = []
    for target, place in ctx.attr.contents.items():
        files = target.files.to_list()
        if len(files) != 1:
            fail("%s has %d files, not one" % (target.label, len(files)))
        args.add_all([place, files[0]])
        inputs += files
    ctx.actions.run(
        outputs = [out],
        inputs = inputs,
        arguments = [args],
        executable = ctx.executable._pack,
        mnemonic = "Initramfs",
    )
    return [DefaultInfo(files = depset([out]), runfiles = ctx.runfiles([out]))]

initramfs = rule(
    implementation = _initramfs_impl,
    attrs = {
        "contents": attr.label_keyed_string_dict(
            allow_files = True,
            doc = "Label of one file -> its place in the guest, without a leading /.",
            mandatory = True,
        ),
        "_pack": attr.label(cfg = "exec", default = "//bazel/initramfs:pack", executable = True),
    },
)
