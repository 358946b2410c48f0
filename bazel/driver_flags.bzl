"""How a driver's C is compiled for user space: the one list there is.

driver_library uses it in Bazel; //bazel:driver_flags writes it to text files, one
flag a line, for `./drydock check`, which calls clang itself. What is per driver
is not here: KBUILD_MODNAME, and the include folder (mocks/include, by -isystem).
"""

DRIVER_FLAGS = [
    "-std=gnu11",

    # libc stays out of a driver. The user-space API headers of the kernel come
    # last, for what <linux/*.h> of ours does not replace.
    "-nostdinc",
    "-idirafter",
    "/usr/include/x86_64-linux-gnu",
    "-idirafter",
    "/usr/include",
    "-D__KERNEL__",
    "-DMODULE",

    # The kernel's dialect of C: what its own Makefile says.
    "-fno-strict-aliasing",
    "-fno-strict-overflow",
    "-fno-delete-null-pointer-checks",
    "-fno-common",
    "-fno-builtin",
    "-fshort-wchar",
    "-Werror=implicit-function-declaration",
    "-Werror=implicit-int",
    "-Werror=incompatible-pointer-types",
    "-Werror=return-type",
    "-Werror=strict-prototypes",

    # The kernel is never compiled without optimisation. So its inline functions are in the functions
    # of the driver that call them, and a report names those.
    "-O1",

    # Loaded with dlopen; sanitizer reports name a line and a full stack.
    "-fPIC",
    "-g",
    "-fno-omit-frame-pointer",
    "-fno-optimize-sibling-calls",
    "-U_FORTIFY_SOURCE",
]

# What `check` and --config=fuzz compile a driver with besides; --config=asan-ubsan says the same.
DRIVER_SANITIZER_FLAGS = [
    "-O1",
    "-fsanitize=address,undefined",
    "-fno-sanitize-recover=undefined",

    # Variables stay on the stack, whose use is counted.
    "-fsanitize-address-use-after-return=never",
]

# The driver is what libFuzzer explores; nothing else is compiled with these. Of what
# -fsanitize=fuzzer-no-link asks for, indirect-calls is left out, which serves -use_value_profile
# alone, and stack-depth: driver code runs on stacks that libFuzzer does not know.
DRIVER_COVERAGE_FLAGS = [
    "-fsanitize-coverage=inline-8bit-counters,pc-table,trace-cmp",
]

# How the objects become NAME.so. Undefined symbols are the kernel's: they get
# bound at dlopen, to the program that loads the driver; what the driver defines
# itself stays its own, whatever that program exports. No libc is linked.
DRIVER_LINK_FLAGS = [
    "-nostdlib",
    "-Wl,--as-needed",
    "-Wl,-Bsymbolic",
    "-Wl,-z,now",
]

def _flags_file_impl(ctx):
    ctx.actions.write(ctx.outputs.out, "".join([flag + "\n" for flag in ctx.attr.flags]))
    return [DefaultInfo(files = depset([ctx.outputs.out]), runfiles = ctx.runfiles([ctx.outputs.out]))]

flags_file = rule(
    implementation = _flags_file_impl,
    attrs = {
        "flags": attr.string_list(mandatory = True),
        "out": attr.output(mandatory = True),
    },
    doc = "A text file with one flag a line.",
)
