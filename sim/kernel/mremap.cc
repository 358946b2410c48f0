// mremap(2): Linux mm/mremap.c; docs/mmap-rules.md RM1..RM6, P9, P14, P15, PAT8.
#include <cerrno>

#include "sim/kernel/mm.h"
#include "sim/kernel/vm_flags.h"

namespace drydock::kernel {
namespace {

constexpr int kMayMove = 1, kFixed = 2, kDontUnmap = 4;

// RM5
bool MayCharge(uint64_t vm_flags, uint64_t length) {
  return (vm_flags & kVmAccount) == 0 || length >> hw::kPageShift <= kMostChargedPages;
}

// RM2: where a mapping may be moved to.
bool MayBeTarget(uint64_t old_address, uint64_t old_length, uint64_t new_length, uint64_t target) {
  if ((target & hw::kPageMask) != 0 || new_length > kTaskSize || target > kTaskSize - new_length) {
    return false;
  }
  return old_address + old_length <= target || target + new_length <= old_address;
}

}  // namespace

int64_t Mm::Mremap(uint32_t mm, uint64_t old_address, uint64_t old_length, uint64_t new_length,
                   int flags, uint64_t new_address) {
  if ((flags & ~(kMayMove | kFixed | kDontUnmap)) != 0) return -EINVAL;
  if ((flags & kFixed) != 0 && (flags & kMayMove) == 0) return -EINVAL;
  const uint64_t whole = profile_.remap_checks_first ? hw::kPageMask : 0;  // RM6: rounded up first
  if ((flags & kDontUnmap) != 0 && ((flags & kMayMove) == 0 || ((old_length + whole) & ~whole) !=
                                                                   ((new_length + whole) & ~whole)))
    return -EINVAL;
  if ((old_address & hw::kPageMask) != 0) return -EINVAL;
  old_length = hw::PageAlignUp(old_length);
  new_length = hw::PageAlignUp(new_length);
  if (new_length == 0) return -EINVAL;
  if (profile_.remap_checks_first) {
    if (new_length > kTaskSize) return -EINVAL;
    if ((flags & (kFixed | kDontUnmap)) != 0 &&
        !MayBeTarget(old_address, old_length, new_length, new_address)) {
      return -EINVAL;
    }
  }
  backend_.LockMmap(&mms_.Mut(mm).c, true);
  bool downgraded = false;
  const int64_t result =
      RemapRange(mm, old_address, old_length, new_length, flags, new_address, &downgraded);
  backend_.UnlockMmap(&mms_.Mut(mm).c, !downgraded);
  if (result < 0 || Trapped() || new_length <= old_length) return result;
  const Vma* grown = Find(mm, static_cast<uint64_t>(result));
  if (grown != nullptr && (grown->c.vm_flags & kVmLocked) != 0) {  // ML2; errors are not told
    static_cast<void>(
        Populate(mm, static_cast<uint64_t>(result) + old_length, new_length - old_length));
  }
  return result;
}

// vma_to_resize(): what may not move or grow.
int64_t Mm::MayResize(const Vma& vma, uint64_t address, uint64_t old_length, uint64_t new_length,
                      int flags) {
  const uint64_t vm_flags = vma.c.vm_flags;
  if (old_length == 0 && (vm_flags & (kVmShared | kVmMayShare)) == 0) return -EINVAL;  // RM1
  if ((flags & kDontUnmap) != 0 && (vm_flags & (kVmDontExpand | kVmPfnMap)) != 0) return -EINVAL;
  if (old_length > vma.c.vm_end - address) return -EFAULT;
  if (new_length == old_length) return 0;
  const uint64_t pgoff = ((address - vma.c.vm_start) >> hw::kPageShift) + vma.c.vm_pgoff;
  if (pgoff + (new_length >> hw::kPageShift) < pgoff) return -EINVAL;
  if ((vm_flags & (kVmDontExpand | kVmPfnMap)) != 0) return -EFAULT;  // RM1
  return 0;
}

int64_t Mm::UnmapTail(uint32_t mm, uint64_t start, uint64_t length, bool* downgraded) {
  if (start > kTaskSize || length > kTaskSize - start) return -EINVAL;
  const int64_t error = UnmapRange(mm, start, start + length, downgraded);
  return Trapped() ? -EINTR : error;
}

int64_t Mm::AreaFor(const Vma& vma, uint64_t old_address, uint64_t new_length, uint64_t address,
                    int map_flags) {
  if ((vma.c.vm_flags & kVmMayShare) != 0) map_flags |= kMapShared;
  return UnmappedArea(vma.mm, vma.c.vm_file, address, new_length,
                      vma.c.vm_pgoff + ((old_address - vma.c.vm_start) >> hw::kPageShift),
                      map_flags);
}

int64_t Mm::RemapRange(uint32_t mm, uint64_t old_address, uint64_t old_length, uint64_t new_length,
                       int flags, uint64_t new_address, bool* downgraded) {
  if (profile_.moves_many && (flags & kFixed) != 0 && old_length == new_length) {
    return MoveAll(mm, old_address, old_length, flags, new_address);
  }
  const Vma* vma = Find(mm, old_address);
  if (vma == nullptr) return -EFAULT;
  if (Sealed(vma->c)) return -EPERM;
  return (flags & (kFixed | kDontUnmap)) != 0
             ? MoveTo(mm, old_address, old_length, new_length, flags, new_address)
             : GrowOrShrink(mm, old_address, old_length, new_length, flags, downgraded);
}

// P15: remap_move(). Holes between the VMAs stay as they are; what was moved before an error stays
// moved.
int64_t Mm::MoveAll(uint32_t mm, uint64_t start, uint64_t length, int flags, uint64_t target) {
  const uint64_t end = start + length;
  int64_t result = -EFAULT;
  uint64_t last_end = 0;
  for (uint64_t at = start;;) {
    const uint32_t i = FirstEndingAfter(mm, at);
    if (i == mms_[mm].vma_count || VmaAt(mm, i).c.vm_start >= end) return result;
    const vm_area_struct vma = VmaAt(mm, i).c;
    const bool first = at == start;
    if (first && start < vma.vm_start) return -EFAULT;
    const uint64_t from = first ? start : vma.vm_start;
    const uint64_t bytes = (vma.vm_end < end ? vma.vm_end : end) - from;
    if (!first) target += vma.vm_start - last_end;
    // A driver that chooses the place moves alone.
    if (vma.vm_file != nullptr && vma.vm_file->f_op->get_unmapped_area != nullptr &&
        (!first || vma.vm_end < end)) {
      return -EFAULT;
    }
    if ((vma.vm_flags & profile_.sealed) != 0) return -EPERM;
    const int64_t moved = MoveTo(mm, from, bytes, bytes, flags, target);
    if (moved < 0) return moved;
    if (first) result = moved;
    target = static_cast<uint64_t>(moved) + bytes;
    at = last_end = vma.vm_end;
    if (at >= end) return result;
  }
}

// mremap_to().
int64_t Mm::MoveTo(uint32_t mm, uint64_t old_address, uint64_t old_length, uint64_t new_length,
                   int flags, uint64_t new_address) {
  const bool fixed = (flags & kFixed) != 0;
  if (profile_.remap_checks_first) {  // check_prep_vma()
    const int64_t refused =
        MayResize(*Find(mm, old_address), old_address,
                  old_length > new_length ? new_length : old_length, new_length, flags);
    if (refused != 0) return refused;
  } else if (!MayBeTarget(old_address, old_length, new_length, new_address)) {
    return -EINVAL;
  }
  if (fixed) {
    const int64_t error = UnmapRange(mm, new_address, new_address + new_length);  // RM2: first
    if (error != 0 || Trapped()) return error != 0 ? error : -EINTR;
    if (profile_.remap_checks_first && Find(mm, old_address) == nullptr) return -EFAULT;
  }
  if (old_length > new_length) {
    const int64_t error = UnmapTail(mm, old_address + new_length, old_length - new_length, nullptr);
    if (error != 0) return error;
    old_length = new_length;
  }
  const Vma* vma = Find(mm, old_address);
  if (vma == nullptr) return -EFAULT;
  if (!profile_.remap_checks_first) {
    const int64_t refused = MayResize(*vma, old_address, old_length, new_length, flags);
    if (refused != 0) return refused;
  }
  const int64_t area = AreaFor(*vma, old_address, new_length, new_address, fixed ? kMapFixed : 0);
  if (area < 0) return area;
  // RM6: the driver's get_unmapped_area decides with MREMAP_FIXED, too.
  const uint64_t target =
      fixed && !profile_.remap_checks_first ? new_address : static_cast<uint64_t>(area);
  return MoveVma(mm, old_address, old_length, new_length, target, (flags & kDontUnmap) != 0);
}

int64_t Mm::GrowOrShrink(uint32_t mm, uint64_t address, uint64_t old_length, uint64_t new_length,
                         int flags, bool* downgraded) {
  if (old_length >= new_length) {  // RM1: shrinking is munmap of the tail
    const int64_t error = old_length == new_length ? 0
                                                   : UnmapTail(mm, address + new_length,
                                                               old_length - new_length, downgraded);
    return error != 0 ? error : static_cast<int64_t>(address);
  }
  const Vma* vma = Find(mm, address);
  const int64_t refused = MayResize(*vma, address, old_length, new_length, flags);
  if (refused != 0) return refused;
  if (old_length == vma->c.vm_end - address) {
    const uint64_t new_end = address + new_length;
    const uint32_t next = FirstEndingAfter(mm, vma->c.vm_end);
    if (new_end > address && new_end <= kTaskSize &&
        (next == mms_[mm].vma_count || VmaAt(mm, next).c.vm_start >= new_end)) {
      if (!MayCharge(vma->c.vm_flags, new_length - old_length)) return -ENOMEM;
      // P9: the extension is merged, which a VM_SPECIAL mapping cannot be; in 6.1 one with ->close
      // just grows.
      Vma* grown = &vmas_.Mut(vma->c.drydock_id);
      if (!profile_.grows_by_merging && vma->c.vm_ops != nullptr &&
          vma->c.vm_ops->close != nullptr) {
        SetBounds(grown, vma->c.vm_start, new_end);
      } else if (Merge(grown, mm, vma->c.vm_end, new_end, vma->c.vm_flags,
                       vma->c.vm_pgoff + ((vma->c.vm_end - vma->c.vm_start) >> hw::kPageShift),
                       vma->c.vm_file, SharedObject(vma->c)) == nullptr) {
        return -ENOMEM;
      }
      NoteChange();
      return static_cast<int64_t>(address);
    }
  }
  if ((flags & kMayMove) == 0) return -ENOMEM;
  const int64_t area = AreaFor(*vma, address, new_length, 0, 0);
  if (area < 0) return area;
  return MoveVma(mm, address, old_length, new_length, static_cast<uint64_t>(area), false);
}

// move_vma(): ->open of the copy, entries move, ->mremap, then the old range is unmapped (RM2,
// RM3).
int64_t Mm::MoveVma(uint32_t mm, uint64_t old_address, uint64_t old_length, uint64_t new_length,
                    uint64_t new_address, bool dont_unmap) {
  Vma* vma = MutAt(mm, FirstEndingAfter(mm, old_address));
  const vm_operations_struct* ops = vma->c.vm_ops;
  if (ops != nullptr && ops->may_split != nullptr) {
    int refused = 0;
    if (vma->c.vm_start != old_address) {
      refused =
          CallDriver(driver_, ops->may_split, &vma->c, static_cast<unsigned long>(old_address));
    }
    if (refused == 0 && !Trapped() && vma->c.vm_end != old_address + old_length) {
      refused = CallDriver(driver_, ops->may_split, &vma->c,
                           static_cast<unsigned long>(old_address + old_length));
    }
    if (Trapped()) return -EINTR;
    if (refused != 0) return refused;
  }
  if (profile_.remap_checks_first && dont_unmap && (vma->c.vm_flags & kVmLocked) != 0) {
    // What stays is not locked any more, and what is beside it is (prep_move_vma()).
    if (vma->c.vm_start != old_address) {
      const int64_t error = Split(vma, old_address, /*new_below=*/true);
      if (error != 0) return error;
    }
    if (vma->c.vm_end != old_address + old_length) {
      const int64_t error = Split(vma, old_address + old_length, /*new_below=*/false);
      if (error != 0) return error;
    }
  }
  if (!MayCharge(vma->c.vm_flags, dont_unmap ? new_length : new_length - old_length)) {
    return -ENOMEM;
  }
  // copy_vma(): merged into a neighbour, without ->open, or a copy.
  const uint64_t offset = (old_address - vma->c.vm_start) >> hw::kPageShift;
  uint64_t pgoff = vma->c.vm_pgoff + offset;
  // vma_is_anonymous(): a driver's mapping without operations is, too.
  const bool anonymous = ops == nullptr && SharedObject(vma->c) == nullptr;
  const bool untouched = anonymous && vma->c.anon_vma == nullptr;
  if (untouched) pgoff = new_address >> hw::kPageShift;
  const bool beside = new_address == vma->c.vm_end || vma->c.vm_start == new_address + new_length;
  Vma* fresh = untouched && dont_unmap && beside
                   ? nullptr
                   : Merge(Preceding(mm, new_address), mm, new_address, new_address + new_length,
                           vma->c.vm_flags, pgoff, vma->c.vm_file, SharedObject(vma->c));
  if (fresh != nullptr) {
    vma = MutAt(mm, FirstEndingAfter(mm, old_address));  // it may have been merged with itself
    if (vma->c.anon_vma != nullptr) fresh->c.anon_vma = vma->c.anon_vma;
  } else {
    fresh = AllocVma(mm);
    if (fresh == nullptr) return -ENOMEM;
    const uint32_t id = fresh->c.drydock_id;
    fresh->c = vma->c;
    fresh->c.drydock_id = id;
    fresh->c.vm_pgoff = pgoff;
    fresh->c.vm_start = new_address;
    fresh->c.vm_end = new_address + new_length;
    if (fresh->c.vm_file != nullptr) backend_.FileGet(fresh->c.vm_file);
    HoldReservation(fresh, *vma);
    NoteCopy(vma->c, CopyKind::kMove);
    CallOpen(fresh);
    if (Trapped()) return -EINTR;
    Link(fresh);
  }
  MoveEntries(mm, old_address, new_address, old_length);
  int error = 0;
  if (ops != nullptr && ops->mremap != nullptr) {
    error = CallDriver(driver_, ops->mremap, &fresh->c);
    if (Trapped()) return -EINTR;
  }
  if (error != 0) {  // RM3: back, and the copy goes
    MoveEntries(mm, new_address, old_address, old_length);
    if ((fresh->c.vm_flags & kVmPfnMap) != 0) fresh->c.vm_flags &= ~kVmPat;
    UnmapRange(mm, new_address, new_address + new_length);
    return Trapped() ? -EINTR : error;
  }
  // untrack_pfn_clear(): the reservation goes with the entries, of a part of the VMA too.
  if ((vma->c.vm_flags & kVmPfnMap) != 0) vma->c.vm_flags &= ~kVmPat;
  NoteChange();
  if (dont_unmap) {
    vma->c.vm_flags &= ~kVmLocked;
    if (old_address == vma->c.vm_start && old_address + old_length == vma->c.vm_end) {
      vma->c.anon_vma = nullptr;
      if (anonymous && vma->c.vm_file == nullptr)
        vma->c.vm_pgoff = vma->c.vm_start >> hw::kPageShift;
    }
  } else if (old_length != 0) {
    // An error here is not told to user space.
    static_cast<void>(UnmapRange(mm, old_address, old_address + old_length));
    if (Trapped()) return -EINTR;
  }
  return static_cast<int64_t>(new_address);
}

void Mm::MoveEntries(uint32_t mm, uint64_t from, uint64_t to, uint64_t length) {
  hw::PageTable& table = *tables_[mm];
  while (true) {
    const size_t i = table.LowerBound({from});
    if (i == table.count() || table[i].va.value >= from + length) return;
    const hw::Extent extent = table[i];
    const uint64_t start = extent.va.value < from ? from : extent.va.value;
    const uint64_t end = extent.end().value > from + length ? from + length : extent.end().value;
    const uint64_t pages = (end - start) >> hw::kPageShift;
    const hw::Pfn pfn = hw::PageTable::PfnAt(extent, {start});
    // A driver's stray entries (RP5) at the target are overwritten.
    if (!table.Unmap({to + (start - from)}, pages) || !table.Unmap({start}, pages) ||
        !table.Map({to + (start - from)}, pages, pfn, extent.bits, extent.driver_pc)) {
      verdicts_.TrapNow(Trap::kUnmodelled, 0, 0, "page tables that are large enough",
                        "a page table is full");
      return;
    }
  }
}

}  // namespace drydock::kernel
