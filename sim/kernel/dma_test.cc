#include "sim/kernel/dma.h"

#include <cerrno>

#include "sim/kernel/memory_fixture.h"

namespace drydock::kernel {
namespace {

struct RemapCall {
  unsigned long addr = 0, pfn = 0, size = 0, prot = 0;
  int count = 0;
};

class FakeMm final : public mocks::MmApi {
 public:
  int RemapPfnRange(vm_area_struct*, unsigned long addr, unsigned long pfn, unsigned long size,
                    pgprot_t prot) override {
    call = {addr, pfn, size, prot.pgprot, call.count + 1};
    return result;
  }
  int VmIomapMemory(vm_area_struct*, unsigned long long, unsigned long) override { return 0; }
  int VmInsertPage(vm_area_struct*, unsigned long, struct page*) override { return 0; }
  vm_fault_t VmfInsertPfn(vm_area_struct*, unsigned long, unsigned long) override { return 0; }
  vm_fault_t VmfInsertPfnProt(vm_area_struct*, unsigned long, unsigned long, pgprot_t) override {
    return 0;
  }
  void ZapVmaPtes(vm_area_struct*, unsigned long, unsigned long) override {}
  void UnmapMappingRange(address_space*, long long, long long, int) override {}
  pgprot_t VmGetPageProt(unsigned long) override { return {}; }
  pgprot_t PgprotWritecombine(pgprot_t prot) override { return prot; }
  vm_area_struct* FindVma(mm_struct*, unsigned long) override { return nullptr; }
  mm_struct* CurrentMm() override { return nullptr; }
  RemapCall call;
  int result = 0;
};

class DmaTest : public MemoryTest {
 protected:
  DmaTest() {
    dev_.coherent_dma_mask = 0xffffffff;
    dev_.dma_mask = &mask_;
  }
  char* Alloc(size_t size_bytes, unsigned long attrs = 0) {
    return static_cast<char*>(dma_.DmaAllocAttrs(&dev_, size_bytes, &handle_, kGfpKernel, attrs));
  }
  int Mmap(uint64_t pgoff, uint64_t vma_pages, size_t size_bytes) {
    vma_.vm_start = 0x10000;
    vma_.vm_end = vma_.vm_start + vma_pages * hw::kPageSize;
    vma_.vm_pgoff = pgoff;
    vma_.vm_page_prot.pgprot = 0x27;
    return dma_.DmaMmapAttrs(&dev_, &vma_, nullptr, handle_, size_bytes, 0);
  }

  device dev_{};
  unsigned long long mask_ = 0xffffffff;
  unsigned long long handle_ = 1;
  vm_area_struct vma_{};
  FakeMm mm_;
  Dma dma_{allocator_, verdicts_, mm_};
};

TEST_F(DmaTest, MemoryIsZeroedAndItsHandleIsThePhysicalAddress) {
  char* p = Alloc(3 * hw::kPageSize);
  ASSERT_NE(p, nullptr);
  EXPECT_EQ(handle_, memory_.PhysOf(p).value);
  EXPECT_EQ(WordAt(p + 3 * hw::kPageSize - 8), 0u);
  EXPECT_EQ(allocator_.FindDma({handle_ + 5000}), allocator_.FindByAddress(p));
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
  dma_.DmaFreeAttrs(&dev_, 2 * hw::kPageSize, p + hw::kPageSize, handle_, 0);
  ExpectViolations(1, 0, 14, "no live buffer");
  dma_.DmaFreeAttrs(&dev_, hw::kPageSize, p, handle_, 0);
  ExpectViolations(1, 0, 14, "4096 bytes, allocated with 8192");
  dma_.DmaFreeAttrs(&dev_, 2 * hw::kPageSize, p, handle_, 0);
  ExpectViolations(1, 0, 14, "double free");
  p = Alloc(10);
  dma_.DmaFreeAttrs(&dev_, 10, p, handle_ + 1, 0);
  ExpectViolations(1, 0, 14, "DMA handle");
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

TEST_F(DmaTest, StreamingMappingIsArithmeticWithinTheMask) {
  struct page* low = allocator_.AllocPages(kGfpKernel | kGfpDma32, 0);
  struct page* high = allocator_.AllocPages(kGfpKernel, 0);
  EXPECT_EQ(dma_.DmaMapPage(&dev_, low, 16, 100, 0, 0), hw::PhysAddr::Of(PfnOf(low)).value + 16);
  EXPECT_EQ(dma_.DmaMapPage(&dev_, high, 0, 100, 0, 0), Dma::kMappingError);
  EXPECT_EQ(dma_.DmaMapPage(&dev_, nullptr, 0, 100, 0, 0), Dma::kMappingError);
  ExpectViolations(1, 32, 18, "no struct page");
}

TEST(DmaPlatformTest, TheHandleIsNotThePhysicalAddressWhereTheBusHasAnOffset) {
  hw::ResetList list;
  hw::PhysicalMemory memory(list);
  Verdicts verdicts;
  Allocator allocator(list, memory, verdicts, *hw::FindPlatform("offset-dma"));
  FakeMm mm;
  Dma dma(allocator, verdicts, mm);
  device dev{};
  dev.coherent_dma_mask = 0xffffffff;
  unsigned long long handle = 0;
  void* p = dma.DmaAllocAttrs(&dev, 100, &handle, kGfpKernel, 0);
  ASSERT_NE(p, nullptr);
  EXPECT_EQ(handle, memory.PhysOf(p).value + (uint64_t{256} << 30));
  EXPECT_EQ(allocator.FindDma({handle}), allocator.FindByAddress(p));
  EXPECT_EQ(allocator.FindDma({memory.PhysOf(p).value}), 0u);
}

}  // namespace
}  // namespace drydock::kernel
