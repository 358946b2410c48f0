// Runs fuzzing workers, one per driver and platform, and keeps what they find, whatever happens to
// them: a worker that dies or hangs is a finding with the program that did it, and another one
// takes its place.
#ifndef DRYDOCK_TOOLS_COMMAND_SUPERVISOR_H_
#define DRYDOCK_TOOLS_COMMAND_SUPERVISOR_H_

#include <functional>
#include <string>
#include <vector>

#include "tools/command/finding.h"

namespace drydock::command {

struct Job {
  size_t report = 0;  // index into the reports
  std::string worker;
  std::string driver;  // shared object
  std::string platform;
  int profile = 601;
  std::string core_guards;             // "on", "off"
  std::vector<std::string> arguments;  // of the worker besides: --device=, --param=, ...
  std::string seeds;                   // folder of .prog files, "" for none
  std::string dictionary;              // "" for none
  std::string folder;                  // scratch, made if need be
  double seconds = 10;
  uint64_t seed = 1;
  double hang_seconds = 3;  // without progress for so long, a worker hangs
  int most_deaths = 200;    // more workers than that are not started
};

struct Progress {
  double seconds = 0;  // since the start
  double total_seconds = 0;
  uint64_t executions = 0;
  size_t findings = 0;
};

// Runs all jobs, as many at a time as there are processors, and adds what they find to `reports`.
// Ctrl-C ends the run early; what was found stays.
void RunJobs(const std::vector<Job>& jobs, std::vector<DriverReport>* reports,
             const std::function<void(const Progress&)>& progress);

// Reads one of the worker's JSON lines. False if it is none (a line that was cut off).
bool ParseFinding(const std::string& line, Finding* finding);

}  // namespace drydock::command

#endif  // DRYDOCK_TOOLS_COMMAND_SUPERVISOR_H_
