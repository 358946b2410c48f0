// SPDX-License-Identifier: GPL-2.0
/*
 * Pages that are put into a mapping one by one, or many at once.
 */
#include <linux/errno.h>
#include <linux/vmalloc.h>

#include "ways.h"

static int insert_range(struct vm_area_struct *vma, unsigned long pages)
{
	unsigned long i;
	int err = 0;

	for (i = 0; i < pages && !err; i++)
		err = vm_insert_page(vma, vma->vm_start + i * PAGE_SIZE,
				     ways.pages[ways_page(vma) + i]);
	return err;
}

static int insert_many(struct vm_area_struct *vma, enum way way)
{
	unsigned long count = (vma->vm_end - vma->vm_start) >> PAGE_SHIFT;
	struct page *pages[WAYS_PAGES];
	unsigned long i;
	int err;

	for (i = 0; i < WAYS_PAGES; i++)
		pages[i] = ways.pages[i];
	if (way == WAY_INSERT_PAGES_UNCOUNTED)
		pages[2] = ways.uncounted;
	if (way == WAY_INSERT_PAGES_BEYOND)
		count++;
	err = vm_insert_pages(vma, vma->vm_start, pages, &count);
	ways.left = count;
	if (way != WAY_INSERT_PAGES_UNCOUNTED)
		return err;
	ways.error = err;
	return 0;
}

static int map_many(struct vm_area_struct *vma, enum way way)
{
	unsigned long before = vma->vm_pgoff;
	int err;

	vma->vm_pgoff = ways_page(vma);
	if (way == WAY_MAP_PAGES)
		err = vm_map_pages(vma, ways.pages, WAYS_PAGES);
	else
		err = vm_map_pages_zero(vma, ways.pages, WAYS_PAGES);
	vma->vm_pgoff = before;
	return err;
}

int ways_insert(struct vm_area_struct *vma, enum way way)
{
	unsigned long pages = (vma->vm_end - vma->vm_start) >> PAGE_SHIFT;
	int err;

	switch (way) {
	case WAY_MAP_PAGES:
	case WAY_MAP_PAGES_ZERO:
		return map_many(vma, way);
	case WAY_VMALLOC:
		return remap_vmalloc_range(vma, ways.user, ways_page(vma));
	case WAY_VMALLOC_INSIDE:
		return remap_vmalloc_range(vma, ways.user + 4 * PAGE_SIZE,
					   ways_page(vma));
	case WAY_VMALLOC_PLAIN:
		return remap_vmalloc_range(vma, ways.plain, ways_page(vma));
	case WAY_VMALLOC_FAR:
		return remap_vmalloc_range(vma, ways.user, 1UL << 52);
	default:
		break;
	}
	if (!ways_fits(vma))
		return -EINVAL;

	switch (way) {
	case WAY_INSERT:
		return insert_range(vma, pages);
	case WAY_INSERT_OUTSIDE:
		return vm_insert_page(vma, vma->vm_end, ways.pages[0]);
	case WAY_INSERT_UNCOUNTED:
		ways.error = vm_insert_page(vma, vma->vm_start, ways.uncounted);
		return 0;
	case WAY_INSERT_SLAB:
		return vm_insert_page(vma, vma->vm_start,
				      virt_to_page(ways.slab));
	case WAY_INSERT_ZAP:
		err = insert_range(vma, pages);
		return err ? err : ways_zap_first_page(vma);
	case WAY_INSERT_TWICE:
		err = insert_range(vma, pages);
		return err ? err : insert_range(vma, pages);
	case WAY_INSERT_PAGES_PFNMAP:
		ways_change_flags(vma, VM_PFNMAP, 0);
		return insert_many(vma, way);
	case WAY_INSERT_PAGES:
	case WAY_INSERT_PAGES_BEYOND:
	case WAY_INSERT_PAGES_UNCOUNTED:
		return insert_many(vma, way);
	case WAY_INSERT_INTO_PFNMAP:
		ways_change_flags(vma, VM_PFNMAP, 0);
		return insert_range(vma, pages);
	case WAY_INSERT_COUNTED:
		vma->vm_ops = &ways_counted_ops;
		return insert_range(vma, pages);
	case WAY_INSERT_FIRST:
		return insert_range(vma, 1);
	default:
		return -EINVAL;
	}
}
