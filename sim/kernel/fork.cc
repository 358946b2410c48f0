// fork(2)'s share of memory: Linux kernel/fork.c:dup_mmap(), mm/memory.c:copy_page_range();
// docs/mmap-rules.md FK1, FK2, P7, PAT8, PAT10.
#include <cerrno>

#include "sim/kernel/mm.h"
#include "sim/kernel/vm_flags.h"

namespace drydock::kernel {

int64_t Mm::Fork(uint32_t parent, uint32_t child) {
  backend_.LockMmap(&mms_.Mut(parent).c, true);
  backend_.LockChildMmap(&mms_.Mut(child).c);  // LK1
  int64_t error = 0;
  for (uint32_t i = 0; i < mms_[parent].vma_count && error == 0; ++i) {
    Vma* from = MutAt(parent, i);
    if ((from->c.vm_flags & kVmDontCopy) != 0) continue;  // FK1
    Vma* to = AllocVma(child);
    if (to == nullptr) {
      error = -ENOMEM;
      break;
    }
    const vm_area_struct keep = to->c;
    to->c = from->c;
    to->c.vm_mm = keep.vm_mm;
    to->c.drydock_id = keep.drydock_id;
    to->c.vm_flags &= ~(kVmLocked | kVmPat);
    if (to->c.vm_file != nullptr) backend_.FileGet(to->c.vm_file);
    HoldReservation(to, *from);
    Link(to);
    NoteCopy(from->c, CopyKind::kFork);
    CallOpen(to);  // FK2: before the entries are copied
    if (Trapped()) {
      error = -EINTR;
      break;
    }
    const bool wiped = (from->c.vm_flags & kVmWipeOnFork) != 0;
    // anon_vma_fork()
    to->c.anon_vma = wiped || from->c.anon_vma == nullptr ? nullptr : AnonVmaOf(*to, true);
    if (!wiped) {
      error = CopyEntries(from, to);
    }
  }
  backend_.UnlockMmap(&mms_.Mut(child).c, true);
  backend_.UnlockMmap(&mms_.Mut(parent).c, true);
  NoteChange();
  if (error != 0 && !Trapped()) UnmapAll(child);  // P7: ->close of those that were opened
  return error;
}

// copy_page_range().
int64_t Mm::CopyEntries(Vma* from, Vma* to) {
  const vm_area_struct& c = from->c;
  // vma_needs_copy(): what a fault would fill in again is left to it.
  const bool object = c.vm_ops == nullptr && (c.vm_flags & kVmShared) != 0;
  if ((c.vm_flags & (kVmPfnMap | kVmMixedMap)) == 0 && c.anon_vma == nullptr && !object) return 0;
  const uint64_t all_pages = (c.vm_end - c.vm_start) >> hw::kPageShift;
  hw::Pfn first_pfn;
  if ((c.vm_flags & kVmPfnMap) != 0 && (c.vm_flags & kVmPat) != 0) {
    // track_pfn_copy(): the type of the first entry, strictly (PAT10); a copied first page fails
    // (P7).
    const hw::Extent* first = tables_[from->mm]->Find({c.vm_start});
    if (first == nullptr || first->bits.anon != 0) return -ENOMEM;
    uint64_t prot = hw::CacheBitsOf(first->bits.cache);
    first_pfn = hw::PageTable::PfnAt(*first, {c.vm_start});
    if (ReserveRange(first_pfn, all_pages, /*strict=*/true, &prot) != 0) return -ENOMEM;
    to->c.vm_flags |= kVmPat;
  }
  const bool cow = IsCowMapping(c.vm_flags);
  hw::PageTable& source = *tables_[from->mm];
  for (uint64_t at = c.vm_start; at < c.vm_end;) {
    const size_t i = source.LowerBound({at});
    if (i == source.count() || source[i].va.value >= c.vm_end) break;
    const hw::Extent extent = source[i];
    const uint64_t start = extent.va.value < at ? at : extent.va.value;
    const uint64_t end = extent.end().value > c.vm_end ? c.vm_end : extent.end().value;
    const uint64_t pages = (end - start) >> hw::kPageShift;
    const hw::Pfn pfn = hw::PageTable::PfnAt(extent, {start});
    const bool forked = extent.bits.anon != 0 && !object;
    bool ok = true;
    if ((cow && extent.bits.write != 0) || (forked && extent.bits.anon != kAnonForked)) {
      ok = source.Change({start}, pages, [cow, forked](hw::PteBits old) {
        if (cow) old.write = 0;
        if (forked) old.anon = kAnonForked;
        return old;
      });
    }
    hw::PteBits bits = extent.bits;
    bits.accessed = 0;
    if (cow) bits.write = 0;
    if (forked) bits.anon = kAnonForked;
    if ((c.vm_flags & kVmShared) != 0) bits.dirty = 0;
    ok = ok && !backend_.FailNow() &&
         tables_[to->mm]->Map({start}, pages, pfn, bits, extent.driver_pc);
    if (!ok) {
      UntrackRange(to, first_pfn, all_pages);  // untrack_pfn_copy()
      return -ENOMEM;
    }
    if (bits.anon == 0 && bits.special == 0) {
      for (uint64_t p = 0; p < pages; ++p) backend_.PageGet(pfn + p);
    }
    at = end;
  }
  return 0;
}

}  // namespace drydock::kernel
