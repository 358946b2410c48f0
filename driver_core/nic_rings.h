/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The network device with rings, as the files of this driver share it:
 *
 *  nic_rings.c           the module, its device, the memory and its life
 *  nic_rings_file.c      what a program does with the device node
 *  nic_rings_map.c       mappings
 *  nic_rings_mmio.c      a device with the registers of nic_rings_regs.h
 *  nic_rings_emulated.c  a small one in software, where there is none
 *  nic_rings_plan.c      what rings, mappings and runs there can be
 *
 * Invariants:
 *  - a struct nic_rings is held by its device until that is removed and by each
 *    open file; each mapping holds a file. Rings and buffers go when the device
 *    does, for what the DMA API has allocated for a device does not outlive its
 *    driver: after the last page-table entry that shows them (revocable.h), and
 *    nobody touches them after that, for whoever does looks at gone under the
 *    lock;
 *  - the device touches them between start and stop only, and is stopped when the
 *    last file is closed;
 *  - rings and buffers can be written by programs at any time. So nothing that is
 *    read there is read twice, believed, or used as an address;
 *  - the lock is not taken in mmap, open and close of a VMA: copies to and from
 *    user space are made under it, and they may wait for mmap_lock.
 */
#ifndef DRYDOCK_NIC_RINGS_H
#define DRYDOCK_NIC_RINGS_H

#include <linux/atomic.h>
#include <linux/fs.h>
#include <linux/ioport.h>
#include <linux/kref.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <asm/barrier.h>
#include <asm/byteorder.h>

#include "nic_rings_plan.h"
#include "nic_rings_uapi.h"
#include "revocable.h"

struct nic_rings;
struct platform_device;

/**
 * struct nic_state - how far a device has come since it was started
 * @received: frames that came, those included that were dropped
 * @dropped: frames for which there was no descriptor
 * @sent: frames that were sent
 * @bad: frames that were given back with another status than OK
 * @rx_index: the RX descriptor that the next frame goes to
 * @tx_index: the TX descriptor that is sent next
 */
struct nic_state {
	u32 received;
	u32 dropped;
	u32 sent;
	u32 bad;
	u32 rx_index;
	u32 tx_index;
};

/**
 * struct nic_device_ops - a device
 * @start: begin with the first descriptors; it is stopped
 * @stop: touch nothing any more when this returns; may sleep
 * @kick: look at the TX ring
 * @state: how far it has come; of use when stopped, too
 *
 * They are called with the lock held. A device calls nic_wake() when it has given
 * descriptors to the program.
 */
struct nic_device_ops {
	void (*start)(struct nic_rings *nic, const struct nic_run *run);
	void (*stop)(struct nic_rings *nic);
	void (*kick)(struct nic_rings *nic);
	void (*state)(struct nic_rings *nic, struct nic_state *state);
};

/**
 * struct nic_emulated - the device in software
 * @receive: frames come
 * @transmit: frames are sent
 * @lock: guards all that follows, and is held to touch rings and buffers
 * @on: it is started
 * @run: what it does
 * @produced: frames that came by themselves
 * @state: how far it has come
 */
struct nic_emulated {
	struct delayed_work receive;
	struct work_struct transmit;
	struct mutex lock;
	bool on;
	struct nic_run run;
	u32 produced;
	struct nic_state state;
};

/**
 * struct nic_mmio - the device with registers
 * @window: they, as a resource
 * @regs: they, mapped
 * @irq: its interrupt
 */
struct nic_mmio {
	struct resource *window;
	void __iomem *regs;
	int irq;
};

/**
 * struct nic_memory - one region
 * @cpu_addr: the processor's view
 * @dma_addr: the device's view
 * @size: bytes, whole pages
 */
struct nic_memory {
	void *cpu_addr;
	dma_addr_t dma_addr;
	unsigned long size;
};

/**
 * struct nic_rings - one network device
 * @ref: who holds it
 * @geometry: rings and buffers, as the plan knows them
 * @pdev: the device they belong to
 * @memory: the regions
 * @ops: the device
 * @emulated: its state if it is in software
 * @mmio: its state if it has registers
 * @wait: woken by nic_wake()
 * @wakes: how often it was; it changes when something else may be so
 * @mappings: what shows a region
 * @lock: guards all that follows, and is held to touch rings and buffers
 * @gone: the device is gone, and with it rings and buffers
 * @files: open files
 * @running: the device is started
 * @read_index: the RX descriptor that read(2) takes next
 * @write_index: the TX descriptor that write(2) takes next
 * @misc: the device node
 */
struct nic_rings {
	struct kref ref;
	struct nic_geometry geometry;
	struct platform_device *pdev;
	struct nic_memory memory[NIC_REGIONS];
	const struct nic_device_ops *ops;
	struct nic_emulated emulated;
	struct nic_mmio mmio;
	wait_queue_head_t wait;
	atomic_t wakes;
	struct revocable mappings;
	struct mutex lock;
	bool gone;
	unsigned int files;
	bool running;
	u32 read_index;
	u32 write_index;
	struct miscdevice misc;
};

/* Gives one reference back; the last one frees the struct. */
void nic_rings_put(struct nic_rings *nic);

/* Stops the device if it runs. Called with the lock held. */
void nic_stop(struct nic_rings *nic);

/* Of the device node. */
extern const struct file_operations nic_rings_fops;

/* mmap(2). */
int nic_rings_mmap(struct file *file, struct vm_area_struct *vma);

/* Makes the device in software ready, and gives its work back. */
void nic_emulated_init(struct nic_rings *nic);
void nic_emulated_exit(struct nic_rings *nic);

/**
 * nic_mmio_init() - make a device with registers ready
 * @nic: the network device; @pdev is set
 * @pdev: has the registers and the interrupt
 *
 * Context: may sleep.
 * Return: 0; nic_mmio_exit() undoes it. -ENODEV, -EBUSY, -ENOMEM, or an error of
 * platform_get_irq() or request_irq(); then nothing is held.
 */
int nic_mmio_init(struct nic_rings *nic, struct platform_device *pdev);
void nic_mmio_exit(struct nic_rings *nic);

/* Who waits looks again. */
static inline void nic_wake(struct nic_rings *nic)
{
	atomic_inc(&nic->wakes);
	wake_up_all(&nic->wait);
}

/* A descriptor of a ring; indices are taken modulo its entries. */
static inline struct drydock_nic_descriptor *
nic_descriptor(struct nic_rings *nic, enum nic_region ring, u32 index)
{
	struct drydock_nic_descriptor *first = nic->memory[ring].cpu_addr;

	return &first[index & (nic->geometry.entries - 1)];
}

/* Its buffer. */
static inline void *nic_buffer(struct nic_rings *nic, enum nic_region ring,
			       u32 index)
{
	return nic->memory[NIC_BUFFERS].cpu_addr +
	       nic_buffer_offset(&nic->geometry, ring, index);
}

/* Is it ours? What the other side has written before is seen after this. */
static inline bool nic_owned_by(struct drydock_nic_descriptor *descriptor,
				u32 who)
{
	bool owned = le32_to_cpu(READ_ONCE(descriptor->owner)) == who;

	dma_rmb();
	return owned;
}

/* Gives it to the other side, when we have read and written all that we will. */
static inline void nic_give_to(struct drydock_nic_descriptor *descriptor,
			       u32 who)
{
	mb();
	WRITE_ONCE(descriptor->owner, cpu_to_le32(who));
}

#endif /* DRYDOCK_NIC_RINGS_H */
