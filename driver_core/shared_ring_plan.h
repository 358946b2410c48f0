/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How big a ring may be, where its records are, how much of it is in use, and
 * what an mmap(2), a fault or a split of a mapping may be: pure functions, all of
 * the arithmetic.
 *
 * Valid C and, inside extern "C" {}, valid C++ with the kernel's user-space
 * <linux/types.h>.
 */
#ifndef DRYDOCK_SHARED_RING_PLAN_H
#define DRYDOCK_SHARED_RING_PLAN_H

#include "mapping_request.h"

/* Bytes of a record, a power of two that divides a page. */
#define SHARED_RING_RECORD_SIZE 256

/* No ring has more: whoever may open the node decides, and it is not swapped. */
#define SHARED_RING_MOST_RECORDS (1U << 12)

/**
 * struct shared_ring_geometry - the ring, constant while it is mapped
 * @records: how many records it has
 * @page_shift: log2 of the page size in bytes
 * @whole: only all of it may be mapped, and no mapping may be split
 */
struct shared_ring_geometry {
	__u32 records;
	unsigned int page_shift;
	bool whole;
};

/**
 * struct shared_ring_mapping - what the act has to do
 * @clear_may_write: take VM_MAYWRITE away
 * @clear_may_exec: take VM_MAYEXEC away
 *
 * No page is mapped before it is touched. VM_DONTEXPAND and VM_DONTDUMP are set
 * on every mapping.
 */
struct shared_ring_mapping {
	bool clear_may_write;
	bool clear_may_exec;
};

/**
 * shared_ring_pages() - pages of a ring: one for the header, then the records
 * @geometry: the ring
 * @pages: where the result goes
 *
 * Return:
 * * 0		- *@pages is set.
 * * -EINVAL	- @records is no power of two, too great, or fills no whole pages;
 *		  @page_shift is no size of pages that hold a record. Nothing has
 *		  changed.
 */
int shared_ring_pages(const struct shared_ring_geometry *geometry,
		      unsigned long *pages);

/**
 * shared_ring_place() - where a record is
 * @geometry: a ring that shared_ring_pages() accepts
 * @sequence: the record's number, counted without end
 * @page: where the index of its page goes
 *
 * Return: the byte in that page at which the record begins.
 */
unsigned int shared_ring_place(const struct shared_ring_geometry *geometry,
			       __u32 sequence, unsigned long *page);

/**
 * shared_ring_used() - how many records nobody has consumed
 * @geometry: the ring
 * @head: records put so far
 * @tail: records consumed so far, as the consumer says
 * @used: where the result goes
 *
 * Return:
 * * 0		- *@used is set, and not more than there are records.
 * * -EIO	- the consumer is before what was overwritten, or ahead of what was
 *		  put. Nothing has changed.
 */
int shared_ring_used(const struct shared_ring_geometry *geometry, __u32 head,
		     __u32 tail, __u32 *used);

/**
 * shared_ring_plan() - decide about one mapping of the ring
 * @geometry: the ring
 * @request: what is asked for
 * @mapping: where the answer goes
 *
 * The checks are made in the order of the list below; the first that fails
 * gives the errno.
 *
 * Return, and for every error nothing has changed, *@mapping included:
 * * 0		- *@mapping is set.
 * * -EINVAL	- the geometry is not valid: see shared_ring_pages().
 * * -EINVAL, -EPERM, -EINVAL - see mapping_request_check().
 * * -EINVAL	- not inside the ring, or not all of it where it has to be.
 */
int shared_ring_plan(const struct shared_ring_geometry *geometry,
		     const struct mapping_request *request,
		     struct shared_ring_mapping *mapping);

/**
 * shared_ring_fault_plan() - is there a page to show?
 * @pages: pages of the ring
 * @pgoff: the page that was touched (vmf->pgoff)
 *
 * mmap(2) lets nobody behind the end, mappings do not grow, and the ring keeps
 * its size while it is mapped. That all three hold is checked once more here: a
 * wrong page in a page table is not taken back.
 *
 * Return: true if it is one of the ring's.
 */
bool shared_ring_fault_plan(unsigned long pages, unsigned long pgoff);

/**
 * shared_ring_split_plan() - may a mapping be split?
 * @geometry: the ring
 *
 * Return: 0, or -EINVAL.
 */
int shared_ring_split_plan(const struct shared_ring_geometry *geometry);

#endif /* DRYDOCK_SHARED_RING_PLAN_H */
