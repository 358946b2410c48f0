/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * What a program needs to use /dev/drydock_dma_buffer besides read, write,
 * lseek, poll and mmap. The layouts are the same for 32-bit and 64-bit programs.
 *
 * The device can copy within the buffer (a transfer). While it does, the buffer
 * is the device's: read, write and fill wait for the end, or say EAGAIN if the
 * file was opened with O_NONBLOCK; poll and select report readable and writable
 * when no transfer runs. A program that has the buffer mapped must not touch it
 * until then.
 */
#ifndef DRYDOCK_DMA_BUFFER_UAPI_H
#define DRYDOCK_DMA_BUFFER_UAPI_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define DRYDOCK_DMA_BUFFER_NAME "drydock_dma_buffer"
#define DRYDOCK_DMA_BUFFER_NODE "/dev/" DRYDOCK_DMA_BUFFER_NAME

/**
 * struct drydock_dma_buffer_info - answer of DRYDOCK_DMA_BUFFER_INFO
 * @size: bytes that read, write, lseek, fill and transfers reach
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

/**
 * struct drydock_dma_buffer_transfer - argument of DRYDOCK_DMA_BUFFER_START
 * @source: offset of the first byte that the device reads
 * @destination: offset of the first byte that it writes
 * @length: how many bytes, not 0; the two ranges must not overlap
 */
struct drydock_dma_buffer_transfer {
	__u64 source;
	__u64 destination;
	__u64 length;
};

/**
 * struct drydock_dma_buffer_result - answer of DRYDOCK_DMA_BUFFER_WAIT
 * @copied: bytes that the device has copied
 * @transfer: which transfer it was: 1 for the first one since the module was
 *	loaded, 0 if there was none
 * @error: 0, or a negative errno: -EIO for an error on the bus or a transfer
 *	that ended early, -ETIMEDOUT for one that did not end
 */
struct drydock_dma_buffer_result {
	__u64 copied;
	__u32 transfer;
	__s32 error;
};

/*
 * INFO: -EFAULT.
 * FILL: -EBADF if not open for writing, -EFAULT, -EINVAL if the range is not
 * inside @size or a field has a value it must not have, -EAGAIN, -ERESTARTSYS.
 * After an error no byte of the buffer has changed.
 * START: starts a transfer and does not wait. -EBADF if not open for writing,
 * -EFAULT, -EINVAL, -EBUSY if one runs already. After an error none was started.
 * WAIT: waits until none runs and tells how the last one ended; that an errno
 * is in the answer is no error of WAIT. -EAGAIN, -ERESTARTSYS, -EFAULT.
 * Anything else: -ENOTTY.
 */
#define DRYDOCK_DMA_BUFFER_INFO _IOR(0xDB, 0x20, struct drydock_dma_buffer_info)
#define DRYDOCK_DMA_BUFFER_FILL _IOW(0xDB, 0x21, struct drydock_dma_buffer_fill)
#define DRYDOCK_DMA_BUFFER_START \
	_IOW(0xDB, 0x22, struct drydock_dma_buffer_transfer)
#define DRYDOCK_DMA_BUFFER_WAIT \
	_IOR(0xDB, 0x23, struct drydock_dma_buffer_result)

#endif /* DRYDOCK_DMA_BUFFER_UAPI_H */
