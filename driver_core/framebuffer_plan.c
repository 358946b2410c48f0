// SPDX-License-Identifier: GPL-2.0
/*
 * The arithmetic of the framebuffer, all of it. Nothing is added, multiplied or
 * shifted before it is known to fit.
 */
#include <linux/errno.h>
#include <linux/types.h>

#include "framebuffer_plan.h"

#define WORD_BITS (8 * sizeof(unsigned long))

int framebuffer_mapped_size(const struct framebuffer_geometry *geometry,
			    unsigned long *mapped_size)
{
	unsigned long page_mask, size;

	if (geometry->page_shift >= WORD_BITS)
		return -EINVAL;
	page_mask = (1UL << geometry->page_shift) - 1;

	/* START, a register of 32 bits, has to reach all of it. */
	if (!geometry->size || geometry->size > ~0UL - page_mask ||
	    geometry->size > 0xffffffffUL)
		return -EINVAL;
	size = (geometry->size + page_mask) & ~page_mask;

	if (geometry->cache != FRAMEBUFFER_WB &&
	    geometry->cache != FRAMEBUFFER_WC)
		return -EINVAL;
	if (geometry->phys & page_mask)
		return -EINVAL;
	if (size - 1 > ~0ULL - geometry->phys)
		return -EINVAL;
	/* Where addresses are wider than a word, frames might not fit. */
	if ((geometry->phys + (size - 1)) >> geometry->page_shift > ~0UL)
		return -EINVAL;

	*mapped_size = size;
	return 0;
}

int framebuffer_mode_plan(unsigned long size, __u32 width, __u32 height,
			  __u32 bytes_per_pixel, struct framebuffer_mode *mode)
{
	__u32 line_length;
	unsigned long lines;

	if (!width || width > FRAMEBUFFER_MOST_PIXELS)
		return -EINVAL;
	if (!height || height > FRAMEBUFFER_MOST_PIXELS)
		return -EINVAL;
	if (bytes_per_pixel != 2 && bytes_per_pixel != 4)
		return -EINVAL;

	line_length = width * bytes_per_pixel;
	line_length = (line_length + FRAMEBUFFER_LINE_ALIGN - 1) &
		      ~(FRAMEBUFFER_LINE_ALIGN - 1);
	lines = size / line_length;
	if (height > lines)
		return -EINVAL;

	mode->width = width;
	mode->height = height;
	mode->bytes_per_pixel = bytes_per_pixel;
	mode->line_length = line_length;
	mode->lines = lines;
	mode->pan_y = 0;
	return 0;
}

int framebuffer_pan_plan(const struct framebuffer_mode *mode, __u32 y)
{
	return y > mode->lines - mode->height ? -EINVAL : 0;
}

__u64 framebuffer_picture_size(const struct framebuffer_mode *mode)
{
	return (__u64)(mode->width * mode->bytes_per_pixel) * mode->height;
}

unsigned long framebuffer_span(const struct framebuffer_mode *mode,
			       __u64 position, unsigned long *offset)
{
	__u32 line_bytes = mode->width * mode->bytes_per_pixel;
	__u32 line, byte;

	if (position >= framebuffer_picture_size(mode))
		return 0;

	/* It fits in 32 bits: that is what FRAMEBUFFER_MOST_PIXELS is for. */
	line = (__u32)position / line_bytes;
	byte = (__u32)position % line_bytes;
	*offset =
		(unsigned long)(mode->pan_y + line) * mode->line_length + byte;
	return line_bytes - byte;
}

int framebuffer_plan(const struct framebuffer_geometry *geometry,
		     const struct mapping_request *request,
		     struct framebuffer_mapping *mapping)
{
	unsigned int shift = geometry->page_shift;
	unsigned long mapped_size;
	int err;

	err = framebuffer_mapped_size(geometry, &mapped_size);
	if (err)
		return err;
	err = mapping_request_check(request, shift);
	if (err)
		return err;
	if (!mapping_request_inside(request, shift, 0, mapped_size >> shift))
		return -EINVAL;

	mapping->phys = geometry->phys;
	mapping->size = mapped_size;
	mapping->cache = geometry->cache;
	mapping->clear_may_write = mapping_clears_may_write(request);
	mapping->clear_may_exec = request->may_exec;
	return 0;
}
