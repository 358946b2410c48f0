// remap_pfn_range() and what stands on it, with memory-type tracking. Linux mm/memory.c and
// arch/x86/mm/pat/memtype.c; docs/mmap-rules.md sections 3, 4 (IO) and 5.
#include <cerrno>

#include "sim/kernel/mm.h"
#include "sim/kernel/vm_flags.h"

namespace drydock::kernel {
namespace {

constexpr uint64_t kRemapFlags = kVmIo | kVmPfnMap | kVmDontExpand | kVmDontDump;

}  // namespace

// O2: the kernel does not look (RP5), and user space may then reach memory past its mapping.
void Mm::CheckInsideVma(const vm_area_struct& vma, uint64_t addr, uint64_t size,
                        const char* function) {
  if (addr >= vma.vm_start && addr <= vma.vm_end && size <= vma.vm_end - addr) return;
  verdicts_.Report(10, 2, "page-table entries only within [vm_start, vm_end)",
                   "%s: %lu pages from page %ld of a mapping of %lu pages", function,
                   static_cast<unsigned long>(hw::PagesOf(size)),
                   static_cast<long>(static_cast<int64_t>(addr - vma.vm_start)) /
                       static_cast<long>(hw::kPageSize),
                   (vma.vm_end - vma.vm_start) >> hw::kPageShift);
}

uint64_t Mm::LookupCacheBits(hw::Pfn pfn) {
  if (backend_.IsRam(pfn)) return 0;
  return hw::CacheBitsOf(memtypes_.Lookup(pfn));
}

// reserve_pfn_range() (PAT2..PAT5). On success *prot carries the type obtained.
int Mm::ReserveRange(hw::Pfn pfn, uint64_t pages, bool strict, uint64_t* prot) {
  if (backend_.AnyRam(pfn, pages)) {
    // PAT2: RAM is write-back, whatever was asked for; its first page speaks for a range that is
    // RAM in part.
    *prot = (*prot & ~hw::kCacheBits) | LookupCacheBits(pfn);
    return 0;
  }
  if (hw::MemoryTypes::Untracked(pfn, pages)) {
    *prot &= ~hw::kCacheBits;
    return 0;
  }
  const hw::CacheType wanted = hw::CacheTypeOf(*prot);
  hw::CacheType got = wanted;
  if (backend_.FailNow()) return -ENOMEM;  // NM15: memtype_reserve()'s entry
  if (memtypes_.Reserve(pfn, pages, wanted, &got) != hw::MemoryTypes::Result::kOk) return -EBUSY;
  if (got != wanted) {
    if (strict || !hw::MemoryTypes::Compatible(wanted, got)) {
      memtypes_.Free(pfn, pages);
      return -EINVAL;
    }
    *prot = (*prot & ~hw::kCacheBits) | hw::CacheBitsOf(got);
  }
  return 0;
}

// track_pfn_remap(): the whole VMA reserves, a part of it looks up (PAT6).
int Mm::Track(Vma* vma, uint64_t addr, hw::Pfn pfn, uint64_t pages, uint64_t* prot) {
  if (!has_pat_) return 0;
  if (addr == vma->c.vm_start && pages << hw::kPageShift == vma->c.vm_end - vma->c.vm_start) {
    if (vma->reservation != 0) return -EINVAL;  // P3
    if (ReserveRange(pfn, pages, /*strict=*/false, prot) != 0) return -EINVAL;
    if (profile_.counts_reservations) {  // P2, NM15
      if (backend_.FailNow()) {
        if (!backend_.AnyRam(pfn, pages)) memtypes_.Free(pfn, pages);
        return -ENOMEM;
      }
      vma->reservation = reservations_.Add({.first = pfn, .pages = pages});
    } else {
      vma->c.vm_flags |= kVmPat;
    }
    return 0;
  }
  if (pages > 0 && backend_.AnyRam(pfn, pages)) {
    // RAM is WB and device memory never is.
    if (!backend_.IsRam(pfn) || !backend_.IsRam(pfn + (pages - 1))) return -EINVAL;
  } else if (!memtypes_.Uniform(pfn, pages)) {
    return -EINVAL;
  }
  *prot = (*prot & ~hw::kCacheBits) | LookupCacheBits(pfn);
  return 0;
}

void Mm::UntrackRange(Vma* vma, hw::Pfn pfn, uint64_t pages) {
  if ((vma->c.vm_flags & kVmPat) == 0) return;
  vma->c.vm_flags &= ~kVmPat;
  // P4: what is neither a whole entry nor the end of one stays reserved.
  if (!backend_.AnyRam(pfn, pages)) memtypes_.Free(pfn, pages);
}

void Mm::HoldReservation(Vma* vma, const Vma& from) {
  vma->reservation = from.reservation;
  reservations_.Hold(vma->reservation);
}

// pfnmap_track_ctx_release()
void Mm::DropReservation(Vma* vma) {
  FrameReservations::Range range;
  const bool last = reservations_.Drop(vma->reservation, &range);
  vma->reservation = 0;
  if (last && !backend_.AnyRam(range.first, range.pages)) memtypes_.Free(range.first, range.pages);
}

// untrack_pfn(vma, 0, 0): the range is found by the VMA's first entry, or, where that was copied on
// write, by vm_pgoff (RP2).
void Mm::Untrack(Vma* vma) {
  if ((vma->c.vm_flags & kVmPfnMap) == 0 || (vma->c.vm_flags & kVmPat) == 0) return;
  const hw::Extent* extent = tables_[vma->mm]->Find({vma->c.vm_start});
  hw::Pfn pfn{vma->c.vm_pgoff & kPfnFieldMask};
  if (extent != nullptr && extent->bits.anon == 0) {
    pfn = hw::PageTable::PfnAt(*extent, {vma->c.vm_start});
  } else if (!IsCowMapping(vma->c.vm_flags)) {
    return;
  }
  UntrackRange(vma, pfn, (vma->c.vm_end - vma->c.vm_start) >> hw::kPageShift);
}

void Mm::ZapSingle(Vma* vma, uint64_t start, uint64_t end) {
  if (start < vma->c.vm_start) start = vma->c.vm_start;
  if (end > vma->c.vm_end) end = vma->c.vm_end;
  if (start >= vma->c.vm_end || end <= vma->c.vm_start) return;
  Untrack(vma);  // P6: the reservation of the whole VMA
  if (start < end) Zap(vma->mm, start & ~hw::kPageMask, hw::PageAlignUp(end));
  NoteChange();
}

bool Mm::InstallRange(Vma* vma, uint64_t addr, hw::Pfn pfn, uint64_t pages, hw::PteBits bits) {
  hw::PageTable& table = *tables_[vma->mm];
  if (backend_.FailNow()) return false;
  NoteChange();
  pfn.value &= kPfnFieldMask;  // pfn_pte() cuts what does not fit
  if (table.Map({addr}, pages, pfn, bits, verdicts_.DriverPc(verdicts_.caller()))) {
    if (note_shown_ && vma->c.vm_file != nullptr) {
      backend_.NoteShown(pfn, pages, vma->c.vm_file->f_inode->i_rdev);
    }
    return true;
  }
  table_note_.Exceeded(table.capacity());
  return false;
}

// RP2: get_remap_pgoff().
int Mm::CheckCopyOnWrite(Vma* vma, uint64_t addr, uint64_t end, uint64_t pfn) {
  if (!IsCowMapping(vma->c.vm_flags)) return 0;
  if (addr != vma->c.vm_start || end != vma->c.vm_end) return -EINVAL;
  vma->c.vm_pgoff = pfn;
  return 0;
}

int Mm::RemapPfnRange(vm_area_struct* c, unsigned long addr, unsigned long pfn, unsigned long size,
                      pgprot_t pgprot) {
  Vma* vma = VmaOf(c);
  if (vma == nullptr) {
    verdicts_.TrapNow(Trap::kBug, 28, 10, "the VMA that ->mmap was given",
                      "a copy of a VMA, or a stale one");
    return -EINVAL;
  }
  if (profile_.remap_tracks_last) {  // RP2, RP4
    const uint64_t end = addr + hw::PageAlignUp(size);
    if (CheckCopyOnWrite(vma, addr, end, pfn) != 0) return -EINVAL;
    c->vm_flags |= kRemapFlags;
  }
  return RemapFrames(vma, addr, pfn, size, pgprot.pgprot);
}

int Mm::RemapFrames(Vma* vma, uint64_t addr, uint64_t pfn, uint64_t size, uint64_t prot) {
  vm_area_struct* const c = &vma->c;
  const uint64_t pages = hw::PagesOf(size);
  const uint64_t end = addr + (pages << hw::kPageShift);
  const hw::Pfn first{pfn & kPfnFieldMask};
  const bool had_reservation = vma->reservation != 0;
  // RP11: what an earlier call installed there goes, too.
  const auto undo = [&] {
    ZapSingle(vma, addr, end);
    UntrackRange(vma, first, pages);
    if (!had_reservation) DropReservation(vma);
  };
  if (const int error = Track(vma, addr, first, pages, &prot); error != 0) return error;  // RP1a
  if ((addr & hw::kPageMask) != 0) {  // RP1b, P11
    undo();
    verdicts_.Report(0, 10, "a page-aligned address", "remap_pfn_range at %#lx: WARN, -EINVAL",
                     static_cast<unsigned long>(addr));
    return -EINVAL;
  }
  if (!profile_.remap_tracks_last) {
    if (CheckCopyOnWrite(vma, addr, end, pfn) != 0) {
      undo();
      return -EINVAL;
    }
    c->vm_flags |= kRemapFlags;  // RP4: also when a later step fails
  }
  if (pages == 0 || end <= addr) {
    verdicts_.TrapNow(Trap::kBug, 0, 10, "a range of at least one page",
                      "remap_pfn_range of %lu bytes: BUG", static_cast<unsigned long>(size));
    return -EINVAL;
  }
  CheckInsideVma(*c, addr, pages << hw::kPageShift, "remap_pfn_range");
  if (tables_[vma->mm]->AnyIn({addr}, pages)) {
    verdicts_.TrapNow(Trap::kBug, 0, 10, "each page is mapped once",
                      "remap_pfn_range over a page that is mapped already: BUG");
    return -EINVAL;
  }
  hw::PteBits bits = BitsOf(prot, /*special=*/true);  // RP6
  bits.cache = CacheOf(prot);
  if (!InstallRange(vma, addr, first, pages, bits)) {
    UntrackRange(vma, first, pages);
    if (!had_reservation) DropReservation(vma);
    return -ENOMEM;  // RP11: nothing of it stays
  }
  return 0;
}

int Mm::IomapFrame(uint64_t pages, uint64_t pgoff, uint64_t start, uint64_t len, uint64_t* pfn) {
  if (start + len < start) return -EINVAL;  // IO1
  len += start & hw::kPageMask;             // IO2
  const uint64_t first = start >> hw::kPageShift;
  const uint64_t there = hw::PagesOf(len);
  if (first + there < first) return -EINVAL;
  if (pgoff > there || pages > there - pgoff) return -EINVAL;  // IO3
  *pfn = first + pgoff;
  return 0;
}

int Mm::VmIomapMemory(vm_area_struct* vma, unsigned long long start, unsigned long len) {
  const uint64_t size = vma->vm_end - vma->vm_start;
  uint64_t pfn = 0;
  const int error = IomapFrame(size >> hw::kPageShift, vma->vm_pgoff, start, len, &pfn);
  if (error != 0) return error;
  return RemapPfnRange(vma, vma->vm_start, pfn, size, vma->vm_page_prot);  // IO4, RP12
}

// zap_vma_ptes(): only within the VMA, and only of VM_PFNMAP ones; zap_special_vma_range(): of
// VM_MIXEDMAP ones as well.
void Mm::ZapVmaPtes(vm_area_struct* c, unsigned long addr, unsigned long size) {
  Vma* vma = VmaOf(c);
  if (vma == nullptr || addr < c->vm_start || addr + size > c->vm_end ||
      (c->vm_flags & (kVmPfnMap | (profile_.zaps_mixed ? kVmMixedMap : 0))) == 0)
    return;
  if ((size & hw::kPageMask) != 0 &&
      tables_[vma->mm]->AnyIn({addr & ~hw::kPageMask}, hw::PagesOf(size))) {
    verdicts_.TrapNow(Trap::kOops, 0, 10, "a size of whole pages",
                      "zap_vma_ptes of %lu bytes: the walk runs off the end of the page table",
                      size);
    return;
  }
  ZapSingle(vma, addr, addr + size);
}

void Mm::UnmapMappingRange(address_space* mapping, long long hole_begin, long long hole_len,
                           int even_cows) {
  UnmapMappingPages(mapping, static_cast<uint64_t>(hole_begin) >> hw::kPageShift,
                    hw::PagesOf(static_cast<uint64_t>(hole_len)), even_cows);
}

// UM1..UM3.
void Mm::UnmapMappingPages(address_space* mapping, unsigned long first, unsigned long pages,
                           int even_cows) {
  uint64_t last = first + pages - 1;
  if (last < first) last = ~uint64_t{0};
  if (mapping == rmap_held_ && mapping != nullptr) {  // PR14
    verdicts_.TrapNow(
        Trap::kDeadlock, 52, 15, "the file's mappings are not locked already",
        "unmap_mapping_range() in vm_ops->mapped, with hide_from_rmap_until_complete");
    return;
  }
  for (uint32_t m = 0; m < max_mms(); ++m) {
    if (mms_[m].live == 0) continue;
    const hw::PageTable& table = *tables_[m];
    for (uint32_t i = 0; i < mms_[m].vma_count; ++i) {
      Vma* vma = MutAt(m, i);
      if (vma->c.vm_file == nullptr || vma->c.vm_file->f_mapping != mapping) continue;
      const uint64_t vma_first = vma->c.vm_pgoff;
      const uint64_t vma_last =
          vma_first + ((vma->c.vm_end - vma->c.vm_start) >> hw::kPageShift) - 1;
      if (vma_first > last || vma_last < first) continue;
      const uint64_t from = vma_first > first ? vma_first : first;
      const uint64_t to = vma_last < last ? vma_last : last;
      Untrack(vma);  // P6
      uint64_t at = vma->c.vm_start + ((from - vma_first) << hw::kPageShift);
      const uint64_t end = vma->c.vm_start + ((to - vma_first + 1) << hw::kPageShift);
      while (at < end) {
        const size_t next = table.LowerBound({at});
        if (next == table.count() || table[next].va.value >= end) break;
        const uint64_t start = table[next].va.value > at ? table[next].va.value : at;
        at = table[next].end().value < end ? table[next].end().value : end;
        // Private copies stay unless asked for.
        if (table[next].bits.anon == 0 || even_cows != 0) Zap(m, start, at);
      }
    }
  }
  NoteChange();
}

pgprot_t Mm::VmGetPageProt(unsigned long vm_flags) { return {PageProtOf(vm_flags)}; }

pgprot_t Mm::Arm64Prot(pgprot_t prot, hw::CacheType type) {
  return {(prot.pgprot & ~hw::kCacheBits) | hw::CacheBitsOf(type) | kPteNx};
}

// arch/x86/mm/pat: pgprot_writecombine() sets its bits over what is there, or in its place (P10).
pgprot_t Mm::PgprotWritecombine(pgprot_t prot) {
  if (arm64_) return Arm64Prot(prot, hw::CacheType::kNormalNonCacheable);
  if (profile_.replaces_cache_type) prot.pgprot &= ~hw::kCacheBits;
  return {prot.pgprot | hw::CacheBitsOf(hw::CacheType::kWriteCombining)};
}

pgprot_t Mm::PgprotWritethrough(pgprot_t prot) {
  if (arm64_) return PgprotNoncached(prot);  // include/linux/pgtable.h's default
  if (profile_.replaces_cache_type) prot.pgprot &= ~hw::kCacheBits;
  return {prot.pgprot | hw::CacheBitsOf(hw::CacheType::kWriteThrough)};
}

pgprot_t Mm::PgprotNoncached(pgprot_t prot) {
  if (arm64_) return Arm64Prot(prot, hw::CacheType::kDeviceNoEarlyAck);
  return {prot.pgprot | hw::CacheBitsOf(hw::CacheType::kUncachedMinus)};
}

pgprot_t Mm::PgprotDevice(pgprot_t prot) {
  return arm64_ ? Arm64Prot(prot, hw::CacheType::kDeviceEarlyAck) : PgprotNoncached(prot);
}

// asm/fb.h: on x86 uncached-minus in place of what was there.
pgprot_t Mm::PgprotFramebuffer(pgprot_t prot) {
  return arm64_ ? PgprotWritecombine(prot) : PgprotNoncached({prot.pgprot & ~hw::kCacheBits});
}

pgprot_t Mm::PgprotDmacoherent(pgprot_t prot) {
  return arm64_ ? Arm64Prot(prot, hw::CacheType::kNormalNonCacheable) : PgprotNoncached(prot);
}

}  // namespace drydock::kernel
