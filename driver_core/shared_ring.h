/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The shared ring, as the files of this driver share it:
 *
 *  shared_ring.c       the module, its device, records and the ring's life
 *  shared_ring_map.c   mappings: what a touch shows, and how they end
 *  shared_ring_plan.c  which rings and mappings there can be
 *
 * Invariants:
 *  - a struct shared_ring is held by its device until that is removed and by
 *    each open file; each mapping holds a file. Its pages go when the device
 *    does, after the last page-table entry that shows one, and the struct when
 *    nobody holds it;
 *  - a page gets into a page table in the fault handler and nowhere else, with
 *    the lock held (PFNs) or the page locked (pages) and only while the device
 *    is there. So whoever says that it is gone, and then waits for those two,
 *    finds all of them;
 *  - all files share one address space (f_mapping), whatever inode they were
 *    opened by: one unmap_mapping_range() reaches each mapping;
 *  - mappings counts VMAs: 1 for the mmap, and open and close for splits, forks
 *    and moves. While it is not 0 the ring keeps its size;
 *  - the lock is taken under mmap_lock (mmap, fault, open, close). So nothing is
 *    copied to or from user space under it.
 */
#ifndef DRYDOCK_SHARED_RING_H
#define DRYDOCK_SHARED_RING_H

#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/wait.h>

#include "shared_ring_plan.h"

/**
 * enum shared_ring_method - what a fault does
 * @SHARED_RING_PAGE: gives the page to the kernel, which counts who shows it
 * @SHARED_RING_PFN: inserts the page's frame: nobody counts
 */
enum shared_ring_method {
	SHARED_RING_PAGE,
	SHARED_RING_PFN,
};

/**
 * struct shared_ring - one ring
 * @ref: who holds it
 * @method: an enum shared_ring_method
 * @misc: the device node
 * @readers: who polls; woken when a record is put and when the device is gone
 * @lock: guards all that follows
 * @inode: whose address space all files have; NULL before the first open
 * @geometry: the ring, as the plan knows it
 * @pages: its pages: the header's, then the records'; NULL when it is gone
 * @count: how many pages
 * @head: records put so far
 * @mappings: VMAs that show it
 * @moves: how often mremap(2) has moved one
 * @gone: the device is gone
 */
struct shared_ring {
	struct kref ref;
	enum shared_ring_method method;
	struct miscdevice misc;
	wait_queue_head_t readers;
	struct mutex lock;
	struct inode *inode;
	struct shared_ring_geometry geometry;
	struct page **pages;
	unsigned long count;
	u32 head;
	u32 mappings;
	u32 moves;
	bool gone;
};

/* mmap(2). */
int shared_ring_mmap(struct file *file, struct vm_area_struct *vma);

/**
 * shared_ring_revoke() - take the pages out of all page tables, for ever
 * @ring: the ring; its device is being removed
 *
 * When it returns no mapping shows a page of the ring, and none ever will: a
 * touch is SIGBUS.
 *
 * Context: may sleep.
 */
void shared_ring_revoke(struct shared_ring *ring);

#endif /* DRYDOCK_SHARED_RING_H */
