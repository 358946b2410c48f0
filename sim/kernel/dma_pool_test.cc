// DMA pools: DP2..DP6 of docs/mmap-rules.md.
#include "sim/kernel/dma_fixture.h"

namespace drydock::kernel {
namespace {

class DmaPoolTest : public DmaTest {
 protected:
  explicit DmaPoolTest(int profile = 601) : DmaTest("x86-64", profile) {}
  dma_pool* Create(size_t size, size_t align = 0, size_t boundary = 0) {
    return dma_.DmaPoolCreate("test", &dev_, size, align, boundary);
  }
  char* Take(dma_pool* pool, unsigned gfp = kGfpKernel) {
    return static_cast<char*>(dma_.DmaPoolAlloc(pool, gfp, &handle_));
  }
  uint64_t OffsetOf(const char* block) const {
    return reinterpret_cast<uintptr_t>(block) & hw::kPageMask;
  }
};

TEST_F(DmaPoolTest, DP2_SizesAlignmentsAndBoundariesThatAreRefused) {
  EXPECT_EQ(Create(0), nullptr);
  EXPECT_EQ(Create(64, 48), nullptr);
  EXPECT_EQ(Create(64, 64, 32), nullptr);
  EXPECT_EQ(Create(64, 64, 96), nullptr);
  allocator_.FailNth(1);
  EXPECT_EQ(Create(64), nullptr);
  EXPECT_EQ(dma_.DmaPoolCreate("test", nullptr, 64, 0, 0), nullptr);
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kOops);
  EXPECT_EQ(allocator_.allocations().live_count(), 0u);
}

TEST_F(DmaPoolTest, DP3_BlocksFollowEachOtherAtTheAlignedSize) {
  dma_pool* pool = Create(40, 64);
  char* first = Take(pool);
  EXPECT_EQ(handle_, memory_.PhysOf(first).value);
  char* second = Take(pool);
  EXPECT_EQ(second - first, 64);
  EXPECT_EQ(handle_, memory_.PhysOf(second).value);
}

TEST_F(DmaPoolTest, DP3_ABlockThatWouldEndWithThePageIsLeftOut) {
  dma_pool* pool = Create(2048);
  EXPECT_EQ(OffsetOf(Take(pool)), 0u);
  EXPECT_EQ(OffsetOf(Take(pool)), 0u);  // of another page
  EXPECT_EQ(allocator_.allocations().live_count(), 3u);
}

TEST_F(DmaPoolTest, DP3_NoBlockCrossesTheBoundary) {
  dma_pool* pool = Create(96, 32, 256);
  EXPECT_EQ(OffsetOf(Take(pool)), 0u);
  EXPECT_EQ(OffsetOf(Take(pool)), 96u);
  EXPECT_EQ(OffsetOf(Take(pool)), 256u);
}

TEST_F(DmaPoolTest, DP3_ABoundaryBeyondThePageIsAMistakeOf61) {
  ASSERT_NE(Create(1500, 4, 8192), nullptr);
  ExpectViolations(1, 50, 14, "runs out of it");
  dma_pool* pool = Create(1024, 4, 8192);
  ExpectViolations(0);
  for (const uint64_t offset : {0u, 1024u, 2048u, 3072u}) EXPECT_EQ(OffsetOf(Take(pool)), offset);
}

TEST_F(DmaPoolTest, DP3_WhatWasFreedLastIsTakenFirst) {
  dma_pool* pool = Create(64);
  char* blocks[3];
  unsigned long long handles[3];
  for (int i = 0; i < 3; ++i) {
    blocks[i] = Take(pool);
    handles[i] = handle_;
  }
  dma_.DmaPoolFree(pool, blocks[2], handles[2]);
  dma_.DmaPoolFree(pool, blocks[0], handles[0]);
  EXPECT_EQ(Take(pool), blocks[0]);
  EXPECT_EQ(WordAt(blocks[0]), 128u);  // DP4: the one that comes next
  EXPECT_EQ(Take(pool), blocks[2]);
  EXPECT_EQ(WordAt(blocks[2]), 192u);
}

TEST_F(DmaPoolTest, DP3_TheNewestPageIsAskedFirst) {
  dma_pool* pool = Create(2048);  // a block a page
  char* first = Take(pool);
  const unsigned long long first_handle = handle_;
  char* second = Take(pool);
  dma_.DmaPoolFree(pool, second, handle_);
  dma_.DmaPoolFree(pool, first, first_handle);
  EXPECT_EQ(Take(pool), second);
  EXPECT_EQ(Take(pool), first);
}

TEST_F(DmaPoolTest, DP4_ABlockIsAsItsLastUserLeftItUnlessZeroed) {
  dma_pool* pool = Create(64);
  char* block = Take(pool);
  const uint64_t mark = 0x1122334455667788;
  memory_.WriteKernel(block + 8, &mark, sizeof mark);
  dma_.DmaPoolFree(pool, block, handle_);
  ASSERT_EQ(Take(pool), block);
  EXPECT_EQ(WordAt(block), 64u);  // where the next free block was
  EXPECT_EQ(WordAt(block + 8), mark);
  dma_.DmaPoolFree(pool, block, handle_);
  ASSERT_EQ(Take(pool, kGfpKernel | kGfpZero), block);
  EXPECT_EQ(WordAt(block), 0u);
  EXPECT_EQ(WordAt(block + 8), 0u);
}

TEST_F(DmaPoolTest, DP4_NoMemoryGivesNoBlockAndLeavesTheHandle) {
  dma_pool* pool = Create(64);
  allocator_.FailNth(1);
  EXPECT_EQ(Take(pool), nullptr);
  EXPECT_EQ(handle_, 1u);
  EXPECT_NE(Take(pool), nullptr);
}

TEST_F(DmaPoolTest, DP5_WrongFreesAreReported) {
  dma_pool* pool = Create(64);
  char* block = Take(pool);
  dma_.DmaPoolFree(pool, block, handle_ + 64);
  ExpectViolations(1, 59, 14, "address and handle differ");
  dma_.DmaPoolFree(pool, block + 8, handle_ + 8);
  ExpectViolations(1, 59, 14, "no block starts there");
  dma_.DmaPoolFree(pool, block, 0x1000);
  ExpectViolations(1, 59, 14, "bad DMA handle");
  dma_.DmaPoolFree(pool, block, handle_);
  ExpectViolations(0);
  dma_.DmaPoolFree(pool, block, handle_);
  ExpectViolations(1, 59, 14, "double free");
}

TEST_F(DmaPoolTest, DP5_FreeBlocksArePoisoned) {
  if (!hw::shadow::Present()) GTEST_SKIP() << "skipped: no AddressSanitizer in this build";
  dma_pool* pool = Create(64);
  char* block = Take(pool);
  EXPECT_FALSE(Poisoned(block, 64));
  EXPECT_TRUE(Poisoned(block + 64));
  dma_.DmaPoolFree(pool, block, handle_);
  EXPECT_TRUE(Poisoned(block));
}

TEST_F(DmaPoolTest, DP6_DestroyGivesThePagesBack) {
  dma_pool* pool = Create(64);
  char* block = Take(pool);
  dma_.DmaPoolFree(pool, block, handle_);
  dma_.DmaPoolDestroy(pool);
  EXPECT_EQ(allocator_.allocations().live_count(), 0u);
  ExpectViolations(0);
  dma_.DmaPoolDestroy(nullptr);
  ExpectViolations(0);
}

TEST_F(DmaPoolTest, DP6_APoolThatIsInUseLosesItsPages) {
  dma_pool* pool = Create(64);
  Take(pool);
  Take(pool);
  dma_.DmaPoolDestroy(pool);
  ExpectViolations(1, 45, 6, "2 blocks in use");
  EXPECT_EQ(allocator_.allocations().live_count(), 1u);
}

TEST_F(DmaPoolTest, DP6_APoolThatIsGoneOopses) {
  dma_pool* pool = Create(64);
  dma_.DmaPoolDestroy(pool);
  EXPECT_EQ(Take(pool), nullptr);
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kOops);
}

// Since 6.4 the free blocks of a pool are one list.
class ListedDmaPoolTest : public DmaPoolTest {
 protected:
  ListedDmaPoolTest() : DmaPoolTest(612) {}
};

TEST_F(ListedDmaPoolTest, DP3_ABlockIsAtLeastTwoWords) {
  dma_pool* pool = Create(4);
  char* first = Take(pool);
  EXPECT_EQ(Take(pool) - first, 16);
  EXPECT_EQ(Create(64, 64, 32), nullptr);  // DP2
  EXPECT_EQ(Create(8, 4, 8), nullptr);     // less than 16
}

TEST_F(ListedDmaPoolTest, DP3_TheLastBlockOfAPageIsThere) {
  dma_pool* pool = Create(2048);
  char* first = Take(pool);
  EXPECT_EQ(Take(pool) - first, 2048);
  EXPECT_EQ(OffsetOf(Take(pool)), 0u);  // of another page
  EXPECT_EQ(allocator_.allocations().live_count(), 3u);
}

TEST_F(ListedDmaPoolTest, DP3_BlocksFillTheBoundaryAndDoNotCrossIt) {
  dma_pool* pool = Create(128, 32, 256);
  for (const uint64_t offset : {0u, 128u, 256u, 384u}) EXPECT_EQ(OffsetOf(Take(pool)), offset);
  pool = Create(96, 32, 256);
  for (const uint64_t offset : {0u, 96u, 256u, 352u}) EXPECT_EQ(OffsetOf(Take(pool)), offset);
}

TEST_F(ListedDmaPoolTest, DP3_ABoundaryBeyondThePageIsThePage) {
  dma_pool* pool = Create(1500, 4, 8192);
  ExpectViolations(0);
  for (const uint64_t offset : {0u, 1500u, 0u}) EXPECT_EQ(OffsetOf(Take(pool)), offset);
}

TEST_F(ListedDmaPoolTest, DP4_WhatWasFreedLastIsTakenFirstAndHoldsTheNextOneAndItsOwnHandle) {
  dma_pool* pool = Create(2048);
  char* blocks[3];
  unsigned long long handles[3];
  for (int i = 0; i < 3; ++i) {
    blocks[i] = Take(pool);
    handles[i] = handle_;
  }
  const uint64_t mark = 0x1122334455667788;
  memory_.WriteKernel(blocks[2] + 16, &mark, sizeof mark);
  dma_.DmaPoolFree(pool, blocks[0], handles[0]);  // of the older page
  dma_.DmaPoolFree(pool, blocks[2], handles[2]);
  EXPECT_EQ(Take(pool), blocks[2]);
  EXPECT_EQ(handle_, handles[2]);
  EXPECT_EQ(WordAt(blocks[2]), reinterpret_cast<uint64_t>(blocks[0]));
  EXPECT_EQ(WordAt(blocks[2] + 8), handles[2]);
  EXPECT_EQ(WordAt(blocks[2] + 16), mark);
  EXPECT_EQ(Take(pool), blocks[0]);
  EXPECT_EQ(WordAt(blocks[0]), reinterpret_cast<uint64_t>(blocks[2] + 2048));
  dma_.DmaPoolFree(pool, blocks[0], handles[0]);
  EXPECT_EQ(Take(pool, kGfpKernel | kGfpZero), blocks[0]);
  EXPECT_EQ(WordAt(blocks[0]), 0u);
  EXPECT_EQ(WordAt(blocks[0] + 8), 0u);
}

TEST_F(DmaPoolTest, ResetForgetsBlocks) {
  dma_pool* pool = Create(64);
  Take(pool);
  Checkpoint();
  const uint64_t hash = Hash();
  char* second = Take(pool);
  dma_.DmaPoolFree(pool, second, handle_);
  Take(Create(512));
  Reset();
  EXPECT_EQ(FirstDifference(), nullptr);
  EXPECT_EQ(Hash(), hash);
  EXPECT_EQ(Take(pool), second);
}

}  // namespace
}  // namespace drydock::kernel
