// Pages of a process for the kernel's own use: Linux mm/gup.c of 6.1; docs/mmap-rules.md GU1, GU2,
// IP10.
#include <cerrno>

#include "sim/kernel/mm.h"
#include "sim/kernel/vm_flags.h"

namespace drydock::kernel {
namespace {

constexpr int kRefaultsAllowed = 4;

// Whether a VMA allows any access: mm.h: vma_is_accessible().
bool IsAccessible(const vm_area_struct& vma) { return (vma.vm_flags & kVmAccess) != 0; }

}  // namespace

// check_vma_flags(): GU1.
bool Mm::MayGet(const vm_area_struct& vma, unsigned gup) {
  const uint64_t flags = vma.vm_flags;
  if ((flags & (kVmIo | kVmPfnMap)) != 0) return false;
  const bool force = (gup & kGupForce) != 0;
  if ((gup & kGupWrite) != 0) {
    return (flags & kVmWrite) != 0 || (force && IsCowMapping(flags));
  }
  return (flags & kVmRead) != 0 || (force && (flags & kVmMayRead) != 0);
}

// follow_page_pte(): what the entry gives without a fault.
Mm::Followed Mm::Follow(const Vma& vma, const hw::Extent& extent, unsigned gup) {
  const hw::PteBits& bits = extent.bits;
  const bool force = (gup & kGupForce) != 0, write = (gup & kGupWrite) != 0;
  if (bits.present == 0 && !force) return Followed::kFault;  // gup_can_follow_protnone()
  const bool object = SharedObject(vma.c) != nullptr;
  const bool zero_page = bits.anon != 0 && bits.special != 0;
  const bool anon = bits.anon != 0 && !object && !zero_page;
  if (write && bits.write == 0) {  // can_follow_write_pte()
    const bool own = anon && bits.anon == kAnonExclusive;
    if (!force || (vma.c.vm_flags & kVmWrite) != 0 || !IsCowMapping(vma.c.vm_flags) || !own) {
      return Followed::kFault;
    }
  }
  if (bits.special != 0 && !zero_page) return Followed::kNoPage;
  // gup_must_unshare(): what is pinned must stay the page that the process sees.
  if ((gup & kGupPin) != 0 && !write && anon && bits.anon != kAnonExclusive) {
    return Followed::kUnshare;
  }
  return Followed::kPage;
}

// do_wp_page() with FAULT_FLAG_UNSHARE: the page becomes the process's own, or it gets a copy;
// neither is a store.
bool Mm::Unshare(Vma* vma, uint64_t address) {
  const hw::Extent* extent = tables_[vma->mm]->Find({address});
  const hw::Pfn from = hw::PageTable::PfnAt(*extent, {address});
  NoteChange();
  if (Alone(from)) {
    return tables_[vma->mm]->Change({address}, 1, [](hw::PteBits bits) {
      bits.anon = kAnonExclusive;
      return bits;
    });
  }
  hw::Pfn fresh;
  if (!backend_.AllocAnonPage(/*zeroed=*/false, &fresh)) return false;
  backend_.CopyPage(fresh, from);
  Zap(vma->mm, address, address + hw::kPageSize);
  hw::PteBits bits = BitsOf(vma->c.vm_page_prot.pgprot, /*special=*/false);
  bits.cache = CacheOf(vma->c.vm_page_prot.pgprot);
  bits.anon = kAnonExclusive;
  if (tables_[vma->mm]->Map({address}, 1, fresh, bits, 0)) return true;
  backend_.FreeAnonPage(fresh);
  return false;
}

// faultin_page(), once.
int64_t Mm::FaultIn(Vma* vma, uint64_t address, unsigned gup, Followed why, FaultTry* fault) {
  if (why == Followed::kUnshare) return Unshare(vma, address) ? 0 : -ENOMEM;
  const bool write = (gup & kGupWrite) != 0;
  const hw::Extent* extent = tables_[vma->mm]->Find({address});
  fault->retry = false;
  // An entry without access is mended where the VMA has it; elsewhere FOLL_FORCE has followed it,
  // and wants a copy.
  const bool copies = extent != nullptr && extent->bits.present == 0 && !IsAccessible(vma->c);
  const user::Outcome outcome =
      copies ? WriteProtectFault(vma, address, *extent) : HandleFault(vma, address, write, fault);
  if (Trapped() || outcome.trapped) return -EINTR;
  if (fault->retry) {  // FA2: the driver has dropped mmap_lock
    backend_.LockMmap(&mms_.Mut(vma->mm).c, false);
    return (gup & kGupMayRetry) != 0 ? 0 : -EBUSY;
  }
  if (outcome.value == -ENOMEM) return -ENOMEM;
  return outcome.ok() ? 0 : -EFAULT;
}

int64_t Mm::GetUserPage(uint32_t mm, uint64_t address, unsigned gup, hw::Pfn* pfn) {
  address &= ~hw::kPageMask;
  const Vma* found = Find(mm, address);
  if (found == nullptr || !MayGet(found->c, gup)) return -EFAULT;
  Vma* vma = &vmas_.Mut(found->c.drydock_id);
  FaultTry fault{.by_kernel = true};
  for (int tries = 0; tries < kRefaultsAllowed; ++tries) {
    const hw::Extent* extent = tables_[mm]->Find({address});
    const Followed followed = extent == nullptr ? Followed::kFault : Follow(*vma, *extent, gup);
    if (followed == Followed::kPage) {
      *pfn = hw::PageTable::PfnAt(*extent, {address});
      // follow_page_pte(): FOLL_TOUCH marks the page, not the entry.
      const bool touches = (gup & kGupTouch) != 0 && (gup & kGupWrite) != 0;
      if (touches && extent->bits.dirty == 0) MarkPageDirty(*pfn);
      return 0;
    }
    if (followed == Followed::kNoPage) {
      if ((gup & kGupTouch) == 0) return -EEXIST;
      const bool write = (gup & kGupWrite) != 0;  // follow_pfn_pte()
      tables_[mm]->Change({address}, 1, [write](hw::PteBits bits) {
        bits.accessed = 1;
        if (write) bits.dirty = 1;
        return bits;
      });
      return 0;
    }
    const int64_t error = FaultIn(vma, address, gup, followed, &fault);
    if (error != 0) return error;
  }
  verdicts_.TrapNow(
      Trap::kBudget, 37, 11, "a fault that is resolved or refused",
      "the same page faulted %d times in a row: ->fault says it installed a page and did not",
      kRefaultsAllowed);
  return -EINTR;
}

// populate_vma_page_range().
int64_t Mm::PopulatePages(const Vma& vma, uint64_t start, uint64_t end) {
  unsigned gup = kGupTouch | kGupMayRetry;
  if ((vma.c.vm_flags & (kVmWrite | kVmShared)) == kVmWrite) gup |= kGupWrite;
  if (IsAccessible(vma.c)) gup |= kGupForce;
  hw::Pfn pfn;
  for (uint64_t at = start; at < end; at += hw::kPageSize) {
    const int64_t error = GetUserPage(vma.mm, at, gup, &pfn);
    if (error != 0) return error;
  }
  return 0;
}

// __mm_populate(), of a caller who wants to know.
int64_t Mm::Populate(uint32_t mm, uint64_t start, uint64_t length) {
  const uint64_t end = start + length;
  int64_t error = 0;
  backend_.LockMmap(&mms_.Mut(mm).c, false);
  for (uint64_t at = start; at < end && error == 0 && !Trapped();) {
    const uint32_t i = FirstEndingAfter(mm, at);
    if (i == mms_[mm].vma_count || VmaAt(mm, i).c.vm_start >= end) break;
    const Vma& vma = VmaAt(mm, i);
    const uint64_t from = vma.c.vm_start > at ? vma.c.vm_start : at;
    const uint64_t to = vma.c.vm_end < end ? vma.c.vm_end : end;
    if ((vma.c.vm_flags & (kVmIo | kVmPfnMap)) == 0) error = PopulatePages(vma, from, to);
    at = to;
  }
  backend_.UnlockMmap(&mms_.Mut(mm).c, false);
  return error;
}

}  // namespace drydock::kernel
