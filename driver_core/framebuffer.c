// SPDX-License-Identifier: GPL-2.0
/*
 * Video memory as a character device: /dev/drydock_framebuffer is mapped by
 * programs that paint into it. This file is the module: its parameters, the
 * device that has the memory, and, where there is none and emulate=1, memory of
 * the machine in its place; framebuffer.h says what is where.
 */
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>

#include "framebuffer.h"
#include "framebuffer_regs.h"
#include "framebuffer_uapi.h"
#include "kernel_versions.h"

#define FRAMEBUFFER_NAME DRYDOCK_FRAMEBUFFER_NAME

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

static struct framebuffer the_framebuffer = {
	.misc = {
		.minor	= MISC_DYNAMIC_MINOR,
		.name	= FRAMEBUFFER_NAME,
		.fops	= &framebuffer_fops,
		.mode	= 0600,
	},
};

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

/* The rest of what a framebuffer is, when its memory is there. */
static int framebuffer_register(struct framebuffer *fb)
{
	struct framebuffer_mode mode;
	int err;

	err = framebuffer_mode_plan(fb->geometry.size, width, height, 4, &mode);
	if (err)
		return err;
	framebuffer_show(fb, &mode);
	return misc_register(&fb->misc);
}

static void framebuffer_deregister(struct framebuffer *fb)
{
	misc_deregister(&fb->misc);
	wait_event(fb->closed, !atomic_read(&fb->files));
	WARN_ON(atomic_read(&fb->mappings));
	if (fb->regs)
		iowrite32(0, fb->regs + FRAMEBUFFER_ENABLE);
}

static int framebuffer_emulate(struct framebuffer *fb)
{
	int err;

	fb->geometry.size = memory;
	fb->geometry.page_shift = PAGE_SHIFT;
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

	err = framebuffer_register(fb);
	if (err) {
		free_pages_exact(fb->memory, fb->mapped_size);
		fb->memory = NULL;
	}
	return err;
}

static void framebuffer_stop_emulating(struct framebuffer *fb)
{
	framebuffer_deregister(fb);
	free_pages_exact(fb->memory, fb->mapped_size);
	fb->memory = NULL;
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

static int framebuffer_probe(struct platform_device *pdev)
{
	struct framebuffer *fb = &the_framebuffer;
	struct resource *video;
	int err;

	if (fb->memory)
		return -EBUSY;
	video = platform_get_resource(pdev, IORESOURCE_MEM, 0);
	if (!video)
		return -ENODEV;

	fb->geometry.phys = video->start;
	fb->geometry.size = resource_size(video);
	fb->geometry.page_shift = PAGE_SHIFT;
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
	err = framebuffer_register(fb);
	if (err)
		goto unmap_memory;
	fb->video = video;
	return 0;

unmap_memory:
	memunmap(fb->memory);
	fb->memory = NULL;
unmap_registers:
	framebuffer_unmap_registers(fb);
unclaim:
	framebuffer_unclaim(video);
	return err;
}

static platform_removed_t framebuffer_remove(struct platform_device *pdev)
{
	struct framebuffer *fb = &the_framebuffer;

	framebuffer_deregister(fb);
	memunmap(fb->memory);
	fb->memory = NULL;
	framebuffer_unmap_registers(fb);
	framebuffer_unclaim(fb->video);
	fb->video = NULL;
	return PLATFORM_REMOVED;
}

/* Not to be unbound by hand, which would wait for the last file to be closed. */
static struct platform_driver framebuffer_driver = {
	.probe = framebuffer_probe,
	.remove = framebuffer_remove,
	.driver = {
		.name			= FRAMEBUFFER_NAME,
		.suppress_bind_attrs	= true,
	},
};

static int __init framebuffer_init(void)
{
	struct framebuffer *fb = &the_framebuffer;
	int err;

	mutex_init(&fb->lock);
	init_waitqueue_head(&fb->closed);

	err = platform_driver_register(&framebuffer_driver);
	if (err || fb->memory || !emulate)
		return err;
	err = framebuffer_emulate(fb);
	if (err)
		platform_driver_unregister(&framebuffer_driver);
	return err;
}
module_init(framebuffer_init);

static void __exit framebuffer_exit(void)
{
	struct framebuffer *fb = &the_framebuffer;

	if (fb->memory && !fb->video)
		framebuffer_stop_emulating(fb);
	platform_driver_unregister(&framebuffer_driver);
}
module_exit(framebuffer_exit);

MODULE_DESCRIPTION("Drydock reference driver: video memory that can be mapped");
MODULE_AUTHOR("The Drydock authors");
MODULE_LICENSE("GPL");
