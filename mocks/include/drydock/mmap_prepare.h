/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a 7.3 driver does in f_op->mmap_prepare: describe a mapping and say how
 * it is to be filled. A part of that kernel's <linux/mm.h>, which includes this.
 * The setters are inline in the kernel too, so their warnings are the driver's.
 */
#ifndef DRYDOCK_MMAP_PREPARE_H
#define DRYDOCK_MMAP_PREPARE_H

static inline unsigned long vma_desc_size(const struct vm_area_desc *desc)
{
	return desc->end - desc->start;
}

static inline unsigned long vma_desc_pages(const struct vm_area_desc *desc)
{
	return vma_desc_size(desc) >> PAGE_SHIFT;
}

static inline bool vma_desc_is_cow_mapping(struct vm_area_desc *desc)
{
	return !vma_desc_test(desc, VMA_SHARED_BIT) &&
	       vma_desc_test(desc, VMA_MAYWRITE_BIT);
}

static inline bool vma_is_cow_mapping(const struct vm_area_struct *vma)
{
	return !vma_test(vma, VMA_SHARED_BIT) &&
	       vma_test(vma, VMA_MAYWRITE_BIT);
}

static inline void vma_desc_set_anonymous(struct vm_area_desc *desc)
{
	desc->vm_ops = NULL;
}

static inline bool range_is_subset(unsigned long outer_start,
				   unsigned long outer_end,
				   unsigned long inner_start,
				   unsigned long inner_end)
{
	return inner_start >= outer_start && inner_end <= outer_end;
}

static inline bool range_in_vma_desc(const struct vm_area_desc *desc,
				     unsigned long start, unsigned long end)
{
	return desc && range_is_subset(desc->start, desc->end, start, end);
}

/* PR3: the protection is that of now. PR4: a range outside is warned of. */
static inline void mmap_action_remap(struct vm_area_desc *desc,
				     unsigned long start,
				     unsigned long start_pfn,
				     unsigned long size)
{
	WARN_ON_ONCE(start < desc->start || start >= desc->end);
	WARN_ON_ONCE(start + size > desc->end);

	desc->action.type = MMAP_REMAP_PFN;
	desc->action.remap.pgprot = desc->page_prot;
	desc->action.remap.start = start;
	desc->action.remap.start_pfn = start_pfn;
	desc->action.remap.size = size;
}

static inline void mmap_action_remap_full(struct vm_area_desc *desc,
					  unsigned long start_pfn)
{
	mmap_action_remap(desc, desc->start, start_pfn, vma_desc_size(desc));
}

static inline void mmap_action_ioremap(struct vm_area_desc *desc,
				       unsigned long start,
				       unsigned long start_pfn,
				       unsigned long size)
{
	mmap_action_remap(desc, start, start_pfn, size);
	desc->action.type = MMAP_IO_REMAP_PFN;
}

static inline void mmap_action_ioremap_full(struct vm_area_desc *desc,
					    unsigned long start_pfn)
{
	mmap_action_ioremap(desc, desc->start, start_pfn, vma_desc_size(desc));
}

static inline void mmap_action_simple_ioremap(struct vm_area_desc *desc,
					      phys_addr_t start_phys_addr,
					      unsigned long size)
{
	desc->action.type = MMAP_SIMPLE_IO_REMAP;
	desc->action.simple_ioremap.start_phys_addr = start_phys_addr;
	desc->action.simple_ioremap.size = size;
}

static inline void mmap_action_map_kernel_pages(struct vm_area_desc *desc,
						unsigned long start,
						struct page **pages,
						unsigned long nr_pages)
{
	desc->action.type = MMAP_MAP_KERNEL_PAGES;
	desc->action.map_kernel.start = start;
	desc->action.map_kernel.pages = pages;
	desc->action.map_kernel.nr_pages = nr_pages;
	desc->action.map_kernel.pgoff = desc->pgoff;
}

static inline void mmap_action_map_kernel_pages_full(struct vm_area_desc *desc,
						     struct page **pages)
{
	mmap_action_map_kernel_pages(desc, desc->start, pages,
				     vma_desc_pages(desc));
}

int mmap_action_prepare(struct vm_area_desc *desc);
int mmap_action_complete(struct vm_area_struct *vma, struct mmap_action *action,
			 bool is_compat);

/*
 * For drivers whose ->mmap asks another file's ->mmap_prepare: its changes are
 * made to the mapping that there already is, and its action is carried out.
 */
void compat_set_desc_from_vma(struct vm_area_desc *desc,
			      const struct file *file,
			      const struct vm_area_struct *vma);
int __compat_vma_mmap(struct vm_area_desc *desc, struct vm_area_struct *vma);
int compat_vma_mmap(struct file *file, struct vm_area_struct *vma);

#endif
