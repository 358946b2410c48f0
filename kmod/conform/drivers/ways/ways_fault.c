// SPDX-License-Identifier: GPL-2.0
/*
 * Mappings that are filled when they are touched.
 */
#include <linux/errno.h>
#include <linux/pagemap.h>
#include <linux/version.h>
#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 0, 0)
#include <linux/pfn_t.h>
#endif

#include "ways.h"

static unsigned long index_of(const struct vm_fault *vmf)
{
	return vmf->pgoff & 0xff;
}

static vm_fault_t fault_page(struct vm_fault *vmf)
{
	ways.faults++;
	ways_note_lock(vmf->vma, HOOK_FAULT);
	if (index_of(vmf) >= WAYS_PAGES)
		return VM_FAULT_SIGBUS;
	vmf->page = ways.pages[index_of(vmf)];
	get_page(vmf->page);
	return 0;
}

static vm_fault_t fault_page_locked(struct vm_fault *vmf)
{
	vm_fault_t result = fault_page(vmf);

	if (result)
		return result;
	lock_page(vmf->page);
	return VM_FAULT_LOCKED;
}

static vm_fault_t fault_sigbus(struct vm_fault *vmf)
{
	ways.faults++;
	return VM_FAULT_SIGBUS;
}

static vm_fault_t fault_sigsegv(struct vm_fault *vmf)
{
	ways.faults++;
	return VM_FAULT_SIGSEGV;
}

static vm_fault_t fault_pfn(struct vm_fault *vmf)
{
	ways.faults++;
	return vmf_insert_pfn(vmf->vma, vmf->address,
			      ways_first_pfn() + index_of(vmf));
}

static vm_fault_t fault_pfn_twice(struct vm_fault *vmf)
{
	fault_pfn(vmf);
	return vmf_insert_pfn(vmf->vma, vmf->address, ways_first_pfn());
}

static vm_fault_t fault_pfn_mmio(struct vm_fault *vmf)
{
	ways.faults++;
	return vmf_insert_pfn(vmf->vma, vmf->address,
			      WAYS_MMIO_PFN + 16 * index_of(vmf));
}

static vm_fault_t fault_pfn_outside(struct vm_fault *vmf)
{
	ways.faults++;
	return vmf_insert_pfn(vmf->vma, vmf->vma->vm_end, ways_first_pfn());
}

static vm_fault_t insert_mixed(struct vm_fault *vmf, unsigned long addr)
{
	unsigned long pfn = ways_first_pfn() + index_of(vmf);

	ways.faults++;
#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 0, 0)
	return vmf_insert_mixed(vmf->vma, addr, __pfn_to_pfn_t(pfn, PFN_DEV));
#else
	return vmf_insert_mixed(vmf->vma, addr, pfn);
#endif
}

static vm_fault_t fault_mixed(struct vm_fault *vmf)
{
	return insert_mixed(vmf, vmf->address);
}

static vm_fault_t fault_mixed_outside(struct vm_fault *vmf)
{
	return insert_mixed(vmf, vmf->vma->vm_end);
}

static vm_fault_t fault_mixed_mkwrite(struct vm_fault *vmf)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
	unsigned long pfn = ways_first_pfn() + index_of(vmf);

	if (!(vmf->flags & FAULT_FLAG_WRITE))
		return fault_mixed(vmf);
	ways.faults++;
	return vmf_insert_mixed_mkwrite(vmf->vma, vmf->address,
					__pfn_to_pfn_t(pfn, PFN_DEV));
#else
	return fault_mixed(vmf);
#endif
}

static vm_fault_t mkwrite(struct vm_fault *vmf)
{
	ways.mkwrites++;
	ways_note_lock(vmf->vma, HOOK_MKWRITE);
	lock_page(vmf->page);
	return VM_FAULT_LOCKED;
}

static vm_fault_t mkwrite_refused(struct vm_fault *vmf)
{
	ways.mkwrites++;
	return VM_FAULT_SIGBUS;
}

static vm_fault_t pfn_mkwrite(struct vm_fault *vmf)
{
	ways.mkwrites++;
	return 0;
}

static int cannot_split(struct vm_area_struct *vma, unsigned long addr)
{
	return -EBUSY;
}

static int cannot_move(struct vm_area_struct *vma)
{
	return -EPERM;
}

static void counted_open(struct vm_area_struct *vma)
{
	ways_counted_ops.open(vma);
}

static void counted_close(struct vm_area_struct *vma)
{
	ways_counted_ops.close(vma);
}

static const struct vm_operations_struct ops_of[] = {
	[WAY_FAULT - WAY_FAULT] = { .fault = fault_page },
	[WAY_FAULT_COUNTED - WAY_FAULT] = { .fault = fault_page,
					    .open = counted_open,
					    .close = counted_close },
	[WAY_FAULT_MKWRITE -
		WAY_FAULT] = { .fault = fault_page, .page_mkwrite = mkwrite },
	[WAY_FAULT_MKWRITE_REFUSED -
		WAY_FAULT] = { .fault = fault_page,
			       .page_mkwrite = mkwrite_refused },
	[WAY_FAULT_PFN - WAY_FAULT] = { .fault = fault_pfn },
	[WAY_FAULT_PFN_MKWRITE -
		WAY_FAULT] = { .fault = fault_pfn, .pfn_mkwrite = pfn_mkwrite },
	[WAY_FAULT_PFN_MMIO - WAY_FAULT] = { .fault = fault_pfn_mmio },
	[WAY_FAULT_PFN_OUTSIDE - WAY_FAULT] = { .fault = fault_pfn_outside },
	[WAY_FAULT_PFN_NO_PFNMAP - WAY_FAULT] = { .fault = fault_pfn },
	[WAY_FAULT_MIXED - WAY_FAULT] = { .fault = fault_mixed },
	[WAY_FAULT_MIXED_MKWRITE -
		WAY_FAULT] = { .fault = fault_mixed_mkwrite },
	[WAY_FAULT_SIGBUS - WAY_FAULT] = { .fault = fault_sigbus },
	[WAY_FAULT_SIGSEGV - WAY_FAULT] = { .fault = fault_sigsegv },
	[WAY_FAULT_LOCKED - WAY_FAULT] = { .fault = fault_page_locked },
	[WAY_FAULT_CANNOT_SPLIT - WAY_FAULT] = { .fault = fault_page,
						 .open = counted_open,
						 .close = counted_close,
						 .may_split = cannot_split },
	[WAY_FAULT_CANNOT_MOVE - WAY_FAULT] = { .fault = fault_page,
						.open = counted_open,
						.close = counted_close,
						.mremap = cannot_move },
	[WAY_FAULT_DONTDUMP - WAY_FAULT] = { .fault = fault_page },
	[WAY_FAULT_KEEP - WAY_FAULT] = { .fault = fault_pfn_twice },
	[WAY_FAULT_MIXED_PLAIN - WAY_FAULT] = { .fault = fault_mixed },
	[WAY_FAULT_MIXED_OUTSIDE -
		WAY_FAULT] = { .fault = fault_mixed_outside },
};

int ways_fault(struct vm_area_struct *vma, enum way way)
{
	switch (way) {
	case WAY_NO_OPS:
		vma->vm_ops = NULL;
		return 0;
	case WAY_NOTHING:
		return 0;
	case WAY_POSITIVE:
		return 77;
	case WAY_FAIL:
		return -EREMOTEIO;
	case WAY_FAULT_PFN:
	case WAY_FAULT_PFN_MKWRITE:
	case WAY_FAULT_PFN_MMIO:
	case WAY_FAULT_PFN_OUTSIDE:
	case WAY_FAULT_KEEP:
		/* vmf_insert_pfn() of a private one is a BUG. */
		if (!(vma->vm_flags & VM_SHARED))
			return -EINVAL;
		ways_change_flags(vma, VM_PFNMAP, 0);
		break;
	case WAY_FAULT_MIXED:
	case WAY_FAULT_MIXED_MKWRITE:
	case WAY_FAULT_MIXED_OUTSIDE:
		ways_change_flags(vma, VM_MIXEDMAP, 0);
		break;
	case WAY_FAULT_DONTDUMP:
		ways_change_flags(vma, VM_DONTDUMP, 0);
		break;
	default:
		if (way - WAY_FAULT >= ARRAY_SIZE(ops_of))
			return -EINVAL;
	}
	vma->vm_ops = &ops_of[way - WAY_FAULT];
	return 0;
}
