#!/usr/bin/env python3
"""Prints what `bazel coverage` found out, a line for each folder.

Usage: bazel run //bazel/coverage:summary [-- FILE]    (default: the report of the last run)
"""

import collections
import os
import pathlib
import subprocess
import sys

KINDS = (("LF", "LH"), ("FNF", "FNH"), ("BRF", "BRH"))  # lines, functions, branches


def last_report():
    output = subprocess.run([os.environ.get("BAZEL", "bazel"), "info", "output_path"], check=True,
                            stdout=subprocess.PIPE, text=True,
                            cwd=os.environ.get("BUILD_WORKSPACE_DIRECTORY"))
    return pathlib.Path(output.stdout.strip(), "_coverage/_coverage_report.dat")


def count(lcov):
    """Folder -> counts of what was found and hit."""
    folders = collections.defaultdict(collections.Counter)
    folder = None
    for record in lcov.splitlines():
        key, _, value = record.partition(":")
        if key == "SF":
            folder = str(pathlib.PurePath(value).parent)
        elif folder is not None and key in {name for kind in KINDS for name in kind}:
            folders[folder][key] += int(value)
    return folders


def row(name, counts, width):
    cells = []
    for found, hit in KINDS:
        share = f"{100 * counts[hit] / counts[found]:.1f} %" if counts[found] else "-"
        cells.append(f"{counts[hit]:6} of {counts[found]:6} {share:>8}")
    return f"{name:{width}}  " + "  ".join(cells)


def main():
    path = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else last_report()
    try:
        folders = count(path.read_text(encoding="utf-8"))
    except OSError as error:
        sys.exit(f"{path}: cannot be read ({error.strerror}), run: bazel coverage //...")
    if not folders:
        sys.exit(f"{path}: no coverage in it, run: bazel coverage //...")
    width = max(len(name) for name in [*folders, "folder"])
    print(f"{'folder':{width}}  {'lines':25}  {'functions':25}  branches")
    for name in sorted(folders):
        print(row(name, folders[name], width))
    print(row("all", sum(folders.values(), collections.Counter()), width))


if __name__ == "__main__":
    main()
