#include "tools/command/finding.h"

namespace drydock::command {

std::string LimitOf(const DriverReport& report) {
  if (report.Count(fuzz::Weight::kFinding) != 0) return {};
  for (const Finding& finding : report.findings) {
    if (finding.kind().weight == fuzz::Weight::kLimit) return report.file + ": " + finding.seen;
  }
  return {};
}

int ExitStatusOf(const std::vector<DriverReport>& reports) {
  int status = 0;
  for (const DriverReport& report : reports) {
    if (report.Count(fuzz::Weight::kFinding) != 0) return 1;
    if (!report.error.empty() || report.interrupted || report.Count(fuzz::Weight::kLimit) != 0) {
      status = 2;
    }
  }
  return status;
}

}  // namespace drydock::command
