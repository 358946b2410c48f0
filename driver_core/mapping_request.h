/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What an mmap(2) asks a driver for, and the checks that every driver makes of
 * it. Pure functions: they look at no vm_area_struct and touch nothing. A plan
 * (*_plan.c) is made of them and of what the driver's own geometry demands.
 *
 * Nothing is added or shifted to the left before it is known to fit: every
 * comparison subtracts a smaller number from a larger one, so there is no wrap
 * to reason about.
 *
 * Valid C and, inside extern "C" {}, valid C++ with the kernel's user-space
 * <linux/types.h>.
 */
#ifndef DRYDOCK_MAPPING_REQUEST_H
#define DRYDOCK_MAPPING_REQUEST_H

#include <linux/errno.h>
#include <linux/types.h>

/**
 * struct mapping_request - what mmap(2) asks for, as its VMA says
 * @start: first address of the mapping (vm_start)
 * @end: first address after it (vm_end)
 * @pgoff: offset into the device, in pages (vm_pgoff)
 * @shared: VM_SHARED. A MAP_SHARED mapping of a descriptor opened O_RDONLY has
 *	it clear, and @may_write too.
 * @write: VM_WRITE, writable from the start
 * @may_write: VM_MAYWRITE, mprotect(2) may make it writable
 * @exec: VM_EXEC, executable from the start
 * @may_exec: VM_MAYEXEC, mprotect(2) may make it executable
 */
struct mapping_request {
	unsigned long start;
	unsigned long end;
	unsigned long pgoff;
	bool shared;
	bool write;
	bool may_write;
	bool exec;
	bool may_exec;
};

/**
 * mapping_request_check() - refuse what no device memory should be mapped as
 * @request: what is asked for
 * @page_shift: log2 of the page size in bytes, less than the bits of a word
 *
 * The first check that fails gives the errno.
 *
 * Context: any. Takes no lock, does not sleep.
 * Return:
 * * 0		- the rest of the plan decides.
 * * -EINVAL	- the range is empty, runs backwards, or is not of whole pages.
 *		  The kernel never asks for such a thing; remap_pfn_range() has
 *		  the same errno for it.
 * * -EPERM	- the mapping is to be executable. It is what mmap(2) says where
 *		  the file system forbids it.
 * * -EINVAL	- private and writable: its stores would never reach the device.
 *		  remap_pfn_range() and DRM refuse what they cannot copy on write
 *		  with this errno.
 */
static inline int mapping_request_check(const struct mapping_request *request,
					unsigned int page_shift)
{
	unsigned long page_mask = (1UL << page_shift) - 1;

	if (request->end <= request->start)
		return -EINVAL;
	if ((request->start | request->end) & page_mask)
		return -EINVAL;
	if (request->exec)
		return -EPERM;
	if (request->write && !request->shared)
		return -EINVAL;
	return 0;
}

/**
 * mapping_request_pages() - length of what is asked for
 * @request: a request that mapping_request_check() accepted
 * @page_shift: log2 of the page size in bytes
 *
 * Return: pages, not 0.
 */
static inline unsigned long
mapping_request_pages(const struct mapping_request *request,
		      unsigned int page_shift)
{
	return (request->end - request->start) >> page_shift;
}

/**
 * mapping_request_inside() - does the request lie inside a region?
 * @request: a request that mapping_request_check() accepted
 * @page_shift: log2 of the page size in bytes
 * @first: the region's offset, in pages
 * @pages: its length, in pages; @first + @pages must not wrap
 *
 * Return: true if each page that is asked for is one of the region.
 */
static inline bool mapping_request_inside(const struct mapping_request *request,
					  unsigned int page_shift,
					  unsigned long first,
					  unsigned long pages)
{
	unsigned long skipped;

	if (request->pgoff < first)
		return false;
	skipped = request->pgoff - first;
	if (skipped >= pages)
		return false;
	return mapping_request_pages(request, page_shift) <= pages - skipped;
}

/**
 * mapping_clears_may_write() - is VM_MAYWRITE to be taken away?
 * @request: a request that mapping_request_check() accepted
 *
 * Of a private, read-only mapping it is, before anything is mapped: it then is
 * no copy-on-write mapping (remap_pfn_range() leaves vm_pgoff as it is), and
 * mprotect(2) cannot make it one.
 */
static inline bool
mapping_clears_may_write(const struct mapping_request *request)
{
	return request->may_write && !request->shared;
}

#endif /* DRYDOCK_MAPPING_REQUEST_H */
