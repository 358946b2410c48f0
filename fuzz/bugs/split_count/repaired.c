// SPDX-License-Identifier: GPL-2.0
/*
 * A character device with a buffer that counts its mappings: each VMA is one,
 * however it came to be.
 */
#include <linux/atomic.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#define SPLIT_COUNT_NAME "drydock_split_count"
#define BUFFER_SIZE (4 * PAGE_SIZE)

static void *buffer;
static atomic_t mappings = ATOMIC_INIT(0);

static void split_count_vm_open(struct vm_area_struct *vma)
{
	atomic_inc(&mappings);
}

static void split_count_vm_close(struct vm_area_struct *vma)
{
	atomic_dec(&mappings);
}

static const struct vm_operations_struct split_count_vm_ops = {
	.open = split_count_vm_open,
	.close = split_count_vm_close,
};

static int split_count_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long size = vma->vm_end - vma->vm_start;
	int err;

	if (vma->vm_pgoff >= BUFFER_SIZE >> PAGE_SHIFT ||
	    size > BUFFER_SIZE - (vma->vm_pgoff << PAGE_SHIFT))
		return -EINVAL;

	/* A private mapping would show a copy of the buffer. */
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;

	err = remap_pfn_range(vma, vma->vm_start,
			      (virt_to_phys(buffer) >> PAGE_SHIFT) +
				      vma->vm_pgoff,
			      size, vma->vm_page_prot);
	if (err)
		return err;

	/* The kernel opens copies of a VMA, not the first one. */
	vma->vm_ops = &split_count_vm_ops;
	atomic_inc(&mappings);
	return 0;
}

/* Reads as the number of mappings there are. */
static ssize_t split_count_read(struct file *file, char __user *to,
				size_t count, loff_t *pos)
{
	int now = atomic_read(&mappings);

	return simple_read_from_buffer(to, count, pos, &now, sizeof(now));
}

static const struct file_operations split_count_fops = {
	.owner = THIS_MODULE,
	.read = split_count_read,
	.mmap = split_count_mmap,
};

static struct miscdevice split_count_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = SPLIT_COUNT_NAME,
	.fops = &split_count_fops,
	.mode = 0600,
};

static int __init split_count_init(void)
{
	int err;

	buffer = alloc_pages_exact(BUFFER_SIZE, GFP_KERNEL | __GFP_ZERO);
	if (!buffer)
		return -ENOMEM;

	err = misc_register(&split_count_misc);
	if (err)
		free_pages_exact(buffer, BUFFER_SIZE);
	return err;
}

static void __exit split_count_exit(void)
{
	misc_deregister(&split_count_misc);
	free_pages_exact(buffer, BUFFER_SIZE);
}

module_init(split_count_init);
module_exit(split_count_exit);
MODULE_DESCRIPTION("Sample: mappings that are counted");
MODULE_LICENSE("GPL");
