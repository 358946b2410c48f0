// SPDX-License-Identifier: GPL-2.0
/*
 * The arithmetic of the educational device's driver, all of it. Nothing is added
 * before it is known to fit.
 */
#include <linux/errno.h>
#include <linux/types.h>

#include "edu_plan.h"
#include "edu_regs.h"
#include "edu_uapi.h"

#define WORD_BITS (8 * sizeof(unsigned long))

static unsigned long first_page(const struct edu_geometry *geometry,
				enum edu_region region)
{
	unsigned long offset = region == EDU_REGISTERS ? DRYDOCK_EDU_REGISTERS
						       : DRYDOCK_EDU_MEMORY;

	return offset >> geometry->page_shift;
}

static unsigned long page_count(const struct edu_geometry *geometry,
				enum edu_region region)
{
	unsigned long size = region == EDU_REGISTERS ? geometry->registers_size
						     : geometry->memory_size;

	return size >> geometry->page_shift;
}

int edu_geometry_check(const struct edu_geometry *geometry)
{
	unsigned long page_mask;
	__u64 last;

	if (geometry->page_shift >= WORD_BITS)
		return -EINVAL;
	page_mask = (1UL << geometry->page_shift) - 1;

	if ((DRYDOCK_EDU_REGISTERS | DRYDOCK_EDU_MEMORY) & page_mask)
		return -EINVAL;
	if (geometry->registers_size < EDU_WINDOW ||
	    geometry->registers_size >
		    DRYDOCK_EDU_MEMORY - DRYDOCK_EDU_REGISTERS)
		return -EINVAL;
	/* So that the offset of its end does not wrap. */
	if (!geometry->memory_size ||
	    geometry->memory_size > ~0UL - page_mask - DRYDOCK_EDU_MEMORY)
		return -EINVAL;
	if ((geometry->registers_phys | geometry->registers_size |
	     geometry->memory_size) &
	    page_mask)
		return -EINVAL;

	if (geometry->registers_size - 1 > ~0ULL - geometry->registers_phys)
		return -EINVAL;
	/* Where addresses are wider than a word, frames might not fit. */
	last = geometry->registers_phys + (geometry->registers_size - 1);
	return last >> geometry->page_shift > ~0UL ? -EINVAL : 0;
}

int edu_plan(const struct edu_geometry *geometry,
	     const struct mapping_request *request, bool raw_io,
	     struct edu_mapping *mapping)
{
	unsigned int shift = geometry->page_shift;
	enum edu_region region;
	int err;

	err = mapping_request_check(request, shift);
	if (err)
		return err;

	if (mapping_request_inside(request, shift,
				   first_page(geometry, EDU_REGISTERS),
				   page_count(geometry, EDU_REGISTERS)))
		region = EDU_REGISTERS;
	else if (mapping_request_inside(request, shift,
					first_page(geometry, EDU_MEMORY),
					page_count(geometry, EDU_MEMORY)))
		region = EDU_MEMORY;
	else
		return -EINVAL;

	if (region == EDU_REGISTERS && request->write && !raw_io)
		return -EPERM;

	mapping->region = region;
	mapping->clear_may_write = mapping_clears_may_write(request);
	if (region == EDU_REGISTERS && !raw_io)
		mapping->clear_may_write = request->may_write;
	mapping->clear_may_exec = request->may_exec;
	return 0;
}

bool edu_fault_plan(const struct edu_geometry *geometry, enum edu_region region,
		    unsigned long pgoff, unsigned long *page)
{
	unsigned long first = first_page(geometry, region);

	if (pgoff < first || pgoff - first >= page_count(geometry, region))
		return false;
	*page = pgoff - first;
	return true;
}

static bool inside(unsigned long size, __u32 offset, __u32 length)
{
	return offset <= size && length <= size - offset;
}

int edu_transfer_plan(__u64 bus, unsigned long memory_size, __u32 buffer_offset,
		      __u32 memory_offset, __u32 length, __u32 to_memory,
		      struct edu_transfer *transfer)
{
	__u32 memory, buffer;

	if (!length || to_memory > 1)
		return -EINVAL;
	if (!inside(EDU_BUFFER_USABLE, buffer_offset, length) ||
	    !inside(memory_size, memory_offset, length))
		return -EINVAL;
	/* The DMA API has seen to it, if it was told of the mask. */
	if (bus >> EDU_DMA_BITS ||
	    memory_size - 1 > (1UL << EDU_DMA_BITS) - 1 - bus)
		return -EINVAL;

	memory = bus + memory_offset;
	buffer = EDU_BUFFER + buffer_offset;
	transfer->source = to_memory ? buffer : memory;
	transfer->destination = to_memory ? memory : buffer;
	transfer->count = length;
	transfer->command = EDU_DMA_START | EDU_DMA_IRQ;
	if (to_memory)
		transfer->command |= EDU_DMA_TO_MEMORY;
	return 0;
}
