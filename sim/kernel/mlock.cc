// mlock(2) and munlock(2): Linux mm/mlock.c of 6.1; docs/mmap-rules.md ML1, ML2.
#include <cerrno>

#include "sim/kernel/mm.h"
#include "sim/kernel/vm_flags.h"

namespace drydock::kernel {

int64_t Mm::Mlock(uint32_t mm, uint64_t address, uint64_t length) {
  const uint64_t start = address & ~hw::kPageMask;
  const uint64_t aligned = hw::PageAlignUp(length + (address & hw::kPageMask));
  const int64_t error = LockRange(mm, start, aligned, kVmLocked);
  if (error != 0 || Trapped()) return error;
  // __mlock_posix_error_return()
  const int64_t populated = Populate(mm, start, aligned);
  return populated == -EFAULT ? -ENOMEM : populated == -ENOMEM ? -EAGAIN : populated;
}

int64_t Mm::Munlock(uint32_t mm, uint64_t address, uint64_t length) {
  return LockRange(mm, address & ~hw::kPageMask,
                   hw::PageAlignUp(length + (address & hw::kPageMask)), 0);
}

// apply_vma_lock_flags().
int64_t Mm::LockRange(uint32_t mm, uint64_t start, uint64_t length, uint64_t flags) {
  const uint64_t end = start + length;
  backend_.LockMmap(&mms_.Mut(mm).c, true);
  int64_t error = end < start ? -EINVAL : 0;
  for (uint64_t at = start; at < end && error == 0;) {
    const uint32_t i = FirstEndingAfter(mm, at);
    if (i == mms_[mm].vma_count || VmaAt(mm, i).c.vm_start > at) {
      error = -ENOMEM;  // a hole; what lies before it is done
      break;
    }
    Vma* vma = MutAt(mm, i);
    const uint64_t to = vma->c.vm_end < end ? vma->c.vm_end : end;
    error = LockVma(vma, at, to, flags);
    if (error != 0) break;
    at = VmaAt(mm, FirstEndingAfter(mm, at)).c.vm_end;  // of what it was merged into, perhaps
  }
  backend_.UnlockMmap(&mms_.Mut(mm).c, true);
  return error;
}

// mlock_fixup().
int64_t Mm::LockVma(Vma* vma, uint64_t start, uint64_t end, uint64_t flags) {
  const uint64_t new_flags = (vma->c.vm_flags & ~kVmLocked) | flags;
  if (new_flags == vma->c.vm_flags) return 0;
  if ((vma->c.vm_flags & (kVmSpecial | kVmDroppable)) != 0) return 0;  // ML1
  Vma* merged = Merge(Preceding(vma->mm, start), vma->mm, start, end, new_flags,
                      vma->c.vm_pgoff + ((start - vma->c.vm_start) >> hw::kPageShift),
                      vma->c.vm_file, SharedObject(vma->c));
  if (merged != nullptr) {
    vma = merged;
  } else {
    if (start != vma->c.vm_start) {
      const int64_t error = Split(vma, start, /*new_below=*/true);
      if (error != 0) return error;
    }
    if (end != vma->c.vm_end) {
      const int64_t error = Split(vma, end, /*new_below=*/false);
      if (error != 0) return error;
    }
  }
  vma->c.vm_flags = new_flags;
  NoteChange();
  return 0;
}

}  // namespace drydock::kernel
