/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who makes the copies that a program starts: a device with the registers of
 * dma_buffer_regs.h, or, where there is none, the processor in its place. It
 * knows nothing of files and mappings, and dma_buffer.c nothing of registers.
 */
#ifndef DRYDOCK_DMA_BUFFER_ENGINE_H
#define DRYDOCK_DMA_BUFFER_ENGINE_H

#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "dma_buffer_plan.h"

struct platform_device;
struct resource;

/**
 * struct dma_buffer_memory - the memory that is copied in
 * @cpu_addr: the processor's view
 * @dma_addr: the device's view; only an engine with registers has one
 * @size: bytes
 * @streaming: a streaming mapping, which has to be synced; else it is coherent
 */
struct dma_buffer_memory {
	void *cpu_addr;
	dma_addr_t dma_addr;
	unsigned long size;
	bool streaming;
};

/**
 * struct dma_buffer_result - how a transfer ended
 * @copied: bytes that arrived
 * @transfer: number of the transfer, from 1; 0 if there was none
 * @error: 0 or a negative errno
 */
struct dma_buffer_result {
	u64 copied;
	u32 transfer;
	int error;
};

/**
 * struct dma_buffer_engine - one engine; the fields are its own
 * @pdev: the device on the bus
 * @window: its registers as a resource; NULL if the processor copies
 * @regs: its registers
 * @irq: its interrupt
 * @memory: what it copies in
 * @latency_us: how long the processor waits before it copies
 * @timeout_ms: how long a device may take
 * @work: the processor's copy, or what looks after a device that says nothing
 * @deadline: when @work is due, in jiffies
 * @lock: guards @deadline, @running, @current_transfer and @result
 * @running: the memory is the device's
 * @current_transfer: what is being copied
 * @result: of the last transfer
 * @idle: woken when @running ends
 */
struct dma_buffer_engine {
	struct platform_device *pdev;
	struct resource *window;
	void __iomem *regs;
	int irq;
	const struct dma_buffer_memory *memory;
	unsigned int latency_us;
	unsigned int timeout_ms;
	struct delayed_work work;
	unsigned long deadline;
	spinlock_t lock;
	bool running;
	struct dma_buffer_transfer current_transfer;
	struct dma_buffer_result result;
	wait_queue_head_t idle;
};

/**
 * dma_buffer_engine_init() - make an engine ready
 * @engine: the engine; @latency_us and @timeout_ms are set
 * @pdev: the device; with registers if it has a memory resource
 *
 * Context: may sleep.
 * Return:
 * * 0		- ready; dma_buffer_engine_exit() undoes it.
 * * -EBUSY	- the registers are in use.
 * * -ENOMEM	- they cannot be mapped.
 * * -ENODEV	- they are not those of dma_buffer_regs.h.
 * * another	- of platform_get_irq() or request_irq().
 * After an error nothing is held.
 */
int dma_buffer_engine_init(struct dma_buffer_engine *engine,
			   struct platform_device *pdev);

/**
 * dma_buffer_engine_exit() - stop the engine and give back what it holds
 * @engine: the engine
 *
 * A transfer that runs is broken off: nobody touches the memory after this.
 *
 * Context: may sleep.
 */
void dma_buffer_engine_exit(struct dma_buffer_engine *engine);

/* Does the engine reach memory by itself, with bus addresses? */
static inline bool
dma_buffer_engine_is_device(const struct dma_buffer_engine *engine)
{
	return engine->regs;
}

/* Does a transfer run? Until it ends, nobody else may touch the memory. */
static inline bool
dma_buffer_engine_running(const struct dma_buffer_engine *engine)
{
	return READ_ONCE(engine->running);
}

/**
 * dma_buffer_engine_start() - start a transfer
 * @engine: the engine
 * @memory: where; it must stay until the transfer has ended
 * @transfer: what dma_buffer_transfer_plan() accepted
 *
 * Context: any.
 * Return: 0, or -EBUSY if one runs.
 */
int dma_buffer_engine_start(struct dma_buffer_engine *engine,
			    const struct dma_buffer_memory *memory,
			    const struct dma_buffer_transfer *transfer);

/* How the last transfer ended; of use while none runs. */
struct dma_buffer_result
dma_buffer_engine_result(struct dma_buffer_engine *engine);

#endif /* DRYDOCK_DMA_BUFFER_ENGINE_H */
