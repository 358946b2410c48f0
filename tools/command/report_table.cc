#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "tools/command/reports.h"

namespace drydock::command {
namespace {

std::string Plural(size_t count, const char* what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

std::string BaseName(const std::string& file) {
  return std::filesystem::path(file).filename().string();
}

std::string Seconds(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f s", seconds);
  return text;
}

// Columns count characters: the dot between words is two bytes of UTF-8.
size_t WidthOf(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}
std::string Padded(const std::string& text, size_t width) {
  const size_t have = WidthOf(text);
  return text + std::string(have < width ? width - have : 0, ' ');
}

// " · kernel 6.1: 2 confirmed, 1 not observable"; of findings, advice apart.
std::string Confirmations(const DriverReport& report) {
  std::string text;
  for (const char* verdict : {"confirmed", "not observable", "refuted"}) {
    size_t count = 0;
    for (const Finding& finding : report.findings) {
      count += finding.kind().weight == fuzz::Weight::kFinding &&
               finding.confirmation.verdict == verdict;
      if (text.empty() && count == 1 && finding.confirmation.verdict == verdict) {
        text = " · kernel " + finding.confirmation.kernel + ":";
      }
    }
    if (count == 0) continue;
    text += (text.ends_with(':') ? " " : ", ") + std::to_string(count) + " " + verdict;
  }
  return text;
}

std::string Verdict(const DriverReport& report) {
  if (!report.error.empty()) return "could not run";
  const size_t findings = report.Count(fuzz::Weight::kFinding);
  std::string text = findings == 0 ? "no findings" : Plural(findings, "finding");
  const size_t limits = report.Count(fuzz::Weight::kLimit);
  if (limits != 0) text += ", " + Plural(limits, "limit") + " of ours";
  if (report.interrupted) text += " (interrupted)";
  return text + Confirmations(report);
}

std::string Heading(const DriverReport& report) {
  std::string left = BaseName(report.file) + " · kernel " + fuzz::FormatProfile(report.profile);
  std::string platforms;
  for (const std::string& platform : report.platforms) {
    platforms += (platforms.empty() ? "" : ", ") + platform;
  }
  left += " · " + platforms;
  if (!report.error.empty()) return left + "\n";
  std::string right = WithCommas(report.executions) + " programs in " + Seconds(report.seconds) +
                      " (" + Rate(report.ExecutionsPerSecond()) + ")";
  if (report.edges != 0) {
    right += " · " + std::to_string(report.edges_covered) + " of " + std::to_string(report.edges) +
             " edges";
  }
  return Padded(left, 40) + "  " + right + "\n";
}

}  // namespace

std::string WithCommas(uint64_t number) {
  std::string text = std::to_string(number);
  for (size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, 1, ',');
  return text;
}

std::string Rate(double per_second) {
  char text[32];
  if (per_second >= 999500) {
    std::snprintf(text, sizeof text, "%.1f M/s", per_second / 1e6);
  } else if (per_second >= 1000) {
    std::snprintf(text, sizeof text, "%.0f k/s", per_second / 1e3);
  } else {
    std::snprintf(text, sizeof text, "%.0f/s", per_second);
  }
  return text;
}

std::string FormatTable(const std::vector<DriverReport>& reports) {
  if (reports.size() == 1) return Heading(reports[0]) + Verdict(reports[0]) + "\n";
  size_t width = 6;
  for (const DriverReport& report : reports) width = std::max(width, WidthOf(report.file));
  std::string text = Padded("driver", width) + "   executions     per second   findings\n";
  for (const DriverReport& report : reports) {
    char numbers[64];
    std::snprintf(numbers, sizeof numbers, " %12s   %12s   ", WithCommas(report.executions).c_str(),
                  Rate(report.ExecutionsPerSecond()).c_str());
    text += Padded(report.file, width) + numbers + Verdict(report) + "\n";
  }
  return text;
}

}  // namespace drydock::command
