/* SPDX-License-Identifier: GPL-2.0 */
/*
 * QEMU's educational device, as the files of this driver share it:
 *
 *  edu.c          the PCI device: how it comes and goes
 *  edu_command.c  what it does: factorials and transfers, and its interrupt
 *  edu_file.c     what a program does with the device node
 *  edu_map.c      mappings: what a touch shows, and how they end
 *  edu_plan.c     which transfers and mappings there can be
 *
 * Invariants:
 *  - a struct edu is held by the PCI device until that is removed and by each
 *    open file; each mapping holds a file. What it has of the device - registers,
 *    interrupt, memory for transfers - goes when the device does, and nobody
 *    touches it after that: commands look at gone under the command lock, faults
 *    under the map lock;
 *  - a page gets into a page table in the fault handler and nowhere else, with
 *    the map lock held (registers) or the page locked (memory). So whoever says
 *    that the device is gone, and then waits for those two, finds all of them;
 *  - all files share one address space (f_mapping), whatever inode they were
 *    opened by: one unmap_mapping_range() reaches each mapping;
 *  - the memory has a streaming mapping: it is handed to the device for a
 *    transfer and back after it. While a transfer runs that has timed out it
 *    stays the device's;
 *  - the map lock is taken under mmap_lock, so nothing is copied to or from user
 *    space under it. Nor is under the command lock, for it may be held long.
 */
#ifndef DRYDOCK_EDU_H
#define DRYDOCK_EDU_H

#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "edu_plan.h"

/**
 * struct edu - one device
 * @ref: who holds it
 * @number: of its node
 * @name: of its node
 * @misc: its node
 * @pdev: the PCI device
 * @regs: its registers
 * @irq: its interrupt
 * @page: the memory for transfers
 * @dma: its bus address
 * @geometry: what the plan has to know
 * @command: held while the device is told something and until it has done it
 * @gone: the device is gone: written with @command and @map_lock held
 * @map_lock: held to put registers into a page table
 * @inode: whose address space all files have; guarded by @map_lock, NULL before
 *	the first open
 * @events_lock: guards the next three, also in the interrupt
 * @events: bits of EDU_IRQ_STATUS that were raised and that nobody has waited for
 * @interrupts: how many there were
 * @lost: how many did not come
 * @wait: woken by each interrupt, and when the device is gone
 */
struct edu {
	struct kref ref;
	unsigned int number;
	char name[24];
	struct miscdevice misc;
	struct pci_dev *pdev;
	void __iomem *regs;
	int irq;
	struct page *page;
	dma_addr_t dma;
	struct edu_geometry geometry;
	struct mutex command;
	bool gone;
	struct mutex map_lock;
	struct inode *inode;
	spinlock_t events_lock;
	u32 events;
	u32 interrupts;
	u32 lost;
	wait_queue_head_t wait;
};

/* Gives one reference back; the last one frees. */
void edu_put(struct edu *edu);

/* Of the device node. */
extern const struct file_operations edu_fops;

/* Of the device's interrupt; data is the struct edu. */
irqreturn_t edu_interrupt(int irq, void *data);

/**
 * edu_factorial() - let the device compute
 * @edu: the device
 * @n: of what
 * @result: where n! modulo 2^32 goes
 *
 * Context: may sleep, some seconds at most.
 * Return: 0, -ERESTARTSYS, -ENODEV, or -ETIMEDOUT.
 */
int edu_factorial(struct edu *edu, u32 n, u32 *result);

/**
 * edu_transfer() - let the device copy between its own memory and ours
 * @edu: the device
 * @transfer: what edu_transfer_plan() said
 *
 * Context: may sleep, some seconds at most.
 * Return: 0, -ERESTARTSYS, -ENODEV, -EBUSY while a transfer that has timed out
 * still runs, or -ETIMEDOUT.
 */
int edu_transfer(struct edu *edu, const struct edu_transfer *transfer);

/* mmap(2). */
int edu_mmap(struct file *file, struct vm_area_struct *vma);

/* The struct edu of a file. */
struct edu *edu_of_file(struct file *file);

/**
 * edu_revoke() - take the pages out of all page tables, for ever
 * @edu: the device; @command is held, and @gone set when it returns
 *
 * Context: may sleep.
 */
void edu_revoke(struct edu *edu);

#endif /* DRYDOCK_EDU_H */
