/* SPDX-License-Identifier: GPL-2.0 */
/*
 * 7.3's flags of a mapping, by number: a part of its <linux/mm.h>, which
 * includes this. A flag of bit VMA_x_BIT is what VM_x has always been.
 */
#ifndef DRYDOCK_VMA_FLAGS_H
#define DRYDOCK_VMA_FLAGS_H

typedef int vma_flag_t;

enum {
	VMA_READ_BIT = 0,
	VMA_WRITE_BIT = 1,
	VMA_EXEC_BIT = 2,
	VMA_SHARED_BIT = 3,
	VMA_MAYREAD_BIT = 4,
	VMA_MAYWRITE_BIT = 5,
	VMA_MAYEXEC_BIT = 6,
	VMA_MAYSHARE_BIT = 7,
	VMA_GROWSDOWN_BIT = 8,
	VMA_UFFD_MISSING_BIT = 9,
	VMA_PFNMAP_BIT = 10,
	VMA_MAYBE_GUARD_BIT = 11,
	VMA_UFFD_WP_BIT = 12,
	VMA_LOCKED_BIT = 13,
	VMA_IO_BIT = 14,
	VMA_SEQ_READ_BIT = 15,
	VMA_RAND_READ_BIT = 16,
	VMA_DONTCOPY_BIT = 17,
	VMA_DONTEXPAND_BIT = 18,
	VMA_LOCKONFAULT_BIT = 19,
	VMA_ACCOUNT_BIT = 20,
	VMA_NORESERVE_BIT = 21,
	VMA_HUGETLB_BIT = 22,
	VMA_SYNC_BIT = 23,
	VMA_ARCH_1_BIT = 24,
	VMA_WIPEONFORK_BIT = 25,
	VMA_DONTDUMP_BIT = 26,
	VMA_SOFTDIRTY_BIT = 27,
	VMA_MIXEDMAP_BIT = 28,
	VMA_HUGEPAGE_BIT = 29,
	VMA_NOHUGEPAGE_BIT = 30,
	VMA_MERGEABLE_BIT = 31
};

#define EMPTY_VMA_FLAGS ((vma_flags_t){ { 0 } })

static inline vma_flags_t drydock_vma_flags(const vma_flag_t *bits,
					    unsigned long count)
{
	vma_flags_t flags = EMPTY_VMA_FLAGS;

	while (count)
		flags.__vma_flags[0] |= 1UL << bits[--count];
	return flags;
}

/* The flags of these bits: mk_vma_flags(VMA_IO_BIT, VMA_PFNMAP_BIT). */
#define mk_vma_flags(...)                                               \
	drydock_vma_flags((const vma_flag_t[]){ __VA_ARGS__ },          \
			  sizeof((const vma_flag_t[]){ __VA_ARGS__ }) / \
				  sizeof(vma_flag_t))

#define VMA_REMAP_FLAGS                                              \
	mk_vma_flags(VMA_IO_BIT, VMA_PFNMAP_BIT, VMA_DONTEXPAND_BIT, \
		     VMA_DONTDUMP_BIT)

static inline vm_flags_t vma_flags_to_legacy(vma_flags_t flags)
{
	return flags.__vma_flags[0];
}

static inline vma_flags_t legacy_to_vma_flags(vm_flags_t flags)
{
	return (vma_flags_t){ { flags } };
}

static inline bool vma_flags_empty(const vma_flags_t *flags)
{
	return !flags->__vma_flags[0];
}

static inline bool vma_flags_test(const vma_flags_t *flags, vma_flag_t bit)
{
	return flags->__vma_flags[0] >> bit & 1;
}

static inline bool vma_flags_test_any_mask(const vma_flags_t *flags,
					   vma_flags_t mask)
{
	return flags->__vma_flags[0] & mask.__vma_flags[0];
}

static inline bool vma_flags_test_all_mask(const vma_flags_t *flags,
					   vma_flags_t mask)
{
	return !(mask.__vma_flags[0] & ~flags->__vma_flags[0]);
}

static inline void vma_flags_set_mask(vma_flags_t *flags, vma_flags_t mask)
{
	flags->__vma_flags[0] |= mask.__vma_flags[0];
}

static inline void vma_flags_clear_mask(vma_flags_t *flags, vma_flags_t mask)
{
	flags->__vma_flags[0] &= ~mask.__vma_flags[0];
}

/* Of some bits: any of them is set, all are, set them, clear them. */
#define vma_flags_test_any(flags, ...) \
	vma_flags_test_any_mask(flags, mk_vma_flags(__VA_ARGS__))
#define vma_flags_test_all(flags, ...) \
	vma_flags_test_all_mask(flags, mk_vma_flags(__VA_ARGS__))
#define vma_flags_set(flags, ...) \
	vma_flags_set_mask(flags, mk_vma_flags(__VA_ARGS__))
#define vma_flags_clear(flags, ...) \
	vma_flags_clear_mask(flags, mk_vma_flags(__VA_ARGS__))

/* The same of a mapping. */
static inline bool vma_test(const struct vm_area_struct *vma, vma_flag_t bit)
{
	return vma_flags_test(&vma->flags, bit);
}

static inline bool vma_test_any_mask(const struct vm_area_struct *vma,
				     vma_flags_t mask)
{
	return vma_flags_test_any_mask(&vma->flags, mask);
}

static inline bool vma_test_all_mask(const struct vm_area_struct *vma,
				     vma_flags_t mask)
{
	return vma_flags_test_all_mask(&vma->flags, mask);
}

static inline void vma_set_flags_mask(struct vm_area_struct *vma,
				      vma_flags_t mask)
{
	vma_flags_set_mask(&vma->flags, mask);
}

static inline void vma_clear_flags_mask(struct vm_area_struct *vma,
					vma_flags_t mask)
{
	vma_flags_clear_mask(&vma->flags, mask);
}

#define vma_test_any(vma, ...) vma_test_any_mask(vma, mk_vma_flags(__VA_ARGS__))
#define vma_test_all(vma, ...) vma_test_all_mask(vma, mk_vma_flags(__VA_ARGS__))
#define vma_set_flags(vma, ...) \
	vma_set_flags_mask(vma, mk_vma_flags(__VA_ARGS__))
#define vma_clear_flags(vma, ...) \
	vma_clear_flags_mask(vma, mk_vma_flags(__VA_ARGS__))

/* And of one that is going to be. */
static inline bool vma_desc_test(const struct vm_area_desc *desc,
				 vma_flag_t bit)
{
	return vma_flags_test(&desc->vma_flags, bit);
}

static inline bool vma_desc_test_any_mask(const struct vm_area_desc *desc,
					  vma_flags_t mask)
{
	return vma_flags_test_any_mask(&desc->vma_flags, mask);
}

static inline bool vma_desc_test_all_mask(const struct vm_area_desc *desc,
					  vma_flags_t mask)
{
	return vma_flags_test_all_mask(&desc->vma_flags, mask);
}

static inline void vma_desc_set_flags_mask(struct vm_area_desc *desc,
					   vma_flags_t mask)
{
	vma_flags_set_mask(&desc->vma_flags, mask);
}

static inline void vma_desc_clear_flags_mask(struct vm_area_desc *desc,
					     vma_flags_t mask)
{
	vma_flags_clear_mask(&desc->vma_flags, mask);
}

#define vma_desc_test_any(desc, ...) \
	vma_desc_test_any_mask(desc, mk_vma_flags(__VA_ARGS__))
#define vma_desc_test_all(desc, ...) \
	vma_desc_test_all_mask(desc, mk_vma_flags(__VA_ARGS__))
#define vma_desc_set_flags(desc, ...) \
	vma_desc_set_flags_mask(desc, mk_vma_flags(__VA_ARGS__))
#define vma_desc_clear_flags(desc, ...) \
	vma_desc_clear_flags_mask(desc, mk_vma_flags(__VA_ARGS__))

#endif
