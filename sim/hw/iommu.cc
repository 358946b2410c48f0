#include "sim/hw/iommu.h"

#include <algorithm>

namespace drydock::hw {
namespace {

struct Window {
  uint64_t base;
  uint64_t first;  // index of its first entry
  uint64_t pages;
};
constexpr Window kWindows[2] = {{Iommu::kHighBase, Iommu::kLowPages, Iommu::kHighPages},
                                {Iommu::kLowBase, 0, Iommu::kLowPages}};
constexpr uint64_t kAccessBits = 3;

}  // namespace

Iommu::Iommu(ResetList& list)
    : entries_(list, "IOMMU entries", kLowPages + kHighPages), state_(list, "IOMMU state") {
  for (int i = 0; i < 2; ++i) state_.Mut().next[i] = kWindows[i].first + kWindows[i].pages;
}

uint64_t Iommu::IndexOf(DmaAddr address) {
  for (const Window& window : kWindows) {
    const uint64_t page = (address.value - window.base) >> kPageShift;
    if (address.value >= window.base && page < window.pages) return window.first + page;
  }
  return kNone;
}

// The highest run in [first, last).
bool Iommu::FindIn(uint64_t first, uint64_t last, uint64_t pages, uint64_t* found) const {
  uint64_t run = 0;
  for (uint64_t i = last; i > first; --i) {
    run = entries_[i - 1] == 0 ? run + 1 : 0;
    if (run != pages) continue;
    *found = i - 1;
    return true;
  }
  return false;
}

bool Iommu::Find(uint64_t pages, uint64_t limit, DmaAddr* iova) {
  if (pages == 0) return false;
  for (int i = 0; i < 2; ++i) {
    const Window& window = kWindows[i];
    if (limit < window.base + (pages << kPageShift) - 1) continue;
    const uint64_t reach = (limit - window.base + 1) >> kPageShift;
    const uint64_t end = window.first + std::min(window.pages, reach);
    uint64_t found = 0;
    if (!FindIn(window.first, std::min(end, state_->next[i]), pages, &found) &&
        !FindIn(window.first, end, pages, &found)) {
      continue;
    }
    state_.Mut().next[i] = found;
    *iova = {window.base + ((found - window.first) << kPageShift)};
    return true;
  }
  return false;
}

void Iommu::Map(DmaAddr iova, Pfn pfn, uint64_t access) {
  entries_.Mut(IndexOf(iova)) = pfn.value << 2 | (access & kAccessBits);
  ++state_.Mut().mapped;
}

void Iommu::Unmap(DmaAddr iova, uint64_t pages) {
  const uint64_t index = IndexOf(iova);
  for (uint64_t i = 0; i < pages; ++i) entries_.Mut(index + i) = 0;
  state_.Mut().mapped -= pages;
}

bool Iommu::Translate(DmaAddr address, uint64_t access, PhysAddr* phys) const {
  const uint64_t entry = EntryAt(address);
  if (entry == 0 || (entry & access) != access) return false;
  *phys = PhysAddr::Of({entry >> 2}) + (address.value & kPageMask);
  return true;
}

}  // namespace drydock::hw
