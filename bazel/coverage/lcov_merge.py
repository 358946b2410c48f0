#!/usr/bin/env python3
"""Merges LCOV tracefiles, so that `bazel coverage` downloads nothing.

Bazel calls it in two roles:
  --coverage_dir=DIR --output_file=FILE    the *.dat files of one test
  --reports_file=LIST --output_file=FILE   the files of all tests
"""

import argparse
import collections
import pathlib
import re


class Source:
    """What the tracefiles say of one source file."""

    def __init__(self):
        self.functions = {}  # name -> first line
        self.calls = collections.Counter()  # name -> count
        self.lines = collections.Counter()  # line -> count
        self.branches = {}  # (line, block, branch) -> count; None: line not reached

    def add(self, key, value):
        if key == "FN":
            line, name = value.split(",", 1)
            self.functions[name] = int(line)
        elif key == "FNDA":
            count, name = value.split(",", 1)
            self.calls[name] += int(count)
        elif key == "DA":
            line, count = value.split(",")[:2]
            self.lines[int(line)] += int(count)
        elif key == "BRDA":
            line, block, branch, count = value.split(",")
            where = (int(line), int(block), int(branch))
            old, new = self.branches.get(where), None if count == "-" else int(count)
            self.branches[where] = new if old is None else old + (new or 0)

    def records(self):
        for name, line in sorted(self.functions.items(), key=lambda f: (f[1], f[0])):
            yield f"FN:{line},{name}"
        for name in sorted(self.functions):
            yield f"FNDA:{self.calls[name]},{name}"
        yield f"FNF:{len(self.functions)}"
        yield f"FNH:{sum(self.calls[name] > 0 for name in self.functions)}"
        for (line, block, branch), count in sorted(self.branches.items()):
            yield f"BRDA:{line},{block},{branch},{'-' if count is None else count}"
        if self.branches:
            yield f"BRF:{len(self.branches)}"
            yield f"BRH:{sum(bool(count) for count in self.branches.values())}"
        for line in sorted(self.lines):
            yield f"DA:{line},{self.lines[line]}"
        yield f"LF:{len(self.lines)}"
        yield f"LH:{sum(count > 0 for count in self.lines.values())}"
        yield "end_of_record"


def read(path, sources):
    source = None
    for record in path.read_text(encoding="utf-8", errors="replace").splitlines():
        key, _, value = record.partition(":")
        if key == "SF":
            source = sources.setdefault(value, Source())
        elif source is not None:
            source.add(key, value)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--coverage_dir", type=pathlib.Path)
    parser.add_argument("--reports_file", type=pathlib.Path)
    parser.add_argument("--output_file", type=pathlib.Path, required=True)
    parser.add_argument("--filter_sources", action="append", default=[])
    parser.add_argument("--source_file_manifest", type=pathlib.Path)
    args, _ = parser.parse_known_args()

    if args.reports_file:
        inputs = [pathlib.Path(line) for line in args.reports_file.read_text().splitlines() if line]
    else:
        inputs = sorted(args.coverage_dir.rglob("*.dat"))
    sources = {}
    for path in inputs:
        if path.exists() and path.resolve() != args.output_file.resolve():
            read(path, sources)

    # The manifest has what --instrumentation_filter lets through.
    if args.source_file_manifest:
        wanted = set(args.source_file_manifest.read_text(encoding="utf-8").splitlines())
        sources = {path: source for path, source in sources.items() if path in wanted}
    dropped = [re.compile(pattern) for pattern in args.filter_sources]
    with args.output_file.open("w", encoding="utf-8") as out:
        for path in sorted(sources):
            if not any(pattern.fullmatch(path) for pattern in dropped):
                out.write("\n".join([f"SF:{path}", *sources[path].records()]) + "\n")


if __name__ == "__main__":
    main()
