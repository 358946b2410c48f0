"""kernel_module: a .ko made by kbuild, out of the kernel's tree."""

load("@linux_headers//:defs.bzl", "KERNEL_DIR", "KERNEL_HEADERS_AVAILABLE")

def _generated_kbuild(module, objects):
    """For one file of the module's own name, kbuild wants no list of parts."""
    if objects == [module + ".o"]:
        return "obj-m := %s.o\n" % module
    if module + ".o" in objects:
        fail("module %s of several files cannot have one of that name: rename the module" % module)
    return "obj-m := {0}.o\n{0}-y := {1}\n".format(module, " ".join(objects))

# Arguments: KDIR MODULE KBUILD-FOLDER KO SYMVERS LOG, then pairs FILE PLACE.
_COMMAND = """\
set -euo pipefail
kdir=$1 module=$2 folder=$3 ko=$4 symvers=$5 log=$6
shift 6

# Sources keep their place in the workspace, so that `#include "folder/header.h"`
# means what it means in a cc_library.
stage=$PWD/$(dirname "$ko")/$module.stage
rm -rf "$stage"
while (($#)); do
  mkdir -p "$stage/$(dirname "$2")"
  cp -L "$1" "$stage/$2"
  shift 2
done

# The prefix maps keep the sandbox's path out of __FILE__ and of the debug
# information: the same sources give the same bytes wherever they are built.
status=0
KBUILD_BUILD_TIMESTAMP=@0 KBUILD_BUILD_USER=drydock KBUILD_BUILD_HOST=drydock \\
  make -j2 -C "$kdir" M="$stage/$folder" \\
  KCFLAGS="-I$stage -ffile-prefix-map=$stage/= -ffile-prefix-map=$stage=." \\
  modules >"$stage/log" 2>&1 || status=$?
sed "s#$stage/\\?##g" "$stage/log" >"$log"
if ((status)) || grep -q 'warning:' "$log"; then
  cat "$log" >&2
fi
if ((status == 0)) && ! [[ -f $stage/$folder/$module.ko ]]; then
  echo "the Kbuild made no $module.ko: its obj-m must name $module.o" >&2
  status=1
fi
((status)) && exit 1
cp "$stage/$folder/$module.ko" "$ko"
cp "$stage/$folder/Module.symvers" "$symvers"
rm -rf "$stage"
"""

def _kernel_module_impl(ctx):
    module = ctx.attr.module or ctx.label.name
    ko = ctx.actions.declare_file(module + ".ko")
    symvers = ctx.actions.declare_file(module + ".symvers")
    log = ctx.actions.declare_file(module + ".kbuild.log")

    sources = [f for f in ctx.files.srcs if f.basename != "Kbuild"]
    kbuilds = [f for f in ctx.files.srcs if f.basename == "Kbuild"]
    if kbuilds:
        kbuild = kbuilds[0]
        kbuild_place = kbuild.short_path
        folder = kbuild_place.rpartition("/")[0] or "."
    else:
        kbuild = ctx.actions.declare_file(module + ".Kbuild")
        kbuild_place = "Kbuild"
        folder = "."
        ctx.actions.write(kbuild, _generated_kbuild(
            module,
            [f.short_path[:-1] + "o" for f in sources if f.extension == "c"],
        ))

    args = ctx.actions.args()
    args.add_all([KERNEL_DIR, module, folder, ko, symvers, log])
    args.add_all([kbuild, kbuild_place])
    for source in sources:
        args.add_all([source, source.short_path])
    ctx.actions.run_shell(
        outputs = [ko, symvers, log],
        inputs = sources + [kbuild] + ctx.files._key,
        arguments = [args],
        command = _COMMAND,
        mnemonic = "Kbuild",
        progress_message = "Building kernel module %s" % ko.short_path,
        use_default_shell_env = True,
        # Another machine may lack the headers, which are no inputs. A cache may
        # keep the result: the key names the exact version of the headers.
        execution_requirements = {"no-remote-exec": "1"},
    )
    return [
        DefaultInfo(files = depset([ko]), runfiles = ctx.runfiles([ko])),
        OutputGroupInfo(kbuild_log = depset([log]), symvers = depset([symvers])),
    ]

_kernel_module = rule(
    implementation = _kernel_module_impl,
    attrs = {
        "module": attr.string(doc = "The module's name; by default NAME."),
        "srcs": attr.label_list(
            allow_files = True,
            doc = "C files, headers and the Kbuild beside them; without a Kbuild, one is written for all C files.",
            mandatory = True,
        ),
        "_key": attr.label(default = "@linux_headers//:key"),
    },
)

def kernel_module(name, tags = [], **kwargs):
    """A loadable module, MODULE.ko; skipped where no kernel headers are installed.

    Args:
      name: of the target.
      tags: of the target.
      **kwargs: srcs, module and what every rule takes.
    """
    _kernel_module(
        name = name,
        tags = tags + ["no-sanitizer"],
        target_compatible_with = [] if KERNEL_HEADERS_AVAILABLE else [str(Label("//bazel:kernel_headers_missing"))],
        **kwargs
    )
