// SPDX-License-Identifier: GPL-2.0
/*
 * The arithmetic of the DMA buffer's mmap and of its transfers, all of it.
 * Nothing is added or shifted before it is known to fit: every comparison
 * subtracts a smaller number from a larger one, so there is no wrap to reason
 * about.
 */
#include <linux/errno.h>
#include <linux/types.h>

#include "dma_buffer_plan.h"

#define WORD_BITS (8 * sizeof(unsigned long))

int dma_buffer_mapped_size(const struct dma_buffer_geometry *geometry,
			   unsigned long *mapped_size)
{
	unsigned long page_mask, size;

	if (geometry->page_shift >= WORD_BITS)
		return -EINVAL;
	page_mask = (1UL << geometry->page_shift) - 1;

	if (!geometry->size || geometry->size > ~0UL - page_mask)
		return -EINVAL;
	size = (geometry->size + page_mask) & ~page_mask;

	switch (geometry->cache) {
	case DMA_BUFFER_WB:
	case DMA_BUFFER_WC:
		break;
	case DMA_BUFFER_UNCACHED:
		if (geometry->method == DMA_BUFFER_DMA_MMAP)
			return -EINVAL;
		break;
	default:
		return -EINVAL;
	}

	switch (geometry->method) {
	case DMA_BUFFER_REMAP:
		if (geometry->phys & page_mask)
			return -EINVAL;
		if (size - 1 > ~0ULL - geometry->phys)
			return -EINVAL;
		/* Where addresses are wider than a word, frames might not fit. */
		if ((geometry->phys + (size - 1)) >> geometry->page_shift >
		    ~0UL)
			return -EINVAL;
		break;
	case DMA_BUFFER_DMA_MMAP:
		break;
	default:
		return -EINVAL;
	}

	*mapped_size = size;
	return 0;
}

static int out_of_range(const struct dma_buffer_geometry *geometry)
{
	return geometry->method == DMA_BUFFER_DMA_MMAP ? -ENXIO : -EINVAL;
}

int dma_buffer_plan(const struct dma_buffer_geometry *geometry,
		    const struct mapping_request *request,
		    struct dma_buffer_mapping *mapping)
{
	unsigned int shift = geometry->page_shift;
	unsigned long mapped_size, length;
	int err;

	err = dma_buffer_mapped_size(geometry, &mapped_size);
	if (err)
		return err;
	err = mapping_request_check(request, shift);
	if (err)
		return err;

	length = request->end - request->start;
	if (geometry->max_map && length > geometry->max_map)
		return -EINVAL;
	if (!mapping_request_inside(request, shift, 0, mapped_size >> shift))
		return out_of_range(geometry);

	/* From here on everything is inside the buffer, and the buffer fits. */
	mapping->pfn = 0;
	if (geometry->method == DMA_BUFFER_REMAP)
		mapping->pfn = (geometry->phys >> shift) + request->pgoff;
	mapping->offset = request->pgoff << shift;
	mapping->length = length;
	mapping->cache = geometry->cache;
	mapping->clear_may_write = mapping_clears_may_write(request);
	mapping->clear_may_exec = request->may_exec;
	return 0;
}

static bool inside(__u64 size, __u64 offset, __u64 length)
{
	return offset <= size && length <= size - offset;
}

int dma_buffer_transfer_plan(__u64 size,
			     const struct dma_buffer_transfer *transfer)
{
	__u64 apart;

	if (!transfer->length || transfer->length > 0xffffffff)
		return -EINVAL;
	if (!inside(size, transfer->source, transfer->length) ||
	    !inside(size, transfer->destination, transfer->length))
		return -EINVAL;

	if (transfer->source < transfer->destination)
		apart = transfer->destination - transfer->source;
	else
		apart = transfer->source - transfer->destination;
	return apart < transfer->length ? -EINVAL : 0;
}
