"""mmap_fuzz_test: fuzzes the mmap handler of one driver, and replays its corpus."""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_test")
load("@rules_shell//shell:sh_binary.bzl", "sh_binary")
load("@rules_shell//shell:sh_test.bzl", "sh_test")

def _label(text):
    """The label as seen from this repository, whichever one calls the macro."""
    return str(Label(text))

def _shared_object(driver):
    """NAME.so of the driver_library that `driver` names; //a/b is //a/b:b."""
    if ":" not in driver and "//" in driver:
        driver += ":" + driver.rpartition("/")[2]
    return driver if driver.endswith(".so") else driver + ".so"

def mmap_fuzz_test(
        name,
        driver,
        corpus = [],
        dict = None,
        device = None,
        policy = None,
        params = [],
        profile = None,
        platform = None,
        size = "small",
        smoke_seconds = 20,
        tags = [],
        visibility = None,
        **kwargs):
    """Makes a driver a fuzz target that is an ordinary test too.

    Targets made:
      NAME         cc_test: replays the corpus. Any compiler, any --config.
      NAME_bin     cc_binary: the fuzzer, for --config=fuzz and --config=fuzz-plain.
      NAME_run     bazel run --config=fuzz //folder:NAME_run -- -max_total_time=60
      NAME_smoke   sh_test: fuzzes for smoke_seconds. Tags manual and fuzz-smoke.
      NAME_corpus  filegroup: the seeds.

    Args:
      name: the test's name and the stem of the others.
      driver: a driver_library.
      corpus: seeds, as files or labels.
      dict: a dictionary for libFuzzer.
      device: a device text (--device), for a driver that needs hardware.
      policy: a policy text (--policy): what the driver's offsets mean.
      params: module parameters, "name=value".
      profile: a kernel profile (--profile), as "6.1". The driver_library has the same.
      platform: a platform (--platform), as "x86-64".
      size: as in every test.
      smoke_seconds: how long NAME_smoke fuzzes.
      tags: of every target.
      visibility: of NAME_bin and NAME_corpus.
      **kwargs: handed to NAME.
    """
    shared_object = _shared_object(driver)
    given = [("--driver", shared_object), ("--device", device), ("--policy", policy)]
    options = ["%s=$(rootpath %s)" % (option, label) for option, label in given if label]
    options += ["--param=" + param for param in params]
    options += ["--profile=" + profile] if profile else []
    options += ["--platform=" + platform] if platform else []
    files = [label for _, label in given if label]

    # Never empty: $(rootpaths) of nothing is an error.
    seeds = ":" + name + "_corpus"
    native.filegroup(
        name = name + "_corpus",
        testonly = True,
        srcs = corpus + [_label("//bazel/fuzz:empty_input")],
        visibility = visibility,
    )

    # A driver's undefined symbols bind to the program that loads it, which must
    # export them. (The linker cannot know which: no driver is there at link time.)
    linkopts = ["-rdynamic"]
    deps = [
        _label("//bazel/fuzz:main"),
        _label("//fuzz:mmap_target"),
    ]
    cc_test(
        name = name,
        size = size,
        args = options + ["$(rootpaths %s)" % seeds],
        data = files + [seeds],
        tags = tags,
        visibility = visibility,
        linkopts = linkopts,
        linkstatic = True,
        deps = deps,
        **kwargs
    )
    cc_binary(
        name = name + "_bin",
        testonly = True,
        data = files,
        tags = tags,
        visibility = visibility,
        linkopts = linkopts,
        linkstatic = True,
        deps = deps,
    )

    binary = ":" + name + "_bin"
    run_args = [
        "$(rootpath %s)" % binary,
        (native.package_name() + "/" + name).replace("/", "_"),
        "$(rootpath %s)" % dict if dict else "-",
        "$(rootpaths %s)" % seeds,
        "--",
    ] + options
    run_data = [binary, seeds] + files + ([dict] if dict else [])
    sh_binary(
        name = name + "_run",
        testonly = True,
        srcs = [_label("//bazel/fuzz:run_fuzzer.sh")],
        args = run_args,
        data = run_data,
        tags = tags + ["manual"],
    )
    sh_test(
        name = name + "_smoke",
        size = "medium",
        srcs = [_label("//bazel/fuzz:run_fuzzer.sh")],
        args = run_args + ["-max_total_time=%d" % smoke_seconds],
        data = run_data,
        tags = tags + [
            "fuzz-smoke",
            "manual",
        ],
    )
