// SPDX-License-Identifier: GPL-2.0
/*
 * What a program does with the node of QEMU's educational device, mmap(2) apart:
 * the ioctls of edu_uapi.h, and waiting for interrupts.
 */
#include <linux/compat.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>

#include "edu.h"
#include "edu_regs.h"
#include "edu_uapi.h"

/**
 * struct edu_file - one open file
 * @edu: the device, held
 * @lock: guards @seen
 * @seen: interrupts that read(2) has told of
 */
struct edu_file {
	struct edu *edu;
	struct mutex lock;
	u32 seen;
};

struct edu *edu_of_file(struct file *file)
{
	struct edu_file *own = file->private_data;

	return own->edu;
}

static bool edu_has_news(struct edu_file *own)
{
	struct edu *edu = own->edu;

	return READ_ONCE(edu->gone) ||
	       READ_ONCE(edu->interrupts) != READ_ONCE(own->seen);
}

static ssize_t edu_read(struct file *file, char __user *to, size_t count,
			loff_t *pos)
{
	struct edu_file *own = file->private_data;
	struct edu *edu = own->edu;
	u32 interrupts;
	int err;

	if (count != sizeof(interrupts))
		return -EINVAL;

	err = mutex_lock_interruptible(&own->lock);
	if (err)
		return err;
	if (!edu_has_news(own) && file->f_flags & O_NONBLOCK)
		err = -EAGAIN;
	else
		err = wait_event_interruptible(edu->wait, edu_has_news(own));
	if (!err && READ_ONCE(edu->gone))
		err = -ENODEV;
	if (!err) {
		interrupts = READ_ONCE(edu->interrupts);
		WRITE_ONCE(own->seen, interrupts);
	}
	mutex_unlock(&own->lock);
	if (err)
		return err;
	if (copy_to_user(to, &interrupts, sizeof(interrupts)))
		return -EFAULT;
	return sizeof(interrupts);
}

static __poll_t edu_poll(struct file *file, poll_table *table)
{
	struct edu_file *own = file->private_data;

	poll_wait(file, &own->edu->wait, table);
	if (READ_ONCE(own->edu->gone))
		return EPOLLHUP | EPOLLERR;
	return edu_has_news(own) ? EPOLLIN | EPOLLRDNORM : 0;
}

static long edu_tell(struct edu *edu, void __user *arg)
{
	struct drydock_edu_info info = {
		.registers_size = edu->geometry.registers_size,
		.memory_size = edu->geometry.memory_size,
		.buffer_size = EDU_BUFFER_USABLE,
	};
	unsigned long flags;
	bool gone;

	mutex_lock(&edu->command);
	gone = edu->gone;
	if (!gone)
		info.id = ioread32(edu->regs + EDU_ID);
	mutex_unlock(&edu->command);
	if (gone)
		return -ENODEV;

	spin_lock_irqsave(&edu->events_lock, flags);
	info.interrupts = edu->interrupts;
	info.lost = edu->lost;
	spin_unlock_irqrestore(&edu->events_lock, flags);
	return copy_to_user(arg, &info, sizeof(info)) ? -EFAULT : 0;
}

static long edu_compute(struct edu *edu, void __user *arg)
{
	struct drydock_edu_factorial factorial;
	int err;

	if (copy_from_user(&factorial, arg, sizeof(factorial)))
		return -EFAULT;
	err = edu_factorial(edu, factorial.n, &factorial.result);
	if (err)
		return err;
	return copy_to_user(arg, &factorial, sizeof(factorial)) ? -EFAULT : 0;
}

static long edu_copy(struct edu *edu, const void __user *arg)
{
	struct drydock_edu_transfer asked;
	struct edu_transfer transfer;
	int err;

	if (copy_from_user(&asked, arg, sizeof(asked)))
		return -EFAULT;
	err = edu_transfer_plan(edu->dma, edu->geometry.memory_size,
				asked.buffer_offset, asked.memory_offset,
				asked.length, asked.to_memory, &transfer);
	if (err)
		return err;
	return edu_transfer(edu, &transfer);
}

static long edu_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct edu *edu = edu_of_file(file);
	void __user *user = (void __user *)arg;

	switch (cmd) {
	case DRYDOCK_EDU_INFO:
		return edu_tell(edu, user);
	case DRYDOCK_EDU_FACTORIAL:
		if (!(file->f_mode & FMODE_WRITE))
			return -EBADF;
		return edu_compute(edu, user);
	case DRYDOCK_EDU_TRANSFER:
		if (!(file->f_mode & FMODE_WRITE))
			return -EBADF;
		return edu_copy(edu, user);
	default:
		return -ENOTTY;
	}
}

static int edu_open(struct inode *inode, struct file *file)
{
	/* misc_open() has left the struct miscdevice there, and holds its lock. */
	struct edu *edu = container_of(file->private_data, struct edu, misc);
	struct edu_file *own;

	own = kzalloc(sizeof(*own), GFP_KERNEL);
	if (!own)
		return -ENOMEM;
	mutex_init(&own->lock);
	own->edu = edu;
	own->seen = READ_ONCE(edu->interrupts);

	kref_get(&edu->ref);
	mutex_lock(&edu->map_lock);
	if (!edu->inode) {
		ihold(inode);
		edu->inode = inode;
	}
	mutex_unlock(&edu->map_lock);
	file->f_mapping = edu->inode->i_mapping;
	file->private_data = own;
	return stream_open(inode, file);
}

static int edu_release(struct inode *inode, struct file *file)
{
	struct edu_file *own = file->private_data;

	edu_put(own->edu);
	kfree(own);
	return 0;
}

const struct file_operations edu_fops = {
	.owner = THIS_MODULE,
	.open = edu_open,
	.release = edu_release,
	.read = edu_read,
	.poll = edu_poll,
	.unlocked_ioctl = edu_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = edu_mmap,
};
