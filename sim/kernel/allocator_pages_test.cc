// alloc_pages, references, vmalloc.
#include "sim/kernel/memory_fixture.h"

namespace drydock::kernel {
namespace {

class PagesTest : public MemoryTest {
 protected:
  struct page* Alloc(unsigned order, unsigned gfp = kGfpKernel) {
    return allocator_.AllocPages(gfp, order);
  }
  char* AddressOf(struct page* page) {
    return static_cast<char*>(memory_.KernelAddress(hw::PhysAddr::Of(PfnOf(page))));
  }
};

TEST_F(PagesTest, TheHeadHasOneReferenceAndTailsHaveNone) {
  struct page* page = Alloc(2);
  EXPECT_EQ(Count(PfnOf(page)), 1);
  EXPECT_EQ(Count(PfnOf(page) + 3), 0);
  EXPECT_EQ(memory_.ReadPage(PfnOf(page) + 3).compound_head, nullptr);
  allocator_.FreePages(page, 2);
  EXPECT_EQ(Kind(PfnOf(page)), hw::FrameKind::kFree);
  ExpectViolations(0);
}

TEST_F(PagesTest, TailsOfACompoundBlockPointToTheHead) {
  struct page* page = Alloc(2, kGfpKernel | kGfpComp);
  EXPECT_EQ(memory_.ReadPage(PfnOf(page) + 3).compound_head, page);
  EXPECT_EQ(memory_.ReadPage(PfnOf(page)).compound_order, 2u);
  allocator_.GetPage(page + 3);
  EXPECT_EQ(Count(PfnOf(page)), 2);
  EXPECT_EQ(allocator_.PageCount(page + 1), 2);
}

TEST_F(PagesTest, ALockedPageIsNotLockedAgainUntilItIsUnlocked) {
  struct page* page = Alloc(0);
  EXPECT_TRUE(allocator_.TrylockPage(page));
  EXPECT_FALSE(allocator_.TrylockPage(page));
  allocator_.UnlockPage(page);
  EXPECT_TRUE(allocator_.TrylockPage(page));
  ExpectViolations(0);
}

TEST_F(PagesTest, ACompoundBlockHasOneLock) {
  struct page* page = Alloc(2, kGfpKernel | kGfpComp);
  EXPECT_TRUE(allocator_.TrylockPage(page + 3));
  EXPECT_FALSE(allocator_.TrylockPage(page));
  EXPECT_EQ(memory_.ReadPage(PfnOf(page)).flags & 1, 1u);
  EXPECT_EQ(memory_.ReadPage(PfnOf(page) + 3).flags & 1, 0u);
  allocator_.UnlockPage(page + 1);
  EXPECT_TRUE(allocator_.TrylockPage(page));
  ExpectViolations(0);
}

TEST_F(PagesTest, UnlockingWhatIsNotLockedIsReported) {
  allocator_.UnlockPage(Alloc(0));
  ExpectViolations(1, 0, 15, "which is not locked");
}

TEST_F(PagesTest, LockingAFreePageIsReported) {
  struct page* page = Alloc(0);
  allocator_.FreePages(page, 0);
  allocator_.TrylockPage(page);
  ExpectViolations(1, 43, 6, "which is free");
}

TEST_F(PagesTest, GfpDma32GivesLowMemoryAndTheDefaultHigh) {
  EXPECT_LT(PfnOf(Alloc(0, kGfpKernel | kGfpDma32)).value, uint64_t{1} << 20);
  EXPECT_GE(PfnOf(Alloc(0)).value, uint64_t{1} << 20);
}

TEST_F(PagesTest, AnOrderAboveTheMaximumFails) { EXPECT_EQ(Alloc(11), nullptr); }

TEST_F(PagesTest, FreeingWithAnotherOrderIsReported) {
  struct page* page = Alloc(2);
  allocator_.FreePages(page, 1);
  ExpectViolations(1, 0, 14, "order 2, freed with order 1");
  EXPECT_EQ(Kind(PfnOf(page) + 3), hw::FrameKind::kFree);
}

TEST_F(PagesTest, FreeingTwiceOrInsideOrForeignPagesIsReported) {
  struct page* page = Alloc(1);
  allocator_.FreePages(page + 1, 0);
  ExpectViolations(1, 0, 14, "into a block");
  allocator_.FreePages(page, 1);
  allocator_.FreePages(page, 1);
  ExpectViolations(1, 0, 14, "double free");
  void* object = allocator_.Kmalloc(8, kGfpKernel);
  allocator_.FreePages(memory_.PageAddress(memory_.PhysOf(object).pfn()), 0);
  ExpectViolations(1, 0, 14, "kmalloc");
}

TEST_F(PagesTest, FreeingNoStructPageIsAnOops) {
  allocator_.FreePages(nullptr, 0);
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kOops);
}

TEST_F(PagesTest, FreeingAPageWithoutStructPageReferencesWhileMappedIsC29) {
  struct page* page = Alloc(2);
  mapped_.mapped = PfnOf(page) + 2;
  allocator_.FreePages(page, 2);
  ExpectViolations(1, 29, 5, "mapped");
}

TEST_F(PagesTest, APageHeldByAReferenceOutlivesItsFree) {
  struct page* page = Alloc(0);
  const AllocationId id = allocator_.OwnerOf(PfnOf(page));
  mapped_.mapped = PfnOf(page);
  allocator_.GetPage(page);  // as vm_insert_page() does
  allocator_.FreePages(page, 0);
  ExpectViolations(0);
  EXPECT_EQ(allocator_.Find(id)->released, 1u);
  allocator_.FreePages(page, 0);
  ExpectViolations(1, 0, 14, "double free");
  mapped_.mapped = {0};
  allocator_.PutPage(page);  // the mapping is gone
  EXPECT_EQ(Kind(PfnOf(page)), hw::FrameKind::kFree);
  EXPECT_EQ(allocator_.Find(id), nullptr);
  ExpectViolations(0);
}

TEST_F(PagesTest, FreeingABlockWhoseHeadIsHeldFreesTheTailAtOnce) {
  struct page* page = Alloc(2);
  allocator_.GetPage(page);
  allocator_.FreePages(page, 2);
  EXPECT_EQ(Kind(PfnOf(page)), hw::FrameKind::kPages);
  EXPECT_EQ(Kind(PfnOf(page) + 1), hw::FrameKind::kFree);
  allocator_.PutPage(page);
  EXPECT_EQ(Kind(PfnOf(page)), hw::FrameKind::kFree);
  EXPECT_EQ(allocator_.allocations().live_count(), 0u);
  ExpectViolations(0);
}

TEST_F(PagesTest, ACompoundBlockGoesWithItsLastReference) {
  struct page* page = Alloc(2, kGfpKernel | kGfpComp);
  allocator_.GetPage(page + 2);
  allocator_.FreePages(page, 2);
  EXPECT_EQ(Kind(PfnOf(page) + 1), hw::FrameKind::kPages);
  allocator_.PutPage(page + 2);
  EXPECT_EQ(Kind(PfnOf(page) + 1), hw::FrameKind::kFree);
  ExpectViolations(0);
}

TEST_F(PagesTest, PutPageFreesASinglePage) {
  struct page* page = Alloc(0);
  allocator_.PutPage(page);
  EXPECT_EQ(Kind(PfnOf(page)), hw::FrameKind::kFree);
  ExpectViolations(0);
  allocator_.PutPage(page);
  ExpectViolations(1, 44, 6, "count is 0");
}

TEST_F(PagesTest, ATailOfAPlainBlockThatFallsToZeroIsC48) {
  struct page* page = Alloc(2);
  allocator_.GetPage(page + 1);
  ExpectViolations(0);
  allocator_.PutPage(page + 1);
  ExpectViolations(1, 48, 6, "page 1 of a block of 4");
  EXPECT_EQ(Kind(PfnOf(page) + 1), hw::FrameKind::kPages);
  allocator_.FreePages(page, 2);
  ExpectViolations(0);
}

TEST_F(PagesTest, GetPageOfAFreePageIsC43) {
  struct page* page = Alloc(0);
  allocator_.FreePages(page, 0);
  allocator_.GetPage(page);
  ExpectViolations(1, 43, 6, "free");
}

TEST_F(PagesTest, PutPageOfTheAllocatorsOwnReferenceIsC44) {
  void* object = allocator_.Kmalloc(8, kGfpKernel);
  struct page* slab = memory_.PageAddress(memory_.PhysOf(object).pfn());
  allocator_.PutPage(slab);
  ExpectViolations(1, 44, 6, "still allocated");
  struct page* area = allocator_.VmallocToPage(allocator_.Vmalloc(8, kGfpKernel, false));
  allocator_.PutPage(area);
  ExpectViolations(1, 44, 6, "still allocated");
}

TEST_F(PagesTest, PagesOfASplitBlockAreFreedOneByOne) {
  struct page* page = Alloc(2);
  allocator_.SplitPage(page, 2);
  EXPECT_EQ(Count(PfnOf(page) + 3), 1);
  for (int i = 0; i < 4; ++i) allocator_.FreePages(page + i, 0);
  EXPECT_EQ(allocator_.allocations().live_count(), 0u);
  ExpectViolations(0);
}

TEST_F(PagesTest, SplittingACompoundBlockIsABug) {
  allocator_.SplitPage(Alloc(1, kGfpKernel | kGfpComp), 1);
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kBug);
}

TEST_F(PagesTest, SplittingByAnotherOrderIsReported) {
  allocator_.SplitPage(Alloc(2), 1);
  ExpectViolations(1, 0, 14, "order 1 of a block of order 2");
}

TEST_F(PagesTest, ContentsAreZeroFreshOrFreed) {
  struct page* zeroed = Alloc(1, kGfpKernel | kGfpZero);
  EXPECT_EQ(WordAt(AddressOf(zeroed) + 8184), 0u);
  struct page* fresh = Alloc(1);
  const hw::PhysAddr phys = hw::PhysAddr::Of(PfnOf(fresh));
  EXPECT_EQ(WordAt(AddressOf(fresh)), hw::PhysicalMemory::UninitialisedWord(phys));
  allocator_.FreePages(fresh, 1);
  EXPECT_EQ(WordAt(AddressOf(fresh)), hw::PhysicalMemory::FreedWord(phys));
  if (hw::shadow::Present()) {
    EXPECT_FALSE(Poisoned(AddressOf(zeroed), 8192));
    EXPECT_TRUE(Poisoned(AddressOf(fresh)));
  }
}

// --- alloc_pages_exact ---

TEST_F(PagesTest, ExactGivesBackWhatThePowerOfTwoHasTooMuch) {
  auto* address = static_cast<char*>(allocator_.AllocPagesExact(3 * hw::kPageSize - 5, kGfpKernel));
  const hw::Pfn pfn = memory_.PhysOf(address).pfn();
  EXPECT_EQ(Count(pfn + 2), 1);
  EXPECT_EQ(Kind(pfn + 3), hw::FrameKind::kFree);
  EXPECT_EQ(allocator_.Find(allocator_.OwnerOf(pfn))->pages, 3u);
  allocator_.FreePagesExact(address, 3 * hw::kPageSize - 5);
  EXPECT_EQ(Kind(pfn), hw::FrameKind::kFree);
  ExpectViolations(0);
}

TEST_F(PagesTest, FreePagesExactReportsAnotherSizeAnotherStartAndTwice) {
  auto* address = static_cast<char*>(allocator_.AllocPagesExact(3 * hw::kPageSize, kGfpKernel));
  allocator_.FreePagesExact(address + hw::kPageSize, 2 * hw::kPageSize);
  ExpectViolations(1, 0, 14, "into a block");
  allocator_.FreePagesExact(address, 2 * hw::kPageSize);
  ExpectViolations(1, 0, 14, "allocated 12288 bytes, freed 8192");
  allocator_.FreePagesExact(address, 3 * hw::kPageSize);
  ExpectViolations(1, 0, 14, "double free");
}

TEST_F(PagesTest, FreePagesExactSeesAPageThatWasFreedAlone) {
  void* address = allocator_.AllocPagesExact(3 * hw::kPageSize, kGfpKernel);
  const hw::Pfn pfn = memory_.PhysOf(address).pfn();
  allocator_.FreePages(memory_.PageAddress(pfn + 1), 0);
  ExpectViolations(0);
  allocator_.FreePagesExact(address, 3 * hw::kPageSize);
  ExpectViolations(1, 0, 14, "double free");
  EXPECT_EQ(allocator_.allocations().live_count(), 0u);
}

TEST_F(PagesTest, ExactOfNothingOrTooMuchFails) {
  EXPECT_EQ(allocator_.AllocPagesExact(0, kGfpKernel), nullptr);
  EXPECT_EQ(allocator_.AllocPagesExact((4 << 20) + 1, kGfpKernel), nullptr);
}

// --- anonymous pages ---

TEST_F(PagesTest, AnAnonymousPageIsNobodysAllocationAndGoesWithItsLastReference) {
  hw::Pfn pfn;
  ASSERT_TRUE(allocator_.AllocAnonPage(true, &pfn));
  EXPECT_EQ(allocator_.OwnerOf(pfn), 0u);
  EXPECT_EQ(Kind(pfn), hw::FrameKind::kAnon);
  allocator_.FreeAnonPage(pfn);
  EXPECT_EQ(Kind(pfn), hw::FrameKind::kFree);
  allocator_.FailNth(1);
  EXPECT_FALSE(allocator_.AllocAnonPage(true, &pfn));
}

// --- vmalloc ---

class VmallocTest : public PagesTest {
 protected:
  char* Vmalloc(size_t size_bytes, bool user = false) {
    return static_cast<char*>(allocator_.Vmalloc(size_bytes, kGfpKernel, user));
  }
};

TEST_F(VmallocTest, AddressesAreContiguousAndFramesAreNot) {
  char* area = Vmalloc(4 * hw::kPageSize);
  ASSERT_NE(area, nullptr);
  std::memset(area, 1, 4 * hw::kPageSize);
  const hw::Pfn first = PfnOf(allocator_.VmallocToPage(area));
  const hw::Pfn second = PfnOf(allocator_.VmallocToPage(area + hw::kPageSize));
  EXPECT_NE(second, first + 1);
  EXPECT_EQ(Count(second), 1);
  EXPECT_EQ(allocator_.FindByAddress(area + 4 * hw::kPageSize - 1), allocator_.OwnerOf(second));
  EXPECT_TRUE(allocator_.IsVmallocAddr(area));
  EXPECT_FALSE(allocator_.IsVmallocAddr(allocator_.Kmalloc(8, kGfpKernel)));
}

TEST_F(VmallocTest, AreasHaveAGapBetweenThem) {
  char* a = Vmalloc(hw::kPageSize);
  char* b = Vmalloc(hw::kPageSize);
  EXPECT_EQ(b, a + 2 * hw::kPageSize);
  EXPECT_EQ(allocator_.VmallocToPage(a + hw::kPageSize), nullptr);
}

TEST_F(VmallocTest, UserAreasAreZeroedAndMarked) {
  char* area = Vmalloc(100, true);
  EXPECT_EQ(WordAt(area), 0u);
  EXPECT_EQ(allocator_.Find(allocator_.FindByAddress(area))->user, 1u);
  EXPECT_EQ(allocator_.Find(allocator_.FindByAddress(Vmalloc(100)))->user, 0u);
}

TEST_F(VmallocTest, OfNothingOrTooMuchFails) {
  EXPECT_EQ(Vmalloc(0), nullptr);
  EXPECT_EQ(Vmalloc(hw::PhysicalMemory::kShuffledPages * hw::kPageSize), nullptr);
  EXPECT_EQ(Vmalloc(~size_t{0}), nullptr);
  EXPECT_NE(Vmalloc((hw::PhysicalMemory::kShuffledPages - 1) * hw::kPageSize), nullptr);
}

TEST_F(VmallocTest, AFreedAreaIsNotReusedAtOnceAndThePoolGoesRound) {
  char* first = Vmalloc(hw::kPageSize);
  allocator_.Vfree(first);
  char* second = Vmalloc(hw::kPageSize);
  EXPECT_NE(second, first);
  for (int i = 0; i < 20; ++i) {
    char* half = Vmalloc(hw::PhysicalMemory::kShuffledPages / 2 * hw::kPageSize);
    ASSERT_NE(half, nullptr) << i;
    allocator_.Vfree(half);
  }
  ExpectViolations(0);
}

TEST_F(VmallocTest, WrongFreesAreReported) {
  char* area = Vmalloc(2 * hw::kPageSize);
  allocator_.Vfree(area + hw::kPageSize);
  ExpectViolations(1, 0, 14, "not the start");
  allocator_.Vfree(area);
  ExpectViolations(0);
  allocator_.Vfree(area);
  ExpectViolations(1, 0, 14, "double free");
  allocator_.Vfree(allocator_.Kmalloc(8, kGfpKernel));
  ExpectViolations(1, 0, 14, "not vmalloc memory");
  allocator_.Vfree(nullptr);
  ExpectViolations(0);
}

TEST_F(VmallocTest, FreeingAMappedAreaIsC29UnlessThePageIsHeld) {
  char* area = Vmalloc(3 * hw::kPageSize);
  mapped_.mapped = PfnOf(allocator_.VmallocToPage(area + hw::kPageSize));
  allocator_.Vfree(area);
  ExpectViolations(1, 29, 5, "mapped");
  area = Vmalloc(3 * hw::kPageSize, true);
  struct page* held = allocator_.VmallocToPage(area + hw::kPageSize);
  mapped_.mapped = PfnOf(held);
  allocator_.GetPage(held);  // remap_vmalloc_range()
  allocator_.Vfree(area);
  ExpectViolations(0);
  mapped_.mapped = {0};
  allocator_.PutPage(held);
  EXPECT_EQ(allocator_.allocations().live_count(), 0u);
}

TEST_F(VmallocTest, AfterFreeBothAddressesArePoisoned) {
  if (!hw::shadow::Present()) GTEST_SKIP() << "no AddressSanitizer runtime";
  char* area = Vmalloc(10);
  char* linear = AddressOf(allocator_.VmallocToPage(area));
  EXPECT_FALSE(Poisoned(area, hw::kPageSize));
  EXPECT_FALSE(Poisoned(linear, hw::kPageSize));
  allocator_.Vfree(area);
  EXPECT_TRUE(Poisoned(area));
  EXPECT_TRUE(Poisoned(linear));
}

}  // namespace
}  // namespace drydock::kernel
