#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "tools/command/reports.h"

namespace drydock::command {
namespace {

constexpr size_t kColumn = 70;  // where results and places begin

std::string Column(std::string text, const std::string& more) {
  if (more.empty()) return text + "\n";
  text += text.size() < kColumn ? std::string(kColumn - text.size(), ' ') : "  ";
  return text + more + "\n";
}

std::string Place(const Finding& finding) {
  std::string place = finding.function;
  if (!finding.file.empty() && finding.line != 0) {
    place += (place.empty() ? "" : ", ") + std::filesystem::path(finding.file).filename().string() +
             ":" + std::to_string(finding.line);
  }
  return place;
}

std::string Steps(const Finding& finding) {
  const fuzz::ParsedProgram parsed = fuzz::ParseProgram(finding.program, "program");
  if (!parsed.error.empty()) return {};
  std::string text;
  const fuzz::Header& header = parsed.program.header;
  if (header.load_trial != fuzz::kNoLoadTrial) {
    const std::string what =
        header.load_trial == 0
            ? "insmod and rmmod"
            : "insmod; allocation " + std::to_string(header.load_trial) + " fails";
    return Column("     " + what, "<- here");
  }
  if (header.fail_allocation != 0) {
    text += "     (allocation " + std::to_string(header.fail_allocation) + " of the run fails)\n";
  }
  if (!header.core_guards) text += "     (without mmap(2)'s own check of offset + length)\n";
  for (size_t i = 0; i < parsed.program.step_count; ++i) {
    char number[32];
    std::snprintf(number, sizeof number, "    %2zu  ", i + 1);
    const bool here = static_cast<int>(i) == finding.step;
    std::string result = i < finding.results.size() ? "= " + finding.results[i] : "";
    if (here) result += result.empty() ? "<- here" : "   <- here";
    text += Column(number + fuzz::FormatStep(parsed.program, i, parsed.nodes), result);
  }
  if (finding.step >= static_cast<int>(parsed.program.step_count)) {
    text += Column("        (all processes exit)", "<- here");
  }
  return text;
}

}  // namespace

std::string DrawMaps(const std::string& maps) {
  std::string text;
  size_t lines = 0;
  for (size_t begin = 0; begin < maps.size() && lines < 12; ++lines) {
    const size_t end = std::min(maps.find('\n', begin), maps.size());
    text += "       | " + maps.substr(begin, end - begin) + "\n";
    begin = end + 1;
  }
  return text;
}

std::string FormatFinding(const Finding& finding, const std::string& replay) {
  const fuzz::ViolationClass& kind = finding.kind();
  std::string head = finding.class_id + "  " + std::string(kind.name);
  std::string text = Column(std::move(head), Place(finding));
  text += Steps(finding);
  if (!finding.seen.empty()) text += "     seen      " + finding.seen + "\n";
  if (!finding.expected.empty()) text += "     expected  " + finding.expected + "\n";
  if (finding.oracle != 0) {
    text += "     oracle    O" + std::to_string(finding.oracle) + " on " + finding.platform + "\n";
  }
  const std::string picture = DrawMaps(finding.maps);
  if (!picture.empty()) text += "     mapped there\n" + picture;
  if (!finding.program_file.empty()) {
    text += "     replay    ./drydock replay " + finding.program_file + " " + replay + "\n";
  }
  if (!finding.c_file.empty()) text += "     in C      " + finding.c_file + "\n";
  if (!finding.test_file.empty()) text += "     as a test " + finding.test_file + "\n";
  const Confirmation& there = finding.confirmation;
  if (!there.kernel.empty()) {
    text += "     kernel    " + there.kernel + ": " + there.verdict;
    text += (there.verdict == "not observable" ? " there: " : ": ") + there.shown + "\n";
    if (there.verdict == "refuted") {
      text += "               a refuted finding is a bug of Drydock: please report it\n";
    }
  }
  return text;
}

}  // namespace drydock::command
