// SPDX-License-Identifier: GPL-2.0
/*
 * A network device whose rings and packet buffers programs map:
 * /dev/drydock_nic_rings. This file is the module, the device, the memory and
 * its life; nic_rings.h says what is where.
 */
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/wait.h>

#include "kernel_versions.h"
#include "nic_rings.h"

#define NIC_RINGS_NAME DRYDOCK_NIC_RINGS_NAME

static bool emulate = true;
module_param(emulate, bool, 0444);
MODULE_PARM_DESC(emulate, "A device in software, if there is no other");

static unsigned int entries = 256;
module_param(entries, uint, 0444);
MODULE_PARM_DESC(entries, "Descriptors of each ring (default 256)");

static struct nic_rings the_nic = {
	.misc = {
		.minor	= MISC_DYNAMIC_MINOR,
		.name	= NIC_RINGS_NAME,
		.fops	= &nic_rings_fops,
		.mode	= 0600,
	},
};

static void nic_free(struct nic_rings *nic, enum nic_region count)
{
	while (count-- > 0) {
		struct nic_memory *memory = &nic->memory[count];

		dma_free_coherent(&nic->pdev->dev, memory->size,
				  memory->cpu_addr, memory->dma_addr);
	}
}

static int nic_alloc(struct nic_rings *nic)
{
	enum nic_region region;

	for (region = 0; region < NIC_REGIONS; region++) {
		struct nic_memory *memory = &nic->memory[region];

		/* Whole pages, zeroed: that is what programs see. */
		memory->size = nic_region_size(&nic->geometry, region);
		memory->cpu_addr = dma_alloc_coherent(
			&nic->pdev->dev, memory->size, &memory->dma_addr,
			GFP_KERNEL | __GFP_NOWARN);
		if (!memory->cpu_addr) {
			nic_free(nic, region);
			return -ENOMEM;
		}
	}
	return 0;
}

/* The rest of it, when the device is ready. */
static int nic_register(struct nic_rings *nic)
{
	int err;

	err = dma_coerce_mask_and_coherent(&nic->pdev->dev, DMA_BIT_MASK(64));
	if (err)
		return err;
	err = nic_alloc(nic);
	if (err)
		return err;
	err = misc_register(&nic->misc);
	if (err)
		nic_free(nic, NIC_REGIONS);
	return err;
}

/* The last file that is closed stops the device. */
static void nic_deregister(struct nic_rings *nic)
{
	misc_deregister(&nic->misc);
	wait_event(nic->closed, !READ_ONCE(nic->files));
	/* Whoever closed it may hold the lock still. */
	mutex_lock(&nic->lock);
	mutex_unlock(&nic->lock);
	WARN_ON(atomic_read(&nic->mappings));
	nic_free(nic, NIC_REGIONS);
}

static int nic_rings_probe(struct platform_device *pdev)
{
	struct nic_rings *nic = &the_nic;
	int err;

	if (nic->pdev)
		return -EBUSY;
	err = nic_mmio_init(nic, pdev);
	if (err)
		return err;
	nic->pdev = pdev;
	err = nic_register(nic);
	if (err) {
		nic_mmio_exit(nic);
		nic->pdev = NULL;
	}
	return err;
}

static platform_removed_t nic_rings_remove(struct platform_device *pdev)
{
	struct nic_rings *nic = &the_nic;

	nic_deregister(nic);
	nic_mmio_exit(nic);
	nic->pdev = NULL;
	return PLATFORM_REMOVED;
}

/* Not to be unbound by hand, which would wait for the last file to be closed. */
static struct platform_driver nic_rings_driver = {
	.probe = nic_rings_probe,
	.remove = nic_rings_remove,
	.driver = {
		.name			= NIC_RINGS_NAME,
		.suppress_bind_attrs	= true,
	},
};

/* What the memory belongs to where the device is in software. */
static struct platform_device *emulated_device;

static int nic_emulate(struct nic_rings *nic)
{
	int err;

	emulated_device = platform_device_register_simple(
		NIC_RINGS_NAME "_emulated", PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(emulated_device)) {
		err = PTR_ERR(emulated_device);
		emulated_device = NULL;
		return err;
	}

	nic->pdev = emulated_device;
	nic_emulated_init(nic);
	err = nic_register(nic);
	if (err) {
		nic_emulated_exit(nic);
		nic->pdev = NULL;
		platform_device_unregister(emulated_device);
		emulated_device = NULL;
	}
	return err;
}

static void nic_stop_emulating(struct nic_rings *nic)
{
	nic_deregister(nic);
	nic_emulated_exit(nic);
	nic->pdev = NULL;
	platform_device_unregister(emulated_device);
	emulated_device = NULL;
}

static int __init nic_rings_init(void)
{
	struct nic_rings *nic = &the_nic;
	int err;

	nic->geometry.entries = entries;
	nic->geometry.page_shift = PAGE_SHIFT;
	err = nic_geometry_check(&nic->geometry);
	if (err)
		return err;
	mutex_init(&nic->lock);
	init_waitqueue_head(&nic->wait);
	init_waitqueue_head(&nic->closed);

	err = platform_driver_register(&nic_rings_driver);
	if (err || nic->pdev || !emulate)
		return err;
	err = nic_emulate(nic);
	if (err)
		platform_driver_unregister(&nic_rings_driver);
	return err;
}
module_init(nic_rings_init);

static void __exit nic_rings_exit(void)
{
	if (emulated_device)
		nic_stop_emulating(&the_nic);
	platform_driver_unregister(&nic_rings_driver);
}
module_exit(nic_rings_exit);

MODULE_DESCRIPTION("Drydock reference driver: a network device's mapped rings");
MODULE_AUTHOR("The Drydock authors");
MODULE_LICENSE("GPL");
