#!/usr/bin/env python3
"""The table of kernel symbols: name, class, header, role method, kernels. Reads mocks/include, shims and library.

    python3 mocks/list_symbols.py                    one line a symbol, tab-separated (mocks/symbols.tsv)
    python3 mocks/list_symbols.py --markdown         a page for docs/
    python3 mocks/list_symbols.py --check symbols.tsv OBJECT...
        exit 1 unless the table is up to date and `nm` of the objects defines just its modelled and
        stub symbols

Of each profile it is what the headers declare for a driver of that kernel, and so what the kernel exports, or
has inline. The last field names the kernels that have it, and is left away for all of them. A symbol whose class
differs between kernels has a line for each.

Classes: inline (C in a header), modelled (crosses the seam; `library` says that it is made of several
calls), stub (declared; calling it ends the run).
"""

import argparse
import os
import re
import subprocess
import sys

PROFILES = ("6.1", "6.12", "7.3")
# Parts of a kernel's header that are files of their own here.
_PARTS = {"drydock/mmap_prepare.h": "linux/mm.h", "drydock/vma_flags.h": "linux/mm.h"}
# Header plumbing and words of C that look like calls.
_NOT_SYMBOLS = re.compile(r"^(DRYDOCK_|__drydock|_LINUX_|_ASM_|___GFP_|if$|for$|while$|switch$|return$)")


def read(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    return re.sub(r"/\*.*?\*/", " ", text, flags=re.S)


def number_of(profile):
    major, minor = profile.split(".")
    return int(major) * 100 + int(minor)


def holds(line, number):
    """Whether the condition of an #if holds for this profile; None if it asks for something else."""
    match = re.match(r"#\s*(?:el)?if DRYDOCK_PROFILE_NUMBER (<|>=) (\d+)$", line)
    if match:
        return (number < int(match.group(2))) == (match.group(1) == "<")
    match = re.match(r"#\s*if(n?)def DRYDOCK_HAS_703$", line)
    return (number >= 703) != bool(match.group(1)) if match else None


def for_profile(text, number):
    """The text without what is there for other profiles alone."""
    out, stack = [], []  # of each open #if: [this branch is kept, one may be kept from here on]
    for line in text.split("\n"):
        directive = line.strip()
        if re.match(r"#\s*if", directive):
            condition = holds(directive, number)
            stack.append([condition is not False, condition is not True])
        elif re.match(r"#\s*elif", directive):
            condition = holds(directive, number)
            stack[-1] = [stack[-1][1] and condition is not False, stack[-1][1] and condition is not True]
        elif re.match(r"#\s*else", directive):
            stack[-1] = [stack[-1][1], False]
        elif re.match(r"#\s*endif", directive):
            stack.pop()
        kept = all(branch[0] for branch in stack)
        out.append(line if kept else "")
    return "\n".join(out)


def outside_braces(text):
    """The text with each {...} body replaced by a semicolon (a prototype or a head is left)."""
    out, depth = [], 0
    for char in text:
        if char == "{":
            depth += 1
        elif char == "}":
            depth -= 1
            if depth == 0:
                out.append(";")
        elif depth == 0:
            out.append(char)
    return "".join(out)


def declared(include, number):
    """Of a profile, {link name: (kernel name, header)} of prototypes; {name: header} of inline functions and macros."""
    functions, inline, names_of = {}, {}, {}
    for folder, _, files in sorted(os.walk(include)):
        for file in sorted(files):
            path = os.path.join(folder, file)
            header = os.path.relpath(path, include)
            if header.startswith("drydock/") and (header not in _PARTS or number < 703):
                continue
            header = _PARTS.get(header, header)
            text = for_profile(read(path).replace("\\\n", " "), number)
            for name, body in re.findall(r"^#define (\w+)\(.*?\)[ \t]+(.*)$", text, flags=re.M):
                if _NOT_SYMBOLS.match(name):
                    continue
                target = re.match(r"(drydock_\w+)\(", body.strip())
                if target:
                    names_of.setdefault(target.group(1), name)
                inline.setdefault(name, header)
            for name, body in re.findall(r"^#define (\w+) (drydock_\w+)\(\)$", text, flags=re.M):
                names_of.setdefault(body, name)
            prefixes = re.findall(r"^DRYDOCK_ATOMIC_FAMILY\((\w+),", text, flags=re.M)
            family = re.findall(r"pfx##(\w+)\(", text)
            for prefix in prefixes:
                for suffix in family:
                    inline.setdefault(prefix + suffix, header)
            for name in re.findall(r"^DRYDOCK_PAGE_FLAG\((\w+),", text, flags=re.M):
                for verb in ("Page", "SetPage", "ClearPage"):
                    inline.setdefault(verb + name, header)
            for order, bits in re.findall(r"^DRYDOCK_UNALIGNED\((\w+), (\d+)\)", text, flags=re.M):
                for verb in ("get", "put"):
                    inline.setdefault("%s_unaligned_%s%s" % (verb, order, bits), header)
            text = outside_braces(re.sub(r"^\s*#.*$", "", text, flags=re.M))
            for statement in text.split(";"):
                statement = re.sub(r"__(printf|scanf)\(\d, \d\)", "", " ".join(statement.split()))
                if not statement or statement.startswith(("typedef", "extern", "enum", "union")):
                    continue
                match = re.match(r"[\w\s*]*?\b\**(\w+)\s*\(", statement)
                if not match or _NOT_SYMBOLS.match(match.group(1)):
                    continue
                name = match.group(1)
                if statement.startswith("static"):
                    if not name.startswith("drydock_"):
                        inline.setdefault(name, header)
                    continue
                label = re.search(r"__drydock_symbol\((\w+)\)", statement)
                functions.setdefault(label.group(1) if label else name, (name, header))
    return functions, inline, names_of


def defined(folder):
    """{link name: role methods} of the extern "C" functions in a folder's C++ files; None for a stub."""
    symbols = {}
    for file in sorted(os.listdir(folder)):
        if not file.endswith(".cc") or file.endswith("_test.cc"):
            continue
        text = re.sub(r"[ \t]*//[^\n]*", "", read(os.path.join(folder, file)))
        for symbol in re.findall(r"^DRYDOCK_STUB(?:_NAMED)?\((\w+)", text, flags=re.M):
            symbols[symbol] = None
        for macro, symbol in re.findall(r"^(DRYDOCK_\w+)\((\w+)", text, flags=re.M):
            if macro.startswith("DRYDOCK_STUB"):
                continue
            body = re.search(r"#define %s\((?:.*\\\n)*.*" % macro, text)
            symbols[symbol] = methods(body.group(0)) if body else ""
        start = text.find('extern "C" {\n\n')
        text = text[start:] if start >= 0 else ""
        function = r"^[\w\[][\w\[\]:*& ]*?\b(\w+)\([^;{}]*\) ?\{([^\n]*\}$|.*?\n\})"
        for match in re.finditer(function, text, flags=re.M | re.S):
            if not _NOT_SYMBOLS.match(match.group(1)):
                symbols[match.group(1)] = methods(match.group(2))
    return symbols


def methods(body):
    found = []
    for method in re.findall(r"Cross(?:From)?<&(\w+::\w+)>", body):
        if method not in found:
            found.append(method)
    return " ".join(found)


def profile_table(root, number):
    functions, inline, names_of = declared(os.path.join(root, "include"), number)
    shims = defined(os.path.join(root, "shims"))
    library = defined(os.path.join(root, "library"))
    # A role's method that has a body in the seam itself is on its default, which ends the run.
    defaults = set(re.findall(r"^inline [^;{]*?\b(\w+::\w+)\(", read(os.path.join(root, "kernel_api.h")), flags=re.M))
    rows = []
    for link, (name, header) in functions.items():
        if name.startswith("drydock_"):
            name = names_of.get(name, name)
            inline.pop(name, None)
        if shims.get(link, "") is None or shims.get(link) in defaults:
            rows.append((name, "stub", header, link, "-"))
        elif link in shims:
            rows.append((name, "modelled", header, link, shims[link] or "-"))
        elif link in library:
            rows.append((name, "modelled", header, link, library[link] or "library"))
        else:
            sys.exit("list_symbols: %s is declared in %s and defined nowhere" % (link, header))
    known = {row[0] for row in rows}
    rows += [(name, "inline", header, "-", "-") for name, header in inline.items() if name not in known]
    return set(rows)


def table(root):
    kernels = {}
    for profile in PROFILES:
        for row in profile_table(root, number_of(profile)):
            kernels.setdefault(row, []).append(profile)
    return sorted(row + ((" ".join(of),) if len(of) < len(PROFILES) else ()) for row, of in kernels.items())


def markdown(rows):
    some = len({row[0] for row in rows if len(row) > 5})
    count = {kind: sum(row[1] == kind for row in rows) for kind in ("inline", "modelled", "stub")}
    lines = [
        "# Kernel symbols",
        "",
        "Generated by `mocks/list_symbols.py --markdown`. "
        "%(inline)d inline, %(modelled)d modelled, %(stub)d stubs." % count,
        "%d of them are not of all kernels. `./drydock check` refuses a driver that uses one which its kernel"
        % some,
        "does not have.",
        "",
        "| symbol | class | header | behind it |",
        "|---|---|---|---|",
    ]
    for name, kind, header, _, role, *of in rows:
        kernels = " in " + ", ".join(of[0].split()) if of else ""
        lines.append("| `%s` | %s%s | `%s` | %s |" % (name, kind, kernels, header, "" if role == "-" else role))
    return "\n".join(lines) + "\n"


def check(rows, text, table_file, objects):
    with open(table_file, encoding="utf-8") as file:
        if file.read() != text:
            sys.exit("%s is out of date: python3 mocks/list_symbols.py > mocks/symbols.tsv" % table_file)
    found = set()
    for line in subprocess.check_output(["nm", "--defined-only"] + objects, text=True).splitlines():
        fields = line.split()
        if len(fields) == 3 and fields[1] == "T" and not re.match("_Z|_init$|_fini$", fields[2]):
            found.add(fields[2])
    wanted = {row[3] for row in rows if row[3] != "-"}
    for symbol in sorted(wanted ^ found):
        print("%s: %s" % (symbol, "in the table, not in the objects" if symbol in wanted
                          else "in the objects, declared in no header"))
    return 1 if wanted != found else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", default=os.path.dirname(os.path.abspath(__file__)))
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--check", nargs="+", metavar="FILE")
    options = parser.parse_args()
    rows = table(options.root)
    text = "".join("\t".join(row) + "\n" for row in rows)
    if options.check:
        sys.exit(check(rows, text, options.check[0], options.check[1:]))
    sys.stdout.write(markdown(rows) if options.markdown else text)


if __name__ == "__main__":
    main()
