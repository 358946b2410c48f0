// Shims of the DMA API and of lists of pages.
#include <cerrno>
#include <cstdlib>

#include "mocks/shims/shim_fixture.h"
#include "mocks/shims/shim_test_driver.h"

namespace drydock::mocks {
namespace {

using ::testing::Invoke;
using ::testing::Return;

TEST_F(ShimTest, DmaMmapPagesHasTheBoundsOfTheSize) {  // DM7
  vma_.vm_pgoff = 1;
  EXPECT_EQ(drv_dma_mmap_pages(&dev_, &vma_, 2 * 4096, shim_frames), -ENXIO);
  vma_.vm_pgoff = 3;
  EXPECT_EQ(drv_dma_mmap_pages(&dev_, &vma_, 3 * 4096, shim_frames), -ENXIO);
  vma_.vm_pgoff = 1;
  EXPECT_CALL(mm_, RemapPfnRange(&vma_, 0x10000, 4, 0x2000, ProtIs(0x27))).WillOnce(Return(0));
  EXPECT_EQ(drv_dma_mmap_pages(&dev_, &vma_, 2 * 4096 + 1, shim_frames + 3), 0);
}

TEST_F(ShimTest, DmaMapSingleAndItsErrorCross) {
  EXPECT_CALL(dma_, DmaMapSingle(&dev_, shim_memory, 100, 1, 0)).WillOnce(Return(0x1234));
  EXPECT_CALL(dma_, DmaMappingError(&dev_, 0x1234)).WillOnce(Return(0));
  EXPECT_EQ(drv_dma_map(&dev_, shim_memory, 100), 0x1234u);
  EXPECT_CALL(dma_, DmaMapSingle).WillOnce(Return(~0ull));
  EXPECT_CALL(dma_, DmaMappingError(&dev_, ~0ull)).WillOnce(Return(-ENOMEM));
  EXPECT_EQ(drv_dma_map(&dev_, shim_memory, 100), 0u);
}

TEST_F(ShimTest, DmaMapSgGivesZeroForAnErrorAndSgtableTheErrno) {
  scatterlist entry{};
  sg_table table{&entry, 7, 1};
  EXPECT_CALL(dma_, DmaMapSg(&dev_, &entry, 1, 2, 0))
      .WillOnce(Return(-EIO))
      .WillOnce(Return(-EIO))
      .WillOnce(Return(1));
  EXPECT_EQ(drv_dma_map_sg(&dev_, &entry, 1), 0u);
  EXPECT_EQ(drv_dma_map_sgtable(&dev_, &table), -EIO);
  EXPECT_EQ(table.nents, 7u);
  EXPECT_EQ(drv_dma_map_sgtable(&dev_, &table), 0);
  EXPECT_EQ(table.nents, 1u);
}

TEST_F(ShimTest, DmaPoolZallocAsksForZeroes) {
  unsigned long long handle = 0;
  auto* pool = reinterpret_cast<dma_pool*>(shim_memory);
  EXPECT_CALL(dma_, DmaPoolAlloc(pool, kGfpKernel | ___GFP_ZERO, &handle))
      .WillOnce(Return(shim_memory));
  EXPECT_EQ(drv_dma_pool_zalloc(pool, &handle), shim_memory);
}

// Memory of the host stands in for kmalloc's.
class ScatterListTest : public ShimTest {
 protected:
  ScatterListTest() {
    EXPECT_CALL(alloc_, Kmalloc).WillRepeatedly(Invoke([this](size_t size, unsigned int) {
      ++live_;
      return calls_++ == fail_at_ ? (--live_, nullptr) : std::malloc(size);
    }));
    EXPECT_CALL(alloc_, Kfree).WillRepeatedly(Invoke([this](const void* object) {
      --live_;
      std::free(const_cast<void*>(object));
    }));
  }
  int live_ = 0, calls_ = 0, fail_at_ = -1;
  sg_table table_{};
};

TEST_F(ScatterListTest, OneChunkHoldsUpToAPageOfEntries) {
  EXPECT_EQ(drv_sg_alloc(&table_, 128), 0);
  EXPECT_EQ(live_, 1);
  EXPECT_EQ(table_.orig_nents, 128u);
  EXPECT_EQ(drv_sg_walk(&table_), 128u);
  drv_sg_free(&table_);
  EXPECT_EQ(live_, 0);
  EXPECT_EQ(table_.sgl, nullptr);
}

TEST_F(ScatterListTest, MoreAreChained) {
  EXPECT_EQ(drv_sg_alloc(&table_, 300), 0);
  EXPECT_EQ(live_, 3);
  EXPECT_EQ(drv_sg_walk(&table_), 300u);
  drv_sg_free(&table_);
  EXPECT_EQ(live_, 0);
}

TEST_F(ScatterListTest, NoEntriesIsEinval) { EXPECT_EQ(drv_sg_alloc(&table_, 0), -EINVAL); }

TEST_F(ScatterListTest, AFailingChunkLeavesNothing) {
  for (fail_at_ = 0; fail_at_ < 3; ++fail_at_) {
    calls_ = 0;
    EXPECT_EQ(drv_sg_alloc(&table_, 300), -ENOMEM);
    EXPECT_EQ(live_, 0);
    EXPECT_EQ(table_.sgl, nullptr);
  }
}

TEST_F(ScatterListTest, NeighbouringPagesBecomeOneEntry) {
  page* pages[] = {shim_frames, shim_frames + 1, shim_frames + 5};
  ASSERT_EQ(drv_sg_from_pages(&table_, pages, 3, 100, 2 * 4096), 0);
  ASSERT_EQ(table_.orig_nents, 2u);
  EXPECT_EQ(table_.sgl[0].offset, 100u);
  EXPECT_EQ(table_.sgl[0].length, 2 * 4096u - 100);
  EXPECT_EQ(table_.sgl[1].page_link, reinterpret_cast<unsigned long>(shim_frames + 5) | SG_END);
  EXPECT_EQ(table_.sgl[1].length, 100u);
  drv_sg_free(&table_);
}

TEST_F(ShimTest, DmaAllocCoherentAndMmap) {
  unsigned long long handle = 0;
  EXPECT_CALL(dma_, DmaAllocAttrs(&dev_, 4096, &handle, kGfpKernel, 0))
      .WillOnce(Return(shim_memory));
  EXPECT_EQ(drv_dma_alloc(&dev_, 4096, &handle), shim_memory);
  EXPECT_CALL(dma_, DmaMmapAttrs(&dev_, &vma_, shim_memory, 0x55, 4096, 0))
      .WillOnce(Return(-ENXIO));
  EXPECT_EQ(drv_dma_mmap(&dev_, &vma_, shim_memory, 0x55, 4096), -ENXIO);
}

}  // namespace
}  // namespace drydock::mocks
