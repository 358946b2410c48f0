#!/bin/bash
# Usage: memcheck.sh PROGRAM ARGUMENT...
# Runs a test under valgrind's memcheck; what it finds, and memory that nothing points to any
# more, is exit status 99. For `bazel test --config=valgrind`.
options=(
  --quiet
  --error-exitcode=99
  --leak-check=full
  --show-leak-kinds=definite
  --errors-for-leak-kinds=definite
  # Registers are right at each access: the handler of SIGSEGV reads them.
  --vex-iropt-register-updates=allregs-at-mem-access
  # A driver's stack has 256 KiB, and 1 MiB lies between two: what jumps farther than this is a
  # switch of stacks and no large frame.
  --max-stackframe=524288
  --suppressions=tools/memcheck/memcheck.supp
)
exec valgrind "${options[@]}" "$@"
