// kmalloc, the register, address arithmetic.
#include "sim/kernel/allocator.h"

#include <set>
#include <vector>

#include "sim/kernel/memory_fixture.h"

namespace drydock::kernel {
namespace {

class KmallocTest : public MemoryTest {
 protected:
  char* Kmalloc(size_t size_bytes, unsigned gfp = kGfpKernel) {
    return static_cast<char*>(allocator_.Kmalloc(size_bytes, gfp));
  }
};

TEST_F(KmallocTest, GivesWritableMemoryThatIsLinear) {
  char* p = Kmalloc(100);
  ASSERT_NE(p, nullptr);
  std::memset(p, 7, 100);
  EXPECT_TRUE(memory_.IsLinear(p));
  EXPECT_EQ(allocator_.VirtToPhys(p), memory_.PhysOf(p).value);
  EXPECT_EQ(allocator_.PhysToVirt(memory_.PhysOf(p).value), p);
  allocator_.Kfree(p);
  ExpectViolations(0);
}

TEST_F(KmallocTest, OfNothingIsZeroSizePtrAndFreesInSilence) {
  EXPECT_EQ(reinterpret_cast<uintptr_t>(Kmalloc(0)), 16u);
  allocator_.Kfree(reinterpret_cast<void*>(16));
  allocator_.Kfree(nullptr);
  EXPECT_EQ(allocator_.Ksize(reinterpret_cast<void*>(16)), 0u);
  ExpectViolations(0);
}

TEST_F(KmallocTest, TooMuchIsRefused) {
  EXPECT_NE(Kmalloc(4 << 20), nullptr);
  EXPECT_EQ(Kmalloc((4 << 20) + 1), nullptr);
  EXPECT_EQ(Kmalloc(~size_t{0}), nullptr);
}

TEST_F(KmallocTest, KsizeIsTheClassSize) {
  const struct {
    size_t asked, room;
  } kCases[] = {{1, 8},     {8, 8},       {65, 96},     {97, 128},    {129, 192},
                {193, 256}, {2048, 2048}, {2049, 4096}, {4097, 8192}, {9000, 16384}};
  for (const auto& c : kCases) EXPECT_EQ(allocator_.Ksize(Kmalloc(c.asked)), c.room) << c.asked;
}

TEST_F(KmallocTest, ZeroedAndFreshMemoryHoldWhatTheySay) {
  for (const size_t size : {64, 2048, 5000}) {
    char* zeroed = Kmalloc(size, kGfpKernel | kGfpZero);
    char* fresh = Kmalloc(size);
    EXPECT_EQ(WordAt(zeroed + size - 8), 0u);
    EXPECT_EQ(WordAt(fresh), hw::PhysicalMemory::UninitialisedWord(memory_.PhysOf(fresh)));
    EXPECT_EQ(allocator_.Find(allocator_.FindByAddress(zeroed))->zeroed, 1u);
  }
}

TEST_F(KmallocTest, ZeroedMemoryIsZeroAgainAfterReuse) {
  char* p = Kmalloc(64);
  std::memset(p, 0xee, 64);
  allocator_.Kfree(p);
  EXPECT_EQ(WordAt(p + 8), hw::PhysicalMemory::FreedWord(memory_.PhysOf(p) + 8));
  char* again = Kmalloc(64, kGfpKernel | kGfpZero);
  EXPECT_EQ(again, p);  // LIFO
  EXPECT_EQ(WordAt(again), 0u);
}

TEST_F(KmallocTest, EachObjectSharesItsPageWithForeignOnes) {
  for (const size_t size : {8, 96, 192, 1024, 2048}) {
    char* p = Kmalloc(size);
    const uint64_t offset = memory_.PhysOf(p).value & hw::kPageMask;
    const char* neighbour = p + size;
    ASSERT_LE(offset + 2 * size, hw::kPageSize);
    EXPECT_EQ(WordAt(neighbour), hw::PhysicalMemory::ForeignWord(memory_.PhysOf(neighbour)));
    EXPECT_EQ(Kind(memory_.PhysOf(p).pfn()), hw::FrameKind::kSlab);
    EXPECT_EQ(allocator_.OwnerOf(memory_.PhysOf(p).pfn()), 0u);
    EXPECT_EQ(allocator_.FindByAddress(neighbour), 0u);
  }
}

TEST_F(KmallocTest, ManyObjectsOfAClassNeverOverlap) {
  std::set<char*> seen;
  for (int i = 0; i < 200; ++i) {
    char* p = Kmalloc(500);
    ASSERT_NE(p, nullptr);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(p) % 512, 0u);
    EXPECT_TRUE(seen.insert(p).second);
  }
  for (char* p : seen) allocator_.Kfree(p);  // more than the LIFO stack holds
  std::set<char*> again;
  for (int i = 0; i < 200; ++i) again.insert(Kmalloc(500));
  EXPECT_EQ(again, seen);
  ExpectViolations(0);
}

TEST_F(KmallocTest, PoisonIsExactToTheByte) {
  if (!hw::shadow::Present()) GTEST_SKIP() << "no AddressSanitizer runtime";
  for (const size_t size : {13, 100, 2048, 3000, 9001}) {
    char* p = Kmalloc(size);
    EXPECT_EQ(hw::shadow::FirstPoisoned(p, size + 1), p + size) << size;
    allocator_.Kfree(p);
    EXPECT_TRUE(Poisoned(p)) << size;
  }
}

TEST_F(KmallocTest, AnObjectUpToEightKibIsASlabPageAsInSlub) {
  EXPECT_TRUE(allocator_.IsSlab(memory_.PhysOf(Kmalloc(8192)).pfn()));
  EXPECT_FALSE(allocator_.IsSlab(memory_.PhysOf(Kmalloc(8193)).pfn()));
  EXPECT_FALSE(allocator_.IsSlab({1}));
}

// --- wrong frees ---

TEST_F(KmallocTest, FreeingTwiceIsReportedOnceAndLeavesTheObjectFree) {
  for (const size_t size : {64, 5000}) {
    char* p = Kmalloc(size);
    allocator_.Kfree(p);
    allocator_.Kfree(p);
    ExpectViolations(1, 0, 14, "double free");
    EXPECT_EQ(Kmalloc(size), p);
  }
}

TEST_F(KmallocTest, FreeingTheMiddleOfAnObjectIsReportedAndKeepsIt) {
  for (const size_t size : {64, 5000}) {
    char* p = Kmalloc(size);
    allocator_.Kfree(p + 8);
    ExpectViolations(1, 0, 14, size == 64 ? "into an object" : "kmalloc memory");
    EXPECT_NE(allocator_.FindByAddress(p), 0u);
  }
}

TEST_F(KmallocTest, FreeingWhatWasNeverAllocatedIsReported) {
  char* p = Kmalloc(64);
  allocator_.Kfree(p + 64);  // a foreign neighbour
  ExpectViolations(1, 0, 14, "never allocated");
  allocator_.Kfree(p + 128);  // a free object
  ExpectViolations(1, 0, 14, "never allocated");
  int local = 0;
  allocator_.Kfree(&local);
  ExpectViolations(1, 0, 14, "not kmalloc memory");
  allocator_.Kfree(memory_.KernelAddress(hw::PhysicalMemory::kDma32Base + (8 << 20)));
  ExpectViolations(1, 0, 14, "never allocated");
}

TEST_F(KmallocTest, KfreeOfOtherMemoryIsReported) {
  allocator_.Kfree(allocator_.Vmalloc(100, kGfpKernel, false));
  ExpectViolations(1, 0, 14, "vmalloc");
  struct page* page = allocator_.AllocPages(kGfpKernel, 0);
  allocator_.Kfree(memory_.KernelAddress(hw::PhysAddr::Of(PfnOf(page))));
  ExpectViolations(1, 0, 14, "page allocator");
}

TEST_F(KmallocTest, FreeingALargeObjectThatIsMappedIsReported) {
  char* p = Kmalloc(16384);
  mapped_.mapped = memory_.PhysOf(p).pfn() + 1;
  allocator_.Kfree(p);
  ExpectViolations(1, 29, 5, "mapped in user space");
}

// --- krealloc ---

TEST_F(KmallocTest, KreallocKeepsContentsWhenItMoves) {
  char* p = Kmalloc(16);
  std::memcpy(p, "0123456789abcde", 16);
  char* q = static_cast<char*>(allocator_.Krealloc(p, 5000, kGfpKernel));
  ASSERT_NE(q, nullptr);
  EXPECT_STREQ(q, "0123456789abcde");
  allocator_.Kfree(p);
  ExpectViolations(1, 0, 14, "double free");
}

TEST_F(KmallocTest, KreallocWithinTheClassKeepsTheObject) {
  char* p = Kmalloc(100);
  EXPECT_EQ(allocator_.Krealloc(p, 10, kGfpKernel), p);
  EXPECT_EQ(allocator_.Ksize(p), 128u);
  EXPECT_EQ(allocator_.Krealloc(p, 128, kGfpKernel), p);
  EXPECT_EQ(allocator_.Find(allocator_.FindByAddress(p))->size_bytes, 128u);
  EXPECT_FALSE(Poisoned(p, 128));
}

TEST_F(KmallocTest, KreallocAtItsEdges) {
  EXPECT_EQ(allocator_.Krealloc(Kmalloc(10), 0, kGfpKernel), reinterpret_cast<void*>(16));
  EXPECT_EQ(allocator_.allocations().live_count(), 0u);
  EXPECT_NE(allocator_.Krealloc(nullptr, 10, kGfpKernel), nullptr);
  char* p = Kmalloc(10);
  allocator_.Kfree(p);
  EXPECT_EQ(allocator_.Krealloc(p, 20, kGfpKernel), nullptr);
  ExpectViolations(1, 0, 14, "no live");
}

TEST_F(KmallocTest, AFailedKreallocKeepsTheOldObject) {
  char* p = Kmalloc(10);
  allocator_.FailNth(1);
  EXPECT_EQ(allocator_.Krealloc(p, 5000, kGfpKernel), nullptr);
  EXPECT_EQ(allocator_.Ksize(p), 16u);
}

// --- the register ---

TEST_F(KmallocTest, FindByAddressKnowsEveryByteOfAnAllocation) {
  char* small = Kmalloc(100);
  char* large = Kmalloc(5000);
  EXPECT_EQ(allocator_.FindByAddress(small + 99), allocator_.FindByAddress(small));
  EXPECT_EQ(allocator_.FindByAddress(large + 8191), allocator_.FindByAddress(large));
  EXPECT_EQ(allocator_.OwnerOf(memory_.PhysOf(large).pfn() + 1), allocator_.FindByAddress(large));
  EXPECT_EQ(allocator_.FindByAddress(nullptr), 0u);
  EXPECT_EQ(allocator_.OwnerOf({~uint64_t{0}}), 0u);
}

TEST_F(KmallocTest, AFullRegisterFailsTheAllocationAndSaysSo) {
  for (uint32_t i = 0; i < AllocationRegister::kCapacity; ++i) ASSERT_NE(Kmalloc(8), nullptr);
  EXPECT_EQ(Kmalloc(8), nullptr);
  EXPECT_EQ(allocator_.AllocPages(kGfpKernel, 0), nullptr);
  EXPECT_EQ(allocator_.Vmalloc(8, kGfpKernel, false), nullptr);
  EXPECT_EQ(allocator_.allocations().refused_count(), 3u);
  ExpectViolations(1, 0, 0, "harness limit");
}

TEST_F(KmallocTest, FailNthFailsExactlyThatAllocationOfWhateverKind) {
  allocator_.FailNth(4);
  EXPECT_NE(Kmalloc(8), nullptr);
  EXPECT_NE(allocator_.AllocPages(kGfpKernel, 0), nullptr);
  EXPECT_FALSE(allocator_.FailNow());
  EXPECT_EQ(allocator_.Vmalloc(8, kGfpKernel, false), nullptr);
  EXPECT_NE(Kmalloc(8), nullptr);
  allocator_.FailNth(1);
  allocator_.FailNth(0);
  EXPECT_NE(Kmalloc(8), nullptr);
}

TEST_F(KmallocTest, LeaksAreTheAllocationsSinceTheMark) {
  Kmalloc(8);
  const uint64_t mark = allocator_.LeakMark();
  char* freed = Kmalloc(8);
  char* kept = Kmalloc(8);
  allocator_.Kfree(freed);
  std::vector<uint64_t> leaks;
  allocator_.ForEachSince(mark,
                          [&](AllocationId, const Allocation& a) { leaks.push_back(a.address); });
  EXPECT_EQ(leaks, std::vector<uint64_t>{reinterpret_cast<uintptr_t>(kept)});
}

TEST_F(KmallocTest, WhatIsLeftSinceAMarkIsReportedByItsAllocator) {
  Kmalloc(8);
  const uint64_t mark = allocator_.LeakMark();
  allocator_.ReportLeftovers(mark, "nothing is left");
  ExpectViolations(0);
  void* area = allocator_.Vmalloc(5000, kGfpKernel, false);
  char* object = Kmalloc(100);
  allocator_.AllocPages(kGfpKernel, 1);
  allocator_.ReportLeftovers(mark, "nothing is left");
  ASSERT_EQ(verdicts_.count(), 3u);
  std::vector<std::string> seen;
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(verdicts_[i].class_number, 45);
    EXPECT_EQ(verdicts_[i].oracle, 7);
    EXPECT_STREQ(verdicts_[i].expected, "nothing is left");
    seen.emplace_back(verdicts_[i].seen);
  }
  EXPECT_EQ(seen,
            (std::vector<std::string>{"5000 bytes of vmalloc are still allocated",
                                      "100 bytes of kmalloc are still allocated",
                                      "8192 bytes of the page allocator are still allocated"}));
  verdicts_.Clear();
  allocator_.Vfree(area);
  allocator_.Kfree(object);
  allocator_.ReportLeftovers(mark, "nothing is left");
  ExpectViolations(1, 45, 7, "page allocator");
}

TEST_F(KmallocTest, AFailureReachesWhatKernelFunctionsTakeForThemselves) {
  allocator_.FailNth(2);
  EXPECT_TRUE(allocator_.Grants("device_add"));
  EXPECT_TRUE(allocator_.failure_pending());
  EXPECT_FALSE(allocator_.Grants("device_add"));
  EXPECT_FALSE(allocator_.failure_pending());
  EXPECT_TRUE(allocator_.Grants("device_add"));
}

TEST_F(KmallocTest, AReusedSlotHasAnotherSerial) {
  char* p = Kmalloc(8);
  const AllocationId id = allocator_.FindByAddress(p);
  const uint64_t serial = allocator_.Find(id)->serial;
  allocator_.Kfree(p);
  EXPECT_EQ(allocator_.Find(id), nullptr);
  EXPECT_EQ(allocator_.FindByAddress(Kmalloc(8)), id);
  EXPECT_NE(allocator_.Find(id)->serial, serial);
}

// --- address kinds ---

TEST_F(KmallocTest, VirtToPhysReportsWhatIsNotLinear) {
  static int in_data;
  allocator_.VirtToPhys(&in_data);
  ExpectViolations(1, 32, 18, "outside the linear map");
  allocator_.VirtToPhys(allocator_.Vmalloc(10, kGfpKernel, false));
  ExpectViolations(1, 32, 18, "vmalloc");
  allocator_.VirtToPhys(nullptr);
  ExpectViolations(1, 32, 18, "NULL");
}

// --- MayCopy ---

TEST_F(KmallocTest, MayCopyEndsWithTheObject) {
  const char* what = nullptr;
  char* p = Kmalloc(100);
  EXPECT_TRUE(allocator_.MayCopy(p, 100, &what));
  EXPECT_TRUE(allocator_.MayCopy(p + 60, 40, &what));
  EXPECT_FALSE(allocator_.MayCopy(p, 101, &what));
  EXPECT_FALSE(allocator_.MayCopy(p + 60, 41, &what));
  EXPECT_FALSE(allocator_.MayCopy(p + 110, 1, &what));
  EXPECT_FALSE(allocator_.MayCopy(p, ~uint64_t{0}, &what));
  allocator_.Kfree(p);
  EXPECT_FALSE(allocator_.MayCopy(p, 1, &what));
  EXPECT_TRUE(allocator_.MayCopy(p, 0, &what));
}

TEST_F(KmallocTest, MayCopyTakesAnyPageOfABlockAndTheLinearAddressOfAVmallocPage) {
  const char* what = nullptr;
  char* area = static_cast<char*>(allocator_.Vmalloc(2 * hw::kPageSize, kGfpKernel, false));
  EXPECT_TRUE(allocator_.MayCopy(area, 2 * hw::kPageSize, &what));
  EXPECT_FALSE(allocator_.MayCopy(area, 2 * hw::kPageSize + 1, &what));
  const hw::Pfn pfn = PfnOf(allocator_.VmallocToPage(area + hw::kPageSize));
  char* linear = static_cast<char*>(memory_.KernelAddress(hw::PhysAddr::Of(pfn)));
  EXPECT_TRUE(allocator_.MayCopy(linear, hw::kPageSize, &what));
  EXPECT_FALSE(allocator_.MayCopy(linear, hw::kPageSize + 1, &what));
}

}  // namespace
}  // namespace drydock::kernel
