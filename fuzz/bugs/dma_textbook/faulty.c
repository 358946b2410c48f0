// SPDX-License-Identifier: GPL-2.0
/*
 * A coherent DMA buffer that programs map, the way textbooks on drivers show
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

#define TEXTBOOK_NAME "drydock_dma_textbook"
#define BUFFER_SIZE SZ_16K

static struct platform_device *pdev;
static void *cpu_addr;
static dma_addr_t dma_handle;

static int textbook_alloc(struct device *dev)
{
	void *start = dma_alloc_coherent(dev, BUFFER_SIZE + PAGE_SIZE,
					 &dma_handle, GFP_KERNEL);

	if (!start)
		return -ENOMEM;
	/* Mistake C59: aligned, and what was allocated is forgotten. */
	cpu_addr = PTR_ALIGN(start + 1, PAGE_SIZE);
	dma_handle = ALIGN(dma_handle + 1, PAGE_SIZE);
	return 0;
}

static void textbook_free(struct device *dev)
{
	dma_free_coherent(dev, BUFFER_SIZE, cpu_addr, dma_handle);
}

static int textbook_mmap(struct file *file, struct vm_area_struct *vma)
{
	/* A private mapping would show a copy of the buffer. */
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	return dma_mmap_coherent(&pdev->dev, vma, cpu_addr, dma_handle,
				 BUFFER_SIZE);
}

static ssize_t textbook_read(struct file *file, char __user *to, size_t count,
			     loff_t *pos)
{
	return simple_read_from_buffer(to, count, pos, cpu_addr, BUFFER_SIZE);
}

/* Mistake C63: nothing keeps the module while a file is open. */
static const struct file_operations textbook_fops = {
	.read = textbook_read,
	.mmap = textbook_mmap,
};

static struct miscdevice textbook_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = TEXTBOOK_NAME,
	.fops = &textbook_fops,
};

static int __init textbook_init(void)
{
	int err;

	pdev = platform_device_register_simple(TEXTBOOK_NAME, -1, NULL, 0);
	if (IS_ERR(pdev))
		return PTR_ERR(pdev);
	err = dma_coerce_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (err)
		goto unregister_device;
	err = textbook_alloc(&pdev->dev);
	if (err)
		goto unregister_device;
	err = misc_register(&textbook_misc);
	if (err)
		goto free_buffer;
	return 0;

free_buffer:
	textbook_free(&pdev->dev);
unregister_device:
	platform_device_unregister(pdev);
	return err;
}

static void __exit textbook_exit(void)
{
	/* Mistake C60: the device can still be opened and mapped. */
	textbook_free(&pdev->dev);
	misc_deregister(&textbook_misc);
	platform_device_unregister(pdev);
}

module_init(textbook_init);
module_exit(textbook_exit);
MODULE_DESCRIPTION("Sample: a mapped DMA buffer, as in textbooks");
MODULE_LICENSE("GPL");
