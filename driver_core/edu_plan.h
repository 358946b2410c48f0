/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which transfers the educational device may make, and what an mmap(2) of it may
 * be: pure functions, all of the arithmetic.
 *
 * Valid C and, inside extern "C" {}, valid C++ with the kernel's user-space
 * <linux/types.h>.
 */
#ifndef DRYDOCK_EDU_PLAN_H
#define DRYDOCK_EDU_PLAN_H

#include "mapping_request.h"

/**
 * enum edu_region - what a mapping shows
 * @EDU_REGISTERS: BAR 0
 * @EDU_MEMORY: the memory that transfers go to and come from
 */
enum edu_region {
	EDU_REGISTERS,
	EDU_MEMORY,
};

/**
 * struct edu_geometry - where things are, constant while the device is there
 * @registers_phys: physical address of BAR 0, page aligned
 * @registers_size: its bytes, whole pages
 * @memory_size: bytes of the memory, whole pages
 * @page_shift: log2 of the page size in bytes
 *
 * The registers begin at offset DRYDOCK_EDU_REGISTERS of a mapping, the memory at
 * DRYDOCK_EDU_MEMORY.
 */
struct edu_geometry {
	__u64 registers_phys;
	unsigned long registers_size;
	unsigned long memory_size;
	unsigned int page_shift;
};

/**
 * struct edu_mapping - what the act has to do
 * @region: what it shows
 * @clear_may_write: take VM_MAYWRITE away
 * @clear_may_exec: take VM_MAYEXEC away
 *
 * No page is mapped before it is touched. VM_DONTEXPAND and VM_DONTDUMP are set
 * on every mapping; of EDU_REGISTERS, VM_IO and VM_PFNMAP, too.
 */
struct edu_mapping {
	enum edu_region region;
	bool clear_may_write;
	bool clear_may_exec;
};

/**
 * edu_geometry_check() - can a device of this geometry be mapped?
 * @geometry: the geometry
 *
 * Return: 0, or -EINVAL if a size is none of whole pages, the registers reach
 * into the memory's offsets or beyond the last frame, or @page_shift is no size
 * of pages of which both begin with one.
 */
int edu_geometry_check(const struct edu_geometry *geometry);

/**
 * edu_plan() - decide about one mapping of the device
 * @geometry: what edu_geometry_check() accepted
 * @request: what is asked for
 * @raw_io: the task may program devices (CAP_SYS_RAWIO)
 * @mapping: where the answer goes
 *
 * The checks are made in the order of the list below; the first that fails
 * gives the errno.
 *
 * Return, and for every error nothing has changed, *@mapping included:
 * * 0		- *@mapping is set. Without @raw_io, mprotect(2) will not make the
 *		  registers writable.
 * * -EINVAL, -EPERM, -EINVAL - see mapping_request_check().
 * * -EINVAL	- not inside one of the two regions.
 * * -EPERM	- the registers writable, without @raw_io.
 */
int edu_plan(const struct edu_geometry *geometry,
	     const struct mapping_request *request, bool raw_io,
	     struct edu_mapping *mapping);

/**
 * edu_fault_plan() - which page of a region a fault is about
 * @geometry: what edu_geometry_check() accepted
 * @region: what the mapping shows
 * @pgoff: the page that was touched (vmf->pgoff)
 * @page: where its index in the region goes
 *
 * Return: true if it is one of the region's; else nothing has changed.
 */
bool edu_fault_plan(const struct edu_geometry *geometry, enum edu_region region,
		    unsigned long pgoff, unsigned long *page);

/**
 * struct edu_transfer - what to tell the device
 * @source: bus address, or one in the device's own memory
 * @destination: likewise
 * @count: bytes
 * @command: for the command register
 */
struct edu_transfer {
	__u32 source;
	__u32 destination;
	__u32 count;
	__u32 command;
};

/**
 * edu_transfer_plan() - decide about one transfer
 * @bus: bus address of the memory
 * @memory_size: its bytes
 * @buffer_offset: byte in the device's own memory
 * @memory_offset: byte in the memory
 * @length: bytes to transfer
 * @to_memory: 1 from the device's memory, 0 to it
 * @transfer: where the answer goes
 *
 * Return:
 * * 0		- *@transfer is set.
 * * -EINVAL	- no bytes, a range that is not inside its memory (of the device's
 *		  own, EDU_BUFFER_USABLE bytes), a direction that is none, or a
 *		  bus address that the device cannot put out. Nothing has changed.
 */
int edu_transfer_plan(__u64 bus, unsigned long memory_size, __u32 buffer_offset,
		      __u32 memory_offset, __u32 length, __u32 to_memory,
		      struct edu_transfer *transfer);

#endif /* DRYDOCK_EDU_PLAN_H */
