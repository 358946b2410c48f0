/* SPDX-License-Identifier: GPL-2.0 */
/* Memory that a device reaches. A dma_addr_t is the device's address, no other's. */
#ifndef _LINUX_DMA_MAPPING_H
#define _LINUX_DMA_MAPPING_H

#include <linux/device.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>

enum dma_data_direction {
	DMA_BIDIRECTIONAL = 0,
	DMA_TO_DEVICE = 1,
	DMA_FROM_DEVICE = 2,
	DMA_NONE = 3,
};

#define DMA_BIT_MASK(n) ((n) == 64 ? ~0ULL : (1ULL << (n)) - 1)
#define DMA_MAPPING_ERROR (~(dma_addr_t)0)

void *dma_alloc_attrs(struct device *dev, size_t size, dma_addr_t *handle,
		      gfp_t gfp, unsigned long attrs);
void dma_free_attrs(struct device *dev, size_t size, void *cpu_addr,
		    dma_addr_t handle, unsigned long attrs);
int dma_mmap_attrs(struct device *dev, struct vm_area_struct *vma,
		   void *cpu_addr, dma_addr_t handle, size_t size,
		   unsigned long attrs);
void *dmam_alloc_attrs(struct device *dev, size_t size, dma_addr_t *handle,
		       gfp_t gfp, unsigned long attrs);
void dmam_free_coherent(struct device *dev, size_t size, void *cpu_addr,
			dma_addr_t handle);
int dma_set_mask(struct device *dev, u64 mask);
int dma_set_coherent_mask(struct device *dev, u64 mask);
dma_addr_t dma_map_page_attrs(struct device *dev, struct page *page,
			      size_t offset, size_t size,
			      enum dma_data_direction dir, unsigned long attrs);
void dma_unmap_page_attrs(struct device *dev, dma_addr_t addr, size_t size,
			  enum dma_data_direction dir, unsigned long attrs);
void dma_sync_single_for_cpu(struct device *dev, dma_addr_t addr, size_t size,
			     enum dma_data_direction dir);
void dma_sync_single_for_device(struct device *dev, dma_addr_t addr,
				size_t size, enum dma_data_direction dir);
void dma_sync_sg_for_cpu(struct device *dev, struct scatterlist *list,
			 int count, enum dma_data_direction dir);
void dma_sync_sg_for_device(struct device *dev, struct scatterlist *list,
			    int count, enum dma_data_direction dir);
dma_addr_t dma_map_resource(struct device *dev, phys_addr_t phys, size_t size,
			    enum dma_data_direction dir, unsigned long attrs);
void dma_unmap_resource(struct device *dev, dma_addr_t addr, size_t size,
			enum dma_data_direction dir, unsigned long attrs);
bool dma_can_mmap(struct device *dev);
bool dma_need_sync(struct device *dev, dma_addr_t addr);
size_t dma_max_mapping_size(struct device *dev);
u64 dma_get_required_mask(struct device *dev);
int dma_map_sgtable(struct device *dev, struct sg_table *table,
		    enum dma_data_direction dir, unsigned long attrs);
unsigned int dma_map_sg_attrs(struct device *dev, struct scatterlist *list,
			      int count, enum dma_data_direction dir,
			      unsigned long attrs);
void dma_unmap_sg_attrs(struct device *dev, struct scatterlist *list, int count,
			enum dma_data_direction dir, unsigned long attrs);
int dma_get_sgtable_attrs(struct device *dev, struct sg_table *table,
			  void *cpu_addr, dma_addr_t handle, size_t size,
			  unsigned long attrs);
struct page *dma_alloc_pages(struct device *dev, size_t size,
			     dma_addr_t *handle, enum dma_data_direction dir,
			     gfp_t gfp);
void dma_free_pages(struct device *dev, size_t size, struct page *page,
		    dma_addr_t handle, enum dma_data_direction dir);
int dma_mmap_pages(struct device *dev, struct vm_area_struct *vma, size_t size,
		   struct page *page);

#define dma_mmap_coherent(dev, vma, cpu, handle, size) \
	dma_mmap_attrs(dev, vma, cpu, handle, size, 0)
#define dma_map_sg(dev, list, n, dir) dma_map_sg_attrs(dev, list, n, dir, 0)
#define dma_unmap_sg(dev, list, n, dir) dma_unmap_sg_attrs(dev, list, n, dir, 0)
#define dma_get_sgtable(dev, t, cpu, handle, size) \
	dma_get_sgtable_attrs(dev, t, cpu, handle, size, 0)
#define dma_map_page(dev, page, off, size, dir) \
	dma_map_page_attrs(dev, page, off, size, dir, 0)
#define dma_unmap_page(dev, addr, size, dir) \
	dma_unmap_page_attrs(dev, addr, size, dir, 0)
#define dma_unmap_single(dev, addr, size, dir) \
	dma_unmap_page_attrs(dev, addr, size, dir, 0)

static inline void *dma_alloc_coherent(struct device *dev, size_t size,
				       dma_addr_t *handle, gfp_t gfp)
{
	return dma_alloc_attrs(dev, size, handle, gfp,
			       (gfp & __GFP_NOWARN) ? DMA_ATTR_NO_WARN : 0);
}

static inline void dma_free_coherent(struct device *dev, size_t size,
				     void *cpu_addr, dma_addr_t handle)
{
	dma_free_attrs(dev, size, cpu_addr, handle, 0);
}

static inline void *dma_alloc_wc(struct device *dev, size_t size,
				 dma_addr_t *handle, gfp_t gfp)
{
	unsigned long attrs = DMA_ATTR_WRITE_COMBINE;

	if (gfp & __GFP_NOWARN)
		attrs |= DMA_ATTR_NO_WARN;
	return dma_alloc_attrs(dev, size, handle, gfp, attrs);
}

static inline void dma_free_wc(struct device *dev, size_t size, void *cpu_addr,
			       dma_addr_t handle)
{
	dma_free_attrs(dev, size, cpu_addr, handle, DMA_ATTR_WRITE_COMBINE);
}

static inline int dma_mmap_wc(struct device *dev, struct vm_area_struct *vma,
			      void *cpu_addr, dma_addr_t handle, size_t size)
{
	return dma_mmap_attrs(dev, vma, cpu_addr, handle, size,
			      DMA_ATTR_WRITE_COMBINE);
}

static inline void *dmam_alloc_coherent(struct device *dev, size_t size,
					dma_addr_t *handle, gfp_t gfp)
{
	return dmam_alloc_attrs(dev, size, handle, gfp,
				(gfp & __GFP_NOWARN) ? DMA_ATTR_NO_WARN : 0);
}

static inline int dma_set_mask_and_coherent(struct device *dev, u64 mask)
{
	int err = dma_set_mask(dev, mask);

	if (!err)
		dma_set_coherent_mask(dev, mask);
	return err;
}

static inline int dma_coerce_mask_and_coherent(struct device *dev, u64 mask)
{
	dev->dma_mask = &dev->coherent_dma_mask;
	return dma_set_mask_and_coherent(dev, mask);
}

static inline u64 dma_get_mask(struct device *dev)
{
	return dev->dma_mask && *dev->dma_mask ? *dev->dma_mask
					       : DMA_BIT_MASK(32);
}

/* Inline in a kernel; both are looked at here. */
dma_addr_t drydock_dma_map_single(struct device *dev, void *ptr, size_t size,
				  enum dma_data_direction dir,
				  unsigned long attrs);
int drydock_dma_mapping_error(struct device *dev, dma_addr_t addr);
#define dma_map_single_attrs(dev, ptr, size, dir, attrs) \
	drydock_dma_map_single(dev, ptr, size, dir, attrs)
#define dma_map_single(dev, ptr, size, dir) \
	dma_map_single_attrs(dev, ptr, size, dir, 0)
#define dma_mapping_error(dev, addr) drydock_dma_mapping_error(dev, addr)
#define dma_unmap_single_attrs(dev, addr, size, dir, attrs) \
	dma_unmap_page_attrs(dev, addr, size, dir, attrs)

static inline void dma_sync_single_range_for_cpu(struct device *dev,
						 dma_addr_t addr,
						 unsigned long offset,
						 size_t size,
						 enum dma_data_direction dir)
{
	dma_sync_single_for_cpu(dev, addr + offset, size, dir);
}

static inline void dma_sync_single_range_for_device(struct device *dev,
						    dma_addr_t addr,
						    unsigned long offset,
						    size_t size,
						    enum dma_data_direction dir)
{
	dma_sync_single_for_device(dev, addr + offset, size, dir);
}

static inline void dma_unmap_sgtable(struct device *dev, struct sg_table *table,
				     enum dma_data_direction dir,
				     unsigned long attrs)
{
	dma_unmap_sg_attrs(dev, table->sgl, table->orig_nents, dir, attrs);
}

static inline void dma_sync_sgtable_for_cpu(struct device *dev,
					    struct sg_table *table,
					    enum dma_data_direction dir)
{
	dma_sync_sg_for_cpu(dev, table->sgl, table->orig_nents, dir);
}

static inline void dma_sync_sgtable_for_device(struct device *dev,
					       struct sg_table *table,
					       enum dma_data_direction dir)
{
	dma_sync_sg_for_device(dev, table->sgl, table->orig_nents, dir);
}

static inline void *dma_alloc_noncoherent(struct device *dev, size_t size,
					  dma_addr_t *handle,
					  enum dma_data_direction dir,
					  gfp_t gfp)
{
	struct page *page = dma_alloc_pages(dev, size, handle, dir, gfp);

	return page ? page_address(page) : NULL;
}

static inline void dma_free_noncoherent(struct device *dev, size_t size,
					void *cpu_addr, dma_addr_t handle,
					enum dma_data_direction dir)
{
	dma_free_pages(dev, size, virt_to_page(cpu_addr), handle, dir);
}

static inline bool dma_addressing_limited(struct device *dev)
{
	return min_not_zero(dma_get_mask(dev), dev->bus_dma_limit) <
	       dma_get_required_mask(dev);
}

#define DEFINE_DMA_UNMAP_ADDR(name) dma_addr_t name
#define DEFINE_DMA_UNMAP_LEN(name) __u32 name
#define dma_unmap_addr(ptr, name) ((ptr)->name)
#define dma_unmap_addr_set(ptr, name, value) (((ptr)->name) = (value))
#define dma_unmap_len(ptr, name) ((ptr)->name)
#define dma_unmap_len_set(ptr, name, value) (((ptr)->name) = (value))

#endif
