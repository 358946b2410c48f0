// SPDX-License-Identifier: GPL-2.0
/*
 * Video memory as a character device: /dev/drydock_framebuffer is mapped by
 * programs that paint into it. This file is the module: its parameters, the
 * device that has the memory, and, where there is none and emulate=1, memory of
 * the machine in its place; framebuffer.h says what is where.
 *
 * The device can be removed at any time. What is open stays open and says
 * ENODEV, what is mapped stays mapped and is SIGBUS.
 */
#include <linux/bitops.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/miscdevice.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/slab.h>

#include "framebuffer.h"
#include "framebuffer_regs.h"
#include "framebuffer_uapi.h"
#include "kernel_versions.h"

#define FRAMEBUFFER_NAME DRYDOCK_FRAMEBUFFER_NAME
#define FRAMEBUFFER_EMULATED_NAME "drydock_soft_fb"
#define FRAMEBUFFER_IS_EMULATED 1

static bool emulate = true;
module_param(emulate, bool, 0444);
MODULE_PARM_DESC(emulate, "Memory in place of a device, if none is there");

/* Twice the default mode's picture: 118 pages and three quarters of one. */
static unsigned long memory = 486400;
module_param(memory, ulong, 0444);
MODULE_PARM_DESC(memory, "Bytes of emulated video memory (default 486400)");

static unsigned int width = 300;
module_param(width, uint, 0444);
MODULE_PARM_DESC(width, "Pixels of a line to begin with (default 300)");

static unsigned int height = 200;
module_param(height, uint, 0444);
MODULE_PARM_DESC(height, "Lines to begin with (default 200)");

/* Whether there is a framebuffer: there is one node. */
static unsigned long taken;

/* Of the last probe: of the one that fails insmod says why. */
static int probe_error;

void framebuffer_show(struct framebuffer *fb,
		      const struct framebuffer_mode *mode)
{
	fb->mode = *mode;
	if (!fb->regs)
		return;

	iowrite32(0, fb->regs + FRAMEBUFFER_ENABLE);
	iowrite32(mode->width, fb->regs + FRAMEBUFFER_WIDTH);
	iowrite32(mode->height, fb->regs + FRAMEBUFFER_HEIGHT);
	iowrite32(mode->bytes_per_pixel,
		  fb->regs + FRAMEBUFFER_BYTES_PER_PIXEL);
	iowrite32(mode->line_length, fb->regs + FRAMEBUFFER_LINE_LENGTH);
	iowrite32(mode->pan_y * mode->line_length,
		  fb->regs + FRAMEBUFFER_START);
	iowrite32(1, fb->regs + FRAMEBUFFER_ENABLE);
}

static void framebuffer_release_ref(struct kref *ref)
{
	struct framebuffer *fb = container_of(ref, struct framebuffer, ref);

	revocable_destroy(&fb->mappings);
	kfree(fb);
}

void framebuffer_put(struct framebuffer *fb)
{
	kref_put(&fb->ref, framebuffer_release_ref);
}

static struct framebuffer *framebuffer_new(void)
{
	struct framebuffer *fb = kzalloc(sizeof(*fb), GFP_KERNEL);

	if (!fb)
		return NULL;
	kref_init(&fb->ref);
	fb->geometry.page_shift = PAGE_SHIFT;
	revocable_init(&fb->mappings);
	mutex_init(&fb->lock);
	fb->misc.minor = MISC_DYNAMIC_MINOR;
	fb->misc.name = FRAMEBUFFER_NAME;
	fb->misc.fops = &framebuffer_fops;
	fb->misc.mode = 0600;
	return fb;
}

/* Memory of the machine, where there is no device. */
static int framebuffer_emulate(struct framebuffer *fb)
{
	int err;

	fb->geometry.size = memory;
	fb->geometry.cache = FRAMEBUFFER_WB;
	err = framebuffer_mapped_size(&fb->geometry, &fb->mapped_size);
	if (err)
		return err;

	/* Whole pages, so that what follows the memory is zero, too. */
	fb->memory = alloc_pages_exact(fb->mapped_size,
				       GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN);
	if (!fb->memory)
		return -ENOMEM;
	fb->geometry.phys = virt_to_phys(fb->memory);
	return 0;
}

/* A window of a device: nobody else's, and mapped by the kernel. */
static int framebuffer_claim(struct resource *window)
{
	return request_mem_region(window->start, resource_size(window),
				  FRAMEBUFFER_NAME)
		       ? 0
		       : -EBUSY;
}

static void framebuffer_unclaim(struct resource *window)
{
	release_mem_region(window->start, resource_size(window));
}

static int framebuffer_map_registers(struct framebuffer *fb,
				     struct resource *window)
{
	int err;

	fb->window = NULL;
	fb->regs = NULL;
	if (!window)
		return 0;
	if (resource_size(window) < FRAMEBUFFER_WINDOW)
		return -ENODEV;
	err = framebuffer_claim(window);
	if (err)
		return err;

	fb->regs = ioremap(window->start, resource_size(window));
	if (!fb->regs) {
		err = -ENOMEM;
		goto unclaim;
	}
	if (ioread32(fb->regs + FRAMEBUFFER_ID) != FRAMEBUFFER_ID_VALUE) {
		err = -ENODEV;
		goto unmap;
	}
	fb->window = window;
	return 0;

unmap:
	iounmap(fb->regs);
	fb->regs = NULL;
unclaim:
	framebuffer_unclaim(window);
	return err;
}

static void framebuffer_unmap_registers(struct framebuffer *fb)
{
	if (!fb->regs)
		return;
	iounmap(fb->regs);
	fb->regs = NULL;
	framebuffer_unclaim(fb->window);
}

static int framebuffer_map_device(struct framebuffer *fb,
				  struct platform_device *pdev)
{
	struct resource *video;
	int err;

	video = platform_get_resource(pdev, IORESOURCE_MEM, 0);
	if (!video)
		return -ENODEV;

	fb->geometry.phys = video->start;
	fb->geometry.size = resource_size(video);
	fb->geometry.cache = FRAMEBUFFER_WC;
	err = framebuffer_mapped_size(&fb->geometry, &fb->mapped_size);
	if (err)
		return err;
	/* The rest of the last page would be somebody else's registers. */
	if (fb->mapped_size != fb->geometry.size)
		return -EINVAL;

	err = framebuffer_claim(video);
	if (err)
		return err;
	err = framebuffer_map_registers(
		fb, platform_get_resource(pdev, IORESOURCE_MEM, 1));
	if (err)
		goto unclaim;

	fb->memory = memremap(video->start, resource_size(video), MEMREMAP_WC);
	if (!fb->memory) {
		err = -ENOMEM;
		goto unmap_registers;
	}
	fb->video = video;
	return 0;

unmap_registers:
	framebuffer_unmap_registers(fb);
unclaim:
	framebuffer_unclaim(video);
	return err;
}

static void framebuffer_hide(struct framebuffer *fb)
{
	if (fb->regs)
		iowrite32(0, fb->regs + FRAMEBUFFER_ENABLE);
}

/* Gives memory and registers back, whosever they are. */
static void framebuffer_unmap(struct framebuffer *fb)
{
	if (fb->video) {
		memunmap(fb->memory);
		framebuffer_unmap_registers(fb);
		framebuffer_unclaim(fb->video);
	} else {
		free_pages_exact(fb->memory, fb->mapped_size);
	}
	fb->memory = NULL;
}

static int framebuffer_create(struct framebuffer *fb,
			      struct platform_device *pdev)
{
	const struct platform_device_id *id = platform_get_device_id(pdev);
	struct framebuffer_mode mode;
	int err;

	if (id && id->driver_data == FRAMEBUFFER_IS_EMULATED)
		err = framebuffer_emulate(fb);
	else
		err = framebuffer_map_device(fb, pdev);
	if (err)
		return err;

	err = framebuffer_mode_plan(fb->geometry.size, width, height, 4, &mode);
	if (err)
		goto unmap;
	framebuffer_show(fb, &mode);
	fb->misc.parent = &pdev->dev;
	err = misc_register(&fb->misc);
	if (err)
		goto hide;
	return 0;

hide:
	framebuffer_hide(fb);
unmap:
	framebuffer_unmap(fb);
	return err;
}

static int framebuffer_probe(struct platform_device *pdev)
{
	struct framebuffer *fb;
	int err;

	if (test_and_set_bit(0, &taken))
		return -EBUSY;
	fb = framebuffer_new();
	if (!fb) {
		err = -ENOMEM;
		goto give;
	}
	err = framebuffer_create(fb, pdev);
	if (err)
		goto put;
	platform_set_drvdata(pdev, fb);
	return 0;

put:
	framebuffer_put(fb);
give:
	clear_bit(0, &taken);
	probe_error = err;
	return err;
}

static platform_removed_t framebuffer_remove(struct platform_device *pdev)
{
	struct framebuffer *fb = platform_get_drvdata(pdev);

	/* No new files; then no call, no picture and no mapping. */
	misc_deregister(&fb->misc);
	mutex_lock(&fb->lock);
	fb->gone = true;
	framebuffer_hide(fb);
	mutex_unlock(&fb->lock);
	revocable_revoke(&fb->mappings);

	framebuffer_unmap(fb);
	framebuffer_put(fb);
	clear_bit(0, &taken);
	return PLATFORM_REMOVED;
}

static const struct platform_device_id framebuffer_ids[] = {
	{ FRAMEBUFFER_NAME },
	{ FRAMEBUFFER_EMULATED_NAME, FRAMEBUFFER_IS_EMULATED },
	{},
};
MODULE_DEVICE_TABLE(platform, framebuffer_ids);

static struct platform_driver framebuffer_driver = {
	.probe = framebuffer_probe,
	.remove = framebuffer_remove,
	.id_table = framebuffer_ids,
	.driver = {
		.name = FRAMEBUFFER_NAME,
	},
};

/* What stands for the device where there is none. */
static struct platform_device *emulated_device;

static int framebuffer_add_emulated(void)
{
	struct platform_device *pdev;

	pdev = platform_device_register_simple(FRAMEBUFFER_EMULATED_NAME,
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

static int __init framebuffer_init(void)
{
	int err;

	err = platform_driver_register(&framebuffer_driver);
	if (err || test_bit(0, &taken) || !emulate)
		return err;
	err = framebuffer_add_emulated();
	if (err)
		platform_driver_unregister(&framebuffer_driver);
	return err;
}
module_init(framebuffer_init);

static void __exit framebuffer_exit(void)
{
	if (emulated_device)
		platform_device_unregister(emulated_device);
	platform_driver_unregister(&framebuffer_driver);
}
module_exit(framebuffer_exit);

MODULE_DESCRIPTION("Drydock reference driver: video memory that can be mapped");
MODULE_AUTHOR("The Drydock authors");
MODULE_LICENSE("GPL");
