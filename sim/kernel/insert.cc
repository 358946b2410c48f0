// One page at a time: vm_insert_page() and vm_insert_pages(), remap_vmalloc_range(),
// vmf_insert_pfn(), vmf_insert_mixed(). Linux mm/memory.c and mm/vmalloc.c;
// docs/mmap-rules.md section 4 (IP, IPS, VR, FI, FM).
#include <cerrno>

#include "sim/kernel/mm.h"
#include "sim/kernel/vm_flags.h"

namespace drydock::kernel {
namespace {

constexpr vm_fault_t kFaultOom = 0x1, kFaultSigbus = 0x2, kFaultNoPage = 0x100;
constexpr const char* kStaleVma = "a copy of a VMA, or a stale one";

// linux/pfn_t.h.
constexpr uint64_t kPfnFlags = uint64_t{0xfff} << 52;
constexpr uint64_t kPfnDev = uint64_t{1} << 61, kPfnMap = uint64_t{1} << 60,
                   kPfnSpecial = uint64_t{1} << 59;

}  // namespace

// IP3. False, and a trap: the kernel's BUG.
bool Mm::MakeMixedMap(vm_area_struct* c, const char* function) {
  if ((c->vm_flags & kVmMixedMap) != 0) return true;
  if (driver_fault_depth_ > 0 || c->vm_mm->mmap_lock.owner == 0) {
    verdicts_.TrapNow(
        Trap::kBug, 27, 10, "VM_MIXEDMAP set in ->mmap", "%s %s on a VMA without VM_MIXEDMAP: BUG",
        function, driver_fault_depth_ > 0 ? "in ->fault" : "without mmap_lock held for writing");
    return false;
  }
  if ((c->vm_flags & kVmPfnMap) != 0) {
    verdicts_.TrapNow(Trap::kBug, 27, 10, "not on a VM_PFNMAP mapping",
                      "%s on a VM_PFNMAP mapping: BUG", function);
    return false;
  }
  c->vm_flags |= kVmMixedMap;
  return true;
}

// insert_page(): IP4..IP8.
int Mm::InsertPage(Vma* vma, uint64_t addr, page* page) {
  const hw::Pfn pfn = backend_.PfnOf(page);
  if (backend_.IsSlab(pfn)) return -EINVAL;  // IP4
  const uint64_t at = addr & ~hw::kPageMask;
  if (tables_[vma->mm]->Find({at}) != nullptr) return -EBUSY;                // IP5
  hw::PteBits bits = BitsOf(vma->c.vm_page_prot.pgprot, /*special=*/false);  // IP8
  bits.cache = CacheOf(vma->c.vm_page_prot.pgprot);
  if (!InstallRange(vma, at, pfn, 1, bits)) return -ENOMEM;  // IP6
  backend_.PageGet(pfn);                                     // IP7
  return 0;
}

int Mm::VmInsertPage(vm_area_struct* c, unsigned long addr, page* page) {
  Vma* vma = VmaOf(c);
  if (vma == nullptr) {
    verdicts_.TrapNow(Trap::kBug, 28, 10, "the VMA that ->mmap was given", kStaleVma);
    return -EINVAL;
  }
  if (addr < c->vm_start || addr >= c->vm_end) return -EFAULT;                        // IP1
  if (!profile_.inserts_flag_first && backend_.PageCount(page) == 0) return -EINVAL;  // IP2
  if (!MakeMixedMap(c, "vm_insert_page")) return -EINVAL;
  if (backend_.PageCount(page) == 0) return -EINVAL;
  return InsertPage(vma, addr, page);
}

int Mm::VmInsertPages(vm_area_struct* c, unsigned long addr, page** pages, unsigned long* count) {
  Vma* vma = VmaOf(c);
  if (vma == nullptr) {
    verdicts_.TrapNow(Trap::kBug, 28, 10, "the VMA that ->mmap was given", kStaleVma);
    return -EINVAL;
  }
  const uint64_t last = addr + (*count << hw::kPageShift) - 1;
  if (addr < c->vm_start || last >= c->vm_end) return -EFAULT;  // IPS1
  if (profile_.inserts_pages_anywhere) {                        // P18
    c->vm_flags |= kVmMixedMap;
  } else if (!MakeMixedMap(c, "vm_insert_pages")) {
    return -EINVAL;
  }
  return InsertPages(vma, addr, pages, count);
}

int Mm::InsertPages(Vma* vma, uint64_t addr, page* const* pages, unsigned long* count) {
  for (size_t i = 0; *count != 0; ++i, --*count) {          // IPS2
    if (backend_.PageCount(pages[i]) == 0) return -EINVAL;  // IPS3
    const int error = InsertPage(vma, addr + (i << hw::kPageShift), pages[i]);
    if (error != 0) return error;
  }
  return 0;
}

int Mm::RemapVmallocRange(vm_area_struct* c, void* address, unsigned long pgoff) {
  const uint64_t size = c->vm_end - c->vm_start;
  const uint64_t offset = pgoff << hw::kPageShift;
  if (offset >> hw::kPageShift != pgoff) return -EINVAL;  // VR1, in the kernel's order
  const char* at = static_cast<const char*>(address);
  if ((reinterpret_cast<uintptr_t>(at) & hw::kPageMask) != 0) return -EINVAL;
  uint64_t area_bytes = 0;
  bool user = false;
  if (!backend_.VmallocArea(at, &area_bytes, &user) || !user) return -EINVAL;
  if (size + offset < size || size + offset > area_bytes) return -EINVAL;
  for (uint64_t done = 0; done < size; done += hw::kPageSize) {
    page* page = backend_.VmallocPage(at + offset + done);
    if (page == nullptr) {
      // VR3: the bound counts from the area's start, wherever in it the address lies.
      verdicts_.TrapNow(Trap::kOops, 2, 10, "the area's own address, and a range within it",
                        "remap_vmalloc_range: page %lu from the address given is behind the area",
                        static_cast<unsigned long>((offset + done) >> hw::kPageShift));
      return -EINVAL;
    }
    const int error = VmInsertPage(c, c->vm_start + done, page);
    if (error != 0) return error;
  }
  c->vm_flags |= kVmDontExpand | kVmDontDump;  // VR2
  return 0;
}

vm_fault_t Mm::InsertPfn(Vma* vma, uint64_t addr, hw::Pfn pfn, uint64_t prot, bool mkwrite) {
  const uint64_t at = addr & ~hw::kPageMask;
  const bool writable = (vma->c.vm_flags & kVmWrite) != 0;
  const auto make_write = [writable](hw::PteBits bits) {
    bits.accessed = 1;
    bits.dirty = 1;
    if (writable) bits.write = 1;
    return bits;
  };
  const hw::Extent* there = tables_[vma->mm]->Find({at});
  if (there != nullptr) {  // FI3
    // FM4. Another frame's entry stays: it may be a private copy.
    if (mkwrite && hw::PageTable::PfnAt(*there, {at}) == pfn) {
      tables_[vma->mm]->Change({at}, 1, make_write);
      NoteChange();
    }
    return kFaultNoPage;
  }
  hw::PteBits bits = BitsOf(prot, /*special=*/true);
  bits.cache = CacheOf(prot);
  if (mkwrite) bits = make_write(bits);
  return InstallRange(vma, at, pfn, 1, bits) ? kFaultNoPage : kFaultOom;
}

vm_fault_t Mm::VmfInsertPfn(vm_area_struct* vma, unsigned long addr, unsigned long pfn) {
  return VmfInsertPfnProt(vma, addr, pfn, vma->vm_page_prot);
}

vm_fault_t Mm::VmfInsertPfnProt(vm_area_struct* c, unsigned long addr, unsigned long pfn,
                                pgprot_t pgprot) {
  Vma* vma = VmaOf(c);
  const uint64_t kind = c->vm_flags & (kVmPfnMap | kVmMixedMap);
  const char* bug = nullptr;
  int class_number = 27;
  if (vma == nullptr) {
    bug = "on a copy of a VMA, or a stale one";
    class_number = 28;
  } else if (kind == 0) {  // FI1
    bug = "on a VMA with neither VM_PFNMAP nor VM_MIXEDMAP";
    class_number = 28;
  } else if (kind == (kVmPfnMap | kVmMixedMap)) {
    bug = "on a VMA with both VM_PFNMAP and VM_MIXEDMAP";
  } else if (kind == kVmPfnMap && IsCowMapping(c->vm_flags)) {
    bug = "on a private VM_PFNMAP mapping";
    class_number = 24;
  } else if (kind == kVmMixedMap && backend_.IsRam({pfn})) {
    bug = "of a page of RAM on a VM_MIXEDMAP mapping";
  }
  if (bug != nullptr) {
    verdicts_.TrapNow(Trap::kBug, class_number, 10, "vmf_insert_pfn's conditions",
                      "vmf_insert_pfn %s: BUG", bug);
    return kFaultSigbus;
  }
  if (addr < c->vm_start || addr >= c->vm_end) return kFaultSigbus;  // FI2
  uint64_t prot = pgprot.pgprot;
  if (has_pat_) prot = (prot & ~hw::kCacheBits) | LookupCacheBits({pfn});  // FI4
  return InsertPfn(vma, addr, {pfn}, prot, false);
}

// vmf_insert_mixed(), as kernels do it whose entries have a special bit: no reference is taken.
vm_fault_t Mm::VmfInsertMixed(vm_area_struct* c, unsigned long addr, unsigned long long value,
                              pgprot_t pgprot, bool mkwrite) {
  Vma* vma = VmaOf(c);
  const uint64_t flags = profile_.plain_frames ? 0 : value & kPfnFlags;
  const hw::Pfn pfn{value & ~flags};
  const bool devmap = (flags & (kPfnDev | kPfnMap)) == (kPfnDev | kPfnMap);
  const bool allowed = (c->vm_flags & kVmMixedMap) != 0 || devmap || (flags & kPfnSpecial) != 0;
  if (vma != nullptr && !allowed && profile_.mixed_is_sigbus) return kFaultSigbus;
  if (vma == nullptr || !allowed) {
    verdicts_.TrapNow(Trap::kBug, vma == nullptr ? 28 : 27, 10, "a VM_MIXEDMAP mapping",
                      "vmf_insert_mixed on %s: BUG",
                      vma == nullptr ? kStaleVma : "a VMA without VM_MIXEDMAP");  // FM1
    return kFaultSigbus;
  }
  if (addr < c->vm_start || addr >= c->vm_end) return kFaultSigbus;  // FM2
  uint64_t prot = pgprot.pgprot;
  if (has_pat_) prot = (prot & ~hw::kCacheBits) | LookupCacheBits(pfn);  // FM3
  return InsertPfn(vma, addr, pfn, prot, mkwrite);
}

}  // namespace drydock::kernel
