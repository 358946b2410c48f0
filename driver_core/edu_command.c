// SPDX-License-Identifier: GPL-2.0
/*
 * What QEMU's educational device does: it computes factorials, copies between
 * its own memory and ours, and says by an interrupt that it has done so.
 */
#include <linux/dma-mapping.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/jiffies.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "edu.h"
#include "edu_regs.h"

/* A transfer takes 100 ms, so that people can see it. */
#define EDU_TIMEOUT_MS 2000

irqreturn_t edu_interrupt(int irq, void *data)
{
	struct edu *edu = data;
	unsigned long flags;
	u32 raised;

	/* The line may be shared; and a device that was pulled out reads as ~0. */
	raised = ioread32(edu->regs + EDU_IRQ_STATUS);
	if (!raised || raised == ~0U)
		return IRQ_NONE;
	iowrite32(raised, edu->regs + EDU_IRQ_ACK);

	spin_lock_irqsave(&edu->events_lock, flags);
	edu->events |= raised;
	WRITE_ONCE(edu->interrupts, edu->interrupts + 1);
	spin_unlock_irqrestore(&edu->events_lock, flags);
	wake_up_all(&edu->wait);
	return IRQ_HANDLED;
}

/* Takes events that were raised; returns whether there were any. */
static bool edu_take(struct edu *edu, u32 events)
{
	unsigned long flags;
	bool taken;

	spin_lock_irqsave(&edu->events_lock, flags);
	taken = edu->events & events;
	edu->events &= ~events;
	spin_unlock_irqrestore(&edu->events_lock, flags);
	return taken;
}

static void edu_note_lost(struct edu *edu)
{
	unsigned long flags;

	spin_lock_irqsave(&edu->events_lock, flags);
	edu->lost++;
	spin_unlock_irqrestore(&edu->events_lock, flags);
}

/*
 * Waits for an event. If it does not come, the register says whether the device
 * is busy still: an interrupt can get lost.
 */
static int edu_await(struct edu *edu, u32 event, unsigned int reg, u32 busy)
{
	if (wait_event_timeout(edu->wait, edu_take(edu, event),
			       msecs_to_jiffies(EDU_TIMEOUT_MS)))
		return 0;
	if (ioread32(edu->regs + reg) & busy)
		return -ETIMEDOUT;
	edu_note_lost(edu);
	return 0;
}

/* Returns with the command lock held if the device is there. */
static int edu_begin(struct edu *edu)
{
	int err = mutex_lock_interruptible(&edu->command);

	if (err)
		return err;
	if (edu->gone) {
		mutex_unlock(&edu->command);
		return -ENODEV;
	}
	return 0;
}

int edu_factorial(struct edu *edu, u32 n, u32 *result)
{
	int err;

	err = edu_begin(edu);
	if (err)
		return err;
	edu_take(edu, EDU_IRQ_FACTORIAL);
	iowrite32(EDU_STATUS_IRQ, edu->regs + EDU_STATUS);
	iowrite32(n, edu->regs + EDU_FACTORIAL);
	err = edu_await(edu, EDU_IRQ_FACTORIAL, EDU_STATUS,
			EDU_STATUS_COMPUTING);
	if (!err)
		*result = ioread32(edu->regs + EDU_FACTORIAL);
	mutex_unlock(&edu->command);
	return err;
}

int edu_transfer(struct edu *edu, const struct edu_transfer *transfer)
{
	struct device *dev = &edu->pdev->dev;
	int err;

	err = edu_begin(edu);
	if (err)
		return err;
	if (ioread32(edu->regs + EDU_DMA_COMMAND) & EDU_DMA_START) {
		err = -EBUSY;
		goto unlock;
	}

	edu_take(edu, EDU_IRQ_DMA);
	dma_sync_single_for_device(dev, edu->dma, edu->geometry.memory_size,
				   DMA_BIDIRECTIONAL);
	iowrite32(transfer->source, edu->regs + EDU_DMA_SOURCE);
	iowrite32(transfer->destination, edu->regs + EDU_DMA_DESTINATION);
	iowrite32(transfer->count, edu->regs + EDU_DMA_COUNT);
	iowrite32(transfer->command, edu->regs + EDU_DMA_COMMAND);
	err = edu_await(edu, EDU_IRQ_DMA, EDU_DMA_COMMAND, EDU_DMA_START);
	/* Else it is the device's until it has ended. */
	if (!err)
		dma_sync_single_for_cpu(dev, edu->dma,
					edu->geometry.memory_size,
					DMA_BIDIRECTIONAL);
unlock:
	mutex_unlock(&edu->command);
	return err;
}
