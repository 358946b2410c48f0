/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * What a program needs to use /dev/drydock_edu0 (and 1, 2, ... where there are
 * several of QEMU's educational devices). The layouts are the same for 32-bit
 * and 64-bit programs.
 *
 * mmap at offset 0 shows the registers, in BAR 0. They can be mapped read-only by
 * everybody who may open the device; writable only with CAP_SYS_RAWIO, as they
 * can make the device write to any memory that it reaches. At offset
 * DRYDOCK_EDU_MEMORY is the memory that transfers go to and come from.
 *
 * read gives how many interrupts there were, as a __u32, as soon as there was one
 * since the file's last read (or since it was opened); poll and select report
 * readable when it would not wait. When the device is gone, everything is
 * -ENODEV, poll a hang-up, and every touch of a mapping SIGBUS.
 */
#ifndef DRYDOCK_EDU_UAPI_H
#define DRYDOCK_EDU_UAPI_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define DRYDOCK_EDU_NAME "drydock_edu"
#define DRYDOCK_EDU_NODE "/dev/" DRYDOCK_EDU_NAME "0"

#define DRYDOCK_EDU_REGISTERS 0x000000
#define DRYDOCK_EDU_MEMORY 0x100000

/**
 * struct drydock_edu_info - answer of DRYDOCK_EDU_INFO
 * @registers_size: bytes that mmap reaches from DRYDOCK_EDU_REGISTERS on
 * @memory_size: bytes that mmap reaches from DRYDOCK_EDU_MEMORY on
 * @buffer_size: bytes of the device's own memory that transfers may use
 * @id: its identification register
 * @interrupts: interrupts so far, modulo 2^32
 * @lost: commands whose end was seen without one
 * @reserved: 0
 */
struct drydock_edu_info {
	__u64 registers_size;
	__u64 memory_size;
	__u64 buffer_size;
	__u32 id;
	__u32 interrupts;
	__u32 lost;
	__u32 reserved;
};

/**
 * struct drydock_edu_factorial - argument of DRYDOCK_EDU_FACTORIAL
 * @n: what to compute the factorial of
 * @result: the device's answer: n! modulo 2^32
 */
struct drydock_edu_factorial {
	__u32 n;
	__u32 result;
};

/**
 * struct drydock_edu_transfer - argument of DRYDOCK_EDU_TRANSFER
 * @buffer_offset: byte in the device's own memory
 * @memory_offset: byte in the memory that can be mapped
 * @length: how many, not 0
 * @to_memory: 1 from the device's memory, 0 to it
 */
struct drydock_edu_transfer {
	__u32 buffer_offset;
	__u32 memory_offset;
	__u32 length;
	__u32 to_memory;
};

/*
 * INFO: -EFAULT.
 * FACTORIAL: -EBADF if not open for writing, -EFAULT, -ERESTARTSYS, -ETIMEDOUT.
 * TRANSFER: as well, and -EINVAL if a range is not inside its memory or a field
 * has a value it must not have, -EBUSY while a transfer that has timed out still
 * runs. The memory must not be touched by the program meanwhile.
 * All: -ENODEV. Anything else: -ENOTTY.
 */
#define DRYDOCK_EDU_INFO _IOR(0xDB, 0x50, struct drydock_edu_info)
#define DRYDOCK_EDU_FACTORIAL _IOWR(0xDB, 0x51, struct drydock_edu_factorial)
#define DRYDOCK_EDU_TRANSFER _IOW(0xDB, 0x52, struct drydock_edu_transfer)

#endif /* DRYDOCK_EDU_UAPI_H */
