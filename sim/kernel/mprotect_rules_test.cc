// mprotect(2): docs/mmap-rules.md MPR1..MPR3.
#include <cerrno>

#include "sim/kernel/mm_testing.h"

namespace drydock::kernel {
namespace {

constexpr hw::Pfn kRam = FakeBackend::kRam;
constexpr hw::Pfn kBar = FakeBackend::kBar;

class MprotectRules : public MmTest {
 protected:
  int64_t Raw(uint64_t address, uint64_t length, int prot) {
    return mm.Mprotect(p, address, length, prot);
  }
};

TEST_F(MprotectRules, MPR1_OrderOfTheErrorsBeforeTheLock) {
  EXPECT_EQ(Raw(At(0) + 1, 0, kProtGrowsDown | kProtGrowsUp), -EINVAL);
  EXPECT_EQ(Raw(At(0) + 1, 0, 0x100), -EINVAL);         // unaligned before length 0
  EXPECT_EQ(Raw(At(0), 0, 0x100), 0);                   // length 0 before bad bits
  EXPECT_EQ(Raw(At(0), ~uint64_t{0}, 0x100), -ENOMEM);  // wrap before bad bits
  EXPECT_EQ(Raw(At(0), kPage, 0x100), -EINVAL);         // bad bits before the hole
  EXPECT_EQ(backend.write_locks, 0);
}

TEST_F(MprotectRules, MPR1_HoleIsEnomemAndWhatCameBeforeStaysChanged) {
  MapsFrom(kRam);
  EXPECT_EQ(Raw(At(0), kPage, kRead), -ENOMEM);
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
  ASSERT_GT(Map(2, 1, kReadWrite, kMapShared), 0);
  EXPECT_EQ(Raw(At(0), 3 * kPage, kRead), -ENOMEM);
  EXPECT_EQ(FlagsAt(0) & kVmWrite, 0U);
  EXPECT_NE(FlagsAt(2) & kVmWrite, 0U);
  EXPECT_EQ(Raw(At(1), 2 * kPage, kRead), -ENOMEM);
}

TEST_F(MprotectRules, MPR1_GrowFlagsOfAMappingThatDoesNotGrow) {
  MapsFrom(kRam);
  ASSERT_GT(Map(2, 1, kReadWrite, kMapShared), 0);
  EXPECT_EQ(Raw(At(2), kPage, kRead | kProtGrowsDown), -EINVAL);
  EXPECT_EQ(Raw(At(2), kPage, kRead | kProtGrowsUp), -EINVAL);
  EXPECT_EQ(Raw(At(1), 2 * kPage, kRead | kProtGrowsDown), -EINVAL);
  EXPECT_EQ(Raw(At(1), 2 * kPage, kRead | kProtGrowsUp), -ENOMEM);
  EXPECT_EQ(Raw(At(0), kPage, kRead | kProtGrowsDown), -ENOMEM);
}

TEST_F(MprotectRules, MPR1_WhatTheVmaMayNotIsEacces) {
  UseOps({"mprotect"});
  driver.mmap = [this](file*, vm_area_struct* vma) {
    vma->vm_ops = &driver.ops;
    vma->vm_flags &= ~(kVmMayWrite | kVmMayExec);
    return 0;
  };
  ASSERT_GT(Map(0, 2, kRead, kMapShared), 0);
  const std::string before = State();
  EXPECT_EQ(Protect(0, 1, kReadWrite), -EACCES);
  EXPECT_EQ(Protect(0, 2, kRead | kProtExec), -EACCES);
  EXPECT_EQ(State(), before);
  EXPECT_EQ(driver.calls, "");  // before the driver is asked
}

TEST_F(MprotectRules, MPR1_TheDriversErrorIsVerbatimAndNothingIsSplit) {
  UseOps({"mprotect", "open", "may_split"});
  MapsFrom(kRam);
  uint64_t seen[3] = {};
  driver.mprotect = [&seen](vm_area_struct*, uint64_t start, uint64_t end, uint64_t flags) {
    seen[0] = start;
    seen[1] = end;
    seen[2] = flags;
    return -EROFS;
  };
  ASSERT_GT(Map(0, 4, kReadWrite, kMapShared), 0);
  const std::string before = State();
  EXPECT_EQ(Protect(1, 2, kRead), -EROFS);
  EXPECT_EQ(State(), before);
  EXPECT_EQ(driver.calls, "mprotect ");
  EXPECT_EQ(seen[0], At(1));
  EXPECT_EQ(seen[1], At(3));
  EXPECT_EQ(seen[2], FlagsAt(0) & ~kVmWrite);
}

TEST_F(MprotectRules, MPR1_SameFlagsDoNothingButTheDriverIsAsked) {
  UseOps({"mprotect", "open"});
  MapsFrom(kRam);
  ASSERT_GT(Map(0, 4, kReadWrite, kMapShared), 0);
  const std::string before = State();
  EXPECT_EQ(Protect(1, 1, kReadWrite), 0);
  EXPECT_EQ(State(), before);
  EXPECT_EQ(driver.calls, "mprotect ");
}

TEST_F(MprotectRules, MPR1_PrivateBecomingWritableIsCharged) {
  driver.mmap = [](file*, vm_area_struct*) { return 0; };
  ASSERT_GT(Map(0, 1, kRead, kMapPrivate), 0);
  ASSERT_EQ(Protect(0, 1, kReadWrite), 0);
  EXPECT_EQ(Maps(), "100000-101000 rw-p 00000000 /dev/t0 rd wr mr mw me ac sd\n");
}

TEST_F(MprotectRules, MPR2_FrameCacheAndDirtyStay) {
  driver.mmap = [this](file*, vm_area_struct* vma) {
    return mm.RemapPfnRange(vma, vma->vm_start, kBar.value, 4 * kPage,
                            pgprot_t{vma->vm_page_prot.pgprot | 0x08});
  };
  ASSERT_GT(Map(0, 4, kReadWrite, kMapShared), 0);
  ASSERT_EQ(Store(1, 'x'), "");
  ASSERT_EQ(Protect(0, 4, 0), 0);
  EXPECT_EQ(Load(1), "SEGV_ACCERR");
  EXPECT_EQ(Maps(),
            "100000-104000 ---s 00000000 /dev/t0 sh mr mw me ms pf io de ar dd sd\n"
            "  +0 1 page bar+0 WC --x special accessed\n"
            "  +1 1 page bar+1 WC --x special dirty accessed\n"
            "  +2 2 pages bar+2 WC --x special accessed\n");
  ASSERT_EQ(Protect(0, 4, kReadWrite), 0);
  EXPECT_EQ(LoadByte(1), 'x');
  EXPECT_EQ(Entry(1)->bits.cache, hw::CacheType::kWriteCombining);
  EXPECT_EQ(Entry(1)->bits.dirty, 1);
  EXPECT_EQ(Entry(0)->bits.write, 1);
}

TEST_F(MprotectRules, MPR2_MiddleSplitsTwiceAndPfnMapsAreNeverMergedAgain) {
  UseOps({"open", "close"});
  MapsFrom(kRam);
  ASSERT_GT(Map(0, 4, kReadWrite, kMapShared), 0);
  ASSERT_EQ(Protect(1, 2, kRead), 0);
  EXPECT_EQ(driver.calls, "open open ");
  EXPECT_EQ(Store(1, 'x'), "SEGV_ACCERR");
  EXPECT_EQ(Store(3, 'x'), "");
  ASSERT_EQ(Protect(1, 2, kReadWrite), 0);
  EXPECT_EQ(mm.VmaCount(p), 3U);
  EXPECT_EQ(VmaAt(1).vm_pgoff, 1U);
  EXPECT_EQ(VmaAt(3).vm_pgoff, 3U);
}

TEST_F(MprotectRules, MPR2_PlainMappingsAreMergedAgain) {
  FaultsOnly();
  UseOps({"open"});
  ASSERT_GT(Map(0, 6, kReadWrite, kMapShared), 0);
  const std::string before = State();
  ASSERT_EQ(Protect(2, 2, kRead), 0);
  EXPECT_EQ(mm.VmaCount(p), 3U);
  ASSERT_EQ(Protect(1, 2, kRead), 0);  // the border to the one below moves down
  EXPECT_EQ(mm.VmaCount(p), 3U);
  EXPECT_EQ(VmaAt(1).vm_start, At(1));
  EXPECT_EQ(VmaAt(1).vm_pgoff, 1U);
  ASSERT_EQ(Protect(4, 1, kRead), 0);  // the border to the one above moves up
  EXPECT_EQ(VmaAt(5).vm_start, At(5));
  EXPECT_EQ(VmaAt(5).vm_pgoff, 5U);
  EXPECT_EQ(driver.calls, "open open ");
  ASSERT_EQ(Protect(0, 6, kReadWrite), 0);
  EXPECT_EQ(State(), before);
}

TEST_F(MprotectRules, MPR2_NeighboursWithCloseAreNotMergedAgain) {
  FaultsOnly();
  UseOps({"close"});
  ASSERT_GT(Map(0, 3, kReadWrite, kMapShared), 0);
  ASSERT_EQ(Protect(1, 1, kRead), 0);
  ASSERT_EQ(Protect(1, 1, kReadWrite), 0);
  EXPECT_EQ(mm.VmaCount(p), 3U);
}

TEST_F(MprotectRules, MPR2_AnonymousHalvesAreMergedAgain) {
  for (const int type : {kMapPrivate, kMapShared}) {
    ASSERT_GT(MapAnon(0, 4, kReadWrite, type), 0);
    ASSERT_EQ(Store(2, 'x'), "");
    ASSERT_EQ(Protect(1, 2, kRead), 0);
    EXPECT_EQ(mm.VmaCount(p), 3U);
    ASSERT_EQ(Protect(0, 4, kReadWrite), 0);
    EXPECT_EQ(mm.VmaCount(p), 1U);
    EXPECT_EQ(LoadByte(2), 'x');
  }
}

TEST_F(MprotectRules, MPR3_EntriesAreWritableAtOnceWithoutWriteNotify) {
  MapsFrom(kRam);
  ASSERT_GT(Map(0, 1, kRead, kMapShared), 0);
  ASSERT_EQ(Protect(0, 1, kReadWrite), 0);
  EXPECT_EQ(Entry(0)->bits.write, 1);
}

TEST_F(MprotectRules, MPR3_WithPfnMkwriteCleanEntriesFaultAndDirtyOnesDoNot) {
  UseOps({"pfn_mkwrite"});
  MapsFrom(kRam);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  ASSERT_EQ(Store(0, 'x'), "");
  ASSERT_EQ(Protect(0, 2, kRead), 0);
  ASSERT_EQ(Protect(0, 2, kReadWrite), 0);
  EXPECT_EQ(Entry(0)->bits.write, 1);
  EXPECT_EQ(Entry(1)->bits.write, 0);
  EXPECT_EQ(Store(0, 'x'), "");
  EXPECT_EQ(driver.calls, "");
  EXPECT_EQ(Store(1, 'x'), "");
  EXPECT_EQ(driver.calls, "pfn_mkwrite ");
}

TEST_F(MprotectRules, MPR3_OfPrivatePagesOnlyOnesOwnAreWritableAtOnce) {
  MapsFrom(kRam);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapPrivate), 0);
  ASSERT_EQ(Store(0, 'x'), "");
  ASSERT_EQ(Protect(0, 2, kRead), 0);
  ASSERT_EQ(Protect(0, 2, kReadWrite), 0);
  EXPECT_EQ(Entry(0)->bits.write, 1);
  EXPECT_EQ(Entry(1)->bits.write, 0);
  EXPECT_EQ(backend.Bytes(kRam)[0], 'A');
}

TEST_F(MprotectRules, MPR3_SharedOfAReadOnlyFdIsEacces) {
  MapsFrom(kRam);
  ASSERT_GT(MapFile(ro(), 0, 1, kRead, kMapShared), 0);
  EXPECT_EQ(Protect(0, 1, kReadWrite), -EACCES);
}

TEST_F(MprotectRules, MPR4_MoreThanAllMemoryDoesNotBecomeWritable) {
  constexpr uint64_t kAll = kMostChargedPages * kPage;
  ASSERT_GT(MapAnon(0, kMostChargedPages + 1, kRead, kMapPrivate), 0);
  EXPECT_EQ(mm.Mprotect(p, At(0), kAll + kPage, kReadWrite), -ENOMEM);
  EXPECT_EQ(Maps().find(" ac "), std::string::npos);
  EXPECT_EQ(mm.Mprotect(p, At(0), kAll, kReadWrite), 0);
  EXPECT_NE(Maps().find(" ac "), std::string::npos);
}

TEST_F(MprotectRules, SP3_NoMemoryForTheSecondSplitLeavesTheFirst) {
  UseOps({"open"});
  MapsFrom(kRam);
  ASSERT_GT(Map(0, 4, kReadWrite, kMapShared), 0);
  backend.FailAt(2);
  EXPECT_EQ(Protect(1, 2, kRead), -ENOMEM);
  EXPECT_EQ(mm.VmaCount(p), 2U);
  EXPECT_NE(FlagsAt(1) & kVmWrite, 0U);
  EXPECT_EQ(Store(1, 'x'), "");
}

}  // namespace
}  // namespace drydock::kernel
