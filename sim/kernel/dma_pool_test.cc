// DMA pools: DP2..DP6 of docs/mmap-rules.md.
#include "sim/kernel/dma_fixture.h"

namespace drydock::kernel {
namespace {

class DmaPoolTest : public DmaTest {
 protected:
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
  ASSERT_NE(Create(2048, 4, 8192), nullptr);
  ExpectViolations(0);
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
