// SPDX-License-Identifier: GPL-2.0
/*
 * A character device with a buffer that programs can map, the way many
 * introductions to mmap show it.
 */
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>

#define TUTORIAL_NAME "drydock_tutorial"

/* Whole pages: what is mapped is the buffer and nothing else. */
#define BUFFER_SIZE (4 * PAGE_SIZE)

static int major;
static char *buffer;

static int tutorial_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long size = vma->vm_end - vma->vm_start;
	phys_addr_t phys = virt_to_phys(buffer);
	unsigned long pfn;

	if (vma->vm_pgoff >= PAGE_ALIGN(BUFFER_SIZE) >> PAGE_SHIFT ||
	    size > PAGE_ALIGN(BUFFER_SIZE) - (vma->vm_pgoff << PAGE_SHIFT))
		return -EINVAL;

	/* A private mapping would show a copy of the buffer. */
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;

	pfn = (phys >> PAGE_SHIFT) + vma->vm_pgoff;

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
	buffer = kzalloc(BUFFER_SIZE, GFP_KERNEL);
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
