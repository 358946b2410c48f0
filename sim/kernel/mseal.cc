// mseal(2): Linux mm/mseal.c, since 6.10; docs/mmap-rules.md P14. What is sealed is not unmapped,
// moved, replaced, protected anew: vma.cc, mprotect.cc, mremap.cc and madvise.cc ask Sealed().
#include <cerrno>

#include "sim/kernel/mm.h"
#include "sim/kernel/vm_flags.h"

namespace drydock::kernel {

int64_t Mm::Mseal(uint32_t mm, uint64_t address, uint64_t length, uint64_t flags) {
  if (profile_.sealed == 0) return -ENOSYS;
  if (flags != 0 || (address & hw::kPageMask) != 0) return -EINVAL;
  const uint64_t aligned = hw::PageAlignUp(length);
  if (length != 0 && aligned == 0) return -EINVAL;
  const uint64_t end = address + aligned;
  if (end < address) return -EINVAL;
  if (end == address) return 0;
  backend_.LockMmap(&mms_.Mut(mm).c, true);
  int64_t result = 0;
  // Without a hole, or nothing is sealed.
  for (uint64_t at = address; at < end && result == 0;) {
    const Vma* vma = Find(mm, at);
    if (vma == nullptr) result = -ENOMEM;
    at = vma != nullptr ? vma->c.vm_end : end;
  }
  for (uint64_t at = address; at < end && result == 0;) {
    Vma* vma = MutAt(mm, FirstEndingAfter(mm, at));
    const uint64_t to = vma->c.vm_end < end ? vma->c.vm_end : end;
    result = ChangeFlags(vma, at, to, vma->c.vm_flags | profile_.sealed);
    if (result == 0) at = Find(mm, at)->c.vm_end;  // of what it was merged into, perhaps
  }
  backend_.UnlockMmap(&mms_.Mut(mm).c, true);
  return Trapped() ? -EINTR : result;
}

}  // namespace drydock::kernel
