/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one place in these drivers that knows of kernel versions: each difference
 * between 6.1 and later kernels has one name here, and no driver asks for a
 * version.
 */
#ifndef DRYDOCK_KERNEL_VERSIONS_H
#define DRYDOCK_KERNEL_VERSIONS_H

#include <linux/device.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/version.h>
/* get_unaligned_le32() and its kin have moved. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

/**
 * vma_flags_change() - set and clear flags of a VMA that is being mapped
 * @vma: the VMA, in f_op->mmap
 * @set: flags to set
 * @clear: flags to clear
 *
 * Since 6.3 vm_flags is constant and has setters.
 */
static inline void vma_flags_change(struct vm_area_struct *vma,
				    unsigned long set, unsigned long clear)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	vm_flags_mod(vma, set, clear);
#else
	vma->vm_flags = (vma->vm_flags | set) & ~clear;
#endif
}

/*
 * Since 7.3 a driver can describe a mapping and leave it to the kernel to fill
 * it, in f_op->mmap_prepare. Not all ways to fill one can be asked for, and with
 * f_op->mmap in the same file_operations nothing can be mapped.
 *
 * What a prepared mapping that fails gets depends on when it does: nothing, or
 * vm_ops->close without vm_ops->mapped.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 3, 0)
#define KERNEL_HAS_MMAP_PREPARE 1
#else
#define KERNEL_HAS_MMAP_PREPARE 0
#endif

#if KERNEL_HAS_MMAP_PREPARE
/**
 * desc_flags_change() - set and clear flags of a mapping that is going to be
 * @desc: the mapping, in f_op->mmap_prepare
 * @set: flags to set
 * @clear: flags to clear
 */
static inline void desc_flags_change(struct vm_area_desc *desc,
				     unsigned long set, unsigned long clear)
{
	vma_desc_set_flags_mask(desc, legacy_to_vma_flags(set));
	vma_desc_clear_flags_mask(desc, legacy_to_vma_flags(clear));
}
#endif

/**
 * vma_zap_failed() - take away what was mapped before mapping the rest failed
 * @vma: the VMA, in f_op->mmap; remap_pfn_range() or its kin said no
 *
 * Since 6.11 they do it by themselves. (Pages that were inserted one by one hold
 * themselves, and are left to the kernel.)
 */
static inline void vma_zap_failed(struct vm_area_struct *vma)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 11, 0)
	zap_vma_ptes(vma, vma->vm_start, vma->vm_end - vma->vm_start);
#endif
}

/* Since 6.4 a class has no owner. */
static inline struct class *owned_class_create(const char *name)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
	return class_create(name);
#else
	return class_create(THIS_MODULE, name);
#endif
}

/*
 * What the remove function of a platform driver returns: since 6.11 nothing.
 *
 *	static platform_removed_t some_remove(struct platform_device *pdev)
 *	{
 *		...
 *		return PLATFORM_REMOVED;
 *	}
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
#define platform_removed_t void
#define PLATFORM_REMOVED
#else
#define platform_removed_t int
#define PLATFORM_REMOVED 0
#endif

#endif /* DRYDOCK_KERNEL_VERSIONS_H */
