// MADV_COLD, MADV_PAGEOUT, MADV_FREE: docs/mmap-rules.md MA7, MA8.
#include <cerrno>

#include "sim/kernel/mm_testing.h"

namespace drydock::kernel {
namespace {

class PageAgingRules : public MmTest {
 protected:
  // Two pages that were stored to, and one that was loaded.
  void Touch() {
    ASSERT_GT(MapAnon(0, 3, kReadWrite, kMapPrivate), 0);
    ASSERT_EQ(Store(0, 'x'), "");
    ASSERT_EQ(Store(1, 'y'), "");
    ASSERT_EQ(LoadByte(2), 0);
  }
  std::string Bits(uint64_t page) {
    const hw::Extent* extent = Entry(page);
    if (extent == nullptr) return "none";
    std::string text = extent->bits.dirty != 0 ? "dirty" : "clean";
    return text + (extent->bits.accessed != 0 ? " accessed" : " old");
  }
};

TEST_F(PageAgingRules, MA7_ColdForgetsThatOwnPagesWereAccessed) {
  Touch();
  EXPECT_EQ(Advise(1, 2, kAdviseCold), 0);
  EXPECT_EQ(Bits(0), "dirty accessed") << "not of the range";
  EXPECT_EQ(Bits(1), "dirty old");
  EXPECT_EQ(Bits(2), "clean accessed") << "the page of zeroes";
  EXPECT_EQ(LoadByte(1), 'y');
  EXPECT_EQ(Bits(1), "dirty accessed");
}

TEST_F(PageAgingRules, MA7_PagesThatAreNotWrittenAnywhereStay) {
  Touch();
  EXPECT_EQ(Advise(0, 3, kAdvisePageOut), 0);
  EXPECT_EQ(Bits(0), "dirty old");
  EXPECT_EQ(LoadByte(0), 'x');
  EXPECT_EQ(LoadByte(1), 'y');
}

TEST_F(PageAgingRules, MA7_WhatAChildMapsTooIsLeftAlone) {
  Touch();
  const auto child = static_cast<uint32_t>(mm.NewMm());
  ASSERT_EQ(mm.Fork(p, child), 0);
  EXPECT_EQ(Advise(0, 1, kAdviseCold), 0);
  EXPECT_EQ(Advise(1, 1, kAdvisePageOut), 0);
  EXPECT_EQ(Bits(0), "dirty accessed");
  EXPECT_EQ(Bits(1), "dirty accessed");
  mm.ExitMm(child);
  EXPECT_EQ(Advise(0, 1, kAdviseCold), 0);
  EXPECT_EQ(Bits(0), "dirty old");
}

TEST_F(PageAgingRules, MA7_ADriversPagesAreLeftAloneAndCopiesOfThemAreNot) {
  InsertsPages();
  ASSERT_GT(Map(0, 2, kReadWrite, kMapPrivate), 0);
  ASSERT_EQ(Store(0, 'x'), "");
  ASSERT_EQ(LoadByte(1), 'B');
  EXPECT_EQ(Advise(0, 2, kAdviseCold), 0);
  EXPECT_EQ(Bits(0), "dirty old");
  EXPECT_EQ(Bits(1), "clean accessed");
}

TEST_F(PageAgingRules, MA7_LockedIsEinval) {
  ASSERT_GT(MapAnon(0, 1, kReadWrite, kMapPrivate | kMapLocked), 0);
  for (const int advice : {kAdviseCold, kAdvisePageOut, kAdviseFree}) {
    EXPECT_EQ(Advise(0, 1, advice), -EINVAL) << advice;
  }
  EXPECT_EQ(Bits(0), "dirty accessed");
}

TEST_F(PageAgingRules, MA8_FreedPagesKeepTheirContentUntilTheyAreTaken) {
  Touch();
  EXPECT_EQ(Advise(0, 3, kAdviseFree), 0);
  EXPECT_EQ(Bits(0), "clean old");
  EXPECT_EQ(Bits(2), "clean accessed") << "the page of zeroes";
  EXPECT_EQ(LoadByte(0), 'x');
  EXPECT_EQ(Store(1, 'z'), "");
  EXPECT_EQ(Advise(0, 3, kAdvisePageOut), 0);
  EXPECT_EQ(Bits(0), "none");
  EXPECT_EQ(Bits(1), "dirty old") << "written to since";
  EXPECT_EQ(Bits(2), "clean accessed");
  EXPECT_EQ(LoadByte(0), 0);
  EXPECT_EQ(LoadByte(1), 'z');
}

TEST_F(PageAgingRules, MA8_FreedPagesThatArePopulatedToWriteAreNotTaken) {
  Touch();
  ASSERT_EQ(Advise(0, 2, kAdviseFree), 0);
  ASSERT_EQ(Advise(0, 1, kAdvisePopulateWrite), 0);
  EXPECT_EQ(Bits(0), "clean old") << "the page is dirty, the entry is not";
  EXPECT_EQ(Advise(0, 2, kAdvisePageOut), 0);
  EXPECT_EQ(LoadByte(0), 'x');
  EXPECT_EQ(Bits(1), "none");
}

TEST_F(PageAgingRules, MA8_SharedPagesThatNobodyWroteToAreTaken) {
  ASSERT_GT(MapAnon(0, 2, kReadWrite, kMapShared), 0);
  ASSERT_EQ(LoadByte(0), 0);
  ASSERT_EQ(Store(1, 'x'), "");
  EXPECT_EQ(Advise(0, 2, kAdvisePageOut), 0);
  EXPECT_EQ(Bits(0), "none");
  EXPECT_EQ(LoadByte(1), 'x');
}

TEST_F(PageAgingRules, MA8_SharedPagesThatAChildMapsAreNotTaken) {
  ASSERT_GT(MapAnon(0, 1, kReadWrite, kMapShared), 0);
  const auto child = static_cast<uint32_t>(mm.NewMm());
  ASSERT_EQ(mm.Fork(p, child), 0);
  ASSERT_EQ(LoadByte(0), 0);
  ASSERT_EQ(LoadByte(0, child), 0);
  EXPECT_EQ(Advise(0, 1, kAdvisePageOut), 0);
  EXPECT_EQ(Bits(0), "clean accessed");
  // What the child wrote makes the page dirty once the child is gone.
  ASSERT_EQ(Store(0, 'x', child), "");
  mm.ExitMm(child);
  EXPECT_EQ(Advise(0, 1, kAdvisePageOut), 0);
  EXPECT_EQ(LoadByte(0), 'x');
}

TEST_F(PageAgingRules, MA8_FreedPagesThatAChildMapsAreNotTaken) {
  Touch();
  ASSERT_EQ(Advise(0, 1, kAdviseFree), 0);
  const auto child = static_cast<uint32_t>(mm.NewMm());
  ASSERT_EQ(mm.Fork(p, child), 0);
  EXPECT_EQ(Advise(0, 1, kAdvisePageOut), 0);
  EXPECT_EQ(LoadByte(0), 'x');
  mm.ExitMm(child);
  EXPECT_EQ(Advise(0, 1, kAdvisePageOut), 0);
  EXPECT_EQ(Bits(0), "none");
}

TEST_F(PageAgingRules, MA8_WhatAnotherProcessWroteIsDirtyItselfAndStaysSoWhileShared) {
  Touch();
  ASSERT_EQ(mm.ProcMem(p, At(0), nullptr, "w", 1), 1);
  const auto child = static_cast<uint32_t>(mm.NewMm());
  ASSERT_EQ(mm.Fork(p, child), 0);
  EXPECT_EQ(Advise(0, 2, kAdviseFree), 0);
  EXPECT_EQ(Bits(0), "dirty accessed");
  EXPECT_EQ(Bits(1), "clean old");
  mm.ExitMm(child);
  EXPECT_EQ(Advise(0, 1, kAdviseFree), 0);
  EXPECT_EQ(Bits(0), "clean old");
}

TEST_F(PageAgingRules, MA2_SharedAnonymousMemoryKeepsItsContent) {
  ASSERT_GT(MapAnon(0, 1, kReadWrite, kMapShared), 0);
  ASSERT_EQ(Store(0, 'x'), "");
  EXPECT_EQ(Advise(0, 1, kAdviseDontNeed), 0);
  EXPECT_EQ(LoadByte(0), 'x');
  EXPECT_EQ(Advise(0, 1, kAdvisePageOut), 0);
  EXPECT_EQ(LoadByte(0), 'x');
}

}  // namespace
}  // namespace drydock::kernel
