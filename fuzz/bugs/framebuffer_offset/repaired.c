// SPDX-License-Identifier: GPL-2.0
/*
 * Video memory of a board behind a misc device. The board's description would
 * declare the device; here the module does it.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/ioport.h>
#include <linux/kernel.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#define FB_NAME "drydock_framebuffer"
#define FB_PHYS 0xfd000000

struct framebuffer {
	struct resource *memory;
	struct miscdevice misc;
};

static int framebuffer_open(struct inode *inode, struct file *file)
{
	/* misc_open() has left the miscdevice there. */
	file->private_data =
		container_of(file->private_data, struct framebuffer, misc);
	return 0;
}

static int framebuffer_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct framebuffer *fb = file->private_data;
	phys_addr_t start = fb->memory->start;

	/* A private mapping would show a copy of the picture. */
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;

	vma->vm_page_prot = pgprot_writecombine(vma->vm_page_prot);
	return vm_iomap_memory(vma, start, resource_size(fb->memory));
}

static const struct file_operations framebuffer_fops = {
	.owner = THIS_MODULE,
	.open = framebuffer_open,
	.mmap = framebuffer_mmap,
};

static void framebuffer_deregister(void *misc)
{
	misc_deregister(misc);
}

static int framebuffer_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct framebuffer *fb;
	int err;

	fb = devm_kzalloc(dev, sizeof(*fb), GFP_KERNEL);
	if (!fb)
		return -ENOMEM;

	fb->memory = platform_get_resource(pdev, IORESOURCE_MEM, 0);
	if (!fb->memory)
		return -ENODEV;
	if (!devm_request_mem_region(dev, fb->memory->start,
				     resource_size(fb->memory), FB_NAME))
		return -EBUSY;

	fb->misc.minor = MISC_DYNAMIC_MINOR;
	fb->misc.name = FB_NAME;
	fb->misc.fops = &framebuffer_fops;
	err = misc_register(&fb->misc);
	if (err)
		return err;
	return devm_add_action_or_reset(dev, framebuffer_deregister, &fb->misc);
}

/* Not to be unbound by hand: only unloading waits for the open files. */
static struct platform_driver framebuffer_driver = {
	.probe	= framebuffer_probe,
	.driver	= {
		.name			= FB_NAME,
		.suppress_bind_attrs	= true,
	},
};

static const struct resource framebuffer_memory = {
	.start = FB_PHYS,
	.end = FB_PHYS + SZ_64K - 1,
	.name = FB_NAME,
	.flags = IORESOURCE_MEM,
};

static struct platform_device *framebuffer_device;

static int __init framebuffer_init(void)
{
	int err;

	framebuffer_device = platform_device_register_simple(
		FB_NAME, -1, &framebuffer_memory, 1);
	if (IS_ERR(framebuffer_device))
		return PTR_ERR(framebuffer_device);

	err = platform_driver_register(&framebuffer_driver);
	if (err)
		platform_device_unregister(framebuffer_device);
	return err;
}

static void __exit framebuffer_exit(void)
{
	platform_driver_unregister(&framebuffer_driver);
	platform_device_unregister(framebuffer_device);
}

module_init(framebuffer_init);
module_exit(framebuffer_exit);
MODULE_DESCRIPTION("Sample: mapped video memory");
MODULE_LICENSE("GPL");
