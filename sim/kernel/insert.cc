// One page at a time: vm_insert_page(), vmf_insert_pfn(). Linux mm/memory.c of 6.1;
// docs/mmap-rules.md section 4 (IP, FI).
#include <cerrno>

#include "sim/kernel/mm.h"
#include "sim/kernel/vm_flags.h"

namespace drydock::kernel {
namespace {

constexpr vm_fault_t kFaultOom = 0x1, kFaultSigbus = 0x2, kFaultNoPage = 0x100;

}  // namespace

int Mm::VmInsertPage(vm_area_struct* c, unsigned long addr, page* page) {
  Vma* vma = VmaOf(c);
  if (vma == nullptr) {
    verdicts_.TrapNow(Trap::kBug, 28, 10, "the VMA that ->mmap was given",
                      "a copy of a VMA, or a stale one");
    return -EINVAL;
  }
  if (addr < c->vm_start || addr >= c->vm_end) return -EFAULT;  // IP1
  if (backend_.PageCount(page) == 0) return -EINVAL;            // IP2
  if ((c->vm_flags & kVmMixedMap) == 0) {                       // IP3
    if (driver_fault_depth_ > 0 || c->vm_mm->mmap_lock.owner == 0) {
      verdicts_.TrapNow(
          Trap::kBug, 27, 10, "VM_MIXEDMAP set in ->mmap",
          "vm_insert_page %s on a VMA without VM_MIXEDMAP: BUG",
          driver_fault_depth_ > 0 ? "in ->fault" : "without mmap_lock held for writing");
      return -EINVAL;
    }
    if ((c->vm_flags & kVmPfnMap) != 0) {
      verdicts_.TrapNow(Trap::kBug, 27, 10, "not on a VM_PFNMAP mapping",
                        "vm_insert_page on a VM_PFNMAP mapping: BUG");
      return -EINVAL;
    }
    c->vm_flags |= kVmMixedMap;
  }
  const hw::Pfn pfn = backend_.PfnOf(page);
  if (backend_.IsSlab(pfn)) return -EINVAL;  // IP4
  const uint64_t at = addr & ~hw::kPageMask;
  if (tables_[vma->mm]->Find({at}) != nullptr) return -EBUSY;            // IP5
  hw::PteBits bits = BitsOf(c->vm_page_prot.pgprot, /*special=*/false);  // IP8
  bits.cache = hw::CacheTypeOf(c->vm_page_prot.pgprot);
  if (!InstallRange(vma, at, pfn, 1, bits)) return -ENOMEM;  // IP6
  backend_.PageGet(pfn);                                     // IP7
  return 0;
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
  const uint64_t at = addr & ~hw::kPageMask;
  if (tables_[vma->mm]->Find({at}) != nullptr) return kFaultNoPage;  // FI3
  uint64_t prot = pgprot.pgprot;
  if (has_pat_) prot = (prot & ~hw::kCacheBits) | LookupCacheBits({pfn});  // FI4
  hw::PteBits bits = BitsOf(prot, /*special=*/true);
  bits.cache = hw::CacheTypeOf(prot);
  if (!InstallRange(vma, at, {pfn}, 1, bits)) return kFaultOom;
  return kFaultNoPage;
}

}  // namespace drydock::kernel
