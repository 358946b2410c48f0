// SPDX-License-Identifier: GPL-2.0
/*
 * Memory of the DMA API.
 */
#include <linux/errno.h>

#include "ways.h"

int ways_dma(struct vm_area_struct *vma, enum way way)
{
	unsigned long before = vma->vm_pgoff;
	unsigned long size = WAYS_PAGES * PAGE_SIZE;
	int err = -EINVAL;

	vma->vm_pgoff = ways_page(vma);
	switch (way) {
	case WAY_DMA_TOO_MUCH:
		err = dma_mmap_coherent(ways.dev, vma, ways.coherent,
					ways.handle, 2 * size);
		break;
	case WAY_DMA_ODD_SIZE:
		err = dma_mmap_coherent(ways.dev, vma, ways.coherent,
					ways.handle, size - PAGE_SIZE + 1);
		break;
	case WAY_DMA:
		err = dma_mmap_coherent(ways.dev, vma, ways.coherent,
					ways.handle, size);
		break;
	case WAY_DMA_PAGES:
		err = dma_mmap_pages(ways.dev, vma, size, ways.streaming);
		break;
	default:
		break;
	}
	/* The way again, unless the kernel has put a frame's number there. */
	if (vma->vm_pgoff == (before & 0xff))
		vma->vm_pgoff = before;
	return err;
}
