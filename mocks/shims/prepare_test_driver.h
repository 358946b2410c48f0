/* SPDX-License-Identifier: GPL-2.0 */
/* Driver C of kernel 7.3 for prepare_shim_test.cc. Valid in C and C++. */
#ifndef DRYDOCK_MOCKS_SHIMS_PREPARE_TEST_DRIVER_H
#define DRYDOCK_MOCKS_SHIMS_PREPARE_TEST_DRIVER_H

#ifdef __cplusplus
extern "C" {
#endif

struct file;
struct page;
struct vm_area_desc;
struct vm_area_struct;

void drv_action_remap(struct vm_area_desc *desc, unsigned long start, unsigned long pfn,
                      unsigned long size);
void drv_action_remap_full(struct vm_area_desc *desc, unsigned long pfn);
void drv_action_ioremap_full(struct vm_area_desc *desc, unsigned long pfn);
void drv_action_simple_ioremap(struct vm_area_desc *desc, unsigned long long phys,
                               unsigned long size);
void drv_action_pages_full(struct vm_area_desc *desc, struct page **pages);
/* Clears may-write, sets VM_IO and VM_PFNMAP; whether all and any of three were set then. */
int drv_change_flags(struct vm_area_desc *desc);
int drv_stacked_mmap(struct file *file, struct vm_area_struct *vma);
int drv_action_prepare(struct vm_area_desc *desc);

#ifdef __cplusplus
}
#endif

#endif
