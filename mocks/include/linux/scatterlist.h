/* SPDX-License-Identifier: GPL-2.0 */
/* Scatter lists; inline access only, what allocates them is a stub. */
#ifndef _LINUX_SCATTERLIST_H
#define _LINUX_SCATTERLIST_H

#include <linux/mm.h>

struct scatterlist {
	struct page *page;
	unsigned int offset;
	unsigned int length;
	dma_addr_t dma_address;
	unsigned int dma_length;
	bool last;
};

struct sg_table {
	struct scatterlist *sgl;
	unsigned int nents;
	unsigned int orig_nents;
};

#define sg_dma_address(sg) ((sg)->dma_address)
#define sg_dma_len(sg) ((sg)->dma_length)
#define sg_page(sg) ((sg)->page)
#define sg_phys(sg) (page_to_phys(sg_page(sg)) + (sg)->offset)
#define sg_virt(sg) (page_address(sg_page(sg)) + (sg)->offset)
#define sg_is_last(sg) ((sg)->last)
#define for_each_sg(list, sg, count, i) \
	for ((i) = 0, (sg) = (list); (i) < (count); (i)++, (sg) = sg_next(sg))
#define for_each_sgtable_sg(table, sg, i) \
	for_each_sg((table)->sgl, sg, (table)->orig_nents, i)
#define for_each_sgtable_dma_sg(table, sg, i) \
	for_each_sg((table)->sgl, sg, (table)->nents, i)

static inline struct scatterlist *sg_next(struct scatterlist *sg)
{
	return sg_is_last(sg) ? NULL : sg + 1;
}

static inline void sg_set_page(struct scatterlist *sg, struct page *page,
			       unsigned int len, unsigned int offset)
{
	sg->page = page;
	sg->offset = offset;
	sg->length = len;
}

void sg_init_table(struct scatterlist *list, unsigned int count);
int sg_alloc_table(struct sg_table *table, unsigned int count, gfp_t gfp);
int sg_alloc_table_from_pages_segment(struct sg_table *table,
				      struct page **pages, unsigned int count,
				      unsigned int offset, unsigned long size,
				      unsigned int max_segment, gfp_t gfp);
#define sg_alloc_table_from_pages(table, pages, count, offset, size, gfp)    \
	sg_alloc_table_from_pages_segment(table, pages, count, offset, size, \
					  UINT_MAX, gfp)
void sg_free_table(struct sg_table *table);

#endif
