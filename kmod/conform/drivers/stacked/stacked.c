// SPDX-License-Identifier: GPL-2.0
/*
 * Four nodes of kernel 7.3 that differ in their hooks, for programs that show the
 * rules of docs/mmap-rules.md:
 *
 *	/dev/drydock_below	 mmap_prepare: the offset says what it does
 *	/dev/drydock_stacked	 mmap: asks the file of drydock_below that is open
 *	/dev/drydock_both_hooks	 mmap and mmap_prepare, which is a mistake
 *	/dev/drydock_no_hook	 neither of them
 *
 * Offset in pages: way * 256 + page. Page 0 of the memory counts calls, so what a
 * program loads shows them.
 */
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>

#define STACKED_ORDER 2
#define STACKED_PAGES (1UL << STACKED_ORDER)

/* Memory of no device that the machine has. */
#define STACKED_MMIO_PFN 0xf2000UL

enum way {
	WAY_REMAP = 0, /* the memory, from page `page` on */
	WAY_COMBINING, /* device memory; the protection before the action */
	WAY_COMBINING_LATE, /* after it: the entries keep the old one */
	WAY_COMBINING_LATE_IO,
	WAY_IOREMAP,	  /* four pages of device memory from page `page` on */
	WAY_IOREMAP_LATE, /* the protection after the action */
	WAY_IOREMAP_ODD,  /* 0x100 bytes further on */
	WAY_IOREMAP_WRAPS,
	WAY_COMBINING_PAGES, /* pages of the memory, write-combining */
	WAY_CHANGES,	     /* offset and flags */
	WAY_MAPPED_FAILS,    /* with an error to replace it */
	WAY_TOO_MUCH,	     /* a range that leaves the mapping, the same */
	WAY_FAILS,	     /* the hook, the same */
	WAY_UNMAPPED, /* mapped takes the entries of all mappings of the file away */
	WAY_UNMAPPED_HIDDEN, /* dead lock: the file's mappings are locked then */
};

enum {
	COUNT_PREPARE,
	COUNT_MAPPED,
	COUNT_OPEN,
	COUNT_CLOSE,
	COUNT_MMAP,
	COUNT_CLOSED_BEFORE, /* calls of close when mmap_prepare came last */
};

static struct page *memory[STACKED_PAGES];
static struct file *below; /* open; its release takes it back */

static unsigned char *counts(void)
{
	return page_address(memory[0]);
}

static void count(int what)
{
	WRITE_ONCE(counts()[what], counts()[what] + 1);
}

static int below_mapped(unsigned long start, unsigned long end, pgoff_t pgoff,
			const struct file *file, void **vm_private_data)
{
	count(COUNT_MAPPED);
	return *vm_private_data ? -ENOSPC : 0;
}

static void below_open_vma(struct vm_area_struct *vma)
{
	count(COUNT_OPEN);
}

static void below_close_vma(struct vm_area_struct *vma)
{
	count(COUNT_CLOSE);
}

static const struct vm_operations_struct below_vm_ops = {
	.mapped = below_mapped,
	.open = below_open_vma,
	.close = below_close_vma,
};

static int below_mapped_unmaps(unsigned long start, unsigned long end,
			       pgoff_t pgoff, const struct file *file,
			       void **vm_private_data)
{
	count(COUNT_MAPPED);
	unmap_mapping_pages(file->f_mapping, 0, 0, false);
	return 0;
}

static const struct vm_operations_struct below_unmapping_vm_ops = {
	.mapped = below_mapped_unmaps,
	.open = below_open_vma,
	.close = below_close_vma,
};

static void combine(struct vm_area_desc *desc)
{
	desc->page_prot = pgprot_writecombine(desc->page_prot);
}

static int below_mmap_prepare(struct vm_area_desc *desc)
{
	const phys_addr_t window = (phys_addr_t)STACKED_MMIO_PFN << PAGE_SHIFT;
	const unsigned long window_bytes = STACKED_PAGES * PAGE_SIZE;
	const unsigned long page = desc->pgoff % 256;
	const unsigned long pfn = page_to_pfn(memory[0]);

	count(COUNT_PREPARE);
	WRITE_ONCE(counts()[COUNT_CLOSED_BEFORE], counts()[COUNT_CLOSE]);
	if (page >= STACKED_PAGES)
		return -EINVAL;
	desc->vm_ops = &below_vm_ops;

	switch (desc->pgoff / 256) {
	case WAY_REMAP:
		if (vma_desc_pages(desc) > STACKED_PAGES - page)
			return -ENXIO;
		mmap_action_remap_full(desc, pfn + page);
		return 0;
	case WAY_COMBINING:
		combine(desc);
		mmap_action_remap_full(desc, STACKED_MMIO_PFN + page);
		return 0;
	case WAY_COMBINING_LATE:
		mmap_action_remap_full(desc, STACKED_MMIO_PFN + page);
		combine(desc);
		return 0;
	case WAY_COMBINING_LATE_IO:
		mmap_action_ioremap_full(desc, STACKED_MMIO_PFN + page);
		combine(desc);
		return 0;
	case WAY_IOREMAP:
		desc->pgoff = page;
		mmap_action_simple_ioremap(desc, window, window_bytes);
		return 0;
	case WAY_IOREMAP_LATE:
		desc->pgoff = page;
		mmap_action_simple_ioremap(desc, window, window_bytes);
		combine(desc);
		return 0;
	case WAY_IOREMAP_ODD:
		desc->pgoff = page;
		mmap_action_simple_ioremap(desc, window + 0x100, window_bytes);
		return 0;
	case WAY_IOREMAP_WRAPS:
		desc->pgoff = page;
		mmap_action_simple_ioremap(desc, -(phys_addr_t)PAGE_SIZE,
					   window_bytes);
		return 0;
	case WAY_COMBINING_PAGES:
		mmap_action_map_kernel_pages(desc, desc->start, memory + page,
					     1);
		combine(desc);
		return 0;
	case WAY_CHANGES:
		desc->pgoff = 1;
		vma_desc_set_flags(desc, VMA_DONTCOPY_BIT);
		vma_desc_clear_flags(desc, VMA_MAYWRITE_BIT);
		mmap_action_remap(desc, desc->start, pfn + page, PAGE_SIZE);
		return 0;
	case WAY_MAPPED_FAILS:
		desc->action.error_override = -EAGAIN;
		desc->private_data = memory;
		mmap_action_remap(desc, desc->start, pfn + page, PAGE_SIZE);
		return 0;
	case WAY_TOO_MUCH:
		desc->action.error_override = -EAGAIN;
		mmap_action_map_kernel_pages(desc, desc->start, memory,
					     vma_desc_pages(desc) + 1);
		return 0;
	case WAY_FAILS:
		desc->action.error_override = -EAGAIN;
		return -EREMOTEIO;
	case WAY_UNMAPPED_HIDDEN:
		desc->action.hide_from_rmap_until_complete = true;
		fallthrough;
	case WAY_UNMAPPED:
		desc->vm_ops = &below_unmapping_vm_ops;
		mmap_action_remap(desc, desc->start, pfn + page, PAGE_SIZE);
		return 0;
	default:
		return -EPERM;
	}
}

static int below_open(struct inode *inode, struct file *file)
{
	below = file;
	return 0;
}

static int below_release(struct inode *inode, struct file *file)
{
	if (below == file)
		below = NULL;
	return 0;
}

static int stacked_mmap(struct file *file, struct vm_area_struct *vma)
{
	count(COUNT_MMAP);
	return below ? vfs_mmap(below, vma) : -ENXIO;
}

static const struct file_operations below_fops = {
	.owner = THIS_MODULE,
	.open = below_open,
	.release = below_release,
	.mmap_prepare = below_mmap_prepare,
};

static const struct file_operations stacked_fops = {
	.owner = THIS_MODULE,
	.mmap = stacked_mmap,
};

static const struct file_operations both_hooks_fops = {
	.owner = THIS_MODULE,
	.mmap = stacked_mmap,
	.mmap_prepare = below_mmap_prepare,
};

static const struct file_operations no_hook_fops = {
	.owner = THIS_MODULE,
};

/* A node is one that can be mapped; what is opened of this one is not. */
static int without_hook_open(struct inode *inode, struct file *file)
{
	file->f_op = &no_hook_fops;
	return 0;
}

static const struct file_operations without_hook_fops = {
	.owner = THIS_MODULE,
	.open = without_hook_open,
	.mmap = stacked_mmap,
};

#define STACKED_NODE(name_of_node, fops_of_node) \
	{                                        \
		.minor = MISC_DYNAMIC_MINOR,     \
		.name = name_of_node,            \
		.fops = fops_of_node,            \
		.mode = 0600,                    \
	}

static struct miscdevice nodes[] = {
	STACKED_NODE("drydock_below", &below_fops),
	STACKED_NODE("drydock_stacked", &stacked_fops),
	STACKED_NODE("drydock_both_hooks", &both_hooks_fops),
	STACKED_NODE("drydock_no_hook", &without_hook_fops),
};

static void put_memory(void)
{
	unsigned long i;

	for (i = 0; i < STACKED_PAGES; i++)
		__free_page(memory[i]);
}

static int __init stacked_init(void)
{
	struct page *first;
	unsigned long i;
	int err;

	first = alloc_pages(GFP_KERNEL | __GFP_ZERO, STACKED_ORDER);
	if (!first)
		return -ENOMEM;
	split_page(first, STACKED_ORDER);
	for (i = 0; i < STACKED_PAGES; i++)
		memory[i] = first + i;

	for (i = 0; i < ARRAY_SIZE(nodes); i++) {
		err = misc_register(&nodes[i]);
		if (!err)
			continue;
		while (i--)
			misc_deregister(&nodes[i]);
		put_memory();
		return err;
	}
	return 0;
}
module_init(stacked_init);

static void __exit stacked_exit(void)
{
	unsigned long i;

	for (i = 0; i < ARRAY_SIZE(nodes); i++)
		misc_deregister(&nodes[i]);
	put_memory();
}
module_exit(stacked_exit);

MODULE_DESCRIPTION("Drydock: hooks of a file that another file asks");
MODULE_AUTHOR("The Drydock authors");
MODULE_LICENSE("GPL");
