/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * What a program needs to use /dev/drydock_dma_buffer besides read, write,
 * lseek and mmap. The layouts are the same for 32-bit and 64-bit programs.
 */
#ifndef DRYDOCK_DMA_BUFFER_UAPI_H
#define DRYDOCK_DMA_BUFFER_UAPI_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define DRYDOCK_DMA_BUFFER_NAME "drydock_dma_buffer"
#define DRYDOCK_DMA_BUFFER_NODE "/dev/" DRYDOCK_DMA_BUFFER_NAME

/**
 * struct drydock_dma_buffer_info - answer of DRYDOCK_DMA_BUFFER_INFO
 * @size: bytes that read, write, lseek and fill reach
 * @mapped_size: bytes that mmap reaches: @size in whole pages, the rest zero
 * @max_map: bytes that one mapping may have, 0 for no limit
 * @alignment: what mapping offsets are multiples of, in bytes; the buffer's
 *	start is aligned to it too
 * @mappings: mappings that exist now, in all processes
 */
struct drydock_dma_buffer_info {
	__u64 size;
	__u64 mapped_size;
	__u64 max_map;
	__u32 alignment;
	__u32 mappings;
};

/**
 * struct drydock_dma_buffer_fill - argument of DRYDOCK_DMA_BUFFER_FILL
 * @offset: first byte to set
 * @length: how many; 0 is allowed
 * @value: what to set them to, 0 to 255
 * @reserved: 0
 */
struct drydock_dma_buffer_fill {
	__u64 offset;
	__u64 length;
	__u32 value;
	__u32 reserved;
};

/*
 * INFO: -EFAULT.
 * FILL: -EBADF if not open for writing, -EFAULT, -EINVAL if the range is not
 * inside @size or a field has a value it must not have. After an error no byte
 * of the buffer has changed.
 * Anything else: -ENOTTY.
 */
#define DRYDOCK_DMA_BUFFER_INFO _IOR(0xDB, 0x20, struct drydock_dma_buffer_info)
#define DRYDOCK_DMA_BUFFER_FILL _IOW(0xDB, 0x21, struct drydock_dma_buffer_fill)

#endif /* DRYDOCK_DMA_BUFFER_UAPI_H */
