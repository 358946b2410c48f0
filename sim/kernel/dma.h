// dma_alloc_attrs() and its kin, without an IOMMU: kernel/dma/mapping.c, kernel/dma/direct.c.
//
// A DMA address is physical address + the platform's offset. Masks are compared with the address
// before the bridge adds the offset, so that a 32-bit device works on every platform. Memory behind
// 24-bit masks does not exist here. Coherent: cache maintenance does nothing and cache attributes
// change nothing (DM2).
#ifndef DRYDOCK_SIM_KERNEL_DMA_H_
#define DRYDOCK_SIM_KERNEL_DMA_H_

#include "mocks/kernel_api.h"
#include "sim/kernel/allocator.h"
#include "sim/kernel/verdict.h"

namespace drydock::kernel {

class Dma final : public mocks::DmaApi {
 public:
  static constexpr unsigned long kAttrNoKernelMapping = 1ul << 4;
  static constexpr unsigned long long kMappingError = ~0ull;  // DMA_MAPPING_ERROR

  Dma(Allocator& allocator, Verdicts& verdicts, mocks::MmApi& mm)
      : allocator_(allocator), verdicts_(verdicts), mm_(mm) {}

  void SetSync(mocks::SyncApi* sync) { sync_ = sync; }

  // Zeroed whole pages, in a block of 2^order, below the device's coherent mask. nullptr,
  // *dma_handle unchanged: no memory, no size, or nothing below the mask (a mask of 0 included).
  // With DMA_ATTR_NO_KERNEL_MAPPING the value is the struct page and the memory stays poisoned.
  void* DmaAllocAttrs(device* dev, size_t size_bytes, unsigned long long* dma_handle, unsigned gfp,
                      unsigned long attrs) override;
  // Reports what does not fit the allocation (O14); frees it if the address was its start.
  void DmaFreeAttrs(device* dev, size_t size_bytes, void* cpu_addr, unsigned long long dma_handle,
                    unsigned long attrs) override;
  // DM1..DM6. -ENXIO if the VMA does not lie in `size_bytes`, which is the driver's word; else
  // what remap_pfn_range() gives. As the kernel does, from dma_addr alone.
  int DmaMmapAttrs(device* dev, vm_area_struct* vma, void* cpu_addr, unsigned long long dma_addr,
                   size_t size_bytes, unsigned long attrs) override;
  // 0, or -EIO: fewer than 24 bits, or (dma_set_mask) the device has no dma_mask.
  int DmaSetMask(device* dev, unsigned long long mask) override;
  int DmaSetCoherentMask(device* dev, unsigned long long mask) override;
  // kMappingError if the memory is not RAM or beyond the mask (a kernel without swiotlb).
  unsigned long long DmaMapPage(device* dev, struct page* page, size_t offset_bytes,
                                size_t size_bytes, int direction, unsigned long attrs) override;
  void DmaUnmapPage(device* dev, unsigned long long dma_addr, size_t size_bytes, int direction,
                    unsigned long attrs) override;
  void DmaSync(device* dev, unsigned long long dma_addr, size_t size_bytes, int direction,
               bool for_cpu) override;

 private:
  bool NoDevice(const char* function, const device* dev);

  Allocator& allocator_;
  Verdicts& verdicts_;
  mocks::MmApi& mm_;
  mocks::SyncApi* sync_ = nullptr;
};

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_DMA_H_
