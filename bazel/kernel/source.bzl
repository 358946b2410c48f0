"""@linux_drivers: driver files of Linux itself, as Debian ships them, for tests.

From the first of: the tree $KERNEL_SOURCE (--repo_env), an installed
/usr/src/PACKAGE.tar.xz, the Debian package, which is downloaded and not installed.
Without any, why_not.txt says why and the files are empty: tests skip then; with
--repo_env=KERNEL_TESTS=required that is an error.
"""

# Arguments: PACKAGE TREE FILE... . Leaves the files at the top of the repository.
_FETCH = """\
package=$1 tree=$2
shift 2
if [ -n "$tree" ]; then
  for file; do cp "$tree/$file" . || exit; done
  exit 0
fi
wanted=$(printf "$package/%s " "$@")
if [ -f "/usr/src/$package.tar.xz" ]; then
  tar -xJf "/usr/src/$package.tar.xz" --transform 's#.*/##' $wanted
else
  apt-get -qq -o APT::Sandbox::User=root download "$package" >&2 || exit
  dpkg-deb --fsys-tarfile "$package"_*.deb | tar -xO "./usr/src/$package.tar.xz" |
    tar -xJ --transform 's#.*/##' $wanted
fi
status=$?
rm -f "$package"_*.deb
exit $status
"""

def _linux_drivers_impl(rctx):
    names = [path.rpartition("/")[2] for path in rctx.attr.files]
    tree = rctx.os.environ.get("KERNEL_SOURCE", "")
    done = rctx.execute(["sh", "-c", _FETCH, "sh", rctx.attr.package, tree] + rctx.attr.files, timeout = 600)
    why_not = ""
    if done.return_code != 0:
        why_not = "no files of the Debian package %s: %s" % (
            rctx.attr.package,
            (done.stderr.strip().splitlines() or ["apt-get download failed"])[-1],
        )
        if rctx.os.environ.get("KERNEL_TESTS") == "required":
            fail("@linux_drivers: " + why_not)
        for name in names:
            rctx.file(name, "", executable = False)
    rctx.file("why_not.txt", why_not, executable = False)
    rctx.file("BUILD.bazel", "exports_files(%r, visibility = [\"//visibility:public\"])\n" % (names + ["why_not.txt"]), executable = False)

linux_drivers = repository_rule(
    implementation = _linux_drivers_impl,
    attrs = {
        "files": attr.string_list(doc = "Paths in the kernel's tree.", mandatory = True),
        "package": attr.string(mandatory = True),
    },
    environ = [
        "KERNEL_SOURCE",
        "KERNEL_TESTS",
    ],
)
