/* SPDX-License-Identifier: GPL-2.0 */
/* From a VMA to what a plan looks at. It decides nothing. */
#ifndef DRYDOCK_VMA_REQUEST_H
#define DRYDOCK_VMA_REQUEST_H

#include <linux/mm.h>

#include "mapping_request.h"

/**
 * vma_request() - what the mmap(2) that makes this VMA asks for
 * @vma: the VMA, in f_op->mmap and before anything of it is changed
 */
static inline struct mapping_request
vma_request(const struct vm_area_struct *vma)
{
	return (struct mapping_request){
		.start = vma->vm_start,
		.end = vma->vm_end,
		.pgoff = vma->vm_pgoff,
		.shared = vma->vm_flags & VM_SHARED,
		.write = vma->vm_flags & VM_WRITE,
		.may_write = vma->vm_flags & VM_MAYWRITE,
		.exec = vma->vm_flags & VM_EXEC,
		.may_exec = vma->vm_flags & VM_MAYEXEC,
	};
}

#endif /* DRYDOCK_VMA_REQUEST_H */
