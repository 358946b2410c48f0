#include "kmod/conform/driver_table.h"

#include <fnmatch.h>

#include <algorithm>
#include <sstream>

namespace drydock::kmod {

std::string DriverRow::ParametersText() const {
  std::string text;
  for (const auto& [parameter, value] : parameters) {
    text += (text.empty() ? "" : " ") + parameter + "=" + value;
  }
  return text;
}

bool DriverRow::RunsOn(const std::string& kernel) const {
  std::istringstream patterns(kernels);
  for (std::string pattern; std::getline(patterns, pattern, ',');) {
    if (fnmatch(pattern.c_str(), kernel.c_str(), 0) == 0) return true;
  }
  return false;
}

DriverTable ParseDriverTable(std::string_view text, const std::string& file_name) {
  DriverTable table;
  std::istringstream lines{std::string(text)};
  std::string line;
  for (size_t number = 1; std::getline(lines, line); ++number) {
    std::istringstream words(line);
    DriverRow row;
    if (!(words >> row.name) || row.name.starts_with('#')) continue;
    const auto wrong = [&](const std::string& what) {
      table.error = file_name + ":" + std::to_string(number) + ": " + what;
      return table;
    };
    if (!(words >> row.file)) return wrong(row.name + " has no file");
    if (!(words >> row.kernels) || row.kernels.find('=') != std::string::npos) {
      return wrong(row.name + " has no kernels, write * for all");
    }
    if (std::any_of(table.rows.begin(), table.rows.end(),
                    [&](const DriverRow& other) { return other.name == row.name; })) {
      return wrong(row.name + " is there twice");
    }
    for (std::string word; words >> word;) {
      if (word == "only-programs") {
        row.only_programs = true;
        continue;
      }
      const size_t equals = word.find('=');
      if (equals == std::string::npos || equals == 0) return wrong(word + ": write NAME=VALUE");
      row.parameters.emplace_back(word.substr(0, equals), word.substr(equals + 1));
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace drydock::kmod
