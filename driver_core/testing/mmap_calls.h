// What the tests of a driver's mmap expect of its calls into the kernel.
#ifndef DRYDOCK_DRIVER_CORE_TESTING_MMAP_CALLS_H_
#define DRYDOCK_DRIVER_CORE_TESTING_MMAP_CALLS_H_

#include <cstdint>
#include <ostream>

#include "driver_core/testing/driver_world.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "mocks/gmock/mock_dma.h"
#include "mocks/gmock/mock_kernel.h"
#include "mocks/gmock/mock_mm.h"

namespace drydock {

// The kernel under the driver, with doubles of the roles that map memory, as long as this lives.
// They hand on what they are asked. Double is testing::StrictMock (a call that is not expected is a
// failure) or testing::NiceMock.
template <template <typename> typename Double>
class MmapCalls {
 public:
  explicit MmapCalls(kernel::Kernel& kernel)
      : mm(kernel.mm()), dma(kernel.dma()), doubles_(kernel), installed_(doubles_) {
    doubles_.Use(mm);
    doubles_.Use(dma);
  }

  Double<mocks::MockMmApi> mm;
  Double<mocks::MockDmaApi> dma;

 private:
  mocks::MockKernel doubles_;
  mocks::ScopedKernelApi installed_;
};

// What mmap(2) is asked for, and how the driver refuses it.
struct RefusedMmap {
  const char* name;
  uint64_t offset_bytes;
  uint64_t length_bytes;
  int prot;
  int flags;
  int error;
};
inline void PrintTo(const RefusedMmap& refused, std::ostream* out) { *out << refused.name; }

// DriverTest is a DriverWorldTest.
template <typename DriverTest>
class RefusedMmapTest : public DriverTest, public ::testing::WithParamInterface<RefusedMmap> {
 protected:
  // The driver asks the kernel for nothing, and nothing has changed. Precondition: it is loaded.
  void ExpectRefusal() {
    const RefusedMmap& c = GetParam();
    const AllocationNames allocations = this->Allocations();
    const uint32_t vmas = this->Vmas();
    MmapCalls<::testing::StrictMock> none(this->world_->kernel());

    EXPECT_EQ(this->Map(c.offset_bytes, c.length_bytes, c.prot, c.flags), -c.error);

    EXPECT_EQ(this->Vmas(), vmas);
    EXPECT_EQ(this->Allocations(), allocations);
  }
};

}  // namespace drydock

#endif  // DRYDOCK_DRIVER_CORE_TESTING_MMAP_CALLS_H_
