/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The DMA buffer, as the files of this driver share it:
 *
 *  dma_buffer.c         the module, its device and the buffer's life
 *  dma_buffer_memory.c  the memory, and how a mapping shows it
 *  dma_buffer_file.c    what else a program does with the device node
 *  dma_buffer_engine.c  who copies within the buffer
 *  dma_buffer_plan.c    what a mapping or a transfer may be
 *
 * Invariants:
 *  - a struct dma_buffer is held by its device until that is removed and by each
 *    open file; each mapping holds a file. The memory goes when the device does,
 *    for what the DMA API has allocated for a device does not outlive its
 *    driver: after the last page-table entry that shows it (revocable.h), and
 *    nobody touches it after that, for whoever does looks at gone under the lock;
 *  - all mapped_size bytes are zeroed, the tail after size stays so: only
 *    mappings can write it, and nothing here ever reads it;
 *  - while a transfer runs nothing here touches the buffer: whoever does holds
 *    the lock, and under it no transfer starts;
 *  - the lock is not taken in mmap, open and close of a VMA: copies to and from
 *    user space are made under it, and they may wait for mmap_lock.
 */
#ifndef DRYDOCK_DMA_BUFFER_H
#define DRYDOCK_DMA_BUFFER_H

#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/mutex.h>

#include "dma_buffer_engine.h"
#include "dma_buffer_plan.h"
#include "revocable.h"

/**
 * struct dma_buffer - the buffer of one device
 * @ref: who holds it
 * @geometry: what the plan has to know; @geometry.phys is set on allocation
 * @mapped_size: bytes allocated, whole pages
 * @pdev: the device the buffer belongs to
 * @memory: the kernel's and the device's view of it. Of DMA_BUFFER_REMAP the
 *	latter exists only if the engine is a device.
 * @dma_attrs: what it was allocated with; mapping and freeing must say the same
 * @engine: who copies in it
 * @mappings: what shows it
 * @lock: held to touch the memory, and to start a transfer
 * @gone: the device is gone, and with it the memory; written with @lock held
 * @misc: the device node
 */
struct dma_buffer {
	struct kref ref;
	struct dma_buffer_geometry geometry;
	unsigned long mapped_size;
	struct platform_device *pdev;
	struct dma_buffer_memory memory;
	unsigned long dma_attrs;
	struct dma_buffer_engine engine;
	struct revocable mappings;
	struct mutex lock;
	bool gone;
	struct miscdevice misc;
};

/**
 * dma_buffer_alloc() - allocate and zero the memory
 * @buffer: @geometry, @mapped_size, @pdev and @engine are set
 *
 * Context: may sleep.
 * Return: 0; @memory, and @geometry.phys or @dma_attrs, are set. -ENOMEM, and
 * nothing is held.
 */
int dma_buffer_alloc(struct dma_buffer *buffer);

/* Gives back what dma_buffer_alloc() took; nothing shows it any more. */
void dma_buffer_free(struct dma_buffer *buffer);

/* Gives one reference back; the last one frees the struct. */
void dma_buffer_put(struct dma_buffer *buffer);

/* mmap(2): what dma_buffer_plan() and the kernel's mapping functions say. */
int dma_buffer_mmap(struct file *file, struct vm_area_struct *vma);
struct vm_area_desc;
int dma_buffer_mmap_prepare(struct vm_area_desc *desc);

/*
 * Of the device node; private_data of a file is the struct dma_buffer. Where the
 * kernel has a prepared mapping for the method, it is that which is offered.
 */
const struct file_operations *dma_buffer_fops(enum dma_buffer_method method);

#endif /* DRYDOCK_DMA_BUFFER_H */
