/* SPDX-License-Identifier: GPL-2.0 */
/* Whole pages. */
#ifndef _LINUX_GFP_H
#define _LINUX_GFP_H

#include <asm/page.h>

#define __GFP_DMA ___GFP_DMA
#define __GFP_HIGHMEM ___GFP_HIGHMEM
#define __GFP_DMA32 ___GFP_DMA32
#define __GFP_MOVABLE ___GFP_MOVABLE
#define __GFP_RECLAIMABLE ___GFP_RECLAIMABLE
#define __GFP_HIGH ___GFP_HIGH
#define __GFP_IO ___GFP_IO
#define __GFP_FS ___GFP_FS
#define __GFP_ZERO ___GFP_ZERO
#define __GFP_ATOMIC ___GFP_ATOMIC
#define __GFP_DIRECT_RECLAIM ___GFP_DIRECT_RECLAIM
#define __GFP_KSWAPD_RECLAIM ___GFP_KSWAPD_RECLAIM
#define __GFP_RECLAIM (___GFP_DIRECT_RECLAIM | ___GFP_KSWAPD_RECLAIM)
#define __GFP_WRITE ___GFP_WRITE
#define __GFP_NOWARN ___GFP_NOWARN
#define __GFP_RETRY_MAYFAIL ___GFP_RETRY_MAYFAIL
#define __GFP_NOFAIL ___GFP_NOFAIL
#define __GFP_NORETRY ___GFP_NORETRY
#define __GFP_MEMALLOC ___GFP_MEMALLOC
#define __GFP_COMP ___GFP_COMP
#define __GFP_NOMEMALLOC ___GFP_NOMEMALLOC
#define __GFP_HARDWALL ___GFP_HARDWALL
#define __GFP_THISNODE ___GFP_THISNODE
#define __GFP_ACCOUNT ___GFP_ACCOUNT
#define GFP_KERNEL (__GFP_RECLAIM | __GFP_IO | __GFP_FS)
#define GFP_KERNEL_ACCOUNT (GFP_KERNEL | __GFP_ACCOUNT)
#define GFP_ATOMIC (__GFP_HIGH | __GFP_ATOMIC | __GFP_KSWAPD_RECLAIM)
#define GFP_NOWAIT __GFP_KSWAPD_RECLAIM
#define GFP_NOIO __GFP_RECLAIM
#define GFP_NOFS (__GFP_RECLAIM | __GFP_IO)
#define GFP_USER (GFP_KERNEL | __GFP_HARDWALL)
#define GFP_HIGHUSER (GFP_USER | __GFP_HIGHMEM)
#define GFP_HIGHUSER_MOVABLE (GFP_HIGHUSER | __GFP_MOVABLE)
#define GFP_DMA __GFP_DMA
#define GFP_DMA32 __GFP_DMA32
#define NUMA_NO_NODE (-1)
#define numa_node_id() 0

/* The largest block is 2^(MAX_ORDER - 1) pages; from 6.4 on, 2^MAX_ORDER. */
#if DRYDOCK_PROFILE_NUMBER < 604
#define MAX_ORDER 11
#define MAX_PAGE_ORDER 10
#else
#define MAX_PAGE_ORDER 10
#define MAX_ORDER MAX_PAGE_ORDER
#endif

static inline bool gfpflags_allow_blocking(gfp_t gfp)
{
	return !!(gfp & __GFP_DIRECT_RECLAIM);
}

struct page *__alloc_pages(gfp_t gfp, unsigned int order, int node,
			   void *nodemask);
void __free_pages(struct page *page, unsigned int order);
unsigned long __get_free_pages(gfp_t gfp, unsigned int order);
unsigned long get_zeroed_page(gfp_t gfp);
void free_pages(unsigned long address, unsigned int order);
void *alloc_pages_exact(size_t size, gfp_t gfp);
void free_pages_exact(void *address, size_t size);
void split_page(struct page *page, unsigned int order);

#define alloc_pages(gfp, order) \
	__alloc_pages((gfp), (order), NUMA_NO_NODE, NULL)
#define alloc_pages_node(node, gfp, order) \
	__alloc_pages((gfp), (order), (node), NULL)
#define alloc_page(gfp) alloc_pages((gfp), 0)
#define __get_free_page(gfp) __get_free_pages((gfp), 0)
#define __get_dma_pages(gfp, order) __get_free_pages((gfp) | GFP_DMA, (order))
#define __free_page(page) __free_pages((page), 0)
#define free_page(address) free_pages((address), 0)

#endif
