"""@linux_headers: the kernel that modules are built against.

The first of: $KERNEL_HEADERS (--repo_env=KERNEL_HEADERS=/usr/src/linux-headers-...),
the headers of the running kernel, the newest /usr/src/linux-headers-*. Without
any, modules and their tests are skipped; with --repo_env=KERNEL_TESTS=required
that is an error.
"""

_BUILD = """\
package(default_visibility = ["//visibility:public"])

exports_files([
    "Module.symvers",
    "release.txt",
])

# What the bytes of a module depend on besides its sources. The headers (16,000
# files) are read from where they are installed.
filegroup(
    name = "key",
    srcs = glob(["key/*"], allow_empty = True) + [
        "Module.symvers",
        "info.txt",
    ],
)
"""

_DEFS = """\
KERNEL_DIR = {directory}
KERNEL_HEADERS_AVAILABLE = {available}
KERNEL_RELEASE = {release}
"""

def _candidates(rctx):
    if rctx.os.environ.get("KERNEL_HEADERS"):
        return [rctx.os.environ["KERNEL_HEADERS"]]
    found = []
    running = rctx.execute(["uname", "-r"])
    if running.return_code == 0:
        found.append("/lib/modules/%s/build" % running.stdout.strip())
    installed = rctx.execute(["sh", "-c", "ls -d /usr/src/linux-headers-*/.config 2>/dev/null | sort -Vr"])
    return found + [line[:-len("/.config")] for line in installed.stdout.splitlines()]

def _first_line(rctx, command):
    done = rctx.execute(command)
    return done.stdout.splitlines()[0] if done.return_code == 0 and done.stdout else ""

def _kernel_headers_impl(rctx):
    directory = None
    for candidate in _candidates(rctx):
        if rctx.path(candidate + "/include/generated/utsrelease.h").exists:
            directory = str(rctx.path(candidate).realpath)
            break
    if not directory and rctx.os.environ.get("KERNEL_TESTS") == "required":
        fail("@linux_headers needs the Debian package linux-headers-amd64: apt-get install --no-install-recommends linux-headers-amd64")

    release = ""
    if directory:
        release = rctx.read(directory + "/include/generated/utsrelease.h").split("\"")[1]
        for header in ["autoconf.h", "compile.h", "utsrelease.h"]:
            if rctx.path(directory + "/include/generated/" + header).exists:
                rctx.symlink(directory + "/include/generated/" + header, "key/" + header)
        rctx.symlink(directory + "/Module.symvers", "Module.symvers")
    else:
        rctx.file("Module.symvers", "", executable = False)

    # A security update changes the headers and keeps the name of their folder.
    rctx.file("info.txt", "\n".join([
        str(directory),
        release,
        _first_line(rctx, ["dpkg-query", "-W", "linux-headers-" + release]),
        _first_line(rctx, ["gcc", "--version"]),
        "",
    ]), executable = False)
    rctx.file("release.txt", release + "\n", executable = False)
    rctx.file("BUILD.bazel", _BUILD, executable = False)
    rctx.file("defs.bzl", _DEFS.format(
        available = directory != None,
        directory = repr(directory or ""),
        release = repr(release),
    ), executable = False)

kernel_headers = repository_rule(
    implementation = _kernel_headers_impl,
    configure = True,
    environ = [
        "KERNEL_HEADERS",
        "KERNEL_TESTS",
    ],
    local = True,
)
