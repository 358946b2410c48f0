// write_gtest FILE.prog MODULE CLASS: its GoogleTest form on standard output, for tests that
// compile it.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "fuzz/program_gtest.h"
#include "fuzz/violation_classes.h"

int main(int argc, char** argv) {
  using namespace drydock::fuzz;  // NOLINT: one function
  std::ifstream file(argc == 4 ? argv[1] : "", std::ios::binary);
  const ViolationClass* found = argc == 4 ? FindClass(argv[3]) : nullptr;
  if (!file.is_open() || found == nullptr) {
    std::fputs("write_gtest FILE.prog MODULE CLASS\n", stderr);
    return 2;
  }
  const std::string program{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const std::string text =
      FormatGtest(program, {.title = std::string(found->id) + " " + std::string(found->name),
                            .seen = {},
                            .module = argv[2],
                            .class_id = std::string(found->id),
                            .class_name = std::string(found->name),
                            .params = {},
                            .device_name = {},
                            .device_text = {},
                            .policy_file = {}});
  return std::fputs(text.c_str(), stdout) < 0 ? 1 : 0;
}
