/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Mappings that can be taken back, for drivers that make all entries of a
 * mapping in mmap (remap_pfn_range(), vm_iomap_memory(), dma_mmap_attrs()) and
 * whose device may go while programs have it mapped.
 *
 * unmap_mapping_range() reaches each VMA that is in the address space of the
 * files. A new one gets there only after f_op->mmap has returned, with its
 * entries made: in between it would be missed. That time ends when mmap(2) drops
 * mmap_lock, so whoever takes back says that the device is gone, which stops
 * those that come later, and then waits for the mmap_lock of everybody who came
 * before. (Who makes entries in the fault handler needs none of this, for there
 * is a VMA when there is a fault: shared_ring_map.c.)
 *
 * The lock is taken under mmap_lock (mmap, open, close), so it is not held where
 * mmap_lock is waited for, nor where anything is copied to or from user space.
 */
#ifndef DRYDOCK_REVOCABLE_H
#define DRYDOCK_REVOCABLE_H

#include <linux/compiler.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "kernel_versions.h"

/**
 * struct revocable - what shows a device, and whether anything still may
 * @lock: guards all that follows
 * @inode: whose address space all files have; NULL before the first open
 * @mappings: the struct revocable_mapping that there are
 * @vmas: VMAs: 1 for each mmap, and open and close for splits, forks and moves
 * @gone: nothing is mapped any more
 */
struct revocable {
	struct mutex lock;
	struct inode *inode;
	struct list_head mappings;
	unsigned int vmas;
	bool gone;
};

/**
 * struct revocable_mapping - one mmap(2), and all VMAs that came of it
 * @list: in @of's list, until that is revoked
 * @of: whose mapping it is
 * @mm: the address space that it was made in
 * @file: that is mapped; of one that is only prepared
 * @vmas: VMAs that came of it; 0 while it is only prepared
 *
 * It is the vm_private_data of these VMAs.
 */
struct revocable_mapping {
	struct list_head list;
	struct revocable *of;
	struct mm_struct *mm;
	struct file *file;
	unsigned int vmas;
};

static inline void revocable_init(struct revocable *revocable)
{
	mutex_init(&revocable->lock);
	INIT_LIST_HEAD(&revocable->mappings);
	revocable->inode = NULL;
	revocable->vmas = 0;
	revocable->gone = false;
}

/* The end of it: no file is open, and so nothing mapped. */
static inline void revocable_destroy(struct revocable *revocable)
{
	WARN_ON(revocable->vmas || !list_empty(&revocable->mappings));
	if (revocable->inode)
		iput(revocable->inode);
}

/**
 * revocable_open() - give a file the address space that all files share
 * @revocable: of the device
 * @inode: by which it is opened: there may be several nodes of one device
 * @file: the file
 *
 * Context: f_op->open.
 */
static inline void revocable_open(struct revocable *revocable,
				  struct inode *inode, struct file *file)
{
	mutex_lock(&revocable->lock);
	if (!revocable->inode) {
		ihold(inode);
		revocable->inode = inode;
	}
	file->f_mapping = revocable->inode->i_mapping;
	mutex_unlock(&revocable->lock);
}

/**
 * revocable_begin() - before the entries of a mapping are made
 * @revocable: of the device
 * @vma: the VMA; vm_private_data is set
 *
 * Until mmap(2) is over the device's memory stays. Followed by
 * revocable_abandon() if no mapping comes of it.
 *
 * Context: f_op->mmap.
 * Return: 0, or -ENODEV or -ENOMEM; then nothing has changed.
 */
static inline int revocable_begin(struct revocable *revocable,
				  struct vm_area_struct *vma)
{
	struct revocable_mapping *mapping;

	mapping = kmalloc(sizeof(*mapping), GFP_KERNEL);
	if (!mapping)
		return -ENOMEM;
	mapping->of = revocable;
	mapping->vmas = 1;

	mutex_lock(&revocable->lock);
	if (revocable->gone) {
		mutex_unlock(&revocable->lock);
		kfree(mapping);
		return -ENODEV;
	}
	/* The struct, not what is mapped in it: the program may end. */
	mmgrab(vma->vm_mm);
	mapping->mm = vma->vm_mm;
	list_add(&mapping->list, &revocable->mappings);
	revocable->vmas++;
	mutex_unlock(&revocable->lock);

	vma->vm_private_data = mapping;
	return 0;
}

/* vm_ops->open: of a copy, for the kernel opens no first VMA. */
static inline void revocable_vm_open(struct vm_area_struct *vma)
{
	struct revocable_mapping *mapping = vma->vm_private_data;

	mutex_lock(&mapping->of->lock);
	mapping->of->vmas++;
	mapping->vmas++;
	mutex_unlock(&mapping->of->lock);
}

/* vm_ops->close. */
static inline void revocable_vm_close(struct vm_area_struct *vma)
{
	struct revocable_mapping *mapping = vma->vm_private_data;
	bool last;

	mutex_lock(&mapping->of->lock);
	/* It may have been prepared and then not mapped. */
	if (mapping->vmas) {
		mapping->of->vmas--;
		mapping->vmas--;
	}
	last = !mapping->vmas;
	if (last)
		list_del_init(&mapping->list);
	mutex_unlock(&mapping->of->lock);
	if (!last)
		return;
	mmdrop(mapping->mm);
	kfree(mapping);
}

/**
 * revocable_abandon() - the entries could not be made, or not all of them
 * @vma: what revocable_begin() was told of
 *
 * The kernel removes what was made when mmap has returned. That is too late:
 * nobody waits for a mapping that is not there.
 *
 * Context: f_op->mmap.
 */
static inline void revocable_abandon(struct vm_area_struct *vma)
{
	vma_zap_failed(vma);
	revocable_vm_close(vma);
	vma->vm_private_data = NULL;
}

#if KERNEL_HAS_MMAP_PREPARE
/**
 * revocable_prepare() - the same of a mapping that is only described yet
 * @revocable: of the device
 * @desc: the mapping; private_data is set
 *
 * A mapping that fails before it has a VMA is not told to anybody. What was
 * noted for it stays, and the next one of that address space takes it, for of
 * one address space there is one mmap(2) at a time; or revocable_release() does.
 *
 * Context: f_op->mmap_prepare.
 * Return: 0, or -ENODEV or -ENOMEM; then nothing has changed.
 */
static inline int revocable_prepare(struct revocable *revocable,
				    struct vm_area_desc *desc)
{
	struct revocable_mapping *mapping, *fresh;

	fresh = kmalloc(sizeof(*fresh), GFP_KERNEL);
	if (!fresh)
		return -ENOMEM;

	mutex_lock(&revocable->lock);
	if (revocable->gone) {
		mutex_unlock(&revocable->lock);
		kfree(fresh);
		return -ENODEV;
	}
	list_for_each_entry(mapping, &revocable->mappings, list) {
		if (mapping->mm == desc->mm && !mapping->vmas)
			goto found;
	}
	mapping = fresh;
	fresh = NULL;
	mapping->of = revocable;
	mapping->vmas = 0;
	/* The struct, not what is mapped in it: the program may end. */
	mmgrab(desc->mm);
	mapping->mm = desc->mm;
	list_add(&mapping->list, &revocable->mappings);
found:
	mapping->file = desc->file;
	mutex_unlock(&revocable->lock);
	kfree(fresh);

	desc->private_data = mapping;
	return 0;
}

/* vm_ops->mapped: the entries are there. */
static inline int revocable_vm_mapped(unsigned long start, unsigned long end,
				      pgoff_t pgoff, const struct file *file,
				      void **vm_private_data)
{
	struct revocable_mapping *mapping = *vm_private_data;

	mutex_lock(&mapping->of->lock);
	mapping->of->vmas++;
	mapping->vmas = 1;
	mutex_unlock(&mapping->of->lock);
	return 0;
}
#endif

/**
 * revocable_release() - forget what was prepared for a file and came to nothing
 * @revocable: of the device
 * @file: the file, which nobody maps any more: mmap(2) holds it, as VMAs do
 *
 * Context: f_op->release.
 */
static inline void revocable_release(struct revocable *revocable,
				     struct file *file)
{
	struct revocable_mapping *mapping, *next;

	mutex_lock(&revocable->lock);
	list_for_each_entry_safe(mapping, next, &revocable->mappings, list) {
		if (mapping->vmas || mapping->file != file)
			continue;
		list_del(&mapping->list);
		mmdrop(mapping->mm);
		kfree(mapping);
	}
	mutex_unlock(&revocable->lock);
}

/* How many VMAs there are, to be told to a program. */
static inline unsigned int revocable_vmas(struct revocable *revocable)
{
	return READ_ONCE(revocable->vmas);
}

/**
 * revocable_revoke() - take the entries out of all page tables, for ever
 * @revocable: of the device, which is being removed
 *
 * When it returns nothing shows the device, and nothing ever will: a touch is
 * SIGBUS, mmap(2) is ENODEV.
 *
 * Context: may sleep. The caller holds no lock that is taken under mmap_lock.
 */
static inline void revocable_revoke(struct revocable *revocable)
{
	struct revocable_mapping *mapping, *next;
	struct mm_struct *mm;

	mutex_lock(&revocable->lock);
	revocable->gone = true;
	while (!list_empty(&revocable->mappings)) {
		mapping = list_first_entry(&revocable->mappings,
					   struct revocable_mapping, list);
		mm = mapping->mm;
		mmgrab(mm);
		mutex_unlock(&revocable->lock);

		/* Its mmap(2) is over when we get this. */
		mmap_read_lock(mm);
		mmap_read_unlock(mm);
		mutex_lock(&revocable->lock);
		list_for_each_entry_safe(mapping, next, &revocable->mappings,
					 list) {
			if (mapping->mm != mm)
				continue;
			list_del_init(&mapping->list);
			/* No VMA came of it, and none will. */
			if (!mapping->vmas) {
				mmdrop(mm);
				kfree(mapping);
			}
		}
		mmdrop(mm);
	}
	mutex_unlock(&revocable->lock);

	/* Nobody changes it now: no file is opened any more. */
	if (revocable->inode)
		unmap_mapping_range(revocable->inode->i_mapping, 0, 0, 1);
}

#endif /* DRYDOCK_REVOCABLE_H */
