// SPDX-License-Identifier: GPL-2.0
/*
 * A driver for QEMU's educational PCI device (qemu -device edu). This file is
 * the module and the PCI device, how it comes and how it goes; edu.h says what
 * is where.
 *
 * The device can be removed at any time. What is open stays open and says
 * ENODEV, what is mapped stays mapped and is SIGBUS.
 */
#include <linux/bitops.h>
#include <linux/dma-mapping.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/kernel.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "edu.h"
#include "edu_regs.h"
#include "edu_uapi.h"

#define EDU_BAR 0

/* Numbers of the nodes that there are. */
static unsigned long edu_numbers;

static void edu_free(struct kref *ref)
{
	struct edu *edu = container_of(ref, struct edu, ref);

	if (edu->inode)
		iput(edu->inode);
	kfree(edu);
}

void edu_put(struct edu *edu)
{
	kref_put(&edu->ref, edu_free);
}

static int edu_take_number(struct edu *edu)
{
	for (edu->number = 0; edu->number < BITS_PER_LONG; edu->number++) {
		if (test_and_set_bit(edu->number, &edu_numbers))
			continue;
		snprintf(edu->name, sizeof(edu->name), DRYDOCK_EDU_NAME "%u",
			 edu->number);
		return 0;
	}
	return -ENOSPC;
}

static void edu_give_number(struct edu *edu)
{
	clear_bit(edu->number, &edu_numbers);
}

static struct edu *edu_alloc(struct pci_dev *pdev)
{
	struct edu *edu = kzalloc(sizeof(*edu), GFP_KERNEL);

	if (!edu)
		return NULL;
	kref_init(&edu->ref);
	mutex_init(&edu->command);
	mutex_init(&edu->map_lock);
	spin_lock_init(&edu->events_lock);
	init_waitqueue_head(&edu->wait);
	edu->pdev = pdev;
	edu->geometry.registers_phys = pci_resource_start(pdev, EDU_BAR);
	edu->geometry.registers_size = pci_resource_len(pdev, EDU_BAR);
	edu->geometry.memory_size = PAGE_SIZE;
	edu->geometry.page_shift = PAGE_SHIFT;
	edu->misc.minor = MISC_DYNAMIC_MINOR;
	edu->misc.name = edu->name;
	edu->misc.fops = &edu_fops;
	edu->misc.mode = 0600;
	return edu;
}

static int edu_map_registers(struct edu *edu)
{
	int err;

	if (!(pci_resource_flags(edu->pdev, EDU_BAR) & IORESOURCE_MEM))
		return -ENODEV;
	err = pci_request_region(edu->pdev, EDU_BAR, DRYDOCK_EDU_NAME);
	if (err)
		return err;
	edu->regs = pci_iomap(edu->pdev, EDU_BAR, 0);
	if (!edu->regs) {
		err = -ENOMEM;
		goto release;
	}
	if ((ioread32(edu->regs + EDU_ID) & EDU_ID_MASK) != EDU_ID_VALUE) {
		err = -ENODEV;
		goto unmap;
	}
	return 0;

unmap:
	pci_iounmap(edu->pdev, edu->regs);
release:
	pci_release_region(edu->pdev, EDU_BAR);
	return err;
}

static void edu_unmap_registers(struct edu *edu)
{
	pci_iounmap(edu->pdev, edu->regs);
	pci_release_region(edu->pdev, EDU_BAR);
}

/* Memory that the device reaches: the DMA API finds it, knowing the mask. */
static int edu_alloc_memory(struct edu *edu)
{
	struct device *dev = &edu->pdev->dev;
	int err;

	err = dma_set_mask_and_coherent(dev, DMA_BIT_MASK(EDU_DMA_BITS));
	if (err)
		return err;
	edu->page = dma_alloc_pages(dev, edu->geometry.memory_size, &edu->dma,
				    DMA_BIDIRECTIONAL, GFP_KERNEL | __GFP_ZERO);
	if (!edu->page)
		return -ENOMEM;
	/* Until the first transfer it is the processor's. */
	dma_sync_single_for_cpu(dev, edu->dma, edu->geometry.memory_size,
				DMA_BIDIRECTIONAL);
	return 0;
}

static void edu_free_memory(struct edu *edu)
{
	dma_free_pages(&edu->pdev->dev, edu->geometry.memory_size, edu->page,
		       edu->dma, DMA_BIDIRECTIONAL);
}

/* No interrupt, no transfer: nothing comes from the device after this. */
static void edu_silence(struct edu *edu)
{
	iowrite32(0, edu->regs + EDU_STATUS);
	iowrite32(~0U, edu->regs + EDU_IRQ_ACK);
	pci_clear_master(edu->pdev);
}

static int edu_request_irq(struct edu *edu)
{
	int err;

	err = pci_alloc_irq_vectors(edu->pdev, 1, 1, PCI_IRQ_ALL_TYPES);
	if (err < 0)
		return err;
	edu->irq = pci_irq_vector(edu->pdev, 0);
	if (edu->irq < 0) {
		err = edu->irq;
		goto free_vectors;
	}
	/* Without MSI the line may be somebody else's, too. */
	err = request_irq(edu->irq, edu_interrupt, IRQF_SHARED, edu->name, edu);
	if (err)
		goto free_vectors;
	return 0;

free_vectors:
	pci_free_irq_vectors(edu->pdev);
	return err;
}

static void edu_free_irq(struct edu *edu)
{
	free_irq(edu->irq, edu);
	pci_free_irq_vectors(edu->pdev);
}

static int edu_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct edu *edu;
	int err;

	err = pci_enable_device(pdev);
	if (err)
		return err;
	edu = edu_alloc(pdev);
	if (!edu) {
		err = -ENOMEM;
		goto disable;
	}
	err = edu_geometry_check(&edu->geometry);
	if (err)
		goto put;
	err = edu_take_number(edu);
	if (err)
		goto put;
	err = edu_map_registers(edu);
	if (err)
		goto give_number;
	err = edu_alloc_memory(edu);
	if (err)
		goto unmap_registers;

	pci_set_master(pdev);
	iowrite32(~0U, edu->regs + EDU_IRQ_ACK);
	err = edu_request_irq(edu);
	if (err)
		goto silence;
	edu->misc.parent = &pdev->dev;
	err = misc_register(&edu->misc);
	if (err)
		goto free_irq;
	pci_set_drvdata(pdev, edu);
	return 0;

free_irq:
	edu_free_irq(edu);
silence:
	edu_silence(edu);
	edu_free_memory(edu);
unmap_registers:
	edu_unmap_registers(edu);
give_number:
	edu_give_number(edu);
put:
	edu_put(edu);
disable:
	pci_disable_device(pdev);
	return err;
}

static void edu_remove(struct pci_dev *pdev)
{
	struct edu *edu = pci_get_drvdata(pdev);

	/* No new files; then no command, no mapping, no interrupt, no transfer. */
	misc_deregister(&edu->misc);
	mutex_lock(&edu->command);
	edu_revoke(edu);
	mutex_unlock(&edu->command);
	wake_up_all(&edu->wait);
	edu_silence(edu);
	edu_free_irq(edu);

	edu_free_memory(edu);
	edu_unmap_registers(edu);
	edu_give_number(edu);
	edu_put(edu);
	pci_disable_device(pdev);
}

static const struct pci_device_id edu_ids[] = {
	{ PCI_DEVICE(EDU_VENDOR, EDU_DEVICE) },
	{},
};
MODULE_DEVICE_TABLE(pci, edu_ids);

static struct pci_driver edu_driver = {
	.name = DRYDOCK_EDU_NAME,
	.id_table = edu_ids,
	.probe = edu_probe,
	.remove = edu_remove,
};
module_pci_driver(edu_driver);

MODULE_DESCRIPTION("Drydock reference driver: QEMU's educational PCI device");
MODULE_AUTHOR("The Drydock authors");
MODULE_LICENSE("GPL");
