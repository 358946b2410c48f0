// DMA on machines whose DMA addresses or buffers are not what they are on a plain PC: DI1..DI5 of
// docs/mmap-rules.md.
#include <cerrno>
#include <vector>

#include "sim/kernel/dma_fixture.h"

namespace drydock::kernel {
namespace {

constexpr int kBoth = 0, kToDevice = 1, kFromDevice = 2;

// --- offset-dma ---

class OffsetDmaTest : public DmaTest {
 protected:
  static constexpr uint64_t kOffset = uint64_t{256} << 30;
  OffsetDmaTest() : DmaTest("offset-dma") {}
};

TEST_F(OffsetDmaTest, TheHandleIsNotThePhysicalAddress) {
  char* p = Alloc(100);
  ASSERT_NE(p, nullptr);
  EXPECT_EQ(handle_, memory_.PhysOf(p).value + kOffset);
  hw::PhysAddr phys;
  ASSERT_TRUE(dma_.Translate({handle_}, hw::Iommu::kRead, &phys));
  EXPECT_EQ(phys, memory_.PhysOf(p));
  EXPECT_FALSE(dma_.Translate({memory_.PhysOf(p).value}, hw::Iommu::kRead, &phys));
  EXPECT_EQ(dma_.DmaGetRequiredMask(&dev_), (uint64_t{1} << 39) - 1);
}

// --- iommu ---

class IommuDmaTest : public DmaTest {
 protected:
  IommuDmaTest() : DmaTest("iommu") {}
  char* Pages(size_t size_bytes) {
    return static_cast<char*>(allocator_.AllocPagesExact(size_bytes, kGfpKernel));
  }
  unsigned long long Map(void* buffer, size_t size_bytes, int direction) {
    const unsigned long long dma = dma_.DmaMapSingle(&dev_, buffer, size_bytes, direction, 0);
    dma_.DmaMappingError(&dev_, dma);
    return dma;
  }
  bool Reads(unsigned long long dma, size_t size_bytes = 1) {
    char bytes[64];
    return dma_.DeviceRead(nullptr, {dma}, bytes, size_bytes);
  }
  bool Writes(unsigned long long dma, size_t size_bytes = 1) {
    const char bytes[64] = {};
    return dma_.DeviceWrite(nullptr, {dma}, bytes, size_bytes);
  }
};

TEST_F(IommuDmaTest, DI1_CoherentMemoryIsScatteredAtAVmallocAddress) {
  char* p = Alloc(3 * hw::kPageSize);
  ASSERT_NE(p, nullptr);
  EXPECT_TRUE(allocator_.IsVmallocAddr(p));
  EXPECT_EQ(WordAt(p + 2 * hw::kPageSize), 0u);
  hw::PhysAddr first, second;
  ASSERT_TRUE(dma_.Translate({handle_}, hw::Iommu::kRead, &first));
  ASSERT_TRUE(dma_.Translate({handle_ + hw::kPageSize}, hw::Iommu::kWrite, &second));
  EXPECT_NE(second.pfn(), first.pfn() + 1);
  EXPECT_EQ(allocator_.VmallocToPage(p + hw::kPageSize), memory_.PageAddress(second.pfn()));
  EXPECT_LT(handle_, uint64_t{1} << 32);
  EXPECT_FALSE(memory_.IsRam(hw::PhysAddr{handle_}.pfn()));
}

TEST_F(IommuDmaTest, DI1_VirtToPhysOfItIsC32) {
  allocator_.VirtToPhys(Alloc(100));
  ExpectViolations(1, 32, 18, "DMA memory, which is vmalloc's");
}

TEST_F(IommuDmaTest, DI1_AtomicAndContiguousMemoryIsLinear) {
  void* atomic = dma_.DmaAllocAttrs(&dev_, 2 * hw::kPageSize, &handle_, kGfpAtomic, 0);
  ASSERT_TRUE(memory_.IsLinear(atomic));
  EXPECT_NE(handle_, memory_.PhysOf(atomic).value);
  EXPECT_TRUE(memory_.IsLinear(Alloc(2 * hw::kPageSize, Dma::kAttrForceContiguous)));
  EXPECT_EQ(allocator_.VirtToPhys(atomic), memory_.PhysOf(atomic).value);
  ExpectViolations(0);
}

TEST_F(IommuDmaTest, DI1_FreeingTakesTheAddressAway) {
  char* p = Alloc(2 * hw::kPageSize);
  const unsigned long long handle = handle_;
  dma_.DmaFreeAttrs(&dev_, 2 * hw::kPageSize, p, handle, 0);
  EXPECT_EQ(allocator_.allocations().live_count(), 0u);
  EXPECT_FALSE(Reads(handle));
  ExpectViolations(1, 61, 19, "the IOMMU faults");
  EXPECT_EQ(allocator_.VmallocToPage(p), nullptr);
}

TEST_F(IommuDmaTest, DI1_NoMemoryOrNoAddressLeavesNothing) {
  allocator_.FailNth(1);
  EXPECT_EQ(Alloc(100), nullptr);
  dev_.coherent_dma_mask = 0xffffff;
  EXPECT_EQ(Alloc(100), nullptr);
  EXPECT_EQ(handle_, 1u);
  EXPECT_EQ(allocator_.allocations().live_count(), 0u);
  dev_.coherent_dma_mask = 0xfffffff;
  EXPECT_NE(Alloc(100), nullptr);
  EXPECT_LT(handle_, 0x10000000u);
}

TEST_F(IommuDmaTest, DI1_AnyMaskIsTaken) {
  EXPECT_EQ(dma_.DmaSetMask(&dev_, 0xffff), 0);
  EXPECT_EQ(dma_.DmaSetCoherentMask(&dev_, 0xffff), 0);
  EXPECT_EQ(dma_.DmaGetRequiredMask(&dev_), 0xffffffffu);
  EXPECT_TRUE(dma_.DmaNeedSync(&dev_, 0));
}

TEST_F(IommuDmaTest, DI2_StreamingMappingsKeepTheOffsetInThePage) {
  auto* p = static_cast<char*>(allocator_.Kmalloc(200, kGfpKernel));  // beyond 4 GiB
  const unsigned long long dma = Map(p + 24, 100, kBoth);
  ASSERT_NE(dma, Dma::kMappingError);
  EXPECT_EQ(dma & hw::kPageMask, (memory_.PhysOf(p).value + 24) & hw::kPageMask);
  hw::PhysAddr phys;
  ASSERT_TRUE(dma_.Translate({dma + 99}, hw::Iommu::kWrite, &phys));
  EXPECT_EQ(phys.value, memory_.PhysOf(p).value + 123);
  dma_.DmaUnmapPage(&dev_, dma, 100, kBoth, 0);
  EXPECT_FALSE(dma_.Translate({dma}, hw::Iommu::kRead, &phys));
  ExpectViolations(0);
}

TEST_F(IommuDmaTest, DI2_TheSameBufferTwiceHasTwoAddresses) {
  char* p = Pages(hw::kPageSize);
  EXPECT_NE(Map(p, 100, kToDevice), Map(p, 100, kToDevice));
}

TEST_F(IommuDmaTest, DI2_MappingMayFail) {
  char* p = Pages(hw::kPageSize);
  allocator_.FailNth(1);
  EXPECT_EQ(Map(p, 100, kToDevice), Dma::kMappingError);
  mask_ = 0xffffff;
  EXPECT_EQ(Map(p, 100, kToDevice), Dma::kMappingError);
  EXPECT_EQ(mapped_for_devices_.live_count(), 0u);
}

TEST_F(IommuDmaTest, DI2_TheDirectionIsKept) {
  char* p = Pages(2 * hw::kPageSize);
  const unsigned long long read = Map(p, 64, kToDevice);
  EXPECT_TRUE(Reads(read, 64));
  EXPECT_FALSE(Writes(read));
  ExpectViolations(1, 61, 19, "the IOMMU faults");
  const unsigned long long written = Map(p + hw::kPageSize, 64, kFromDevice);
  EXPECT_TRUE(Writes(written, 64));
  EXPECT_FALSE(Reads(written));
  ExpectViolations(1, 61, 19, "the IOMMU faults");
}

TEST_F(IommuDmaTest, DI2_PastTheBufferButInItsPageTheIommuSeesNothing) {
  const unsigned long long dma = Map(Pages(hw::kPageSize), 64, kBoth);
  EXPECT_TRUE(Writes(dma + 60, 4));
  ExpectViolations(0);
  EXPECT_TRUE(Writes(dma + 60, 5));
  ExpectViolations(1, 61, 19, "only in part");
}

TEST_F(IommuDmaTest, DI2_AnotherDevicesMappingIsNotThisOnes) {
  const unsigned long long dma = Map(Pages(hw::kPageSize), 64, kBoth);
  device other{};
  char byte = 0;
  dma_.DeviceRead(&dev_, {dma}, &byte, 1);
  ExpectViolations(0);
  dma_.DeviceRead(&other, {dma}, &byte, 1);
  ExpectViolations(1, 61, 19, "not mapped for it");
}

TEST_F(IommuDmaTest, DI2_UnmappingTooLittleLeavesTheRestReachable) {
  char* p = Pages(2 * hw::kPageSize);
  const unsigned long long dma = Map(p, 2 * hw::kPageSize, kBoth);
  dma_.DmaUnmapPage(&dev_, dma, hw::kPageSize, kBoth, 0);
  ExpectViolations(1, 57, 19, "of 4096 bytes, mapped with 8192");
  hw::PhysAddr phys;
  EXPECT_FALSE(dma_.Translate({dma}, hw::Iommu::kRead, &phys));
  EXPECT_TRUE(dma_.Translate({dma + hw::kPageSize}, hw::Iommu::kRead, &phys));
}

TEST_F(IommuDmaTest, DI3_MmapInsertsPagesFromVmPgoffOn) {
  char* p = Alloc(4 * hw::kPageSize);
  vma_.vm_start = 0x10000;
  vma_.vm_end = 0x12000;
  vma_.vm_pgoff = 1;
  // By the kernel address: the handle is not looked at.
  EXPECT_EQ(dma_.DmaMmapAttrs(&dev_, &vma_, p, 0, 4 * hw::kPageSize, 0), 0);
  EXPECT_EQ(mm_.inserted.count, 2);
  EXPECT_EQ(mm_.inserted.addr, 0x11000u);
  EXPECT_EQ(mm_.inserted.page, allocator_.VmallocToPage(p + 2 * hw::kPageSize));
  EXPECT_EQ(mm_.call.count, 0);
  vma_.vm_pgoff = 3;
  EXPECT_EQ(dma_.DmaMmapAttrs(&dev_, &vma_, p, handle_, 4 * hw::kPageSize, 0), -ENXIO);
  mm_.result = -ENOMEM;
  vma_.vm_pgoff = 0;
  EXPECT_EQ(dma_.DmaMmapAttrs(&dev_, &vma_, p, handle_, 4 * hw::kPageSize, 0), -ENOMEM);
}

TEST_F(IommuDmaTest, DI3_MmapOfLinearMemoryRemapsItsFrames) {
  void* p = dma_.DmaAllocAttrs(&dev_, 2 * hw::kPageSize, &handle_, kGfpAtomic, 0);
  vma_.vm_start = 0x10000;
  vma_.vm_end = 0x11000;
  vma_.vm_pgoff = 1;
  EXPECT_EQ(dma_.DmaMmapAttrs(&dev_, &vma_, p, handle_, 2 * hw::kPageSize, 0), 0);
  EXPECT_EQ(mm_.call.pfn, memory_.PhysOf(p).pfn().value + 1);
}

TEST_F(IommuDmaTest, DI3_ASizeThatIsALieReadsPastTheArrayOfPages) {
  char* p = Alloc(2 * hw::kPageSize);
  vma_.vm_start = 0x10000;
  vma_.vm_end = 0x13000;
  dma_.DmaMmapAttrs(&dev_, &vma_, p, handle_, 3 * hw::kPageSize, 0);
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kOops);
  ExpectViolations(1, 2, 10, "page 2 of a buffer of 2 pages");
}

TEST_F(IommuDmaTest, DI3_SgtableHasAnEntryForEachFrame) {
  char* p = Alloc(200 * hw::kPageSize);
  sg_table table{};
  ASSERT_EQ(dma_.DmaGetSgtable(&dev_, &table, p, handle_, 199 * hw::kPageSize + 5, 0), 0);
  EXPECT_EQ(table.orig_nents, 200u);
  scatterlist link, last;
  memory_.ReadKernel(&link, table.sgl + 127, sizeof link);
  ASSERT_NE(link.page_link & SG_CHAIN, 0u);
  const auto* second = reinterpret_cast<scatterlist*>(link.page_link & ~3UL);
  memory_.ReadKernel(&last, second + 72, sizeof last);
  EXPECT_EQ(last.page_link & ~3UL,
            reinterpret_cast<unsigned long>(allocator_.VmallocToPage(p + 199 * hw::kPageSize)));
  EXPECT_NE(last.page_link & SG_END, 0u);
  EXPECT_EQ(last.length, 5u);
}

TEST_F(IommuDmaTest, DI3_SgtableThatFindsNoMemoryLeavesNone) {
  char* p = Alloc(300 * hw::kPageSize);
  const uint32_t before = allocator_.allocations().live_count();
  for (uint32_t n = 1; n <= 3; ++n) {
    sg_table table{};
    allocator_.FailNth(n);
    EXPECT_EQ(dma_.DmaGetSgtable(&dev_, &table, p, handle_, 300 * hw::kPageSize, 0), -ENOMEM);
    EXPECT_EQ(table.sgl, nullptr);
    EXPECT_EQ(allocator_.allocations().live_count(), before);
  }
}

TEST_F(IommuDmaTest, DI4_AListBecomesOneRunOfAddresses) {
  char* first = Pages(hw::kPageSize);
  char* second = Pages(2 * hw::kPageSize);
  scatterlist list[3] = {};
  const auto fill = [&](int i, char* at, unsigned length) {
    list[i].page_link =
        reinterpret_cast<unsigned long>(memory_.PageAddress(memory_.PhysOf(at).pfn()));
    list[i].offset = static_cast<unsigned>(memory_.PhysOf(at).value & hw::kPageMask);
    list[i].length = length;
  };
  fill(0, first, hw::kPageSize);  // these two meet
  fill(1, second, 100);
  fill(2, second + hw::kPageSize + 8, 50);  // this one does not
  list[2].page_link |= SG_END;
  ASSERT_EQ(dma_.DmaMapSg(&dev_, list, 3, kFromDevice, 0), 2);
  EXPECT_EQ(list[0].dma_length, hw::kPageSize + 100);
  EXPECT_EQ(list[1].dma_address, list[0].dma_address + 2 * hw::kPageSize + 8);
  EXPECT_EQ(list[1].dma_length, 50u);
  EXPECT_EQ(list[2].dma_address, Dma::kMappingError);
  EXPECT_TRUE(Writes(list[0].dma_address + hw::kPageSize + 99));
  dma_.DmaSyncSg(&dev_, list, 3, kFromDevice, true);
  dma_.DmaUnmapSg(&dev_, list, 3, kFromDevice, 0);
  ExpectViolations(0);
  EXPECT_EQ(mapped_for_devices_.live_count(), 0u);
  EXPECT_FALSE(Writes(list[0].dma_address));
}

TEST_F(IommuDmaTest, DI4_UnmappingTheCountThatCameBackIsReported) {
  char* p = Pages(2 * hw::kPageSize);
  scatterlist list[2] = {};
  for (int i = 0; i < 2; ++i) {
    list[i].page_link = reinterpret_cast<unsigned long>(memory_.PageAddress(
                            memory_.PhysOf(p).pfn() + static_cast<uint64_t>(i))) |
                        (i == 1 ? SG_END : 0);
    list[i].length = hw::kPageSize;
  }
  ASSERT_EQ(dma_.DmaMapSg(&dev_, list, 2, kFromDevice, 0), 1);
  dma_.DmaUnmapSg(&dev_, list, 1, kFromDevice, 0);
  ExpectViolations(1, 57, 19, "with 1 entries, mapped with 2");
}

TEST_F(IommuDmaTest, DI5_PoolsAndPagesAreBehindItToo) {
  dma_pool* pool = dma_.DmaPoolCreate("p", &dev_, 64, 0, 0);
  void* block = dma_.DmaPoolAlloc(pool, kGfpKernel, &handle_);
  ASSERT_NE(block, nullptr);
  EXPECT_TRUE(Writes(handle_, 64));
  dma_.DmaPoolFree(pool, block, handle_);
  dma_.DmaPoolDestroy(pool);
  struct page* page = dma_.DmaAllocPages(&dev_, 100, &handle_, kFromDevice, kGfpKernel);
  dma_.DmaSync(&dev_, handle_, 100, kFromDevice, false);
  EXPECT_TRUE(Writes(handle_ + 99));
  dma_.DmaFreePages(&dev_, 100, page, handle_, kFromDevice);
  ExpectViolations(0);
  EXPECT_FALSE(Writes(handle_));
}

TEST_F(IommuDmaTest, ResetPutsAddressesBack) {
  char* kept = Alloc(100);
  const unsigned long long handle = handle_;
  Checkpoint();
  const uint64_t hash = Hash();
  dma_.DmaFreeAttrs(&dev_, 100, kept, handle, 0);
  Alloc(5 * hw::kPageSize);
  Map(Pages(hw::kPageSize), 10, kBoth);
  Reset();
  EXPECT_EQ(FirstDifference(), nullptr);
  EXPECT_EQ(Hash(), hash);
  EXPECT_TRUE(Reads(handle));
}

// --- devices without an IOMMU ---

class DirectDeviceTest : public DmaTest {};

TEST_F(DirectDeviceTest, ReachesAllOfRamAndIsToldOfWhatItShouldNot) {
  char* p = Alloc(100);
  char byte = 'x';
  EXPECT_TRUE(dma_.DeviceWrite(&dev_, {handle_ + 8}, &byte, 1));
  ExpectViolations(0);
  EXPECT_EQ(WordAt(p + 8), uint64_t{'x'});
  auto* other = static_cast<char*>(allocator_.AllocPagesExact(hw::kPageSize, kGfpKernel));
  EXPECT_TRUE(dma_.DeviceWrite(&dev_, {memory_.PhysOf(other).value}, &byte, 1));
  ExpectViolations(1, 61, 19, "not mapped for it");
  EXPECT_EQ(WordAt(other) & 0xff, uint64_t{'x'});  // done all the same
  EXPECT_FALSE(dma_.DeviceRead(&dev_, {0x1000}, &byte, 1));
  ExpectViolations(1, 61, 19, "no memory is there");
}

TEST_F(DirectDeviceTest, AWriteAgainstTheDirectionIsReportedAndDone) {
  auto* p = static_cast<char*>(allocator_.AllocPagesExact(hw::kPageSize, kGfpKernel | kGfpDma32));
  const unsigned long long dma = dma_.DmaMapSingle(&dev_, p, 64, kToDevice, 0);
  dma_.DmaMappingError(&dev_, dma);
  char byte = 'x';
  EXPECT_TRUE(dma_.DeviceWrite(&dev_, {dma}, &byte, 1));
  ExpectViolations(1, 61, 19, "DMA_TO_DEVICE");
  dma_.DmaUnmapPage(&dev_, dma, 64, kToDevice, 0);
  ExpectViolations(0);  // it was not the driver that wrote
}

// --- vmalloc-dma ---

class RemappedDmaTest : public DmaTest {
 protected:
  RemappedDmaTest() : DmaTest("vmalloc-dma") {}
};

TEST_F(RemappedDmaTest, DI6_TheKernelAddressIsVmallocsAndTheFramesAreNeighbours) {
  char* p = Alloc(3 * hw::kPageSize);
  ASSERT_NE(p, nullptr);
  EXPECT_TRUE(allocator_.IsVmallocAddr(p));
  EXPECT_FALSE(memory_.IsLinear(p));
  hw::Pfn pfn;
  ASSERT_TRUE(memory_.FindFrame(p + 2 * hw::kPageSize, &pfn));
  EXPECT_EQ(hw::PhysAddr::Of(pfn).value, handle_ + 2 * hw::kPageSize);
  EXPECT_EQ(allocator_.VmallocToPage(p + hw::kPageSize),
            memory_.PageAddress(hw::PhysAddr{handle_}.pfn() + 1));
  allocator_.VirtToPhys(p);
  ExpectViolations(1, 32, 18, "DMA memory, which is vmalloc's");
}

TEST_F(RemappedDmaTest, DI6_BothAddressesShowTheSameBytes) {
  char* p = Alloc(hw::kPageSize);
  *p = 'a';  // as driver code does
  EXPECT_EQ(WordAt(memory_.KernelAddress({handle_})), uint64_t{'a'});
  Checkpoint();
  *p = 'b';
  p[64] = 'c';
  Reset();
  EXPECT_EQ(WordAt(p), uint64_t{'a'});
  EXPECT_EQ(FirstDifference(), nullptr);
}

TEST_F(RemappedDmaTest, DI6_ItIsFreedByItsKernelAddress) {
  char* p = Alloc(hw::kPageSize);
  dma_.DmaFreeAttrs(&dev_, hw::kPageSize, p, handle_, 0);
  ExpectViolations(0);
  p = Alloc(hw::kPageSize);
  dma_.DmaFreeAttrs(&dev_, hw::kPageSize, memory_.KernelAddress({handle_}), handle_, 0);
  ExpectViolations(1, 59, 14, "no live buffer starts there");
  EXPECT_EQ(allocator_.allocations().live_count(), 0u);
  if (hw::shadow::Present()) {
    EXPECT_TRUE(Poisoned(p));
  }
}

TEST_F(RemappedDmaTest, DI6_MmapGoesByTheHandle) {
  Alloc(2 * hw::kPageSize);
  EXPECT_EQ(Mmap(1, 1, 2 * hw::kPageSize), 0);
  EXPECT_EQ(mm_.call.pfn, hw::PhysAddr{handle_}.pfn().value + 1);
  EXPECT_EQ(mm_.call.prot, 0x27u);
}

TEST_F(RemappedDmaTest, DI6_WithoutAKernelMappingThereIsNoRemap) {
  auto* page = reinterpret_cast<struct page*>(Alloc(100, Dma::kAttrNoKernelMapping));
  ASSERT_TRUE(memory_.IsPage(page));
  dma_.DmaFreeAttrs(&dev_, 100, page, handle_, Dma::kAttrNoKernelMapping);
  ExpectViolations(0);
}

// --- arm64 ---

class CoherentArmTest : public DmaTest {
 protected:
  CoherentArmTest() : DmaTest("arm64") {}
};
class NoncoherentArmTest : public DmaTest {
 protected:
  NoncoherentArmTest() : DmaTest("arm64-noncoherent") {}
};

TEST_F(CoherentArmTest, DM2_TheProtectionStaysAndMemoryIsLinear) {
  EXPECT_TRUE(memory_.IsLinear(Alloc(hw::kPageSize)));
  EXPECT_EQ(Mmap(0, 1, hw::kPageSize), 0);
  EXPECT_EQ(mm_.call.prot, 0x27u);
  EXPECT_FALSE(dma_.DmaNeedSync(&dev_, handle_));
}

TEST_F(NoncoherentArmTest, DM2_TheProtectionIsDmacoherentEvenWhenItFails) {
  EXPECT_TRUE(allocator_.IsVmallocAddr(Alloc(hw::kPageSize)));
  EXPECT_EQ(Mmap(0, 1, hw::kPageSize), 0);
  EXPECT_EQ(mm_.call.prot, 0x2fu);
  EXPECT_EQ(Mmap(0, 2, hw::kPageSize), -ENXIO);
  EXPECT_EQ(vma_.vm_page_prot.pgprot, 0x2fu);
  EXPECT_TRUE(dma_.DmaNeedSync(&dev_, handle_));
}

// --- caches ---

class NoncoherentDmaTest : public DmaTest {
 protected:
  NoncoherentDmaTest() : DmaTest("arm64-noncoherent") {
    mask_ = ~0ull;
    allocator_.SetCaches(dma_.caches());
  }
  char* Buffer(size_t size_bytes) {
    return static_cast<char*>(allocator_.Kmalloc(size_bytes, kGfpKernel));
  }
  unsigned long long Map(void* buffer, size_t size_bytes, int direction, unsigned long attrs = 0) {
    const unsigned long long dma = dma_.DmaMapSingle(&dev_, buffer, size_bytes, direction, attrs);
    dma_.DmaMappingError(&dev_, dma);
    return dma;
  }
  void Store(char* to, char byte) { memory_.WriteKernel(to, &byte, 1); }
  char Load(const char* from) {
    char byte = 0;
    memory_.ReadKernel(&byte, from, 1);
    return byte;
  }
  char DeviceLoads(unsigned long long dma) {
    char byte = 0;
    EXPECT_TRUE(dma_.DeviceRead(&dev_, {dma}, &byte, 1));
    return byte;
  }
  void DeviceStores(unsigned long long dma, char byte) {
    EXPECT_TRUE(dma_.DeviceWrite(&dev_, {dma}, &byte, 1));
  }
  char UserLoads(hw::CacheType type, unsigned long long phys) {
    char byte = 0;
    EXPECT_TRUE(dma_.UserAccess(type, {phys}, &byte, nullptr, 1));
    return byte;
  }
  void UserStores(hw::CacheType type, unsigned long long phys, char byte) {
    EXPECT_TRUE(dma_.UserAccess(type, {phys}, nullptr, &byte, 1));
  }
};

TEST_F(NoncoherentDmaTest, NC2_MappingCleansAndUnmappingInvalidates) {
  char* p = Buffer(64);
  Store(p, 1);
  const unsigned long long dma = Map(p, 64, kBoth);
  EXPECT_EQ(DeviceLoads(dma), 1);
  DeviceStores(dma, 2);
  EXPECT_EQ(Load(p), 1);
  dma_.DmaUnmapPage(&dev_, dma, 64, kBoth, 0);
  EXPECT_EQ(Load(p), 2);
  ExpectViolations(0);
}

TEST_F(NoncoherentDmaTest, NC2_AStoreAfterMappingIsNotSeenByTheDevice) {
  char* p = Buffer(64);
  Store(p, 1);
  const unsigned long long dma = Map(p, 64, kToDevice);
  Store(p, 2);
  EXPECT_EQ(DeviceLoads(dma), 1);
  ExpectViolations(1, 36, 12, "the device reads 0x01, stale: 0x02 is in the cache");
  dma_.DmaSync(&dev_, dma, 64, kToDevice, false);
  EXPECT_EQ(DeviceLoads(dma), 2);
  ExpectViolations(0);
}

TEST_F(NoncoherentDmaTest, NC2_WhatTheDeviceWroteIsNotSeenBeforeTheSync) {
  char* p = Buffer(64);
  Store(p + 9, 1);
  const unsigned long long dma = Map(p, 64, kFromDevice);
  DeviceStores(dma + 9, 2);
  dma_.ReportIfDeviceOwned(p, 64, false, "copy_to_user");
  ExpectViolations(1, 56, 19, "copy_to_user reads");
  dma_.DmaSync(&dev_, dma, 8, kFromDevice, true);  // not far enough
  EXPECT_EQ(Load(p + 9), 1);
  dma_.DmaSync(&dev_, dma, 64, kFromDevice, true);
  EXPECT_EQ(Load(p + 9), 2);
  dma_.ReportIfDeviceOwned(p, 64, false, "copy_to_user");
  ExpectViolations(0);
}

TEST_F(NoncoherentDmaTest, NC2_SkippedOrMisdirectedSyncsDoNothing) {
  char* p = Buffer(64);
  Store(p, 1);
  unsigned long long dma = Map(p, 64, kBoth, Dma::kAttrSkipCpuSync);
  DeviceStores(dma, 2);
  dma_.DmaUnmapPage(&dev_, dma, 64, kBoth, Dma::kAttrSkipCpuSync);
  EXPECT_EQ(Load(p), 1);
  EXPECT_FALSE(dma_.ReportIfDeviceOwned(p, 1, false, "copy_to_user"));
  ExpectViolations(1, 36, 12, "copy_to_user reads 0x01, stale: the device wrote 0x02");
  dma = Map(p, 64, kFromDevice);
  DeviceStores(dma, 3);
  dma_.DmaUnmapPage(&dev_, dma, 64, kToDevice, 0);
  EXPECT_EQ(Load(p), 1);
  ExpectViolations(1, 57, 19, "DMA_TO_DEVICE");
}

TEST_F(NoncoherentDmaTest, NC3_CoherentMemoryIsUncachedForTheKernel) {
  char* p = Alloc(hw::kPageSize);
  Store(p, 1);
  EXPECT_EQ(DeviceLoads(handle_), 1);
  DeviceStores(handle_, 2);
  EXPECT_EQ(Load(p), 2);
  EXPECT_EQ(UserLoads(hw::CacheType::kNormalNonCacheable, handle_), 2);
  ExpectViolations(0);
  EXPECT_EQ(dma_.caches()->copies(), 0u);
}

TEST_F(NoncoherentDmaTest, NC3_ACachedAliasOfItShowsStaleBytes) {
  char* p = Alloc(hw::kPageSize);
  EXPECT_EQ(UserLoads(hw::CacheType::kWriteBack, handle_), 0);
  Store(p, 5);
  EXPECT_EQ(UserLoads(hw::CacheType::kWriteBack, handle_), 0);
  ExpectViolations(1, 36, 12,
                   "user space reads 0x00 through a mapping that is WB, stale: memory has 0x05");
}

TEST_F(NoncoherentDmaTest, NC3_AStoreThroughACachedAliasNeverReachesTheDevice) {
  char* p = Alloc(hw::kPageSize);
  UserStores(hw::CacheType::kWriteBack, handle_ + 3, 7);
  EXPECT_EQ(DeviceLoads(handle_ + 3), 0);
  ExpectViolations(1, 36, 12, "0x07 is in the cache, by a cached mapping");
  dma_.ReportIfDeviceOwned(p, 8, false, "copy_to_user");
  ExpectViolations(1, 36, 12, "a cached mapping holds back 0x07");
}

TEST_F(NoncoherentDmaTest, NC4_AnUncachedMappingOfCachedMemoryIsStaleToo) {
  auto* p = static_cast<char*>(allocator_.AllocPagesExact(hw::kPageSize, kGfpKernel | kGfpZero));
  const unsigned long long phys = memory_.PhysOf(p).value;
  EXPECT_EQ(UserLoads(hw::CacheType::kDeviceNoEarlyAck, phys), 0);
  Store(p, 4);
  EXPECT_EQ(UserLoads(hw::CacheType::kDeviceNoEarlyAck, phys), 0);
  ExpectViolations(1, 36, 12, "is nGnRnE, stale: the cache has 0x04");
  EXPECT_EQ(UserLoads(hw::CacheType::kWriteBack, phys), 4);
  ExpectViolations(0);
}

TEST_F(NoncoherentDmaTest, NC5_PagesAreZeroInTheCacheOnly) {
  ASSERT_NE(dma_.DmaAllocPages(&dev_, 100, &handle_, kToDevice, kGfpKernel), nullptr);
  DeviceLoads(handle_);
  ExpectViolations(1, 36, 12, "stale: 0x00 is in the cache");
  dma_.DmaSync(&dev_, handle_, 100, kToDevice, false);
  EXPECT_EQ(DeviceLoads(handle_), 0);
  ExpectViolations(0);
}

TEST_F(NoncoherentDmaTest, NC1_FreedMemoryTakesItsStalenessAlong) {
  char* p = Buffer(64);
  const unsigned long long dma = Map(p, 64, kFromDevice);
  DeviceStores(dma, 2);
  allocator_.Kfree(p);
  ExpectViolations(1, 60, 5, "mapped for a device");
  mapped_for_devices_.Remove(1);
  char* again = Buffer(64);
  EXPECT_FALSE(dma_.ReportIfDeviceOwned(again, 64, false, "copy_to_user"));
  ExpectViolations(0);
}

TEST_F(NoncoherentDmaTest, ResetPutsBothImagesBack) {
  char* p = Buffer(64);
  const unsigned long long dma = Map(p, 64, kBoth);
  Checkpoint();
  const uint64_t hash = Hash();
  DeviceStores(dma, 2);
  dma_.DmaSync(&dev_, dma, 64, kBoth, true);
  Alloc(100);
  UserStores(hw::CacheType::kWriteBack, handle_, 7);
  Reset();
  EXPECT_EQ(FirstDifference(), nullptr);
  EXPECT_EQ(Hash(), hash);
}

}  // namespace
}  // namespace drydock::kernel
