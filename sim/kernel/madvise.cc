// madvise(2): Linux mm/madvise.c; docs/mmap-rules.md FK1, MA1..MA4, MA6, P14; MA7, MA8 in
// page_aging.cc.
#include <algorithm>
#include <cerrno>

#include "sim/kernel/mm.h"
#include "sim/kernel/vm_flags.h"

namespace drydock::kernel {
namespace {

constexpr int kNormal = 0, kRandom = 1, kSequential = 2, kWillNeed = 3, kDontNeed = 4, kFree = 8,
              kRemove = 9, kDontFork = 10, kDoFork = 11, kMergeable = 12, kUnmergeable = 13,
              kHugePage = 14, kNoHugePage = 15, kDontDump = 16, kDoDump = 17, kWipeOnFork = 18,
              kKeepOnFork = 19, kCold = 20, kPageOut = 21, kPopulateRead = 22, kPopulateWrite = 23,
              kDontNeedLocked = 24, kCollapse = 25;
constexpr uint64_t kVmSeqRead = 0x8000, kVmRandRead = 0x10000, kVmHugePage = 0x20000000,
                   kVmMergeable = 0x80000000;

bool Known(int advice) {
  return (advice >= kNormal && advice <= kDontNeed) || (advice >= kFree && advice <= kCollapse);
}

bool Populates(int advice) { return advice == kPopulateRead || advice == kPopulateWrite; }

// is_discard().
bool Discards(int advice) {
  return advice == kFree || advice == kDontNeed || advice == kDontNeedLocked || advice == kRemove ||
         advice == kDontFork || advice == kWipeOnFork;
}

// madvise_need_mmap_write().
bool WritesVmas(int advice) {
  switch (advice) {
    case kRemove:
    case kWillNeed:
    case kDontNeed:
    case kDontNeedLocked:
    case kCold:
    case kPageOut:
    case kFree:
    case kCollapse:
      return false;
    default:
      return !Populates(advice);
  }
}

}  // namespace

int64_t Mm::Madvise(uint32_t mm, uint64_t address, uint64_t length, int advice) {
  if (!Known(advice)) return -EINVAL;
  if ((address & hw::kPageMask) != 0) return -EINVAL;
  const uint64_t aligned = hw::PageAlignUp(length);
  if (length != 0 && aligned == 0) return -EINVAL;
  const uint64_t end = address + aligned;
  if (end < address) return -EINVAL;
  if (end == address) return 0;
  // Populating takes the lock for each fault.
  const bool write = WritesVmas(advice);
  if (!Populates(advice)) backend_.LockMmap(&mms_.Mut(mm).c, write);
  int64_t result = 0;
  bool hole = false;
  for (uint64_t at = address; at < end && result == 0 && !Trapped();) {
    const uint32_t i = FirstEndingAfter(mm, at);
    if (i == mms_[mm].vma_count || VmaAt(mm, i).c.vm_start >= end) {
      hole = true;
      break;
    }
    Vma* vma = MutAt(mm, i);
    if (vma->c.vm_start > at) {
      hole = true;  // goes on, and says ENOMEM in the end
      if (Populates(advice) && profile_.populates_to_hole) break;  // MA4
      at = vma->c.vm_start;
    }
    const uint64_t to = vma->c.vm_end < end ? vma->c.vm_end : end;
    result = AdviseVma(vma, at, to, advice);
    const Vma* now = Find(mm, at);
    at = result == 0 && write && now != nullptr ? now->c.vm_end
                                                : to;  // of what it was merged into, perhaps
  }
  if (!Populates(advice)) backend_.UnlockMmap(&mms_.Mut(mm).c, write);
  return result != 0 ? result : hole ? -ENOMEM : 0;
}

// shmem_fallocate(): these pages of the object go, from whatever maps them.
void Mm::PunchHole(const Vma& vma, uint64_t start, uint64_t end) {
  const uint64_t first = vma.c.vm_pgoff + ((start - vma.c.vm_start) >> hw::kPageShift);
  const uint64_t last = first + ((end - start) >> hw::kPageShift);
  for (uint32_t m = 0; m < max_mms(); ++m) {
    for (uint32_t i = 0; mms_[m].live != 0 && i < mms_[m].vma_count; ++i) {
      const vm_area_struct& other = VmaAt(m, i).c;
      if (SharedObject(other) != SharedObject(vma.c)) continue;
      const uint64_t pages = (other.vm_end - other.vm_start) >> hw::kPageShift;
      const uint64_t from = std::max<uint64_t>(first, other.vm_pgoff);
      const uint64_t to = std::min<uint64_t>(last, other.vm_pgoff + pages);
      if (from >= to) continue;
      Zap(m, other.vm_start + ((from - other.vm_pgoff) << hw::kPageShift),
          other.vm_start + ((to - other.vm_pgoff) << hw::kPageShift));
    }
  }
  NoteChange();
}

// madvise_vma_behavior().
int64_t Mm::AdviseVma(Vma* vma, uint64_t start, uint64_t end, int advice) {
  uint64_t flags = vma->c.vm_flags;
  // can_madvise_modify() (P14): what nobody can write to anyway is not to be thrown away.
  if (Sealed(vma->c) && Discards(advice) && vma->c.vm_file == nullptr &&
      (flags & (kVmShared | kVmWrite)) == 0) {
    return -EPERM;
  }
  switch (advice) {
    case kRemove:  // madvise_remove(), then vfs_fallocate() of a character device
      if ((flags & kVmLocked) != 0) return -EINVAL;
      if (SharedObject(vma->c) != nullptr) {
        PunchHole(*vma, start, end);
        return 0;
      }
      if (vma->c.vm_file == nullptr) return -EINVAL;
      if ((flags & (kVmShared | kVmMayWrite)) != (kVmShared | kVmMayWrite)) return -EACCES;
      return ((vma->c.vm_pgoff << hw::kPageShift) + (start - vma->c.vm_start)) >> 63 != 0 ? -EINVAL
                                                                                          : -ENODEV;
    case kWillNeed:
      return 0;
    case kCollapse:
      return -EINVAL;  // no mapping here can be a huge page
    case kCold:
    case kPageOut:
      return AgePages(*vma, start, end, advice == kPageOut);
    case kFree:
      return FreeLazily(*vma, start, end);
    case kDontNeed:
    case kDontNeedLocked:
      if ((flags & (kVmPfnMap | (advice == kDontNeed ? kVmLocked : 0))) != 0)
        return -EINVAL;  // MA1
      // Shared anonymous memory loses entries, which come back from the page cache.
      if (SharedObject(vma->c) == nullptr) ZapSingle(vma, start, end);  // MA2
      return 0;
    case kPopulateRead:
    case kPopulateWrite:
      return PopulateVma(*vma, start, end, advice == kPopulateWrite);
    case kNormal:
      flags &= ~(kVmRandRead | kVmSeqRead);
      break;
    case kSequential:
      flags = (flags & ~kVmRandRead) | kVmSeqRead;
      break;
    case kRandom:
      flags = (flags & ~kVmSeqRead) | kVmRandRead;
      break;
    case kDontFork:
      flags |= kVmDontCopy;
      break;
    case kDoFork:
      if ((flags & (profile_.no_dofork_of_special ? kVmSpecial : kVmIo)) != 0) return -EINVAL;
      flags &= ~kVmDontCopy;
      break;
    case kWipeOnFork:
      if (vma->c.vm_file != nullptr || (flags & kVmShared) != 0) return -EINVAL;
      flags |= kVmWipeOnFork;
      break;
    case kKeepOnFork:
      if ((flags & kVmDroppable) != 0) return -EINVAL;
      flags &= ~kVmWipeOnFork;
      break;
    case kDontDump:
      flags |= kVmDontDump;
      break;
    case kDoDump:
      if ((flags & (kVmSpecial | kVmDroppable)) != 0) return -EINVAL;
      flags &= ~kVmDontDump;
      break;
    case kMergeable:  // ksm_madvise()
      if ((flags & (kVmShared | kVmMayShare | kVmSpecial | kVmDroppable)) == 0) {
        flags |= kVmMergeable;
      }
      break;
    case kUnmergeable:
      flags &= ~kVmMergeable;
      break;
    case kHugePage:
      flags = (flags & ~kVmNoHugePage) | kVmHugePage;
      break;
    case kNoHugePage:
      flags = (flags & ~kVmHugePage) | kVmNoHugePage;
      break;
    default:
      return -EINVAL;
  }
  const int64_t error = ChangeFlags(vma, start, end, flags);
  return error == -ENOMEM ? -EAGAIN : error;  // what went wrong for want of memory
}

int64_t Mm::PopulateVma(const Vma& vma, uint64_t start, uint64_t end, bool write) {
  // check_vma_flags()
  if ((vma.c.vm_flags & (kVmPfnMap | kVmIo)) != 0) return -EINVAL;
  if ((vma.c.vm_flags & (write ? kVmWrite : kVmRead)) == 0) return -EINVAL;
  const unsigned gup = kGupTouch | kGupMayRetry | (write ? kGupWrite : 0U);
  hw::Pfn pfn;
  int64_t error = 0;
  backend_.LockMmap(&mms_.Mut(vma.mm).c, false);
  for (uint64_t at = start; at < end && error == 0; at += hw::kPageSize) {
    error = GetUserPage(vma.mm, at, gup, &pfn);
  }
  backend_.UnlockMmap(&mms_.Mut(vma.mm).c, false);
  return error;
}

// madvise_update_vma().
int64_t Mm::ChangeFlags(Vma* vma, uint64_t start, uint64_t end, uint64_t flags) {
  if (flags == vma->c.vm_flags) return 0;
  Vma* merged = Merge(Preceding(vma->mm, start), vma->mm, start, end, flags,
                      vma->c.vm_pgoff + ((start - vma->c.vm_start) >> hw::kPageShift),
                      vma->c.vm_file, SharedObject(vma->c));
  if (merged != nullptr) {
    merged->c.vm_flags = flags;
    return 0;
  }
  if (start != vma->c.vm_start) {
    const int64_t error = Split(vma, start, /*new_below=*/true);
    if (error != 0) return error;
  }
  if (end != vma->c.vm_end) {
    const int64_t error = Split(vma, end, /*new_below=*/false);
    if (error != 0) return error;
  }
  vma->c.vm_flags = flags;
  NoteChange();
  return 0;
}

}  // namespace drydock::kernel
