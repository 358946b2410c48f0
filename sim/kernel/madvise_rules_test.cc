// madvise(2): docs/mmap-rules.md MA1, MA2.
#include <cerrno>

#include "sim/kernel/mm_testing.h"

namespace drydock::kernel {
namespace {

constexpr hw::Pfn kRam = FakeBackend::kRam;

class MadviseRules : public MmTest {};

TEST_F(MadviseRules, BadArgumentsAreEinvalAndNothingToDoIsNothing) {
  EXPECT_EQ(mm.Madvise(p, At(0) + 1, kPage, kAdviseDontNeed), -EINVAL);
  EXPECT_EQ(mm.Madvise(p, At(0), kPage, 5), -EINVAL);
  EXPECT_EQ(mm.Madvise(p, At(0), kPage, 26), -EINVAL);
  EXPECT_EQ(mm.Madvise(p, At(0), ~uint64_t{0}, kAdviseDontNeed), -EINVAL);
  EXPECT_EQ(mm.Madvise(p, ~hw::kPageMask, 2 * kPage, kAdviseDontNeed), -EINVAL);
  EXPECT_EQ(mm.Madvise(p, At(0), 0, kAdviseDontNeed), 0);
  EXPECT_EQ(mm.Madvise(p, At(0), kPage, kAdviseDontNeed), -ENOMEM);
}

TEST_F(MadviseRules, AHoleIsEnomemInTheEndAndTheRestIsDone) {
  MapsFrom(kRam);
  ASSERT_GT(Map(1, 1, kRead, kMapShared), 0);
  ASSERT_GT(Map(3, 1, kRead, kMapShared), 0);
  EXPECT_EQ(Advise(0, 4, kAdviseDontFork), -ENOMEM);
  EXPECT_NE(FlagsAt(1) & kVmDontCopy, 0U);
  EXPECT_NE(FlagsAt(3) & kVmDontCopy, 0U);
}

TEST_F(MadviseRules, MA1_OfAPfnMapMostIsEinval) {
  MapsFrom(kRam);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  const std::string before = State();
  for (const int advice : {kAdviseDontNeed, kAdviseFree, kAdviseCold, kAdvisePageOut,
                           kAdvisePopulateRead, kAdvisePopulateWrite, kAdviseDoDump, kAdviseDoFork,
                           kAdviseWipeOnFork, kAdviseCollapse, 24}) {
    EXPECT_EQ(Advise(0, 2, advice), -EINVAL) << advice;
  }
  EXPECT_EQ(State(), before);
}

TEST_F(MadviseRules, MA1_RemoveOfADeviceIsEnodevAfterItsOwnChecks) {
  MapsFrom(kRam);
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
  EXPECT_EQ(Advise(0, 1, kAdviseRemove), -ENODEV);
  ASSERT_GT(Map(0, 1, kReadWrite, kMapPrivate), 0);
  EXPECT_EQ(Advise(0, 1, kAdviseRemove), -EACCES);
  ASSERT_GT(MapFile(ro(), 0, 1, kRead, kMapShared), 0);
  EXPECT_EQ(Advise(0, 1, kAdviseRemove), -EACCES);
  ASSERT_GT(MapAnon(0, 1, kRead, kMapPrivate), 0);
  EXPECT_EQ(Advise(0, 1, kAdviseRemove), -EINVAL);
}

TEST_F(MadviseRules, MA1_HugePageIsTakenAndSplits) {
  UseOps({"open", "close"});
  MapsFrom(kRam);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  EXPECT_EQ(Advise(0, 1, kAdviseHugePage), 0);
  EXPECT_EQ(driver.calls, "open ");
  EXPECT_EQ(Maps(),
            "100000-101000 rw-s 00000000 /dev/t0 rd wr sh mr mw me ms pf io de ar dd sd hg\n"
            "  +0 1 page ram+0 WB rw- special accessed\n"
            "101000-102000 rw-s 00001000 /dev/t0 rd wr sh mr mw me ms pf io de ar dd sd\n"
            "  +0 1 page ram+1 WB rw- special accessed\n");
}

TEST_F(MadviseRules, MA1_TheSameAdviceAgainDoesNothing) {
  MapsFrom(kRam);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  const std::string before = State();
  EXPECT_EQ(Advise(1, 1, kAdviseDontDump), 0);  // set by remap_pfn_range already
  EXPECT_EQ(Advise(1, 1, kAdviseMergeable), 0);
  EXPECT_EQ(State(), before);
}

TEST_F(MadviseRules, MA1_MergeableSplitsAPrivatePlainMapping) {
  FaultsOnly();
  ASSERT_GT(Map(0, 2, kReadWrite, kMapPrivate), 0);
  EXPECT_EQ(Advise(0, 1, kAdviseMergeable), 0);
  EXPECT_EQ(mm.VmaCount(p), 2U);
  EXPECT_EQ(Advise(0, 1, kAdviseMergeable + 1), 0);
  EXPECT_EQ(mm.VmaCount(p), 1U);
}

TEST_F(MadviseRules, MA1_NoMemoryForTheSplitIsEagain) {
  MapsFrom(kRam);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  const std::string before = State();
  backend.FailAt(1);
  EXPECT_EQ(Advise(1, 1, kAdviseDontFork), -EAGAIN);
  EXPECT_EQ(State(), before);
}

TEST_F(MadviseRules, MA1_LockedIsNotDropped) {
  ASSERT_GT(MapAnon(0, 1, kReadWrite, kMapPrivate | kMapLocked), 0);
  ASSERT_EQ(Store(0, 'x'), "");
  EXPECT_EQ(Advise(0, 1, kAdviseDontNeed), -EINVAL);
  EXPECT_EQ(LoadByte(0), 'x');
  EXPECT_EQ(Advise(0, 1, 24 /* DONTNEED_LOCKED */), 0);
  EXPECT_EQ(LoadByte(0), '\0');
}

TEST_F(MadviseRules, MA2_DontNeedDropsAMixedMapsPages) {
  InsertsPages();
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  EXPECT_EQ(Advise(0, 1, kAdvisePopulateRead), 0);
  EXPECT_EQ(Advise(0, 1, kAdviseDontNeed), 0);
  EXPECT_EQ(backend.PageAt(kRam)._refcount.counter, 1);
  EXPECT_EQ(Load(0), "BUS_ADRERR");
  EXPECT_EQ(Advise(0, 1, kAdvisePopulateRead), -EFAULT);
  EXPECT_EQ(LoadByte(1), 'B');
}

TEST_F(MadviseRules, MA2_PopulateOfWhatMayNotBeAccessedIsEinval) {
  FaultsOnly();
  ASSERT_GT(Map(0, 2, kRead, kMapShared), 0);
  EXPECT_EQ(Advise(0, 2, kAdvisePopulateWrite), -EINVAL);
  EXPECT_EQ(driver.faults, 0);
  EXPECT_EQ(Advise(0, 2, kAdvisePopulateRead), 0);
  EXPECT_EQ(driver.faults, 2);
}

TEST_F(MadviseRules, MA6_PopulateLeavesWhatIsThereAsItIs) {
  InsertsPages();
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  const std::string before = Maps();
  EXPECT_EQ(Advise(0, 2, kAdvisePopulateRead), 0);
  EXPECT_EQ(Advise(0, 2, kAdvisePopulateWrite), 0);
  EXPECT_EQ(Maps(), before);
}

TEST_F(MadviseRules, MA2_FreeIsForAnonymousMemoryOnly) {
  FaultsOnly();
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
  EXPECT_EQ(Advise(0, 1, kAdviseFree), -EINVAL);
  ASSERT_GT(MapAnon(0, 1, kReadWrite, kMapShared), 0);
  EXPECT_EQ(Advise(0, 1, kAdviseFree), -EINVAL);
  ASSERT_GT(MapAnon(0, 1, kReadWrite, kMapPrivate), 0);
  EXPECT_EQ(Advise(0, 1, kAdviseFree), 0);
  EXPECT_EQ(Advise(0, 1, 3 /* WILLNEED */), 0);
}

TEST_F(MadviseRules, MA3_RemovedPagesOfSharedAnonymousMemoryAreZeroForAll) {
  ASSERT_GT(MapAnon(0, 3, kReadWrite, kMapShared), 0);
  for (uint64_t page = 0; page < 3; ++page) ASSERT_EQ(Store(page, 'x'), "");
  const auto child = static_cast<uint32_t>(mm.NewMm());
  ASSERT_EQ(mm.Fork(p, child), 0);
  ASSERT_EQ(mm.Munmap(p, At(0), kPage), 0);
  EXPECT_EQ(Advise(1, 1, kAdviseRemove), 0);
  EXPECT_EQ(LoadByte(1), 0);
  EXPECT_EQ(LoadByte(2), 'x');
  char bytes[3] = {1, 1, 1};
  for (uint64_t page = 0; page < 3; ++page) {
    EXPECT_TRUE(mm.Access(child, At(page), &bytes[page], nullptr, 1).ok());
  }
  EXPECT_EQ(std::string(bytes, 3), std::string("x\0x", 3));
  mm.ExitMm(child);
}

TEST_F(MadviseRules, MA3_RemoveOfWhatIsLockedOrPrivateIsEinval) {
  ASSERT_GT(MapAnon(0, 1, kReadWrite, kMapShared | kMapLocked), 0);
  ASSERT_GT(MapAnon(1, 1, kReadWrite, kMapPrivate), 0);
  EXPECT_EQ(Advise(0, 1, kAdviseRemove), -EINVAL);
  EXPECT_EQ(Advise(1, 1, kAdviseRemove), -EINVAL);
}

TEST_F(MadviseRules, LK1_OnlyAdviceThatChangesMappingsHoldsTheLockForWriting) {
  FaultsOnly();
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  backend.write_locks = backend.read_locks = 0;
  EXPECT_EQ(Advise(0, 2, kAdviseDontNeed), 0);
  EXPECT_EQ(backend.write_locks, 0);
  EXPECT_EQ(backend.read_locks, 1);
  EXPECT_EQ(Advise(0, 2, kAdviseDontFork), 0);
  EXPECT_EQ(backend.write_locks, 1);
}

}  // namespace
}  // namespace drydock::kernel
