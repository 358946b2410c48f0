// SPDX-License-Identifier: GPL-2.0
/*
 * The memory of the DMA buffer, and how a mapping shows it. There are two kinds
 * of memory and with them two ways to map it:
 *
 *  remap     pages of the driver's own, shown by remap_pfn_range(). The frame
 *            comes from their physical address: a DMA address is none behind an
 *            IOMMU. A device gets at them by a streaming mapping.
 *  dma_mmap  memory of dma_alloc_attrs(), shown by dma_mmap_attrs(). What it is
 *            made of - pages behind vmalloc, say - and how it is cached, only
 *            the DMA API knows.
 *
 * What a mapping may be is decided in dma_buffer_plan.c.
 */
#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/platform_device.h>

#include "dma_buffer.h"
#include "kernel_versions.h"
#include "vma_request.h"

/* A device gets at the driver's own pages by a streaming mapping. */
static int dma_buffer_map_for_device(struct dma_buffer *buffer)
{
	struct dma_buffer_memory *memory = &buffer->memory;
	struct device *dev = &buffer->pdev->dev;

	if (!dma_buffer_engine_is_device(&buffer->engine))
		return 0;
	memory->dma_addr = dma_map_single(dev, memory->cpu_addr, memory->size,
					  DMA_BIDIRECTIONAL);
	if (dma_mapping_error(dev, memory->dma_addr))
		return -ENOMEM;
	memory->streaming = true;
	/* Until the first transfer it is the processor's. */
	dma_sync_single_for_cpu(dev, memory->dma_addr, memory->size,
				DMA_BIDIRECTIONAL);
	return 0;
}

static void dma_buffer_unmap_for_device(struct dma_buffer *buffer)
{
	struct dma_buffer_memory *memory = &buffer->memory;

	if (!memory->streaming)
		return;
	memory->streaming = false;
	dma_unmap_single(&buffer->pdev->dev, memory->dma_addr, memory->size,
			 DMA_BIDIRECTIONAL);
}

/* Asks for whole pages, so that whole pages are zeroed. */
int dma_buffer_alloc(struct dma_buffer *buffer)
{
	struct dma_buffer_memory *memory = &buffer->memory;
	int err;

	memory->size = buffer->mapped_size;
	if (buffer->geometry.method == DMA_BUFFER_DMA_MMAP) {
		buffer->dma_attrs = DMA_ATTR_NO_WARN;
		if (buffer->geometry.cache == DMA_BUFFER_WC)
			buffer->dma_attrs |= DMA_ATTR_WRITE_COMBINE;
		memory->cpu_addr = dma_alloc_attrs(
			&buffer->pdev->dev, memory->size, &memory->dma_addr,
			GFP_KERNEL, buffer->dma_attrs);
		return memory->cpu_addr ? 0 : -ENOMEM;
	}

	memory->cpu_addr = alloc_pages_exact(
		memory->size, GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN);
	if (!memory->cpu_addr)
		return -ENOMEM;
	buffer->geometry.phys = virt_to_phys(memory->cpu_addr);

	err = dma_buffer_map_for_device(buffer);
	if (err)
		free_pages_exact(memory->cpu_addr, memory->size);
	return err;
}

void dma_buffer_free(struct dma_buffer *buffer)
{
	struct dma_buffer_memory *memory = &buffer->memory;

	if (buffer->geometry.method == DMA_BUFFER_DMA_MMAP) {
		dma_free_attrs(&buffer->pdev->dev, memory->size,
			       memory->cpu_addr, memory->dma_addr,
			       buffer->dma_attrs);
		return;
	}
	dma_buffer_unmap_for_device(buffer);
	free_pages_exact(memory->cpu_addr, memory->size);
}

static pgprot_t dma_buffer_pgprot(enum dma_buffer_cache kind, pgprot_t prot)
{
	switch (kind) {
	case DMA_BUFFER_WC:
		return pgprot_writecombine(prot);
	case DMA_BUFFER_UNCACHED:
		return pgprot_noncached(prot);
	case DMA_BUFFER_WB:
		break;
	}
	return prot;
}

static int dma_buffer_map(struct dma_buffer *buffer, struct vm_area_struct *vma,
			  const struct dma_buffer_mapping *mapping)
{
	/* It takes the offset from vm_pgoff, and sets vm_page_prot by itself. */
	if (buffer->geometry.method == DMA_BUFFER_DMA_MMAP)
		return dma_mmap_attrs(&buffer->pdev->dev, vma,
				      buffer->memory.cpu_addr,
				      buffer->memory.dma_addr,
				      buffer->mapped_size, buffer->dma_attrs);

	vma->vm_page_prot =
		dma_buffer_pgprot(mapping->cache, vma->vm_page_prot);
	return remap_pfn_range(vma, vma->vm_start, mapping->pfn,
			       mapping->length, vma->vm_page_prot);
}

static const struct vm_operations_struct dma_buffer_vm_ops = {
	.open = revocable_vm_open,
	.close = revocable_vm_close,
};

int dma_buffer_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct dma_buffer *buffer = file->private_data;
	const struct mapping_request request = vma_request(vma);
	struct dma_buffer_mapping mapping;
	int err;

	err = dma_buffer_plan(&buffer->geometry, &request, &mapping);
	if (err)
		return err;
	err = revocable_begin(&buffer->mappings, vma);
	if (err)
		return err;

	vma_flags_change(vma, VM_DONTEXPAND | VM_DONTDUMP,
			 flags_to_clear(mapping.clear_may_write,
					mapping.clear_may_exec));

	err = dma_buffer_map(buffer, vma, &mapping);
	if (err) {
		revocable_abandon(vma);
		return err;
	}
	vma->vm_ops = &dma_buffer_vm_ops;
	return 0;
}

#if KERNEL_HAS_MMAP_PREPARE
static const struct vm_operations_struct dma_buffer_prepared_vm_ops = {
	.mapped = revocable_vm_mapped,
	.open = revocable_vm_open,
	.close = revocable_vm_close,
};

int dma_buffer_mmap_prepare(struct vm_area_desc *desc)
{
	struct dma_buffer *buffer = desc->file->private_data;
	const struct mapping_request request = desc_request(desc);
	struct dma_buffer_mapping mapping;
	int err;

	err = dma_buffer_plan(&buffer->geometry, &request, &mapping);
	if (err)
		return err;
	err = revocable_prepare(&buffer->mappings, desc);
	if (err)
		return err;

	desc_flags_change(desc, VM_DONTEXPAND | VM_DONTDUMP,
			  flags_to_clear(mapping.clear_may_write,
					 mapping.clear_may_exec));
	desc->vm_ops = &dma_buffer_prepared_vm_ops;
	/* Before the action, which takes the protection over. */
	desc->page_prot = dma_buffer_pgprot(mapping.cache, desc->page_prot);
	mmap_action_remap_full(desc, mapping.pfn);
	return 0;
}
#endif
