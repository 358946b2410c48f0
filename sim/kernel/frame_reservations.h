// The memory types that remaps of whole VMAs reserved, counted: struct pfnmap_track_ctx of Linux
// 7.3 (mm/memory.c). All VMAs that came of one share its entry, and it lasts as long as they do.
#ifndef DRYDOCK_SIM_KERNEL_FRAME_RESERVATIONS_H_
#define DRYDOCK_SIM_KERNEL_FRAME_RESERVATIONS_H_

#include <cstdint>

#include "sim/hw/address.h"
#include "sim/hw/tracked.h"

namespace drydock::kernel {

class FrameReservations {
 public:
  struct Range {
    hw::Pfn first;
    uint64_t pages = 0;
  };

  // Room for `capacity`: as many as there can be VMAs is enough.
  FrameReservations(hw::ResetList& list, uint32_t capacity);

  // One more, held once. Its name: not 0.
  uint32_t Add(const Range& range);
  // Another VMA holds `name`. 0 is nothing.
  void Hold(uint32_t name);
  // One holds it no more. True if that was the last: *range is to be freed.
  bool Drop(uint32_t name, Range* range);

 private:
  struct Entry {
    Range range;
    uint64_t holders = 0;
  };
  hw::TrackedArray<Entry> entries_;
};

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_FRAME_RESERVATIONS_H_
