// SPDX-License-Identifier: GPL-2.0
/*
 * A DMA buffer as a character device: /dev/drydock_dma_buffer can be read,
 * written, filled, copied in and, above all, mapped. The reference driver of
 * Drydock. This file is the module: its parameters, its device, and the buffer's
 * life; dma_buffer.h says what is where.
 */
#include <linux/atomic.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/sizes.h>
#include <linux/string.h>

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

static struct dma_buffer the_buffer = {
	.misc = {
		.minor	= MISC_DYNAMIC_MINOR,
		.name	= DMA_BUFFER_NAME,
		.fops	= &dma_buffer_fops,
		.mode	= 0600,
	},
};

static int dma_buffer_parse(struct dma_buffer_geometry *geometry)
{
	if (!strcmp(method, "remap"))
		geometry->method = DMA_BUFFER_REMAP;
	else if (!strcmp(method, "dma_mmap"))
		geometry->method = DMA_BUFFER_DMA_MMAP;
	else
		return -EINVAL;

	if (!strcmp(cache, "wb"))
		geometry->cache = DMA_BUFFER_WB;
	else if (!strcmp(cache, "wc"))
		geometry->cache = DMA_BUFFER_WC;
	else if (!strcmp(cache, "uncached"))
		geometry->cache = DMA_BUFFER_UNCACHED;
	else
		return -EINVAL;

	geometry->size = size;
	geometry->max_map = max_map;
	geometry->page_shift = PAGE_SHIFT;
	return 0;
}

static int dma_buffer_create(struct dma_buffer *buffer,
			     struct platform_device *pdev)
{
	int err;

	if (buffer->pdev)
		return -EBUSY;
	err = dma_coerce_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (err)
		return err;

	buffer->engine.latency_us = latency_us;
	buffer->engine.timeout_ms = timeout_ms;
	err = dma_buffer_engine_init(&buffer->engine, pdev);
	if (err)
		return err;

	buffer->pdev = pdev;
	err = dma_buffer_alloc(buffer);
	if (err)
		goto exit_engine;

	err = misc_register(&buffer->misc);
	if (err)
		goto free_buffer;
	return 0;

free_buffer:
	dma_buffer_free(buffer);
exit_engine:
	dma_buffer_engine_exit(&buffer->engine);
	buffer->pdev = NULL;
	return err;
}

static void dma_buffer_destroy(struct dma_buffer *buffer)
{
	misc_deregister(&buffer->misc);
	wait_event(buffer->closed, !atomic_read(&buffer->files));
	WARN_ON(atomic_read(&buffer->mappings));
	/* A transfer outlives the file that started it. */
	dma_buffer_engine_exit(&buffer->engine);
	dma_buffer_free(buffer);
	buffer->pdev = NULL;
}

static int dma_buffer_probe(struct platform_device *pdev)
{
	return dma_buffer_create(&the_buffer, pdev);
}

static platform_removed_t dma_buffer_remove(struct platform_device *pdev)
{
	dma_buffer_destroy(&the_buffer);
	return PLATFORM_REMOVED;
}

/* Not to be unbound by hand, which would wait for the last file to be closed. */
static struct platform_driver dma_buffer_driver = {
	.probe = dma_buffer_probe,
	.remove = dma_buffer_remove,
	.driver = {
		.name			= DMA_ENGINE_NAME,
		.suppress_bind_attrs	= true,
	},
};

/* Where no device copies, the buffer belongs to one that does nothing. */
static struct platform_device *idle_device;

static int dma_buffer_create_idle(void)
{
	int err;

	idle_device = platform_device_register_simple(
		DMA_BUFFER_NAME, PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(idle_device)) {
		err = PTR_ERR(idle_device);
		idle_device = NULL;
		return err;
	}

	err = dma_buffer_create(&the_buffer, idle_device);
	if (err) {
		platform_device_unregister(idle_device);
		idle_device = NULL;
	}
	return err;
}

static int __init dma_buffer_init(void)
{
	struct dma_buffer *buffer = &the_buffer;
	int err;

	err = dma_buffer_parse(&buffer->geometry);
	if (!err)
		err = dma_buffer_mapped_size(&buffer->geometry,
					     &buffer->mapped_size);
	if (err) {
		pr_err(DMA_BUFFER_NAME
		       ": cannot be: method=%s size=%lu cache=%s\n",
		       method, size, cache);
		return err;
	}
	mutex_init(&buffer->lock);
	init_waitqueue_head(&buffer->closed);

	err = platform_driver_register(&dma_buffer_driver);
	if (err || buffer->pdev)
		return err;
	err = dma_buffer_create_idle();
	if (err)
		platform_driver_unregister(&dma_buffer_driver);
	return err;
}
module_init(dma_buffer_init);

static void __exit dma_buffer_exit(void)
{
	if (idle_device) {
		dma_buffer_destroy(&the_buffer);
		platform_device_unregister(idle_device);
	}
	platform_driver_unregister(&dma_buffer_driver);
}
module_exit(dma_buffer_exit);

MODULE_DESCRIPTION("Drydock reference driver: a DMA buffer that can be mapped");
MODULE_AUTHOR("The Drydock authors");
MODULE_LICENSE("GPL");
