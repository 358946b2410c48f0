// What a check finds out about a driver: plain data that supervisor, reports and JSON share.
#ifndef DRYDOCK_TOOLS_COMMAND_FINDING_H_
#define DRYDOCK_TOOLS_COMMAND_FINDING_H_

#include <cstdint>
#include <string>
#include <vector>

#include "fuzz/program_text.h"
#include "fuzz/violation_classes.h"

namespace drydock::command {

// What a real kernel made of a finding's program.
struct Confirmation {
  std::string kernel;   // "6.1-small"; "" if none was asked
  std::string verdict;  // "confirmed", "not observable", "refuted"
  std::string shown;    // what the kernel showed, or why it shows nothing of it
};

struct Finding {
  std::string class_id;  // C04, A01, X02, ...
  int oracle = 0;        // 1..18; 0: none
  int trap = 0;          // kernel::Trap
  std::string function;  // of the driver; "" if none is known
  std::string file;      // as the compiler names it; "" if unknown
  int line = 0;
  uint64_t driver_pc = 0;
  int step = 0;  // index into the program's steps; step_count: at the end, when all processes exit
  std::string expected;
  std::string seen;
  std::string program;               // text form, minimised
  std::vector<std::string> results;  // of its steps
  std::string maps;
  std::string platform;
  std::string program_file;  // where it was written; "" if it was not
  std::string c_file;
  std::string test_file;  // its GoogleTest form
  Confirmation confirmation = {};

  const fuzz::ViolationClass& kind() const {
    const fuzz::ViolationClass* found = fuzz::FindClass(class_id);
    return found != nullptr ? *found : fuzz::ClassOf(0, kernel::Trap::kNone);
  }
  bool SameAs(const Finding& other) const {
    return class_id == other.class_id && function == other.function && line == other.line;
  }
};

struct DriverReport {
  std::string file;
  std::string module;
  std::string error;  // one line; the driver could not be run
  int profile = 601;
  std::vector<std::string> platforms;
  uint64_t executions = 0;
  double seconds = 0;  // of all workers together
  uint64_t edges = 0, edges_covered = 0;
  uint64_t mmaps = 0, mmaps_succeeded = 0;
  bool interrupted = false;
  std::vector<Finding> findings;  // every weight, in order of discovery

  double ExecutionsPerSecond() const {
    return seconds > 0 ? static_cast<double>(executions) / seconds : 0;
  }
  size_t Count(fuzz::Weight weight) const {
    size_t count = 0;
    for (const Finding& finding : findings) count += finding.kind().weight == weight;
    return count;
  }
};

// What stopped us in a driver without findings, in one line; "" if nothing did.
std::string LimitOf(const DriverReport& report);

// 1 findings, else 2 if a driver could not be run to the end or met our limits, else 0.
int ExitStatusOf(const std::vector<DriverReport>& reports);

}  // namespace drydock::command

#endif  // DRYDOCK_TOOLS_COMMAND_FINDING_H_
