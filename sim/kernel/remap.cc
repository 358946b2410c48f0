// remap_pfn_range() and what stands on it, with memory-type tracking. Linux mm/memory.c and
// arch/x86/mm/pat/memtype.c of 6.1; docs/mmap-rules.md sections 3, 4 (IO) and 5.
#include <cerrno>

#include "sim/kernel/mm.h"
#include "sim/kernel/vm_flags.h"

namespace drydock::kernel {

// O2: the kernel does not look (RP5), and user space may then reach memory past its mapping.
void Mm::CheckInsideVma(const vm_area_struct& vma, uint64_t addr, uint64_t size, const char* function) {
  if (addr >= vma.vm_start && addr <= vma.vm_end && size <= vma.vm_end - addr) return;
  verdicts_.Report(10, 2, "page-table entries only within [vm_start, vm_end)",
                   "%s: %lu pages from page %ld of a mapping of %lu pages", function,
                   static_cast<unsigned long>(hw::PagesOf(size)),
                   static_cast<long>(static_cast<int64_t>(addr - vma.vm_start)) / static_cast<long>(hw::kPageSize),
                   (vma.vm_end - vma.vm_start) >> hw::kPageShift);
}

uint64_t Mm::LookupCacheBits(hw::Pfn pfn) {
  if (backend_.IsRam(pfn)) return 0;
  return hw::CacheBitsOf(memtypes_.Lookup(pfn));
}

// reserve_pfn_range() (PAT2..PAT5). On success *prot carries the type obtained.
int Mm::ReserveRange(hw::Pfn pfn, uint64_t pages, bool strict, uint64_t* prot) {
  if (backend_.AnyRam(pfn, pages)) {
    *prot &= ~hw::kCacheBits;  // PAT2: RAM is write-back, whatever was asked for
    return 0;
  }
  const hw::CacheType wanted = hw::CacheTypeOf(*prot);
  hw::CacheType got = wanted;
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
    const int error = ReserveRange(pfn, pages, /*strict=*/false, prot);
    if (error == 0) vma->c.vm_flags |= kVmPat;
    return error;
  }
  if (backend_.AnyRam(pfn, pages)) {
    *prot &= ~hw::kCacheBits;
    return 0;
  }
  if (!memtypes_.Uniform(pfn, pages)) return -EINVAL;
  *prot = (*prot & ~hw::kCacheBits) | hw::CacheBitsOf(memtypes_.Lookup(pfn));
  return 0;
}

void Mm::UntrackRange(Vma* vma, hw::Pfn pfn, uint64_t pages) {
  if ((vma->c.vm_flags & kVmPat) == 0) return;
  vma->c.vm_flags &= ~kVmPat;
  // P4: what is neither a whole entry nor the end of one stays reserved.
  if (!backend_.AnyRam(pfn, pages)) memtypes_.Free(pfn, pages);
}

// untrack_pfn(vma, 0, 0): the range is found by the VMA's first entry.
void Mm::Untrack(Vma* vma) {
  if ((vma->c.vm_flags & kVmPat) == 0) return;
  const hw::Extent* extent = tables_[vma->mm]->Find({vma->c.vm_start});
  if (extent == nullptr) return;
  UntrackRange(vma, hw::PageTable::PfnAt(*extent, {vma->c.vm_start}),
               (vma->c.vm_end - vma->c.vm_start) >> hw::kPageShift);
}

bool Mm::InstallRange(Vma* vma, uint64_t addr, hw::Pfn pfn, uint64_t pages, hw::PteBits bits) {
  hw::PageTable& table = *tables_[vma->mm];
  if (backend_.FailNow()) return false;
  NoteChange();
  return table.Map({addr}, pages, pfn, bits, verdicts_.DriverPc(verdicts_.caller()));
}

int Mm::RemapPfnRange(vm_area_struct* c, unsigned long addr, unsigned long pfn, unsigned long size,
                      pgprot_t pgprot) {
  Vma* vma = VmaOf(c);
  if (vma == nullptr) {
    verdicts_.TrapNow(Trap::kBug, 28, 10, "the VMA that ->mmap was given", "a copy of a VMA, or a stale one");
    return -EINVAL;
  }
  const uint64_t pages = hw::PagesOf(size);
  const uint64_t end = addr + (pages << hw::kPageShift);
  const hw::Pfn first{pfn};
  uint64_t prot = pgprot.pgprot;
  if (Track(vma, addr, first, pages, &prot) != 0) return -EINVAL;  // RP1a
  if ((addr & hw::kPageMask) != 0) {                               // RP1b, P11
    UntrackRange(vma, first, pages);
    verdicts_.Report(0, 10, "a page-aligned address", "remap_pfn_range at %#lx: WARN, -EINVAL", addr);
    return -EINVAL;
  }
  if (IsCowMapping(c->vm_flags)) {  // RP2
    if (addr != c->vm_start || end != c->vm_end) {
      UntrackRange(vma, first, pages);
      return -EINVAL;
    }
    c->vm_pgoff = pfn;
  }
  c->vm_flags |= kVmIo | kVmPfnMap | kVmDontExpand | kVmDontDump;  // RP4: also when a later step fails
  if (pages == 0 || end <= addr) {
    verdicts_.TrapNow(Trap::kBug, 0, 10, "a range of at least one page", "remap_pfn_range of %lu bytes: BUG", size);
    return -EINVAL;
  }
  CheckInsideVma(*c, addr, pages << hw::kPageShift, "remap_pfn_range");
  if (tables_[vma->mm]->AnyIn({addr}, pages)) {
    verdicts_.TrapNow(Trap::kBug, 0, 10, "each page is mapped once",
                      "remap_pfn_range over a page that is mapped already: BUG");
    return -EINVAL;
  }
  hw::PteBits bits = BitsOf(prot, /*special=*/true);  // RP6
  bits.cache = hw::CacheTypeOf(prot);
  if (!InstallRange(vma, addr, first, pages, bits)) {
    UntrackRange(vma, first, pages);
    return -ENOMEM;  // RP11: nothing of it stays
  }
  return 0;
}

int Mm::VmIomapMemory(vm_area_struct* vma, unsigned long long start, unsigned long len) {
  if (start + len < start) return -EINVAL;  // IO1
  len += start & hw::kPageMask;             // IO2
  uint64_t pfn = start >> hw::kPageShift;
  uint64_t pages = hw::PagesOf(len);
  if (pfn + pages < pfn) return -EINVAL;
  if (vma->vm_pgoff > pages) return -EINVAL;  // IO3
  pfn += vma->vm_pgoff;
  pages -= vma->vm_pgoff;
  const uint64_t size = vma->vm_end - vma->vm_start;
  if (size >> hw::kPageShift > pages) return -EINVAL;
  return RemapPfnRange(vma, vma->vm_start, pfn, size, vma->vm_page_prot);  // IO4, RP12
}

// zap_vma_ptes(): only within the VMA, and only of VM_PFNMAP ones.
void Mm::ZapVmaPtes(vm_area_struct* c, unsigned long addr, unsigned long size) {
  Vma* vma = VmaOf(c);
  if (vma == nullptr || addr < c->vm_start || addr + size > c->vm_end || (c->vm_flags & kVmPfnMap) == 0) return;
  Untrack(vma);  // P6: the reservation of the whole VMA
  Zap(vma->mm, addr, addr + size);
  NoteChange();
}

void Mm::UnmapMappingRange(address_space* mapping, long long hole_begin, long long hole_len, int even_cows) {
  const uint64_t first = static_cast<uint64_t>(hole_begin) >> hw::kPageShift;
  const uint64_t pages = hole_len == 0 ? ~uint64_t{0} - first : hw::PagesOf(static_cast<uint64_t>(hole_len));
  for (uint32_t m = 0; m < kMaxMms; ++m) {
    if (mms_[m].live == 0) continue;
    for (uint32_t i = 0; i < mms_[m].vma_count; ++i) {
      Vma* vma = MutAt(m, i);
      if (vma->c.vm_file == nullptr || vma->c.vm_file->f_mapping != mapping) continue;
      const uint64_t vma_pages = (vma->c.vm_end - vma->c.vm_start) >> hw::kPageShift;
      const uint64_t from = vma->c.vm_pgoff > first ? vma->c.vm_pgoff : first;
      const uint64_t vma_last = vma->c.vm_pgoff + vma_pages;
      const uint64_t to = first + pages < vma_last ? first + pages : vma_last;
      if (from >= to) continue;
      uint64_t start = vma->c.vm_start + ((from - vma->c.vm_pgoff) << hw::kPageShift);
      const uint64_t end = vma->c.vm_start + ((to - vma->c.vm_pgoff) << hw::kPageShift);
      // Private copies stay unless asked for.
      for (; start < end; start += hw::kPageSize) {
        const hw::Extent* extent = tables_[m]->Find({start});
        if (extent == nullptr || (extent->bits.anon != 0 && even_cows == 0)) continue;
        Zap(m, start, start + hw::kPageSize);
      }
    }
  }
  NoteChange();
}

pgprot_t Mm::VmGetPageProt(unsigned long vm_flags) { return {PageProtOf(vm_flags)}; }

// arch/x86/mm/pat: pgprot_writecombine() of 6.1 sets its bits over what is there (P10).
pgprot_t Mm::PgprotWritecombine(pgprot_t prot) {
  return {prot.pgprot | hw::CacheBitsOf(hw::CacheType::kWriteCombining)};
}

}  // namespace drydock::kernel
