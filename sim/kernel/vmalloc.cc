#include "sim/kernel/vmalloc.h"

namespace drydock::kernel {

using hw::PhysicalMemory;

VmallocSpace::VmallocSpace(hw::ResetList& list, PhysicalMemory& memory)
    : memory_(memory), next_(list, "vmalloc next") {}

// Looks for a guard and `pages` slots in [first, last).
bool VmallocSpace::FindFrom(uint64_t first, uint64_t last, uint64_t pages, uint64_t* slot) const {
  uint64_t run = 0;
  for (uint64_t i = first; i < last; ++i) {
    const hw::Pfn pfn = memory_.PfnAt(PhysicalMemory::ShuffledFrame(i));
    run = memory_.frame(pfn).kind == hw::FrameKind::kFree ? run + 1 : 0;
    if (run != pages + 1) continue;
    *slot = i + 1 - pages;
    return true;
  }
  return false;
}

bool VmallocSpace::Find(uint64_t pages, uint64_t* slot) {
  if (pages == 0 || pages >= PhysicalMemory::kShuffledPages) return false;
  if (!FindFrom(*next_, PhysicalMemory::kShuffledPages, pages, slot) &&
      !FindFrom(0, PhysicalMemory::kShuffledPages, pages, slot)) {
    return false;
  }
  next_.Mut() = *slot + pages;
  return true;
}

}  // namespace drydock::kernel
