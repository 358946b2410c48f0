// The doubles themselves: replaced roles, delegation, leaving, and no kernel at all.
#include "mocks/gmock/mock_kernel.h"

#include <cerrno>
#include <string>

#include "gtest/gtest.h"
#include "mocks/gmock/mock_memory.h"
#include "mocks/gmock/mock_mm.h"
#include "mocks/shims/shim.h"

namespace drydock::mocks {
namespace {

using ::testing::_;
using ::testing::NiceMock;
using ::testing::Return;

struct Left {};

// A "real" kernel whose mm role answers 7 and whose memory role answers nothing.
class RealKernel : public MockKernel {
 public:
  RealKernel() {
    ON_CALL(mm_role, RemapPfnRange).WillByDefault(Return(7));
    Use(mm_role);
    Use(alloc_role);
  }
  NiceMock<MockMmApi> mm_role;
  NiceMock<MockAllocApi> alloc_role;
};

TEST(MockKernelTest, RoleThatIsNotReplacedIsTheRealOne) {
  RealKernel real;
  MockKernel kernel(static_cast<KernelApi&>(real));
  EXPECT_EQ(&kernel.mm(), &real.mm_role);
}

TEST(MockKernelTest, ReplacedRoleDelegatesUntilToldOtherwise) {
  RealKernel real;
  NiceMock<MockMmApi> mm(real.mm());
  MockKernel kernel(static_cast<KernelApi&>(real));
  kernel.Use(mm);
  EXPECT_EQ(kernel.mm().RemapPfnRange(nullptr, 0, 0, 0, {}), 7);
  EXPECT_CALL(mm, RemapPfnRange(_, 0x1000, 5, 4096, _)).WillOnce(Return(-ENOMEM));
  EXPECT_EQ(kernel.mm().RemapPfnRange(nullptr, 0x1000, 5, 4096, {}), -ENOMEM);
}

TEST(MockKernelTest, CallerAndTrapAreSharedWithTheRealKernel) {
  RealKernel real;
  MockKernel kernel(static_cast<KernelApi&>(real));
  ScopedKernelApi installed(kernel);
  real.set_trap_pending(true);
  EXPECT_TRUE(kernel.trap_pending());
  kernel.OnLeaveDriver([] { throw Left{}; });
  EXPECT_THROW((void)Cross<&MmApi::VmInsertPage>(static_cast<vm_area_struct*>(nullptr), 0ul,
                                                 static_cast<page*>(nullptr)),
               Left);
  EXPECT_NE(real.caller(), nullptr);
}

TEST(MockKernelTest, ScopesNest) {
  MockKernel outer, inner;
  ScopedKernelApi first(outer);
  {
    ScopedKernelApi second(inner);
    EXPECT_EQ(&KernelApi::Current(), &inner);
  }
  EXPECT_EQ(&KernelApi::Current(), &outer);
}

TEST(MockKernelDeathTest, NoKernelInstalled) {
  EXPECT_DEATH(KernelApi::Current(), "none is installed");
}

TEST(MockKernelDeathTest, RoleThatWasNotGiven) {
  MockKernel kernel;
  EXPECT_DEATH(kernel.dma(), "needs 'dma'");
}

TEST(MockKernelDeathTest, LeavingMustNotReturn) {
  MockKernel kernel;
  kernel.OnLeaveDriver([] {});
  EXPECT_DEATH(kernel.LeaveDriver(), "OnLeaveDriver's function returned");
}

}  // namespace
}  // namespace drydock::mocks
