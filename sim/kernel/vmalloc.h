// Which slots of the shuffled map (PhysicalMemory) are areas of vmalloc().
//
// Models: mm/vmalloc.c, the address space alone. Areas are taken next-fit, so that an address just
// freed is not given out again soon, and a page that is never mapped lies before each.
#ifndef DRYDOCK_SIM_KERNEL_VMALLOC_H_
#define DRYDOCK_SIM_KERNEL_VMALLOC_H_

#include <cstdint>

#include "sim/hw/physical_memory.h"
#include "sim/hw/tracked.h"

namespace drydock::kernel {

class VmallocSpace {
 public:
  VmallocSpace(hw::ResetList& list, hw::PhysicalMemory& memory);
  VmallocSpace(const VmallocSpace&) = delete;
  VmallocSpace& operator=(const VmallocSpace&) = delete;

  // Finds `pages` free slots behind a free one. The caller makes their frames FrameKind::kVmalloc,
  // which is what takes them; a slot whose frame is free is free. False if there is no such run.
  // Cost O(pages) as a rule, O(pool) at worst.
  bool Find(uint64_t pages, uint64_t* slot);

 private:
  bool FindFrom(uint64_t first, uint64_t last, uint64_t pages, uint64_t* slot) const;
  hw::PhysicalMemory& memory_;
  hw::Tracked<uint64_t> next_;
};

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_VMALLOC_H_
