// SPDX-License-Identifier: GPL-2.0
/*
 * Mappings of the shared ring: nothing is mapped in mmap, each page when it is
 * touched, and all of them are taken back when the device goes.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/pagemap.h>
#include <linux/wait.h>

#include "kernel_versions.h"
#include "shared_ring.h"
#include "vma_request.h"

static void shared_ring_vm_open(struct vm_area_struct *vma)
{
	struct shared_ring *ring = vma->vm_private_data;

	mutex_lock(&ring->lock);
	ring->mappings++;
	mutex_unlock(&ring->lock);
}

static void shared_ring_vm_close(struct vm_area_struct *vma)
{
	struct shared_ring *ring = vma->vm_private_data;

	mutex_lock(&ring->lock);
	ring->mappings--;
	mutex_unlock(&ring->lock);
}

static int shared_ring_may_split(struct vm_area_struct *vma, unsigned long addr)
{
	struct shared_ring *ring = vma->vm_private_data;

	/* What it looks at never changes. */
	return shared_ring_split_plan(&ring->geometry);
}

/* The new place was opened and the old one will be closed: nothing to count. */
static int shared_ring_mremap(struct vm_area_struct *vma)
{
	struct shared_ring *ring = vma->vm_private_data;

	mutex_lock(&ring->lock);
	ring->moves++;
	mutex_unlock(&ring->lock);
	return 0;
}

static vm_fault_t shared_ring_fault(struct vm_fault *vmf)
{
	struct shared_ring *ring = vmf->vma->vm_private_data;
	vm_fault_t result = VM_FAULT_SIGBUS;
	struct page *page;

	mutex_lock(&ring->lock);
	if (!ring->gone && shared_ring_fault_plan(ring->count, vmf->pgoff)) {
		page = ring->pages[vmf->pgoff];
		if (ring->method == SHARED_RING_PFN) {
			result = vmf_insert_pfn(vmf->vma, vmf->address,
						page_to_pfn(page));
		} else {
			/*
			 * The kernel puts it into the page table when we have
			 * returned, and unlocks it then.
			 */
			get_page(page);
			lock_page(page);
			vmf->page = page;
			result = VM_FAULT_LOCKED;
		}
	}
	mutex_unlock(&ring->lock);
	return result;
}

static const struct vm_operations_struct shared_ring_vm_ops = {
	.open = shared_ring_vm_open,
	.close = shared_ring_vm_close,
	.may_split = shared_ring_may_split,
	.mremap = shared_ring_mremap,
	.fault = shared_ring_fault,
};

int shared_ring_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct shared_ring *ring = file->private_data;
	const struct mapping_request request = vma_request(vma);
	unsigned long set = VM_DONTEXPAND | VM_DONTDUMP, clear;
	struct shared_ring_mapping mapping;
	int err;

	mutex_lock(&ring->lock);
	err = ring->gone ? -ENODEV : 0;
	if (!err)
		err = shared_ring_plan(&ring->geometry, &request, &mapping);
	/* The kernel opens copies of a VMA, not the first one. */
	if (!err)
		ring->mappings++;
	mutex_unlock(&ring->lock);
	if (err)
		return err;

	clear = flags_to_clear(mapping.clear_may_write, mapping.clear_may_exec);
	if (ring->method == SHARED_RING_PFN)
		set |= VM_PFNMAP;
	vma_flags_change(vma, set, clear);
	vma->vm_private_data = ring;
	vma->vm_ops = &shared_ring_vm_ops;
	return 0;
}

void shared_ring_revoke(struct shared_ring *ring)
{
	unsigned long i;

	mutex_lock(&ring->lock);
	ring->gone = true;
	mutex_unlock(&ring->lock);
	wake_up_all(&ring->readers);

	/* A fault that came before has its page locked until it shows it. */
	for (i = 0; i < ring->count; i++) {
		lock_page(ring->pages[i]);
		unlock_page(ring->pages[i]);
	}
	if (ring->inode)
		unmap_mapping_range(ring->inode->i_mapping, 0, 0, 1);
}
