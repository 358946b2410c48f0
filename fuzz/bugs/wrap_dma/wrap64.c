// SPDX-License-Identifier: GPL-2.0
/*
 * The buffer of faulty.c as plain pages, and the sum of faulty.c in unsigned
 * long. On a 64-bit kernel mmap(2) itself refuses every offset that would make
 * it wrap; on a 32-bit one, or before 4.17, nothing does.
 */
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sizes.h>

#define WRAP_NAME "drydock_wrap64"
#define BUFFER_SIZE SZ_64K

static void *buffer;

static int wrap_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long offset = vma->vm_pgoff << PAGE_SHIFT;
	unsigned long size = vma->vm_end - vma->vm_start;

	/* Mistake C03: the sum has as many bits as its parts. */
	if (offset + size > BUFFER_SIZE)
		return -EINVAL;

	/* A private mapping would show a copy of the buffer. */
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;

	return remap_pfn_range(vma, vma->vm_start,
			       (virt_to_phys(buffer) >> PAGE_SHIFT) +
				       vma->vm_pgoff,
			       size, vma->vm_page_prot);
}

static ssize_t wrap_read(struct file *file, char __user *to, size_t count,
			 loff_t *pos)
{
	return simple_read_from_buffer(to, count, pos, buffer, BUFFER_SIZE);
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

	buffer = alloc_pages_exact(BUFFER_SIZE, GFP_KERNEL | __GFP_ZERO);
	if (!buffer)
		return -ENOMEM;

	err = misc_register(&wrap_misc);
	if (err)
		free_pages_exact(buffer, BUFFER_SIZE);
	return err;
}

static void __exit wrap_exit(void)
{
	misc_deregister(&wrap_misc);
	free_pages_exact(buffer, BUFFER_SIZE);
}

module_init(wrap_init);
module_exit(wrap_exit);
MODULE_DESCRIPTION("Sample: a mapped buffer, 64-bit");
MODULE_LICENSE("GPL");
