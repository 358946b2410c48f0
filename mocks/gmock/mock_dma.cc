// Constructors, compiled once: they are what costs when a test includes the header.
#include "mocks/gmock/mock_dma.h"

namespace drydock::mocks {

MockDmaApi::MockDmaApi() = default;
MockDmaApi::MockDmaApi(DmaApi& real) {
  ON_CALL(*this, DmaAllocAttrs).WillByDefault(::testing::Invoke(&real, &DmaApi::DmaAllocAttrs));
  ON_CALL(*this, DmaFreeAttrs).WillByDefault(::testing::Invoke(&real, &DmaApi::DmaFreeAttrs));
  ON_CALL(*this, DmaMmapAttrs).WillByDefault(::testing::Invoke(&real, &DmaApi::DmaMmapAttrs));
  ON_CALL(*this, DmaSetMask).WillByDefault(::testing::Invoke(&real, &DmaApi::DmaSetMask));
  ON_CALL(*this, DmaSetCoherentMask)
      .WillByDefault(::testing::Invoke(&real, &DmaApi::DmaSetCoherentMask));
  ON_CALL(*this, DmaMapPage).WillByDefault(::testing::Invoke(&real, &DmaApi::DmaMapPage));
  ON_CALL(*this, DmaUnmapPage).WillByDefault(::testing::Invoke(&real, &DmaApi::DmaUnmapPage));
  ON_CALL(*this, DmaSync).WillByDefault(::testing::Invoke(&real, &DmaApi::DmaSync));
  ON_CALL(*this, DmaMapSingle).WillByDefault(::testing::Invoke(&real, &DmaApi::DmaMapSingle));
  ON_CALL(*this, DmaMapSg).WillByDefault(::testing::Invoke(&real, &DmaApi::DmaMapSg));
  ON_CALL(*this, DmaUnmapSg).WillByDefault(::testing::Invoke(&real, &DmaApi::DmaUnmapSg));
  ON_CALL(*this, DmaSyncSg).WillByDefault(::testing::Invoke(&real, &DmaApi::DmaSyncSg));
  ON_CALL(*this, DmaMapResource).WillByDefault(::testing::Invoke(&real, &DmaApi::DmaMapResource));
  ON_CALL(*this, DmaUnmapResource)
      .WillByDefault(::testing::Invoke(&real, &DmaApi::DmaUnmapResource));
  ON_CALL(*this, DmaMappingError).WillByDefault(::testing::Invoke(&real, &DmaApi::DmaMappingError));
  ON_CALL(*this, DmaAllocPages).WillByDefault(::testing::Invoke(&real, &DmaApi::DmaAllocPages));
  ON_CALL(*this, DmaFreePages).WillByDefault(::testing::Invoke(&real, &DmaApi::DmaFreePages));
  ON_CALL(*this, DmaGetSgtable).WillByDefault(::testing::Invoke(&real, &DmaApi::DmaGetSgtable));
  ON_CALL(*this, DmaNeedSync).WillByDefault(::testing::Invoke(&real, &DmaApi::DmaNeedSync));
  ON_CALL(*this, DmaCanMmap).WillByDefault(::testing::Invoke(&real, &DmaApi::DmaCanMmap));
  ON_CALL(*this, DmaGetRequiredMask)
      .WillByDefault(::testing::Invoke(&real, &DmaApi::DmaGetRequiredMask));
  ON_CALL(*this, DmaPoolCreate).WillByDefault(::testing::Invoke(&real, &DmaApi::DmaPoolCreate));
  ON_CALL(*this, DmaPoolDestroy).WillByDefault(::testing::Invoke(&real, &DmaApi::DmaPoolDestroy));
  ON_CALL(*this, DmaPoolAlloc).WillByDefault(::testing::Invoke(&real, &DmaApi::DmaPoolAlloc));
  ON_CALL(*this, DmaPoolFree).WillByDefault(::testing::Invoke(&real, &DmaApi::DmaPoolFree));
}
MockDmaApi::~MockDmaApi() = default;

}  // namespace drydock::mocks
