#!/bin/sh
# The table of symbols is up to date, and the shims' library defines what it says. The arguments are the
# files of the library that Bazel may have built; the first one that is there serves.
set -eu
for library in "$@"; do
    if [ -e "$library" ]; then
        exec python3 mocks/list_symbols.py --root mocks --check mocks/symbols.tsv "$library"
    fi
done
echo "no library of the shims among: $*" >&2
exit 1
