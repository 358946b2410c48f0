// 7.3's compat path: a driver's ->mmap that asks another file's ->mmap_prepare. mm/util.c.
#include "mocks/shims/shim.h"

using drydock::mocks::Cross;
using drydock::mocks::MmApi;

extern "C" {

void compat_set_desc_from_vma(vm_area_desc* desc, const file* of, const vm_area_struct* vma) {
  *desc = vm_area_desc{};
  desc->mm = vma->vm_mm;
  desc->file = const_cast<file*>(of);
  desc->start = vma->vm_start;
  desc->end = vma->vm_end;
  desc->pgoff = vma->vm_pgoff;
  desc->vm_file = vma->vm_file;
  desc->vma_flags = vma->flags;
  desc->page_prot = vma->vm_page_prot;
  desc->vm_ops = vma->vm_ops;
}
int compat_vma_mmap(file* of, vm_area_struct* vma) {
  vm_area_desc desc;
  compat_set_desc_from_vma(&desc, of, vma);
  const int error = of->f_op->mmap_prepare(&desc);
  if (error != 0) return error;
  desc.action.hide_from_rmap_until_complete = false;
  return Cross<&MmApi::CompatVmaMmap>(&desc, vma);
}

}  // extern "C"
