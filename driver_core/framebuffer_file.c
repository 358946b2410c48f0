// SPDX-License-Identifier: GPL-2.0
/*
 * What a program does with the framebuffer's device node: map the video memory,
 * read the picture, and the ioctls of framebuffer_uapi.h.
 */
#include <linux/compat.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/uaccess.h>

#include "framebuffer.h"
#include "framebuffer_uapi.h"
#include "kernel_versions.h"
#include "vma_request.h"

#if KERNEL_HAS_MMAP_PREPARE
static const struct vm_operations_struct framebuffer_vm_ops = {
	.mapped = revocable_vm_mapped,
	.open = revocable_vm_open,
	.close = revocable_vm_close,
};

static int framebuffer_mmap_prepare(struct vm_area_desc *desc)
{
	struct framebuffer *fb = desc->file->private_data;
	const struct mapping_request request = desc_request(desc);
	struct framebuffer_mapping mapping;
	int err;

	err = framebuffer_plan(&fb->geometry, &request, &mapping);
	if (err)
		return err;
	err = revocable_prepare(&fb->mappings, desc);
	if (err)
		return err;

	desc_flags_change(desc, VM_DONTEXPAND | VM_DONTDUMP,
			  flags_to_clear(mapping.clear_may_write,
					 mapping.clear_may_exec));
	desc->vm_ops = &framebuffer_vm_ops;
	if (mapping.cache == FRAMEBUFFER_WC)
		desc->page_prot = pgprot_writecombine(desc->page_prot);
	mmap_action_simple_ioremap(desc, mapping.phys, mapping.size);
	return 0;
}
#else
static const struct vm_operations_struct framebuffer_vm_ops = {
	.open = revocable_vm_open,
	.close = revocable_vm_close,
};

static int framebuffer_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct framebuffer *fb = file->private_data;
	const struct mapping_request request = vma_request(vma);
	struct framebuffer_mapping mapping;
	int err;

	err = framebuffer_plan(&fb->geometry, &request, &mapping);
	if (err)
		return err;
	err = revocable_begin(&fb->mappings, vma);
	if (err)
		return err;

	vma_flags_change(vma, VM_DONTEXPAND | VM_DONTDUMP,
			 flags_to_clear(mapping.clear_may_write,
					mapping.clear_may_exec));

	if (mapping.cache == FRAMEBUFFER_WC)
		vma->vm_page_prot = pgprot_writecombine(vma->vm_page_prot);
	err = vm_iomap_memory(vma, mapping.phys, mapping.size);
	if (err) {
		revocable_abandon(vma);
		return err;
	}
	vma->vm_ops = &framebuffer_vm_ops;
	return 0;
}
#endif

static int framebuffer_open(struct inode *inode, struct file *file)
{
	/* misc_open() has left the struct miscdevice there. */
	struct framebuffer *fb =
		container_of(file->private_data, struct framebuffer, misc);

	/* And holds the lock of misc_deregister(): it is there. */
	kref_get(&fb->ref);
	revocable_open(&fb->mappings, inode, file);
	file->private_data = fb;
	return 0;
}

static int framebuffer_release(struct inode *inode, struct file *file)
{
	struct framebuffer *fb = file->private_data;

	revocable_release(&fb->mappings, file);
	framebuffer_put(fb);
	return 0;
}

static loff_t framebuffer_llseek(struct file *file, loff_t offset, int whence)
{
	struct framebuffer *fb = file->private_data;
	loff_t size;

	mutex_lock(&fb->lock);
	size = framebuffer_picture_size(&fb->mode);
	mutex_unlock(&fb->lock);
	return fixed_size_llseek(file, offset, whence, size);
}

/* Takes the lock with the device there. */
static int framebuffer_lock(struct framebuffer *fb)
{
	int err;

	err = mutex_lock_interruptible(&fb->lock);
	if (err)
		return err;
	if (!fb->gone)
		return 0;
	mutex_unlock(&fb->lock);
	return -ENODEV;
}

static ssize_t framebuffer_read(struct file *file, char __user *to,
				size_t count, loff_t *pos)
{
	struct framebuffer *fb = file->private_data;
	ssize_t done = 0;
	int err;

	if (*pos < 0)
		return -EINVAL;
	err = framebuffer_lock(fb);
	if (err)
		return err;
	while (count) {
		unsigned long offset, length, left;

		length = framebuffer_span(&fb->mode, *pos, &offset);
		length = min_t(unsigned long, length, count);
		if (!length)
			break;
		left = copy_to_user(to + done, fb->memory + offset, length);
		length -= left;
		*pos += length;
		done += length;
		count -= length;
		if (left) {
			done = done ?: -EFAULT;
			break;
		}
	}
	mutex_unlock(&fb->lock);
	return done;
}

static long framebuffer_info(struct framebuffer *fb, void __user *arg)
{
	struct drydock_framebuffer_info info = {
		.memory_size = fb->geometry.size,
		.mapped_size = fb->mapped_size,
		.mappings = revocable_vmas(&fb->mappings),
	};
	int err;

	err = framebuffer_lock(fb);
	if (err)
		return err;
	info.width = fb->mode.width;
	info.height = fb->mode.height;
	info.bytes_per_pixel = fb->mode.bytes_per_pixel;
	info.line_length = fb->mode.line_length;
	info.lines = fb->mode.lines;
	info.pan_y = fb->mode.pan_y;
	mutex_unlock(&fb->lock);
	return copy_to_user(arg, &info, sizeof(info)) ? -EFAULT : 0;
}

static long framebuffer_set_mode(struct framebuffer *fb, const void __user *arg)
{
	struct drydock_framebuffer_mode asked;
	struct framebuffer_mode mode;
	int err;

	if (copy_from_user(&asked, arg, sizeof(asked)))
		return -EFAULT;
	if (asked.reserved)
		return -EINVAL;
	err = framebuffer_mode_plan(fb->geometry.size, asked.width,
				    asked.height, asked.bytes_per_pixel, &mode);
	if (err)
		return err;

	err = framebuffer_lock(fb);
	if (err)
		return err;
	framebuffer_show(fb, &mode);
	mutex_unlock(&fb->lock);
	return 0;
}

static long framebuffer_pan(struct framebuffer *fb, const void __user *arg)
{
	struct drydock_framebuffer_pan asked;
	struct framebuffer_mode mode;
	int err;

	if (copy_from_user(&asked, arg, sizeof(asked)))
		return -EFAULT;
	if (asked.reserved)
		return -EINVAL;

	err = framebuffer_lock(fb);
	if (err)
		return err;
	mode = fb->mode;
	err = framebuffer_pan_plan(&mode, asked.y);
	if (!err) {
		mode.pan_y = asked.y;
		framebuffer_show(fb, &mode);
	}
	mutex_unlock(&fb->lock);
	return err;
}

static long framebuffer_ioctl(struct file *file, unsigned int cmd,
			      unsigned long arg)
{
	struct framebuffer *fb = file->private_data;
	void __user *user = (void __user *)arg;

	switch (cmd) {
	case DRYDOCK_FRAMEBUFFER_INFO:
		return framebuffer_info(fb, user);
	case DRYDOCK_FRAMEBUFFER_SET_MODE:
		if (!(file->f_mode & FMODE_WRITE))
			return -EBADF;
		return framebuffer_set_mode(fb, user);
	case DRYDOCK_FRAMEBUFFER_PAN:
		if (!(file->f_mode & FMODE_WRITE))
			return -EBADF;
		return framebuffer_pan(fb, user);
	default:
		return -ENOTTY;
	}
}

const struct file_operations framebuffer_fops = {
	.owner = THIS_MODULE,
	.open = framebuffer_open,
	.release = framebuffer_release,
	.llseek = framebuffer_llseek,
	.read = framebuffer_read,
	.unlocked_ioctl = framebuffer_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
#if KERNEL_HAS_MMAP_PREPARE
	.mmap_prepare = framebuffer_mmap_prepare,
#else
	.mmap = framebuffer_mmap,
#endif
};
