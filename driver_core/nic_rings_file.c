// SPDX-License-Identifier: GPL-2.0
/*
 * What a program does with the node of the network device, mmap(2) apart: read
 * and write one frame, poll, and the ioctls of nic_rings_uapi.h.
 */
#include <linux/atomic.h>
#include <linux/compat.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/uaccess.h>

#include "nic_rings.h"

void nic_stop(struct nic_rings *nic)
{
	if (!nic->running)
		return;
	nic->ops->stop(nic);
	nic->running = false;
	nic_wake(nic);
}

/* Called with the lock held and the device stopped. */
static void nic_reset_rings(struct nic_rings *nic)
{
	u32 i;

	for (i = 0; i < nic->geometry.entries; i++) {
		nic_give_to(nic_descriptor(nic, NIC_RX_RING, i),
			    DRYDOCK_NIC_DEVICE);
		nic_give_to(nic_descriptor(nic, NIC_TX_RING, i),
			    DRYDOCK_NIC_PROGRAM);
	}
	nic->read_index = 0;
	nic->write_index = 0;
}

/*
 * Is there a frame for read(2), or a descriptor for write(2)? Called with the
 * lock held. 0, -EAGAIN, or there is no hope.
 */
static int nic_ready(struct nic_rings *nic, enum nic_region ring)
{
	u32 index = ring == NIC_RX_RING ? nic->read_index : nic->write_index;

	if (nic->gone)
		return -ENODEV;
	if (!nic->running)
		return -ENETDOWN;
	return nic_owned_by(nic_descriptor(nic, ring, index),
			    DRYDOCK_NIC_PROGRAM)
		       ? 0
		       : -EAGAIN;
}

/* Takes the lock with the device running and a descriptor that is ours. */
static int nic_claim(struct nic_rings *nic, struct file *file,
		     enum nic_region ring)
{
	int err, seen;

	for (;;) {
		/* Before we look: what comes after is a reason to look again. */
		seen = atomic_read(&nic->wakes);
		err = mutex_lock_interruptible(&nic->lock);
		if (err)
			return err;
		err = nic_ready(nic, ring);
		if (!err)
			return 0;
		mutex_unlock(&nic->lock);

		if (err != -EAGAIN || file->f_flags & O_NONBLOCK)
			return err;
		/* Without the lock the ring may go at any time. */
		err = wait_event_interruptible(
			nic->wait, atomic_read(&nic->wakes) != seen);
		if (err)
			return err;
	}
}

static ssize_t nic_rings_read(struct file *file, char __user *to, size_t count,
			      loff_t *pos)
{
	struct nic_rings *nic = file->private_data;
	struct drydock_nic_descriptor *descriptor;
	ssize_t done;
	u32 length;

	done = nic_claim(nic, file, NIC_RX_RING);
	if (done)
		return done;
	descriptor = nic_descriptor(nic, NIC_RX_RING, nic->read_index);
	/* Once: a program can change it in the next moment. */
	length = le32_to_cpu(READ_ONCE(descriptor->length));
	if (!nic_frame_length(length)) {
		done = -EIO;
	} else if (length > count) {
		done = -EMSGSIZE;
		goto unlock;
	} else if (copy_to_user(to,
				nic_buffer(nic, NIC_RX_RING, nic->read_index),
				length)) {
		done = -EFAULT;
		goto unlock;
	} else {
		done = length;
	}
	nic_give_to(descriptor, DRYDOCK_NIC_DEVICE);
	nic->read_index++;
unlock:
	mutex_unlock(&nic->lock);
	return done;
}

static ssize_t nic_rings_write(struct file *file, const char __user *from,
			       size_t count, loff_t *pos)
{
	struct nic_rings *nic = file->private_data;
	struct drydock_nic_descriptor *descriptor;
	ssize_t done;

	if (!nic_frame_length(count))
		return -EMSGSIZE;
	done = nic_claim(nic, file, NIC_TX_RING);
	if (done)
		return done;
	if (copy_from_user(nic_buffer(nic, NIC_TX_RING, nic->write_index), from,
			   count)) {
		done = -EFAULT;
		goto unlock;
	}
	descriptor = nic_descriptor(nic, NIC_TX_RING, nic->write_index);
	descriptor->length = cpu_to_le32(count);
	nic_give_to(descriptor, DRYDOCK_NIC_DEVICE);
	nic->write_index++;
	nic->ops->kick(nic);
	done = count;
unlock:
	mutex_unlock(&nic->lock);
	return done;
}

/* Does what the device gave last belong to the program still? */
static bool nic_last_is_ours(struct nic_rings *nic, enum nic_region ring,
			     u32 next)
{
	return nic_owned_by(nic_descriptor(nic, ring, next - 1),
			    DRYDOCK_NIC_PROGRAM);
}

static __poll_t nic_rings_poll(struct file *file, poll_table *table)
{
	struct nic_rings *nic = file->private_data;
	struct nic_state state;
	__poll_t events = 0;

	poll_wait(file, &nic->wait, table);
	mutex_lock(&nic->lock);
	if (nic->gone) {
		events = EPOLLHUP | EPOLLERR;
	} else if (!nic->running) {
		events = EPOLLHUP;
	} else {
		nic->ops->state(nic, &state);
		if (nic_last_is_ours(nic, NIC_RX_RING, state.rx_index))
			events |= EPOLLIN | EPOLLRDNORM;
		if (nic_last_is_ours(nic, NIC_TX_RING, state.tx_index))
			events |= EPOLLOUT | EPOLLWRNORM;
	}
	mutex_unlock(&nic->lock);
	return events;
}

static long nic_rings_info(struct nic_rings *nic, void __user *arg)
{
	struct drydock_nic_info info = {
		.ring_size = nic->memory[NIC_RX_RING].size,
		.buffers_size = nic->memory[NIC_BUFFERS].size,
		.entries = nic->geometry.entries,
		.buffer_size = DRYDOCK_NIC_BUFFER_SIZE,
		.mappings = revocable_vmas(&nic->mappings),
	};
	struct nic_state state;
	bool gone;

	mutex_lock(&nic->lock);
	gone = nic->gone;
	info.running = nic->running;
	if (!gone)
		nic->ops->state(nic, &state);
	mutex_unlock(&nic->lock);
	if (gone)
		return -ENODEV;
	info.received = state.received;
	info.dropped = state.dropped;
	info.sent = state.sent;
	info.bad = state.bad;
	return copy_to_user(arg, &info, sizeof(info)) ? -EFAULT : 0;
}

static long nic_rings_start(struct nic_rings *nic, const void __user *arg)
{
	struct drydock_nic_start asked;
	struct nic_run run;
	int err;

	if (copy_from_user(&asked, arg, sizeof(asked)))
		return -EFAULT;
	err = nic_run_plan(&nic->geometry, asked.count, asked.burst,
			   asked.interval_us, asked.flags, &run);
	if (err)
		return err;

	mutex_lock(&nic->lock);
	if (nic->gone) {
		err = -ENODEV;
	} else if (nic->running) {
		err = -EBUSY;
	} else {
		nic_reset_rings(nic);
		nic->running = true;
		nic->ops->start(nic, &run);
	}
	mutex_unlock(&nic->lock);
	return err;
}

static long nic_rings_kick(struct nic_rings *nic)
{
	int err = 0;

	mutex_lock(&nic->lock);
	if (nic->gone)
		err = -ENODEV;
	else if (!nic->running)
		err = -ENETDOWN;
	else
		nic->ops->kick(nic);
	mutex_unlock(&nic->lock);
	return err;
}

static long nic_rings_ioctl(struct file *file, unsigned int cmd,
			    unsigned long arg)
{
	struct nic_rings *nic = file->private_data;
	void __user *user = (void __user *)arg;
	int err;

	if (cmd == DRYDOCK_NIC_INFO)
		return nic_rings_info(nic, user);
	if (cmd != DRYDOCK_NIC_START && cmd != DRYDOCK_NIC_STOP &&
	    cmd != DRYDOCK_NIC_KICK)
		return -ENOTTY;
	if (!(file->f_mode & FMODE_WRITE))
		return -EBADF;

	if (cmd == DRYDOCK_NIC_START)
		return nic_rings_start(nic, user);
	if (cmd == DRYDOCK_NIC_KICK)
		return nic_rings_kick(nic);
	mutex_lock(&nic->lock);
	err = nic->gone ? -ENODEV : 0;
	nic_stop(nic);
	mutex_unlock(&nic->lock);
	return err;
}

static int nic_rings_open(struct inode *inode, struct file *file)
{
	/* misc_open() has left the struct miscdevice there. */
	struct nic_rings *nic =
		container_of(file->private_data, struct nic_rings, misc);

	/* And holds the lock of misc_deregister(): it is there. */
	kref_get(&nic->ref);
	mutex_lock(&nic->lock);
	nic->files++;
	mutex_unlock(&nic->lock);
	revocable_open(&nic->mappings, inode, file);
	file->private_data = nic;
	return stream_open(inode, file);
}

static int nic_rings_release(struct inode *inode, struct file *file)
{
	struct nic_rings *nic = file->private_data;

	mutex_lock(&nic->lock);
	if (!--nic->files)
		nic_stop(nic);
	mutex_unlock(&nic->lock);
	nic_rings_put(nic);
	return 0;
}

const struct file_operations nic_rings_fops = {
	.owner = THIS_MODULE,
	.open = nic_rings_open,
	.release = nic_rings_release,
	.read = nic_rings_read,
	.write = nic_rings_write,
	.poll = nic_rings_poll,
	.unlocked_ioctl = nic_rings_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = nic_rings_mmap,
};
