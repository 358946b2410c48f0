/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How big rings and buffers are, what an mmap(2) of them may be, and what the
 * device may be told: pure functions, all of the arithmetic.
 *
 * Valid C and, inside extern "C" {}, valid C++ with the kernel's user-space
 * <linux/types.h>.
 */
#ifndef DRYDOCK_NIC_RINGS_PLAN_H
#define DRYDOCK_NIC_RINGS_PLAN_H

#include "mapping_request.h"

#define NIC_LEAST_ENTRIES 16
#define NIC_MOST_ENTRIES 4096

/**
 * enum nic_region - what is mapped
 * @NIC_RX_RING: at DRYDOCK_NIC_RX_RING
 * @NIC_TX_RING: at DRYDOCK_NIC_TX_RING
 * @NIC_BUFFERS: at DRYDOCK_NIC_BUFFERS
 * @NIC_REGIONS: how many there are
 */
enum nic_region {
	NIC_RX_RING,
	NIC_TX_RING,
	NIC_BUFFERS,
	NIC_REGIONS,
};

/**
 * struct nic_geometry - rings and buffers, constant while the driver is loaded
 * @entries: descriptors of each ring: a power of two, not less than
 *	NIC_LEAST_ENTRIES and not more than NIC_MOST_ENTRIES
 * @page_shift: log2 of the page size in bytes
 */
struct nic_geometry {
	__u32 entries;
	unsigned int page_shift;
};

/**
 * struct nic_mapping - what the act has to do
 * @region: what to map, all of it
 * @clear_may_write: take VM_MAYWRITE away before mapping
 * @clear_may_exec: take VM_MAYEXEC away before mapping
 *
 * VM_DONTEXPAND and VM_DONTDUMP are set on every mapping.
 */
struct nic_mapping {
	enum nic_region region;
	bool clear_may_write;
	bool clear_may_exec;
};

/**
 * nic_geometry_check() - can there be such rings?
 * @geometry: the geometry
 *
 * Return: 0, or -EINVAL if @entries is not as it must be, or @page_shift is no
 * size of pages of which the regions begin with one and fit between two offsets.
 */
int nic_geometry_check(const struct nic_geometry *geometry);

/**
 * nic_region_size() - bytes of a region, whole pages
 * @geometry: what nic_geometry_check() accepted
 * @region: the region
 */
unsigned long nic_region_size(const struct nic_geometry *geometry,
			      enum nic_region region);

/**
 * nic_plan() - decide about one mapping
 * @geometry: what nic_geometry_check() accepted
 * @request: what is asked for
 * @mapping: where the answer goes
 *
 * The checks are made in the order of the list below; the first that fails
 * gives the errno.
 *
 * Return, and for every error nothing has changed, *@mapping included:
 * * 0		- *@mapping is set.
 * * -EINVAL, -EPERM, -EINVAL - see mapping_request_check().
 * * -EINVAL	- not exactly one region: an offset at which none begins, or another
 *		  length.
 */
int nic_plan(const struct nic_geometry *geometry,
	     const struct mapping_request *request,
	     struct nic_mapping *mapping);

/**
 * struct nic_run - what the device does
 * @count: frames that come by themselves
 * @burst: how many at once
 * @interval_us: microseconds from one burst to the next
 * @lossless: frames that find no descriptor come later
 * @loopback: frames that are sent come back
 */
struct nic_run {
	__u32 count;
	__u32 burst;
	__u32 interval_us;
	bool lossless;
	bool loopback;
};

/**
 * nic_run_plan() - decide what the device may be told to do
 * @geometry: what nic_geometry_check() accepted
 * @count: frames that come by themselves
 * @burst: how many at once
 * @interval_us: microseconds from one burst to the next
 * @flags: DRYDOCK_NIC_LOSSLESS, DRYDOCK_NIC_LOOPBACK
 * @run: where the answer goes
 *
 * Return: 0, or -EINVAL if a number is not what nic_rings_uapi.h says it may be;
 * then nothing has changed.
 */
int nic_run_plan(const struct nic_geometry *geometry, __u32 count, __u32 burst,
		 __u32 interval_us, __u32 flags, struct nic_run *run);

/* Can a frame have that many bytes? */
bool nic_frame_length(__u64 length);

/**
 * nic_buffer_offset() - where the buffer of a descriptor is
 * @geometry: what nic_geometry_check() accepted
 * @ring: NIC_RX_RING or NIC_TX_RING
 * @index: the descriptor's index, taken modulo the ring's entries
 *
 * Return: its offset in the region of the buffers.
 */
unsigned long nic_buffer_offset(const struct nic_geometry *geometry,
				enum nic_region ring, __u32 index);

#endif /* DRYDOCK_NIC_RINGS_PLAN_H */
