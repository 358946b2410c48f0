// SPDX-License-Identifier: GPL-2.0
/*
 * The arithmetic of the shared ring, all of it. Positions are counted modulo
 * 2^32 on purpose, and the number of records is a power of two, so that a record
 * keeps its place where they wrap.
 */
#include <linux/errno.h>
#include <linux/types.h>

#include "shared_ring_plan.h"

#define WORD_BITS (8 * sizeof(unsigned long))
#define RECORD_SHIFT 8 /* log2 of SHARED_RING_RECORD_SIZE */

int shared_ring_pages(const struct shared_ring_geometry *geometry,
		      unsigned long *pages)
{
	__u32 records = geometry->records;
	unsigned long bytes;

	if (geometry->page_shift < RECORD_SHIFT ||
	    geometry->page_shift >= WORD_BITS)
		return -EINVAL;
	if (!records || records > SHARED_RING_MOST_RECORDS ||
	    records & (records - 1))
		return -EINVAL;
	bytes = (unsigned long)records << RECORD_SHIFT;
	if (bytes & ((1UL << geometry->page_shift) - 1))
		return -EINVAL;

	*pages = 1 + (bytes >> geometry->page_shift);
	return 0;
}

unsigned int shared_ring_place(const struct shared_ring_geometry *geometry,
			       __u32 sequence, unsigned long *page)
{
	unsigned long byte = (unsigned long)(sequence & (geometry->records - 1))
			     << RECORD_SHIFT;

	*page = 1 + (byte >> geometry->page_shift);
	return byte & ((1UL << geometry->page_shift) - 1);
}

int shared_ring_used(const struct shared_ring_geometry *geometry, __u32 head,
		     __u32 tail, __u32 *used)
{
	if (head - tail > geometry->records)
		return -EIO;
	*used = head - tail;
	return 0;
}

int shared_ring_plan(const struct shared_ring_geometry *geometry,
		     const struct mapping_request *request,
		     struct shared_ring_mapping *mapping)
{
	unsigned int shift = geometry->page_shift;
	unsigned long pages;
	int err;

	err = shared_ring_pages(geometry, &pages);
	if (err)
		return err;
	err = mapping_request_check(request, shift);
	if (err)
		return err;
	if (!mapping_request_inside(request, shift, 0, pages))
		return -EINVAL;
	if (geometry->whole && mapping_request_pages(request, shift) != pages)
		return -EINVAL;

	mapping->clear_may_write = mapping_clears_may_write(request);
	mapping->clear_may_exec = request->may_exec;
	return 0;
}

bool shared_ring_fault_plan(unsigned long pages, unsigned long pgoff)
{
	return pgoff < pages;
}

int shared_ring_split_plan(const struct shared_ring_geometry *geometry)
{
	return geometry->whole ? -EINVAL : 0;
}
