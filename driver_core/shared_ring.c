// SPDX-License-Identifier: GPL-2.0
/*
 * A ring of records that user space maps: /dev/drydock_shared_ring. Programs put
 * records into it by write(2), and whoever has it mapped consumes them without a
 * system call. This file is the module, its device, the records and the ring's
 * life; shared_ring.h says what is where.
 *
 * The device can be removed at any time (unbind it in sysfs, and see). What is
 * open stays open and says ENODEV, what is mapped stays mapped and is SIGBUS.
 */
#include <linux/build_bug.h>
#include <linux/compat.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "kernel_versions.h"
#include "shared_ring.h"
#include "shared_ring_uapi.h"

#define SHARED_RING_NAME DRYDOCK_SHARED_RING_NAME

static_assert(sizeof(struct drydock_shared_ring_record) ==
	      SHARED_RING_RECORD_SIZE);

static char *method = "page";
module_param(method, charp, 0444);
MODULE_PARM_DESC(method, "What a fault gives: page (default) or pfn");

static unsigned int records = 256;
module_param(records, uint, 0444);
MODULE_PARM_DESC(records, "Records to begin with (default 256)");

static bool whole;
module_param(whole, bool, 0444);
MODULE_PARM_DESC(whole, "Only all of the ring may be mapped, and in one piece");

static void shared_ring_free_pages(struct page **pages, unsigned long count)
{
	unsigned long i;

	for (i = 0; i < count; i++)
		__free_page(pages[i]);
	kvfree(pages);
}

static struct page **shared_ring_alloc_pages(unsigned long count)
{
	struct page **pages;
	unsigned long i;

	pages = kvcalloc(count, sizeof(*pages), GFP_KERNEL);
	if (!pages)
		return NULL;
	for (i = 0; i < count; i++) {
		pages[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!pages[i]) {
			shared_ring_free_pages(pages, i);
			return NULL;
		}
	}
	return pages;
}

static void shared_ring_release_ref(struct kref *ref)
{
	struct shared_ring *ring = container_of(ref, struct shared_ring, ref);

	if (ring->inode)
		iput(ring->inode);
	kfree(ring);
}

/* Of the page that user space can write at any time: read a field once. */
static struct drydock_shared_ring_header *
shared_ring_header(struct shared_ring *ring)
{
	return page_address(ring->pages[0]);
}

/* Called with the lock held, and the device there. */
static int shared_ring_unread(struct shared_ring *ring, u32 *unread)
{
	u32 tail = READ_ONCE(shared_ring_header(ring)->tail);

	return shared_ring_used(&ring->geometry, ring->head, tail, unread);
}

/* Called with the lock held. */
static int shared_ring_put(struct shared_ring *ring,
			   const struct drydock_shared_ring_record *record)
{
	struct drydock_shared_ring_record *to;
	unsigned long page;
	unsigned int offset;
	u32 unread;
	int err;

	if (ring->gone)
		return -ENODEV;
	err = shared_ring_unread(ring, &unread);
	if (err)
		return err;
	if (unread == ring->geometry.records)
		return -EAGAIN;

	offset = shared_ring_place(&ring->geometry, ring->head, &page);
	to = page_address(ring->pages[page]) + offset;
	memcpy(to->data, record->data, record->length);
	to->length = record->length;
	to->sequence = ring->head;

	/* Whoever sees the new head sees the record. */
	ring->head++;
	smp_store_release(&shared_ring_header(ring)->head, ring->head);
	return 0;
}

static ssize_t shared_ring_write(struct file *file, const char __user *from,
				 size_t count, loff_t *pos)
{
	struct shared_ring *ring = file->private_data;
	struct drydock_shared_ring_record record;
	int err;

	if (count > sizeof(record.data))
		return -EMSGSIZE;
	if (!count)
		return 0;
	/* Before the lock: the bytes may be in a mapping of this very ring. */
	if (copy_from_user(record.data, from, count))
		return -EFAULT;
	record.length = count;

	mutex_lock(&ring->lock);
	err = shared_ring_put(ring, &record);
	mutex_unlock(&ring->lock);
	if (err)
		return err;
	wake_up_interruptible(&ring->readers);
	return count;
}

static __poll_t shared_ring_poll(struct file *file, poll_table *table)
{
	struct shared_ring *ring = file->private_data;
	__poll_t events = 0;
	u32 unread;

	poll_wait(file, &ring->readers, table);
	mutex_lock(&ring->lock);
	if (ring->gone) {
		events = EPOLLHUP | EPOLLERR;
	} else if (shared_ring_unread(ring, &unread)) {
		events = EPOLLERR;
	} else {
		if (unread)
			events |= EPOLLIN | EPOLLRDNORM;
		if (unread < ring->geometry.records)
			events |= EPOLLOUT | EPOLLWRNORM;
	}
	mutex_unlock(&ring->lock);
	return events;
}

static long shared_ring_info(struct shared_ring *ring, void __user *arg)
{
	struct drydock_shared_ring_info info = { .data_offset = PAGE_SIZE };
	bool gone;

	mutex_lock(&ring->lock);
	gone = ring->gone;
	info.mapped_size = (u64)ring->count << PAGE_SHIFT;
	info.records = ring->geometry.records;
	info.mappings = ring->mappings;
	info.moves = ring->moves;
	mutex_unlock(&ring->lock);
	if (gone)
		return -ENODEV;
	return copy_to_user(arg, &info, sizeof(info)) ? -EFAULT : 0;
}

static long shared_ring_resize(struct shared_ring *ring, const void __user *arg)
{
	struct drydock_shared_ring_resize asked;
	struct shared_ring_geometry geometry;
	struct page **pages;
	unsigned long count;
	int err;

	if (copy_from_user(&asked, arg, sizeof(asked)))
		return -EFAULT;
	if (asked.reserved)
		return -EINVAL;
	geometry = ring->geometry;
	geometry.records = asked.records;
	err = shared_ring_pages(&geometry, &count);
	if (err)
		return err;
	pages = shared_ring_alloc_pages(count);
	if (!pages)
		return -ENOMEM;

	mutex_lock(&ring->lock);
	if (ring->gone) {
		err = -ENODEV;
	} else if (ring->mappings) {
		err = -EBUSY;
	} else {
		/* The old ones go in place of the new ones. */
		swap(ring->pages, pages);
		swap(ring->count, count);
		ring->geometry.records = geometry.records;
		ring->head = 0;
	}
	mutex_unlock(&ring->lock);
	shared_ring_free_pages(pages, count);
	return err;
}

static long shared_ring_ioctl(struct file *file, unsigned int cmd,
			      unsigned long arg)
{
	struct shared_ring *ring = file->private_data;
	void __user *user = (void __user *)arg;

	switch (cmd) {
	case DRYDOCK_SHARED_RING_INFO:
		return shared_ring_info(ring, user);
	case DRYDOCK_SHARED_RING_RESIZE:
		if (!(file->f_mode & FMODE_WRITE))
			return -EBADF;
		return shared_ring_resize(ring, user);
	default:
		return -ENOTTY;
	}
}

static int shared_ring_open(struct inode *inode, struct file *file)
{
	/* misc_open() has left the struct miscdevice there, and holds its lock. */
	struct shared_ring *ring =
		container_of(file->private_data, struct shared_ring, misc);

	kref_get(&ring->ref);
	mutex_lock(&ring->lock);
	if (!ring->inode) {
		ihold(inode);
		ring->inode = inode;
	}
	mutex_unlock(&ring->lock);
	file->f_mapping = ring->inode->i_mapping;
	file->private_data = ring;
	return stream_open(inode, file);
}

static int shared_ring_release(struct inode *inode, struct file *file)
{
	struct shared_ring *ring = file->private_data;

	kref_put(&ring->ref, shared_ring_release_ref);
	return 0;
}

static const struct file_operations shared_ring_fops = {
	.owner = THIS_MODULE,
	.open = shared_ring_open,
	.release = shared_ring_release,
	.write = shared_ring_write,
	.poll = shared_ring_poll,
	.unlocked_ioctl = shared_ring_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = shared_ring_mmap,
};

static int shared_ring_probe(struct platform_device *pdev)
{
	struct shared_ring *ring;
	int err;

	ring = kzalloc(sizeof(*ring), GFP_KERNEL);
	if (!ring)
		return -ENOMEM;
	kref_init(&ring->ref);
	mutex_init(&ring->lock);
	init_waitqueue_head(&ring->readers);
	ring->method = strcmp(method, "pfn") ? SHARED_RING_PAGE
					     : SHARED_RING_PFN;
	ring->geometry.records = records;
	ring->geometry.page_shift = PAGE_SHIFT;
	ring->geometry.whole = whole;
	ring->misc.minor = MISC_DYNAMIC_MINOR;
	ring->misc.name = SHARED_RING_NAME;
	ring->misc.fops = &shared_ring_fops;
	ring->misc.mode = 0600;

	err = shared_ring_pages(&ring->geometry, &ring->count);
	if (err)
		goto put;
	ring->pages = shared_ring_alloc_pages(ring->count);
	if (!ring->pages) {
		err = -ENOMEM;
		goto put;
	}
	err = misc_register(&ring->misc);
	if (err)
		goto free_pages;
	platform_set_drvdata(pdev, ring);
	return 0;

free_pages:
	shared_ring_free_pages(ring->pages, ring->count);
put:
	kref_put(&ring->ref, shared_ring_release_ref);
	return err;
}

static platform_removed_t shared_ring_remove(struct platform_device *pdev)
{
	struct shared_ring *ring = platform_get_drvdata(pdev);

	/* No new files; then nothing shows a page, and nobody else looks at one. */
	misc_deregister(&ring->misc);
	shared_ring_revoke(ring);
	shared_ring_free_pages(ring->pages, ring->count);
	ring->pages = NULL;
	kref_put(&ring->ref, shared_ring_release_ref);
	return PLATFORM_REMOVED;
}

static struct platform_driver shared_ring_driver = {
	.probe = shared_ring_probe,
	.remove = shared_ring_remove,
	.driver = {
		.name = SHARED_RING_NAME,
	},
};

/* There is no such hardware; the module brings a device. */
static struct platform_device *shared_ring_device;

static int __init shared_ring_init(void)
{
	struct shared_ring_geometry geometry = {
		.records = records,
		.page_shift = PAGE_SHIFT,
	};
	unsigned long count;
	int err;

	if (strcmp(method, "page") && strcmp(method, "pfn"))
		return -EINVAL;
	err = shared_ring_pages(&geometry, &count);
	if (err)
		return err;

	err = platform_driver_register(&shared_ring_driver);
	if (err)
		return err;
	shared_ring_device = platform_device_register_simple(
		SHARED_RING_NAME, PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(shared_ring_device)) {
		err = PTR_ERR(shared_ring_device);
		goto unregister_driver;
	}
	/* That it was not bound is no error of registering it. */
	if (!platform_get_drvdata(shared_ring_device)) {
		err = -ENODEV;
		goto unregister_device;
	}
	return 0;

unregister_device:
	platform_device_unregister(shared_ring_device);
unregister_driver:
	platform_driver_unregister(&shared_ring_driver);
	return err;
}
module_init(shared_ring_init);

static void __exit shared_ring_exit(void)
{
	platform_device_unregister(shared_ring_device);
	platform_driver_unregister(&shared_ring_driver);
}
module_exit(shared_ring_exit);

MODULE_DESCRIPTION("Drydock reference driver: a ring that is mapped by faults");
MODULE_AUTHOR("The Drydock authors");
MODULE_LICENSE("GPL");
