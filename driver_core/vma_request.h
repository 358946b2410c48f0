/* SPDX-License-Identifier: GPL-2.0 */
/* From a VMA, or the description of one, to what a plan looks at. */
#ifndef DRYDOCK_VMA_REQUEST_H
#define DRYDOCK_VMA_REQUEST_H

#include <linux/mm.h>

#include "kernel_versions.h"
#include "mapping_request.h"

static inline struct mapping_request flags_request(unsigned long start,
						   unsigned long end,
						   unsigned long pgoff,
						   unsigned long flags)
{
	return (struct mapping_request){
		.start = start,
		.end = end,
		.pgoff = pgoff,
		.shared = flags & VM_SHARED,
		.write = flags & VM_WRITE,
		.may_write = flags & VM_MAYWRITE,
		.exec = flags & VM_EXEC,
		.may_exec = flags & VM_MAYEXEC,
	};
}

/**
 * vma_request() - what the mmap(2) that makes this VMA asks for
 * @vma: the VMA, in f_op->mmap and before anything of it is changed
 */
static inline struct mapping_request
vma_request(const struct vm_area_struct *vma)
{
	return flags_request(vma->vm_start, vma->vm_end, vma->vm_pgoff,
			     vma->vm_flags);
}

/**
 * flags_to_clear() - the flags of a VMA that a plan takes away
 * @may_write: VM_MAYWRITE is one
 * @may_exec: VM_MAYEXEC is one
 *
 * They are cleared before anything is mapped: remap_pfn_range() treats what may
 * be written otherwise.
 */
static inline unsigned long flags_to_clear(bool may_write, bool may_exec)
{
	return (may_write ? VM_MAYWRITE : 0) | (may_exec ? VM_MAYEXEC : 0);
}

#if KERNEL_HAS_MMAP_PREPARE
/**
 * desc_request() - the same of a VMA that is only described yet
 * @desc: in f_op->mmap_prepare, and before anything of it is changed
 */
static inline struct mapping_request
desc_request(const struct vm_area_desc *desc)
{
	return flags_request(desc->start, desc->end, desc->pgoff,
			     vma_flags_to_legacy(desc->vma_flags));
}
#endif

#endif /* DRYDOCK_VMA_REQUEST_H */
