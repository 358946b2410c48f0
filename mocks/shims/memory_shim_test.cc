// Shims of allocations, of user memory and of I/O memory.
#include <cerrno>
#include <cstring>

#include "mocks/shims/shim_fixture.h"
#include "mocks/shims/shim_test_driver.h"

namespace drydock::mocks {
namespace {

using ::testing::_;
using ::testing::Invoke;
using ::testing::Return;

TEST_F(ShimTest, KzallocAsksForZeroes) {
  EXPECT_CALL(alloc_, Kmalloc(100, kGfpKernel | ___GFP_ZERO)).WillOnce(Return(shim_memory));
  EXPECT_EQ(drv_kzalloc(100), shim_memory);
}

TEST_F(ShimTest, KmallocArrayThatOverflowsAsksForNothing) {
  EXPECT_EQ(drv_kmalloc_array(~0ul / 2, 4), nullptr);
  EXPECT_CALL(alloc_, Kmalloc(40, ___GFP_HIGH | ___GFP_ATOMIC | ___GFP_KSWAPD_RECLAIM))
      .WillOnce(Return(shim_memory));
  EXPECT_EQ(drv_kmalloc_array(10, 4), shim_memory);
}

TEST_F(ShimTest, KfreeOfNullCrossesToo) {
  EXPECT_CALL(alloc_, Kfree(nullptr));
  drv_kfree(nullptr);
}

TEST_F(ShimTest, GetFreePagesGivesTheAddressOfTheFrame) {
  EXPECT_CALL(alloc_, AllocPages(kGfpKernel, 1)).WillOnce(Return(shim_frames + 2));
  EXPECT_EQ(drv_get_free_pages(1), reinterpret_cast<unsigned long>(shim_memory + size_t{2} * 4096));
}

TEST_F(ShimTest, PageAddressIsArithmetic) {
  EXPECT_EQ(drv_page_address(shim_frames + 3), shim_memory + size_t{3} * 4096);
}

TEST_F(ShimTest, VirtToPhysCrosses) {
  EXPECT_CALL(alloc_, VirtToPhys(shim_memory)).WillOnce(Return(0x123456789000));
  EXPECT_EQ(drv_virt_to_phys(shim_memory), 0x123456789000u);
}

TEST_F(ShimTest, VmallocUserIsZeroedAndMayBeMapped) {
  EXPECT_CALL(alloc_, Vmalloc(8192, kGfpKernel | ___GFP_ZERO, true)).WillOnce(Return(shim_memory));
  EXPECT_EQ(drv_vmalloc_user(8192), shim_memory);
}

TEST_F(ShimTest, SimpleReadFromBufferStopsAtTheEndAndMovesThePosition) {
  long long position = 8;
  EXPECT_CALL(uaccess_, CopyToUser(shim_memory, _, 2)).WillOnce(Return(0));
  EXPECT_EQ(drv_read(shim_memory, 100, &position), 2);
  EXPECT_EQ(position, 10);
  EXPECT_EQ(drv_read(shim_memory, 100, &position), 0);
  position = 0;
  EXPECT_CALL(uaccess_, CopyToUser(shim_memory, _, 4)).WillOnce(Return(4));
  EXPECT_EQ(drv_read(shim_memory, 4, &position), -EFAULT);
  EXPECT_EQ(position, 0);
  position = -1;
  EXPECT_EQ(drv_read(shim_memory, 4, &position), -EINVAL);
}

TEST_F(ShimTest, GetUserLeavesZeroWhenItFails) {
  int source = 0, value = 9;
  EXPECT_CALL(uaccess_, CopyFromUser(_, &source, 4))
      .WillOnce(Invoke([](void* to, const void*, unsigned long) {
        int seven = 7;
        std::memcpy(to, &seven, 4);
        return 0ul;
      }))
      .WillOnce(Return(4));
  EXPECT_EQ(drv_get_user(&source, &value), 0);
  EXPECT_EQ(value, 7);
  EXPECT_EQ(drv_get_user(&source, &value), -EFAULT);
  EXPECT_EQ(value, 0);
}

TEST_F(ShimTest, PutUser) {
  int target = 0;
  EXPECT_CALL(uaccess_, CopyToUser(&target, _, 4)).WillOnce(Return(1));
  EXPECT_EQ(drv_put_user(3, &target), -EFAULT);
}

TEST_F(ShimTest, IoremapReadlWritel) {
  EXPECT_CALL(io_, Ioremap(0xfe000000, 0x100, IoCache::kUncachedMinus))
      .WillOnce(Return(shim_memory));
  EXPECT_CALL(io_, MmioWrite(shim_memory + 8, 5, 4));
  EXPECT_CALL(io_, MmioRead(shim_memory + 4, 4)).WillOnce(Return(77));
  EXPECT_EQ(drv_ioremap_read(0xfe000000), 77);
}

TEST_F(ShimTest, MemcpyNeedsNoRole) {
  char to[4] = "";
  EXPECT_EQ(drv_memcpy(to, "abc", 4), to);
  EXPECT_STREQ(to, "abc");
}

TEST_F(ShimTest, KstrdupAllocatesAndCopies) {
  EXPECT_CALL(alloc_, Kmalloc(4, kGfpKernel))
      .WillOnce(Return(shim_memory))
      .WillOnce(Return(nullptr));
  EXPECT_STREQ(drv_kstrdup("abc"), "abc");
  EXPECT_EQ(drv_kstrdup("abc"), nullptr);
}

}  // namespace
}  // namespace drydock::mocks
