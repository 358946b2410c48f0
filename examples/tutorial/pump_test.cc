#include <fcntl.h>
#include <sys/mman.h>

#include <cerrno>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "mocks/gmock/mock_kernel.h"
#include "mocks/gmock/mock_mm.h"
#include "sim/kernel/kernel.h"
#include "sim/world.h"

namespace drydock {
namespace {

constexpr uint64_t kPage = 4096;

class PumpTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(world_.LoadDriver("examples/tutorial/pump.so", {}), "");
    fd_ = static_cast<int>(user_.Open("/dev/pump", O_RDWR).value);
    ASSERT_GE(fd_, 0);
  }
  user::Outcome Map(uint64_t pages, uint64_t first_page) {
    return user_.Mmap({}, pages * kPage, PROT_READ | PROT_WRITE, MAP_SHARED, fd_,
                      first_page * kPage);
  }

  World world_{WorldOptions{}};
  user::Process user_ = world_.init();
  int fd_ = -1;
};

TEST_F(PumpTest, TwoMappingsOfOnePageShareIt) {
  const user::Outcome one = Map(1, 15), other = Map(1, 15);
  ASSERT_TRUE(one.ok() && other.ok());
  const uint32_t written = 0xcafe;
  uint32_t read = 0;

  ASSERT_TRUE(user_.Store({static_cast<uint64_t>(one.value)}, &written, sizeof written).ok());
  ASSERT_TRUE(user_.Load({static_cast<uint64_t>(other.value)}, &read, sizeof read).ok());

  EXPECT_EQ(read, written);
}

TEST_F(PumpTest, RefusesThePageAfterTheLast) { EXPECT_EQ(Map(1, 16).value, -EINVAL); }

class PumpCallsTest : public PumpTest {
 protected:
  PumpCallsTest() { kernel_.Use(mm_); }

  testing::NiceMock<mocks::MockMmApi> mm_{world_.kernel().mm()};
  mocks::MockKernel kernel_{world_.kernel()};
  mocks::ScopedKernelApi installed_{kernel_};
};

TEST_F(PumpCallsTest, MapsNothingAfterARefusal) {
  EXPECT_CALL(mm_, RemapPfnRange).Times(0);

  EXPECT_EQ(Map(1, 16).value, -EINVAL);
}

TEST_F(PumpCallsTest, PassesOnTheErrorOfRemapPfnRange) {
  EXPECT_CALL(mm_, RemapPfnRange).WillOnce(testing::Return(-ENOMEM));

  EXPECT_EQ(Map(1, 0).value, -ENOMEM);
}

}  // namespace
}  // namespace drydock
