#!/usr/bin/env python3
"""Writes compile_commands.json, for clangd and clang-tidy.

Usage: bazel run //bazel:compile_commands [-- TARGET-PATTERN...]     (default: //...)

Asks Bazel for its compile actions and builds nothing. The configuration is the
clang one, so that every flag is one that clang's tools know.
"""

import json
import os
import pathlib
import re
import subprocess
import sys

SOURCES = (".c", ".cc")
# Outputs, and what only means something inside of Bazel.
DROP_WITH_VALUE = {"-MF", "-o"}
DROP = {"-MD", "-no-canonical-prefixes", "-fcolor-diagnostics"}
EXTERNAL = re.compile(r"^(-I|-isystem|-iquote|)external/")


def bazel(*arguments):
    command = [os.environ.get("BAZEL", "bazel"), *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def for_clang_tools(arguments, external):
    kept = []
    rest = iter(arguments)
    for argument in rest:
        if argument in DROP_WITH_VALUE:
            next(rest)
        elif argument not in DROP:
            kept.append(EXTERNAL.sub(rf"\1{external}/", argument))
    return kept


def main():
    patterns = " ".join(sys.argv[1:] or ["//..."])
    os.chdir(os.environ.get("BUILD_WORKSPACE_DIRECTORY", "."))
    workspace = pathlib.Path(bazel("info", "workspace").strip())
    external = bazel("info", "output_base").strip() + "/external"
    graph = json.loads(bazel(
        "aquery", "--config=clang", "--output=jsonproto", "--ui_event_filters=-info",
        "--noshow_progress", f'mnemonic("CppCompile", set({patterns}))'))

    commands = {}
    for action in graph.get("actions", []):
        arguments = action["arguments"]
        if "-c" not in arguments:
            continue
        source = arguments[arguments.index("-c") + 1]
        if source.endswith(SOURCES) and not source.startswith("external/"):
            # (The first one: a file may be compiled with -fPIC and without.)
            commands.setdefault(source, {
                "arguments": for_clang_tools(arguments, external),
                "directory": str(workspace),
                "file": source,
            })

    out = workspace / "compile_commands.json"
    out.write_text(json.dumps([commands[s] for s in sorted(commands)], indent=1) + "\n",
                   encoding="utf-8")
    print(f"{out}: {len(commands)} files")


if __name__ == "__main__":
    main()
