// SPDX-License-Identifier: GPL-2.0
/*
 * A character device that is one page of memory: /dev/drydock_chardev can be
 * read, written and mapped. It is what introductions to mmap() show, with what
 * many of them leave out:
 *
 *  - the page is a page: not a kmalloc() that shares one with a neighbour, and
 *    zeroed, so that nothing of its former owner is seen;
 *  - offset and length are checked, both (chardev_plan.c);
 *  - the frame number is made from the physical address, and of all of it;
 *  - the module cannot be removed while a file is open or a mapping exists
 *    (fops.owner), so the page outlives every page-table entry that shows it.
 */
#include <linux/device.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/kdev_t.h>
#include <linux/mm.h>
#include <linux/module.h>

#include "chardev_plan.h"
#include "chardev_uapi.h"
#include "kernel_versions.h"
#include "vma_request.h"

static void *chardev_page;
static struct class *chardev_class;
static int chardev_major;

static int chardev_decide(const struct mapping_request *request,
			  struct chardev_mapping *mapping, unsigned long *clear)
{
	const struct chardev_geometry geometry = {
		.phys = virt_to_phys(chardev_page),
		.page_shift = PAGE_SHIFT,
	};
	int err;

	err = chardev_plan(&geometry, request, mapping);
	if (err)
		return err;

	*clear = flags_to_clear(mapping->clear_may_write,
				mapping->clear_may_exec);
	return 0;
}

/* Flags first: what may be written is mapped otherwise. */
#if KERNEL_HAS_MMAP_PREPARE
static int chardev_mmap_prepare(struct vm_area_desc *desc)
{
	const struct mapping_request request = desc_request(desc);
	struct chardev_mapping mapping;
	unsigned long clear;
	int err;

	err = chardev_decide(&request, &mapping, &clear);
	if (err)
		return err;

	desc_flags_change(desc, VM_DONTEXPAND | VM_DONTDUMP, clear);
	mmap_action_remap_full(desc, mapping.pfn);
	return 0;
}
#else
static int chardev_mmap(struct file *file, struct vm_area_struct *vma)
{
	const struct mapping_request request = vma_request(vma);
	struct chardev_mapping mapping;
	unsigned long clear;
	int err;

	err = chardev_decide(&request, &mapping, &clear);
	if (err)
		return err;

	vma_flags_change(vma, VM_DONTEXPAND | VM_DONTDUMP, clear);
	return remap_pfn_range(vma, vma->vm_start, mapping.pfn, mapping.length,
			       vma->vm_page_prot);
}
#endif

static int chardev_open(struct inode *inode, struct file *file)
{
	/* register_chrdev() took 256 minors, and there is one device. */
	return iminor(inode) ? -ENXIO : 0;
}

static loff_t chardev_llseek(struct file *file, loff_t offset, int whence)
{
	return fixed_size_llseek(file, offset, whence, PAGE_SIZE);
}

static ssize_t chardev_read(struct file *file, char __user *to, size_t count,
			    loff_t *pos)
{
	return simple_read_from_buffer(to, count, pos, chardev_page, PAGE_SIZE);
}

static ssize_t chardev_write(struct file *file, const char __user *from,
			     size_t count, loff_t *pos)
{
	/* Not 0, which a program that writes in a loop would never get over. */
	if (count && *pos >= (loff_t)PAGE_SIZE)
		return -ENOSPC;
	return simple_write_to_buffer(chardev_page, PAGE_SIZE, pos, from,
				      count);
}

static const struct file_operations chardev_fops = {
	.owner = THIS_MODULE,
	.open = chardev_open,
	.llseek = chardev_llseek,
	.read = chardev_read,
	.write = chardev_write,
#if KERNEL_HAS_MMAP_PREPARE
	.mmap_prepare = chardev_mmap_prepare,
#else
	.mmap = chardev_mmap,
#endif
};

static int __init chardev_init(void)
{
	struct device *node;
	int err;

	/* The page first: with the number registered, it can be opened. */
	chardev_page = (void *)get_zeroed_page(GFP_KERNEL);
	if (!chardev_page)
		return -ENOMEM;

	chardev_major = register_chrdev(0, DRYDOCK_CHARDEV_NAME, &chardev_fops);
	if (chardev_major < 0) {
		err = chardev_major;
		goto free_page;
	}

	chardev_class = owned_class_create(DRYDOCK_CHARDEV_NAME);
	if (IS_ERR(chardev_class)) {
		err = PTR_ERR(chardev_class);
		goto unregister;
	}

	node = device_create(chardev_class, NULL, MKDEV(chardev_major, 0), NULL,
			     DRYDOCK_CHARDEV_NAME);
	if (IS_ERR(node)) {
		err = PTR_ERR(node);
		goto destroy_class;
	}
	return 0;

destroy_class:
	class_destroy(chardev_class);
unregister:
	unregister_chrdev(chardev_major, DRYDOCK_CHARDEV_NAME);
free_page:
	free_page((unsigned long)chardev_page);
	return err;
}
module_init(chardev_init);

static void __exit chardev_exit(void)
{
	device_destroy(chardev_class, MKDEV(chardev_major, 0));
	class_destroy(chardev_class);
	unregister_chrdev(chardev_major, DRYDOCK_CHARDEV_NAME);
	free_page((unsigned long)chardev_page);
}
module_exit(chardev_exit);

MODULE_DESCRIPTION("Drydock reference driver: one page that can be mapped");
MODULE_AUTHOR("The Drydock authors");
MODULE_LICENSE("GPL");
