// SPDX-License-Identifier: GPL-2.0
/* The arithmetic of the network device's rings, all of it. */
#include <linux/errno.h>
#include <linux/types.h>

#include "nic_rings_plan.h"
#include "nic_rings_uapi.h"

#define WORD_BITS (8 * sizeof(unsigned long))
#define DESCRIPTOR_SIZE sizeof(struct drydock_nic_descriptor)
#define MOST_INTERVAL_US 1000000

/* From one region's offset to the next one's. */
#define REGION_STRIDE (DRYDOCK_NIC_TX_RING - DRYDOCK_NIC_RX_RING)

static unsigned long first_page(const struct nic_geometry *geometry,
				enum nic_region region)
{
	return (DRYDOCK_NIC_RX_RING + region * (unsigned long)REGION_STRIDE) >>
	       geometry->page_shift;
}

unsigned long nic_region_size(const struct nic_geometry *geometry,
			      enum nic_region region)
{
	unsigned long page_mask = (1UL << geometry->page_shift) - 1;
	unsigned long size;

	if (region == NIC_BUFFERS)
		size = 2UL * geometry->entries * DRYDOCK_NIC_BUFFER_SIZE;
	else
		size = geometry->entries * DESCRIPTOR_SIZE;
	return (size + page_mask) & ~page_mask;
}

int nic_geometry_check(const struct nic_geometry *geometry)
{
	__u32 entries = geometry->entries;
	unsigned long page_mask;

	if (geometry->page_shift >= WORD_BITS)
		return -EINVAL;
	page_mask = (1UL << geometry->page_shift) - 1;

	if (entries < NIC_LEAST_ENTRIES || entries > NIC_MOST_ENTRIES ||
	    entries & (entries - 1))
		return -EINVAL;
	/* Then the sizes are less than the stride, whatever they round up to. */
	if (REGION_STRIDE & page_mask)
		return -EINVAL;
	return 0;
}

int nic_plan(const struct nic_geometry *geometry,
	     const struct mapping_request *request, struct nic_mapping *mapping)
{
	unsigned int shift = geometry->page_shift;
	enum nic_region region;
	int err;

	err = mapping_request_check(request, shift);
	if (err)
		return err;

	for (region = NIC_RX_RING; region < NIC_REGIONS; region++) {
		if (request->pgoff == first_page(geometry, region))
			break;
	}
	if (region == NIC_REGIONS)
		return -EINVAL;
	if (request->end - request->start != nic_region_size(geometry, region))
		return -EINVAL;

	mapping->region = region;
	mapping->clear_may_write = mapping_clears_may_write(request);
	mapping->clear_may_exec = request->may_exec;
	return 0;
}

int nic_run_plan(const struct nic_geometry *geometry, __u32 count, __u32 burst,
		 __u32 interval_us, __u32 flags, struct nic_run *run)
{
	if (flags & ~(__u32)(DRYDOCK_NIC_LOSSLESS | DRYDOCK_NIC_LOOPBACK))
		return -EINVAL;
	if (interval_us > MOST_INTERVAL_US)
		return -EINVAL;
	if (burst > geometry->entries || !burst != !count)
		return -EINVAL;

	run->count = count;
	run->burst = burst;
	run->interval_us = interval_us;
	run->lossless = flags & DRYDOCK_NIC_LOSSLESS;
	run->loopback = flags & DRYDOCK_NIC_LOOPBACK;
	return 0;
}

bool nic_frame_length(__u64 length)
{
	return length >= DRYDOCK_NIC_SHORTEST && length <= DRYDOCK_NIC_LONGEST;
}

unsigned long nic_buffer_offset(const struct nic_geometry *geometry,
				enum nic_region ring, __u32 index)
{
	unsigned long buffer = index & (geometry->entries - 1);

	if (ring == NIC_TX_RING)
		buffer += geometry->entries;
	return buffer * DRYDOCK_NIC_BUFFER_SIZE;
}
