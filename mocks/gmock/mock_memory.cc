// Constructors, compiled once: they are what costs when a test includes the header.
#include "mocks/gmock/mock_memory.h"

namespace drydock::mocks {

MockAllocApi::MockAllocApi() = default;
MockAllocApi::MockAllocApi(AllocApi& real) {
  ON_CALL(*this, Kmalloc).WillByDefault(::testing::Invoke(&real, &AllocApi::Kmalloc));
  ON_CALL(*this, Krealloc).WillByDefault(::testing::Invoke(&real, &AllocApi::Krealloc));
  ON_CALL(*this, Kfree).WillByDefault(::testing::Invoke(&real, &AllocApi::Kfree));
  ON_CALL(*this, Ksize).WillByDefault(::testing::Invoke(&real, &AllocApi::Ksize));
  ON_CALL(*this, AllocPages).WillByDefault(::testing::Invoke(&real, &AllocApi::AllocPages));
  ON_CALL(*this, FreePages).WillByDefault(::testing::Invoke(&real, &AllocApi::FreePages));
  ON_CALL(*this, AllocPagesExact)
      .WillByDefault(::testing::Invoke(&real, &AllocApi::AllocPagesExact));
  ON_CALL(*this, FreePagesExact).WillByDefault(::testing::Invoke(&real, &AllocApi::FreePagesExact));
  ON_CALL(*this, GetPage).WillByDefault(::testing::Invoke(&real, &AllocApi::GetPage));
  ON_CALL(*this, PutPage).WillByDefault(::testing::Invoke(&real, &AllocApi::PutPage));
  ON_CALL(*this, TrylockPage).WillByDefault(::testing::Invoke(&real, &AllocApi::TrylockPage));
  ON_CALL(*this, UnlockPage).WillByDefault(::testing::Invoke(&real, &AllocApi::UnlockPage));
  ON_CALL(*this, SplitPage).WillByDefault(::testing::Invoke(&real, &AllocApi::SplitPage));
  ON_CALL(*this, Vmalloc).WillByDefault(::testing::Invoke(&real, &AllocApi::Vmalloc));
  ON_CALL(*this, Vfree).WillByDefault(::testing::Invoke(&real, &AllocApi::Vfree));
  ON_CALL(*this, VmallocToPage).WillByDefault(::testing::Invoke(&real, &AllocApi::VmallocToPage));
  ON_CALL(*this, IsVmallocAddr).WillByDefault(::testing::Invoke(&real, &AllocApi::IsVmallocAddr));
  ON_CALL(*this, VirtToPhys).WillByDefault(::testing::Invoke(&real, &AllocApi::VirtToPhys));
  ON_CALL(*this, PhysToVirt).WillByDefault(::testing::Invoke(&real, &AllocApi::PhysToVirt));
  ON_CALL(*this, PfnValid).WillByDefault(::testing::Invoke(&real, &AllocApi::PfnValid));
}
MockAllocApi::~MockAllocApi() = default;

MockUaccessApi::MockUaccessApi() = default;
MockUaccessApi::MockUaccessApi(UaccessApi& real) {
  ON_CALL(*this, CopyToUser).WillByDefault(::testing::Invoke(&real, &UaccessApi::CopyToUser));
  ON_CALL(*this, CopyFromUser).WillByDefault(::testing::Invoke(&real, &UaccessApi::CopyFromUser));
  ON_CALL(*this, ClearUser).WillByDefault(::testing::Invoke(&real, &UaccessApi::ClearUser));
  ON_CALL(*this, StrncpyFromUser)
      .WillByDefault(::testing::Invoke(&real, &UaccessApi::StrncpyFromUser));
  ON_CALL(*this, AccessOk).WillByDefault(::testing::Invoke(&real, &UaccessApi::AccessOk));
}
MockUaccessApi::~MockUaccessApi() = default;

MockIoApi::MockIoApi() = default;
MockIoApi::MockIoApi(IoApi& real) {
  ON_CALL(*this, Ioremap).WillByDefault(::testing::Invoke(&real, &IoApi::Ioremap));
  ON_CALL(*this, Iounmap).WillByDefault(::testing::Invoke(&real, &IoApi::Iounmap));
  ON_CALL(*this, Memremap).WillByDefault(::testing::Invoke(&real, &IoApi::Memremap));
  ON_CALL(*this, Memunmap).WillByDefault(::testing::Invoke(&real, &IoApi::Memunmap));
  ON_CALL(*this, RequestMemRegion)
      .WillByDefault(::testing::Invoke(&real, &IoApi::RequestMemRegion));
  ON_CALL(*this, ReleaseMemRegion)
      .WillByDefault(::testing::Invoke(&real, &IoApi::ReleaseMemRegion));
  ON_CALL(*this, MmioRead).WillByDefault(::testing::Invoke(&real, &IoApi::MmioRead));
  ON_CALL(*this, MmioWrite).WillByDefault(::testing::Invoke(&real, &IoApi::MmioWrite));
}
MockIoApi::~MockIoApi() = default;

}  // namespace drydock::mocks
