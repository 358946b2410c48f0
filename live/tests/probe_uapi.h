/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/* What the test programs of live mode ask of their driver, /dev/drydock_probe. */
#ifndef PROBE_UAPI_H
#define PROBE_UAPI_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define PROBE_NODE "/dev/drydock_probe"

/* Offsets of mappings, in pages: the buffer, ... */
#define PROBE_BUFFER 0x0
#define PROBE_BUFFER_PAGES 16
/* ... pages that a fault brings, each holding its number in its first word, ... */
#define PROBE_FAULTS 0x100
#define PROBE_FAULT_PAGES 8
/* ... the same, and a store is told to the driver first, ... */
#define PROBE_NOTIFIED 0x180
/* ... and the registers at the parameter regs. */
#define PROBE_REGISTERS 0x200

struct probe_counts {
	__u32 files;
	__u32 mappings;
	__u32 faults;
	__u32 first_stores;
	__u32 waiting; /* calls that sleep in PROBE_WAIT or a slow fault */
};

/* How PROBE_WAIT sleeps. */
enum { PROBE_INTERRUPTIBLE, PROBE_KILLABLE, PROBE_UNINTERRUPTIBLE };

struct probe_word {
	__u64 offset; /* in the buffer, bytes */
	__u64 value;
};

#define PROBE_COUNTS _IOR('P', 1, struct probe_counts)
#define PROBE_SET_WORD _IOW('P', 2, struct probe_word)
#define PROBE_GET_WORD _IOWR('P', 3, struct probe_word)
/* All mappings of the buffer are taken away; a touch is SIGBUS. */
#define PROBE_ZAP _IO('P', 4)
/* The driver stores to address 16, or meets BUG(), or calls what is not modelled. */
#define PROBE_OOPS _IO('P', 5)
#define PROBE_BUG _IO('P', 6)
#define PROBE_UNMODELLED _IO('P', 7)
/* Registers a second device of the same name; the error. */
#define PROBE_SECOND _IO('P', 8)
/* What fault brings from now on is SIGBUS, and what it brought is gone. */
#define PROBE_REMOVE _IO('P', 9)
/* Sleeps, in the way that the argument says, until PROBE_WAKE. */
#define PROBE_WAIT _IO('P', 10)
#define PROBE_WAKE _IO('P', 11)
/* Sleeps for so many milliseconds. */
#define PROBE_SLEEP _IO('P', 12)
/* 1: faults wait for PROBE_WAKE before they bring their page. */
#define PROBE_SLOW_FAULTS _IO('P', 13)

#endif
