// SPDX-License-Identifier: GPL-2.0
/* A network device with the registers of nic_rings_regs.h. */
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/kernel.h>
#include <linux/platform_device.h>

#include "nic_rings.h"
#include "nic_rings_regs.h"

static void mmio_write(struct nic_rings *nic, u32 value, unsigned int reg)
{
	iowrite32(value, nic->mmio.regs + reg);
}

static u32 mmio_read(struct nic_rings *nic, unsigned int reg)
{
	return ioread32(nic->mmio.regs + reg);
}

static void mmio_tell_address(struct nic_rings *nic, enum nic_region region,
			      unsigned int low)
{
	dma_addr_t address = nic->memory[region].dma_addr;

	mmio_write(nic, lower_32_bits(address), low);
	mmio_write(nic, upper_32_bits(address), low + 4);
}

static void mmio_start(struct nic_rings *nic, const struct nic_run *run)
{
	u32 control = NIC_CONTROL_RUN;

	if (run->lossless)
		control |= NIC_CONTROL_LOSSLESS;
	if (run->loopback)
		control |= NIC_CONTROL_LOOPBACK;
	mmio_tell_address(nic, NIC_RX_RING, NIC_RX_RING_LOW);
	mmio_tell_address(nic, NIC_TX_RING, NIC_TX_RING_LOW);
	mmio_tell_address(nic, NIC_BUFFERS, NIC_BUFFERS_LOW);
	mmio_write(nic, nic->geometry.entries, NIC_ENTRIES);
	mmio_write(nic, run->count, NIC_COUNT);
	mmio_write(nic, run->burst, NIC_BURST);
	mmio_write(nic, run->interval_us, NIC_INTERVAL);
	mmio_write(nic, control, NIC_CONTROL);
}

static void mmio_stop(struct nic_rings *nic)
{
	mmio_write(nic, 0, NIC_CONTROL);
	/* It has stopped when this returns. */
	mmio_read(nic, NIC_CONTROL);
	mmio_write(nic, NIC_IRQ_RX | NIC_IRQ_TX, NIC_IRQ_ACK);
}

static void mmio_kick(struct nic_rings *nic)
{
	mmio_write(nic, 1, NIC_DOORBELL);
}

static void mmio_state(struct nic_rings *nic, struct nic_state *state)
{
	u32 mask = nic->geometry.entries - 1;

	state->received = mmio_read(nic, NIC_RECEIVED);
	state->dropped = mmio_read(nic, NIC_DROPPED);
	state->sent = mmio_read(nic, NIC_SENT);
	state->bad = mmio_read(nic, NIC_BAD);
	state->rx_index = mmio_read(nic, NIC_RX_INDEX) & mask;
	state->tx_index = mmio_read(nic, NIC_TX_INDEX) & mask;
}

static const struct nic_device_ops mmio_ops = {
	.start = mmio_start,
	.stop = mmio_stop,
	.kick = mmio_kick,
	.state = mmio_state,
};

static irqreturn_t mmio_interrupt(int irq, void *data)
{
	struct nic_rings *nic = data;
	u32 raised = mmio_read(nic, NIC_IRQ_STATUS);

	if (!(raised & (NIC_IRQ_RX | NIC_IRQ_TX)))
		return IRQ_NONE;
	mmio_write(nic, raised, NIC_IRQ_ACK);
	nic_wake(nic);
	return IRQ_HANDLED;
}

static int mmio_map(struct nic_rings *nic)
{
	struct resource *window = nic->mmio.window;
	int err;

	if (resource_size(window) < NIC_WINDOW)
		return -ENODEV;
	if (!request_mem_region(window->start, resource_size(window),
				DRYDOCK_NIC_RINGS_NAME))
		return -EBUSY;
	nic->mmio.regs = ioremap(window->start, resource_size(window));
	if (!nic->mmio.regs) {
		err = -ENOMEM;
		goto release;
	}
	if (mmio_read(nic, NIC_ID) != NIC_ID_VALUE) {
		err = -ENODEV;
		goto unmap;
	}
	return 0;

unmap:
	iounmap(nic->mmio.regs);
release:
	release_mem_region(window->start, resource_size(window));
	return err;
}

static void mmio_unmap(struct nic_rings *nic)
{
	iounmap(nic->mmio.regs);
	release_mem_region(nic->mmio.window->start,
			   resource_size(nic->mmio.window));
}

int nic_mmio_init(struct nic_rings *nic, struct platform_device *pdev)
{
	int err;

	nic->mmio.window = platform_get_resource(pdev, IORESOURCE_MEM, 0);
	if (!nic->mmio.window)
		return -ENODEV;
	nic->mmio.irq = platform_get_irq(pdev, 0);
	if (nic->mmio.irq < 0)
		return nic->mmio.irq;
	err = mmio_map(nic);
	if (err)
		return err;

	/* Whatever it was doing, it stops before anybody listens to it. */
	mmio_stop(nic);
	err = request_irq(nic->mmio.irq, mmio_interrupt, 0,
			  DRYDOCK_NIC_RINGS_NAME, nic);
	if (err) {
		mmio_unmap(nic);
		return err;
	}
	nic->ops = &mmio_ops;
	return 0;
}

void nic_mmio_exit(struct nic_rings *nic)
{
	mmio_stop(nic);
	free_irq(nic->mmio.irq, nic);
	mmio_unmap(nic);
	nic->ops = NULL;
}
