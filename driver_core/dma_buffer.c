// SPDX-License-Identifier: GPL-2.0
/*
 * A DMA buffer as a character device: /dev/drydock_dma_buffer can be read,
 * written, filled and, above all, mapped. The reference driver of Drydock.
 *
 * What a mapping may be is decided in dma_buffer_plan.c; this file carries it
 * out. It is not a driver for hardware: nothing transfers, so nothing is synced.
 *
 * Invariants:
 *  - the buffer is allocated before the device node exists and freed after it is
 *    gone; an open file or a mapping keeps the module loaded (fops.owner), so
 *    the buffer outlives every page-table entry that shows it;
 *  - all mapped_size bytes are zeroed, the tail after size stays so: only
 *    mappings can write it, and nothing here ever reads it;
 *  - mappings counts VMAs: 1 for the mmap, and open and close for splits,
 *    forks and moves.
 */
#include <linux/atomic.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "dma_buffer_plan.h"
#include "dma_buffer_uapi.h"
#include "kernel_versions.h"
#include "vma_request.h"

#define DMA_BUFFER_NAME DRYDOCK_DMA_BUFFER_NAME

static char *method = "remap";
module_param(method, charp, 0444);
MODULE_PARM_DESC(method, "How pages are mapped: remap (default) or dma_mmap");

static unsigned long size = SZ_64K;
module_param(size, ulong, 0444);
MODULE_PARM_DESC(size, "Bytes of the buffer (default 64 KiB)");

static unsigned long max_map;
module_param(max_map, ulong, 0444);
MODULE_PARM_DESC(max_map, "Most bytes of one mapping (default 0: no limit)");

static char *cache = "wb";
module_param(cache, charp, 0444);
MODULE_PARM_DESC(cache, "Memory type: wb (default), wc, uncached (remap)");

/**
 * struct dma_buffer - the one buffer of this module
 * @geometry: what the plan has to know; @geometry.phys is set on allocation
 * @mapped_size: bytes allocated, whole pages
 * @pdev: the device the buffer belongs to
 * @cpu_addr: the kernel's view of it
 * @dma_addr: the device's view of it, DMA_BUFFER_DMA_MMAP only
 * @dma_attrs: what it was allocated with; mapping and freeing must say the same
 * @mappings: VMAs that show it
 * @misc: the device node
 */
struct dma_buffer {
	struct dma_buffer_geometry geometry;
	unsigned long mapped_size;
	struct platform_device *pdev;
	void *cpu_addr;
	dma_addr_t dma_addr;
	unsigned long dma_attrs;
	atomic_t mappings;
	struct miscdevice misc;
};

static pgprot_t dma_buffer_pgprot(enum dma_buffer_cache kind, pgprot_t prot)
{
	switch (kind) {
	case DMA_BUFFER_WC:
		return pgprot_writecombine(prot);
	case DMA_BUFFER_UNCACHED:
		return pgprot_noncached(prot);
	case DMA_BUFFER_WB:
		break;
	}
	return prot;
}

static int dma_buffer_map(struct dma_buffer *buffer, struct vm_area_struct *vma,
			  const struct dma_buffer_mapping *mapping)
{
	/* It takes the offset from vm_pgoff, and sets vm_page_prot by itself. */
	if (buffer->geometry.method == DMA_BUFFER_DMA_MMAP)
		return dma_mmap_attrs(&buffer->pdev->dev, vma, buffer->cpu_addr,
				      buffer->dma_addr, buffer->mapped_size,
				      buffer->dma_attrs);

	vma->vm_page_prot =
		dma_buffer_pgprot(mapping->cache, vma->vm_page_prot);
	return remap_pfn_range(vma, vma->vm_start, mapping->pfn,
			       mapping->length, vma->vm_page_prot);
}

static void dma_buffer_vm_open(struct vm_area_struct *vma)
{
	struct dma_buffer *buffer = vma->vm_private_data;

	atomic_inc(&buffer->mappings);
}

static void dma_buffer_vm_close(struct vm_area_struct *vma)
{
	struct dma_buffer *buffer = vma->vm_private_data;

	atomic_dec(&buffer->mappings);
}

static const struct vm_operations_struct dma_buffer_vm_ops = {
	.open = dma_buffer_vm_open,
	.close = dma_buffer_vm_close,
};

static int dma_buffer_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct dma_buffer *buffer = file->private_data;
	const struct mapping_request request = vma_request(vma);
	struct dma_buffer_mapping mapping;
	unsigned long clear = 0;
	int err;

	err = dma_buffer_plan(&buffer->geometry, &request, &mapping);
	if (err)
		return err;

	/* Before mapping: remap_pfn_range() treats what may be written otherwise. */
	if (mapping.clear_may_write)
		clear |= VM_MAYWRITE;
	if (mapping.clear_may_exec)
		clear |= VM_MAYEXEC;
	vma_flags_change(vma, VM_DONTEXPAND | VM_DONTDUMP, clear);

	err = dma_buffer_map(buffer, vma, &mapping);
	if (err)
		return err;

	/* The kernel opens copies of a VMA, not the first one. */
	vma->vm_private_data = buffer;
	vma->vm_ops = &dma_buffer_vm_ops;
	atomic_inc(&buffer->mappings);
	return 0;
}

static int dma_buffer_open(struct inode *inode, struct file *file)
{
	/* misc_open() has left the struct miscdevice there. */
	file->private_data =
		container_of(file->private_data, struct dma_buffer, misc);
	return 0;
}

static int dma_buffer_release(struct inode *inode, struct file *file)
{
	/* The buffer is the module's, not the file's. */
	return 0;
}

static loff_t dma_buffer_llseek(struct file *file, loff_t offset, int whence)
{
	struct dma_buffer *buffer = file->private_data;

	return fixed_size_llseek(file, offset, whence, buffer->geometry.size);
}

static ssize_t dma_buffer_read(struct file *file, char __user *to, size_t count,
			       loff_t *pos)
{
	struct dma_buffer *buffer = file->private_data;

	return simple_read_from_buffer(to, count, pos, buffer->cpu_addr,
				       buffer->geometry.size);
}

static ssize_t dma_buffer_write(struct file *file, const char __user *from,
				size_t count, loff_t *pos)
{
	struct dma_buffer *buffer = file->private_data;

	/* Not 0, which a program that writes in a loop would never get over. */
	if (count && *pos >= 0 && (u64)*pos >= buffer->geometry.size)
		return -ENOSPC;
	return simple_write_to_buffer(buffer->cpu_addr, buffer->geometry.size,
				      pos, from, count);
}

static long dma_buffer_info(struct dma_buffer *buffer, void __user *arg)
{
	struct drydock_dma_buffer_info info = {
		.size = buffer->geometry.size,
		.mapped_size = buffer->mapped_size,
		.max_map = buffer->geometry.max_map,
		.alignment = PAGE_SIZE,
		.mappings = atomic_read(&buffer->mappings),
	};

	return copy_to_user(arg, &info, sizeof(info)) ? -EFAULT : 0;
}

static long dma_buffer_fill(struct dma_buffer *buffer, const void __user *arg)
{
	struct drydock_dma_buffer_fill fill;

	if (copy_from_user(&fill, arg, sizeof(fill)))
		return -EFAULT;
	if (fill.value > 0xff || fill.reserved)
		return -EINVAL;
	if (fill.offset > buffer->geometry.size ||
	    fill.length > buffer->geometry.size - fill.offset)
		return -EINVAL;

	memset(buffer->cpu_addr + fill.offset, fill.value, fill.length);
	return 0;
}

static long dma_buffer_ioctl(struct file *file, unsigned int cmd,
			     unsigned long arg)
{
	struct dma_buffer *buffer = file->private_data;

	switch (cmd) {
	case DRYDOCK_DMA_BUFFER_INFO:
		return dma_buffer_info(buffer, (void __user *)arg);
	case DRYDOCK_DMA_BUFFER_FILL:
		if (!(file->f_mode & FMODE_WRITE))
			return -EBADF;
		return dma_buffer_fill(buffer, (const void __user *)arg);
	default:
		return -ENOTTY;
	}
}

static const struct file_operations dma_buffer_fops = {
	.owner = THIS_MODULE,
	.open = dma_buffer_open,
	.release = dma_buffer_release,
	.llseek = dma_buffer_llseek,
	.read = dma_buffer_read,
	.write = dma_buffer_write,
	.unlocked_ioctl = dma_buffer_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = dma_buffer_mmap,
};

static struct dma_buffer the_buffer = {
	.misc = {
		.minor	= MISC_DYNAMIC_MINOR,
		.name	= DMA_BUFFER_NAME,
		.fops	= &dma_buffer_fops,
		.mode	= 0600,
	},
};

static int dma_buffer_parse(struct dma_buffer_geometry *geometry)
{
	if (!strcmp(method, "remap"))
		geometry->method = DMA_BUFFER_REMAP;
	else if (!strcmp(method, "dma_mmap"))
		geometry->method = DMA_BUFFER_DMA_MMAP;
	else
		return -EINVAL;

	if (!strcmp(cache, "wb"))
		geometry->cache = DMA_BUFFER_WB;
	else if (!strcmp(cache, "wc"))
		geometry->cache = DMA_BUFFER_WC;
	else if (!strcmp(cache, "uncached"))
		geometry->cache = DMA_BUFFER_UNCACHED;
	else
		return -EINVAL;

	geometry->size = size;
	geometry->max_map = max_map;
	geometry->page_shift = PAGE_SHIFT;
	return 0;
}

/* Asks for whole pages, so that whole pages are zeroed. */
static int dma_buffer_alloc(struct dma_buffer *buffer)
{
	if (buffer->geometry.method == DMA_BUFFER_DMA_MMAP) {
		buffer->dma_attrs = DMA_ATTR_NO_WARN;
		if (buffer->geometry.cache == DMA_BUFFER_WC)
			buffer->dma_attrs |= DMA_ATTR_WRITE_COMBINE;
		buffer->cpu_addr = dma_alloc_attrs(
			&buffer->pdev->dev, buffer->mapped_size,
			&buffer->dma_addr, GFP_KERNEL, buffer->dma_attrs);
		return buffer->cpu_addr ? 0 : -ENOMEM;
	}

	buffer->cpu_addr = alloc_pages_exact(
		buffer->mapped_size, GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN);
	if (!buffer->cpu_addr)
		return -ENOMEM;
	buffer->geometry.phys = virt_to_phys(buffer->cpu_addr);
	return 0;
}

static void dma_buffer_free(struct dma_buffer *buffer)
{
	if (buffer->geometry.method == DMA_BUFFER_DMA_MMAP)
		dma_free_attrs(&buffer->pdev->dev, buffer->mapped_size,
			       buffer->cpu_addr, buffer->dma_addr,
			       buffer->dma_attrs);
	else
		free_pages_exact(buffer->cpu_addr, buffer->mapped_size);
	buffer->cpu_addr = NULL;
}

static int __init dma_buffer_init(void)
{
	struct dma_buffer *buffer = &the_buffer;
	int err;

	err = dma_buffer_parse(&buffer->geometry);
	if (!err)
		err = dma_buffer_mapped_size(&buffer->geometry,
					     &buffer->mapped_size);
	if (err) {
		pr_err(DMA_BUFFER_NAME
		       ": cannot be: method=%s size=%lu cache=%s\n",
		       method, size, cache);
		return err;
	}

	buffer->pdev = platform_device_register_simple(
		DMA_BUFFER_NAME, PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(buffer->pdev))
		return PTR_ERR(buffer->pdev);

	err = dma_coerce_mask_and_coherent(&buffer->pdev->dev,
					   DMA_BIT_MASK(64));
	if (err)
		goto unregister_device;

	err = dma_buffer_alloc(buffer);
	if (err)
		goto unregister_device;

	err = misc_register(&buffer->misc);
	if (err)
		goto free_buffer;
	return 0;

free_buffer:
	dma_buffer_free(buffer);
unregister_device:
	platform_device_unregister(buffer->pdev);
	return err;
}
module_init(dma_buffer_init);

static void __exit dma_buffer_exit(void)
{
	struct dma_buffer *buffer = &the_buffer;

	misc_deregister(&buffer->misc);
	WARN_ON(atomic_read(&buffer->mappings));
	dma_buffer_free(buffer);
	platform_device_unregister(buffer->pdev);
}
module_exit(dma_buffer_exit);

MODULE_DESCRIPTION("Drydock reference driver: a DMA buffer that can be mapped");
MODULE_AUTHOR("The Drydock authors");
MODULE_LICENSE("GPL");
