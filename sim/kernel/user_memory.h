// User memory as the kernel copies to and from it: implemented by the emulated mm, used by uaccess.
#ifndef DRYDOCK_SIM_KERNEL_USER_MEMORY_H_
#define DRYDOCK_SIM_KERNEL_USER_MEMORY_H_

#include <cstddef>
#include <cstdint>

#include "sim/hw/address.h"

namespace drydock::kernel {

// Addresses are of the current process and below kTaskSize. Faults are served as the MMU and the
// driver's ->fault would. Each returns the bytes done, counted from the start; fewer than asked for
// means a fault that could not be mended. `from` and `to` are host memory of the simulation, never
// the driver's kernel view.
class UserMemory {
 public:
  virtual ~UserMemory() = default;
  virtual unsigned long CopyOut(hw::VirtAddr to, const void* from, unsigned long size_bytes) = 0;
  virtual unsigned long CopyIn(void* to, hw::VirtAddr from, unsigned long size_bytes) = 0;
};

// Memory that a process has outside of its simulated address space: that of a real program which
// runs against the simulation.
class ForeignMemory {
 public:
  virtual ~ForeignMemory() = default;
  // One of `to` and `from` is nullptr. Returns the bytes copied from the start; fewer than asked
  // for means that the rest is not mapped, or not so.
  virtual size_t Copy(uint32_t mm, uint64_t address, void* to, const void* from,
                      size_t size_bytes) = 0;
};

// TASK_SIZE_MAX of x86-64 with four-level page tables: one page below 2^47.
inline constexpr unsigned long kTaskSize = 0x7ffffffff000;
inline constexpr uint64_t kMinAddress = 0x10000;  // vm.mmap_min_addr
inline constexpr uint64_t kHugePageBytes = uint64_t{2} << 20;

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_USER_MEMORY_H_
