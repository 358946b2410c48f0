/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The framebuffer, as the files of this driver share it:
 *
 *  framebuffer.c       the module, its device and the video memory
 *  framebuffer_file.c  what a program does with the device node
 *  framebuffer_plan.c  which pictures there can be, and what may be mapped
 *
 * Invariants:
 *  - a struct framebuffer is held by its device until that is removed and by each
 *    open file; each mapping holds a file. The video memory and the registers go
 *    when the device does: after the last page-table entry that shows the memory
 *    (revocable.h), and nobody touches them after that, for whoever does looks at
 *    gone under the lock;
 *  - mappings do not depend on the mode: all of the memory can be mapped in any
 *    mode, and a mapping shows the same bytes before and after a change;
 *  - everybody maps the memory with the same cache type: write-combining if it
 *    is a device's, write-back if it is the machine's own, of which the kernel
 *    has a write-back mapping already;
 *  - the lock is not taken in mmap, open and close of a VMA: copies to and from
 *    user space are made under it, and they may wait for mmap_lock.
 */
#ifndef DRYDOCK_FRAMEBUFFER_H
#define DRYDOCK_FRAMEBUFFER_H

#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/miscdevice.h>
#include <linux/mutex.h>

#include "framebuffer_plan.h"
#include "revocable.h"

/**
 * struct framebuffer - one framebuffer
 * @ref: who holds it
 * @geometry: the video memory, as the plan knows it
 * @mapped_size: its bytes in whole pages
 * @memory: the kernel's view of it
 * @video: the device's window of it; NULL if the module has allocated it
 * @window: the device's registers; NULL if it has none
 * @regs: the kernel's view of them
 * @mode: the picture, guarded by @lock
 * @mappings: what shows the memory
 * @lock: held to read and change @mode, @regs, @memory and what is in it
 * @gone: the device is gone, and with it @regs and @memory; guarded by @lock
 * @misc: the device node
 */
struct framebuffer {
	struct kref ref;
	struct framebuffer_geometry geometry;
	unsigned long mapped_size;
	void *memory;
	struct resource *video;
	struct resource *window;
	void __iomem *regs;
	struct framebuffer_mode mode;
	struct revocable mappings;
	struct mutex lock;
	bool gone;
	struct miscdevice misc;
};

/* Gives one reference back; the last one frees the struct. */
void framebuffer_put(struct framebuffer *fb);

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
