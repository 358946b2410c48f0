// Symbols of kernel/dma/mapping.c.
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

}  // extern "C"
