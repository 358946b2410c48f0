// mprotect(2): Linux mm/mprotect.c; docs/mmap-rules.md MPR1..MPR5.
#include <cerrno>

#include "sim/kernel/mm.h"
#include "sim/kernel/vm_flags.h"

namespace drydock::kernel {

int64_t Mm::Mprotect(uint32_t mm, uint64_t address, uint64_t length, int prot) {
  const int grows = prot & (kProtGrowsDown | kProtGrowsUp);
  prot &= ~(kProtGrowsDown | kProtGrowsUp);
  if (grows == (kProtGrowsDown | kProtGrowsUp)) return -EINVAL;
  if ((address & hw::kPageMask) != 0) return -EINVAL;
  if (length == 0) return 0;
  length = hw::PageAlignUp(length);
  const uint64_t end = address + length;
  if (end <= address) return -ENOMEM;
  if ((prot & ~(kProtRead | kProtWrite | kProtExec | 8 /* PROT_SEM */)) != 0) return -EINVAL;

  backend_.LockMmap(&mms_.Mut(mm).c, true);
  const int64_t result = ProtectRange(mm, address, end, static_cast<uint64_t>(prot & 7), grows);
  backend_.UnlockMmap(&mms_.Mut(mm).c, true);
  return result;
}

int64_t Mm::ProtectRange(uint32_t mm, uint64_t address, uint64_t end, uint64_t access, int grows) {
  const uint32_t first = FirstEndingAfter(mm, address);
  if (first == mms_[mm].vma_count) return -ENOMEM;
  const uint64_t first_start = VmaAt(mm, first).c.vm_start;
  if ((grows & kProtGrowsDown) != 0 ? first_start >= end : first_start > address) return -ENOMEM;
  if (grows != 0) return -EINVAL;  // no VMA here grows
  for (uint64_t at = address; at < end;) {
    const uint32_t i = FirstEndingAfter(mm, at);
    if (i == mms_[mm].vma_count || VmaAt(mm, i).c.vm_start > at) return -ENOMEM;  // a hole
    Vma* vma = MutAt(mm, i);
    const uint64_t new_flags = (vma->c.vm_flags & ~kVmAccess) | access;
    if ((new_flags & ~(new_flags >> 4) & kVmAccess) != 0) return -EACCES;  // MPR1
    const uint64_t to = vma->c.vm_end < end ? vma->c.vm_end : end;
    if (vma->c.vm_ops != nullptr && vma->c.vm_ops->mprotect != nullptr) {
      const int64_t refused =
          CallDriver(driver_, vma->c.vm_ops->mprotect, &vma->c, at, to, new_flags);
      if (Trapped()) return -EINTR;
      if (refused != 0) return refused;  // verbatim, before any split
    }
    const int64_t error = ProtectVma(vma, at, to, new_flags);
    if (error != 0) return error;
    at = VmaAt(mm, FirstEndingAfter(mm, at)).c.vm_end;  // of what it was merged into, perhaps
  }
  return 0;
}

// mprotect_fixup().
int64_t Mm::ProtectVma(Vma* vma, uint64_t start, uint64_t end, uint64_t new_flags) {
  const uint64_t old_flags = vma->c.vm_flags;
  if (Sealed(vma->c)) return -EPERM;
  if (new_flags == old_flags) return 0;
  if (profile_.uncharges_untouched && (new_flags & kVmWrite) == 0 && vma->c.vm_ops == nullptr &&
      SharedObject(vma->c) == nullptr && vma->c.anon_vma == nullptr) {
    new_flags &= ~kVmAccount;  // MPR5
  }
  if ((new_flags & kVmWrite) != 0 &&
      (vma->c.vm_flags & (kVmAccount | kVmWrite | kVmShared | kVmNoReserve)) == 0) {
    if ((end - start) >> hw::kPageShift > kMostChargedPages) return -ENOMEM;  // MPR4
    new_flags |= kVmAccount;
  }
  Vma* merged = Merge(Preceding(vma->mm, start), vma->mm, start, end, new_flags,
                      vma->c.vm_pgoff + ((start - vma->c.vm_start) >> hw::kPageShift),
                      vma->c.vm_file, SharedObject(vma->c));
  if (merged != nullptr) {
    vma = merged;
  } else if (start != vma->c.vm_start) {
    // `vma` stays the part that is changed: the upper one.
    const int64_t error = Split(vma, start, /*new_below=*/true);
    if (error != 0) return error;
  }
  if (merged == nullptr && end != vma->c.vm_end) {
    const int64_t error = Split(vma, end, /*new_below=*/false);
    if (error != 0) return error;
  }
  vma->c.vm_flags = new_flags;
  SetPageProt(vma);
  const uint64_t prot = vma->c.vm_page_prot.pgprot;
  const bool shared = (new_flags & kVmShared) != 0;
  const bool notify = WantsWriteNotify(vma->c);
  const bool writable = (new_flags & kVmWrite) != 0;
  // change_pte_range(): frame, special, cache and dirty bits stay (MPR2).
  const bool ok =
      tables_[vma->mm]->Change({start}, (end - start) >> hw::kPageShift, [&](hw::PteBits bits) {
        bits.present = (prot & kPtePresent) != 0 ? 1 : 0;
        bits.exec = (prot & kPteNx) == 0 ? 1 : 0;
        bits.write = (prot & kPteRw) != 0 ? 1 : 0;
        if (arm64_) bits.cache = CacheOf(prot);  // AR3
        // can_change_pte_writable() (MPR3): what is dirty needs no fault; of private pages, only
        // one's own.
        const bool told = bits.dirty != 0 || (!shared && profile_.makes_clean_writable);
        if (told && bits.present != 0 &&
            (shared ? notify : writable && bits.anon == kAnonExclusive && bits.special == 0)) {
          bits.write = 1;
        }
        return bits;
      });
  NoteChange();
  if ((old_flags & (kVmWrite | kVmShared | kVmLocked)) == kVmLocked && writable) {
    static_cast<void>(PopulatePages(*vma, start, end));  // ML2: its pages are copied at once
  }
  return ok ? 0 : -ENOMEM;
}

}  // namespace drydock::kernel
