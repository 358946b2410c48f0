// mremap(2): Linux mm/mremap.c of 6.1; docs/mmap-rules.md RM1..RM4, P9, PAT8.
#include <cerrno>

#include "sim/kernel/mm.h"
#include "sim/kernel/vm_flags.h"

namespace drydock::kernel {
namespace {

constexpr int kMayMove = 1, kFixed = 2, kDontUnmap = 4;

// RM5
bool MayCharge(uint64_t vm_flags, uint64_t length) {
  return (vm_flags & kVmAccount) == 0 || length >> hw::kPageShift <= kMostCharged_pages;
}

}  // namespace

int64_t Mm::Mremap(uint32_t mm, uint64_t old_address, uint64_t old_length, uint64_t new_length,
                   int flags, uint64_t new_address) {
  if ((flags & ~(kMayMove | kFixed | kDontUnmap)) != 0) return -EINVAL;
  if ((flags & kFixed) != 0 && (flags & kMayMove) == 0) return -EINVAL;
  if ((flags & kDontUnmap) != 0 && ((flags & kMayMove) == 0 || old_length != new_length))
    return -EINVAL;
  if ((old_address & hw::kPageMask) != 0) return -EINVAL;
  old_length = hw::PageAlignUp(old_length);
  new_length = hw::PageAlignUp(new_length);
  if (new_length == 0) return -EINVAL;
  backend_.LockMmap(&mms_.Mut(mm).c, true);
  const int64_t result = RemapRange(mm, old_address, old_length, new_length, flags, new_address);
  backend_.UnlockMmap(&mms_.Mut(mm).c, true);
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

int64_t Mm::RemapRange(uint32_t mm, uint64_t old_address, uint64_t old_length, uint64_t new_length,
                       int flags, uint64_t new_address) {
  // do_munmap() of the tail.
  const auto unmap_tail = [&]() -> int64_t {
    const uint64_t start = old_address + new_length;
    if (start > kTaskSize || old_length - new_length > kTaskSize - start) return -EINVAL;
    const int64_t error = UnmapRange(mm, start, old_address + old_length);
    return Trapped() ? -EINTR : error;
  };
  // get_unmapped_area(), which asks the driver, with MAP_FIXED as well.
  const auto area_for = [&](const Vma& vma, uint64_t address, int map_flags) {
    if ((vma.c.vm_flags & kVmMayShare) != 0) map_flags |= kMapShared;
    return UnmappedArea(mm, vma.c.vm_file, address, new_length,
                        vma.c.vm_pgoff + ((old_address - vma.c.vm_start) >> hw::kPageShift),
                        map_flags);
  };
  if (Find(mm, old_address) == nullptr) return -EFAULT;
  if ((flags & (kFixed | kDontUnmap)) != 0) {
    if ((new_address & hw::kPageMask) != 0 || new_length > kTaskSize ||
        new_address > kTaskSize - new_length) {
      return -EINVAL;
    }
    if (old_address + old_length > new_address && new_address + new_length > old_address)
      return -EINVAL;
    if ((flags & kFixed) != 0) {
      const int64_t error = UnmapRange(mm, new_address, new_address + new_length);  // RM2: first
      if (error != 0 || Trapped()) return error != 0 ? error : -EINTR;
    }
    if (old_length > new_length) {
      const int64_t error = unmap_tail();
      if (error != 0) return error;
      old_length = new_length;
    }
    const Vma* vma = Find(mm, old_address);
    if (vma == nullptr) return -EFAULT;
    const int64_t refused = MayResize(*vma, old_address, old_length, new_length, flags);
    if (refused != 0) return refused;
    const int64_t area = area_for(*vma, new_address, (flags & kFixed) != 0 ? kMapFixed : 0);
    if (area < 0) return area;
    const uint64_t target = (flags & kFixed) != 0 ? new_address : static_cast<uint64_t>(area);
    return MoveVma(mm, old_address, old_length, new_length, target, (flags & kDontUnmap) != 0);
  }
  if (old_length >= new_length) {  // RM1: shrinking is munmap of the tail
    const int64_t error = old_length == new_length ? 0 : unmap_tail();
    return error != 0 ? error : static_cast<int64_t>(old_address);
  }
  const Vma* vma = Find(mm, old_address);
  const int64_t refused = MayResize(*vma, old_address, old_length, new_length, flags);
  if (refused != 0) return refused;
  if (old_length == vma->c.vm_end - old_address) {
    const uint64_t new_end = old_address + new_length;
    const uint32_t next = FirstEndingAfter(mm, vma->c.vm_end);
    if (new_end > old_address && new_end <= kTaskSize &&
        (next == mms_[mm].vma_count || VmaAt(mm, next).c.vm_start >= new_end)) {
      if (!MayCharge(vma->c.vm_flags, new_length - old_length)) return -ENOMEM;
      // P9: the extension is merged, which a VM_SPECIAL mapping cannot be; one with ->close just
      // grows.
      Vma* grown = &vmas_.Mut(vma->c.drydock_id);
      if (vma->c.vm_ops != nullptr && vma->c.vm_ops->close != nullptr) {
        SetBounds(grown, vma->c.vm_start, new_end);
      } else if (Merge(grown, mm, vma->c.vm_end, new_end, vma->c.vm_flags,
                       vma->c.vm_pgoff + ((vma->c.vm_end - vma->c.vm_start) >> hw::kPageShift),
                       vma->c.vm_file, SharedObject(vma->c)) == nullptr) {
        return -ENOMEM;
      }
      NoteChange();
      return static_cast<int64_t>(old_address);
    }
  }
  if ((flags & kMayMove) == 0) return -ENOMEM;
  const int64_t area = area_for(*vma, 0, 0);
  if (area < 0) return area;
  return MoveVma(mm, old_address, old_length, new_length, static_cast<uint64_t>(area), false);
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
  if (!MayCharge(vma->c.vm_flags, dont_unmap ? new_length : new_length - old_length)) {
    return -ENOMEM;
  }
  // copy_vma(): merged into a neighbour, without ->open, or a copy.
  const uint64_t offset = (old_address - vma->c.vm_start) >> hw::kPageShift;
  uint64_t pgoff = vma->c.vm_pgoff + offset;
  const bool private_anonymous =
      ops == nullptr && vma->c.vm_file == nullptr && SharedObject(vma->c) == nullptr;
  const bool untouched = private_anonymous && vma->c.anon_vma == nullptr;
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
      if (private_anonymous) vma->c.vm_pgoff = vma->c.vm_start >> hw::kPageShift;
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
