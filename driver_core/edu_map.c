// SPDX-License-Identifier: GPL-2.0
/*
 * Mappings of QEMU's educational device: nothing is mapped in mmap, each page
 * when it is touched, and all of them are taken back when the device goes.
 */
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/pagemap.h>

#include "edu.h"
#include "kernel_versions.h"
#include "vma_request.h"

static vm_fault_t edu_fault_registers(struct vm_fault *vmf)
{
	struct edu *edu = vmf->vma->vm_private_data;
	vm_fault_t result = VM_FAULT_SIGBUS;
	unsigned long page, pfn;

	mutex_lock(&edu->map_lock);
	if (!edu->gone &&
	    edu_fault_plan(&edu->geometry, EDU_REGISTERS, vmf->pgoff, &page)) {
		pfn = (edu->geometry.registers_phys >> PAGE_SHIFT) + page;
		result = vmf_insert_pfn(vmf->vma, vmf->address, pfn);
	}
	mutex_unlock(&edu->map_lock);
	return result;
}

static vm_fault_t edu_fault_memory(struct vm_fault *vmf)
{
	struct edu *edu = vmf->vma->vm_private_data;
	vm_fault_t result = VM_FAULT_SIGBUS;
	unsigned long page;

	mutex_lock(&edu->map_lock);
	if (!edu->gone &&
	    edu_fault_plan(&edu->geometry, EDU_MEMORY, vmf->pgoff, &page)) {
		/*
		 * There is one. The kernel puts it into the page table when we
		 * have returned, and unlocks it then.
		 */
		get_page(edu->page);
		lock_page(edu->page);
		vmf->page = edu->page;
		result = VM_FAULT_LOCKED;
	}
	mutex_unlock(&edu->map_lock);
	return result;
}

static const struct vm_operations_struct edu_registers_vm_ops = {
	.fault = edu_fault_registers,
};

static const struct vm_operations_struct edu_memory_vm_ops = {
	.fault = edu_fault_memory,
};

int edu_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct edu *edu = edu_of_file(file);
	const struct mapping_request request = vma_request(vma);
	unsigned long set = VM_DONTEXPAND | VM_DONTDUMP, clear;
	struct edu_mapping mapping;
	int err;

	/* Without the lock: the fault handlers look again, and with it. */
	if (READ_ONCE(edu->gone))
		return -ENODEV;
	err = edu_plan(&edu->geometry, &request, capable(CAP_SYS_RAWIO),
		       &mapping);
	if (err)
		return err;

	clear = flags_to_clear(mapping.clear_may_write, mapping.clear_may_exec);
	if (mapping.region == EDU_REGISTERS) {
		set |= VM_IO | VM_PFNMAP;
		vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
		vma->vm_ops = &edu_registers_vm_ops;
	} else {
		vma->vm_ops = &edu_memory_vm_ops;
	}
	vma_flags_change(vma, set, clear);
	vma->vm_private_data = edu;
	return 0;
}

void edu_revoke(struct edu *edu)
{
	struct inode *inode;

	mutex_lock(&edu->map_lock);
	WRITE_ONCE(edu->gone, true);
	inode = edu->inode;
	mutex_unlock(&edu->map_lock);

	/* A fault that came before has the page locked until it shows it. */
	lock_page(edu->page);
	unlock_page(edu->page);
	if (inode)
		unmap_mapping_range(inode->i_mapping, 0, 0, 1);
}
