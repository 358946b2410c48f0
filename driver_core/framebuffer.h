/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The framebuffer, as the files of this driver share it:
 *
 *  framebuffer.c       the module, its device and the video memory
 *  framebuffer_file.c  what a program does with the device node
 *  framebuffer_plan.c  which pictures there can be, and what may be mapped
 *
 * Invariants:
 *  - the video memory is there before the device node and goes after the last
 *    file was closed, and each mapping holds a file: so it outlives every
 *    page-table entry that shows it. Where the module is removed there is no
 *    file to wait for (fops.owner); where the device is, there may be;
 *  - mappings do not depend on the mode: all of the memory can be mapped in any
 *    mode, and a mapping shows the same bytes before and after a change;
 *  - everybody maps the memory with the same cache type: write-combining if it
 *    is a device's, write-back if it is the machine's own, of which the kernel
 *    has a write-back mapping already;
 *  - mappings counts VMAs: 1 for the mmap, and open and close for splits, forks
 *    and moves;
 *  - the lock is not taken in mmap, open and close of a VMA: copies to and from
 *    user space are made under it, and they may wait for mmap_lock.
 */
#ifndef DRYDOCK_FRAMEBUFFER_H
#define DRYDOCK_FRAMEBUFFER_H

#include <linux/atomic.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mutex.h>
#include <linux/wait.h>

#include "framebuffer_plan.h"

/**
 * struct framebuffer - the one framebuffer of this module
 * @geometry: the video memory, as the plan knows it
 * @mapped_size: its bytes in whole pages
 * @memory: the kernel's view of it; NULL if there is no framebuffer
 * @video: the device's window of it; NULL if the module has allocated it
 * @window: the device's registers; NULL if it has none
 * @regs: the kernel's view of them
 * @mode: the picture, guarded by @lock
 * @lock: held to read and change @mode and @regs
 * @files: open files; each mapping holds one
 * @closed: woken when @files gets 0
 * @mappings: VMAs that show the memory
 * @misc: the device node
 */
struct framebuffer {
	struct framebuffer_geometry geometry;
	unsigned long mapped_size;
	void *memory;
	struct resource *video;
	struct resource *window;
	void __iomem *regs;
	struct framebuffer_mode mode;
	struct mutex lock;
	atomic_t files;
	wait_queue_head_t closed;
	atomic_t mappings;
	struct miscdevice misc;
};

/* Of the device node. */
extern const struct file_operations framebuffer_fops;

/**
 * framebuffer_show() - make a mode the current one and tell the device
 * @fb: the framebuffer; @lock is held or nobody else knows it
 * @mode: the mode
 *
 * Context: process.
 */
void framebuffer_show(struct framebuffer *fb,
		      const struct framebuffer_mode *mode);

#endif /* DRYDOCK_FRAMEBUFFER_H */
