/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pages, frames and addresses. Arithmetic on struct page stays here; what is
 * only right for the linear map (virt_to_phys() and what is made of it) crosses
 * the seam, where the address is checked.
 */
#ifndef _ASM_PAGE_H
#define _ASM_PAGE_H

#include <linux/kernel.h>
#include <drydock/flags.h>

#ifdef DRYDOCK_PAGE_SHIFT
#define PAGE_SHIFT DRYDOCK_PAGE_SHIFT
#else
#define PAGE_SHIFT 12
#endif
#define PAGE_SIZE (1UL << PAGE_SHIFT)
#define PAGE_MASK (~(PAGE_SIZE - 1))
#define PMD_SHIFT 21
#define PMD_SIZE (1UL << PMD_SHIFT)
#define PMD_MASK (~(PMD_SIZE - 1))
#define PUD_SHIFT 30
#define PUD_SIZE (1UL << PUD_SHIFT)
#define HPAGE_SHIFT PMD_SHIFT
#define HPAGE_SIZE PMD_SIZE
#define PHYS_PFN(x) ((unsigned long)((x) >> PAGE_SHIFT))
#define PFN_PHYS(x) ((phys_addr_t)(x) << PAGE_SHIFT)
#define PFN_ALIGN(x) (((unsigned long)(x) + (PAGE_SIZE - 1)) & PAGE_MASK)
#define PFN_UP(x) (((x) + PAGE_SIZE - 1) >> PAGE_SHIFT)
#define PFN_DOWN(x) ((x) >> PAGE_SHIFT)

/* Defined by the simulation: struct page of frame 0, kernel address of byte 0. */
extern struct page *drydock_vmemmap;
extern char *drydock_direct_map;

phys_addr_t drydock_virt_to_phys(const volatile void *address);
void *drydock_phys_to_virt(phys_addr_t phys);
bool drydock_pfn_valid(unsigned long pfn);

#define page_to_pfn(page) ((unsigned long)((page) - drydock_vmemmap))
#define pfn_to_page(pfn) (drydock_vmemmap + (pfn))
#define page_to_phys(page) PFN_PHYS(page_to_pfn(page))
#define phys_to_page(phys) pfn_to_page(PHYS_PFN(phys))
#define pfn_to_phys(pfn) PFN_PHYS(pfn)
#define phys_to_pfn(phys) PHYS_PFN(phys)
#define pfn_valid(pfn) drydock_pfn_valid(pfn)

#define virt_to_phys(address) drydock_virt_to_phys(address)
#define phys_to_virt(phys) drydock_phys_to_virt(phys)
#define __pa(address) \
	((unsigned long)drydock_virt_to_phys((const void *)(address)))
#define __va(phys) drydock_phys_to_virt((phys_addr_t)(phys))
#define virt_to_page(address) pfn_to_page(__pa(address) >> PAGE_SHIFT)
#define virt_to_pfn(address) (__pa(address) >> PAGE_SHIFT)
#define pfn_to_kaddr(pfn) __va(PFN_PHYS(pfn))
#define virt_addr_valid(address) pfn_valid(virt_to_pfn(address))

static inline void *page_to_virt(const struct page *page)
{
	return (void *)((unsigned long)drydock_direct_map + page_to_phys(page));
}
#define page_address(page) page_to_virt(page)
#define lowmem_page_address(page) page_to_virt(page)

static inline int get_order(unsigned long size)
{
	return size ? fls64((size - 1) >> PAGE_SHIFT)
		    : BITS_PER_LONG - PAGE_SHIFT;
}

#define pgprot_val(prot) ((prot).pgprot)
#define __pgprot(value) ((pgprot_t){ (value) })
#define pte_val(pte) ((pte).pte)
#define __pte(value) ((pte_t){ (value) })

#define PAGE_KERNEL                                                        \
	__pgprot(_PAGE_PRESENT | _PAGE_RW | _PAGE_ACCESSED | _PAGE_DIRTY | \
		 _PAGE_NX)
#define PAGE_SHARED                                                       \
	__pgprot(_PAGE_PRESENT | _PAGE_RW | _PAGE_USER | _PAGE_ACCESSED | \
		 _PAGE_NX)
#define PAGE_COPY \
	__pgprot(_PAGE_PRESENT | _PAGE_USER | _PAGE_ACCESSED | _PAGE_NX)
#define PAGE_READONLY PAGE_COPY
#define PAGE_NONE __pgprot(0)

/* Inline in a kernel. What they give is the machine's, so they cross. */
pgprot_t drydock_pgprot_noncached(pgprot_t prot);
pgprot_t drydock_pgprot_device(pgprot_t prot);
pgprot_t drydock_pgprot_dmacoherent(pgprot_t prot);
#define pgprot_noncached(prot) drydock_pgprot_noncached(prot)
#define pgprot_device(prot) drydock_pgprot_device(prot)
#define pgprot_dmacoherent(prot) drydock_pgprot_dmacoherent(prot)
#define pgprot_decrypted(prot) (prot)
#define pgprot_encrypted(prot) (prot)
#define pgprot_nx(prot) __pgprot(pgprot_val(prot) | _PAGE_NX)
pgprot_t pgprot_writecombine(pgprot_t prot);
pgprot_t pgprot_writethrough(pgprot_t prot);

#endif
