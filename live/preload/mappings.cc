#include "live/preload/mappings.h"

#include <signal.h>
#include <string.h>

#include "live/preload/session.h"

namespace drydock::live {

Mappings mappings;

namespace {

raw::Lock layout_lock;

}  // namespace

LayoutLock::LayoutLock() { layout_lock.Acquire(); }
LayoutLock::~LayoutLock() { layout_lock.Release(); }
void AcquireLayoutLock() { layout_lock.Acquire(); }
void ReleaseLayoutLock() { layout_lock.Release(); }

size_t Mappings::FirstEndingAfter(uint64_t address) const {
  size_t low = 0, high = count_;
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (ranges_[middle].end > address) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

void Mappings::NoteBounds() {
  low_.store(count_ != 0 ? ranges_[0].begin : 0, std::memory_order_relaxed);
  high_.store(count_ != 0 ? ranges_[count_ - 1].end : 0, std::memory_order_relaxed);
}

bool Mappings::Overlaps(uint64_t begin, uint64_t end) const {
  const size_t i = FirstEndingAfter(begin);
  return i < count_ && ranges_[i].begin < end;
}

bool Mappings::First(uint64_t begin, uint64_t end, Range* part) const {
  const size_t i = FirstEndingAfter(begin);
  if (i == count_ || ranges_[i].begin >= end) return false;
  part->begin = ranges_[i].begin > begin ? ranges_[i].begin : begin;
  part->end = ranges_[i].end < end ? ranges_[i].end : end;
  return true;
}

void Mappings::Add(uint64_t begin, uint64_t end) {
  // Joined with what it touches or overlaps.
  size_t first = FirstEndingAfter(begin);
  if (first > 0 && ranges_[first - 1].end == begin) --first;
  size_t last = first;
  while (last < count_ && ranges_[last].begin <= end) {
    if (ranges_[last].begin < begin) begin = ranges_[last].begin;
    if (ranges_[last].end > end) end = ranges_[last].end;
    ++last;
  }
  if (first == last && count_ == kCapacity) {
    raw::Say("more than %d separate mappings of devices in one process", kCapacity);
    DieOf(SIGABRT);
  }
  memmove(&ranges_[first + 1], &ranges_[last], (count_ - last) * sizeof(Range));
  count_ = count_ - (last - first) + 1;
  ranges_[first] = {begin, end};
  NoteBounds();
}

void Mappings::Remove(uint64_t begin, uint64_t end) {
  const size_t first = FirstEndingAfter(begin);
  if (first == count_ || ranges_[first].begin >= end) return;
  Range kept[2];
  size_t keep = 0;
  size_t last = first;
  while (last < count_ && ranges_[last].begin < end) {
    if (ranges_[last].begin < begin) kept[keep++] = {ranges_[last].begin, begin};
    if (ranges_[last].end > end) kept[keep++] = {end, ranges_[last].end};
    ++last;
  }
  if (keep > last - first && count_ == kCapacity) {
    raw::Say("more than %d separate mappings of devices in one process", kCapacity);
    DieOf(SIGABRT);
  }
  memmove(&ranges_[first + keep], &ranges_[last], (count_ - last) * sizeof(Range));
  count_ = count_ - (last - first) + keep;
  for (size_t i = 0; i < keep; ++i) ranges_[first + i] = kept[i];
  NoteBounds();
}

void Mappings::HideAll() const {
  for (size_t i = 0; i < count_; ++i) {
    raw::Reserve(ranges_[i].begin, ranges_[i].end - ranges_[i].begin, MAP_FIXED);
  }
}

}  // namespace drydock::live
