/* SPDX-License-Identifier: GPL-2.0 */
/*
 * /dev/drydock_ptdump: what the kernel has noted of the calling process's own
 * memory. For tests alone; the module is loaded in guests that end with the test.
 *
 * Numbers are the same for every kernel: flags are bits of PTDUMP_VM_*, in the
 * places that 6.1 has them, whatever the kernel itself uses.
 */
#ifndef DRYDOCK_PTDUMP_UAPI_H
#define DRYDOCK_PTDUMP_UAPI_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* struct ptdump_record.kind */
#define PTDUMP_VMA 1 /* a VMA; its entries follow it */
#define PTDUMP_RUN 2 /* page-table entries of one kind, frames in a row */

/* struct ptdump_record.bits of a run */
#define PTDUMP_PRESENT 0x001 /* the processor may use it (not PROT_NONE) */
#define PTDUMP_WRITE 0x002
#define PTDUMP_EXEC 0x004
#define PTDUMP_SPECIAL 0x008
#define PTDUMP_DIRTY 0x010
#define PTDUMP_ACCESSED 0x020
#define PTDUMP_ANON 0x040 /* the frame is a page of anonymous memory */
#define PTDUMP_ZERO 0x080 /* the frame is the zero page */
#define PTDUMP_HUGE 0x100 /* an entry of a higher level; the run is all of it */
#define PTDUMP_SWAP 0x200 /* not present: swapped, migrating; no frame */

/* struct ptdump_record.bits of a VMA, besides PTDUMP_WRITE */
#define PTDUMP_OBJECT \
	0x1000 /* of a plain file: shared anonymous memory, for one */

/*
 * struct ptdump_record.cache: memory types as IA32_PAT numbers them. Of a run,
 * what its entries say; of a VMA, what its vm_page_prot says.
 */
#define PTDUMP_UC 0
#define PTDUMP_WC 1
#define PTDUMP_WT 4
#define PTDUMP_WP 5
#define PTDUMP_WB 6
#define PTDUMP_UC_MINUS 7

/**
 * struct ptdump_record - one VMA, or one run of page-table entries
 * @kind: PTDUMP_VMA or PTDUMP_RUN
 * @bits: of a run; of a VMA, PTDUMP_WRITE if its vm_page_prot has the bit, and
 *	PTDUMP_OBJECT
 * @cache: memory type
 * @reserved: 0
 * @start: first address
 * @end: first address behind it
 * @frame: of a run, the first frame's number; of a VMA, vm_pgoff
 * @flags: of a VMA, its flags; of a run, 0
 */
struct ptdump_record {
	__u16 kind;
	__u16 bits;
	__u16 cache;
	__u16 reserved;
	__u64 start;
	__u64 end;
	__u64 frame;
	__u64 flags;
};

/**
 * struct ptdump_dump - PTDUMP_DUMP: all VMAs that touch [start, end)
 * @start: page aligned
 * @end: page aligned; entries of a VMA are told as far as here
 * @records: where to
 * @capacity: how many fit there, at most PTDUMP_MOST
 * @count: set to how many there are
 */
struct ptdump_dump {
	__u64 start;
	__u64 end;
	__u64 records;
	__u32 capacity;
	__u32 count;
};

#define PTDUMP_MOST 4096

/* -EFAULT, -EINVAL (a bound), -ENOSPC (more than @capacity: nothing was copied). */
#define PTDUMP_DUMP _IOWR(0xDB, 0x60, struct ptdump_dump)

#endif /* DRYDOCK_PTDUMP_UAPI_H */
