// SPDX-License-Identifier: GPL-2.0
/*
 * What a program does with the DMA buffer's device node, mmap(2) apart: read,
 * write, poll and the ioctls of dma_buffer_uapi.h.
 */
#include <linux/compat.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "dma_buffer.h"
#include "dma_buffer_uapi.h"
#include "kernel_versions.h"

static int dma_buffer_open(struct inode *inode, struct file *file)
{
	/* misc_open() has left the struct miscdevice there. */
	struct dma_buffer *buffer =
		container_of(file->private_data, struct dma_buffer, misc);

	/* And holds the lock of misc_deregister(): it is there. */
	kref_get(&buffer->ref);
	revocable_open(&buffer->mappings, inode, file);
	file->private_data = buffer;
	return 0;
}

static int dma_buffer_release(struct inode *inode, struct file *file)
{
	struct dma_buffer *buffer = file->private_data;

	revocable_release(&buffer->mappings, file);
	dma_buffer_put(buffer);
	return 0;
}

static loff_t dma_buffer_llseek(struct file *file, loff_t offset, int whence)
{
	struct dma_buffer *buffer = file->private_data;

	return fixed_size_llseek(file, offset, whence, buffer->geometry.size);
}

/* Takes the lock with the device there and no transfer running. */
static int dma_buffer_claim(struct dma_buffer *buffer, struct file *file)
{
	struct dma_buffer_engine *engine = &buffer->engine;
	bool gone;
	int err;

	for (;;) {
		err = mutex_lock_interruptible(&buffer->lock);
		if (err)
			return err;
		gone = buffer->gone;
		if (!gone && !dma_buffer_engine_running(engine))
			return 0;
		mutex_unlock(&buffer->lock);

		if (gone)
			return -ENODEV;
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		err = wait_event_interruptible(
			engine->idle,
			READ_ONCE(buffer->gone) ||
				!dma_buffer_engine_running(engine));
		if (err)
			return err;
	}
}

static void dma_buffer_unclaim(struct dma_buffer *buffer)
{
	mutex_unlock(&buffer->lock);
}

static ssize_t dma_buffer_read(struct file *file, char __user *to, size_t count,
			       loff_t *pos)
{
	struct dma_buffer *buffer = file->private_data;
	ssize_t done;

	done = dma_buffer_claim(buffer, file);
	if (done)
		return done;
	done = simple_read_from_buffer(to, count, pos, buffer->memory.cpu_addr,
				       buffer->geometry.size);
	dma_buffer_unclaim(buffer);
	return done;
}

static ssize_t dma_buffer_write(struct file *file, const char __user *from,
				size_t count, loff_t *pos)
{
	struct dma_buffer *buffer = file->private_data;
	ssize_t done;

	/* Not 0, which a program that writes in a loop would never get over. */
	if (count && *pos >= 0 && (u64)*pos >= buffer->geometry.size)
		return -ENOSPC;

	done = dma_buffer_claim(buffer, file);
	if (done)
		return done;
	done = simple_write_to_buffer(buffer->memory.cpu_addr,
				      buffer->geometry.size, pos, from, count);
	dma_buffer_unclaim(buffer);
	return done;
}

static __poll_t dma_buffer_poll(struct file *file, poll_table *table)
{
	struct dma_buffer *buffer = file->private_data;

	poll_wait(file, &buffer->engine.idle, table);
	if (READ_ONCE(buffer->gone))
		return EPOLLHUP | EPOLLERR;
	if (dma_buffer_engine_running(&buffer->engine))
		return 0;
	return EPOLLIN | EPOLLRDNORM | EPOLLOUT | EPOLLWRNORM;
}

static long dma_buffer_info(struct dma_buffer *buffer, void __user *arg)
{
	struct drydock_dma_buffer_info info = {
		.size = buffer->geometry.size,
		.mapped_size = buffer->mapped_size,
		.max_map = buffer->geometry.max_map,
		.alignment = PAGE_SIZE,
		.mappings = revocable_vmas(&buffer->mappings),
	};

	if (READ_ONCE(buffer->gone))
		return -ENODEV;
	return copy_to_user(arg, &info, sizeof(info)) ? -EFAULT : 0;
}

static long dma_buffer_fill(struct dma_buffer *buffer, struct file *file,
			    const void __user *arg)
{
	struct drydock_dma_buffer_fill fill;
	int err;

	if (copy_from_user(&fill, arg, sizeof(fill)))
		return -EFAULT;
	if (fill.value > 0xff || fill.reserved)
		return -EINVAL;
	if (fill.offset > buffer->geometry.size ||
	    fill.length > buffer->geometry.size - fill.offset)
		return -EINVAL;

	err = dma_buffer_claim(buffer, file);
	if (err)
		return err;
	memset(buffer->memory.cpu_addr + fill.offset, fill.value, fill.length);
	dma_buffer_unclaim(buffer);
	return 0;
}

static long dma_buffer_start(struct dma_buffer *buffer, const void __user *arg)
{
	struct drydock_dma_buffer_transfer asked;
	struct dma_buffer_transfer transfer;
	int err;

	if (copy_from_user(&asked, arg, sizeof(asked)))
		return -EFAULT;
	transfer.source = asked.source;
	transfer.destination = asked.destination;
	transfer.length = asked.length;
	err = dma_buffer_transfer_plan(buffer->geometry.size, &transfer);
	if (err)
		return err;

	err = mutex_lock_interruptible(&buffer->lock);
	if (err)
		return err;
	err = buffer->gone
		      ? -ENODEV
		      : dma_buffer_engine_start(&buffer->engine,
						&buffer->memory, &transfer);
	mutex_unlock(&buffer->lock);
	return err;
}

static long dma_buffer_wait(struct dma_buffer *buffer, struct file *file,
			    void __user *arg)
{
	struct drydock_dma_buffer_result answer;
	struct dma_buffer_result result;
	int err;

	err = dma_buffer_claim(buffer, file);
	if (err)
		return err;
	result = dma_buffer_engine_result(&buffer->engine);
	dma_buffer_unclaim(buffer);

	answer.copied = result.copied;
	answer.transfer = result.transfer;
	answer.error = result.error;
	return copy_to_user(arg, &answer, sizeof(answer)) ? -EFAULT : 0;
}

static long dma_buffer_ioctl(struct file *file, unsigned int cmd,
			     unsigned long arg)
{
	struct dma_buffer *buffer = file->private_data;
	void __user *user = (void __user *)arg;

	switch (cmd) {
	case DRYDOCK_DMA_BUFFER_INFO:
		return dma_buffer_info(buffer, user);
	case DRYDOCK_DMA_BUFFER_FILL:
		if (!(file->f_mode & FMODE_WRITE))
			return -EBADF;
		return dma_buffer_fill(buffer, file, user);
	case DRYDOCK_DMA_BUFFER_START:
		if (!(file->f_mode & FMODE_WRITE))
			return -EBADF;
		return dma_buffer_start(buffer, user);
	case DRYDOCK_DMA_BUFFER_WAIT:
		return dma_buffer_wait(buffer, file, user);
	default:
		return -ENOTTY;
	}
}

/* All of them but the one that maps. */
#define DMA_BUFFER_FOPS                                              \
	.owner = THIS_MODULE, .open = dma_buffer_open,               \
	.release = dma_buffer_release, .llseek = dma_buffer_llseek,  \
	.read = dma_buffer_read, .write = dma_buffer_write,          \
	.poll = dma_buffer_poll, .unlocked_ioctl = dma_buffer_ioctl, \
	.compat_ioctl = compat_ptr_ioctl

static const struct file_operations dma_buffer_mmap_fops = {
	DMA_BUFFER_FOPS,
	.mmap = dma_buffer_mmap,
};

#if KERNEL_HAS_MMAP_PREPARE
static const struct file_operations dma_buffer_prepare_fops = {
	DMA_BUFFER_FOPS,
	.mmap_prepare = dma_buffer_mmap_prepare,
};
#endif

const struct file_operations *dma_buffer_fops(enum dma_buffer_method method)
{
#if KERNEL_HAS_MMAP_PREPARE
	/* No action stands for dma_mmap_attrs(). */
	if (method == DMA_BUFFER_REMAP)
		return &dma_buffer_prepare_fops;
#endif
	return &dma_buffer_mmap_fops;
}
