// Symbols of kernel/dma/mapping.c and mm/dmapool.c.
#include "mocks/shims/shim.h"

using drydock::mocks::Cross;
using drydock::mocks::DmaApi;

extern "C" {

void* dma_alloc_attrs(device* dev, size_t size, unsigned long long* handle, unsigned int gfp,
                      unsigned long attrs) {
  return Cross<&DmaApi::DmaAllocAttrs>(dev, size, handle, gfp, attrs);
}
void dma_free_attrs(device* dev, size_t size, void* cpu_addr, unsigned long long handle,
                    unsigned long attrs) {
  Cross<&DmaApi::DmaFreeAttrs>(dev, size, cpu_addr, handle, attrs);
}
int dma_mmap_attrs(device* dev, vm_area_struct* vma, void* cpu_addr, unsigned long long handle,
                   size_t size, unsigned long attrs) {
  return Cross<&DmaApi::DmaMmapAttrs>(dev, vma, cpu_addr, handle, size, attrs);
}
int dma_set_mask(device* dev, unsigned long long mask) {
  return Cross<&DmaApi::DmaSetMask>(dev, mask);
}
int dma_set_coherent_mask(device* dev, unsigned long long mask) {
  return Cross<&DmaApi::DmaSetCoherentMask>(dev, mask);
}
unsigned long long dma_map_page_attrs(device* dev, page* page, size_t offset, size_t size,
                                      int direction, unsigned long attrs) {
  return Cross<&DmaApi::DmaMapPage>(dev, page, offset, size, direction, attrs);
}
void dma_unmap_page_attrs(device* dev, unsigned long long addr, size_t size, int direction,
                          unsigned long attrs) {
  Cross<&DmaApi::DmaUnmapPage>(dev, addr, size, direction, attrs);
}
void dma_sync_single_for_cpu(device* dev, unsigned long long addr, size_t size, int direction) {
  Cross<&DmaApi::DmaSync>(dev, addr, size, direction, true);
}
void dma_sync_single_for_device(device* dev, unsigned long long addr, size_t size, int direction) {
  Cross<&DmaApi::DmaSync>(dev, addr, size, direction, false);
}

void dma_sync_sg_for_cpu(device* dev, scatterlist* list, int count, int direction) {
  Cross<&DmaApi::DmaSyncSg>(dev, list, count, direction, true);
}
void dma_sync_sg_for_device(device* dev, scatterlist* list, int count, int direction) {
  Cross<&DmaApi::DmaSyncSg>(dev, list, count, direction, false);
}
void dma_unmap_sg_attrs(device* dev, scatterlist* list, int count, int direction,
                        unsigned long attrs) {
  Cross<&DmaApi::DmaUnmapSg>(dev, list, count, direction, attrs);
}
unsigned long long dma_map_resource(device* dev, unsigned long long phys, size_t size,
                                    int direction, unsigned long attrs) {
  return Cross<&DmaApi::DmaMapResource>(dev, phys, size, direction, attrs);
}
void dma_unmap_resource(device* dev, unsigned long long addr, size_t size, int direction,
                        unsigned long attrs) {
  Cross<&DmaApi::DmaUnmapResource>(dev, addr, size, direction, attrs);
}
page* dma_alloc_pages(device* dev, size_t size, unsigned long long* handle, int direction,
                      unsigned int gfp) {
  return Cross<&DmaApi::DmaAllocPages>(dev, size, handle, direction, gfp);
}
void dma_free_pages(device* dev, size_t size, page* page, unsigned long long handle,
                    int direction) {
  Cross<&DmaApi::DmaFreePages>(dev, size, page, handle, direction);
}
int dma_get_sgtable_attrs(device* dev, sg_table* table, void* cpu_addr, unsigned long long handle,
                          size_t size, unsigned long attrs) {
  return Cross<&DmaApi::DmaGetSgtable>(dev, table, cpu_addr, handle, size, attrs);
}
bool dma_need_sync(device* dev, unsigned long long addr) {
  return Cross<&DmaApi::DmaNeedSync>(dev, addr);
}
bool dma_can_mmap(device* dev) { return Cross<&DmaApi::DmaCanMmap>(dev); }
unsigned long long dma_get_required_mask(device* dev) {
  return Cross<&DmaApi::DmaGetRequiredMask>(dev);
}
dma_pool* dma_pool_create(const char* name, device* dev, size_t size, size_t align,
                          size_t boundary) {
  return Cross<&DmaApi::DmaPoolCreate>(name, dev, size, align, boundary);
}
void dma_pool_destroy(dma_pool* pool) { Cross<&DmaApi::DmaPoolDestroy>(pool); }
void* dma_pool_alloc(dma_pool* pool, unsigned int gfp, unsigned long long* handle) {
  return Cross<&DmaApi::DmaPoolAlloc>(pool, gfp, handle);
}
void dma_pool_free(dma_pool* pool, void* address, unsigned long long handle) {
  Cross<&DmaApi::DmaPoolFree>(pool, address, handle);
}

// Inline in a kernel; here they cross.
unsigned long long drydock_dma_map_single(device* dev, void* address, size_t size, int direction,
                                          unsigned long attrs) {
  return Cross<&DmaApi::DmaMapSingle>(dev, address, size, direction, attrs);
}
int drydock_dma_mapping_error(device* dev, unsigned long long addr) {
  return Cross<&DmaApi::DmaMappingError>(dev, addr);
}

}  // extern "C"
