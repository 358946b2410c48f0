/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which pictures a video memory can hold, where their bytes are, and what an
 * mmap(2) of the memory may be: pure functions, all of the arithmetic.
 *
 * Valid C and, inside extern "C" {}, valid C++ with the kernel's user-space
 * <linux/types.h>.
 */
#ifndef DRYDOCK_FRAMEBUFFER_PLAN_H
#define DRYDOCK_FRAMEBUFFER_PLAN_H

#include "mapping_request.h"

/* What a line's first byte is aligned to in the video memory. */
#define FRAMEBUFFER_LINE_ALIGN 64

/* No picture is wider or higher; products of two such numbers fit in 32 bits. */
#define FRAMEBUFFER_MOST_PIXELS 16384

/**
 * enum framebuffer_cache - how the memory is cached, for everybody
 * @FRAMEBUFFER_WB: write-back: memory of the machine, which the kernel has
 *	mapped so already
 * @FRAMEBUFFER_WC: write-combining: memory of a device
 */
enum framebuffer_cache {
	FRAMEBUFFER_WB,
	FRAMEBUFFER_WC,
};

/**
 * struct framebuffer_geometry - the video memory, constant while there is one
 * @phys: physical address of its first byte, page aligned
 * @size: its bytes, not 0. Need not be whole pages; what follows up to the end
 *	of the last page belongs to the memory.
 * @page_shift: log2 of the page size in bytes
 * @cache: an enum framebuffer_cache
 */
struct framebuffer_geometry {
	__u64 phys;
	unsigned long size;
	unsigned int page_shift;
	enum framebuffer_cache cache;
};

/**
 * struct framebuffer_mode - a picture, and where it is
 * @width: pixels of a line
 * @height: lines
 * @bytes_per_pixel: 2 or 4
 * @line_length: bytes from one line to the next
 * @lines: lines that the video memory holds
 * @pan_y: first line of the picture
 */
struct framebuffer_mode {
	__u32 width;
	__u32 height;
	__u32 bytes_per_pixel;
	__u32 line_length;
	__u32 lines;
	__u32 pan_y;
};

/**
 * struct framebuffer_mapping - what the act has to do
 * @phys: first byte of the video memory, and
 * @size: its bytes in whole pages, for vm_iomap_memory(), which takes the offset
 *	from vm_pgoff
 * @cache: memory type of the page protection
 * @clear_may_write: take VM_MAYWRITE away before mapping
 * @clear_may_exec: take VM_MAYEXEC away before mapping
 *
 * VM_DONTEXPAND and VM_DONTDUMP are set on every mapping.
 */
struct framebuffer_mapping {
	__u64 phys;
	unsigned long size;
	enum framebuffer_cache cache;
	bool clear_may_write;
	bool clear_may_exec;
};

/**
 * framebuffer_mapped_size() - bytes of the video memory in whole pages
 * @geometry: the memory; @phys may still be 0 when nothing is allocated yet
 * @mapped_size: where the result goes
 *
 * Context: any. Takes no lock, does not sleep.
 * Return:
 * * 0		- *@mapped_size is set.
 * * -EINVAL	- @size is 0, more than 32 bits hold, or cannot be rounded up to
 *		  whole pages; @page_shift is no page size; @cache is none of its
 *		  enum; @phys is not page aligned, or the memory ends beyond the
 *		  last address or page frame. Nothing has changed.
 */
int framebuffer_mapped_size(const struct framebuffer_geometry *geometry,
			    unsigned long *mapped_size);

/**
 * framebuffer_mode_plan() - decide about a mode
 * @size: bytes of video memory
 * @width: pixels of a line
 * @height: lines
 * @bytes_per_pixel: bytes of a pixel
 * @mode: where the answer goes
 *
 * Context: any. Takes no lock, does not sleep.
 * Return:
 * * 0		- *@mode is set, with @pan_y 0.
 * * -EINVAL	- no pixel, too many, or of no known format; or the picture does
 *		  not fit into the memory. Nothing has changed.
 */
int framebuffer_mode_plan(unsigned long size, __u32 width, __u32 height,
			  __u32 bytes_per_pixel, struct framebuffer_mode *mode);

/**
 * framebuffer_pan_plan() - may the picture begin at this line?
 * @mode: what framebuffer_mode_plan() made
 * @y: the line
 *
 * Return: 0, or -EINVAL if the picture would reach beyond the memory.
 */
int framebuffer_pan_plan(const struct framebuffer_mode *mode, __u32 y);

/**
 * framebuffer_picture_size() - bytes of the picture without gaps
 * @mode: what framebuffer_mode_plan() made
 */
__u64 framebuffer_picture_size(const struct framebuffer_mode *mode);

/**
 * framebuffer_span() - where a byte of the picture is in the video memory
 * @mode: what framebuffer_mode_plan() made
 * @position: the byte, counted without gaps
 * @offset: where its offset in the video memory goes
 *
 * Return: how many bytes of the picture follow there without a gap, that one
 * included: up to the end of its line; 0 if @position is behind the picture, and
 * then *@offset has not changed.
 */
unsigned long framebuffer_span(const struct framebuffer_mode *mode,
			       __u64 position, unsigned long *offset);

/**
 * framebuffer_plan() - decide about one mapping of the video memory
 * @geometry: the memory
 * @request: what is asked for
 * @mapping: where the answer goes
 *
 * The checks are made in the order of the list below; the first that fails
 * gives the errno. The mode has no say: what is mapped stays when it changes.
 *
 * Context: any. Takes no lock, does not sleep.
 * Return, and for every error nothing has changed, *@mapping included:
 * * 0		- *@mapping is set.
 * * -EINVAL	- the geometry is not valid: see framebuffer_mapped_size().
 * * -EINVAL, -EPERM, -EINVAL - see mapping_request_check().
 * * -EINVAL	- not inside the memory: as vm_iomap_memory() says.
 */
int framebuffer_plan(const struct framebuffer_geometry *geometry,
		     const struct mapping_request *request,
		     struct framebuffer_mapping *mapping);

#endif /* DRYDOCK_FRAMEBUFFER_PLAN_H */
