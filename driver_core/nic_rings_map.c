// SPDX-License-Identifier: GPL-2.0
/*
 * Mappings of the rings and buffers. The offset of mmap(2) names one of them; to
 * dma_mmap_coherent() it would be an offset into the memory, so it is put aside
 * while that works, and put back: the kernel finds mappings by it.
 */
#include <linux/dma-mapping.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/platform_device.h>

#include "kernel_versions.h"
#include "nic_rings.h"
#include "vma_request.h"

static const struct vm_operations_struct nic_rings_vm_ops = {
	.open = revocable_vm_open,
	.close = revocable_vm_close,
};

int nic_rings_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct nic_rings *nic = file->private_data;
	const struct mapping_request request = vma_request(vma);
	struct nic_mapping mapping;
	struct nic_memory *memory;
	int err;

	err = nic_plan(&nic->geometry, &request, &mapping);
	if (err)
		return err;
	err = revocable_begin(&nic->mappings, vma);
	if (err)
		return err;

	vma_flags_change(vma, VM_DONTEXPAND | VM_DONTDUMP,
			 flags_to_clear(mapping.clear_may_write,
					mapping.clear_may_exec));

	memory = &nic->memory[mapping.region];
	vma->vm_pgoff = 0;
	err = dma_mmap_coherent(&nic->pdev->dev, vma, memory->cpu_addr,
				memory->dma_addr, memory->size);
	vma->vm_pgoff = request.pgoff;
	if (err) {
		revocable_abandon(vma);
		return err;
	}
	vma->vm_ops = &nic_rings_vm_ops;
	return 0;
}
