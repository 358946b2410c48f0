/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A driver for programs that show the rules of docs/mmap-rules.md: the offset of a
 * mapping says which way it is made, rightly or wrongly. Offset in pages:
 *
 *	way * 256 + page
 *
 * For guests that end with the test.
 */
#ifndef DRYDOCK_WAYS_H
#define DRYDOCK_WAYS_H

#include <linux/dma-mapping.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/rwsem.h>
#include <linux/version.h>

#define WAYS_NAME "drydock_ways"
#define WAYS_PAGES 8UL

/* Memory of no device that the machine has: a window of 64 MiB. */
#define WAYS_MMIO_PFN 0xf0000UL
#define WAYS_MMIO_AREA 0x3000UL	  /* page of the window: vm_iomap_memory()'s */
#define WAYS_MMIO_KERNEL 0x3800UL /* what the driver has mapped for itself */

enum way {
	/* ways_remap.c: remap_pfn_range() and what stands on it */
	WAY_REMAP = 0,		/* the range that was asked for */
	WAY_REMAP_PART,		/* its first page alone */
	WAY_REMAP_BEYOND,	/* and a page behind it */
	WAY_REMAP_TWICE,	/* BUG: a page that is there */
	WAY_REMAP_UNALIGNED,	/* what it returns is dropped */
	WAY_REMAP_READ_PROT,	/* with the protection of a read-only mapping */
	WAY_REMAP_THEN_CLEAR,	/* VM_WRITE and VM_MAYWRITE cleared too late */
	WAY_REMAP_REFUSE_WRITE, /* VM_WRITE refused, VM_MAYWRITE cleared first */
	WAY_REMAP_IO,		/* io_remap_pfn_range() */
	WAY_REMAP_THEN_FAIL,
	WAY_REMAP_THEN_PART, /* a part of it again, which fails if it is private */
	WAY_REMAP_ODD_SIZE,
	WAY_REMAP_EMPTY, /* BUG */
	WAY_REMAP_FAR,	 /* frames that no memory has */
	WAY_REMAP_ZAP,	 /* the first page is zapped again */
	WAY_REMAP_WC,	 /* write-combining RAM */
	WAY_MMIO, /* page: of the window; with the VMA's own protection */
	WAY_MMIO_UC,
	WAY_MMIO_WC,
	WAY_MMIO_WC_OF_UC, /* pgprot_writecombine(pgprot_noncached()) */
	WAY_MMIO_PART,	   /* write-combining, the first page alone */
	WAY_MMIO_ZAP,	   /* write-combining, the first page is zapped again */
	WAY_IOMAP, /* vm_iomap_memory(): 8 pages of the window from page 0x3000 */
	WAY_IOMAP_ODD, /* the same, 0x100 bytes further on */
	WAY_IOMAP_WRAPS,
	WAY_REMAP_COUNTED, /* with ->open and ->close */
	WAY_MMIO_MAPPED, /* uncached, what the driver has mapped write-combining */
	WAY_ISA,	 /* the ISA range, from page 0xa0 on */
	WAY_ISA_WC,

	/* ways_insert.c: pages */
	WAY_INSERT = 32,
	WAY_INSERT_OUTSIDE,
	WAY_INSERT_UNCOUNTED, /* a page that nobody holds; the error is dropped */
	WAY_INSERT_SLAB,
	WAY_INSERT_TWICE,
	WAY_INSERT_PAGES, /* vm_insert_pages() */
	WAY_INSERT_PAGES_BEYOND,
	WAY_INSERT_PAGES_UNCOUNTED, /* the third one; what it returns is dropped */
	WAY_MAP_PAGES,		    /* vm_map_pages() from page `page` on */
	WAY_MAP_PAGES_ZERO,
	WAY_VMALLOC,	   /* remap_vmalloc_range() of vmalloc_user() memory */
	WAY_VMALLOC_PLAIN, /* of vmalloc() memory */
	WAY_VMALLOC_FAR,   /* an offset whose bytes overflow */
	WAY_INSERT_INTO_PFNMAP, /* BUG */
	WAY_INSERT_COUNTED,	/* with ->open and ->close: may grow in place */
	WAY_INSERT_FIRST,	/* the first page alone; may be made longer */
	WAY_VMALLOC_INSIDE,	/* of vmalloc_user() memory from page 4 on */
	WAY_INSERT_ZAP,		/* the first page is zapped again */
	WAY_INSERT_PAGES_PFNMAP, /* vm_insert_pages() into a VM_PFNMAP */

	/* ways_fault.c: what a fault finds */
	WAY_FAULT = 64,	   /* a page, by vm_pgoff */
	WAY_FAULT_COUNTED, /* with ->open and ->close */
	WAY_FAULT_MKWRITE, /* with ->page_mkwrite */
	WAY_FAULT_MKWRITE_REFUSED,
	WAY_FAULT_PFN,	       /* vmf_insert_pfn() of RAM */
	WAY_FAULT_PFN_MKWRITE, /* with ->pfn_mkwrite */
	WAY_FAULT_PFN_MMIO,
	WAY_FAULT_PFN_OUTSIDE,
	WAY_FAULT_PFN_NO_PFNMAP, /* BUG */
	WAY_FAULT_MIXED,	 /* vmf_insert_mixed() */
	WAY_FAULT_MIXED_MKWRITE,
	WAY_FAULT_SIGBUS,
	WAY_FAULT_SIGSEGV,
	WAY_FAULT_LOCKED,
	WAY_FAULT_CANNOT_SPLIT, /* ->may_split says EBUSY */
	WAY_FAULT_CANNOT_MOVE,	/* ->mremap says EPERM */
	WAY_FAULT_DONTDUMP,	/* changes the VMA's flags */
	WAY_NO_OPS,		/* vm_ops is NULL */
	WAY_NOTHING,		/* returns 0 and does nothing */
	WAY_POSITIVE,		/* returns 77 */
	WAY_FAIL,		/* returns -EREMOTEIO */
	WAY_FAULT_KEEP,		/* vmf_insert_pfn() twice, another frame */
	WAY_FAULT_MIXED_PLAIN, /* BUG: vmf_insert_mixed() without VM_MIXEDMAP */
	WAY_FAULT_MIXED_OUTSIDE,

	/* ways_dma.c */
	WAY_DMA = 96,	  /* dma_mmap_coherent(), from page `page` on */
	WAY_DMA_TOO_MUCH, /* told twice the size */
	WAY_DMA_ODD_SIZE, /* told a size of 7 pages and a byte */
	WAY_DMA_PAGES,	  /* dma_mmap_pages() */
	WAYS_END = 128,
};

/* ioctl commands: what has come to pass since the driver was loaded. */
#define WAYS_OPENS 0x5700
#define WAYS_CLOSES 0x5701
#define WAYS_FAULTS 0x5702
#define WAYS_MKWRITES 0x5703
#define WAYS_COUNT 0x5704 /* page_count() of page `arg` */
#define WAYS_ERROR 0x5705 /* that was dropped last, as a positive number */
#define WAYS_LEFT 0x5706  /* pages that vm_insert_pages() did not insert */
#define WAYS_LOCK \
	0x5707 /* enum ways_lock, as hook `arg` last found mmap_lock since an open */
#define WAYS_UNMAP 0x5710 /* the page at offset `arg` out of every mapping */
#define WAYS_UNMAP_REST 0x5711 /* from offset `arg` to the end */
#define WAYS_UNMAP_COWS 0x5712 /* private copies as well */

enum ways_hook {
	HOOK_MMAP,
	HOOK_OPEN,
	HOOK_CLOSE,
	HOOK_FAULT,
	HOOK_MKWRITE,
	WAYS_HOOKS,
};

enum ways_lock { WAYS_UNKNOWN, WAYS_FREE, WAYS_READ, WAYS_WRITE };

struct ways {
	struct page *pages[WAYS_PAGES]; /* contiguous, each held by itself */
	struct page *uncounted; /* the second one of two: nobody holds it */
	void *slab;
	void *user;  /* vmalloc_user() */
	void *plain; /* vmalloc() */
	void *coherent;
	dma_addr_t handle;
	struct page *streaming;
	dma_addr_t streaming_handle;
	void __iomem *registers;
	struct device *dev;
	unsigned long opens, closes, faults, mkwrites;
	int error;
	unsigned long left;
	enum ways_lock locks[WAYS_HOOKS];
};

extern struct ways ways;
extern const struct vm_operations_struct ways_counted_ops;

/* LK1: how a hook of the VMA finds mmap_lock. */
static inline void ways_note_lock(const struct vm_area_struct *vma,
				  enum ways_hook hook)
{
	struct rw_semaphore *lock =
		(struct rw_semaphore *)&vma->vm_mm->mmap_lock;

	if (!rwsem_is_locked(lock)) {
		ways.locks[hook] = WAYS_FREE;
	} else if (down_read_trylock(lock)) {
		up_read(lock);
		ways.locks[hook] = WAYS_READ;
	} else {
		ways.locks[hook] = WAYS_WRITE;
	}
}

static inline unsigned long ways_page(const struct vm_area_struct *vma)
{
	return vma->vm_pgoff & 0xff;
}

static inline unsigned long ways_first_pfn(void)
{
	return page_to_pfn(ways.pages[0]);
}

/* zap_vma_ptes(), which 7.x has no more: -EOPNOTSUPP there. */
static inline int ways_zap_first_page(struct vm_area_struct *vma)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 0, 0)
	zap_vma_ptes(vma, vma->vm_start, PAGE_SIZE);
	return 0;
#else
	return -EOPNOTSUPP;
#endif
}

/* Since 6.3 vm_flags is constant and has setters. */
static inline void ways_change_flags(struct vm_area_struct *vma,
				     unsigned long set, unsigned long clear)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	vm_flags_mod(vma, set, clear);
#else
	vma->vm_flags = (vma->vm_flags | set) & ~clear;
#endif
}

/* Whether the request lies in the object. */
static inline bool ways_fits(const struct vm_area_struct *vma)
{
	unsigned long pages = (vma->vm_end - vma->vm_start) >> PAGE_SHIFT;

	return ways_page(vma) < WAYS_PAGES &&
	       pages <= WAYS_PAGES - ways_page(vma);
}

int ways_remap(struct vm_area_struct *vma, enum way way);
int ways_insert(struct vm_area_struct *vma, enum way way);
int ways_fault(struct vm_area_struct *vma, enum way way);
int ways_dma(struct vm_area_struct *vma, enum way way);

#endif /* DRYDOCK_WAYS_H */
