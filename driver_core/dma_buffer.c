// SPDX-License-Identifier: GPL-2.0
/*
 * A DMA buffer as a character device: /dev/drydock_dma_buffer can be read,
 * written, filled, copied in and, above all, mapped. The reference driver of
 * Drydock. This file is the module: its parameters, its device, and the buffer's
 * life; dma_buffer.h says what is where.
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
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/wait.h>

#include "dma_buffer.h"
#include "dma_buffer_uapi.h"
#include "kernel_versions.h"

#define DMA_BUFFER_NAME DRYDOCK_DMA_BUFFER_NAME
#define DMA_ENGINE_NAME "drydock_dma_engine"

static char *method = "remap";
module_param(method, charp, 0444);
MODULE_PARM_DESC(method, "How pages are mapped: remap (default) or dma_mmap");

static unsigned long size = SZ_64K;
module_param(size, ulong, 0444);
MODULE_PARM_DESC(size, "Bytes of the buffer (default 64 KiB)");

static unsigned long max_map;
module_param(max_map, ulong, 0444);
MODULE_PARM_DESC(max_map, "Most bytes of one mapping (default 0: no limit)");

static char *cache = "wb";
module_param(cache, charp, 0444);
MODULE_PARM_DESC(cache, "Memory type: wb (default), wc, uncached (remap)");

static unsigned int latency_us = 100;
module_param(latency_us, uint, 0444);
MODULE_PARM_DESC(latency_us, "Before the processor copies (default 100)");

static unsigned int timeout_ms = 1000;
module_param(timeout_ms, uint, 0444);
MODULE_PARM_DESC(timeout_ms, "What a device may take (default 1000)");

/* What the parameters say; and whether there is a buffer: there is one node. */
static struct dma_buffer_geometry geometry;
static unsigned long taken;

/* Of the last probe: of the one that fails insmod says why. */
static int probe_error;

static int dma_buffer_parse(void)
{
	if (!strcmp(method, "remap"))
		geometry.method = DMA_BUFFER_REMAP;
	else if (!strcmp(method, "dma_mmap"))
		geometry.method = DMA_BUFFER_DMA_MMAP;
	else
		return -EINVAL;

	if (!strcmp(cache, "wb"))
		geometry.cache = DMA_BUFFER_WB;
	else if (!strcmp(cache, "wc"))
		geometry.cache = DMA_BUFFER_WC;
	else if (!strcmp(cache, "uncached"))
		geometry.cache = DMA_BUFFER_UNCACHED;
	else
		return -EINVAL;

	geometry.size = size;
	geometry.max_map = max_map;
	geometry.page_shift = PAGE_SHIFT;
	return 0;
}

static void dma_buffer_release_ref(struct kref *ref)
{
	struct dma_buffer *buffer = container_of(ref, struct dma_buffer, ref);

	revocable_destroy(&buffer->mappings);
	kfree(buffer);
}

void dma_buffer_put(struct dma_buffer *buffer)
{
	kref_put(&buffer->ref, dma_buffer_release_ref);
}

static struct dma_buffer *dma_buffer_new(struct platform_device *pdev)
{
	struct dma_buffer *buffer = kzalloc(sizeof(*buffer), GFP_KERNEL);

	if (!buffer)
		return NULL;
	kref_init(&buffer->ref);
	buffer->geometry = geometry;
	buffer->pdev = pdev;
	buffer->engine.latency_us = latency_us;
	buffer->engine.timeout_ms = timeout_ms;
	revocable_init(&buffer->mappings);
	mutex_init(&buffer->lock);
	buffer->misc.minor = MISC_DYNAMIC_MINOR;
	buffer->misc.name = DMA_BUFFER_NAME;
	buffer->misc.fops = dma_buffer_fops(geometry.method);
	buffer->misc.mode = 0600;
	return buffer;
}

static int dma_buffer_create(struct dma_buffer *buffer)
{
	int err;

	err = dma_buffer_mapped_size(&buffer->geometry, &buffer->mapped_size);
	if (err)
		return err;
	err = dma_coerce_mask_and_coherent(&buffer->pdev->dev,
					   DMA_BIT_MASK(64));
	if (err)
		return err;
	err = dma_buffer_engine_init(&buffer->engine, buffer->pdev);
	if (err)
		return err;
	err = dma_buffer_alloc(buffer);
	if (err)
		goto exit_engine;
	buffer->misc.parent = &buffer->pdev->dev;
	err = misc_register(&buffer->misc);
	if (err)
		goto free_buffer;
	return 0;

free_buffer:
	dma_buffer_free(buffer);
exit_engine:
	dma_buffer_engine_exit(&buffer->engine);
	return err;
}

static int dma_buffer_probe(struct platform_device *pdev)
{
	struct dma_buffer *buffer;
	int err;

	if (test_and_set_bit(0, &taken))
		return -EBUSY;
	buffer = dma_buffer_new(pdev);
	if (!buffer) {
		err = -ENOMEM;
		goto give;
	}
	err = dma_buffer_create(buffer);
	if (err)
		goto put;
	platform_set_drvdata(pdev, buffer);
	return 0;

put:
	dma_buffer_put(buffer);
give:
	clear_bit(0, &taken);
	probe_error = err;
	return err;
}

static platform_removed_t dma_buffer_remove(struct platform_device *pdev)
{
	struct dma_buffer *buffer = platform_get_drvdata(pdev);

	/* No new files; then no call, no transfer and no mapping. */
	misc_deregister(&buffer->misc);
	mutex_lock(&buffer->lock);
	WRITE_ONCE(buffer->gone, true);
	mutex_unlock(&buffer->lock);
	dma_buffer_engine_exit(&buffer->engine);
	wake_up_all(&buffer->engine.idle);
	revocable_revoke(&buffer->mappings);

	dma_buffer_free(buffer);
	dma_buffer_put(buffer);
	clear_bit(0, &taken);
	return PLATFORM_REMOVED;
}

static const struct platform_device_id dma_buffer_ids[] = {
	{ DMA_ENGINE_NAME },
	{ DMA_BUFFER_NAME },
	{},
};
MODULE_DEVICE_TABLE(platform, dma_buffer_ids);

static struct platform_driver dma_buffer_driver = {
	.probe = dma_buffer_probe,
	.remove = dma_buffer_remove,
	.id_table = dma_buffer_ids,
	.driver = {
		.name = DMA_BUFFER_NAME,
	},
};

/* Where no device copies, the buffer belongs to one that does nothing. */
static struct platform_device *idle_device;

static int dma_buffer_add_idle(void)
{
	struct platform_device *pdev;

	pdev = platform_device_register_simple(DMA_BUFFER_NAME,
					       PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(pdev))
		return PTR_ERR(pdev);
	/* That it was not bound is no error of registering it. */
	if (!platform_get_drvdata(pdev)) {
		platform_device_unregister(pdev);
		return probe_error ?: -ENODEV;
	}
	idle_device = pdev;
	return 0;
}

static int __init dma_buffer_init(void)
{
	unsigned long mapped_size;
	int err;

	err = dma_buffer_parse();
	if (!err)
		err = dma_buffer_mapped_size(&geometry, &mapped_size);
	if (err) {
		pr_err(DMA_BUFFER_NAME
		       ": cannot be: method=%s size=%lu cache=%s\n",
		       method, size, cache);
		return err;
	}

	err = platform_driver_register(&dma_buffer_driver);
	if (err || test_bit(0, &taken))
		return err;
	err = dma_buffer_add_idle();
	if (err)
		platform_driver_unregister(&dma_buffer_driver);
	return err;
}
module_init(dma_buffer_init);

static void __exit dma_buffer_exit(void)
{
	if (idle_device)
		platform_device_unregister(idle_device);
	platform_driver_unregister(&dma_buffer_driver);
}
module_exit(dma_buffer_exit);

MODULE_DESCRIPTION("Drydock reference driver: a DMA buffer that can be mapped");
MODULE_AUTHOR("The Drydock authors");
MODULE_LICENSE("GPL");
