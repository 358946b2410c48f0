// SPDX-License-Identifier: GPL-2.0
/* The arithmetic of the one-page device's mmap, all of it. */
#include <linux/errno.h>
#include <linux/types.h>

#include "chardev_plan.h"

#define WORD_BITS (8 * sizeof(unsigned long))

int chardev_plan(const struct chardev_geometry *geometry,
		 const struct mapping_request *request,
		 struct chardev_mapping *mapping)
{
	unsigned int shift = geometry->page_shift;
	int err;

	if (shift >= WORD_BITS)
		return -EINVAL;
	if (geometry->phys & ((1UL << shift) - 1))
		return -EINVAL;
	/* Where addresses are wider than a word, a frame might not fit. */
	if (geometry->phys >> shift > ~0UL)
		return -EINVAL;

	err = mapping_request_check(request, shift);
	if (err)
		return err;
	if (!mapping_request_inside(request, shift, 0, 1))
		return -EINVAL;

	mapping->pfn = geometry->phys >> shift;
	mapping->length = request->end - request->start;
	mapping->clear_may_write = mapping_clears_may_write(request);
	mapping->clear_may_exec = request->may_exec;
	return 0;
}
