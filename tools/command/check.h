// `drydock check` and `drydock replay`.
#ifndef DRYDOCK_TOOLS_COMMAND_CHECK_H_
#define DRYDOCK_TOOLS_COMMAND_CHECK_H_

#include <cstdint>
#include <string>
#include <vector>

#include "tools/command/compile.h"

namespace drydock::command {

// The kernel whose rules hold where none is named.
inline constexpr int kPlainProfile = 601;

// What both commands take.
struct DriverOptions {
  std::string device;               // --device
  std::string policy;               // --policy
  std::vector<std::string> params;  // --param NAME=VALUE
  std::string confirm = {};         // --confirm: a kernel that findings are run on; "" for none
};

struct CheckOptions : DriverOptions {
  std::vector<std::string> files;  // none: the drivers of driver_core/
  double seconds = 10;             // of fuzzing for each driver; its platforms share them
  uint64_t seed = 1;
  std::string profile = "6.1";
  std::vector<std::string> platforms;  // none: all
  bool core_guards = true;
  std::string json;
  std::string out = "out";
  bool advice = false;
};

struct ReplayOptions : DriverOptions {
  std::string program;
  std::string driver;
};

// Both return the exit status: 0 clean, 1 findings, 2 could not run.
int Check(const Installation& installation, const CheckOptions& options);
int Replay(const Installation& installation, const ReplayOptions& options);

// Prints "drydock: LINE" to standard error; 2.
int CannotRun(const std::string& line);

// The worker's options that come from these; "" or the line that says what is wrong with them.
std::string WorkerArguments(const DriverOptions& options, std::vector<std::string>* arguments);

}  // namespace drydock::command

#endif  // DRYDOCK_TOOLS_COMMAND_CHECK_H_
