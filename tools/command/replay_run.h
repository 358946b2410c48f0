// One program in a worker of its own: what `replay` shows, and what else wants to know whether a
// program shows something.
#ifndef DRYDOCK_TOOLS_COMMAND_REPLAY_RUN_H_
#define DRYDOCK_TOOLS_COMMAND_REPLAY_RUN_H_

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "fuzz/program.h"
#include "tools/command/finding.h"

namespace drydock::command {

struct ReplayRun {
  std::string worker;
  std::string driver;                  // shared object
  std::string driver_file;             // its C file, for messages
  std::vector<std::string> arguments;  // of the worker besides: --device=, --param=, ...
  std::string program;                 // file
  fuzz::Header header;                 // of it
  std::string output;                  // file that is written on the way
};

struct Replayed {
  std::string error;  // one line: it could not be run
  int status = -1;    // the worker's exit status; above 2: the program ended it
  std::vector<nlohmann::json> steps;
  std::vector<Finding> findings;
};

Replayed ReplayInWorker(const ReplayRun& run);

}  // namespace drydock::command

#endif  // DRYDOCK_TOOLS_COMMAND_REPLAY_RUN_H_
