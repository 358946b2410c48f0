/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * What a program needs to use /dev/drydock_nic_rings: a network device whose
 * rings and packet buffers are mapped, so that frames pass without a copy. The
 * layouts are the same for 32-bit and 64-bit programs; what the device reads and
 * writes is little-endian.
 *
 * mmap shows one of three things, whole, at its own offset:
 *
 *	DRYDOCK_NIC_RX_RING   ring_size bytes     descriptors of frames that came
 *	DRYDOCK_NIC_TX_RING   ring_size bytes     descriptors of frames to send
 *	DRYDOCK_NIC_BUFFERS   buffers_size bytes  buffer_size bytes for each
 *	                                          descriptor: first those of the
 *	                                          RX ring, then those of the TX ring
 *
 * A descriptor and its buffer belong to the device or to the program, as owner
 * says; only who they belong to may change them. Both go through their ring in
 * order, and begin with the first descriptor at START, which gives all of the RX
 * ring to the device and all of the TX ring to the program:
 *
 *	while (load_acquire(&rx[i].owner) == DRYDOCK_NIC_PROGRAM) {
 *		use(buffer(i), rx[i].length);
 *		store_release(&rx[i].owner, DRYDOCK_NIC_DEVICE);
 *		i = (i + 1) % entries;
 *	}
 *
 * A descriptor has no address: where its buffer is, is fixed, so a program cannot
 * make the device touch any other memory.
 *
 * read and write pass one frame, with a copy, and use the rings as a program
 * would: who mixes them with a mapping of the same ring gets lost. They wait, or
 * say EAGAIN if the file was opened with O_NONBLOCK. poll and select report
 * readable while the frame that came last was not consumed, writable while the
 * descriptor that the device gave back last was not used again.
 */
#ifndef DRYDOCK_NIC_RINGS_UAPI_H
#define DRYDOCK_NIC_RINGS_UAPI_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define DRYDOCK_NIC_RINGS_NAME "drydock_nic_rings"
#define DRYDOCK_NIC_RINGS_NODE "/dev/" DRYDOCK_NIC_RINGS_NAME

#define DRYDOCK_NIC_RX_RING 0x00000000
#define DRYDOCK_NIC_TX_RING 0x10000000
#define DRYDOCK_NIC_BUFFERS 0x20000000

#define DRYDOCK_NIC_BUFFER_SIZE 2048

/* Frames are not shorter and not longer than these. */
#define DRYDOCK_NIC_SHORTEST 14
#define DRYDOCK_NIC_LONGEST 1518

/* Of @owner. */
#define DRYDOCK_NIC_DEVICE 0
#define DRYDOCK_NIC_PROGRAM 1

/* Of @status. */
#define DRYDOCK_NIC_OK 0
#define DRYDOCK_NIC_BAD_LENGTH 1

/**
 * struct drydock_nic_descriptor - one frame
 * @owner: who may change the descriptor and its buffer
 * @length: bytes of the frame
 * @status: how it was sent, when the device gives it back
 * @number: of a frame that came: how many came before it since START, those
 *	included that were dropped
 */
struct drydock_nic_descriptor {
	__le32 owner;
	__le32 length;
	__le32 status;
	__le32 number;
};

/**
 * struct drydock_nic_info - answer of DRYDOCK_NIC_INFO
 * @ring_size: bytes that mmap reaches of each ring
 * @buffers_size: bytes that mmap reaches of the buffers
 * @entries: descriptors of each ring
 * @buffer_size: bytes of a buffer
 * @received: frames that came since START, those included that were dropped
 * @dropped: frames for which there was no descriptor
 * @sent: frames that were sent
 * @bad: frames that were given back with another status than OK
 * @mappings: mappings that exist now, in all processes
 * @running: 1 between START and STOP
 */
struct drydock_nic_info {
	__u64 ring_size;
	__u64 buffers_size;
	__u32 entries;
	__u32 buffer_size;
	__u32 received;
	__u32 dropped;
	__u32 sent;
	__u32 bad;
	__u32 mappings;
	__u32 running;
};

/* Of @flags: no frame is dropped; those that find no descriptor come later. */
#define DRYDOCK_NIC_LOSSLESS 0x1
/* Of @flags: frames that are sent come back. */
#define DRYDOCK_NIC_LOOPBACK 0x2

/**
 * struct drydock_nic_start - argument of DRYDOCK_NIC_START
 * @count: how many frames come by themselves, 0 for none
 * @burst: how many at once, from 1 to entries; with @count 0, 0
 * @interval_us: microseconds from one burst to the next, up to 1000000
 * @flags: of those above
 *
 * Frame n (@number) that comes by itself has 64 + n % 1455 bytes: n in the first
 * four, and (n + i) % 256 in byte i from there on.
 */
struct drydock_nic_start {
	__u32 count;
	__u32 burst;
	__u32 interval_us;
	__u32 flags;
};

/*
 * INFO: -EFAULT.
 * START: -EFAULT, -EINVAL if a field has a value it must not have, -EBUSY if the
 * device runs.
 * STOP: the device touches nothing any more when it returns. It also stops when
 * the last file is closed.
 * KICK: tells the device to look at the TX ring. -ENETDOWN if it does not run.
 * All but INFO: -EBADF if not open for writing. Anything else: -ENOTTY. After an
 * error nothing has changed.
 *
 * read: -EMSGSIZE if the frame is longer than what is asked for: it stays;
 * -EIO if a program has written nonsense to its descriptor, which is passed over;
 * -ENETDOWN, -EAGAIN, -ERESTARTSYS, -EFAULT.
 * write: -EMSGSIZE if a frame cannot have that length, and as read.
 */
#define DRYDOCK_NIC_INFO _IOR(0xDB, 0x60, struct drydock_nic_info)
#define DRYDOCK_NIC_START _IOW(0xDB, 0x61, struct drydock_nic_start)
#define DRYDOCK_NIC_STOP _IO(0xDB, 0x62)
#define DRYDOCK_NIC_KICK _IO(0xDB, 0x63)

#endif /* DRYDOCK_NIC_RINGS_UAPI_H */
