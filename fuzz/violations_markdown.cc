// Prints docs/violations.md.
#include <cstdio>

#include "fuzz/violation_classes.h"

int main() {
  std::fputs(drydock::fuzz::ViolationsMarkdown().c_str(), stdout);
  return 0;
}
