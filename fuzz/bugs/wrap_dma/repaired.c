// SPDX-License-Identifier: GPL-2.0
/*
 * A coherent DMA buffer behind a misc device: the device fills it, programs map
 * it.
 */
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/sizes.h>

#define WRAP_NAME "drydock_wrap_dma"
#define BUFFER_SIZE SZ_64K

static struct platform_device *pdev;
static void *cpu_addr;
static dma_addr_t dma_handle;

static int wrap_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long offset = vma->vm_pgoff << PAGE_SHIFT;
	unsigned long size = vma->vm_end - vma->vm_start;

	if (vma->vm_pgoff > BUFFER_SIZE >> PAGE_SHIFT ||
	    size > BUFFER_SIZE - offset)
		return -EINVAL;

	/* A private mapping would show a copy of the buffer. */
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;

	/* The size is the driver's word: so far into the buffer, no further. */
	return dma_mmap_coherent(&pdev->dev, vma, cpu_addr, dma_handle,
				 (vma->vm_pgoff + vma_pages(vma))
					 << PAGE_SHIFT);
}

static ssize_t wrap_read(struct file *file, char __user *to, size_t count,
			 loff_t *pos)
{
	return simple_read_from_buffer(to, count, pos, cpu_addr, BUFFER_SIZE);
}

static const struct file_operations wrap_fops = {
	.owner = THIS_MODULE,
	.read = wrap_read,
	.mmap = wrap_mmap,
};

static struct miscdevice wrap_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = WRAP_NAME,
	.fops = &wrap_fops,
};

static int __init wrap_init(void)
{
	int err;

	pdev = platform_device_register_simple(WRAP_NAME, -1, NULL, 0);
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

	err = misc_register(&wrap_misc);
	if (err)
		goto free_buffer;
	return 0;

free_buffer:
	dma_free_coherent(&pdev->dev, BUFFER_SIZE, cpu_addr, dma_handle);
unregister_device:
	platform_device_unregister(pdev);
	return err;
}

static void __exit wrap_exit(void)
{
	misc_deregister(&wrap_misc);
	dma_free_coherent(&pdev->dev, BUFFER_SIZE, cpu_addr, dma_handle);
	platform_device_unregister(pdev);
}

module_init(wrap_init);
module_exit(wrap_exit);
MODULE_DESCRIPTION("Sample: a mapped DMA buffer");
MODULE_LICENSE("GPL");
