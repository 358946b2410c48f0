// An IOMMU: devices' addresses (IOVA) and what memory they are. One domain for all devices.
//
// IOVAs lie below 4 GiB, in two windows: one at the top, and one below 256 MiB for devices with
// fewer than 32 address bits. They are given out from the top down, and one that was given back is
// not given out again soon, so that a device that still uses it faults. Translation is strict: what
// is unmapped is gone.
#ifndef DRYDOCK_SIM_HW_IOMMU_H_
#define DRYDOCK_SIM_HW_IOMMU_H_

#include <cstdint>

#include "sim/hw/address.h"
#include "sim/hw/tracked.h"

namespace drydock::hw {

class Iommu {
 public:
  static constexpr uint64_t kHighBase = 0xf0000000, kHighPages = 0xfff0;
  static constexpr uint64_t kLowBase = 0x08000000, kLowPages = 0x8000;

  enum Access : uint64_t { kRead = 1, kWrite = 2 };  // by the device

  explicit Iommu(ResetList& list);

  // `pages` free IOVAs in a row that end at or below `limit` (bytes, inclusive). False: none.
  // Nothing is taken before Map().
  bool Find(uint64_t pages, uint64_t limit, DmaAddr* iova);
  // Precondition: a page of Find() that is not mapped.
  void Map(DmaAddr iova, Pfn pfn, uint64_t access);
  void Unmap(DmaAddr iova, uint64_t pages);  // of pages that are mapped
  // Where the byte lies. False: not mapped, or not for this access.
  bool Translate(DmaAddr address, uint64_t access, PhysAddr* phys) const;
  bool IsMapped(DmaAddr address) const { return EntryAt(address) != 0; }
  uint64_t mapped_pages() const { return state_->mapped; }

 private:
  struct State {
    uint64_t next[2];  // where the last search of a window ended, as an index above its free pages
    uint64_t mapped;
  };
  // Index of the page's entry; kNone outside of both windows.
  static constexpr uint64_t kNone = ~uint64_t{0};
  static uint64_t IndexOf(DmaAddr address);
  uint64_t EntryAt(DmaAddr address) const {
    const uint64_t index = IndexOf(address);
    return index == kNone ? 0 : entries_[index];
  }
  bool FindIn(uint64_t first, uint64_t last, uint64_t pages, uint64_t* found) const;

  TrackedArray<uint64_t> entries_;  // PFN << 2 | Access; 0: not mapped. The low window first.
  Tracked<State> state_;
};

}  // namespace drydock::hw

#endif  // DRYDOCK_SIM_HW_IOMMU_H_
