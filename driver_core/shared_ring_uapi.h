/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * What a program needs to use /dev/drydock_shared_ring. The layouts are the same
 * for 32-bit and 64-bit programs.
 *
 * The ring is mapped: first a struct drydock_shared_ring_header, then, from byte
 * data_offset on, the records. write(2) puts one record into it, of 1 to
 * DRYDOCK_SHARED_RING_DATA bytes; whoever has the ring mapped consumes records
 * without a system call:
 *
 *	while (tail != load_acquire(&header->head)) {
 *		use(&records[tail % records_count]);
 *		store_release(&header->tail, ++tail);
 *	}
 *
 * poll and select report readable while there is a record that nobody has
 * consumed, writable while there is room for another one, and a hang-up when the
 * device is gone. Then every touch of a mapping is SIGBUS.
 */
#ifndef DRYDOCK_SHARED_RING_UAPI_H
#define DRYDOCK_SHARED_RING_UAPI_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define DRYDOCK_SHARED_RING_NAME "drydock_shared_ring"
#define DRYDOCK_SHARED_RING_NODE "/dev/" DRYDOCK_SHARED_RING_NAME

#define DRYDOCK_SHARED_RING_DATA 248

/**
 * struct drydock_shared_ring_header - the first bytes of the mapping
 * @head: records put so far, modulo 2^32; the kernel writes it
 * @tail: records consumed so far, modulo 2^32; the consumer writes it
 *
 * What a program stores to @head is nothing to the kernel, which knows it.
 */
struct drydock_shared_ring_header {
	__u32 head;
	__u32 tail;
};

/**
 * struct drydock_shared_ring_record - one record
 * @length: bytes of @data that were written
 * @sequence: its number, from 0 on: what @head was before it
 * @data: the bytes
 */
struct drydock_shared_ring_record {
	__u32 length;
	__u32 sequence;
	__u8 data[DRYDOCK_SHARED_RING_DATA];
};

/**
 * struct drydock_shared_ring_info - answer of DRYDOCK_SHARED_RING_INFO
 * @mapped_size: bytes that mmap reaches
 * @data_offset: byte of the mapping at which the records begin
 * @records: how many there are, a power of two
 * @mappings: mappings that exist now, in all processes
 * @moves: how often mremap has moved one since the ring was made
 * @reserved: 0
 */
struct drydock_shared_ring_info {
	__u64 mapped_size;
	__u64 data_offset;
	__u32 records;
	__u32 mappings;
	__u32 moves;
	__u32 reserved;
};

/**
 * struct drydock_shared_ring_resize - argument of DRYDOCK_SHARED_RING_RESIZE
 * @records: how many there are to be: a power of two that fills whole pages
 * @reserved: 0
 */
struct drydock_shared_ring_resize {
	__u32 records;
	__u32 reserved;
};

/*
 * INFO: -EFAULT.
 * RESIZE: makes a new, empty ring. -EBADF if not open for writing, -EFAULT,
 * -EINVAL if a field has a value it must not have, -EBUSY while the ring is
 * mapped, -ENOMEM. After an error the ring is as it was.
 * Both: -ENODEV when the device is gone. Anything else: -ENOTTY.
 *
 * write: -EMSGSIZE if there are too many bytes for a record, -EAGAIN if there is
 * no room, -EIO if the consumer's position is none, -EFAULT, -ENODEV. After an
 * error there is no record more.
 */
#define DRYDOCK_SHARED_RING_INFO \
	_IOR(0xDB, 0x40, struct drydock_shared_ring_info)
#define DRYDOCK_SHARED_RING_RESIZE \
	_IOW(0xDB, 0x41, struct drydock_shared_ring_resize)

#endif /* DRYDOCK_SHARED_RING_UAPI_H */
