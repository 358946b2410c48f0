// SPDX-License-Identifier: GPL-2.0
/*
 * A character device of a class of its own, registered in five steps. What is
 * to be seen here is the way back, when one of the steps fails.
 */
#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/version.h>

#define UNWINDING_NAME "drydock_unwinding"

static dev_t devt;
static struct cdev cdev;
static struct class *class;
static unsigned long page;

static int unwinding_mmap(struct file *file, struct vm_area_struct *vma)
{
	/* One page, all of it, shared: a private one would show a copy. */
	if (vma->vm_pgoff || vma->vm_end - vma->vm_start != PAGE_SIZE ||
	    !(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;

	return remap_pfn_range(vma, vma->vm_start,
			       virt_to_phys((void *)page) >> PAGE_SHIFT,
			       PAGE_SIZE, vma->vm_page_prot);
}

static const struct file_operations unwinding_fops = {
	.owner = THIS_MODULE,
	.mmap = unwinding_mmap,
};

static struct class *unwinding_class(void)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
	return class_create(UNWINDING_NAME);
#else
	return class_create(THIS_MODULE, UNWINDING_NAME);
#endif
}

static int __init unwinding_init(void)
{
	struct device *dev;
	int err;

	page = get_zeroed_page(GFP_KERNEL);
	if (!page)
		return -ENOMEM;

	err = alloc_chrdev_region(&devt, 0, 1, UNWINDING_NAME);
	if (err)
		goto free_memory;

	cdev_init(&cdev, &unwinding_fops);
	err = cdev_add(&cdev, devt, 1);
	if (err)
		goto unregister_region;

	class = unwinding_class();
	if (IS_ERR(class)) {
		err = PTR_ERR(class);
		goto delete_cdev;
	}

	dev = device_create(class, NULL, devt, NULL, UNWINDING_NAME);
	if (IS_ERR(dev)) {
		err = PTR_ERR(dev);
		goto destroy_class;
	}
	return 0;

destroy_class:
	class_destroy(class);
delete_cdev:
	cdev_del(&cdev);
unregister_region:
	unregister_chrdev_region(devt, 1);
free_memory:
	free_page(page);
	return err;
}

static void __exit unwinding_exit(void)
{
	device_destroy(class, devt);
	class_destroy(class);
	cdev_del(&cdev);
	unregister_chrdev_region(devt, 1);
	free_page(page);
}

module_init(unwinding_init);
module_exit(unwinding_exit);
MODULE_DESCRIPTION("Sample: undoing what was done before a failure");
MODULE_LICENSE("GPL");
