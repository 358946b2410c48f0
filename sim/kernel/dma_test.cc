#include "sim/kernel/dma.h"

#include <cerrno>

#include "sim/kernel/dma_fixture.h"

namespace drydock::kernel {
namespace {

TEST_F(DmaTest, MemoryIsZeroedAndItsHandleIsThePhysicalAddress) {
  char* p = Alloc(3 * hw::kPageSize);
  ASSERT_NE(p, nullptr);
  EXPECT_EQ(handle_, memory_.PhysOf(p).value);
  EXPECT_EQ(WordAt(p + 3 * hw::kPageSize - 8), 0u);
  hw::PhysAddr phys;
  ASSERT_TRUE(dma_.Translate({handle_ + 5000}, hw::Iommu::kRead, &phys));
  EXPECT_EQ(phys.value, memory_.PhysOf(p).value + 5000);
  dma_.DmaFreeAttrs(&dev_, 3 * hw::kPageSize, p, handle_, 0);
  EXPECT_EQ(allocator_.allocations().live_count(), 0u);
  ExpectViolations(0);
}

TEST_F(DmaTest, TheMaskChoosesTheZone) {
  Alloc(100);
  EXPECT_LT(handle_, uint64_t{1} << 32);
  dev_.coherent_dma_mask = ~0ull;
  Alloc(100);
  EXPECT_GE(handle_, uint64_t{1} << 32);
  dev_.coherent_dma_mask = (uint64_t{1} << 32 << 1) - 1;  // 33 bits reach all of RAM
  Alloc(100);
  EXPECT_GE(handle_, uint64_t{1} << 32);
  dev_.bus_dma_limit = 0xffffffff;
  Alloc(100);
  EXPECT_LT(handle_, uint64_t{1} << 32);
}

TEST_F(DmaTest, NoMaskNoSizeOrTooMuchFailsAndLeavesTheHandle) {
  EXPECT_EQ(Alloc(0), nullptr);
  EXPECT_EQ(Alloc((4 << 20) + 1), nullptr);
  allocator_.FailNth(1);
  EXPECT_EQ(Alloc(100), nullptr);
  dev_.coherent_dma_mask = 0;
  EXPECT_EQ(Alloc(100), nullptr);
  dev_.coherent_dma_mask = 0xffffff;  // ZONE_DMA: none here
  EXPECT_EQ(Alloc(100), nullptr);
  EXPECT_EQ(handle_, 1u);
  EXPECT_EQ(allocator_.allocations().live_count(), 0u);
}

TEST_F(DmaTest, ANullDeviceIsAnOops) {
  EXPECT_EQ(dma_.DmaAllocAttrs(nullptr, 1, &handle_, kGfpKernel, 0), nullptr);
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kOops);
}

TEST_F(DmaTest, NoKernelMappingGivesTheStructPage) {
  auto* page = reinterpret_cast<struct page*>(Alloc(100, Dma::kAttrNoKernelMapping));
  ASSERT_TRUE(memory_.IsPage(page));
  if (hw::shadow::Present()) {
    EXPECT_TRUE(Poisoned(memory_.KernelAddress({handle_})));
  }
  dma_.DmaFreeAttrs(&dev_, 100, page, handle_, Dma::kAttrNoKernelMapping);
  ExpectViolations(0);
}

TEST_F(DmaTest, WrongFreesAreReported) {
  char* p = Alloc(2 * hw::kPageSize);
  dma_.DmaFreeAttrs(&dev_, hw::kPageSize, p, handle_, 0);
  ExpectViolations(1, 59, 14, "4096 bytes, allocated with 8192");
  dma_.DmaFreeAttrs(&dev_, 2 * hw::kPageSize, p, handle_, 0);
  ExpectViolations(1, 59, 14, "double free");
  p = Alloc(10);
  dma_.DmaFreeAttrs(&dev_, 10, p, handle_ + 1, 0);
  ExpectViolations(1, 59, 14, "DMA handle");
  dma_.DmaFreeAttrs(&dev_, 10, nullptr, handle_, 0);
  ExpectViolations(0);
}

TEST_F(DmaTest, FreeingWhatIsMappedIsC29) {
  char* p = Alloc(2 * hw::kPageSize);
  mapped_.mapped = memory_.PhysOf(p).pfn() + 1;
  dma_.DmaFreeAttrs(&dev_, 2 * hw::kPageSize, p, handle_, 0);
  ExpectViolations(1, 29, 5, "mapped");
}

TEST_F(DmaTest, MmapRemapsFromTheHandleWithTheVmasProtection) {
  Alloc(4 * hw::kPageSize);
  mm_.result = -EINVAL;
  EXPECT_EQ(Mmap(1, 3, 4 * hw::kPageSize), -EINVAL);
  EXPECT_EQ(mm_.call.pfn, (handle_ >> hw::kPageShift) + 1);
  EXPECT_EQ(mm_.call.size, 3 * hw::kPageSize);
  EXPECT_EQ(mm_.call.prot, 0x27u);
}

TEST_F(DmaTest, MmapOutsideOfTheSizeIsEnxio) {
  Alloc(4 * hw::kPageSize);
  EXPECT_EQ(Mmap(1, 4, 4 * hw::kPageSize), -ENXIO);
  EXPECT_EQ(Mmap(4, 1, 4 * hw::kPageSize), -ENXIO);
  EXPECT_EQ(Mmap(0, 5, 4 * hw::kPageSize), -ENXIO);
  EXPECT_EQ(Mmap(~uint64_t{0}, 1, 4 * hw::kPageSize), -ENXIO);
  EXPECT_EQ(mm_.call.count, 0);
}

TEST_F(DmaTest, MmapBelievesTheSizeItIsGiven) {
  Alloc(4 * hw::kPageSize);
  EXPECT_EQ(Mmap(0, 4, 3 * hw::kPageSize + 1), 0);
  EXPECT_EQ(Mmap(0, 6, 6 * hw::kPageSize), 0);  // DM6
  EXPECT_EQ(mm_.call.size, 6 * hw::kPageSize);
}

TEST_F(DmaTest, MasksBelow24BitsOrWithoutADmaMaskAreRefused) {
  EXPECT_EQ(dma_.DmaSetMask(&dev_, 0x3fffffff), 0);
  EXPECT_EQ(mask_, 0x3fffffffu);
  EXPECT_EQ(dma_.DmaSetMask(&dev_, 0xffff), -EIO);
  EXPECT_EQ(dma_.DmaSetCoherentMask(&dev_, 0xffff), -EIO);
  EXPECT_EQ(dma_.DmaSetCoherentMask(&dev_, ~0ull), 0);
  EXPECT_EQ(dev_.coherent_dma_mask, ~0ull);
  dev_.dma_mask = nullptr;
  EXPECT_EQ(dma_.DmaSetMask(&dev_, ~0ull), -EIO);
}

TEST_F(DmaTest, NoKernelMappingIsNotZeroed) {
  auto* page = reinterpret_cast<struct page*>(Alloc(100, Dma::kAttrNoKernelMapping));
  ASSERT_NE(page, nullptr);
  const hw::PhysAddr phys = hw::PhysAddr::Of(PfnOf(page));
  EXPECT_EQ(WordAt(memory_.KernelAddress(phys)), hw::PhysicalMemory::UninitialisedWord(phys));
}

TEST_F(DmaTest, ABusLimitAloneIsALimitToo) {
  dev_.coherent_dma_mask = 0;
  dev_.bus_dma_limit = 0xffffffff;
  EXPECT_NE(Alloc(100), nullptr);
  EXPECT_LT(handle_, uint64_t{1} << 32);
}

TEST_F(DmaTest, FreeingWhatIsNotDmaMemoryIsReported) {
  dma_.DmaFreeAttrs(&dev_, 100, allocator_.Kmalloc(100, kGfpKernel), 0, 0);
  ExpectViolations(1, 59, 14, "no memory of dma_alloc");
}

TEST_F(DmaTest, AnAlignedPointerAndHandleAreNotWhatWasAllocated) {
  // The sample of every textbook: kept unaligned, freed aligned, or the other way round.
  char* p = Alloc(3 * hw::kPageSize);
  char* aligned = p + 64;
  dma_.DmaFreeAttrs(&dev_, 3 * hw::kPageSize, aligned, handle_ + 64, 0);
  ExpectViolations(1, 59, 14, "no live buffer starts there");
  // And what was meant is gone: it is not a leak as well.
  EXPECT_EQ(allocator_.allocations().live_count(), 0u);
  dma_.DmaFreeAttrs(&dev_, 3 * hw::kPageSize, p, handle_, 0);
  ExpectViolations(1, 59, 14, "double free");
  p = Alloc(3 * hw::kPageSize);
  dma_.DmaFreeAttrs(&dev_, 3 * hw::kPageSize, p, handle_ + 64, 0);
  ExpectViolations(1, 59, 14, "DMA handle");
  EXPECT_EQ(allocator_.allocations().live_count(), 0u);
}

TEST_F(DmaTest, RequiredMaskCoversRam) {
  EXPECT_EQ(dma_.DmaGetRequiredMask(&dev_), (uint64_t{1} << 33) - 1);
}

TEST_F(DmaTest, SgtableIsOneEntryOfWholePages) {
  char* p = Alloc(2 * hw::kPageSize);
  sg_table table{};
  ASSERT_EQ(dma_.DmaGetSgtable(&dev_, &table, p, handle_, hw::kPageSize + 1, 0), 0);
  ASSERT_EQ(table.orig_nents, 1u);
  scatterlist entry;
  memory_.ReadKernel(&entry, table.sgl, sizeof entry);
  EXPECT_EQ(entry.page_link & ~3UL,
            reinterpret_cast<unsigned long>(memory_.PageAddress(memory_.PhysOf(p).pfn())));
  EXPECT_EQ(entry.page_link & 3UL, SG_END);
  EXPECT_EQ(entry.length, 2 * hw::kPageSize);
  allocator_.FailNth(1);
  EXPECT_EQ(dma_.DmaGetSgtable(&dev_, &table, p, handle_, hw::kPageSize, 0), -ENOMEM);
}

// --- dma_alloc_pages ---

TEST_F(DmaTest, DP1_PagesAreTheDriversUntilGivenAway) {
  struct page* page = dma_.DmaAllocPages(&dev_, 5000, &handle_, 2, kGfpKernel);
  ASSERT_NE(page, nullptr);
  EXPECT_EQ(handle_, hw::PhysAddr::Of(PfnOf(page)).value);
  void* address = memory_.KernelAddress({handle_});
  EXPECT_EQ(WordAt(address), 0u);
  EXPECT_FALSE(dma_.ReportIfDeviceOwned(address, 8, true, "test"));
  dma_.DmaSync(&dev_, handle_, 5000, 2, false);
  EXPECT_TRUE(dma_.ReportIfDeviceOwned(address, 8, false, "test"));
  ExpectViolations(1, 56, 19, "reads");
  dma_.DmaFreePages(&dev_, 5000, page, handle_, 2);
  ExpectViolations(0);
  EXPECT_EQ(allocator_.allocations().live_count(), 0u);
  EXPECT_EQ(mapped_for_devices_.live_count(), 0u);
}

TEST_F(DmaTest, DP1_NoMaskOrAZoneInTheFlagsIsRefused) {
  EXPECT_EQ(dma_.DmaAllocPages(&dev_, 100, &handle_, 0, kGfpKernel | kGfpDma32), nullptr);
  ExpectViolations(1, 57, 19, "__GFP_DMA32");
  dev_.coherent_dma_mask = 0;
  EXPECT_EQ(dma_.DmaAllocPages(&dev_, 100, &handle_, 0, kGfpKernel), nullptr);
  ExpectViolations(1, 57, 19, "coherent_dma_mask is 0");
  EXPECT_EQ(handle_, 1u);
}

TEST_F(DmaTest, DP1_PagesAreFreedByTheirOwnFunction) {
  struct page* page = dma_.DmaAllocPages(&dev_, 100, &handle_, 2, kGfpKernel);
  dma_.DmaFreeAttrs(&dev_, 100, memory_.KernelAddress({handle_}), handle_, 0);
  ExpectViolations(1, 59, 14, "freed by dma_free_attrs");
  dma_.DmaFreePages(&dev_, 100, page + 1, handle_, 2);
  ExpectViolations(1, 59, 14, "no live buffer");
  dma_.DmaFreePages(&dev_, 100, page, handle_ + 64, 2);
  ExpectViolations(1, 57, 19, "64 bytes into a mapping");
  EXPECT_EQ(mapped_for_devices_.live_count(), 0u);
  char* coherent = Alloc(100);
  dma_.DmaFreePages(&dev_, 100, memory_.PageAddress(memory_.PhysOf(coherent).pfn()), handle_, 2);
  ExpectViolations(1, 59, 14, "no live buffer");
}

}  // namespace
}  // namespace drydock::kernel
