#include "sim/kernel/frame_reservations.h"

#include <cstdlib>

namespace drydock::kernel {

FrameReservations::FrameReservations(hw::ResetList& list, uint32_t capacity)
    : entries_(list, "frame reservations", capacity) {}

uint32_t FrameReservations::Add(const Range& range) {
  for (uint32_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].holders != 0) continue;
    entries_.Mut(i) = {.range = range, .holders = 1};
    return i + 1;
  }
  std::abort();  // more entries are held than there are VMAs
}

void FrameReservations::Hold(uint32_t name) {
  if (name != 0) ++entries_.Mut(name - 1).holders;
}

bool FrameReservations::Drop(uint32_t name, Range* range) {
  if (name == 0) return false;
  Entry& entry = entries_.Mut(name - 1);
  if (--entry.holders != 0) return false;
  *range = entry.range;
  entry = Entry{};
  return true;
}

}  // namespace drydock::kernel
