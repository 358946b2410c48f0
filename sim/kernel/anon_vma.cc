// Which mappings share the book-keeping of their private pages, and may so be merged: Linux
// mm/rmap.c, mm/mmap.c:find_mergeable_anon_vma(), is_mergeable_anon_vma() of 6.1;
// docs/mmap-rules.md AN1.
#include "sim/kernel/mm.h"
#include "sim/kernel/vm_flags.h"

namespace drydock::kernel {
namespace {

constexpr uintptr_t kInherited = 1;  // by fork: its chain has the parent's, too

bool IsSingular(const void* anon_vma) {
  return anon_vma != nullptr && (reinterpret_cast<uintptr_t>(anon_vma) & kInherited) == 0;
}

// anon_vma_compatible(): `low` ends where `high` begins.
bool AreCompatible(const vm_area_struct& low, const vm_area_struct& high) {
  return low.vm_end == high.vm_start && low.vm_file == high.vm_file &&
         ((low.vm_flags ^ high.vm_flags) & ~(kVmAccess | kVmSoftDirty)) == 0 &&
         high.vm_pgoff == low.vm_pgoff + ((high.vm_start - low.vm_start) >> hw::kPageShift);
}

}  // namespace

// An anon_vma is a number that no other has.
void* Mm::AnonVmaOf(const Vma& vma, bool inherited) {
  return reinterpret_cast<void*>((uintptr_t{vma.serial} + 1) << 1 | (inherited ? kInherited : 0));
}

void Mm::PrepareAnonVma(Vma* vma) {
  if (vma->c.anon_vma != nullptr) return;
  const uint32_t next = FirstEndingAfter(vma->mm, vma->c.vm_end);
  if (next < mms_[vma->mm].vma_count) {
    const vm_area_struct& above = VmaAt(vma->mm, next).c;
    if (AreCompatible(vma->c, above) && IsSingular(above.anon_vma)) {
      vma->c.anon_vma = above.anon_vma;
      return;
    }
  }
  if (next >= 2) {
    const vm_area_struct& below = VmaAt(vma->mm, next - 2).c;
    if (AreCompatible(below, vma->c) && IsSingular(below.anon_vma)) {
      vma->c.anon_vma = below.anon_vma;
      return;
    }
  }
  vma->c.anon_vma = AnonVmaOf(*vma, false);
}

bool Mm::AnonVmasAgree(const void* own, const void* neighbours) const {
  if (own == neighbours || (own == nullptr && IsSingular(neighbours))) return true;
  return profile_.joins_with_pages && neighbours == nullptr && IsSingular(own);
}

}  // namespace drydock::kernel
