// Code addresses of a process as places in the files it has mapped, for a symbolizer.
#ifndef DRYDOCK_LIVE_SERVER_STACK_FRAMES_H_
#define DRYDOCK_LIVE_SERVER_STACK_FRAMES_H_

#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace drydock::live {

struct StackFrame {
  std::string file;      // "" if no file is mapped there
  uint64_t address = 0;  // virtual address as the file's ELF headers have it
};

// Return addresses, innermost first. Empty if the process is gone.
std::vector<StackFrame> ResolveFrames(pid_t pid, std::span<const uint64_t> addresses);

}  // namespace drydock::live

#endif  // DRYDOCK_LIVE_SERVER_STACK_FRAMES_H_
