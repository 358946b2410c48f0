#include "live/server/program_memory.h"

#include <sys/uio.h>

#include <algorithm>
#include <cerrno>

#include "live/protocol.h"

namespace drydock::live {
namespace {

ssize_t CopyPart(pid_t pid, uint64_t address, void* to, const void* from, size_t size_bytes) {
  iovec here = {to != nullptr ? to : const_cast<void*>(from), size_bytes};
  iovec there = {reinterpret_cast<void*>(address), size_bytes};
  return to != nullptr ? process_vm_readv(pid, &here, 1, &there, 1, 0)
                       : process_vm_writev(pid, &here, 1, &there, 1, 0);
}

}  // namespace

size_t ProgramMemory::Copy(uint32_t mm, uint64_t address, void* to, const void* from,
                           size_t size_bytes) {
  const pid_t pid = pids_[mm];
  if (pid == 0) return 0;
  size_t done = 0;
  while (done < size_bytes) {
    const ssize_t part = CopyPart(
        pid, address + done, to != nullptr ? static_cast<char*>(to) + done : nullptr,
        from != nullptr ? static_cast<const char*>(from) + done : nullptr, size_bytes - done);
    if (part > 0) {
      done += static_cast<size_t>(part);
      continue;
    }
    break;  // (a part that ends in an unmapped page is reported short first)
  }
  return done;
}

int ProgramMemory::Probe(pid_t pid, uint64_t address, size_t size_bytes) {
  unsigned char bytes[64];
  const ssize_t got = CopyPart(pid, address, bytes, nullptr, std::min(size_bytes, sizeof bytes));
  return got > 0 ? 0 : errno;
}

}  // namespace drydock::live
