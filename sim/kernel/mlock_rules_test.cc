// mlock(2) and munlock(2): docs/mmap-rules.md ML1, ML2, and AN1, which shows there.
#include <cerrno>

#include "sim/kernel/mm_testing.h"

namespace drydock::kernel {
namespace {

constexpr hw::Pfn kRam = FakeBackend::kRam;

class MlockRules : public MmTest {
 protected:
  int64_t Lock(uint64_t at, uint64_t pages) { return mm.Mlock(p, At(at), pages * kPage); }
  int64_t Unlock(uint64_t at, uint64_t pages) { return mm.Munlock(p, At(at), pages * kPage); }
  bool Locked(uint64_t at) { return (FlagsAt(at) & kVmLocked) != 0; }
};

TEST_F(MlockRules, ML1_OfASpecialMappingDoesNothingAndSaysZero) {
  UseOps({"open", "close", "fault"});
  MapsFrom(kRam);
  ASSERT_GT(Map(0, 4, kReadWrite, kMapShared), 0);
  const std::string before = State();
  EXPECT_EQ(Lock(1, 2), 0);
  EXPECT_EQ(Unlock(1, 2), 0);
  EXPECT_EQ(State(), before);
  EXPECT_EQ(driver.calls, "");
}

TEST_F(MlockRules, ML1_AMixedMapIsPopulatedThoughItIsNotLocked) {
  UseOps({"fault"});
  driver.mmap = [this](file*, vm_area_struct* vma) {
    vma->vm_ops = &driver.ops;
    vma->vm_flags |= kVmMixedMap;
    return 0;
  };
  driver.fault = [this](vm_fault* vmf) { return GivePage(vmf, kRam + vmf->pgoff); };
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  EXPECT_EQ(Lock(0, 2), 0);
  EXPECT_FALSE(Locked(0));
  EXPECT_EQ(driver.faults, 2);
  EXPECT_NE(Entry(1), nullptr);
}

TEST_F(MlockRules, ML2_OfAPartSplitsAndItsPagesComeAtOnce) {
  UseOps({"open", "close", "fault"});
  FaultsOnly();
  ASSERT_GT(Map(0, 4, kReadWrite, kMapShared), 0);
  EXPECT_EQ(Lock(1, 2), 0);
  EXPECT_EQ(driver.opens, 2);
  EXPECT_EQ(driver.faults, 2);
  EXPECT_FALSE(Locked(0));
  EXPECT_TRUE(Locked(1));
  EXPECT_FALSE(Locked(3));
  EXPECT_EQ(Entry(0), nullptr);
  EXPECT_EQ(Entry(2)->bits.dirty, 0);  // shared: as if they were loaded
}

TEST_F(MlockRules, ML2_PartsOfPagesCount) {
  ASSERT_GT(MapAnon(0, 3, kReadWrite, kMapPrivate), 0);
  EXPECT_EQ(mm.Mlock(p, At(1) - 1, 2), 0);
  EXPECT_TRUE(Locked(0));
  EXPECT_TRUE(Locked(1));
  EXPECT_FALSE(Locked(2));
  EXPECT_EQ(mm.Munlock(p, At(0) + 5, 1), 0);
  EXPECT_FALSE(Locked(0));
  EXPECT_TRUE(Locked(1));
}

TEST_F(MlockRules, ML2_PrivateWritablePagesAreCopiedOthersAreNot) {
  InsertsPages();
  ASSERT_GT(Map(0, 1, kReadWrite, kMapPrivate), 0);
  // vm_insert_page makes it a VM_MIXEDMAP: not locked, and copied.
  EXPECT_EQ(Lock(0, 1), 0);
  EXPECT_FALSE(Locked(0));
  EXPECT_NE(Entry(0)->bits.anon, 0);
  EXPECT_EQ(Entry(0)->bits.dirty, 1);
  ASSERT_GT(Map(2, 1, kRead, kMapPrivate), 0);
  EXPECT_EQ(Lock(2, 1), 0);
  EXPECT_EQ(Entry(2)->bits.anon, 0);
}

TEST_F(MlockRules, ML2_UnlockedNeighboursAreMergedAgain) {
  ASSERT_GT(MapAnon(0, 4, kReadWrite, kMapPrivate), 0);
  ASSERT_EQ(Store(3, 'x'), "");
  EXPECT_EQ(Lock(1, 2), 0);
  EXPECT_EQ(mm.VmaCount(p), 3U);
  EXPECT_EQ(Unlock(0, 4), 0);
  EXPECT_EQ(mm.VmaCount(p), 1U);
}

TEST_F(MlockRules, AN1_WhatGotPagesAloneIsNotMergedWithWhatHasNone) {
  ASSERT_GT(MapAnon(0, 4, kReadWrite, kMapPrivate), 0);
  EXPECT_EQ(Lock(1, 2), 0);  // only here are pages
  EXPECT_EQ(Unlock(0, 4), 0);
  EXPECT_EQ(mm.VmaCount(p), 3U);
  ASSERT_EQ(Store(0, 'x'), "");  // takes the anon_vma above it
  EXPECT_EQ(Lock(1, 2), 0);
  EXPECT_EQ(Unlock(1, 2), 0);
  EXPECT_EQ(mm.VmaCount(p), 2U);
}

TEST_F(MlockRules, AN1_NeighboursThatGotPagesWhileTheyDifferedStayApart) {
  ASSERT_GT(MapAnon(0, 2, kReadWrite, kMapPrivate), 0);
  EXPECT_EQ(Lock(0, 1), 0);
  ASSERT_EQ(Store(1, 'x'), "");  // VM_LOCKED differs: one of its own
  EXPECT_EQ(Unlock(0, 1), 0);
  EXPECT_EQ(mm.VmaCount(p), 2U);
}

TEST_F(MlockRules, AN1_WhatHasNoPagesIsMergedWithWhatHas) {
  ASSERT_GT(MapAnon(0, 2, kReadWrite, kMapPrivate), 0);
  EXPECT_EQ(Lock(0, 1), 0);
  EXPECT_EQ(Protect(1, 1, kRead), 0);
  EXPECT_EQ(Unlock(0, 1), 0);
  ASSERT_EQ(mm.VmaCount(p), 2U);
  EXPECT_EQ(Protect(1, 1, kReadWrite), 0);
  EXPECT_EQ(mm.VmaCount(p), 1U);
  ASSERT_EQ(mm.NewMm(), 1);
  ASSERT_EQ(mm.Fork(p, 1), 0);
  EXPECT_NE(Entry(0, 1), nullptr) << "it still knows that it has pages";
}

TEST_F(MlockRules, AN1_InAChildPartsOfOneStayApart) {
  ASSERT_GT(MapAnon(0, 2, kReadWrite, kMapPrivate), 0);
  ASSERT_EQ(Store(0, 'x'), "");
  ASSERT_EQ(Protect(1, 1, kRead), 0);
  ASSERT_EQ(mm.NewMm(), 1);
  ASSERT_EQ(mm.Fork(p, 1), 0);
  EXPECT_EQ(mm.Mprotect(1, At(1), kPage, kReadWrite), 0);
  EXPECT_EQ(mm.VmaCount(1), 2U);
  EXPECT_EQ(Protect(1, 1, kReadWrite), 0);
  EXPECT_EQ(mm.VmaCount(p), 1U);
}

TEST_F(MlockRules, ML2_AHoleIsEnomemAndWhatLiesBeforeItIsLockedWithoutPages) {
  ASSERT_GT(MapAnon(0, 1, kReadWrite, kMapPrivate), 0);
  ASSERT_GT(MapAnon(2, 1, kReadWrite, kMapPrivate), 0);
  EXPECT_EQ(Lock(0, 3), -ENOMEM);
  EXPECT_TRUE(Locked(0));
  EXPECT_FALSE(Locked(2));
  EXPECT_EQ(Entry(0), nullptr);
  EXPECT_EQ(Unlock(0, 3), -ENOMEM);
  EXPECT_FALSE(Locked(0));
  EXPECT_EQ(Lock(1, 1), -ENOMEM);
  EXPECT_EQ(Unlock(7, 1), -ENOMEM);
}

TEST_F(MlockRules, ML2_LengthsThatWrapAreEinvalAndNothingIsNothing) {
  EXPECT_EQ(mm.Mlock(p, ~hw::kPageMask, 2 * kPage), -EINVAL);
  EXPECT_EQ(mm.Munlock(p, ~hw::kPageMask, 2 * kPage), -EINVAL);
  EXPECT_EQ(mm.Mlock(p, At(0), 0), 0);
  EXPECT_EQ(mm.Mlock(p, At(0), ~uint64_t{0}), 0) << "rounded up, it is nothing";
}

TEST_F(MlockRules, ML2_OfAMappingWithoutAccessIsEnomemButItStaysLocked) {
  ASSERT_GT(MapAnon(0, 1, 0, kMapPrivate), 0);
  EXPECT_EQ(Lock(0, 1), -ENOMEM);
  EXPECT_TRUE(Locked(0));
  EXPECT_EQ(Entry(0), nullptr);
}

TEST_F(MlockRules, ML2_AFaultThatIsRefusedIsEnomem) {
  UseOps({"fault"});
  FaultsOnly();
  driver.fault = [](vm_fault*) { return kFaultCodeSigbus; };
  ASSERT_GT(Map(0, 2, kRead, kMapShared), 0);
  EXPECT_EQ(Lock(0, 2), -ENOMEM);
  EXPECT_EQ(driver.faults, 1);
  driver.fault = [](vm_fault*) { return kFaultCodeOom; };
  EXPECT_EQ(Lock(0, 2), -EAGAIN);
}

TEST_F(MlockRules, ML2_ASplitThatIsRefusedIsVerbatim) {
  UseOps({"may_split", "fault"});
  FaultsOnly();
  driver.may_split = [](vm_area_struct*, uint64_t) { return -EROFS; };
  ASSERT_GT(Map(0, 2, kRead, kMapShared), 0);
  const std::string before = State();
  EXPECT_EQ(Lock(1, 1), -EROFS);
  EXPECT_EQ(State(), before);
}

TEST_F(MlockRules, ML2_TheKernelsFaultIsNotAUsers) {
  FaultsOnly();
  unsigned flags = 0;
  driver.fault = [&](vm_fault* vmf) {
    flags = vmf->flags;
    EXPECT_EQ(mm.mm(p)->mmap_lock.readers, 1U);
    return GivePage(vmf, kRam);
  };
  ASSERT_GT(Map(0, 1, kRead, kMapShared), 0);
  EXPECT_EQ(Lock(0, 1), 0);
  EXPECT_EQ(flags, 0x04U | 0x10U);  // ALLOW_RETRY, KILLABLE
}

TEST_F(MlockRules, ML2_WhatGrowsIsPopulated) {
  ASSERT_GT(MapAnon(0, 1, kReadWrite, kMapPrivate), 0);
  ASSERT_EQ(Lock(0, 1), 0);
  ASSERT_EQ(Remap(0, 1, 3, 0), static_cast<int64_t>(At(0)));
  EXPECT_NE(Entry(2), nullptr);
}

TEST_F(MlockRules, ML2_WhatBecomesWritableIsCopied) {
  FaultsOnly();
  ASSERT_GT(Map(0, 1, kRead, kMapPrivate), 0);
  ASSERT_EQ(Lock(0, 1), 0);
  ASSERT_EQ(Entry(0)->bits.anon, 0);
  ASSERT_EQ(Protect(0, 1, kReadWrite), 0);
  EXPECT_NE(Entry(0)->bits.anon, 0);
  EXPECT_EQ(Entry(0)->bits.write, 1);
}

TEST_F(MlockRules, ML2_LockedMemoryIsNeitherDroppedNorInvalidated) {
  ASSERT_GT(MapAnon(0, 1, kReadWrite, kMapPrivate), 0);
  ASSERT_EQ(Lock(0, 1), 0);
  EXPECT_EQ(Advise(0, 1, kAdviseDontNeed), -EINVAL);
  EXPECT_EQ(mm.Msync(p, At(0), kPage, 2), -EBUSY);
}

}  // namespace
}  // namespace drydock::kernel
