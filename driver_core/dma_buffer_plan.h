/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What an mmap(2) or a transfer of the DMA buffer may be, decided without doing
 * it.
 *
 * dma_buffer_plan() is a pure function: the buffer's geometry and one request
 * in, a mapping or a negative errno out. It calls nothing, keeps nothing and
 * looks at no vm_area_struct, so a test needs no kernel and no double. All the
 * arithmetic of the mmap path is in dma_buffer_plan.c; the act (dma_buffer.c)
 * translates flags and carries a mapping out without computing anything.
 * dma_buffer_transfer_plan() is the same for the copies that the device makes.
 *
 * Valid C and, inside extern "C" {}, valid C++ with the kernel's user-space
 * <linux/types.h>.
 */
#ifndef DRYDOCK_DMA_BUFFER_PLAN_H
#define DRYDOCK_DMA_BUFFER_PLAN_H

#include "mapping_request.h"

/**
 * enum dma_buffer_method - who makes the page-table entries
 * @DMA_BUFFER_REMAP: remap_pfn_range(), given a PFN made from the physical
 *	address
 * @DMA_BUFFER_DMA_MMAP: dma_mmap_coherent(), which finds the pages by itself
 */
enum dma_buffer_method {
	DMA_BUFFER_REMAP,
	DMA_BUFFER_DMA_MMAP,
};

/**
 * enum dma_buffer_cache - memory type asked for in user space
 * @DMA_BUFFER_WB: write-back, cached
 * @DMA_BUFFER_WC: write-combining
 * @DMA_BUFFER_UNCACHED: not cached; only with DMA_BUFFER_REMAP, as the DMA API
 *	has no such attribute
 */
enum dma_buffer_cache {
	DMA_BUFFER_WB,
	DMA_BUFFER_WC,
	DMA_BUFFER_UNCACHED,
};

/**
 * struct dma_buffer_geometry - the buffer, constant while the driver is loaded
 * @phys: physical address of the first byte, page aligned. Only read for
 *	DMA_BUFFER_REMAP: of coherent memory the driver knows no physical
 *	address.
 * @size: bytes of the buffer, not 0. Need not be whole pages; what follows up
 *	to the end of the last page belongs to the buffer and is zero.
 * @max_map: bytes that one mapping may have at most; 0 for no limit. A mapping
 *	has whole pages, so a limit below one page refuses all of them.
 * @page_shift: log2 of the page size in bytes
 * @method: an enum dma_buffer_method
 * @cache: an enum dma_buffer_cache
 */
struct dma_buffer_geometry {
	__u64 phys;
	unsigned long size;
	unsigned long max_map;
	unsigned int page_shift;
	enum dma_buffer_method method;
	enum dma_buffer_cache cache;
};

/**
 * struct dma_buffer_mapping - what the act has to do
 * @pfn: first page frame; 0 for DMA_BUFFER_DMA_MMAP
 * @offset: bytes from the start of the buffer to the first one mapped
 * @length: bytes to map, all of the VMA
 * @cache: memory type of the page protection
 * @clear_may_write: take VM_MAYWRITE away before mapping: the mapping is private
 *	and read-only. It then is no copy-on-write mapping (vm_pgoff stays what
 *	it was), and mprotect(2) cannot make it one.
 * @clear_may_exec: take VM_MAYEXEC away before mapping
 *
 * VM_DONTEXPAND and VM_DONTDUMP are set on every mapping.
 */
struct dma_buffer_mapping {
	unsigned long pfn;
	unsigned long offset;
	unsigned long length;
	enum dma_buffer_cache cache;
	bool clear_may_write;
	bool clear_may_exec;
};

/**
 * dma_buffer_mapped_size() - bytes of the buffer in whole pages
 * @geometry: the buffer; @phys may still be 0 when nothing is allocated yet
 * @mapped_size: where the result goes
 *
 * This is what is to be allocated, zeroed and freed.
 *
 * Context: any. Takes no lock, does not sleep.
 * Return:
 * * 0		- *@mapped_size is set.
 * * -EINVAL	- @size is 0 or cannot be rounded up to whole pages; @page_shift
 *		  is no page size; @method or @cache is none of its enum, or the
 *		  method cannot give that memory type; for DMA_BUFFER_REMAP,
 *		  @phys is not page aligned or the buffer ends beyond the last
 *		  address or page frame. Nothing has changed.
 */
int dma_buffer_mapped_size(const struct dma_buffer_geometry *geometry,
			   unsigned long *mapped_size);

/**
 * dma_buffer_plan() - decide about one mapping of the buffer
 * @geometry: the buffer
 * @request: what is asked for
 * @mapping: where the answer goes
 *
 * The checks are made in the order of the list below; the first that fails
 * gives the errno.
 *
 * Context: any. Takes no lock, does not sleep.
 * Return, and for every error nothing has changed, *@mapping included:
 * * 0		- *@mapping is set.
 * * -EINVAL	- the geometry is not valid: see dma_buffer_mapped_size().
 * * -EINVAL, -EPERM, -EINVAL - see mapping_request_check().
 * * -EINVAL	- more than @max_map bytes: "too large" in mmap(2).
 * * -EINVAL	- not inside the buffer, DMA_BUFFER_REMAP: as vm_iomap_memory().
 * * -ENXIO	- not inside the buffer, DMA_BUFFER_DMA_MMAP: as
 *		  dma_mmap_coherent() says of the same range.
 */
int dma_buffer_plan(const struct dma_buffer_geometry *geometry,
		    const struct mapping_request *request,
		    struct dma_buffer_mapping *mapping);

/**
 * struct dma_buffer_transfer - a copy within the buffer, made by the device
 * @source: first byte to read, as an offset into the buffer
 * @destination: first byte to write, likewise
 * @length: bytes to copy
 */
struct dma_buffer_transfer {
	__u64 source;
	__u64 destination;
	__u64 length;
};

/**
 * dma_buffer_transfer_plan() - decide about one transfer
 * @size: bytes of the buffer that transfers may reach
 * @transfer: what is asked for; it is carried out as it is or not at all
 *
 * Context: any. Takes no lock, does not sleep.
 * Return:
 * * 0		- the device may be told.
 * * -EINVAL	- no bytes, more than the device's counter holds (32 bits), or a
 *		  range that is not inside the buffer.
 * * -EINVAL	- the ranges overlap: in which order a device copies is its own
 *		  affair.
 */
int dma_buffer_transfer_plan(__u64 size,
			     const struct dma_buffer_transfer *transfer);

#endif /* DRYDOCK_DMA_BUFFER_PLAN_H */
