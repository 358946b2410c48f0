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
 *  - the buffer is allocated before the device node exists and freed after it is
 *    gone and the last file closed, and each mapping holds a file: so it outlives
 *    every page-table entry that shows it. Where the module is removed there is
 *    no file to wait for (fops.owner); where the device is, there may be;
 *  - all mapped_size bytes are zeroed, the tail after size stays so: only
 *    mappings can write it, and nothing here ever reads it;
 *  - mappings counts VMAs: 1 for the mmap, and open and close for splits,
 *    forks and moves;
 *  - while a transfer runs nothing here touches the buffer: whoever does holds
 *    the lock, and under it no transfer starts;
 *  - the lock is not taken in mmap, open and close of a VMA: copies to and from
 *    user space are made under it, and they may wait for mmap_lock.
 */
#ifndef DRYDOCK_DMA_BUFFER_H
#define DRYDOCK_DMA_BUFFER_H

#include <linux/atomic.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/wait.h>

#include "dma_buffer_engine.h"
#include "dma_buffer_plan.h"

/**
 * struct dma_buffer - the one buffer of this module
 * @geometry: what the plan has to know; @geometry.phys is set on allocation
 * @mapped_size: bytes allocated, whole pages
 * @pdev: the device the buffer belongs to; NULL if there is no buffer
 * @memory: the kernel's and the device's view of it. Of DMA_BUFFER_REMAP the
 *	latter exists only if the engine is a device.
 * @dma_attrs: what it was allocated with; mapping and freeing must say the same
 * @files: open files; each mapping holds one
 * @closed: woken when @files gets 0
 * @mappings: VMAs that show it
 * @engine: who copies in it
 * @lock: held to touch the memory, and to start a transfer
 * @misc: the device node
 */
struct dma_buffer {
	struct dma_buffer_geometry geometry;
	unsigned long mapped_size;
	struct platform_device *pdev;
	struct dma_buffer_memory memory;
	unsigned long dma_attrs;
	atomic_t files;
	wait_queue_head_t closed;
	atomic_t mappings;
	struct dma_buffer_engine engine;
	struct mutex lock;
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

/* mmap(2): what dma_buffer_plan() and the kernel's mapping functions say. */
int dma_buffer_mmap(struct file *file, struct vm_area_struct *vma);

/* Of the device node; private_data of a file is the struct dma_buffer. */
extern const struct file_operations dma_buffer_fops;

#endif /* DRYDOCK_DMA_BUFFER_H */
