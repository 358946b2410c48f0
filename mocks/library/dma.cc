// DMA functions that a kernel makes of others: kernel/dma/mapping.c, mm/dmapool.c.
#include "mocks/include/drydock/dma_structs.h"
#include "mocks/library/structs.h"
#include "mocks/shims/shim.h"

using drydock::mocks::Cross;
using drydock::mocks::DeviceApi;
using drydock::mocks::DmaApi;
using drydock::mocks::MmApi;

extern "C" {
extern struct page* drydock_vmemmap;
}

namespace {

constexpr int kEnxio = 6;
constexpr unsigned long kPageShift = 12;
constexpr unsigned long kPageMask = (1ul << kPageShift) - 1;

using Action = void (*)(void*);
void DestroyPool(void* pool) { Cross<&DmaApi::DmaPoolDestroy>(static_cast<dma_pool*>(pool)); }

}  // namespace

extern "C" {

unsigned int dma_map_sg_attrs(device* dev, scatterlist* list, int count, int direction,
                              unsigned long attrs) {
  int mapped = Cross<&DmaApi::DmaMapSg>(dev, list, count, direction, attrs);
  return mapped < 0 ? 0 : static_cast<unsigned int>(mapped);
}
int dma_map_sgtable(device* dev, sg_table* table, int direction, unsigned long attrs) {
  int mapped = Cross<&DmaApi::DmaMapSg>(dev, table->sgl, static_cast<int>(table->orig_nents),
                                        direction, attrs);
  if (mapped < 0) return mapped;
  table->nents = static_cast<unsigned int>(mapped);
  return 0;
}
// DM7: the bounds of dma_mmap_attrs(), the VMA's own protection.
int dma_mmap_pages(device*, vm_area_struct* vma, size_t size, page* page) {
  unsigned long count = (size + kPageMask) >> kPageShift;
  unsigned long wanted = (vma->vm_end - vma->vm_start) >> kPageShift;
  if (vma->vm_pgoff >= count || wanted > count - vma->vm_pgoff) return -kEnxio;
  return Cross<&MmApi::RemapPfnRange>(
      vma, vma->vm_start, static_cast<unsigned long>(page - drydock_vmemmap) + vma->vm_pgoff,
      wanted << kPageShift, vma->vm_page_prot);
}
unsigned long dma_max_mapping_size(device*) { return ~0ul; }

dma_pool* dmam_pool_create(const char* name, device* dev, size_t size, size_t align,
                           size_t boundary) {
  dma_pool* pool = Cross<&DmaApi::DmaPoolCreate>(name, dev, size, align, boundary);
  if (pool == nullptr) return nullptr;
  if (Cross<&DeviceApi::DevmAddAction>(dev, Action{DestroyPool}, static_cast<void*>(pool)) != 0) {
    Cross<&DmaApi::DmaPoolDestroy>(pool);
    return nullptr;
  }
  return pool;
}
void dmam_pool_destroy(dma_pool* pool) {
  Cross<&DeviceApi::DevmRemoveAction>(pool->dev, Action{DestroyPool}, static_cast<void*>(pool),
                                      true);
}

}  // extern "C"
