// GoogleMock over the roles of DMA. How to use them: mocks/gmock/mock_kernel.h.
#ifndef DRYDOCK_MOCKS_GMOCK_MOCK_DMA_H_
#define DRYDOCK_MOCKS_GMOCK_MOCK_DMA_H_

#include "gmock/gmock.h"
#include "mocks/kernel_api.h"

namespace drydock::mocks {

class MockDmaApi : public DmaApi {
 public:
  MockDmaApi();
  explicit MockDmaApi(DmaApi& real);
  ~MockDmaApi() override;

  MOCK_METHOD(void*, DmaAllocAttrs,
              (device * dev, size_t size_bytes, unsigned long long* dma_handle, unsigned int gfp,
               unsigned long attrs),
              (override));
  MOCK_METHOD(void, DmaFreeAttrs,
              (device * dev, size_t size_bytes, void* cpu_addr, unsigned long long dma_handle,
               unsigned long attrs),
              (override));
  MOCK_METHOD(int, DmaMmapAttrs,
              (device * dev, vm_area_struct* vma, void* cpu_addr, unsigned long long dma_addr,
               size_t size_bytes, unsigned long attrs),
              (override));
  MOCK_METHOD(int, DmaSetMask, (device * dev, unsigned long long mask), (override));
  MOCK_METHOD(int, DmaSetCoherentMask, (device * dev, unsigned long long mask), (override));
  MOCK_METHOD(unsigned long long, DmaMapPage,
              (device * dev, page* page, size_t offset_bytes, size_t size_bytes, int direction,
               unsigned long attrs),
              (override));
  MOCK_METHOD(void, DmaUnmapPage,
              (device * dev, unsigned long long dma_addr, size_t size_bytes, int direction,
               unsigned long attrs),
              (override));
  MOCK_METHOD(void, DmaSync,
              (device * dev, unsigned long long dma_addr, size_t size_bytes, int direction,
               bool for_cpu),
              (override));
  MOCK_METHOD(unsigned long long, DmaMapSingle,
              (device * dev, void* address, size_t size_bytes, int direction, unsigned long attrs),
              (override));
  MOCK_METHOD(int, DmaMapSg,
              (device * dev, scatterlist* list, int count, int direction, unsigned long attrs),
              (override));
  MOCK_METHOD(void, DmaUnmapSg,
              (device * dev, scatterlist* list, int count, int direction, unsigned long attrs),
              (override));
  MOCK_METHOD(void, DmaSyncSg,
              (device * dev, scatterlist* list, int count, int direction, bool for_cpu),
              (override));
  MOCK_METHOD(unsigned long long, DmaMapResource,
              (device * dev, unsigned long long phys, size_t size_bytes, int direction,
               unsigned long attrs),
              (override));
  MOCK_METHOD(void, DmaUnmapResource,
              (device * dev, unsigned long long dma_addr, size_t size_bytes, int direction,
               unsigned long attrs),
              (override));
  MOCK_METHOD(int, DmaMappingError, (device * dev, unsigned long long dma_addr), (override));
  MOCK_METHOD(page*, DmaAllocPages,
              (device * dev, size_t size_bytes, unsigned long long* dma_handle, int direction,
               unsigned int gfp),
              (override));
  MOCK_METHOD(void, DmaFreePages,
              (device * dev, size_t size_bytes, page* page, unsigned long long dma_handle,
               int direction),
              (override));
  MOCK_METHOD(int, DmaGetSgtable,
              (device * dev, sg_table* table, void* cpu_addr, unsigned long long dma_addr,
               size_t size_bytes, unsigned long attrs),
              (override));
  MOCK_METHOD(bool, DmaNeedSync, (device * dev, unsigned long long dma_addr), (override));
  MOCK_METHOD(bool, DmaCanMmap, (device * dev), (override));
  MOCK_METHOD(unsigned long long, DmaGetRequiredMask, (device * dev), (override));
  MOCK_METHOD(dma_pool*, DmaPoolCreate,
              (const char* name, device* dev, size_t size_bytes, size_t align_bytes,
               size_t boundary_bytes),
              (override));
  MOCK_METHOD(void, DmaPoolDestroy, (dma_pool * pool), (override));
  MOCK_METHOD(void*, DmaPoolAlloc,
              (dma_pool * pool, unsigned int gfp, unsigned long long* dma_handle), (override));
  MOCK_METHOD(void, DmaPoolFree, (dma_pool * pool, void* address, unsigned long long dma_addr),
              (override));
};

}  // namespace drydock::mocks

#endif  // DRYDOCK_MOCKS_GMOCK_MOCK_DMA_H_
