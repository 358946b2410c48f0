// `drydock run`: an unmodified program on a driver of the simulated machine.
#ifndef DRYDOCK_TOOLS_COMMAND_RUN_H_
#define DRYDOCK_TOOLS_COMMAND_RUN_H_

#include <string>
#include <vector>

#include "tools/command/check.h"
#include "tools/command/compile.h"

namespace drydock::command {

struct RunOptions : DriverOptions {
  std::vector<std::string> drivers;  // --driver; one
  std::string platform = "x86-64";
  std::string screen;                // --screen: a .png or .ppm file
  std::vector<std::string> faults;   // --fault: DEVICE,FAULT[,COUNT]
  std::vector<std::string> program;  // what follows --
};

// The program's exit status (128 + signal if one ended it); 1 if there were findings, 2 if it could
// not be run or met something that is not modelled.
int Run(const Installation& installation, const RunOptions& options);

}  // namespace drydock::command

#endif  // DRYDOCK_TOOLS_COMMAND_RUN_H_
