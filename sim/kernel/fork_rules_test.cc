// fork(2)'s share of memory: docs/mmap-rules.md FK1, FK2, P7, PAT8, PAT10.
#include <cerrno>

#include "sim/kernel/mm_testing.h"

namespace drydock::kernel {
namespace {

constexpr hw::Pfn kRam = FakeBackend::kRam;
constexpr hw::Pfn kBar = FakeBackend::kBar;

class ForkRules : public MmTest {
 protected:
  static constexpr uint32_t kChild = 1;
  int64_t Fork() {
    EXPECT_EQ(mm.NewMm(), static_cast<int>(kChild));
    return mm.Fork(p, kChild);
  }
};

TEST_F(ForkRules, FK1_DontForkIsNotInTheChildAndIsNotOpened) {
  UseOps({"open"});
  MapsFrom(kRam);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  ASSERT_EQ(Advise(0, 2, kAdviseDontFork), 0);
  ASSERT_EQ(Fork(), 0);
  EXPECT_EQ(driver.opens, 0);
  EXPECT_EQ(Maps(kChild), "");
  EXPECT_EQ(Load(0, nullptr, kChild), "SEGV_MAPERR");
  EXPECT_EQ(Advise(0, 2, kAdviseDoFork), -EINVAL);
}

TEST_F(ForkRules, FK1_TheDriversDontCopyCountsToo) {
  driver.mmap = [](file*, vm_area_struct* vma) {
    vma->vm_flags |= kVmDontCopy;
    return 0;
  };
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  ASSERT_EQ(Fork(), 0);
  EXPECT_EQ(Maps(kChild), "");
  EXPECT_EQ(Advise(0, 2, kAdviseDoFork), 0);
}

TEST_F(ForkRules, FK2_OpenRunsBeforeTheEntriesAreCopied) {
  UseOps({"open", "close"});
  MapsFrom(kRam);
  driver.open = [this](vm_area_struct* vma) {
    EXPECT_EQ(vma->vm_mm, mm.mm(kChild));
    EXPECT_EQ(mm.table(kChild).count(), 0U);
    EXPECT_EQ(vma->drydock_generation, VmaAt(0).drydock_generation);
    EXPECT_NE(vma->drydock_id, VmaAt(0).drydock_id);
    EXPECT_EQ(mm.mm(p)->mmap_lock.owner, 1U);
    EXPECT_EQ(mm.mm(kChild)->mmap_lock.owner, 1U);  // LK1
  };
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared, 1), 0);
  ASSERT_EQ(Fork(), 0);
  EXPECT_EQ(driver.calls, "open ");
  EXPECT_EQ(rw().f_count.counter, 2);
  mm.ExitMm(kChild);
  EXPECT_EQ(driver.calls, "open close ");
  EXPECT_EQ(rw().f_count.counter, 1);
}

TEST_F(ForkRules, FK2_SharedEntriesAreCleanAndOldInTheChildAndStillWritable) {
  MapsFrom(kRam);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared, 1), 0);
  ASSERT_EQ(Store(0, 'x'), "");
  ASSERT_EQ(Fork(), 0);
  EXPECT_EQ(Maps(kChild),
            "100000-102000 rw-s 00001000 /dev/t0 rd wr sh mr mw me ms pf io de ar dd sd\n"
            "  +0 2 pages ram+1 WB rw- special\n");
  EXPECT_EQ(Entry(0)->bits.dirty, 1);
  EXPECT_EQ(Store(0, 'y', kChild), "");
  EXPECT_EQ(LoadByte(0), 'y');
}

TEST_F(ForkRules, FK2_ADirtyEntryOfAMappingThatIsNotSharedStaysDirty) {
  driver.mmap = [](file*, vm_area_struct* vma) {
    const int error = RemapAll(vma, kRam);
    vma->vm_flags &= ~(kVmShared | kVmMayWrite);  // neither shared nor COW, as an O_RDONLY fd's
    return error;
  };
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
  ASSERT_EQ(Store(0, 'x'), "");
  ASSERT_EQ(Fork(), 0);
  EXPECT_EQ(Entry(0, kChild)->bits.dirty, 1);
}

TEST_F(ForkRules, FK2_PrivateCopiesAreProtectedInBothAndPart) {
  InsertsPages();
  ASSERT_GT(Map(0, 2, kReadWrite, kMapPrivate), 0);
  ASSERT_EQ(Store(0, 'x'), "");
  ASSERT_EQ(Fork(), 0);
  EXPECT_EQ(Entry(0)->bits.write, 0);
  EXPECT_EQ(Entry(0, kChild)->bits.write, 0);
  EXPECT_EQ(backend.anon_in_use(), 1U);
  EXPECT_EQ(Store(0, 'p'), "");
  EXPECT_EQ(LoadByte(0, kChild), 'x');
  EXPECT_EQ(Store(0, 'c', kChild), "");  // alone by now: no further copy
  EXPECT_EQ(backend.anon_in_use(), 2U);
  EXPECT_EQ(LoadByte(0), 'p');
  EXPECT_EQ(LoadByte(0, kChild), 'c');
  EXPECT_EQ(backend.PageAt(kRam + 1)._refcount.counter, 3);
}

TEST_F(ForkRules, FK2_AfterAForkMprotectDoesNotMakeSharedPagesWritable) {
  ASSERT_GT(MapAnon(0, 1, kReadWrite, kMapPrivate), 0);
  ASSERT_EQ(Store(0, 'x'), "");
  ASSERT_EQ(Fork(), 0);
  ASSERT_EQ(Protect(0, 1, kRead), 0);
  ASSERT_EQ(Protect(0, 1, kReadWrite), 0);
  EXPECT_EQ(Entry(0)->bits.write, 0);
  EXPECT_EQ(Store(0, 'y'), "");
  EXPECT_EQ(LoadByte(0, kChild), 'x');
  // What one of them stored to last is its own again.
  ASSERT_EQ(Store(0, 'c', kChild), "");
  ASSERT_EQ(mm.Mprotect(kChild, At(0), kPage, kRead), 0);
  ASSERT_EQ(mm.Mprotect(kChild, At(0), kPage, kReadWrite), 0);
  EXPECT_EQ(Entry(0, kChild)->bits.write, 1);
}

TEST_F(ForkRules, FK2_AFaultOnlyMappingIsFaultedInAgain) {
  FaultsOnly();
  UseOps({"open"});
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  ASSERT_EQ(Load(0), "");
  ASSERT_EQ(Fork(), 0);
  EXPECT_EQ(mm.table(kChild).count(), 0U);
  EXPECT_EQ(driver.opens, 1);
  EXPECT_EQ(LoadByte(0, kChild), 'A');
  EXPECT_EQ(driver.faults, 2);
}

TEST_F(ForkRules, FK2_APrivateFileMappingWithOneCopyIsCopiedWhole) {
  FaultsOnly();
  ASSERT_GT(Map(0, 2, kReadWrite, kMapPrivate), 0);
  ASSERT_EQ(Load(0), "");
  ASSERT_EQ(Store(1, 'x'), "");
  ASSERT_EQ(Fork(), 0);
  EXPECT_EQ(LoadByte(0, kChild), 'A');
  EXPECT_EQ(LoadByte(1, kChild), 'x');
  EXPECT_EQ(driver.faults, 2);
  EXPECT_EQ(backend.PageAt(kRam)._refcount.counter, 3);
}

TEST_F(ForkRules, FK2_AnonymousPagesThatJoinAcrossADontForkBorderAreCopiedOnce) {
  ASSERT_GT(MapAnon(0, 4, kReadWrite, kMapPrivate), 0);
  for (uint64_t i = 0; i < 4; ++i) ASSERT_EQ(Store(i, static_cast<char>('0' + i)), "");
  EXPECT_EQ(mm.table(p).count(), 1U);  // their frames follow each other
  ASSERT_EQ(Advise(0, 2, kAdviseDontFork), 0);
  ASSERT_EQ(Fork(), 0);
  EXPECT_EQ(Maps(kChild),
            "102000-104000 rw-p 00102000 [anon] rd wr mr mw me ac sd\n"
            "  +0 2 pages own WB r-- anon dirty\n");
  EXPECT_EQ(LoadByte(3, kChild), '3');
}

TEST_F(ForkRules, FK2_WipeOnForkIsEmptyInTheChild) {
  ASSERT_GT(MapAnon(0, 1, kReadWrite, kMapPrivate), 0);
  ASSERT_EQ(Store(0, 'x'), "");
  ASSERT_EQ(Advise(0, 1, kAdviseWipeOnFork), 0);
  ASSERT_EQ(Fork(), 0);
  EXPECT_EQ(LoadByte(0, kChild), '\0');
  EXPECT_EQ(LoadByte(0), 'x');
}

TEST_F(ForkRules, FK2_SharedAnonymousMemoryIsOneObject) {
  ASSERT_GT(MapAnon(0, 2, kReadWrite, kMapShared), 0);
  ASSERT_EQ(Fork(), 0);
  ASSERT_EQ(Store(1, 'x'), "");
  EXPECT_EQ(LoadByte(1, kChild), 'x');
  ASSERT_EQ(Store(1, 'y', kChild), "");
  EXPECT_EQ(LoadByte(1), 'y');
  EXPECT_EQ(backend.anon_in_use(), 1U);
}

TEST_F(ForkRules, FK2_LockedIsNotInherited) {
  ASSERT_GT(MapAnon(0, 1, kReadWrite, kMapPrivate | kMapLocked), 0);
  ASSERT_EQ(Fork(), 0);
  EXPECT_EQ(VmaAt(0, kChild).vm_flags & kVmLocked, 0U);
}

TEST_F(ForkRules, FK2_NoMemoryForTheEntriesClosesWhatWasOpened) {
  UseOps({"open", "close"});
  MapsFrom(kBar);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  const std::string before = Maps();
  backend.FailAt(2);
  EXPECT_EQ(Fork(), -ENOMEM);
  EXPECT_EQ(driver.calls, "open close ");
  EXPECT_EQ(Maps(kChild), "");
  EXPECT_EQ(Maps(), before);
  EXPECT_EQ(mm.memory_types().count(), 1U);
  EXPECT_EQ(rw().f_count.counter, 1);
}

TEST_F(ForkRules, FK2_NoMemoryForTheSecondMappingClosesTheFirst) {
  UseOps({"open", "close"});
  FaultsOnly();
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
  ASSERT_GT(Map(4, 1, kReadWrite, kMapShared), 0);
  backend.FailAt(2);
  EXPECT_EQ(Fork(), -ENOMEM);
  EXPECT_EQ(driver.calls, "open close ");
}

TEST_F(ForkRules, P7_ForkFailsWhenTheFirstPageWasCopied) {
  UseOps({"open", "close"});
  for (const hw::Pfn first : {kBar, kRam}) {
    MapsFrom(first);
    driver.calls.clear();
    ASSERT_GT(Map(0, 2, kReadWrite, kMapPrivate), 0);
    ASSERT_EQ(Store(0, 'x'), "");
    const std::string before = Maps();
    driver.calls.clear();
    EXPECT_EQ(Fork(), -ENOMEM);
    EXPECT_EQ(driver.calls, "open close ");
    EXPECT_EQ(Maps(), before);
    EXPECT_EQ(Maps(kChild), "");
    EXPECT_EQ(LoadByte(0), 'x');
    mm.ExitMm(kChild);
  }
}

TEST_F(ForkRules, P7_ACopyOfAnotherPageIsNoObstacle) {
  MapsFrom(kBar);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapPrivate), 0);
  ASSERT_EQ(Store(1, 'x'), "");
  EXPECT_EQ(Fork(), 0);
  EXPECT_EQ(LoadByte(1, kChild), 'x');
}

TEST_F(ForkRules, PAT8_TheChildHasAReservationOfItsOwn) {
  MapsFrom(kBar);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  ASSERT_EQ(Fork(), 0);
  EXPECT_EQ(mm.memory_types().count(), 2U);
  mm.ExitMm(kChild);
  EXPECT_EQ(mm.memory_types().count(), 1U);
}

TEST_F(ForkRules, PAT8_SplitThenForkThenExitLeavesTheParentsHalves) {
  MapsFrom(kBar);
  ASSERT_GT(Map(0, 4, kReadWrite, kMapShared), 0);
  ASSERT_EQ(Protect(2, 2, kRead), 0);
  ASSERT_EQ(Fork(), 0);
  EXPECT_EQ(mm.memory_types().count(), 3U);
  mm.ExitMm(kChild);
  EXPECT_EQ(mm.memory_types().count(), 1U);
}

TEST_F(ForkRules, PAT10_TheChildReservesTheTypeOfTheFirstEntry) {
  driver.mmap = [this](file*, vm_area_struct* vma) {
    return mm.RemapPfnRange(vma, vma->vm_start, kBar.value, 2 * kPage,
                            pgprot_t{vma->vm_page_prot.pgprot | 0x08});
  };
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  ASSERT_EQ(Fork(), 0);
  ASSERT_EQ(Unmap(0, 2), 0);
  EXPECT_EQ(mm.memory_types().Lookup(kBar), hw::CacheType::kWriteCombining);
  EXPECT_EQ(Entry(0, kChild)->bits.cache, hw::CacheType::kWriteCombining);
}

}  // namespace
}  // namespace drydock::kernel
