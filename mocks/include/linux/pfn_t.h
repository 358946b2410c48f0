/* SPDX-License-Identifier: GPL-2.0 */
/* P16. Frame numbers that say what kind of memory they are; gone since 6.17. */
#ifndef _LINUX_PFN_T_H
#define _LINUX_PFN_T_H

#include <linux/mm.h>
#if DRYDOCK_PROFILE_NUMBER >= 617
#error "this kernel has no linux/pfn_t.h"
#else

#define PFN_FLAGS_MASK (((u64)(~PAGE_MASK)) << (64 - PAGE_SHIFT))
#define PFN_SG_CHAIN (1ULL << 63)
#define PFN_SG_LAST (1ULL << 62)
#define PFN_DEV (1ULL << 61)
#define PFN_MAP (1ULL << 60)
#define PFN_SPECIAL (1ULL << 59)

static inline pfn_t __pfn_to_pfn_t(unsigned long pfn, u64 flags)
{
	return (pfn_t){ .val = pfn | (flags & PFN_FLAGS_MASK) };
}

static inline pfn_t pfn_to_pfn_t(unsigned long pfn)
{
	return __pfn_to_pfn_t(pfn, 0);
}

static inline pfn_t phys_to_pfn_t(phys_addr_t phys, u64 flags)
{
	return __pfn_to_pfn_t(phys >> PAGE_SHIFT, flags);
}

static inline pfn_t page_to_pfn_t(struct page *page)
{
	return pfn_to_pfn_t(page_to_pfn(page));
}

static inline unsigned long pfn_t_to_pfn(pfn_t pfn)
{
	return pfn.val & ~PFN_FLAGS_MASK;
}

static inline phys_addr_t pfn_t_to_phys(pfn_t pfn)
{
	return PFN_PHYS(pfn_t_to_pfn(pfn));
}

static inline bool pfn_t_has_page(pfn_t pfn)
{
	return (pfn.val & PFN_MAP) || !(pfn.val & PFN_DEV);
}

static inline struct page *pfn_t_to_page(pfn_t pfn)
{
	return pfn_t_has_page(pfn) ? pfn_to_page(pfn_t_to_pfn(pfn)) : NULL;
}

static inline bool pfn_t_valid(pfn_t pfn)
{
	return pfn_valid(pfn_t_to_pfn(pfn));
}

static inline bool pfn_t_devmap(pfn_t pfn)
{
	return (pfn.val & (PFN_DEV | PFN_MAP)) == (PFN_DEV | PFN_MAP);
}

static inline bool pfn_t_special(pfn_t pfn)
{
	return pfn.val & PFN_SPECIAL;
}

#endif
#endif
