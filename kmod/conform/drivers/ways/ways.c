// SPDX-License-Identifier: GPL-2.0
/*
 * The module, what it maps, and what it has counted.
 */
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "ways.h"

#define WAYS_ORDER 3
#define WAYS_BYTES (WAYS_PAGES * PAGE_SIZE)

struct ways ways;

static struct platform_device *pdev;
static struct page *pair; /* two pages in one: the second one has no count */

static void ways_vm_open(struct vm_area_struct *vma)
{
	ways.opens++;
	ways_note_lock(vma, HOOK_OPEN);
}

static void ways_vm_close(struct vm_area_struct *vma)
{
	ways.closes++;
	ways_note_lock(vma, HOOK_CLOSE);
}

const struct vm_operations_struct ways_counted_ops = {
	.open = ways_vm_open,
	.close = ways_vm_close,
};

static int ways_open(struct inode *inode, struct file *file)
{
	memset(ways.locks, 0, sizeof(ways.locks));
	return 0;
}

static int ways_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long way = vma->vm_pgoff >> 8;

	ways_note_lock(vma, HOOK_MMAP);
	if (way < WAY_INSERT)
		return ways_remap(vma, way);
	if (way < WAY_FAULT)
		return ways_insert(vma, way);
	if (way < WAY_DMA)
		return ways_fault(vma, way);
	if (way < WAYS_END)
		return ways_dma(vma, way);
	return -EINVAL;
}

static long ways_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case WAYS_OPENS:
		return ways.opens;
	case WAYS_CLOSES:
		return ways.closes;
	case WAYS_FAULTS:
		return ways.faults;
	case WAYS_MKWRITES:
		return ways.mkwrites;
	case WAYS_COUNT:
		return arg < WAYS_PAGES ? page_count(ways.pages[arg]) : -EINVAL;
	case WAYS_ERROR:
		return -ways.error;
	case WAYS_LEFT:
		return ways.left;
	case WAYS_LOCK: /* the error as an unsigned int: ioctl(2) keeps an int */
		return arg < WAYS_HOOKS ? ways.locks[arg]
					: (unsigned int)-EINVAL;
	case WAYS_UNMAP:
		unmap_mapping_pages(file->f_mapping, arg, 1, false);
		return 0;
	case WAYS_UNMAP_REST:
		unmap_mapping_pages(file->f_mapping, arg, 0, false);
		return 0;
	case WAYS_UNMAP_COWS:
		unmap_mapping_range(file->f_mapping, (loff_t)arg << PAGE_SHIFT,
				    PAGE_SIZE, 1);
		return 0;
	}
	return -ENOTTY;
}

static const struct file_operations ways_fops = {
	.owner = THIS_MODULE,
	.open = ways_open,
	.mmap = ways_mmap,
	.unlocked_ioctl = ways_ioctl,
};

static struct miscdevice ways_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = WAYS_NAME,
	.fops = &ways_fops,
	.mode = 0600,
};

static int ways_get_pages(void)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_ZERO, WAYS_ORDER);
	unsigned long i;

	if (!page)
		return -ENOMEM;
	split_page(page, WAYS_ORDER);
	for (i = 0; i < WAYS_PAGES; i++)
		ways.pages[i] = page + i;

	pair = alloc_pages(GFP_KERNEL | __GFP_ZERO, 1);
	if (!pair)
		return -ENOMEM;
	ways.uncounted = pair + 1;
	return 0;
}

static int ways_get_memory(void)
{
	int err = ways_get_pages();

	if (err)
		return err;
	ways.slab = kzalloc(PAGE_SIZE, GFP_KERNEL);
	ways.user = vmalloc_user(WAYS_BYTES);
	ways.plain = vzalloc(WAYS_BYTES);
	if (!ways.slab || !ways.user || !ways.plain)
		return -ENOMEM;
	ways.coherent = dma_alloc_coherent(ways.dev, WAYS_BYTES, &ways.handle,
					   GFP_KERNEL);
	if (!ways.coherent)
		return -ENOMEM;
	ways.registers = ioremap_wc(
		(phys_addr_t)(WAYS_MMIO_PFN + WAYS_MMIO_KERNEL) << PAGE_SHIFT,
		WAYS_BYTES);
	if (!ways.registers)
		return -ENOMEM;
	ways.streaming = dma_alloc_pages(ways.dev, WAYS_BYTES,
					 &ways.streaming_handle,
					 DMA_BIDIRECTIONAL, GFP_KERNEL);
	return ways.streaming ? 0 : -ENOMEM;
}

static void ways_put_memory(void)
{
	unsigned long i;

	if (ways.streaming)
		dma_free_pages(ways.dev, WAYS_BYTES, ways.streaming,
			       ways.streaming_handle, DMA_BIDIRECTIONAL);
	if (ways.coherent)
		dma_free_coherent(ways.dev, WAYS_BYTES, ways.coherent,
				  ways.handle);
	if (ways.registers)
		iounmap(ways.registers);
	vfree(ways.plain);
	vfree(ways.user);
	kfree(ways.slab);
	if (pair)
		__free_pages(pair, 1);
	for (i = 0; i < WAYS_PAGES && ways.pages[i]; i++)
		__free_page(ways.pages[i]);
}

static int __init ways_init(void)
{
	int err;

	pdev = platform_device_register_simple(WAYS_NAME, -1, NULL, 0);
	if (IS_ERR(pdev))
		return PTR_ERR(pdev);
	ways.dev = &pdev->dev;

	err = dma_coerce_mask_and_coherent(ways.dev, DMA_BIT_MASK(64));
	if (!err)
		err = ways_get_memory();
	if (!err)
		err = misc_register(&ways_misc);
	if (err) {
		ways_put_memory();
		platform_device_unregister(pdev);
	}
	return err;
}

static void __exit ways_exit(void)
{
	misc_deregister(&ways_misc);
	ways_put_memory();
	platform_device_unregister(pdev);
}

module_init(ways_init);
module_exit(ways_exit);
MODULE_DESCRIPTION("Drydock: every way to make a mapping, for tests");
MODULE_AUTHOR("The Drydock authors");
MODULE_LICENSE("GPL");
