/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * What a program needs to use /dev/drydock_framebuffer besides mmap. The layouts
 * are the same for 32-bit and 64-bit programs.
 *
 * mmap shows the video memory. A pixel (x, y) of it is at byte y * line_length +
 * x * bytes_per_pixel, where line_length may be more than a line of pixels takes
 * and is no multiple of the page size. The picture is height lines of it, from
 * line pan_y on. read and lseek see the picture as the device shows it: its lines
 * one after the other, without what follows the last pixel of each.
 */
#ifndef DRYDOCK_FRAMEBUFFER_UAPI_H
#define DRYDOCK_FRAMEBUFFER_UAPI_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define DRYDOCK_FRAMEBUFFER_NAME "drydock_framebuffer"
#define DRYDOCK_FRAMEBUFFER_NODE "/dev/" DRYDOCK_FRAMEBUFFER_NAME

/**
 * struct drydock_framebuffer_info - answer of DRYDOCK_FRAMEBUFFER_INFO
 * @memory_size: bytes of video memory
 * @mapped_size: bytes that mmap reaches: @memory_size in whole pages
 * @width: pixels of a line of the picture
 * @height: lines of the picture
 * @bytes_per_pixel: 2 (RGB565) or 4 (XRGB8888)
 * @line_length: bytes from one line to the next
 * @lines: lines that the video memory holds
 * @pan_y: first line of the picture
 * @mappings: mappings that exist now, in all processes
 * @reserved: 0
 */
struct drydock_framebuffer_info {
	__u64 memory_size;
	__u64 mapped_size;
	__u32 width;
	__u32 height;
	__u32 bytes_per_pixel;
	__u32 line_length;
	__u32 lines;
	__u32 pan_y;
	__u32 mappings;
	__u32 reserved;
};

/**
 * struct drydock_framebuffer_mode - argument of DRYDOCK_FRAMEBUFFER_SET_MODE
 * @width: pixels of a line, not 0
 * @height: lines, not 0
 * @bytes_per_pixel: 2 or 4
 * @reserved: 0
 */
struct drydock_framebuffer_mode {
	__u32 width;
	__u32 height;
	__u32 bytes_per_pixel;
	__u32 reserved;
};

/**
 * struct drydock_framebuffer_pan - argument of DRYDOCK_FRAMEBUFFER_PAN
 * @y: line of the video memory that becomes the picture's first
 * @reserved: 0
 */
struct drydock_framebuffer_pan {
	__u32 y;
	__u32 reserved;
};

/*
 * INFO: -EFAULT.
 * SET_MODE: what the video memory holds stays, and so do mappings; pan_y becomes
 * 0. -EBADF if not open for writing, -EFAULT, -EINVAL if a field has a value it
 * must not have or the picture does not fit into the video memory.
 * PAN: -EBADF, -EFAULT, -EINVAL if the picture would reach beyond the memory.
 * After an error nothing has changed. Anything else: -ENOTTY.
 */
#define DRYDOCK_FRAMEBUFFER_INFO \
	_IOR(0xDB, 0x30, struct drydock_framebuffer_info)
#define DRYDOCK_FRAMEBUFFER_SET_MODE \
	_IOW(0xDB, 0x31, struct drydock_framebuffer_mode)
#define DRYDOCK_FRAMEBUFFER_PAN _IOW(0xDB, 0x32, struct drydock_framebuffer_pan)

#endif /* DRYDOCK_FRAMEBUFFER_UAPI_H */
