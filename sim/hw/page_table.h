// A process's page table, in extents: runs of pages whose frames follow each other and whose bits
// are equal. Mapping 1 TiB costs what mapping one page costs; any page can be asked for.
#ifndef DRYDOCK_SIM_HW_PAGE_TABLE_H_
#define DRYDOCK_SIM_HW_PAGE_TABLE_H_

#include <cstddef>
#include <cstdint>

#include "sim/hw/address.h"
#include "sim/hw/memory_type.h"
#include "sim/hw/tracked.h"

namespace drydock::hw {

// Bits of a page-table entry, as x86-64 knows them; the cache type is held decoded.
struct PteBits {
  uint8_t present = 0;  // 0: PROT_NONE, kept in the table
  uint8_t write = 0;
  uint8_t exec = 0;
  uint8_t special = 0;  // no struct page behind it, as far as the kernel is concerned
  uint8_t dirty = 0;
  uint8_t accessed = 0;
  CacheType cache = CacheType::kWriteBack;
  uint8_t anon = 0;  // the process's own page: anonymous, or copied on write

  friend bool operator==(const PteBits&, const PteBits&) = default;
};

struct Extent {
  VirtAddr va;  // page aligned
  uint64_t pages = 0;
  Pfn pfn;
  PteBits bits;
  uint64_t driver_pc = 0;  // driver code that made it, 0 for the kernel's own

  VirtAddr end() const { return va + (pages << kPageShift); }
};

class PageTable;

// Who shows a page table elsewhere learns here what to take away: entries of the range are gone, or
// allow less than before. What is new is found when it is touched. Called in the middle of the
// change's call, before anything that was mapped is given back.
class PageTableWatcher {
 public:
  virtual ~PageTableWatcher() = default;
  virtual void OnNarrowed(const PageTable& table, VirtAddr va, uint64_t pages) = 0;
};

class PageTable {
 public:
  // Sixteen mappings of a megabyte each whose frames are anywhere.
  static constexpr size_t kCapacity = 4096;

  PageTable(ResetList& list, const char* name, size_t capacity = kCapacity);

  size_t capacity() const { return extents_.size(); }

  size_t count() const { return *count_; }
  const Extent& operator[](size_t i) const { return extents_[i]; }

  // The extent that holds the page at `va`, or nullptr.
  const Extent* Find(VirtAddr va) const;
  // Frame of the page at `va`. Precondition: Find(va).
  static Pfn PfnAt(const Extent& extent, VirtAddr va) {
    return extent.pfn + ((va - extent.va) >> kPageShift);
  }
  // First extent that ends after `va`; count() if none.
  size_t LowerBound(VirtAddr va) const;
  bool AnyIn(VirtAddr va, uint64_t pages) const;

  // Adds a run where no entry is. Returns false, with nothing changed, when the table is full: the
  // caller answers as for a page-table page that could not be allocated.
  bool Map(VirtAddr va, uint64_t pages, Pfn pfn, PteBits bits, uint64_t driver_pc);
  // Removes every entry of the range. False, with nothing changed, when a split found the table
  // full.
  bool Unmap(VirtAddr va, uint64_t pages);
  // Removes extent i, all of it: what was i + 1 is i now.
  void RemoveAt(size_t i);
  // Applies `change(PteBits) -> PteBits` to each run of the range.
  template <class F>
  bool Change(VirtAddr va, uint64_t pages, F change) {
    if (!SplitAt(va) || !SplitAt(va + (pages << kPageShift))) return false;
    bool narrowed = false;
    for (size_t i = LowerBound(va); i < count() && extents_[i].va < va + (pages << kPageShift);
         ++i) {
      const PteBits bits = change(extents_[i].bits);
      if (bits == extents_[i].bits) continue;
      const PteBits& old = extents_[i].bits;
      narrowed |= bits.present < old.present || bits.write < old.write || bits.exec < old.exec;
      extents_.Mut(i).bits = bits;
    }
    if (narrowed && watcher_ != nullptr) watcher_->OnNarrowed(*this, va, pages);
    return true;
  }
  void Clear() { count_.Mut() = 0; }
  void SetWatcher(PageTableWatcher* watcher) { watcher_ = watcher; }

 private:
  // Makes `va` a border between extents.
  bool SplitAt(VirtAddr va);
  void InsertAt(size_t index, const Extent& extent);
  TrackedArray<Extent> extents_;
  Tracked<uint64_t> count_;
  PageTableWatcher* watcher_ = nullptr;
};

}  // namespace drydock::hw

#endif  // DRYDOCK_SIM_HW_PAGE_TABLE_H_
