// What every shim does: the call arrives with its arguments, the result goes back, a trap leaves
// the driver, and without a kernel nothing runs.
#include <cstdarg>
#include <cstdio>

#include "mocks/shims/shim_fixture.h"
#include "mocks/shims/shim_test_driver.h"

namespace drydock::mocks {
namespace {

using ::testing::_;
using ::testing::Invoke;
using ::testing::Return;
using ::testing::StrEq;

TEST_F(ShimTest, CallerIsTheDriversCode) {
  EXPECT_CALL(mm_, RemapPfnRange).WillOnce(Return(0));
  drv_remap(&vma_, 1);
  auto at = reinterpret_cast<uintptr_t>(kernel_.caller());
  auto function = reinterpret_cast<uintptr_t>(&drv_remap);
  EXPECT_GT(at, function);
  EXPECT_LT(at, function + 4096);
}

TEST_F(ShimTest, TrapLeavesTheDriver) {
  EXPECT_CALL(mm_, RemapPfnRange).WillOnce(Invoke([this](auto...) {
    Trap();
    return 0;
  }));
  EXPECT_THROW(drv_remap(&vma_, 1), Left);
}

TEST_F(ShimTest, UnalignedNumbersHaveTheirOrderOfBytes) {
  unsigned char at[8] = {};
  EXPECT_EQ(drv_unaligned(at, 0x11223344), 0x44332211u);
  EXPECT_THAT(at, ::testing::ElementsAre(0, 0x44, 0x33, 0x22, 0x11, 0x33, 0x44, 0));
}

TEST_F(ShimTest, PrintkHasItsLevelAndArguments) {
  EXPECT_CALL(log_, Printk(StrEq("\0016value %d\n"), _))
      .WillOnce(Invoke([](const char*, va_list args) {
        EXPECT_EQ(va_arg(args, int), 42);
        return 9;
      }));
  drv_printk(42);
}

TEST_F(ShimTest, SnprintfCutsAndReturnsTheWholeLength) {
  EXPECT_CALL(log_, Vsnprintf(_, _, StrEq("%d"), _))
      .WillOnce(Invoke([](char* to, size_t size, const char* format, va_list args) {
        return vsnprintf(to, size, format, args);
      }));
  char text[4];
  EXPECT_EQ(drv_snprintf(text, sizeof(text), 123456), 6);
  EXPECT_STREQ(text, "123");
}

TEST_F(ShimTest, BugLeavesAndWarnGoesOn) {
  drv_bug_on(0);
  EXPECT_CALL(log_, Bug(_, _, StrEq("drv_bug_on"))).WillOnce(Invoke([this](auto...) { Trap(); }));
  EXPECT_THROW(drv_bug_on(1), Left);
  kernel_.set_trap_pending(false);
  EXPECT_CALL(log_, Warn(_, _, StrEq("drv_warn_on"), _, _));
  EXPECT_EQ(drv_warn_on(2), 1);
}

TEST_F(ShimTest, StubLeavesWithItsName) {
  EXPECT_THROW(drv_stub(), Left);
  EXPECT_EQ(unmodelled_, "kthread_stop");
}

TEST_F(ShimTest, Capable) {
  EXPECT_CALL(sync_, Capable(21)).WillOnce(Return(true));
  EXPECT_TRUE(drv_capable());
}

TEST(ShimDeathTest, NoKernelInstalled) {
  vm_area_struct vma{};
  EXPECT_DEATH(drv_remap(&vma, 1), "none is installed");
}

TEST(ShimPlanTest, MemoryFunctionsWorkWithoutAKernel) {
  char to[4] = "";
  EXPECT_STREQ(static_cast<char*>(drv_memcpy(to, "xyz", 4)), "xyz");
}

}  // namespace
}  // namespace drydock::mocks
