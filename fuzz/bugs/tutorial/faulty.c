// SPDX-License-Identifier: GPL-2.0
/*
 * A character device with a buffer that programs can map, the way many
 * introductions to mmap show it.
 */
#pragma GCC diagnostic ignored "-Wparentheses"
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>

#define TUTORIAL_NAME "drydock_tutorial"

/* Mistake C50: the buffer is less than a page. */
#define BUFFER_SIZE 2048UL

static int major;
static char *buffer;

static int tutorial_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long size = vma->vm_end - vma->vm_start;
	phys_addr_t phys = virt_to_phys(buffer);
	unsigned long pfn;

	/* Mistake C02: only the size is looked at. */
	if (size > PAGE_ALIGN(BUFFER_SIZE))
		return -EINVAL;

	/* A private mapping would show a copy of the buffer. */
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;

	/* Mistake C16: + binds before >>. */
	pfn = phys >> PAGE_SHIFT + vma->vm_pgoff;

	return remap_pfn_range(vma, vma->vm_start, pfn, size,
			       vma->vm_page_prot);
}

static ssize_t tutorial_read(struct file *file, char __user *to, size_t count,
			     loff_t *pos)
{
	return simple_read_from_buffer(to, count, pos, buffer, BUFFER_SIZE);
}

static const struct file_operations tutorial_fops = {
	.owner = THIS_MODULE,
	.read = tutorial_read,
	.mmap = tutorial_mmap,
};

static int __init tutorial_init(void)
{
	/* Mistake C49: nobody has written to it yet. */
	buffer = kmalloc(BUFFER_SIZE, GFP_KERNEL);
	if (!buffer)
		return -ENOMEM;

	major = register_chrdev(0, TUTORIAL_NAME, &tutorial_fops);
	if (major < 0) {
		kfree(buffer);
		return major;
	}
	pr_info(TUTORIAL_NAME ": major %d\n", major);
	return 0;
}

static void __exit tutorial_exit(void)
{
	unregister_chrdev(major, TUTORIAL_NAME);
	kfree(buffer);
}

module_init(tutorial_init);
module_exit(tutorial_exit);
MODULE_DESCRIPTION("Sample: a mapped buffer");
MODULE_LICENSE("GPL");
