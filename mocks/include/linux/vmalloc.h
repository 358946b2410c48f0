/* SPDX-License-Identifier: GPL-2.0 */
/* Virtually contiguous memory: its frames are anywhere. */
#ifndef _LINUX_VMALLOC_H
#define _LINUX_VMALLOC_H

#include <linux/gfp.h>

#define VM_MAP 0x4
#define VM_USERMAP 0x8

void *vmalloc(unsigned long size) __malloc;
void *vzalloc(unsigned long size) __malloc;
void *vmalloc_user(unsigned long size) __malloc;
void *vmalloc_node(unsigned long size, int node) __malloc;
void *vzalloc_node(unsigned long size, int node) __malloc;
void *vmalloc_32(unsigned long size) __malloc;
void *vmalloc_32_user(unsigned long size) __malloc;
void *__vmalloc(unsigned long size, gfp_t gfp) __malloc;
void vfree(const void *address);
void *vmap(struct page **pages, unsigned int count, unsigned long flags,
	   pgprot_t prot);
void vunmap(const void *address);
struct page *vmalloc_to_page(const void *address);
unsigned long vmalloc_to_pfn(const void *address);
bool is_vmalloc_addr(const void *address);
int remap_vmalloc_range(struct vm_area_struct *vma, void *address,
			unsigned long pgoff);

#endif
