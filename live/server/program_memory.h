// The memory of the programs' own (stack, heap, what is no device's): the emulated kernel's copies
// reach it by process_vm_readv(2) and process_vm_writev(2).
#ifndef DRYDOCK_LIVE_SERVER_PROGRAM_MEMORY_H_
#define DRYDOCK_LIVE_SERVER_PROGRAM_MEMORY_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/kernel/user_memory.h"

namespace drydock::live {

class ProgramMemory final : public kernel::ForeignMemory {
 public:
  explicit ProgramMemory(uint32_t processes) : pids_(processes) {}
  // The real process behind an address space; 0: none.
  void SetPid(uint32_t mm, pid_t pid) { pids_[mm] = pid; }
  size_t Copy(uint32_t mm, uint64_t address, void* to, const void* from,
              size_t size_bytes) override;
  // 0, or the errno with which the host refuses to copy `size_bytes` from a process.
  static int Probe(pid_t pid, uint64_t address, size_t size_bytes);

 private:
  std::vector<pid_t> pids_;
};

}  // namespace drydock::live

#endif  // DRYDOCK_LIVE_SERVER_PROGRAM_MEMORY_H_
