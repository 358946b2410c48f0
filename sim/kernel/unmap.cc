// munmap(2), and what else takes mappings away. Linux mm/mmap.c of 6.1 (do_mas_align_munmap,
// unmap_region, exit_mmap), mm/memory.c (unmap_page_range); docs/mmap-rules.md section 7.
#include <cerrno>

#include "sim/kernel/mm.h"
#include "sim/kernel/vm_flags.h"

namespace drydock::kernel {

int64_t Mm::Munmap(uint32_t mm, uint64_t address, uint64_t length) {
  if ((address & hw::kPageMask) != 0 || address > kTaskSize || length > kTaskSize - address)
    return -EINVAL;
  length = hw::PageAlignUp(length);
  if (length == 0) return -EINVAL;
  backend_.LockMmap(&mms_.Mut(mm).c, true);
  bool downgraded = false;
  const int64_t result = UnmapRange(mm, address, address + length, &downgraded);
  backend_.UnlockMmap(&mms_.Mut(mm).c, !downgraded);
  return result;
}

// SP1, SP2.
int64_t Mm::SplitAround(uint32_t mm, uint64_t start, uint64_t end) {
  uint32_t first = FirstEndingAfter(mm, start);
  if (first == mms_[mm].vma_count || VmaAt(mm, first).c.vm_start >= end) return 0;
  if (VmaAt(mm, first).c.vm_start < start) {
    if (Sealed(VmaAt(mm, first).c)) return -EPERM;
    const int64_t error = Split(MutAt(mm, first), start, profile_.splits_off_below);
    if (error != 0) return error;
    first = FirstEndingAfter(mm, start);
  }
  if (profile_.sealed != 0) {
    for (uint32_t i = first; i < mms_[mm].vma_count && VmaAt(mm, i).c.vm_start < end; ++i) {
      if (Sealed(VmaAt(mm, i).c)) return -EPERM;
    }
  }
  const uint32_t last = FirstEndingAfter(mm, end - 1);
  if (last < mms_[mm].vma_count && VmaAt(mm, last).c.vm_start < end &&
      VmaAt(mm, last).c.vm_end > end) {
    // SP3: after an error the first split stays.
    return Split(MutAt(mm, last), end, !profile_.splits_off_below);
  }
  return 0;
}

// do_vmi_align_munmap(): the splits, then PTEs go, then ->close.
int64_t Mm::UnmapRange(uint32_t mm, uint64_t start, uint64_t end, bool* downgraded) {
  const int64_t error = SplitAround(mm, start, end);
  if (error != 0) return error;
  const uint32_t first = FirstEndingAfter(mm, start);
  if (first == mms_[mm].vma_count || VmaAt(mm, first).c.vm_start >= end) return 0;
  NoteChange();
  // Detach all, then unmap all, then close all, as the kernel does.
  Vma* const gone = Detach(mm, first, end);
  // Above all that is modelled a process has its stack.
  const bool below_stack =
      first == mms_[mm].vma_count || (VmaAt(mm, first).c.vm_flags & kVmGrowsDown) != 0;
  if (downgraded != nullptr && (!below_stack || profile_.downgrades_below_stacks)) {
    backend_.UnlockMmap(&mms_.Mut(mm).c, true);  // mmap_write_downgrade(): nobody comes between
    backend_.LockMmap(&mms_.Mut(mm).c, false);
    *downgraded = true;
  }
  ZapDetached(mm, gone);
  ReleaseAll(gone);
  return 0;
}

void Mm::ZapDetached(uint32_t mm, Vma* first) {
  for (Vma* vma = first; vma != nullptr; vma = Next(vma)) {
    Untrack(vma);
    Zap(mm, vma->c.vm_start, vma->c.vm_end);
  }
  for (Vma* vma = first; vma != nullptr; vma = Next(vma)) {
    FreeTables(mm, vma->c.vm_start, vma->c.vm_end);
  }
}

// RP5: a table holds the entries of 2 MiB, and goes when no other VMA has a part of those.
void Mm::FreeTables(uint32_t mm, uint64_t start, uint64_t end) {
  constexpr uint64_t kSpan = uint64_t{2} << 20;
  if (tables_[mm]->count() == 0) return;
  const uint32_t next = FirstEndingAfter(mm, start);
  uint64_t from = start & ~(kSpan - 1);
  uint64_t to = (end + kSpan - 1) & ~(kSpan - 1);
  if (next > 0 && VmaAt(mm, next - 1).c.vm_end > from) from += kSpan;
  if (next < mms_[mm].vma_count && VmaAt(mm, next).c.vm_start < to) to -= kSpan;
  if (from < to) Zap(mm, from, to);
}

Vma* Mm::Detach(uint32_t mm, uint32_t first, uint64_t end) {
  MmSlot& slot = mms_.Mut(mm);
  hw::TrackedArray<uint16_t>& order = *orders_[mm];
  Vma* head = nullptr;
  Vma* last = nullptr;
  uint32_t after = first;
  for (; after < slot.vma_count && VmaAt(mm, after).c.vm_start < end; ++after) {
    Vma* vma = MutAt(mm, after);
    slot.c.total_vm -= (vma->c.vm_end - vma->c.vm_start) >> hw::kPageShift;
    vma->next = 0;
    if (last != nullptr) last->next = vma->c.drydock_id + 1;
    if (head == nullptr) head = vma;
    last = vma;
  }
  const uint32_t count = after - first;
  for (; after < slot.vma_count; ++after) order.Mut(after - count) = order[after];
  slot.vma_count -= count;
  return head;
}

void Mm::ReleaseAll(Vma* first) {
  while (first != nullptr) {
    Vma* const next = Next(first);
    ReleaseVma(first);
    first = next;
  }
}

// unmap_page_range(): entries go, pages that the process or vm_insert_page holds are put.
void Mm::Zap(uint32_t mm, uint64_t start, uint64_t end) {
  hw::PageTable& table = *tables_[mm];
  for (size_t i = table.LowerBound({start}); i < table.count() && table[i].va.value < end;) {
    const hw::Extent extent = table[i];
    const uint64_t from = extent.va.value < start ? start : extent.va.value;
    const uint64_t to = extent.end().value > end ? end : extent.end().value;
    const uint64_t pages = hw::PagesOf(to - from);
    const hw::Pfn pfn = hw::PageTable::PfnAt(extent, {from});
    if (pages == extent.pages) {
      table.RemoveAt(i);
    } else if (table.Unmap({from}, pages)) {
      i = table.LowerBound({start});
    } else {
      verdicts_.TrapNow(Trap::kUnmodelled, 0, 0, "page tables that are large enough",
                        "a page table is full");
      return;
    }
    if (extent.bits.anon != 0) {
      for (uint64_t p = 0; p < pages; ++p) {
        if (!AnyMapped(pfn + p, 1)) {
          backend_.FreeAnonPage(pfn + p);
        } else if (extent.bits.anon == kAnonExclusive && extent.bits.dirty != 0) {
          MarkPageDirty(pfn + p);  // of shared memory: nothing else is mapped more than once
        }
      }
    } else if (extent.bits.special == 0) {
      for (uint64_t p = 0; p < pages; ++p) {
        if (extent.bits.dirty != 0) MarkPageDirty(pfn + p);
        backend_.PagePut(pfn + p);
      }
    }
  }
}

void Mm::UnmapAll(uint32_t index) {
  // exit_mmap(): all PTEs first, then every VMA is closed in address order.
  Vma* const gone = Detach(index, 0, ~uint64_t{0});
  for (Vma* vma = gone; vma != nullptr; vma = Next(vma)) {
    Untrack(vma);
    Zap(index, vma->c.vm_start, vma->c.vm_end);
  }
  // What lies outside of every VMA: a driver's stray entries (RP5).
  if (tables_[index]->count() != 0) Zap(index, 0, ~hw::kPageMask);
  if (gone != nullptr) {
    backend_.LockMmap(&mms_.Mut(index).c, true);  // LK1
    ReleaseAll(gone);
    backend_.UnlockMmap(&mms_.Mut(index).c, true);
  }
  NoteChange();
}

void Mm::ExitMm(uint32_t index) {
  UnmapAll(index);
  MmSlot& slot = mms_.Mut(index);
  const int held = slot.c.mm_count.counter - 1;  // by drivers: mmgrab()
  if (held > 0) {
    mm_struct left = slot.c;
    slot = MmSlot{};
    slot.c = left;
    slot.c.mm_users.counter = 0;
    slot.c.mm_count.counter = held;
  } else {
    slot = MmSlot{};
  }
  counts_.Mut().live_mms &= ~(uint64_t{1} << index);
}

}  // namespace drydock::kernel
