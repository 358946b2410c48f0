// Writes docs/fidelity.md to standard output: bazel run //kmod/conform:fidelity_markdown
#include <cstdio>
#include <cstdlib>
#include <string>

#include "kmod/conform/fidelity.h"

int main() {
  const char* const workspace = std::getenv("BUILD_WORKSPACE_DIRECTORY");
  const drydock::kmod::Fidelity fidelity =
      drydock::kmod::ReadFidelity(workspace == nullptr ? "." : workspace);
  if (!fidelity.error.empty()) {
    std::fprintf(stderr, "fidelity: %s\n", fidelity.error.c_str());
    return 1;
  }
  std::fputs(FidelityMarkdown(fidelity).c_str(), stdout);
}
