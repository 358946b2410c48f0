// SPDX-License-Identifier: GPL-2.0
/*
 * A driver of kernel 7.3 whose mmap offset says what its mmap_prepare does:
 * /dev/drydock_prepare. Each rule of a prepared mapping that a program can
 * provoke has a page offset here, mistakes included. Only to compare worlds with:
 * most of it is what a driver must not do.
 *
 * Pages 0 to 3 are four pages of memory. The first bytes of page 0 count calls of
 * mmap_prepare, mapped, open and close, so what a program loads shows them.
 */
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>

#define PREPARE_ORDER 2
#define PREPARE_PAGES (1UL << PREPARE_ORDER)

enum {
	COOKIE_REMAP_FIRST_PAGE = 4,
	COOKIE_REMAP_TOO_MUCH = 5,
	COOKIE_PAGES = 6,
	COOKIE_FIRST_PAGE = 7,
	COOKIE_TOO_MANY_PAGES = 8,
	COOKIE_UNALIGNED_START = 9,
	COOKIE_MAPPED_FAILS = 10,
	COOKIE_MAPPED_FAILS_OVERRIDDEN = 11,
	COOKIE_PREPARE_FAILS_OVERRIDDEN = 12,
	COOKIE_OVERRIDE_IS_NO_ERRNO = 13,
	COOKIE_WITHOUT_OPS = 14,
	COOKIE_READ_ONLY_LATER = 15,
	COOKIE_OTHER_OFFSET = 16,
	COOKIE_FAULT = 32, /* and all after it */
};

static struct page *prepare_memory[PREPARE_PAGES];

enum { COUNT_PREPARE, COUNT_MAPPED, COUNT_OPEN, COUNT_CLOSE };

static void prepare_count(int what)
{
	unsigned char *counts = page_address(prepare_memory[0]);

	WRITE_ONCE(counts[what], counts[what] + 1);
}

static int prepare_vm_mapped(unsigned long start, unsigned long end,
			     pgoff_t pgoff, const struct file *file,
			     void **vm_private_data)
{
	prepare_count(COUNT_MAPPED);
	return *vm_private_data ? -ENOSPC : 0;
}

static void prepare_vm_open(struct vm_area_struct *vma)
{
	prepare_count(COUNT_OPEN);
}

static void prepare_vm_close(struct vm_area_struct *vma)
{
	prepare_count(COUNT_CLOSE);
}

static const struct vm_operations_struct prepare_vm_ops = {
	.mapped = prepare_vm_mapped,
	.open = prepare_vm_open,
	.close = prepare_vm_close,
};

static vm_fault_t prepare_fault(struct vm_fault *vmf)
{
	struct page *page = prepare_memory[vmf->pgoff % PREPARE_PAGES];

	get_page(page);
	vmf->page = page;
	return 0;
}

/* Without close, a mapping merges with the one beside it. */
static const struct vm_operations_struct prepare_fault_ops = {
	.mapped = prepare_vm_mapped,
	.fault = prepare_fault,
};

static int prepare_mmap_prepare(struct vm_area_desc *desc)
{
	const unsigned long pfn = page_to_pfn(prepare_memory[0]);
	const unsigned long pages = vma_desc_pages(desc);

	prepare_count(COUNT_PREPARE);
	if (desc->pgoff >= COOKIE_FAULT) {
		desc->vm_ops = &prepare_fault_ops;
		return 0;
	}
	desc->vm_ops = &prepare_vm_ops;
	if (desc->pgoff < PREPARE_PAGES) {
		if (pages > PREPARE_PAGES - desc->pgoff)
			return -ENXIO;
		mmap_action_remap_full(desc, pfn + desc->pgoff);
		return 0;
	}
	if (pages > PREPARE_PAGES)
		return -E2BIG;

	switch (desc->pgoff) {
	case COOKIE_REMAP_FIRST_PAGE:
		mmap_action_remap(desc, desc->start, pfn, PAGE_SIZE);
		return 0;
	case COOKIE_REMAP_TOO_MUCH:
		mmap_action_remap(desc, desc->start, pfn,
				  (pages + 1) * PAGE_SIZE);
		return 0;
	case COOKIE_PAGES:
		mmap_action_map_kernel_pages_full(desc, prepare_memory);
		return 0;
	case COOKIE_FIRST_PAGE:
		mmap_action_map_kernel_pages(desc, desc->start, prepare_memory,
					     1);
		return 0;
	case COOKIE_TOO_MANY_PAGES:
		mmap_action_map_kernel_pages(desc, desc->start, prepare_memory,
					     pages + 1);
		return 0;
	case COOKIE_UNALIGNED_START:
		mmap_action_remap(desc, desc->start + 8, pfn, 8);
		return 0;
	case COOKIE_MAPPED_FAILS_OVERRIDDEN:
		desc->action.error_override = -EAGAIN;
		fallthrough;
	case COOKIE_MAPPED_FAILS:
		mmap_action_remap_full(desc, pfn);
		desc->private_data = prepare_memory;
		return 0;
	case COOKIE_PREPARE_FAILS_OVERRIDDEN:
		mmap_action_map_kernel_pages(desc, desc->start, prepare_memory,
					     pages + 1);
		desc->action.error_override = -EAGAIN;
		return 0;
	case COOKIE_OVERRIDE_IS_NO_ERRNO:
		desc->action.error_override = 5;
		return 0;
	case COOKIE_WITHOUT_OPS:
		desc->vm_ops = NULL;
		mmap_action_remap_full(desc, pfn);
		return 0;
	case COOKIE_READ_ONLY_LATER:
		vma_desc_clear_flags(desc, VMA_MAYWRITE_BIT);
		mmap_action_remap_full(desc, pfn);
		return 0;
	case COOKIE_OTHER_OFFSET:
		desc->pgoff = 1;
		vma_desc_set_flags(desc, VMA_DONTCOPY_BIT);
		mmap_action_remap_full(desc, pfn);
		return 0;
	default:
		return -EPERM;
	}
}

static const struct file_operations prepare_fops = {
	.owner = THIS_MODULE,
	.mmap_prepare = prepare_mmap_prepare,
};

static struct miscdevice prepare_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "drydock_prepare",
	.fops = &prepare_fops,
	.mode = 0600,
};

static int __init prepare_init(void)
{
	struct page *first;
	unsigned long i;
	int err;

	first = alloc_pages(GFP_KERNEL | __GFP_ZERO, PREPARE_ORDER);
	if (!first)
		return -ENOMEM;
	split_page(first, PREPARE_ORDER);
	for (i = 0; i < PREPARE_PAGES; i++)
		prepare_memory[i] = first + i;

	err = misc_register(&prepare_misc);
	if (err)
		for (i = 0; i < PREPARE_PAGES; i++)
			__free_page(prepare_memory[i]);
	return err;
}
module_init(prepare_init);

static void __exit prepare_exit(void)
{
	unsigned long i;

	misc_deregister(&prepare_misc);
	for (i = 0; i < PREPARE_PAGES; i++)
		__free_page(prepare_memory[i]);
}
module_exit(prepare_exit);

MODULE_DESCRIPTION("Drydock: each rule of a prepared mapping at an offset");
MODULE_AUTHOR("The Drydock authors");
MODULE_LICENSE("GPL");
