#ifndef DRYDOCK_TOOLS_COMMAND_COMMAND_MAIN_H_
#define DRYDOCK_TOOLS_COMMAND_COMMAND_MAIN_H_

namespace drydock::command {

// main() of a command: what `run` returns is the exit status. An exception that nobody caught, no
// memory for one, is one line on standard error and exit status 2 (could not run).
int CommandMain(int (*run)(int, char**), int argc, char** argv);

}  // namespace drydock::command

#endif  // DRYDOCK_TOOLS_COMMAND_COMMAND_MAIN_H_
