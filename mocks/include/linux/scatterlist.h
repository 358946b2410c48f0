/* SPDX-License-Identifier: GPL-2.0 */
/* Scatter lists: buffers in pieces. */
#ifndef _LINUX_SCATTERLIST_H
#define _LINUX_SCATTERLIST_H

#include <linux/bug.h>
#include <linux/mm.h>
#include <drydock/dma_structs.h>

#define SG_PAGE_LINK_MASK (SG_CHAIN | SG_END)
#define SG_CHUNK_SIZE 128
#define SG_MAX_SINGLE_ALLOC (PAGE_SIZE / sizeof(struct scatterlist))

#define sg_dma_address(sg) ((sg)->dma_address)
#define sg_dma_len(sg) ((sg)->dma_length)
#define for_each_sg(list, sg, count, i) \
	for ((i) = 0, (sg) = (list); (i) < (count); (i)++, (sg) = sg_next(sg))
#define for_each_sgtable_sg(table, sg, i) \
	for_each_sg((table)->sgl, sg, (table)->orig_nents, i)
#define for_each_sgtable_dma_sg(table, sg, i) \
	for_each_sg((table)->sgl, sg, (table)->nents, i)

static inline bool sg_is_chain(const struct scatterlist *sg)
{
	return sg->page_link & SG_CHAIN;
}

static inline bool sg_is_last(const struct scatterlist *sg)
{
	return sg->page_link & SG_END;
}

static inline struct scatterlist *sg_chain_ptr(const struct scatterlist *sg)
{
	return (struct scatterlist *)(sg->page_link & ~SG_PAGE_LINK_MASK);
}

static inline struct page *sg_page(const struct scatterlist *sg)
{
	return (struct page *)(sg->page_link & ~SG_PAGE_LINK_MASK);
}

static inline struct scatterlist *sg_next(struct scatterlist *sg)
{
	if (sg_is_last(sg))
		return NULL;
	sg++;
	return sg_is_chain(sg) ? sg_chain_ptr(sg) : sg;
}

static inline void sg_assign_page(struct scatterlist *sg, struct page *page)
{
	sg->page_link = (sg->page_link & SG_PAGE_LINK_MASK) |
			(unsigned long)page;
}

static inline void sg_set_page(struct scatterlist *sg, struct page *page,
			       unsigned int len, unsigned int offset)
{
	sg_assign_page(sg, page);
	sg->offset = offset;
	sg->length = len;
}

static inline void sg_set_buf(struct scatterlist *sg, const void *buf,
			      unsigned int len)
{
	sg_set_page(sg, virt_to_page(buf), len, offset_in_page(buf));
}

static inline void sg_mark_end(struct scatterlist *sg)
{
	sg->page_link |= SG_END;
	sg->page_link &= ~SG_CHAIN;
}

static inline void sg_unmark_end(struct scatterlist *sg)
{
	sg->page_link &= ~SG_END;
}

static inline void sg_chain(struct scatterlist *list, unsigned int count,
			    struct scatterlist *next)
{
	list[count - 1].offset = 0;
	list[count - 1].length = 0;
	list[count - 1].page_link = ((unsigned long)next | SG_CHAIN) & ~SG_END;
}

static inline phys_addr_t sg_phys(const struct scatterlist *sg)
{
	return page_to_phys(sg_page(sg)) + sg->offset;
}

static inline void *sg_virt(const struct scatterlist *sg)
{
	return page_address(sg_page(sg)) + sg->offset;
}

void sg_init_table(struct scatterlist *list, unsigned int count);
void sg_init_one(struct scatterlist *sg, const void *buf, unsigned int len);
int sg_nents(struct scatterlist *sg);
struct scatterlist *sg_last(struct scatterlist *list, unsigned int count);
int sg_alloc_table(struct sg_table *table, unsigned int count, gfp_t gfp);
int sg_alloc_table_from_pages_segment(struct sg_table *table,
				      struct page **pages, unsigned int count,
				      unsigned int offset, unsigned long size,
				      unsigned int max_segment, gfp_t gfp);
void sg_free_table(struct sg_table *table);
size_t sg_copy_from_buffer(struct scatterlist *list, unsigned int count,
			   const void *buf, size_t len);
size_t sg_copy_to_buffer(struct scatterlist *list, unsigned int count,
			 void *buf, size_t len);

static inline int sg_alloc_table_from_pages(struct sg_table *table,
					    struct page **pages,
					    unsigned int count,
					    unsigned int offset,
					    unsigned long size, gfp_t gfp)
{
	return sg_alloc_table_from_pages_segment(table, pages, count, offset,
						 size, UINT_MAX, gfp);
}

#endif
