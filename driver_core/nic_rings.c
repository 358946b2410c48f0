// SPDX-License-Identifier: GPL-2.0
/*
 * A network device whose rings and packet buffers programs map:
 * /dev/drydock_nic_rings. This file is the module, the device, the memory and
 * its life; nic_rings.h says what is where.
 *
 * The device can be removed at any time. What is open stays open and says
 * ENODEV, what is mapped stays mapped and is SIGBUS.
 */
#include <linux/bitops.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/miscdevice.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/slab.h>

#include "kernel_versions.h"
#include "nic_rings.h"

#define NIC_RINGS_NAME DRYDOCK_NIC_RINGS_NAME
#define NIC_EMULATED_NAME "drydock_soft_nic"
#define NIC_IS_EMULATED 1

static bool emulate = true;
module_param(emulate, bool, 0444);
MODULE_PARM_DESC(emulate, "A device in software, if there is no other");

static unsigned int entries = 256;
module_param(entries, uint, 0444);
MODULE_PARM_DESC(entries, "Descriptors of each ring (default 256)");

/* Whether there is a device: there is one node. */
static unsigned long taken;

/* Of the last probe: of the one that fails insmod says why. */
static int probe_error;

static void nic_fill_geometry(struct nic_geometry *geometry)
{
	geometry->entries = entries;
	geometry->page_shift = PAGE_SHIFT;
}

static void nic_release_ref(struct kref *ref)
{
	struct nic_rings *nic = container_of(ref, struct nic_rings, ref);

	revocable_destroy(&nic->mappings);
	kfree(nic);
}

void nic_rings_put(struct nic_rings *nic)
{
	kref_put(&nic->ref, nic_release_ref);
}

static struct nic_rings *nic_new(struct platform_device *pdev)
{
	struct nic_rings *nic = kzalloc(sizeof(*nic), GFP_KERNEL);

	if (!nic)
		return NULL;
	kref_init(&nic->ref);
	nic_fill_geometry(&nic->geometry);
	nic->pdev = pdev;
	init_waitqueue_head(&nic->wait);
	revocable_init(&nic->mappings);
	mutex_init(&nic->lock);
	nic->misc.minor = MISC_DYNAMIC_MINOR;
	nic->misc.name = NIC_RINGS_NAME;
	nic->misc.fops = &nic_rings_fops;
	nic->misc.mode = 0600;
	return nic;
}

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
	nic->misc.parent = &nic->pdev->dev;
	err = misc_register(&nic->misc);
	if (err)
		nic_free(nic, NIC_REGIONS);
	return err;
}

/* One with registers, or one in software. */
static int nic_device_init(struct nic_rings *nic)
{
	const struct platform_device_id *id = platform_get_device_id(nic->pdev);

	if (!id || id->driver_data != NIC_IS_EMULATED)
		return nic_mmio_init(nic, nic->pdev);
	nic_emulated_init(nic);
	return 0;
}

static void nic_device_exit(struct nic_rings *nic)
{
	if (nic->mmio.regs)
		nic_mmio_exit(nic);
	else
		nic_emulated_exit(nic);
}

static int nic_rings_probe(struct platform_device *pdev)
{
	struct nic_rings *nic;
	int err;

	if (test_and_set_bit(0, &taken))
		return -EBUSY;
	nic = nic_new(pdev);
	if (!nic) {
		err = -ENOMEM;
		goto give;
	}
	err = nic_device_init(nic);
	if (err)
		goto put;
	err = nic_register(nic);
	if (err)
		goto exit_device;
	platform_set_drvdata(pdev, nic);
	return 0;

exit_device:
	nic_device_exit(nic);
put:
	nic_rings_put(nic);
give:
	clear_bit(0, &taken);
	probe_error = err;
	return err;
}

static platform_removed_t nic_rings_remove(struct platform_device *pdev)
{
	struct nic_rings *nic = platform_get_drvdata(pdev);

	/* No new files; then no call, no frame and no mapping. */
	misc_deregister(&nic->misc);
	mutex_lock(&nic->lock);
	nic_stop(nic);
	nic->gone = true;
	mutex_unlock(&nic->lock);
	nic_wake(nic);
	revocable_revoke(&nic->mappings);

	nic_device_exit(nic);
	nic_free(nic, NIC_REGIONS);
	nic_rings_put(nic);
	clear_bit(0, &taken);
	return PLATFORM_REMOVED;
}

static const struct platform_device_id nic_rings_ids[] = {
	{ NIC_RINGS_NAME },
	{ NIC_EMULATED_NAME, NIC_IS_EMULATED },
	{},
};
MODULE_DEVICE_TABLE(platform, nic_rings_ids);

static struct platform_driver nic_rings_driver = {
	.probe = nic_rings_probe,
	.remove = nic_rings_remove,
	.id_table = nic_rings_ids,
	.driver = {
		.name = NIC_RINGS_NAME,
	},
};

/* What the memory belongs to where the device is in software. */
static struct platform_device *emulated_device;

static int nic_add_emulated(void)
{
	struct platform_device *pdev;

	pdev = platform_device_register_simple(NIC_EMULATED_NAME,
					       PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(pdev))
		return PTR_ERR(pdev);
	/* That it was not bound is no error of registering it. */
	if (!platform_get_drvdata(pdev)) {
		platform_device_unregister(pdev);
		return probe_error ?: -ENODEV;
	}
	emulated_device = pdev;
	return 0;
}

static int __init nic_rings_init(void)
{
	struct nic_geometry geometry;
	int err;

	nic_fill_geometry(&geometry);
	err = nic_geometry_check(&geometry);
	if (err)
		return err;

	err = platform_driver_register(&nic_rings_driver);
	if (err || test_bit(0, &taken) || !emulate)
		return err;
	err = nic_add_emulated();
	if (err)
		platform_driver_unregister(&nic_rings_driver);
	return err;
}
module_init(nic_rings_init);

static void __exit nic_rings_exit(void)
{
	if (emulated_device)
		platform_device_unregister(emulated_device);
	platform_driver_unregister(&nic_rings_driver);
}
module_exit(nic_rings_exit);

MODULE_DESCRIPTION("Drydock reference driver: a network device's mapped rings");
MODULE_AUTHOR("The Drydock authors");
MODULE_LICENSE("GPL");
