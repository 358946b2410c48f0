// `--confirm KERNEL`: each finding's program is run on a real kernel, with the same driver as a
// module, by a program of its own (kmod/confirm).
#ifndef DRYDOCK_TOOLS_COMMAND_CONFIRM_H_
#define DRYDOCK_TOOLS_COMMAND_CONFIRM_H_

#include <string>
#include <vector>

#include "tools/command/check.h"
#include "tools/command/finding.h"

namespace drydock::command {

// "" or one line: the kernel, QEMU or the program that does it is missing.
std::string WhyNoConfirmation(const Installation& installation, const std::string& kernel);

struct ConfirmRun {
  std::string kernel;
  CompiledDriver driver;               // as the worker loads it
  std::vector<std::string> arguments;  // of the worker: --device=, --param=, ...
  std::string folder;                  // scratch
};
// Gives each finding and advice its confirmation. "" or one line: it could not be done to the end.
std::string ConfirmFindings(const Installation& installation, const DriverOptions& options,
                            const ConfirmRun& run, DriverReport* report);

}  // namespace drydock::command

#endif  // DRYDOCK_TOOLS_COMMAND_CONFIRM_H_
