#!/bin/sh
# The table of symbols is up to date, and the shims define what it says.
set -eu
exec python3 mocks/list_symbols.py --root mocks --check mocks/symbols.tsv mocks/kernel_symbols.so
