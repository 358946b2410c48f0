/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What an mmap(2) of the one-page device may be, decided without doing it: a
 * pure function, all of the arithmetic of the mmap path.
 *
 * Valid C and, inside extern "C" {}, valid C++ with the kernel's user-space
 * <linux/types.h>.
 */
#ifndef DRYDOCK_CHARDEV_PLAN_H
#define DRYDOCK_CHARDEV_PLAN_H

#include "mapping_request.h"

/**
 * struct chardev_geometry - the page
 * @phys: its physical address
 * @page_shift: log2 of the page size in bytes
 */
struct chardev_geometry {
	__u64 phys;
	unsigned int page_shift;
};

/**
 * struct chardev_mapping - what the act has to do
 * @pfn: the page's frame
 * @length: bytes to map: one page
 * @clear_may_write: take VM_MAYWRITE away before mapping
 * @clear_may_exec: take VM_MAYEXEC away before mapping
 *
 * VM_DONTEXPAND and VM_DONTDUMP are set on every mapping.
 */
struct chardev_mapping {
	unsigned long pfn;
	unsigned long length;
	bool clear_may_write;
	bool clear_may_exec;
};

/**
 * chardev_plan() - decide about one mapping of the page
 * @geometry: the page
 * @request: what is asked for
 * @mapping: where the answer goes
 *
 * The checks are made in the order of the list below; the first that fails
 * gives the errno.
 *
 * Context: any. Takes no lock, does not sleep.
 * Return, and for every error nothing has changed, *@mapping included:
 * * 0		- *@mapping is set.
 * * -EINVAL	- @page_shift is no page size, or @phys is not the address of a
 *		  page that has a frame number.
 * * -EINVAL, -EPERM - see mapping_request_check().
 * * -EINVAL	- not exactly the page: an offset that is not 0, or a length of
 *		  more than a page.
 */
int chardev_plan(const struct chardev_geometry *geometry,
		 const struct mapping_request *request,
		 struct chardev_mapping *mapping);

#endif /* DRYDOCK_CHARDEV_PLAN_H */
