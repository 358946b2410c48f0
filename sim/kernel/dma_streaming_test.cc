// Streaming mappings: DS1..DS6 of docs/mmap-rules.md.
#include <cerrno>
#include <vector>

#include "sim/kernel/dma_fixture.h"

namespace drydock::kernel {
namespace {

constexpr int kBoth = 0, kToDevice = 1, kFromDevice = 2;

class DmaStreamingTest : public DmaTest {
 protected:
  DmaStreamingTest() { mask_ = ~0ull; }
  // kmalloc's pages are above 4 GiB.
  char* Buffer(size_t size_bytes) {
    return static_cast<char*>(allocator_.Kmalloc(size_bytes, kGfpKernel));
  }
  // Page-backed, below 4 GiB.
  char* Pages(size_t size_bytes) {
    return static_cast<char*>(allocator_.AllocPagesExact(size_bytes, kGfpKernel | kGfpDma32));
  }
  unsigned long long Map(void* buffer, size_t size_bytes, int direction) {
    const unsigned long long dma = dma_.DmaMapSingle(&dev_, buffer, size_bytes, direction, 0);
    dma_.DmaMappingError(&dev_, dma);
    return dma;
  }
  void Unmap(unsigned long long dma, size_t size_bytes, int direction) {
    dma_.DmaUnmapPage(&dev_, dma, size_bytes, direction, 0);
  }
  bool Owned(void* buffer, size_t size_bytes, bool write) {
    const bool owned = dma_.ReportIfDeviceOwned(buffer, size_bytes, write, "test");
    verdicts_.Clear();
    return owned;
  }
  void Write(char* to, char byte) { memory_.WriteKernel(to, &byte, 1); }
  // Entries of whole pages.
  std::vector<scatterlist> List(const std::vector<char*>& buffers) {
    std::vector<scatterlist> list(buffers.size());
    for (size_t i = 0; i < buffers.size(); ++i) {
      const hw::PhysAddr phys = memory_.PhysOf(buffers[i]);
      list[i].page_link = reinterpret_cast<unsigned long>(memory_.PageAddress(phys.pfn()));
      list[i].offset = static_cast<unsigned>(phys.value & hw::kPageMask);
      list[i].length = hw::kPageSize;
    }
    list.back().page_link |= SG_END;
    return list;
  }
};

// --- DS1: what may be mapped ---

TEST_F(DmaStreamingTest, DS1_TheHandleIsThePhysicalAddress) {
  char* p = Buffer(200);
  const unsigned long long dma = Map(p + 16, 100, kToDevice);
  EXPECT_EQ(dma, memory_.PhysOf(p).value + 16);
  Unmap(dma, 100, kToDevice);
  ExpectViolations(0);
  EXPECT_EQ(mapped_for_devices_.live_count(), 0u);
}

TEST_F(DmaStreamingTest, DS1_BeyondTheMaskThereIsNoBounceBuffer) {
  auto* high = static_cast<char*>(allocator_.AllocPagesExact(hw::kPageSize, kGfpKernel));
  mask_ = 0xffffffff;
  EXPECT_EQ(Map(high, 100, kToDevice), Dma::kMappingError);
  mask_ = ~0ull;
  EXPECT_NE(Map(high, 100, kToDevice), Dma::kMappingError);
  dev_.bus_dma_limit = 0xffffffff;
  EXPECT_EQ(Map(high, 100, kToDevice), Dma::kMappingError);
  ExpectViolations(0);
}

TEST_F(DmaStreamingTest, DS1_TheLastByteCounts) {
  char* p = Pages(2 * hw::kPageSize);
  mask_ = memory_.PhysOf(p).value + hw::kPageSize - 1;
  EXPECT_NE(Map(p, hw::kPageSize, kToDevice), Dma::kMappingError);
  EXPECT_EQ(Map(p, hw::kPageSize + 1, kToDevice), Dma::kMappingError);
}

TEST_F(DmaStreamingTest, DS1_VmallocStackAndNullAreRefused) {
  char on_stack[64];
  EXPECT_EQ(Map(allocator_.Vmalloc(100, kGfpKernel, false), 100, kToDevice), Dma::kMappingError);
  ExpectViolations(1, 32, 18, "a vmalloc address");
  EXPECT_EQ(Map(on_stack, sizeof on_stack, kToDevice), Dma::kMappingError);
  ExpectViolations(1, 32, 18, "static, stack or user memory");
  EXPECT_EQ(Map(nullptr, 8, kToDevice), Dma::kMappingError);
  ExpectViolations(1, 32, 18, "memory of no allocator");
  EXPECT_EQ(dma_.DmaMapPage(&dev_, nullptr, 0, 8, kToDevice, 0), Dma::kMappingError);
  ExpectViolations(1, 32, 18, "no struct page");
}

TEST_F(DmaStreamingTest, DS1_MoreThanTheObjectIsReported) {
  char* p = Buffer(100);
  EXPECT_NE(Map(p, 101, kToDevice), Dma::kMappingError);
  ExpectViolations(1, 57, 19, "runs out of its object");
}

TEST_F(DmaStreamingTest, DS1_FreedMemoryIsReported) {
  char* small = Buffer(100);
  allocator_.Kfree(small);
  Map(small, 100, kToDevice);
  ExpectViolations(1, 60, 5, "no live object");
  char* pages = Pages(hw::kPageSize);
  allocator_.FreePagesExact(pages, hw::kPageSize);
  Map(pages, 100, kToDevice);
  ExpectViolations(1, 60, 5, "the memory is free");
}

TEST_F(DmaStreamingTest, DS1_ADirectionThatIsNoneIsABug) {
  EXPECT_EQ(Map(Buffer(8), 8, 3), Dma::kMappingError);
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kBug);
  ExpectViolations(1, 57, 19, "direction 3: BUG");
}

TEST_F(DmaStreamingTest, DS1_ADeviceWithoutAMaskPointerWarns) {
  dev_.dma_mask = nullptr;
  EXPECT_EQ(Map(Buffer(8), 8, kToDevice), Dma::kMappingError);
  ExpectViolations(1, 57, 19, "no dma_mask");
}

// --- DS2: unmapping ---

TEST_F(DmaStreamingTest, DS2_AnotherSizeDirectionOrFunction) {
  char* p = Buffer(100);
  unsigned long long dma = Map(p, 100, kToDevice);
  Unmap(dma, 96, kToDevice);
  ExpectViolations(1, 57, 19, "of 96 bytes, mapped with 100");
  dma = Map(p, 100, kToDevice);
  Unmap(dma, 100, kFromDevice);
  ExpectViolations(1, 57, 19, "with DMA_FROM_DEVICE, mapped with DMA_TO_DEVICE");
  dma = Map(p, 100, kToDevice);
  dma_.DmaUnmapResource(&dev_, dma, 100, kToDevice, 0);
  ExpectViolations(1, 57, 19, "undone by dma_unmap_resource");
  EXPECT_EQ(mapped_for_devices_.live_count(), 0u);
}

TEST_F(DmaStreamingTest, DS2_AnotherAddressTwiceOrNeverMapped) {
  char* p = Buffer(100);
  const unsigned long long dma = Map(p, 100, kToDevice);
  Unmap(dma + 4, 96, kToDevice);
  ExpectViolations(1, 57, 19, "4 bytes into a mapping of 100");
  Unmap(dma, 100, kToDevice);
  Unmap(dma, 100, kToDevice);
  ExpectViolations(1, 57, 19, "not mapped for this device");
  Unmap(Dma::kMappingError, 100, kToDevice);
  ExpectViolations(1, 57, 19, "DMA_MAPPING_ERROR");
}

TEST_F(DmaStreamingTest, DS2_AnotherDevice) {
  device other{};
  const unsigned long long dma = Map(Buffer(100), 100, kToDevice);
  dma_.DmaUnmapPage(&other, dma, 100, kToDevice, 0);
  ExpectViolations(1, 57, 19, "not mapped for this device");
  EXPECT_EQ(mapped_for_devices_.live_count(), 1u);
}

TEST_F(DmaStreamingTest, DS2_OfTwoReadersTheOneThatFitsIsUnmapped) {
  char* p = Buffer(100);
  const unsigned long long dma = Map(p, 100, kToDevice);
  EXPECT_EQ(Map(p, 50, kToDevice), dma);
  Unmap(dma, 50, kToDevice);
  Unmap(dma, 100, kToDevice);
  ExpectViolations(0);
}

// --- DS3: dma_mapping_error ---

TEST_F(DmaStreamingTest, DS3_AnAddressThatNobodyAskedAboutIsReported) {
  char* p = Buffer(100);
  const unsigned long long dma = dma_.DmaMapSingle(&dev_, p, 100, kToDevice, 0);
  Unmap(dma, 100, kToDevice);
  ExpectViolations(1, 58, 19, "never looked at");
  EXPECT_EQ(dma_.DmaMappingError(&dev_, Dma::kMappingError), -ENOMEM);
  EXPECT_EQ(dma_.DmaMappingError(&dev_, dma), 0);
}

// --- DS4: whose the buffer is ---

TEST_F(DmaStreamingTest, DS4_BetweenMapAndUnmapItIsTheDevices) {
  char* p = Buffer(128);
  const unsigned long long dma = Map(p, 128, kFromDevice);
  EXPECT_TRUE(Owned(p, 1, false));
  EXPECT_TRUE(Owned(p + 127, 1, true));
  EXPECT_FALSE(Owned(p + 128, 1, true));
  if (hw::shadow::Present()) {
    EXPECT_TRUE(Poisoned(p, 128));
  }
  Unmap(dma, 128, kFromDevice);
  EXPECT_FALSE(Owned(p, 128, true));
  EXPECT_FALSE(Poisoned(p, 128));
  ExpectViolations(0);
}

TEST_F(DmaStreamingTest, DS4_WhatTheDeviceOnlyReadsMayBeRead) {
  char* p = Buffer(128);
  Map(p, 128, kToDevice);
  EXPECT_FALSE(Owned(p, 128, false));
  EXPECT_TRUE(Owned(p, 128, true));
  EXPECT_FALSE(Poisoned(p, 128));
}

TEST_F(DmaStreamingTest, DS4_SyncGivesAPartBackAndForth) {
  char* p = Buffer(128);
  const unsigned long long dma = Map(p, 128, kBoth);
  dma_.DmaSync(&dev_, dma + 32, 64, kBoth, true);
  EXPECT_FALSE(Owned(p + 32, 64, true));
  EXPECT_TRUE(Owned(p + 31, 2, false));
  EXPECT_TRUE(Owned(p + 95, 2, false));
  EXPECT_FALSE(Poisoned(p + 32, 64));
  dma_.DmaSync(&dev_, dma + 32, 64, kBoth, false);
  EXPECT_TRUE(Owned(p + 40, 1, false));
  if (hw::shadow::Present()) {
    EXPECT_TRUE(Poisoned(p + 40));
  }
}

TEST_F(DmaStreamingTest, DS4_AStoreToWhatTheDeviceReadsIsSeenWhenItComesBack) {
  char* p = Buffer(128);
  const unsigned long long dma = Map(p, 128, kToDevice);
  Write(p + 100, 'x');
  Unmap(dma, 128, kToDevice);
  ExpectViolations(1, 56, 19, "changed while it was the device's");
}

TEST_F(DmaStreamingTest, DS4_AStoreThatIsSynchronisedIsFine) {
  char* p = Buffer(128);
  const unsigned long long dma = Map(p, 128, kToDevice);
  Write(p, 'x');
  dma_.DmaSync(&dev_, dma, 128, kToDevice, false);
  Unmap(dma, 128, kToDevice);
  ExpectViolations(0);
}

TEST_F(DmaStreamingTest, DS4_AStoreByUserSpaceIsNotTheDrivers) {
  char* p = Pages(hw::kPageSize);
  const unsigned long long dma = Map(p, hw::kPageSize, kToDevice);
  dma_.NoteUserStore(memory_.PhysOf(p) + 8, 1);
  Write(p + 8, 'x');
  Unmap(dma, hw::kPageSize, kToDevice);
  ExpectViolations(0);
}

TEST_F(DmaStreamingTest, DS4_FreeingAMappedBufferIsC60) {
  char* small = Buffer(100);
  Map(small, 100, kFromDevice);
  allocator_.Kfree(small);
  ExpectViolations(1, 60, 5, "100 bytes of it are mapped for a device");
  char* pages = Pages(2 * hw::kPageSize);
  const unsigned long long dma = Map(pages + hw::kPageSize, 8, kFromDevice);
  allocator_.FreePagesExact(pages, 2 * hw::kPageSize);
  ExpectViolations(1, 60, 5, "mapped for a device");
  // What was freed stays poisoned when the mapping goes.
  Unmap(dma, 8, kFromDevice);
  if (hw::shadow::Present()) {
    EXPECT_TRUE(Poisoned(pages + hw::kPageSize));
  }
}

// --- DS5: sync ---

TEST_F(DmaStreamingTest, DS5_WhatIsNotMappedOrBeyondIt) {
  char* p = Buffer(100);
  dma_.DmaSync(&dev_, memory_.PhysOf(p).value, 100, kBoth, true);
  ExpectViolations(1, 57, 19, "not mapped for this device");
  const unsigned long long dma = Map(p, 100, kBoth);
  dma_.DmaSync(&dev_, dma + 50, 51, kBoth, true);
  ExpectViolations(1, 57, 19, "51 bytes from byte 50 of a mapping of 100");
  dma_.DmaSync(&dev_, dma + 100, 1, kBoth, true);
  ExpectViolations(1, 57, 19, "not mapped for this device");
}

TEST_F(DmaStreamingTest, DS5_AnotherDirection) {
  const unsigned long long from = Map(Buffer(100), 100, kFromDevice);
  dma_.DmaSync(&dev_, from, 100, kToDevice, false);
  ExpectViolations(1, 57, 19, "with DMA_TO_DEVICE, mapped with DMA_FROM_DEVICE");
  const unsigned long long both = Map(Buffer(100), 100, kBoth);
  dma_.DmaSync(&dev_, both, 100, kFromDevice, true);
  ExpectViolations(0);  // of a bidirectional mapping any is right
}

TEST_F(DmaStreamingTest, DS5_CoherentMachinesNeedNoSync) {
  EXPECT_FALSE(dma_.DmaNeedSync(&dev_, Map(Buffer(8), 8, kBoth)));
}

// --- DS6: overlap ---

TEST_F(DmaStreamingTest, DS6_TwoThatTheDeviceWritesMustNotOverlap) {
  char* p = Buffer(128);
  Map(p, 64, kFromDevice);
  Map(p + 64, 64, kFromDevice);
  ExpectViolations(0);
  Map(p + 63, 1, kBoth);
  ExpectViolations(1, 62, 19, "overlap");
}

TEST_F(DmaStreamingTest, DS6_ReadersAndSkippedSyncsMay) {
  char* p = Buffer(128);
  Map(p, 64, kFromDevice);
  Map(p, 64, kToDevice);
  dma_.DmaMapSingle(&dev_, p, 64, kFromDevice, Dma::kAttrSkipCpuSync);
  ExpectViolations(0);
}

// --- scatter lists ---

TEST_F(DmaStreamingTest, DS7_EachEntryGetsItsAddress) {
  char* p = Pages(4 * hw::kPageSize);
  auto list = List({p + 3 * hw::kPageSize, p});
  ASSERT_EQ(dma_.DmaMapSg(&dev_, list.data(), 2, kFromDevice, 0), 2);
  EXPECT_EQ(list[0].dma_address, memory_.PhysOf(p).value + 3 * hw::kPageSize);
  EXPECT_EQ(list[1].dma_length, hw::kPageSize);
  EXPECT_TRUE(Owned(p, 1, false));
  EXPECT_FALSE(Owned(p + hw::kPageSize, 1, false));
  dma_.DmaSyncSg(&dev_, list.data(), 2, kFromDevice, true);
  EXPECT_FALSE(Owned(p, 1, false));
  dma_.DmaUnmapSg(&dev_, list.data(), 2, kFromDevice, 0);
  ExpectViolations(0);
  EXPECT_EQ(mapped_for_devices_.live_count(), 0u);
}

TEST_F(DmaStreamingTest, DS7_WhatCannotBeReachedLeavesNothingMapped) {
  auto* high = static_cast<char*>(allocator_.AllocPagesExact(hw::kPageSize, kGfpKernel));
  auto list = List({Pages(hw::kPageSize), high});
  mask_ = 0xffffffff;
  EXPECT_EQ(dma_.DmaMapSg(&dev_, list.data(), 2, kFromDevice, 0), -EIO);
  EXPECT_EQ(mapped_for_devices_.live_count(), 0u);
}

TEST_F(DmaStreamingTest, DS7_AnotherCountIsReported) {
  char* p = Pages(2 * hw::kPageSize);
  auto list = List({p, p + hw::kPageSize});
  dma_.DmaMapSg(&dev_, list.data(), 2, kFromDevice, 0);
  dma_.DmaSyncSg(&dev_, list.data(), 1, kFromDevice, true);
  ExpectViolations(1, 57, 19, "with 1 entries, mapped with 2");
  dma_.DmaUnmapSg(&dev_, list.data(), 1, kFromDevice, 0);
  ExpectViolations(1, 57, 19, "with 1 entries, mapped with 2");
}

TEST_F(DmaStreamingTest, DS7_AListThatIsShorterOopses) {
  auto list = List({Pages(hw::kPageSize)});
  EXPECT_LT(dma_.DmaMapSg(&dev_, list.data(), 2, kFromDevice, 0), 0);
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kOops);
  ExpectViolations(1, 57, 19, "ends 1 entries before");
  EXPECT_EQ(mapped_for_devices_.live_count(), 0u);
}

TEST_F(DmaStreamingTest, DS7_ChainedListsAreFollowed) {
  char* p = Pages(2 * hw::kPageSize);
  auto second = List({p + hw::kPageSize});
  auto list = List({p, p});
  list[1].page_link = reinterpret_cast<unsigned long>(second.data()) | SG_CHAIN;
  ASSERT_EQ(dma_.DmaMapSg(&dev_, list.data(), 2, kFromDevice, 0), 2);
  EXPECT_EQ(second[0].dma_address, memory_.PhysOf(p).value + hw::kPageSize);
  dma_.DmaUnmapSg(&dev_, list.data(), 2, kFromDevice, 0);
  ExpectViolations(0);
}

TEST_F(DmaStreamingTest, DS7_AnEntryWithoutAPageIsReported) {
  auto list = List({Pages(hw::kPageSize)});
  list[0].page_link = SG_END;
  EXPECT_EQ(dma_.DmaMapSg(&dev_, list.data(), 1, kFromDevice, 0), -EIO);
  ExpectViolations(1, 32, 18, "without a struct page");
}

// --- device memory ---

TEST_F(DmaStreamingTest, DS8_ResourcesAreMappedAsTheyAre) {
  EXPECT_EQ(dma_.DmaMapResource(&dev_, 0xe0000000, 4096, kBoth, 0), 0xe0000000u);
  dma_.DmaMappingError(&dev_, 0xe0000000);
  dma_.DmaUnmapResource(&dev_, 0xe0000000, 4096, kBoth, 0);
  ExpectViolations(0);
  mask_ = 0xfffffff;
  EXPECT_EQ(dma_.DmaMapResource(&dev_, 0xe0000000, 4096, kBoth, 0), Dma::kMappingError);
  EXPECT_EQ(dma_.DmaMapResource(&dev_, hw::PhysicalMemory::kDma32Base.value, 4096, kBoth, 0),
            Dma::kMappingError);
  ExpectViolations(1, 32, 18, "of RAM");
}

// --- leaks and reset ---

TEST_F(DmaStreamingTest, DS9_WhatIsLeftWhenTheDeviceGoesIsALeak) {
  Map(Buffer(100), 100, kBoth);
  Map(Buffer(100), 100, kBoth);
  device other{};
  dma_.OnUnbound(&other);
  ExpectViolations(0);
  dma_.OnUnbound(&dev_);
  ExpectViolations(1, 45, 6, "2 DMA mappings left");
}

TEST_F(DmaStreamingTest, ResetForgetsMappingsAndTheirPoison) {
  char* p = Buffer(128);
  const unsigned long long kept = Map(p, 64, kFromDevice);
  Checkpoint();
  const uint64_t hash = Hash();
  Unmap(kept, 64, kFromDevice);
  Map(p + 64, 64, kFromDevice);
  Reset();
  EXPECT_EQ(FirstDifference(), nullptr);
  EXPECT_EQ(Hash(), hash);
  EXPECT_TRUE(Owned(p, 1, false));
  EXPECT_FALSE(Owned(p + 64, 1, true));
  EXPECT_FALSE(Poisoned(p + 64, 64));
}

TEST_F(DmaStreamingTest, MoreMappingsThanTheTableHoldsIsALimitOfOurs) {
  char* p = Pages(hw::kPageSize);
  for (uint32_t i = 0; i < DmaRegister::kCapacity; ++i) Map(p, 1, kToDevice);
  ExpectViolations(0);
  Map(p, 1, kToDevice);
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kUnmodelled);
}

}  // namespace
}  // namespace drydock::kernel
