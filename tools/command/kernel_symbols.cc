#include "tools/command/kernel_symbols.h"

#include <array>
#include <sstream>

namespace drydock::command {

KernelSymbols::KernelSymbols(std::string_view table) {
  std::istringstream lines{std::string(table)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::array<std::string, 6> field;  // name, class, header, link name, role, kernels
    for (std::string& text : field) std::getline(fields, text, '\t');
    if (field[4].empty()) continue;
    if (field[5].empty()) field[5] = "6.1 6.12 7.3";
    kernels_[field[0]] += " " + field[5];
    if (field[3] != "-" && field[3] != field[0]) kernels_[field[3]] += " " + field[5];
  }
}

std::string KernelSymbols::OnlyIn(std::string_view symbol, int profile) const {
  const auto found = kernels_.find(symbol);
  if (found == kernels_.end()) return "";
  std::string names;
  std::string last;
  std::istringstream words(found->second);
  for (std::string word; words >> word;) {
    if (word == KernelName(profile)) return "";
    if (word == last) continue;
    if (!last.empty()) names += (names.empty() ? "" : ", ") + last;
    last = word;
  }
  return names.empty() ? last : names + " and " + last;
}

std::string KernelName(int profile) {
  return std::to_string(profile / 100) + "." + std::to_string(profile % 100);
}

}  // namespace drydock::command
