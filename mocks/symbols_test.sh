#!/bin/sh
# The table of symbols is up to date, and the shims define what it says; its page in docs/ shows it.
set -eu
python3 mocks/list_symbols.py --root mocks --check mocks/symbols.tsv mocks/kernel_symbols.so
python3 mocks/list_symbols.py --root mocks --markdown | diff -u docs/symbols.md - ||
  { echo "write it again: python3 mocks/list_symbols.py --markdown > docs/symbols.md" >&2; exit 1; }
