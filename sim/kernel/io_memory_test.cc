#include "sim/kernel/io_memory.h"

#include "sim/kernel/memory_fixture.h"

namespace drydock::kernel {
namespace {

constexpr uint64_t kBar = 0xfea00000, kPool = 0x80000000;

class FakeMemtypes final : public MemtypeObserver {
 public:
  bool ReserveForKernel(hw::PhysAddr base, uint64_t size_bytes, mocks::IoCache wanted) override {
    if (!allow) return false;
    ++live;
    last_base = base.value;
    last_bytes = size_bytes;
    last_cache = wanted;
    return true;
  }
  void FreeForKernel(hw::PhysAddr base, uint64_t size_bytes) override {
    EXPECT_EQ(base.value, last_base);
    EXPECT_EQ(size_bytes, last_bytes);
    --live;
  }
  bool allow = true;
  int live = 0;
  uint64_t last_base = 0, last_bytes = 0;
  mocks::IoCache last_cache = mocks::IoCache::kWriteBack;
};

class IoMemoryTest : public MemoryTest {
 protected:
  IoMemoryTest() {
    EXPECT_TRUE(space_.AddWindow({kBar}, 0x4000, hw::WindowKind::kMmio, "bar"));
    EXPECT_TRUE(space_.AddWindow({kPool}, 0x2000, hw::WindowKind::kReservedMemory, "pool"));
  }
  char* Ioremap(uint64_t phys, uint64_t size_bytes,
                mocks::IoCache cache = mocks::IoCache::kUncachedMinus) {
    return static_cast<char*>(io_.Ioremap(phys, size_bytes, cache));
  }
  uint64_t RamPhys() const { return hw::PhysicalMemory::kDma32Base.value; }

  hw::MmioSpace space_;
  IoMemory io_{list_, space_, allocator_, verdicts_};
};

TEST_F(IoMemoryTest, RegistersAreReadAndWrittenThroughTheCookie) {
  char* cookie = Ioremap(kBar + 0x10, 0x20);
  ASSERT_NE(cookie, nullptr);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(cookie) & hw::kPageMask, 0x10u);
  io_.MmioWrite(cookie + 4, 0x11223344, 4);
  EXPECT_EQ(io_.MmioRead(cookie + 4, 4), 0x11223344u);
  EXPECT_EQ(io_.MmioRead(cookie + 5, 1), 0x33u);
  EXPECT_EQ(space_.ReadRegister(hw::PhysAddr{kBar + 0x14}, 4), 0x11223344u);
  EXPECT_TRUE(allocator_.IsVmallocAddr(cookie));
}

TEST_F(IoMemoryTest, ABareDereferenceOfACookieFaults) {
  volatile char* cookie = Ioremap(kBar, 0x1000);
  EXPECT_DEATH({ [[maybe_unused]] char c = *cookie; }, "");
}

TEST_F(IoMemoryTest, WhereNoDeviceIsReadsGiveOnes) {
  EXPECT_EQ(io_.MmioRead(Ioremap(0xd0000000, 4), 4), 0xffffffffu);
}

TEST_F(IoMemoryTest, IoremapRefusesRamAndBadRanges) {
  EXPECT_EQ(Ioremap(RamPhys(), 0x1000), nullptr);
  ExpectViolations(1, 0, 10, "ioremap() of RAM");
  EXPECT_EQ(Ioremap(RamPhys() - 1, 2), nullptr);
  ExpectViolations(1, 0, 10, "ioremap() of RAM");
  EXPECT_EQ(Ioremap(kBar, 0), nullptr);
  EXPECT_EQ(Ioremap(~uint64_t{0} - 4, 8), nullptr);
  EXPECT_EQ(Ioremap(IoMemory::kPhysLimit, 8), nullptr);
  ExpectViolations(0);
  allocator_.FailNth(1);
  EXPECT_EQ(Ioremap(kBar, 8), nullptr);
  EXPECT_EQ(io_.live_mappings(), 0u);
}

TEST_F(IoMemoryTest, AnAccessAfterIounmapIsAnOops) {
  char* cookie = Ioremap(kBar, 0x1000);
  io_.Iounmap(cookie);
  Ioremap(kBar, 0x1000);  // does not take the same address
  EXPECT_EQ(io_.MmioRead(cookie, 4), ~uint64_t{0});
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kOops);
  ExpectViolations(1, 0, 14, "iounmap");
}

TEST_F(IoMemoryTest, AnAccessBeyondTheMappedPagesIsAnOops) {
  char* cookie = Ioremap(kBar, 0x100);
  io_.MmioRead(cookie + 0xffc, 4);  // the rest of the page is mapped, as on hardware
  ExpectViolations(0);
  io_.MmioWrite(cookie + 0xffd, 0, 4);
  ExpectViolations(1, 0, 14, "beyond the end");
}

TEST_F(IoMemoryTest, WrongIounmapsAreReported) {
  char* cookie = Ioremap(kBar, 0x2000);
  io_.Iounmap(cookie + 0x1000);
  ExpectViolations(1, 0, 14, "no live mapping");
  io_.Iounmap(cookie + 8);  // the kernel rounds down to the page
  ExpectViolations(0);
  io_.Iounmap(cookie);
  ExpectViolations(1, 0, 14, "no live mapping");
  io_.Iounmap(nullptr);
  ExpectViolations(0);
}

TEST_F(IoMemoryTest, TheCacheTypeRegisterIsToldAndMayRefuse) {
  FakeMemtypes memtypes;
  io_.SetMemtypeObserver(&memtypes);
  char* cookie = Ioremap(kBar + 0xff0, 0x20, mocks::IoCache::kWriteCombining);
  EXPECT_EQ(memtypes.live, 1);
  EXPECT_EQ(memtypes.last_base, kBar);
  EXPECT_EQ(memtypes.last_bytes, 0x2000u);
  EXPECT_EQ(memtypes.last_cache, mocks::IoCache::kWriteCombining);
  io_.Iounmap(cookie);
  EXPECT_EQ(memtypes.live, 0);
  memtypes.allow = false;
  EXPECT_EQ(Ioremap(kBar, 4), nullptr);
  EXPECT_EQ(io_.live_mappings(), 0u);
}

TEST_F(IoMemoryTest, ATooFullTableIsTheHarnesssLimit) {
  for (uint32_t i = 0; i < IoMemory::kMaxMappings; ++i) ASSERT_NE(Ioremap(kBar, 4), nullptr);
  EXPECT_EQ(Ioremap(kBar, 4), nullptr);
  ExpectViolations(1, 0, 0, "harness limit");
}

TEST_F(IoMemoryTest, ReadlOfOrdinaryMemoryIsALoad) {
  auto* p = static_cast<char*>(allocator_.Kmalloc(8, kGfpKernel));
  io_.MmioWrite(p, 0x55, 4);
  EXPECT_EQ(io_.MmioRead(p, 4), 0x55u);
  ExpectViolations(0);
}

// --- memremap ---

TEST_F(IoMemoryTest, ReservedMemoryMayBeDereferenced) {
  auto* p = static_cast<char*>(io_.Memremap(kPool + 8, 0x100, IoMemory::kMemremapWc));
  ASSERT_NE(p, nullptr);
  std::memset(p, 'p', 0x100);
  EXPECT_EQ(space_.ReadRegister(hw::PhysAddr{kPool + 8}, 1), uint64_t{'p'});
  if (hw::shadow::Present()) {
    EXPECT_TRUE(Poisoned(p + 0x100));
  }
  io_.Memunmap(p);
  if (hw::shadow::Present()) {
    EXPECT_TRUE(Poisoned(p));
  }
  io_.Memunmap(p);
  ExpectViolations(1, 0, 14, "memunmap");
}

TEST_F(IoMemoryTest, MemunmapKeepsWhatAnotherMappingShows) {
  void* a = io_.Memremap(kPool, 0x1000, IoMemory::kMemremapWb);
  void* b = io_.Memremap(kPool, 0x2000, IoMemory::kMemremapWb);
  EXPECT_EQ(a, b);
  io_.Memunmap(a);
  EXPECT_EQ(io_.live_mappings(), 1u);
  EXPECT_FALSE(Poisoned(b, 0x1000));
}

TEST_F(IoMemoryTest, RamIsMemremappedByItsLinearAddressWriteBackOnly) {
  EXPECT_EQ(io_.Memremap(RamPhys(), 0x1000, IoMemory::kMemremapWb),
            memory_.KernelAddress({RamPhys()}));
  EXPECT_EQ(io_.Memremap(RamPhys(), 0x1000, IoMemory::kMemremapWc), nullptr);
  ExpectViolations(1, 0, 10, "memremap() of");
  EXPECT_EQ(io_.Memremap(RamPhys() - 0x1000, 0x2000, IoMemory::kMemremapWb), nullptr);
  ExpectViolations(1, 0, 10, "memremap() of");
  EXPECT_EQ(io_.Memremap(kPool, 0x1000, 0), nullptr);
  io_.Memunmap(memory_.KernelAddress({RamPhys()}));
  ExpectViolations(0);
}

// --- resources ---

TEST_F(IoMemoryTest, ARequestedRegionCannotBeRequestedAgain) {
  resource* region = io_.RequestMemRegion(kBar, 0x1000, "drv");
  ASSERT_NE(region, nullptr);
  EXPECT_EQ(region->end, kBar + 0xfff);
  EXPECT_STREQ(region->name, "drv");
  EXPECT_EQ(io_.RequestMemRegion(kBar + 0xfff, 1, "other"), nullptr);
  EXPECT_NE(io_.RequestMemRegion(kBar + 0x1000, 1, "next"), nullptr);
  io_.ReleaseMemRegion(kBar, 0x1000);
  EXPECT_NE(io_.RequestMemRegion(kBar, 0x10, "again"), nullptr);
}

TEST_F(IoMemoryTest, RequestsOfRamNothingOrAWrapFail) {
  EXPECT_EQ(io_.RequestMemRegion(RamPhys(), 0x1000, "ram"), nullptr);
  EXPECT_EQ(io_.RequestMemRegion(kBar, 0, "none"), nullptr);
  EXPECT_EQ(io_.RequestMemRegion(~0ull, 2, "wrap"), nullptr);
  EXPECT_EQ(io_.live_resources(), 0u);
}

TEST_F(IoMemoryTest, ReleasingWhatWasNotRequestedIsReported) {
  io_.RequestMemRegion(kBar, 0x1000, "drv");
  io_.ReleaseMemRegion(kBar, 0x800);
  ExpectViolations(1, 0, 6, "not requested");
  EXPECT_EQ(io_.live_resources(), 1u);
}

TEST_F(IoMemoryTest, WithoutMemoryNothingIsRequestedOrMapped) {
  allocator_.FailNth(1);
  EXPECT_EQ(io_.RequestMemRegion(kBar, 0x1000, "drv"), nullptr);
  EXPECT_EQ(io_.live_resources(), 0u);
  allocator_.FailNth(1);
  EXPECT_EQ(io_.Memremap(kPool, 0x1000, IoMemory::kMemremapWb), nullptr);
  EXPECT_EQ(io_.live_mappings(), 0u);
  ExpectViolations(0);
}

TEST_F(IoMemoryTest, WhatIsNotGivenBackIsReported) {
  char* cookie = Ioremap(kBar + 0x10, 0x10);
  void* view = io_.Memremap(kPool, 0x1000, IoMemory::kMemremapWb);
  io_.RequestMemRegion(kBar, 0x1000, "drv");
  const auto expect = [&](size_t count, const char* text) {
    io_.ReportLeftovers("nothing is left");
    ExpectViolations(count, 45, 6, text);
  };
  expect(3, "region 0xfea00000-0xfea00fff (drv)");
  io_.ReleaseMemRegion(kBar, 0x1000);
  expect(2, "memremap() of 0x80000000, 4096 bytes");
  io_.Memunmap(view);
  expect(1, "ioremap() of 0xfea00010, 16 bytes");
  io_.Iounmap(cookie);
  io_.ReportLeftovers("nothing is left");
  ExpectViolations(0);
}

}  // namespace
}  // namespace drydock::kernel
