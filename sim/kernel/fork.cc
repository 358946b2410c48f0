// fork(2)'s share of memory: Linux kernel/fork.c:dup_mmap(), mm/memory.c:copy_page_range() of 6.1;
// docs/mmap-rules.md FK1, FK2, P7, PAT8, PAT10.
#include <cerrno>

#include "sim/kernel/mm.h"
#include "sim/kernel/vm_flags.h"

namespace drydock::kernel {

int64_t Mm::Fork(uint32_t parent, uint32_t child) {
  backend_.LockMmap(&mms_.Mut(parent).c, true);
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
    Link(to);
    CallOpen(to);  // FK2: before the entries are copied
    if (Trapped()) {
      error = -EINTR;
      break;
    }
    if ((from->c.vm_flags & kVmWipeOnFork) == 0) error = CopyEntries(from, to);
  }
  backend_.UnlockMmap(&mms_.Mut(parent).c, true);
  NoteChange();
  return error;
}

int64_t Mm::CopyEntries(Vma* from, Vma* to) {
  const bool cow = IsCowMapping(from->c.vm_flags);
  const bool raw = (from->c.vm_flags & (kVmPfnMap | kVmMixedMap)) != 0;
  const bool anonymous = from->c.vm_ops == nullptr;
  if ((from->c.vm_flags & kVmPat) != 0) {
    // track_pfn_copy(): the type of the first entry, strictly (PAT10); a copied first page fails (P7).
    const hw::Extent* first = tables_[from->mm]->Find({from->c.vm_start});
    if (first == nullptr || first->bits.anon != 0) return -ENOMEM;
    uint64_t prot = hw::CacheBitsOf(first->bits.cache);
    const uint64_t pages = (from->c.vm_end - from->c.vm_start) >> hw::kPageShift;
    if (ReserveRange(hw::PageTable::PfnAt(*first, {from->c.vm_start}), pages, /*strict=*/true, &prot) != 0) {
      return -ENOMEM;
    }
    to->c.vm_flags |= kVmPat;
  }
  hw::PageTable& source = *tables_[from->mm];
  for (size_t i = source.LowerBound({from->c.vm_start});
       i < source.count() && source[i].va.value < from->c.vm_end; ++i) {
    const hw::Extent extent = source[i];
    // Entries of a plain file mapping are left to be faulted in again, but for private copies.
    if (!raw && !anonymous && extent.bits.anon == 0) continue;
    const uint64_t start = extent.va.value < from->c.vm_start ? from->c.vm_start : extent.va.value;
    const uint64_t end = extent.end().value > from->c.vm_end ? from->c.vm_end : extent.end().value;
    const uint64_t pages = (end - start) >> hw::kPageShift;
    const hw::Pfn pfn = hw::PageTable::PfnAt(extent, {start});
    hw::PteBits bits = extent.bits;
    bits.accessed = 0;
    if (cow && bits.write != 0) {
      bits.write = 0;
      if (!source.Change({start}, pages, [](hw::PteBits old) {
            old.write = 0;
            return old;
          })) {
        return -ENOMEM;
      }
    } else if (!cow) {
      bits.dirty = 0;
    }
    if (backend_.FailNow() || !tables_[to->mm]->Map({start}, pages, pfn, bits, extent.driver_pc)) return -ENOMEM;
    if (bits.anon == 0 && bits.special == 0) {
      for (uint64_t p = 0; p < pages; ++p) backend_.PageGet(pfn + p);
    }
  }
  return 0;
}

}  // namespace drydock::kernel
