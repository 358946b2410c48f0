#include "sim/kernel/page_allocator.h"

#include <set>
#include <vector>

#include "gtest/gtest.h"

namespace drydock::kernel {
namespace {

using hw::PhysicalMemory;

class PageAllocatorTest : public testing::Test {
 protected:
  hw::Pfn Take(unsigned order, bool dma32_only = false) {
    hw::Pfn pfn;
    EXPECT_TRUE(pages_.Take(order, dma32_only, &pfn));
    return pfn;
  }
  hw::ResetList list_;
  PhysicalMemory memory_{list_};
  PageAllocator pages_{list_, memory_};
};

TEST_F(PageAllocatorTest, NormalIsPreferredAndDma32IsLow) {
  EXPECT_GE(Take(0), PhysicalMemory::kNormalBase.pfn());
  EXPECT_LT(Take(0, true), PhysicalMemory::kNormalBase.pfn());
}

TEST_F(PageAllocatorTest, BlocksAreAlignedToTheirSize) {
  for (unsigned order = 0; order <= PageAllocator::kMaxOrder; ++order) {
    EXPECT_EQ(Take(order).value % (uint64_t{1} << order), 0u) << order;
  }
}

TEST_F(PageAllocatorTest, AnOrderAboveTheMaximumIsRefused) {
  hw::Pfn pfn;
  EXPECT_FALSE(pages_.Take(PageAllocator::kMaxOrder + 1, false, &pfn));
}

TEST_F(PageAllocatorTest, TheBlockGivenBackLastIsTakenFirst) {
  const hw::Pfn a = Take(0);
  Take(0);
  const hw::Pfn c = Take(0);
  Take(0);
  pages_.Give(a, 0);
  pages_.Give(c, 0);
  EXPECT_EQ(Take(0), c);
  EXPECT_EQ(Take(0), a);
}

TEST_F(PageAllocatorTest, BuddiesMergeUpToTheLargestBlock) {
  const uint64_t free_pages = pages_.free_pages();
  std::vector<hw::Pfn> taken;
  for (int i = 0; i < 1024; ++i) taken.push_back(Take(0));
  for (const hw::Pfn pfn : taken) pages_.Give(pfn, 0);
  EXPECT_EQ(pages_.free_pages(), free_pages);
  std::set<uint64_t> largest;
  hw::Pfn pfn;
  while (pages_.Take(PageAllocator::kMaxOrder, false, &pfn)) largest.insert(pfn.value);
  EXPECT_EQ(largest.size() * 1024, free_pages);
}

TEST_F(PageAllocatorTest, AFullNormalZoneFallsBackToDma32AndThenFails) {
  hw::Pfn pfn;
  bool low = false;
  while (pages_.Take(PageAllocator::kMaxOrder, false, &pfn)) {
    low = pfn < PhysicalMemory::kNormalBase.pfn();
  }
  EXPECT_TRUE(low);
  EXPECT_EQ(pages_.free_pages(), 0u);
  EXPECT_FALSE(pages_.Take(0, true, &pfn));
}

TEST_F(PageAllocatorTest, TheVmallocPoolIsNeverGivenOut) {
  hw::Pfn pfn;
  while (pages_.Take(PageAllocator::kMaxOrder, false, &pfn)) {
    ASSERT_LE(memory_.FrameIndex(pfn) + 1024, PhysicalMemory::kFirstShuffledFrame);
  }
}

TEST_F(PageAllocatorTest, GiveRangeTakesAnyRun) {
  const uint64_t free_pages = pages_.free_pages();
  const hw::Pfn pfn = Take(4);
  pages_.GiveRange(pfn + 3, 13);
  EXPECT_EQ(pages_.free_pages(), free_pages - 3);
  pages_.GiveRange(pfn, 3);
  EXPECT_EQ(pages_.free_pages(), free_pages);
  EXPECT_EQ(Take(4), pfn);
}

}  // namespace
}  // namespace drydock::kernel
