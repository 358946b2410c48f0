/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Scatter lists, which driver code fills in and the emulated kernel maps. Valid
 * C11 and C++20; includes nothing but its sibling.
 */
#ifndef DRYDOCK_DMA_STRUCTS_H
#define DRYDOCK_DMA_STRUCTS_H

#include "mm_structs.h"

/**
 * struct scatterlist - one piece of a buffer
 * @page_link: struct page of its first byte, and SG_CHAIN, SG_END in bits 0, 1
 * @offset: bytes from the start of that page
 * @length: bytes
 * @dma_address: where the device reaches it, once mapped
 * @dma_length: bytes from there; pieces may have been put together
 * @dma_flags: unused here
 */
struct scatterlist {
	unsigned long page_link;
	unsigned int offset;
	unsigned int length;
	unsigned long long dma_address;
	unsigned int dma_length;
	unsigned int dma_flags;
};

struct sg_table {
	struct scatterlist *sgl;
	unsigned int nents;	 /* pieces that are mapped */
	unsigned int orig_nents; /* pieces in the list */
};

#define SG_CHAIN 0x01UL
#define SG_END 0x02UL

#endif
