#include "sim/hw/page_table.h"

namespace drydock::hw {

PageTable::PageTable(ResetList& list, const char* name, size_t capacity)
    : extents_(list, name, capacity), count_(list, name) {}

size_t PageTable::LowerBound(VirtAddr va) const {
  const Extent* const extents = extents_.data();
  size_t low = 0;
  size_t high = count();
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (extents[middle].end() > va) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

const Extent* PageTable::Find(VirtAddr va) const {
  const size_t i = LowerBound(va);
  return i < count() && extents_[i].va <= va ? &extents_[i] : nullptr;
}

bool PageTable::AnyIn(VirtAddr va, uint64_t pages) const {
  const size_t i = LowerBound(va);
  return i < count() && extents_[i].va < va + (pages << kPageShift);
}

void PageTable::InsertAt(size_t index, const Extent& extent) {
  for (size_t i = count(); i > index; --i) extents_.Mut(i) = extents_[i - 1];
  extents_.Mut(index) = extent;
  ++count_.Mut();
}

bool PageTable::Map(VirtAddr va, uint64_t pages, Pfn pfn, PteBits bits, uint64_t driver_pc) {
  const size_t i = LowerBound(va);
  if (i > 0) {
    const Extent& before = extents_[i - 1];
    if (before.end() == va && before.pfn + before.pages == pfn && before.bits == bits &&
        before.driver_pc == driver_pc) {
      extents_.Mut(i - 1).pages += pages;
      return true;
    }
  }
  if (count() == capacity()) return false;
  InsertAt(i, Extent{va, pages, pfn, bits, driver_pc});
  return true;
}

bool PageTable::SplitAt(VirtAddr va) {
  const size_t i = LowerBound(va);
  if (i == count() || extents_[i].va >= va) return true;
  if (count() == capacity()) return false;
  Extent upper = extents_[i];
  const uint64_t pages_below = (va - upper.va) >> kPageShift;
  upper.va = va;
  upper.pfn = upper.pfn + pages_below;
  upper.pages -= pages_below;
  InsertAt(i + 1, upper);
  extents_.Mut(i).pages = pages_below;
  return true;
}

void PageTable::RemoveAt(size_t i) {
  const VirtAddr va = extents_[i].va;
  const uint64_t pages = extents_[i].pages;
  for (size_t next = i + 1; next < count(); ++next) extents_.Mut(next - 1) = extents_[next];
  --count_.Mut();
  if (watcher_ != nullptr) watcher_->OnNarrowed(*this, va, pages);
}

bool PageTable::Unmap(VirtAddr va, uint64_t pages) {
  const VirtAddr end = va + (pages << kPageShift);
  size_t first = LowerBound(va);
  size_t last = first;
  while (last < count() && extents_[last].va < end) ++last;
  if (first == last) return true;
  if (extents_[first].va < va || extents_[last - 1].end() > end) {
    if (!SplitAt(va) || !SplitAt(end)) return false;
    first = LowerBound(va);
    last = first;
    while (last < count() && extents_[last].va < end) ++last;
  }
  const size_t gone = last - first;
  for (size_t i = last; i < count(); ++i) extents_.Mut(i - gone) = extents_[i];
  count_.Mut() -= gone;
  if (watcher_ != nullptr) watcher_->OnNarrowed(*this, va, pages);
  return true;
}

}  // namespace drydock::hw
