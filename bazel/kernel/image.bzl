"""@linux_image: a kernel to boot, of the release that @linux_headers has.

The first of: $KERNEL_IMAGE (--repo_env=KERNEL_IMAGE=/boot/vmlinuz-...), an
installed /boot/vmlinuz-RELEASE, the Debian package linux-image-RELEASE, which is
downloaded and not installed: no hook runs, root is not needed. Without any,
why_not.txt says why, and the tests that boot are skipped; with
--repo_env=KERNEL_TESTS=required that is an error.
"""

_BUILD = """\
package(default_visibility = ["//visibility:public"])

exports_files([
    "kernel",
    "why_not.txt",
])
"""

# Newer releases keep the file in linux-binary-*; linux-image-* only depends on it.
_DOWNLOAD = """\
mkdir -p download && cd download || exit
for package in linux-image-$1 linux-binary-$1; do
  apt-get -qq -o APT::Sandbox::User=root download "$package" >&2 || continue
  for deb in ./*.deb; do
    file=$(dpkg-deb --fsys-tarfile "$deb" | tar -t | grep -m1 '/vmlinuz')
    [ -n "$file" ] && dpkg-deb --fsys-tarfile "$deb" | tar -xO "$file" >../vmlinuz && exit 0
    rm -f "$deb"
  done
done
exit 1
"""

# A Debian kernel boots from its unpacked ELF image too (PVH): unpacking here, once,
# saves the guest 4 of its 6 seconds. (Any other one stays as it is.)
_UNPACK = """\
export LC_ALL=C
for offset in $(grep -aboP '\\xfd7zXZ\\x00' vmlinuz | tr -d '\\0' | cut -d: -f1); do
  tail -c +$((offset + 1)) vmlinuz | xz -dc >kernel 2>/dev/null
  [ "$(head -c 4 kernel | tail -c 3)" = ELF ] && rm vmlinuz && exit 0
done
mv vmlinuz kernel
"""

def _downloaded(rctx, release):
    done = rctx.execute(["sh", "-c", _DOWNLOAD, "sh", release], timeout = 600)
    rctx.delete("download")
    return done.return_code == 0

def _kernel_image_impl(rctx):
    release = rctx.read(rctx.attr.release).strip()
    why_not = ""
    if rctx.os.environ.get("KERNEL_IMAGE"):
        if rctx.path(rctx.os.environ["KERNEL_IMAGE"]).exists:
            rctx.symlink(rctx.os.environ["KERNEL_IMAGE"], "kernel")
        else:
            why_not = "KERNEL_IMAGE names no file: " + rctx.os.environ["KERNEL_IMAGE"]
    elif not release:
        why_not = "no kernel headers, so no release to take an image of (package linux-headers-amd64)"
    elif rctx.execute(["cp", "/boot/vmlinuz-" + release, "vmlinuz"]).return_code != 0:
        # (A copy: the installed file may go. On some systems only root reads it.)
        if not _downloaded(rctx, release):
            why_not = "apt-get download linux-image-%s failed; apt-get update, then bazel sync --configure" % release
    if why_not:
        if rctx.os.environ.get("KERNEL_TESTS") == "required":
            fail("@linux_image: " + why_not)
        rctx.file("kernel", "", executable = False)
    elif not rctx.os.environ.get("KERNEL_IMAGE"):
        rctx.execute(["sh", "-c", _UNPACK])
    rctx.file("why_not.txt", why_not, executable = False)
    rctx.file("BUILD.bazel", _BUILD, executable = False)

kernel_image = repository_rule(
    implementation = _kernel_image_impl,
    attrs = {"release": attr.label(default = "@linux_headers//:release.txt")},
    configure = True,
    environ = [
        "KERNEL_IMAGE",
        "KERNEL_TESTS",
    ],
)
