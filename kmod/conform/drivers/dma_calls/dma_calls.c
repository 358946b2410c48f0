// SPDX-License-Identifier: GPL-2.0
/*
 * A driver that hands on to programs what the DMA API gives it: each ioctl is a
 * call or a few of them, and returns what they returned. It shows the rules of
 * docs/mmap-rules.md, section 9, that a kernel keeps without
 * CONFIG_DMA_API_DEBUG.
 */
#include <linux/dma-mapping.h>
#include <linux/dmapool.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#define DMA_CALLS_NAME "drydock_dma_calls"
#define DMA_CALLS_PAGES 3
#define DMA_CALLS_BLOCKS 16
#define DMA_CALLS_BYTES 64

/* Memory of no device that the machine has. */
#define DMA_CALLS_MMIO 0xf3000000UL

/* ioctl commands; what is a mapping: 1, at its physical address; 0, an error. */
#define CALL_SINGLE 0x5800	   /* direction `arg` */
#define CALL_SINGLE_NO_MASK 0x5801 /* of a device without dma_mask */
#define CALL_SINGLE_VMALLOC 0x5802
#define CALL_SINGLE_FAR 0x5803 /* beyond a mask of 24 bits */
#define CALL_SG 0x5804	       /* of `arg` pages; the number of entries */
#define CALL_SG_FAR 0x5805
#define CALL_SGTABLE_FAR 0x5806
#define CALL_RESOURCE 0x5807
#define CALL_PAGES 0x5808 /* 1: zeroed; gfp flags by `arg`: 1: DMA32 too */
#define CALL_PAGES_NO_MASK 0x5809
#define CALL_POOL 0x580a /* a pool: size, alignment, boundary, 16 bits each */
#define CALL_TAKE 0x580b /* a block's place in its page */
#define CALL_GIVE 0x580c /* block `arg`, in the order they were taken */

static struct platform_device *pdev;
static struct page *pages[DMA_CALLS_PAGES];
static void *virtual;

static struct dma_pool *pool;
static struct {
	void *address;
	dma_addr_t handle;
} blocks[DMA_CALLS_BLOCKS];
static unsigned int taken;

static long single(void *address, phys_addr_t phys,
		   enum dma_data_direction direction)
{
	struct device *dev = &pdev->dev;
	dma_addr_t handle;

	handle = dma_map_single(dev, address, DMA_CALLS_BYTES, direction);
	if (dma_mapping_error(dev, handle))
		return 0;
	dma_unmap_single(dev, handle, DMA_CALLS_BYTES, direction);
	return handle == phys;
}

static long single_page(enum dma_data_direction direction)
{
	return single(page_address(pages[0]), page_to_phys(pages[0]),
		      direction);
}

static long single_no_mask(void)
{
	struct device *dev = &pdev->dev;
	u64 *mask = dev->dma_mask;
	long result;

	dev->dma_mask = NULL;
	result = single_page(DMA_TO_DEVICE);
	dev->dma_mask = mask;
	return result;
}

static long sg(unsigned long entries, bool table)
{
	struct scatterlist list[DMA_CALLS_PAGES];
	struct sg_table sgt = {
		.sgl = list,
		.nents = entries,
		.orig_nents = entries,
	};
	struct device *dev = &pdev->dev;
	unsigned long i;
	long result;

	if (entries == 0 || entries > DMA_CALLS_PAGES)
		return -EINVAL;
	sg_init_table(list, entries);
	for (i = 0; i < entries; i++)
		sg_set_page(&list[i], pages[i], PAGE_SIZE, 0);
	if (table) {
		result = dma_map_sgtable(dev, &sgt, DMA_FROM_DEVICE, 0);
		if (!result)
			dma_unmap_sgtable(dev, &sgt, DMA_FROM_DEVICE, 0);
		return result;
	}
	result = dma_map_sg(dev, list, entries, DMA_FROM_DEVICE);
	if (result)
		dma_unmap_sg(dev, list, entries, DMA_FROM_DEVICE);
	return result;
}

/* With a device that reaches the first 16 MiB alone. */
static long far(unsigned int cmd)
{
	struct device *dev = &pdev->dev;
	u64 mask = *dev->dma_mask;
	long result;

	*dev->dma_mask = DMA_BIT_MASK(24);
	if (cmd == CALL_SINGLE_FAR)
		result = single_page(DMA_TO_DEVICE);
	else
		result = sg(2, cmd == CALL_SGTABLE_FAR);
	*dev->dma_mask = mask;
	return result;
}

static long resource(void)
{
	struct device *dev = &pdev->dev;
	dma_addr_t handle;

	handle = dma_map_resource(dev, DMA_CALLS_MMIO, PAGE_SIZE,
				  DMA_BIDIRECTIONAL, 0);
	if (dma_mapping_error(dev, handle))
		return 0;
	dma_unmap_resource(dev, handle, PAGE_SIZE, DMA_BIDIRECTIONAL, 0);
	return handle == DMA_CALLS_MMIO;
}

static long alloc(gfp_t gfp)
{
	struct device *dev = &pdev->dev;
	dma_addr_t handle;
	struct page *page;
	long zeroed;

	page = dma_alloc_pages(dev, PAGE_SIZE, &handle, DMA_BIDIRECTIONAL, gfp);
	if (!page)
		return 0;
	zeroed = !memchr_inv(page_address(page), 0, PAGE_SIZE);
	dma_free_pages(dev, PAGE_SIZE, page, handle, DMA_BIDIRECTIONAL);
	return zeroed;
}

static long alloc_no_mask(void)
{
	struct device *dev = &pdev->dev;
	u64 mask = dev->coherent_dma_mask;
	long result;

	dev->coherent_dma_mask = 0;
	result = alloc(GFP_KERNEL);
	dev->coherent_dma_mask = mask;
	return result;
}

static void pool_end(void)
{
	while (taken > 0) {
		taken--;
		if (blocks[taken].address)
			dma_pool_free(pool, blocks[taken].address,
				      blocks[taken].handle);
	}
	dma_pool_destroy(pool);
	pool = NULL;
}

static long pool_begin(unsigned long arg)
{
	pool_end();
	pool = dma_pool_create(DMA_CALLS_NAME, &pdev->dev, arg & 0xffff,
			       arg >> 16 & 0xffff, arg >> 32 & 0xffff);
	return pool != NULL;
}

static long take(void)
{
	if (!pool || taken == DMA_CALLS_BLOCKS)
		return -EINVAL;
	blocks[taken].address =
		dma_pool_alloc(pool, GFP_KERNEL, &blocks[taken].handle);
	if (!blocks[taken].address)
		return -ENOMEM;
	return offset_in_page(blocks[taken++].handle);
}

static long give(unsigned long block)
{
	if (block >= taken || !blocks[block].address)
		return -EINVAL;
	dma_pool_free(pool, blocks[block].address, blocks[block].handle);
	blocks[block].address = NULL;
	return 0;
}

static long dma_calls_ioctl(struct file *file, unsigned int cmd,
			    unsigned long arg)
{
	switch (cmd) {
	case CALL_SINGLE:
		return single_page(arg);
	case CALL_SINGLE_NO_MASK:
		return single_no_mask();
	case CALL_SINGLE_VMALLOC:
		return single(virtual, 0, DMA_TO_DEVICE);
	case CALL_SINGLE_FAR:
	case CALL_SG_FAR:
	case CALL_SGTABLE_FAR:
		return far(cmd);
	case CALL_SG:
		return sg(arg, false);
	case CALL_RESOURCE:
		return resource();
	case CALL_PAGES:
		return alloc(arg == 1 ? GFP_KERNEL | GFP_DMA32 : GFP_KERNEL);
	case CALL_PAGES_NO_MASK:
		return alloc_no_mask();
	case CALL_POOL:
		return pool_begin(arg);
	case CALL_TAKE:
		return take();
	case CALL_GIVE:
		return give(arg);
	}
	return -ENOTTY;
}

/* A driver without a mapping is none to the simulation. */
static int dma_calls_mmap(struct file *file, struct vm_area_struct *vma)
{
	return vm_insert_page(vma, vma->vm_start, pages[0]);
}

static const struct file_operations dma_calls_fops = {
	.owner = THIS_MODULE,
	.mmap = dma_calls_mmap,
	.unlocked_ioctl = dma_calls_ioctl,
};

static struct miscdevice dma_calls_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = DMA_CALLS_NAME,
	.fops = &dma_calls_fops,
	.mode = 0600,
};

static void put_memory(void)
{
	unsigned long i;

	vfree(virtual);
	for (i = 0; i < DMA_CALLS_PAGES && pages[i]; i++)
		__free_page(pages[i]);
}

static int get_memory(void)
{
	unsigned long i;

	for (i = 0; i < DMA_CALLS_PAGES; i++) {
		pages[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!pages[i])
			return -ENOMEM;
	}
	virtual = vzalloc(PAGE_SIZE);
	return virtual ? 0 : -ENOMEM;
}

static int __init dma_calls_init(void)
{
	int err;

	pdev = platform_device_register_simple(DMA_CALLS_NAME, -1, NULL, 0);
	if (IS_ERR(pdev))
		return PTR_ERR(pdev);

	err = dma_coerce_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (!err)
		err = get_memory();
	if (!err)
		err = misc_register(&dma_calls_misc);
	if (err) {
		put_memory();
		platform_device_unregister(pdev);
	}
	return err;
}
module_init(dma_calls_init);

static void __exit dma_calls_exit(void)
{
	misc_deregister(&dma_calls_misc);
	pool_end();
	put_memory();
	platform_device_unregister(pdev);
}
module_exit(dma_calls_exit);

MODULE_DESCRIPTION("Drydock: what the DMA API returns, for programs");
MODULE_AUTHOR("The Drydock authors");
MODULE_LICENSE("GPL");
