// SPDX-License-Identifier: GPL-2.0
/*
 * remap_pfn_range() and what stands on it. Several of these are mistakes: what the
 * kernel makes of them is what is to be seen.
 */
#include <linux/errno.h>
#include <linux/io.h>

#include "ways.h"

static int remap(struct vm_area_struct *vma, unsigned long pfn,
		 unsigned long size, pgprot_t prot)
{
	return remap_pfn_range(vma, vma->vm_start, pfn, size, prot);
}

static int remap_ram(struct vm_area_struct *vma, enum way way)
{
	unsigned long pfn = ways_first_pfn() + ways_page(vma);
	unsigned long size = vma->vm_end - vma->vm_start;
	pgprot_t prot = vma->vm_page_prot;
	int err;

	if (!ways_fits(vma))
		return -EINVAL;

	switch (way) {
	case WAY_REMAP_PART:
		return remap(vma, pfn, PAGE_SIZE, prot);
	case WAY_REMAP_BEYOND:
		return remap(vma, pfn, size + PAGE_SIZE, prot);
	case WAY_REMAP_TWICE:
		err = remap(vma, pfn, size, prot);
		return err ? err : remap(vma, pfn, size, prot);
	case WAY_REMAP_UNALIGNED:
		ways.error = remap_pfn_range(vma, vma->vm_start + 1, pfn, size,
					     prot);
		return 0;
	case WAY_REMAP_READ_PROT:
		return remap(vma, pfn, size,
			     vm_get_page_prot(vma->vm_flags & ~VM_WRITE));
	case WAY_REMAP_THEN_CLEAR:
		err = remap(vma, pfn, size, prot);
		ways_change_flags(vma, 0, VM_WRITE | VM_MAYWRITE);
		return err;
	case WAY_REMAP_REFUSE_WRITE:
		if (vma->vm_flags & VM_WRITE)
			return -EPERM;
		ways_change_flags(vma, 0, VM_MAYWRITE);
		return remap(vma, pfn, size, prot);
	case WAY_REMAP_IO:
		return io_remap_pfn_range(vma, vma->vm_start, pfn, size, prot);
	case WAY_REMAP_THEN_FAIL:
		err = remap(vma, pfn, size, prot);
		return err ? err : -EREMOTEIO;
	case WAY_REMAP_THEN_PART:
		err = remap(vma, pfn, size, prot);
		if (!err && size > PAGE_SIZE)
			ways.error = remap_pfn_range(vma,
						     vma->vm_start + PAGE_SIZE,
						     pfn, PAGE_SIZE, prot);
		return err;
	case WAY_REMAP_ODD_SIZE:
		return remap(vma, pfn, size - 1, prot);
	case WAY_REMAP_EMPTY:
		return remap(vma, pfn, 0, prot);
	case WAY_REMAP_ZAP:
		err = remap(vma, pfn, size, prot);
		return err ? err : ways_zap_first_page(vma);
	case WAY_REMAP_WC:
		return remap(vma, pfn, size, pgprot_writecombine(prot));
	case WAY_REMAP_COUNTED:
		vma->vm_ops = &ways_counted_ops;
		return remap(vma, pfn, size, prot);
	default:
		return remap(vma, pfn, size, prot);
	}
}

static int remap_mmio(struct vm_area_struct *vma, enum way way)
{
	unsigned long pfn = WAYS_MMIO_PFN + ways_page(vma) * 16;
	unsigned long size = vma->vm_end - vma->vm_start;
	pgprot_t prot = vma->vm_page_prot;
	int err;

	if (way == WAY_MMIO_MAPPED)
		pfn = WAYS_MMIO_PFN + WAYS_MMIO_KERNEL + ways_page(vma);
	if (way == WAY_ISA || way == WAY_ISA_WC)
		pfn = 0xa0 + ways_page(vma);
	if (size > 32 * PAGE_SIZE)
		return -EINVAL;

	switch (way) {
	case WAY_MMIO_UC:
	case WAY_MMIO_MAPPED:
		return remap(vma, pfn, size, pgprot_noncached(prot));
	case WAY_MMIO_WC:
	case WAY_ISA_WC:
		return remap(vma, pfn, size, pgprot_writecombine(prot));
	case WAY_MMIO_WC_OF_UC:
		return remap(vma, pfn, size,
			     pgprot_writecombine(pgprot_noncached(prot)));
	case WAY_MMIO_PART:
		return remap(vma, pfn, PAGE_SIZE, pgprot_writecombine(prot));
	case WAY_MMIO_ZAP:
		err = remap(vma, pfn, size, pgprot_writecombine(prot));
		return err ? err : ways_zap_first_page(vma);
	default:
		return remap(vma, pfn, size, prot);
	}
}

/* vm_pgoff is the page in the area, not the way, while it is mapped. */
static int iomap(struct vm_area_struct *vma, enum way way)
{
	phys_addr_t start = (phys_addr_t)(WAYS_MMIO_PFN + WAYS_MMIO_AREA)
			    << PAGE_SHIFT;
	unsigned long length = WAYS_PAGES * PAGE_SIZE;

	vma->vm_pgoff = ways_page(vma);
	if (way == WAY_IOMAP_ODD)
		start += 0x100;
	if (way == WAY_IOMAP_WRAPS)
		start = -PAGE_SIZE;
	return vm_iomap_memory(vma, start, length);
}

int ways_remap(struct vm_area_struct *vma, enum way way)
{
	switch (way) {
	case WAY_MMIO:
	case WAY_MMIO_UC:
	case WAY_MMIO_WC:
	case WAY_MMIO_WC_OF_UC:
	case WAY_MMIO_PART:
	case WAY_MMIO_ZAP:
	case WAY_MMIO_MAPPED:
	case WAY_ISA:
	case WAY_ISA_WC:
		return remap_mmio(vma, way);
	case WAY_IOMAP:
	case WAY_IOMAP_ODD:
	case WAY_IOMAP_WRAPS:
		return iomap(vma, way);
	case WAY_REMAP_FAR:
		/* Uncached: MTRRs have no say in it. */
		return remap(vma, (1UL << 36) + ways_page(vma),
			     vma->vm_end - vma->vm_start,
			     pgprot_noncached(vma->vm_page_prot));
	default:
		return way <= WAY_REMAP_COUNTED ? remap_ram(vma, way) : -EINVAL;
	}
}
