// Shims that map, from driver C to the mock of their role.
#include <cerrno>

#include "mocks/shims/shim_fixture.h"
#include "mocks/shims/shim_test_driver.h"

namespace drydock::mocks {
namespace {

using ::testing::InSequence;
using ::testing::Return;

TEST_F(ShimTest, RemapPfnRangeArrivesAsGiven) {
  EXPECT_CALL(mm_, RemapPfnRange(&vma_, 0x10000, 0x1234, 0x2000, ProtIs(0x27)))
      .WillOnce(Return(-ENOMEM));
  EXPECT_EQ(drv_remap(&vma_, 0x1234), -ENOMEM);
}

TEST_F(ShimTest, VmIomapMemory) {
  EXPECT_CALL(mm_, VmIomapMemory(&vma_, 0xfe000000, 0x3000)).WillOnce(Return(-EINVAL));
  EXPECT_EQ(drv_iomap(&vma_, 0xfe000000, 0x3000), -EINVAL);
}

TEST_F(ShimTest, VmfInsertPageTurnsErrnosIntoFaultBits) {
  EXPECT_CALL(mm_, VmInsertPage(&vma_, 0x10000, shim_frames))
      .WillOnce(Return(0))
      .WillOnce(Return(-EBUSY))
      .WillOnce(Return(-ENOMEM))
      .WillOnce(Return(-EINVAL));
  EXPECT_EQ(drv_fault_page(&vma_, shim_frames), VM_FAULT_NOPAGE);
  EXPECT_EQ(drv_fault_page(&vma_, shim_frames), VM_FAULT_NOPAGE);
  EXPECT_EQ(drv_fault_page(&vma_, shim_frames), VM_FAULT_OOM);
  EXPECT_EQ(drv_fault_page(&vma_, shim_frames), VM_FAULT_SIGBUS);
}

TEST_F(ShimTest, VmMapPagesRefusesWhatIsTooLongAndStartsAtPgoff) {  // MP1
  page* pages[] = {shim_frames, shim_frames + 1, shim_frames + 2};
  vma_.vm_pgoff = 2;
  EXPECT_EQ(drv_map_pages(&vma_, pages, 3), -ENXIO);
  vma_.vm_pgoff = 3;
  EXPECT_EQ(drv_map_pages(&vma_, pages, 3), -ENXIO);
  vma_.vm_pgoff = 1;
  InSequence in_order;
  EXPECT_CALL(mm_, VmInsertPage(&vma_, 0x10000, shim_frames + 1)).WillOnce(Return(0));
  EXPECT_CALL(mm_, VmInsertPage(&vma_, 0x11000, shim_frames + 2)).WillOnce(Return(0));
  EXPECT_EQ(drv_map_pages(&vma_, pages, 3), 0);
}

TEST_F(ShimTest, VmMapPagesStopsAtTheFirstError) {
  page* pages[] = {shim_frames, shim_frames + 1, shim_frames + 2};
  EXPECT_CALL(mm_, VmInsertPage(&vma_, 0x10000, shim_frames)).WillOnce(Return(-EBUSY));
  EXPECT_EQ(drv_map_pages(&vma_, pages, 3), -EBUSY);
}

TEST_F(ShimTest, VmMapPagesZeroIgnoresPgoff) {  // MP2
  page* pages[] = {shim_frames, shim_frames + 1, shim_frames + 2};
  vma_.vm_pgoff = 13;
  EXPECT_EQ(drv_map_pages_zero(&vma_, pages, 1), -ENXIO);
  EXPECT_EQ(drv_map_pages_zero(&vma_, pages, 0), -ENXIO);
  InSequence in_order;
  EXPECT_CALL(mm_, VmInsertPage(&vma_, 0x10000, shim_frames)).WillOnce(Return(0));
  EXPECT_CALL(mm_, VmInsertPage(&vma_, 0x11000, shim_frames + 1)).WillOnce(Return(0));
  EXPECT_EQ(drv_map_pages_zero(&vma_, pages, 3), 0);
}

TEST_F(ShimTest, VmInsertPagesSharesItsCount) {
  page* pages[] = {shim_frames};
  unsigned long count = 5;
  EXPECT_CALL(mm_, VmInsertPages(&vma_, 0x10000, pages, &count)).WillOnce(Return(-EFAULT));
  EXPECT_EQ(drv_insert_pages(&vma_, pages, &count), -EFAULT);
}

TEST_F(ShimTest, RemapVmallocRange) {
  vma_.vm_pgoff = 7;
  EXPECT_CALL(mm_, RemapVmallocRange(&vma_, shim_memory, 7)).WillOnce(Return(-EINVAL));
  EXPECT_EQ(drv_remap_vmalloc(&vma_, shim_memory), -EINVAL);
}

TEST_F(ShimTest, VmfInsertMixedHandsOverFlagsAndProtection) {
  constexpr unsigned long long kDev = 1ULL << 61;
  EXPECT_CALL(mm_, VmfInsertMixed(&vma_, 0x10000, kDev | 0x55, ProtIs(0x27), false))
      .WillOnce(Return(VM_FAULT_NOPAGE));
  EXPECT_CALL(mm_, VmfInsertMixed(&vma_, 0x10000, kDev | 0x55, ProtIs(0x27), true))
      .WillOnce(Return(VM_FAULT_SIGBUS));
  EXPECT_EQ(drv_insert_mixed(&vma_, 0x55, 0), VM_FAULT_NOPAGE);
  EXPECT_EQ(drv_insert_mixed(&vma_, 0x55, 1), VM_FAULT_SIGBUS);
}

TEST_F(ShimTest, UnmapMappingPages) {
  address_space mapping{};
  EXPECT_CALL(mm_, UnmapMappingPages(&mapping, 3, 4, 1));
  drv_unmap_pages(&mapping);
}

TEST_F(ShimTest, PgprotWritethroughArrivesAndComesBack) {
  EXPECT_CALL(mm_, PgprotWritethrough(ProtIs(0x27))).WillOnce(Return(pgprot_t{0xbf}));
  EXPECT_EQ(drv_writethrough(&vma_), 0xbfu);
}

TEST_F(ShimTest, PageCountOfATailIsTheHeads) {
  shim_frames[0]._refcount.counter = 3;
  shim_frames[2].compound_head = shim_frames;
  EXPECT_EQ(drv_page_count(&shim_frames[2]), 3);
  EXPECT_EQ(drv_page_count(&shim_frames[0]), 3);
  shim_frames[2].compound_head = nullptr;
  EXPECT_EQ(drv_page_count(&shim_frames[2]), 0);
  shim_frames[0]._refcount.counter = 0;
}

TEST_F(ShimTest, PgprotNoncachedIsTheMachines) {
  EXPECT_CALL(mm_, PgprotNoncached(ProtIs(0x27))).WillOnce(Return(pgprot_t{0x37}));
  EXPECT_EQ(drv_noncached(&vma_), 0x37u);
}

}  // namespace
}  // namespace drydock::mocks
