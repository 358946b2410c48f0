// SPDX-License-Identifier: GPL-2.0
/*
 * The engine that copies within the DMA buffer.
 *
 * A device is given bus addresses, and memory with a streaming mapping is handed
 * to it and back (dma_sync_*), so that it and the processor see the same bytes
 * where caches are not coherent or pages are bounced. The processor in its place
 * works on its own view of the memory; handing it over would be wrong then: the
 * sync after a transfer may throw away what the processor has written.
 *
 * Whoever ends a transfer - the interrupt, or the work when the device says
 * nothing - finds @running set under the lock and clears it: there is one end.
 */
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/platform_device.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "dma_buffer_engine.h"
#include "dma_buffer_regs.h"

static void engine_sync_for_device(struct dma_buffer_engine *engine)
{
	const struct dma_buffer_memory *memory = engine->memory;

	if (memory->streaming)
		dma_sync_single_for_device(&engine->pdev->dev, memory->dma_addr,
					   memory->size, DMA_BIDIRECTIONAL);
}

static void engine_sync_for_cpu(struct dma_buffer_engine *engine)
{
	const struct dma_buffer_memory *memory = engine->memory;

	if (memory->streaming)
		dma_sync_single_for_cpu(&engine->pdev->dev, memory->dma_addr,
					memory->size, DMA_BIDIRECTIONAL);
}

/* Called with the lock held and @running set. */
static void engine_finish(struct dma_buffer_engine *engine, int error,
			  u64 copied)
{
	engine->result.error = error;
	engine->result.copied = copied;
	WRITE_ONCE(engine->running, false);
	wake_up_all(&engine->idle);
}

/* Called with the lock held and @running set: reads what the device says. */
static bool engine_finish_if_done(struct dma_buffer_engine *engine)
{
	u32 status = ioread32(engine->regs + DMA_ENGINE_STATUS);
	u32 copied;

	if (!(status & (DMA_ENGINE_DONE | DMA_ENGINE_ERROR)))
		return false;

	copied = ioread32(engine->regs + DMA_ENGINE_COPIED);
	iowrite32(status & (DMA_ENGINE_DONE | DMA_ENGINE_ERROR),
		  engine->regs + DMA_ENGINE_ACK);
	engine_sync_for_cpu(engine);

	/* What a device says is not to be believed beyond reason. */
	if (copied > engine->current_transfer.length)
		copied = 0;
	if (status & DMA_ENGINE_ERROR ||
	    copied != engine->current_transfer.length)
		engine_finish(engine, -EIO, copied);
	else
		engine_finish(engine, 0, copied);
	return true;
}

static irqreturn_t engine_interrupt(int irq, void *data)
{
	struct dma_buffer_engine *engine = data;
	irqreturn_t handled = IRQ_NONE;
	unsigned long flags;

	spin_lock_irqsave(&engine->lock, flags);
	if (engine->running && engine_finish_if_done(engine))
		handled = IRQ_HANDLED;
	spin_unlock_irqrestore(&engine->lock, flags);
	return handled;
}

static void engine_copy(struct dma_buffer_engine *engine)
{
	const struct dma_buffer_transfer *transfer = &engine->current_transfer;
	unsigned long flags;

	/* Nobody else touches the memory or the transfer while it runs. */
	memcpy(engine->memory->cpu_addr + transfer->destination,
	       engine->memory->cpu_addr + transfer->source, transfer->length);

	spin_lock_irqsave(&engine->lock, flags);
	engine_finish(engine, 0, transfer->length);
	spin_unlock_irqrestore(&engine->lock, flags);
}

/* The device is late: its interrupt may be lost, or it has stopped. */
static void engine_look_after(struct dma_buffer_engine *engine)
{
	unsigned long flags;

	spin_lock_irqsave(&engine->lock, flags);
	/* Not on behalf of an earlier transfer, with this one just begun. */
	if (engine->running && !engine_finish_if_done(engine) &&
	    time_after_eq(jiffies, engine->deadline)) {
		iowrite32(DMA_ENGINE_RESET, engine->regs + DMA_ENGINE_COMMAND);
		/* A read, so that the device has stopped when it returns. */
		ioread32(engine->regs + DMA_ENGINE_STATUS);
		engine_sync_for_cpu(engine);
		engine_finish(engine, -ETIMEDOUT, 0);
	}
	spin_unlock_irqrestore(&engine->lock, flags);
}

static void engine_work(struct work_struct *work)
{
	struct dma_buffer_engine *engine = container_of(
		to_delayed_work(work), struct dma_buffer_engine, work);

	if (dma_buffer_engine_is_device(engine))
		engine_look_after(engine);
	else
		engine_copy(engine);
}

static void engine_tell_device(struct dma_buffer_engine *engine)
{
	u64 source = engine->memory->dma_addr + engine->current_transfer.source;
	u64 destination =
		engine->memory->dma_addr + engine->current_transfer.destination;

	engine_sync_for_device(engine);
	iowrite32(lower_32_bits(source), engine->regs + DMA_ENGINE_SOURCE_LOW);
	iowrite32(upper_32_bits(source), engine->regs + DMA_ENGINE_SOURCE_HIGH);
	iowrite32(lower_32_bits(destination),
		  engine->regs + DMA_ENGINE_DESTINATION_LOW);
	iowrite32(upper_32_bits(destination),
		  engine->regs + DMA_ENGINE_DESTINATION_HIGH);
	iowrite32(engine->current_transfer.length,
		  engine->regs + DMA_ENGINE_COUNT);
	iowrite32(DMA_ENGINE_START, engine->regs + DMA_ENGINE_COMMAND);
}

int dma_buffer_engine_start(struct dma_buffer_engine *engine,
			    const struct dma_buffer_memory *memory,
			    const struct dma_buffer_transfer *transfer)
{
	unsigned long flags, delay;

	spin_lock_irqsave(&engine->lock, flags);
	if (engine->running) {
		spin_unlock_irqrestore(&engine->lock, flags);
		return -EBUSY;
	}
	WRITE_ONCE(engine->running, true);
	engine->memory = memory;
	engine->current_transfer = *transfer;
	engine->result.transfer++;
	if (dma_buffer_engine_is_device(engine)) {
		engine_tell_device(engine);
		delay = msecs_to_jiffies(engine->timeout_ms);
	} else {
		delay = usecs_to_jiffies(engine->latency_us);
	}
	engine->deadline = jiffies + delay;
	/* Also when it still waits on behalf of an earlier transfer. */
	mod_delayed_work(system_wq, &engine->work, delay);
	spin_unlock_irqrestore(&engine->lock, flags);
	return 0;
}

struct dma_buffer_result
dma_buffer_engine_result(struct dma_buffer_engine *engine)
{
	struct dma_buffer_result result;
	unsigned long flags;

	spin_lock_irqsave(&engine->lock, flags);
	result = engine->result;
	spin_unlock_irqrestore(&engine->lock, flags);
	return result;
}

static int engine_map_registers(struct dma_buffer_engine *engine)
{
	struct resource *window = engine->window;
	int err;

	if (resource_size(window) < DMA_ENGINE_WINDOW)
		return -ENODEV;
	if (!request_mem_region(window->start, resource_size(window),
				engine->pdev->name))
		return -EBUSY;

	engine->regs = ioremap(window->start, resource_size(window));
	if (!engine->regs) {
		err = -ENOMEM;
		goto release;
	}
	if (ioread32(engine->regs + DMA_ENGINE_ID) != DMA_ENGINE_ID_VALUE) {
		err = -ENODEV;
		goto unmap;
	}
	return 0;

unmap:
	iounmap(engine->regs);
	engine->regs = NULL;
release:
	release_mem_region(window->start, resource_size(window));
	return err;
}

static void engine_unmap_registers(struct dma_buffer_engine *engine)
{
	iounmap(engine->regs);
	engine->regs = NULL;
	release_mem_region(engine->window->start,
			   resource_size(engine->window));
}

int dma_buffer_engine_init(struct dma_buffer_engine *engine,
			   struct platform_device *pdev)
{
	int err;

	engine->pdev = pdev;
	spin_lock_init(&engine->lock);
	init_waitqueue_head(&engine->idle);
	INIT_DELAYED_WORK(&engine->work, engine_work);

	engine->window = platform_get_resource(pdev, IORESOURCE_MEM, 0);
	if (!engine->window)
		return 0;

	engine->irq = platform_get_irq(pdev, 0);
	if (engine->irq < 0)
		return engine->irq;
	err = engine_map_registers(engine);
	if (err)
		return err;

	/* Whatever it was doing, it stops before anybody listens to it. */
	iowrite32(DMA_ENGINE_RESET, engine->regs + DMA_ENGINE_COMMAND);
	err = request_irq(engine->irq, engine_interrupt, 0, pdev->name, engine);
	if (err)
		engine_unmap_registers(engine);
	return err;
}

void dma_buffer_engine_exit(struct dma_buffer_engine *engine)
{
	unsigned long flags;

	if (dma_buffer_engine_is_device(engine)) {
		iowrite32(DMA_ENGINE_RESET, engine->regs + DMA_ENGINE_COMMAND);
		ioread32(engine->regs + DMA_ENGINE_STATUS);
		free_irq(engine->irq, engine);
	}
	cancel_delayed_work_sync(&engine->work);

	spin_lock_irqsave(&engine->lock, flags);
	if (engine->running)
		engine_finish(engine, -ECANCELED, 0);
	spin_unlock_irqrestore(&engine->lock, flags);
	if (dma_buffer_engine_is_device(engine))
		engine_unmap_registers(engine);
}
