// VMAs: the pool, their order in an address space, splitting and merging. Linux mm/mmap.c of 6.1
// (__split_vma, vma_merge); docs/mmap-rules.md section 7, P8.
#include <cerrno>

#include "sim/kernel/mm.h"
#include "sim/kernel/vm_flags.h"

namespace drydock::kernel {

Mm::Mm(hw::ResetList& list, Verdicts& verdicts, DriverRunner& driver, MmBackend& backend,
       bool core_guards, const hw::Platform& platform, const Profile& profile,
       const Capacity& capacity)
    : verdicts_(verdicts),
      driver_(driver),
      backend_(backend),
      profile_(profile),
      core_guards_(core_guards),
      has_pat_(platform.has_pat),
      arm64_(platform.attributes == hw::PageAttributes::kArm64),
      coherent_(platform.coherent),
      mms_(list, "address spaces", capacity.processes),
      vmas_(list, "VMAs", capacity.vmas),
      counts_(list, "mm counts"),
      memtypes_(list, capacity.memory_types),
      reservations_(list, capacity.vmas),
      table_note_(list, verdicts, "runs of pages in a page table") {
  for (uint32_t i = 0; i < capacity.processes; ++i) {
    tables_.push_back(
        std::make_unique<hw::PageTable>(list, "page table", capacity.page_table_runs));
    orders_.push_back(std::make_unique<hw::TrackedArray<uint16_t>>(list, "order of VMAs",
                                                                   capacity.vmas_per_process));
  }
}

void Mm::SetWatcher(hw::PageTableWatcher* watcher) {
  for (const auto& table : tables_) table->SetWatcher(watcher);
}

int Mm::NewMm() {
  for (uint32_t i = 0; i < max_mms(); ++i) {
    if (mms_[i].live != 0 || mms_[i].c.mm_count.counter != 0) continue;  // LK2
    MmSlot& slot = mms_.Mut(i);
    slot = MmSlot{};
    slot.live = 1;
    counts_.Mut().live_mms |= uint64_t{1} << i;
    slot.c.id = i;
    slot.c.mm_users.counter = 1;
    slot.c.mm_count.counter = 1;
    slot.c.mmap_lock.name = "mmap_lock";
    slot.c.mmap_lock.magic = DRYDOCK_LOCK_MAGIC;
    tables_[i]->Clear();
    return static_cast<int>(i);
  }
  return -1;
}

void Mm::PutBackReachable() {
  for (uint32_t i = 0; i < max_mms(); ++i) {
    if (mms_[i].live != 0 || mms_[i].c.mm_count.counter != 0)
      mms_.PutBackAlways(i, offsetof(MmSlot, c), sizeof(mm_struct));
  }
}

Vma* Mm::AllocVma(uint32_t mm) {
  if (backend_.FailNow()) return nullptr;
  if (mms_[mm].vma_count == orders_[mm]->size()) return nullptr;
  for (uint32_t i = 0; i < vmas_.size(); ++i) {
    if (vmas_[i].live != 0) continue;
    Vma& vma = vmas_.Mut(i);
    vma = Vma{};
    vma.live = 1;
    vma.mm = mm;
    vma.serial = ++counts_.Mut().serial;
    vma.c.vm_mm = &mms_.Mut(mm).c;
    vma.c.drydock_id = i;
    return &vma;
  }
  return nullptr;
}

void Mm::FreeVma(Vma* vma) {
  DropReservation(vma);
  *vma = Vma{};
}

Vma* Mm::VmaOf(vm_area_struct* c) {
  if (!vmas_.Contains(c)) return nullptr;
  const auto offset = static_cast<size_t>(reinterpret_cast<const char*>(c) -
                                          reinterpret_cast<const char*>(vmas_.data()));
  const size_t index = offset / sizeof(Vma);
  return offset % sizeof(Vma) == offsetof(Vma, c) && vmas_[index].live != 0 ? &vmas_.Mut(index)
                                                                            : nullptr;
}

uint32_t Mm::FirstEndingAfter(uint32_t mm, uint64_t address) const {
  uint32_t low = 0, high = mms_[mm].vma_count;
  while (low < high) {
    const uint32_t middle = (low + high) / 2;
    if (VmaAt(mm, middle).c.vm_end > address) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

const Vma* Mm::Find(uint32_t mm, uint64_t address) const {
  const uint32_t i = FirstEndingAfter(mm, address);
  return i < mms_[mm].vma_count && VmaAt(mm, i).c.vm_start <= address ? &VmaAt(mm, i) : nullptr;
}

vm_area_struct* Mm::FindVma(mm_struct* mm, unsigned long addr) {
  // find_vma(): the first VMA that ends after `addr`; it need not hold it.
  const uint32_t i = FirstEndingAfter(mm->id, addr);
  return i < mms_[mm->id].vma_count ? &MutAt(mm->id, i)->c : nullptr;
}

void Mm::Link(Vma* vma) {
  MmSlot& slot = mms_.Mut(vma->mm);
  hw::TrackedArray<uint16_t>& order = *orders_[vma->mm];
  uint32_t at = FirstEndingAfter(vma->mm, vma->c.vm_start);
  for (uint32_t i = slot.vma_count; i > at; --i) order.Mut(i) = order[i - 1];
  order.Mut(at) = static_cast<uint16_t>(vma->c.drydock_id);
  ++slot.vma_count;
  slot.c.total_vm += (vma->c.vm_end - vma->c.vm_start) >> hw::kPageShift;
}

void Mm::Unlink(Vma* vma) {
  MmSlot& slot = mms_.Mut(vma->mm);
  hw::TrackedArray<uint16_t>& order = *orders_[vma->mm];
  uint32_t at = 0;
  while (order[at] != vma->c.drydock_id) ++at;
  for (uint32_t i = at + 1; i < slot.vma_count; ++i) order.Mut(i - 1) = order[i];
  order.Mut(--slot.vma_count) = 0;
  slot.c.total_vm -= (vma->c.vm_end - vma->c.vm_start) >> hw::kPageShift;
}

void Mm::CallOpen(Vma* vma) {
  if (vma->c.vm_ops == nullptr || vma->c.vm_ops->open == nullptr) return;
  vma->opened = 1;
  CallDriver(driver_, vma->c.vm_ops->open, &vma->c);
}

void Mm::CallClose(Vma* vma) {
  if (vma->c.vm_ops == nullptr || vma->c.vm_ops->close == nullptr) return;
  CallDriver(driver_, vma->c.vm_ops->close, &vma->c);
}

void Mm::ReleaseVma(Vma* vma) {
  CallClose(vma);
  if (vma->c.vm_file != nullptr) backend_.FilePut(vma->c.vm_file);
  FreeVma(vma);
}

// __split_vma(): `vma` keeps the part above (new_below) or below `address`; ->open runs on the new
// part.
int64_t Mm::Split(Vma* vma, uint64_t address, bool new_below) {
  if (vma->c.vm_ops != nullptr && vma->c.vm_ops->may_split != nullptr) {  // SP2
    const int64_t refused =
        CallDriver(driver_, vma->c.vm_ops->may_split, &vma->c, static_cast<unsigned long>(address));
    if (Trapped()) return -EINTR;
    if (refused != 0) return refused;
  }
  Vma* fresh = AllocVma(vma->mm);
  if (fresh == nullptr) return -ENOMEM;
  const vm_area_struct keep = fresh->c;
  fresh->c = vma->c;
  fresh->c.drydock_id = keep.drydock_id;
  fresh->opened = vma->c.vm_ops == nullptr || vma->c.vm_ops->open == nullptr ? 0 : 1;
  const uint64_t pages_below = (address - vma->c.vm_start) >> hw::kPageShift;
  if (new_below) {
    fresh->c.vm_end = address;
  } else {
    fresh->c.vm_start = address;
    fresh->c.vm_pgoff += pages_below;
  }
  if (fresh->c.vm_file != nullptr) backend_.FileGet(fresh->c.vm_file);
  HoldReservation(fresh, *vma);
  NoteCopy(vma->c, CopyKind::kSplit);
  CallOpen(fresh);  // SP1: before the halves have their new borders
  if (new_below) {
    vma->c.vm_start = address;
    vma->c.vm_pgoff += pages_below;
  } else {
    vma->c.vm_end = address;
  }
  mms_.Mut(vma->mm).c.total_vm -= (fresh->c.vm_end - fresh->c.vm_start) >> hw::kPageShift;
  Link(fresh);
  NoteChange();
  return Trapped() ? -EINTR : 0;
}

void Mm::SetBounds(Vma* vma, uint64_t start, uint64_t end) {
  mms_.Mut(vma->mm).c.total_vm +=
      ((end - start) >> hw::kPageShift) - ((vma->c.vm_end - vma->c.vm_start) >> hw::kPageShift);
  vma->c.vm_start = start;
  vma->c.vm_end = end;
}

void Mm::RemoveMerged(Vma* vma) {
  Unlink(vma);
  if (vma->c.vm_file != nullptr) backend_.FilePut(vma->c.vm_file);
  FreeVma(vma);
}

const void* Mm::SharedObject(const vm_area_struct& vma) {
  return vma.vm_file == nullptr && (vma.vm_flags & kVmShared) != 0 ? vma.vm_private_data : nullptr;
}

Vma* Mm::Preceding(uint32_t mm, uint64_t address) {
  const uint32_t i = FirstEndingAfter(mm, address);
  if (i < mms_[mm].vma_count && VmaAt(mm, i).c.vm_start < address) return MutAt(mm, i);
  return i > 0 ? MutAt(mm, i - 1) : nullptr;
}

// Its cases 1 to 8; page tables do not change. P8: a neighbour with ->close is left alone, or,
// since 6.12 (vma_merge_existing_range(), vma_merge_new_range()), what has ->close is not removed.
Vma* Mm::Merge(Vma* prev, uint32_t mm, uint64_t start, uint64_t end, uint64_t vm_flags,
               uint64_t pgoff, const file* file, const void* object) {
  if ((vm_flags & kVmSpecial) != 0) return nullptr;
  if (file == nullptr && (vm_flags & kVmShared) != 0 && object == nullptr) return nullptr;
  const auto has_close = [](const vm_area_struct& c) {
    return c.vm_ops != nullptr && c.vm_ops->close != nullptr;
  };
  const auto mergeable = [&](const vm_area_struct& c) {
    return ((c.vm_flags ^ vm_flags) & ~kVmSoftDirty) == 0 && c.vm_file == file &&
           (profile_.merges_beside_close || !has_close(c)) &&
           (object == nullptr || c.vm_private_data == object);
  };
  const uint64_t pages = (end - start) >> hw::kPageShift;
  const uint32_t after_prev = FirstEndingAfter(mm, prev != nullptr ? prev->c.vm_end : 0);
  const uint32_t count = mms_[mm].vma_count;
  // The VMA that [start, end) is or begins, where it is mapped already; and the one above.
  Vma* middle = after_prev < count && VmaAt(mm, after_prev).c.vm_start < end ? MutAt(mm, after_prev)
                                                                             : nullptr;
  Vma* next = nullptr;
  if (middle == nullptr || middle->c.vm_end == end) {
    const uint32_t i = middle == nullptr ? after_prev : after_prev + 1;
    if (i < count && VmaAt(mm, i).c.vm_start == end) next = MutAt(mm, i);
  }
  // AN1: of the range itself.
  void* const own = middle != nullptr                           ? middle->c.anon_vma
                    : prev != nullptr && prev->c.vm_end > start ? prev->c.anon_vma
                                                                : nullptr;
  const bool with_prev =
      prev != nullptr && prev->c.vm_end == start && mergeable(prev->c) &&
      AnonVmasAgree(own, prev->c.anon_vma) &&
      prev->c.vm_pgoff + ((prev->c.vm_end - prev->c.vm_start) >> hw::kPageShift) == pgoff;
  bool with_next = next != nullptr && mergeable(next->c) && next->c.vm_pgoff == pgoff + pages;
  if (with_next) with_next = AnonVmasAgree(own, next->c.anon_vma);
  // is_mergeable_anon_vma() of the two
  if (with_prev && with_next && prev->c.anon_vma != nullptr && next->c.anon_vma != nullptr) {
    with_next = prev->c.anon_vma == next->c.anon_vma;
  }
  if (!with_prev && !with_next) return nullptr;
  if (profile_.merges_beside_close) {
    const bool removes_middle =
        middle != nullptr && middle->c.vm_start == start && middle->c.vm_end == end;
    if (removes_middle && has_close(middle->c)) return nullptr;
    if (with_prev && with_next && has_close(next->c)) with_next = false;
  }
  NoteChange();
  if (with_prev) {
    const uint64_t new_end = with_next ? next->c.vm_end : end;
    if (middle != nullptr && middle->c.vm_end > end) {  // case 5: the border moves up
      middle->c.vm_pgoff += pages;
      SetBounds(middle, end, middle->c.vm_end);
    } else if (middle != nullptr) {  // cases 6 and 7
      RemoveMerged(middle);
    }
    if (prev->c.anon_vma == nullptr) {
      prev->c.anon_vma = own == nullptr && with_next ? next->c.anon_vma : own;
    }
    if (with_next) RemoveMerged(next);  // cases 1 and 6
    SetBounds(prev, prev->c.vm_start, new_end);
    return prev;
  }
  if (prev != nullptr && prev->c.vm_end > start) {  // case 4: the border moves down
    SetBounds(prev, prev->c.vm_start, start);
  } else if (middle != nullptr) {  // case 8
    RemoveMerged(middle);
  }
  if (next->c.anon_vma == nullptr) next->c.anon_vma = own;
  next->c.vm_pgoff -= pages;
  SetBounds(next, start, next->c.vm_end);
  return next;
}

bool Mm::AnyMapped(hw::Pfn first, uint64_t pages) const {
  bool any = false;
  ForEachLiveMm([&](uint32_t m) {
    const hw::PageTable& table = *tables_[m];
    for (size_t i = 0; i < table.count() && !any; ++i) {
      any = table[i].pfn < first + pages && first < table[i].pfn + table[i].pages;
    }
  });
  return any;
}

}  // namespace drydock::kernel
