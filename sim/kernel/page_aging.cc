// MADV_COLD, MADV_PAGEOUT and MADV_FREE: what they do to the pages that are a process's own. Linux
// mm/madvise.c, mm/vmscan.c, mm/rmap.c; docs/mmap-rules.md MA7, MA8. Pages of a driver are on no
// LRU list: nothing happens to them. There is no swap.
#include <algorithm>
#include <cerrno>

#include "sim/kernel/mm.h"
#include "sim/kernel/vm_flags.h"

namespace drydock::kernel {
namespace {

// can_madv_lru_vma().
bool IsLruVma(const vm_area_struct& vma) { return (vma.vm_flags & (kVmLocked | kVmPfnMap)) == 0; }

// Not the page of zeroes.
bool IsOwnPage(const hw::PteBits& bits) { return bits.anon != 0 && bits.special == 0; }

}  // namespace

// Calls visit(va, bits, pfn), which may change or take away that page's entry.
template <class Visit>
void Mm::ForEachOwnPage(uint32_t mm, uint64_t start, uint64_t end, Visit visit) {
  const hw::PageTable& table = *tables_[mm];
  for (uint64_t from = start; from < end;) {
    const size_t i = table.LowerBound({from});
    if (i == table.count()) return;
    const hw::Extent extent = table[i];
    const uint64_t to = std::min(end, extent.end().value);
    for (uint64_t at = std::max(from, extent.va.value); at < to && IsOwnPage(extent.bits);) {
      visit(at, extent.bits, hw::PageTable::PfnAt(extent, {at}));
      at += hw::kPageSize;
    }
    from = to;
  }
}

// MA7: madvise_cold_or_pageout_pte_range(), then reclaim_pages().
int64_t Mm::AgePages(const Vma& vma, uint64_t start, uint64_t end, bool out) {
  if (!IsLruVma(vma.c)) return -EINVAL;
  const uint32_t mm = vma.mm;
  const bool forget_access = !out || !profile_.pages_out_young;
  const bool droppable = (vma.c.vm_flags & kVmDroppable) != 0;
  const bool shared = SharedObject(vma.c) != nullptr;
  ForEachOwnPage(mm, start, end, [&](uint64_t at, const hw::PteBits& bits, hw::Pfn pfn) {
    if (shared ? !Alone(pfn) : !MappedOnce(pfn, bits)) return;
    const page* const own = backend_.PageOf(pfn);
    if (out && own != nullptr && backend_.PageCount(own) <= 1) {
      const bool written = bits.dirty != 0 || (own->flags & kPageDirty) != 0;
      if (!written || droppable) {
        // MA8: lazily freed and not written to since; or shared and never written to.
        Zap(mm, at, at + hw::kPageSize);
        return;
      }
    }
    if (forget_access) {
      tables_[mm]->Change({at}, 1, [](hw::PteBits old) {
        old.accessed = 0;
        return old;
      });
    }
  });
  NoteChange();
  return 0;
}

// MA8: madvise_free_pte_range().
int64_t Mm::FreeLazily(const Vma& vma, uint64_t start, uint64_t end) {
  if (!IsLruVma(vma.c) || vma.c.vm_ops != nullptr || SharedObject(vma.c) != nullptr) return -EINVAL;
  ForEachOwnPage(vma.mm, start, end, [&](uint64_t at, const hw::PteBits& bits, hw::Pfn pfn) {
    page* const own = backend_.PageOf(pfn);
    if (own != nullptr && (own->flags & kPageDirty) != 0) {
      if (!MappedOnce(pfn, bits)) return;
      own->flags &= ~kPageDirty;
    }
    tables_[vma.mm]->Change({at}, 1, [](hw::PteBits old) {
      old.accessed = 0;
      old.dirty = 0;
      return old;
    });
  });
  NoteChange();
  return 0;
}

// page_mapcount() == 1.
bool Mm::MappedOnce(hw::Pfn pfn, const hw::PteBits& bits) const {
  return bits.anon == kAnonExclusive || Alone(pfn);
}

}  // namespace drydock::kernel
