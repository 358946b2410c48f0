// SPDX-License-Identifier: GPL-2.0
/*
 * A character device that shows its page as text: a line for each 16 bytes. The
 * text is made in memory of its own, as it is too large for a kernel's stack.
 */
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#define DEEP_STACK_NAME "drydock_deep_stack"
#define LINE_SIZE 96
#define TEXT_SIZE (PAGE_SIZE / 16 * LINE_SIZE)

static unsigned char *page;

static int deep_stack_mmap(struct file *file, struct vm_area_struct *vma)
{
	/* One page, all of it, shared: a private one would show a copy. */
	if (vma->vm_pgoff || vma->vm_end - vma->vm_start != PAGE_SIZE ||
	    !(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;

	return remap_pfn_range(vma, vma->vm_start,
			       virt_to_phys(page) >> PAGE_SHIFT, PAGE_SIZE,
			       vma->vm_page_prot);
}

static noinline size_t deep_stack_format(char *text)
{
	size_t used = 0;
	size_t at;

	for (at = 0; at < PAGE_SIZE; at += 16)
		used += scnprintf(text + used, TEXT_SIZE - used, "%16ph\n",
				  page + at);
	return used;
}

static ssize_t deep_stack_read(struct file *file, char __user *to, size_t count,
			       loff_t *pos)
{
	char *text = kmalloc(TEXT_SIZE, GFP_KERNEL);
	ssize_t done;

	if (!text)
		return -ENOMEM;
	done = simple_read_from_buffer(to, count, pos, text,
				       deep_stack_format(text));
	kfree(text);
	return done;
}

static const struct file_operations deep_stack_fops = {
	.owner = THIS_MODULE,
	.read = deep_stack_read,
	.mmap = deep_stack_mmap,
};

static struct miscdevice deep_stack_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = DEEP_STACK_NAME,
	.fops = &deep_stack_fops,
};

static int __init deep_stack_init(void)
{
	int err;

	page = (unsigned char *)get_zeroed_page(GFP_KERNEL);
	if (!page)
		return -ENOMEM;

	err = misc_register(&deep_stack_misc);
	if (err)
		free_page((unsigned long)page);
	return err;
}

static void __exit deep_stack_exit(void)
{
	misc_deregister(&deep_stack_misc);
	free_page((unsigned long)page);
}

module_init(deep_stack_init);
module_exit(deep_stack_exit);
MODULE_DESCRIPTION("Sample: a text that is too large for the stack");
MODULE_LICENSE("GPL");
