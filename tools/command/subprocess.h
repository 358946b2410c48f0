// Child processes: clang, the symbolizer, workers. No shell is involved.
#ifndef DRYDOCK_TOOLS_COMMAND_SUBPROCESS_H_
#define DRYDOCK_TOOLS_COMMAND_SUBPROCESS_H_

#include <sys/types.h>

#include <string>
#include <vector>

namespace drydock::command {

struct SpawnOptions {
  std::vector<std::string> environment;  // NAME=VALUE, added to ours
  std::string output_file;  // standard output and error go there, appended; "" = nowhere
};

// Starts a program in a process group of its own, which dies with us. -1 if it cannot be started
// (errno); a program that is not there shows as exit status 127.
pid_t Spawn(const std::vector<std::string>& arguments, const SpawnOptions& options);

// Exit status of a child, or 128 + signal; -1 while it runs.
int Poll(pid_t child);
int Wait(pid_t child);
// Waits at most that long, then kills it (status 137). An interrupt kills it, too.
int WaitSeconds(pid_t child, double seconds);
void Kill(pid_t child);  // and waits

// Seconds of processor time that a child has used; and whether it waits for anything but its turn
// on a processor.
double CpuSeconds(pid_t child);
bool IsAsleep(pid_t child);

// Runs a program and returns what it wrote to standard output; *status as Wait's.
std::string Capture(const std::vector<std::string>& arguments, int* status);

// Ctrl-C: once caught, what runs is ended and what was found is told.
void CatchInterrupts();
bool Interrupted();

// Seconds of a clock that only goes forward.
double Now();

}  // namespace drydock::command

#endif  // DRYDOCK_TOOLS_COMMAND_SUBPROCESS_H_
