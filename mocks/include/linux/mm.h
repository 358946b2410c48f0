/* SPDX-License-Identifier: GPL-2.0 */
/* VMAs, and what an mmap or a fault handler does to them. */
#ifndef _LINUX_MM_H
#define _LINUX_MM_H

#include <linux/gfp.h>
#include <linux/err.h>
#include <linux/list.h>
#include <linux/atomic.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/overflow.h>
#include <linux/mman.h>

#define PAGE_ALIGN(x) ALIGN(x, PAGE_SIZE)
#define PAGE_ALIGN_DOWN(x) ALIGN_DOWN(x, PAGE_SIZE)
#define PAGE_ALIGNED(x) IS_ALIGNED((unsigned long)(x), PAGE_SIZE)
#define offset_in_page(p) ((unsigned long)(p) & ~PAGE_MASK)
#define VM_ACCESS_FLAGS (VM_READ | VM_WRITE | VM_EXEC)
#define VM_SPECIAL (VM_IO | VM_DONTEXPAND | VM_PFNMAP | VM_MIXEDMAP)
#define FAULT_FLAG_DEFAULT                              \
	(FAULT_FLAG_ALLOW_RETRY | FAULT_FLAG_KILLABLE | \
	 FAULT_FLAG_INTERRUPTIBLE)
#define TASK_SIZE 0x7ffffffff000UL

static inline unsigned long vma_pages(const struct vm_area_struct *vma)
{
	return (vma->vm_end - vma->vm_start) >> PAGE_SHIFT;
}

#if DRYDOCK_PROFILE_NUMBER < 703
static inline bool is_cow_mapping(vm_flags_t flags)
{
	return (flags & (VM_SHARED | VM_MAYWRITE)) == VM_MAYWRITE;
}
#endif

static inline bool vma_is_anonymous(struct vm_area_struct *vma)
{
	return !vma->vm_ops;
}

static inline bool range_in_vma(struct vm_area_struct *vma, unsigned long start,
				unsigned long end)
{
	return vma && vma->vm_start <= start && end <= vma->vm_end;
}

/*
 * P1. Since 6.3 vm_flags is const and these are the way. Debian's 6.1 has none of
 * them: a driver that uses them there does not compile, here as there.
 */
#if DRYDOCK_PROFILE_NUMBER >= 603
static inline void vm_flags_init(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->DRYDOCK_603(__vm_flags) = flags;
}

static inline void vm_flags_reset(struct vm_area_struct *vma, vm_flags_t flags)
{
	vm_flags_init(vma, flags);
}

static inline void vm_flags_set(struct vm_area_struct *vma, vm_flags_t flags)
{
	vm_flags_init(vma, vma->vm_flags | flags);
}

static inline void vm_flags_clear(struct vm_area_struct *vma, vm_flags_t flags)
{
	vm_flags_init(vma, vma->vm_flags & ~flags);
}

static inline void vm_flags_mod(struct vm_area_struct *vma, vm_flags_t set,
				vm_flags_t clear)
{
	vm_flags_init(vma, (vma->vm_flags | set) & ~clear);
}
#endif

#ifdef DRYDOCK_HAS_703
#include <drydock/vma_flags.h>
#include <drydock/mmap_prepare.h>
#endif

/* Population. Only what the profile's kernel exports to modules is here. */
int remap_pfn_range(struct vm_area_struct *vma, unsigned long addr,
		    unsigned long pfn, unsigned long size, pgprot_t prot);
int vm_iomap_memory(struct vm_area_struct *vma, phys_addr_t start,
		    unsigned long len);
int vm_insert_page(struct vm_area_struct *vma, unsigned long addr,
		   struct page *page);
int vm_insert_pages(struct vm_area_struct *vma, unsigned long addr,
		    struct page **pages, unsigned long *num);
int vm_map_pages(struct vm_area_struct *vma, struct page **pages,
		 unsigned long num);
int vm_map_pages_zero(struct vm_area_struct *vma, struct page **pages,
		      unsigned long num);
vm_fault_t vmf_insert_pfn(struct vm_area_struct *vma, unsigned long addr,
			  unsigned long pfn);
vm_fault_t vmf_insert_pfn_prot(struct vm_area_struct *vma, unsigned long addr,
			       unsigned long pfn, pgprot_t prot);
#if DRYDOCK_PROFILE_NUMBER < 700
vm_fault_t vmf_insert_mixed(struct vm_area_struct *vma, unsigned long addr,
			    pfn_t pfn);
#else
vm_fault_t vmf_insert_mixed(struct vm_area_struct *vma, unsigned long addr,
			    unsigned long pfn);
#endif
#if DRYDOCK_PROFILE_NUMBER < 612
vm_fault_t vmf_insert_mixed_prot(struct vm_area_struct *vma, unsigned long addr,
				 pfn_t pfn, pgprot_t prot);
vm_fault_t vmf_insert_mixed_mkwrite(struct vm_area_struct *vma,
				    unsigned long addr, pfn_t pfn);
#endif
#if DRYDOCK_PROFILE_NUMBER < 700
void zap_vma_ptes(struct vm_area_struct *vma, unsigned long addr,
		  unsigned long size);
#else
void zap_special_vma_range(struct vm_area_struct *vma, unsigned long addr,
			   unsigned long size);
#endif

/* P17: which frame a user address shows. */
#if DRYDOCK_PROFILE_NUMBER < 612
int follow_pfn(struct vm_area_struct *vma, unsigned long address,
	       unsigned long *pfn);
int follow_pte(struct mm_struct *mm, unsigned long address, pte_t **ptepp,
	       spinlock_t **ptlp);
#else
struct follow_pfnmap_args {
	struct vm_area_struct *vma;
	unsigned long address;
	spinlock_t *lock;
	pte_t *ptep;
	unsigned long pfn;
#if DRYDOCK_PROFILE_NUMBER >= 703
	unsigned long addr_mask;
#endif
	pgprot_t pgprot;
	bool writable;
	bool special;
};

int follow_pfnmap_start(struct follow_pfnmap_args *args);
void follow_pfnmap_end(struct follow_pfnmap_args *args);
#endif
void unmap_mapping_range(struct address_space *mapping, loff_t const holebegin,
			 loff_t const holelen, int even_cows);
void unmap_mapping_pages(struct address_space *mapping, pgoff_t start,
			 pgoff_t nr, bool even_cows);

static inline void unmap_shared_mapping_range(struct address_space *mapping,
					      loff_t const holebegin,
					      loff_t const holelen)
{
	unmap_mapping_range(mapping, holebegin, holelen, 0);
}

pgprot_t vm_get_page_prot(unsigned long vm_flags);
int generic_access_phys(struct vm_area_struct *vma, unsigned long addr,
			void *buf, int len, int write);
struct vm_area_struct *find_vma(struct mm_struct *mm, unsigned long addr);

static inline struct vm_area_struct *vma_lookup(struct mm_struct *mm,
						unsigned long addr)
{
	struct vm_area_struct *vma = find_vma(mm, addr);

	return vma && vma->vm_start <= addr ? vma : NULL;
}

static inline int io_remap_pfn_range(struct vm_area_struct *vma,
				     unsigned long addr, unsigned long pfn,
				     unsigned long size, pgprot_t prot)
{
	return remap_pfn_range(vma, addr, pfn, size, pgprot_decrypted(prot));
}

/* powerpc's: one 4 KiB page. On a machine whose pages are 4 KiB it is the plain call. */
static inline int remap_4k_pfn(struct vm_area_struct *vma, unsigned long addr,
			       unsigned long pfn, pgprot_t prot)
{
	return remap_pfn_range(vma, addr, pfn, PAGE_SIZE, prot);
}

static inline vm_fault_t vmf_error(int err)
{
	return err == -ENOMEM ? VM_FAULT_OOM : VM_FAULT_SIGBUS;
}

static inline vm_fault_t vmf_insert_page(struct vm_area_struct *vma,
					 unsigned long addr, struct page *page)
{
	int err = vm_insert_page(vma, addr, page);

	if (err == -ENOMEM)
		return VM_FAULT_OOM;
	if (err < 0 && err != -EBUSY)
		return VM_FAULT_SIGBUS;
	return VM_FAULT_NOPAGE;
}

/* Page references and flags. Taking and dropping one crosses the seam. */
void drydock_get_page(struct page *page);
void drydock_put_page(struct page *page);
#define get_page(page) drydock_get_page(page)
#define put_page(page) drydock_put_page(page)
#define page_ref_count(page) atomic_read(&(page)->_refcount)
#if DRYDOCK_PROFILE_NUMBER < 612
#define page_mapcount(page) (atomic_read(&(page)->_mapcount) + 1)
#endif
#if DRYDOCK_PROFILE_NUMBER < 700
#define page_mapped(page) (atomic_read(&(page)->_mapcount) >= 0)
#endif

static inline struct page *compound_head(const struct page *page)
{
	return page->compound_head ? page->compound_head : (struct page *)page;
}

/* A block of __GFP_COMP is held by the references to its first page. */
static inline int page_count(const struct page *page)
{
	return page_ref_count(compound_head(page));
}

#define compound_order(page) ((page)->compound_order)
#define page_private(page) ((page)->private)
#define set_page_private(page, value) ((page)->private = (value))
#define page_size(page) (PAGE_SIZE << compound_order(page))

enum pageflags {
	PG_locked,
	PG_referenced,
	PG_uptodate,
	PG_dirty,
	PG_reserved = 12
};
#define DRYDOCK_PAGE_FLAG(Name, bit)                          \
	static inline int Page##Name(const struct page *page) \
	{                                                     \
		return test_bit(bit, &page->flags);           \
	}                                                     \
	static inline void SetPage##Name(struct page *page)   \
	{                                                     \
		set_bit(bit, &page->flags);                   \
	}                                                     \
	static inline void ClearPage##Name(struct page *page) \
	{                                                     \
		clear_bit(bit, &page->flags);                 \
	}
DRYDOCK_PAGE_FLAG(Locked, PG_locked)
DRYDOCK_PAGE_FLAG(Referenced, PG_referenced)
DRYDOCK_PAGE_FLAG(Uptodate, PG_uptodate)
DRYDOCK_PAGE_FLAG(Dirty, PG_dirty)
DRYDOCK_PAGE_FLAG(Reserved, PG_reserved)

/* All memory is in the linear map: nothing to map for a moment. */
#define kmap(page) page_address(page)
#define kunmap(page) ((void)(page))
#define kmap_atomic(page) page_address(page)
#define kunmap_atomic(address) ((void)(address))
#define kmap_local_page(page) page_address(page)
#define kunmap_local(address) ((void)(address))
#define clear_page(address) memset((address), 0, PAGE_SIZE)
#define copy_page(to, from) memcpy((to), (from), PAGE_SIZE)
#define clear_highpage(page) clear_page(page_address(page))

static inline void mmap_read_lock(struct mm_struct *mm)
{
	down_read((struct rw_semaphore *)&mm->mmap_lock);
}

static inline void mmap_read_unlock(struct mm_struct *mm)
{
	up_read((struct rw_semaphore *)&mm->mmap_lock);
}

static inline void mmap_write_lock(struct mm_struct *mm)
{
	down_write((struct rw_semaphore *)&mm->mmap_lock);
}

static inline void mmap_write_unlock(struct mm_struct *mm)
{
	up_write((struct rw_semaphore *)&mm->mmap_lock);
}

void kvfree(const void *address);
bool is_vmalloc_addr(const void *address);
struct page *vmalloc_to_page(const void *address);
int set_page_dirty(struct page *page);
int set_page_dirty_lock(struct page *page);
long get_user_pages(unsigned long start, unsigned long count,
		    unsigned int flags, struct page **pages,
		    struct vm_area_struct **vmas);
int get_user_pages_fast(unsigned long start, int count, unsigned int flags,
			struct page **pages);
int pin_user_pages_fast(unsigned long start, int count, unsigned int flags,
			struct page **pages);
void unpin_user_pages(struct page **pages, unsigned long count);
void unpin_user_page(struct page *page);
#define FOLL_WRITE 0x01
#define FOLL_FORCE 0x10
#define FOLL_LONGTERM 0x10000

#include <linux/string.h>

#endif
