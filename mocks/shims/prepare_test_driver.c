// SPDX-License-Identifier: GPL-2.0
/* What a 7.3 driver does in ->mmap_prepare, a function for each. */
#include "mocks/shims/prepare_test_driver.h"

#include <linux/fs.h>
#include <linux/mm.h>

void drv_action_remap(struct vm_area_desc *desc, unsigned long start, unsigned long pfn,
                      unsigned long size) {
  mmap_action_remap(desc, start, pfn, size);
}

void drv_action_remap_full(struct vm_area_desc *desc, unsigned long pfn) {
  mmap_action_remap_full(desc, pfn);
}

void drv_action_ioremap_full(struct vm_area_desc *desc, unsigned long pfn) {
  mmap_action_ioremap_full(desc, pfn);
}

void drv_action_simple_ioremap(struct vm_area_desc *desc, unsigned long long phys,
                               unsigned long size) {
  mmap_action_simple_ioremap(desc, phys, size);
}

void drv_action_pages_full(struct vm_area_desc *desc, struct page **pages) {
  mmap_action_map_kernel_pages_full(desc, pages);
}

int drv_change_flags(struct vm_area_desc *desc) {
  vma_desc_clear_flags(desc, VMA_MAYWRITE_BIT);
  vma_desc_set_flags(desc, VMA_IO_BIT, VMA_PFNMAP_BIT);
  return vma_desc_test_all(desc, VMA_IO_BIT, VMA_PFNMAP_BIT) &&
         !vma_desc_test_all(desc, VMA_IO_BIT, VMA_MAYWRITE_BIT) &&
         vma_desc_test_any(desc, VMA_IO_BIT, VMA_MAYWRITE_BIT) &&
         vma_desc_test(desc, VMA_PFNMAP_BIT) && !vma_desc_test(desc, VMA_MAYWRITE_BIT);
}

int drv_stacked_mmap(struct file *file, struct vm_area_struct *vma) { return vfs_mmap(file, vma); }

int drv_action_prepare(struct vm_area_desc *desc) { return mmap_action_prepare(desc); }
