#include "tools/command/symbolize.h"

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <iterator>

#include "tools/command/subprocess.h"

namespace drydock::command {
namespace {

std::string_view TakeLine(std::string_view* text) {
  const size_t end = text->find('\n');
  const std::string_view line = text->substr(0, end);
  text->remove_prefix(end == text->npos ? text->size() : end + 1);
  return line;
}

// "FILE:LINE:COLUMN".
CodePlace PlaceOf(std::string_view function, std::string_view where) {
  CodePlace place{std::string(function), {}, 0};
  const size_t column = where.rfind(':');
  const size_t line = column == where.npos ? where.npos : where.rfind(':', column - 1);
  if (line == where.npos || column == 0) return place;
  place.file = where.substr(0, line);
  std::from_chars(where.data() + line + 1, where.data() + column, place.line);
  if (place.file == "??") place.file.clear();
  if (place.function == "??") place.function.clear();
  return place;
}

// The optimiser merges equal calls of two branches, and then none of their lines is the call's: the
// line of what comes shortly before stands for it.
constexpr uint64_t kLooksBack[] = {1, 5, 9, 13, 17, 21, 25, 29};

bool IsOurs(const std::string& file) { return file.find("mocks/include/") != file.npos; }

}  // namespace

CodePlace ParseSymbolizerBlock(std::string_view block) {
  CodePlace place;
  while (!block.empty()) {
    const std::string_view function = TakeLine(&block);
    if (function.empty()) continue;
    place = PlaceOf(function, TakeLine(&block));
    if (!IsOurs(place.file)) break;
  }
  return place;
}

void Symbolize(const std::string& symbolizer, const std::string& object,
               std::vector<Finding>* findings) {
  std::vector<std::string> command = {symbolizer, "-e", object, "--functions=linkage"};
  std::vector<Finding*> with_pc;
  for (Finding& finding : *findings) {
    if (finding.driver_pc == 0) continue;
    // A return address: the call is before it.
    for (const uint64_t back : kLooksBack) {
      char text[24];
      const uint64_t pc = finding.driver_pc > back ? finding.driver_pc - back : 0;
      std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(pc));
      command.push_back(text);
    }
    with_pc.push_back(&finding);
  }
  if (!with_pc.empty()) {
    int status = 0;
    const std::string output = Capture(command, &status);
    std::string_view rest = output;
    for (Finding* finding : with_pc) {
      CodePlace place;
      for (size_t look = 0; look < std::size(kLooksBack); ++look) {
        const size_t end = rest.find("\n\n");
        if (status != 0 || end == rest.npos) break;
        const CodePlace here = ParseSymbolizerBlock(rest.substr(0, end));
        rest.remove_prefix(end + 2);
        const bool better = place.line == 0 && here.line != 0 && here.function == place.function;
        if (look == 0 || better) place = here;
      }
      if (!place.function.empty()) finding->function = place.function;
      finding->file = place.file;
      finding->line = place.line;
    }
  }
  std::vector<Finding> different;
  for (Finding& finding : *findings) {
    bool known = false;
    for (const Finding& other : different) known |= other.SameAs(finding);
    if (!known) different.push_back(std::move(finding));
  }
  *findings = std::move(different);
}

}  // namespace drydock::command
