// SPDX-License-Identifier: GPL-2.0
/*
 * A coherent DMA buffer that programs map, on machines whose devices may not
 * see the caches.
 */
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/sizes.h>
#include <linux/vmalloc.h>

#define ALIAS_NAME "drydock_cached_alias"
#define BUFFER_SIZE SZ_16K

static struct platform_device *pdev;
static void *cpu_addr;
static dma_addr_t dma_handle;

static int alias_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long pages = BUFFER_SIZE >> PAGE_SHIFT;

	if (vma->vm_pgoff >= pages || vma_pages(vma) > pages - vma->vm_pgoff)
		return -EINVAL;
	/* A private mapping would show a copy of the buffer. */
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;

	/* It knows how the kernel has the buffer cached. */
	return dma_mmap_coherent(&pdev->dev, vma, cpu_addr, dma_handle,
				 BUFFER_SIZE);
}

static ssize_t alias_read(struct file *file, char __user *to, size_t count,
			  loff_t *pos)
{
	return simple_read_from_buffer(to, count, pos, cpu_addr, BUFFER_SIZE);
}

static const struct file_operations alias_fops = {
	.owner = THIS_MODULE,
	.read = alias_read,
	.mmap = alias_mmap,
};

static struct miscdevice alias_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = ALIAS_NAME,
	.fops = &alias_fops,
};

static int __init alias_init(void)
{
	int err;

	pdev = platform_device_register_simple(ALIAS_NAME, -1, NULL, 0);
	if (IS_ERR(pdev))
		return PTR_ERR(pdev);
	err = dma_coerce_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (err)
		goto unregister_device;

	err = -ENOMEM;
	cpu_addr = dma_alloc_coherent(&pdev->dev, BUFFER_SIZE, &dma_handle,
				      GFP_KERNEL);
	if (!cpu_addr)
		goto unregister_device;
	err = misc_register(&alias_misc);
	if (err)
		goto free_buffer;
	return 0;

free_buffer:
	dma_free_coherent(&pdev->dev, BUFFER_SIZE, cpu_addr, dma_handle);
unregister_device:
	platform_device_unregister(pdev);
	return err;
}

static void __exit alias_exit(void)
{
	misc_deregister(&alias_misc);
	dma_free_coherent(&pdev->dev, BUFFER_SIZE, cpu_addr, dma_handle);
	platform_device_unregister(pdev);
}

module_init(alias_init);
module_exit(alias_exit);
MODULE_DESCRIPTION("Sample: a mapped DMA buffer, and caches");
MODULE_LICENSE("GPL");
