#include "tools/command/finding.h"

namespace drydock::command {

int ExitStatusOf(const std::vector<DriverReport>& reports) {
  int status = 0;
  for (const DriverReport& report : reports) {
    if (report.Count(fuzz::Weight::kFinding) != 0) return 1;
    if (!report.error.empty() || report.Count(fuzz::Weight::kLimit) != 0) status = 2;
  }
  return status;
}

}  // namespace drydock::command
