// A simulated process: the system calls and the loads and stores that a program makes.
#ifndef DRYDOCK_SIM_USER_PROCESS_H_
#define DRYDOCK_SIM_USER_PROCESS_H_

#include <cstddef>
#include <cstdint>

#include "sim/hw/address.h"
#include "sim/kernel/outcome.h"
#include "sim/kernel/vfs.h"

namespace drydock::kernel {
class Kernel;
}

namespace drydock::user {

// A value: two words that name a process of the kernel. Every call runs to its end before it
// returns.
class Process {
 public:
  Process(kernel::Kernel& kernel, uint32_t index) : kernel_(&kernel), index_(index) {}

  uint32_t index() const { return index_; }
  bool alive() const;

  // `node` is a path under /dev. Flags, prot and advice are Linux's numbers (x86-64).
  Outcome Open(const char* node, int flags);
  Outcome Close(int fd);
  Outcome Read(int fd, hw::VirtAddr buffer, uint64_t size_bytes);
  Outcome Write(int fd, hw::VirtAddr buffer, uint64_t size_bytes);
  Outcome Pread(int fd, hw::VirtAddr buffer, uint64_t size_bytes, int64_t offset);
  Outcome Pwrite(int fd, hw::VirtAddr buffer, uint64_t size_bytes, int64_t offset);
  Outcome Lseek(int fd, int64_t offset, int whence);
  // value = EPOLL* bits that hold now.
  Outcome Poll(int fd, unsigned events);
  // value = another descriptor of the same open file.
  Outcome Dup(int fd);
  Outcome GetFlags(int fd);             // fcntl(2): F_GETFL
  Outcome SetFlags(int fd, int flags);  // F_SETFL
  Outcome Ioctl(int fd, uint32_t command, uint64_t argument);
  // value = how many of `fds` are ready. A negative time-out: no limit but the user's patience.
  Outcome Poll(kernel::Vfs::PollFd* fds, size_t count, int timeout_ms);
  // value = address. Offsets and lengths are bytes. fd -1 with MAP_ANONYMOUS.
  Outcome Mmap(hw::VirtAddr address, uint64_t length, int prot, int flags, int fd, uint64_t offset);
  Outcome Munmap(hw::VirtAddr address, uint64_t length);
  Outcome Mprotect(hw::VirtAddr address, uint64_t length, int prot);
  Outcome Madvise(hw::VirtAddr address, uint64_t length, int advice);
  Outcome Mremap(hw::VirtAddr old_address, uint64_t old_length, uint64_t new_length, int flags,
                 hw::VirtAddr new_address);
  Outcome Mlock(hw::VirtAddr address, uint64_t length);
  Outcome Munlock(hw::VirtAddr address, uint64_t length);
  Outcome Msync(hw::VirtAddr address, uint64_t length, int flags);
  Outcome Mseal(hw::VirtAddr address, uint64_t length, uint64_t flags);
  // `pages` gets a byte for each page: 1 if it is resident.
  Outcome Mincore(hw::VirtAddr address, uint64_t length, uint8_t* pages);
  // process_vm_readv(2), process_vm_writev(2): memory of process `other`, into or from this one's.
  // value = bytes. At most 4096.
  Outcome VmReadv(uint32_t other, hw::VirtAddr address, void* to, size_t size_bytes);
  Outcome VmWritev(uint32_t other, hw::VirtAddr address, const void* from, size_t size_bytes);
  // The same by pread(2) and pwrite(2) of /proc/PID/mem.
  Outcome ReadMem(uint32_t other, hw::VirtAddr address, void* to, size_t size_bytes);
  Outcome WriteMem(uint32_t other, hw::VirtAddr address, const void* from, size_t size_bytes);
  // value = index of the child.
  Outcome Fork();
  Outcome Exit();

  // A load or a store of 1 to 4096 bytes, page by page, faulting as the MMU says.
  Outcome Load(hw::VirtAddr address, void* to, size_t size_bytes);
  Outcome Store(hw::VirtAddr address, const void* from, size_t size_bytes);
  // The fault of such an access alone: afterwards the page's entry allows it.
  Outcome Touch(hw::VirtAddr address, bool write);

 private:
  kernel::Kernel* kernel_;
  uint32_t index_;
};

}  // namespace drydock::user

#endif  // DRYDOCK_SIM_USER_PROCESS_H_
