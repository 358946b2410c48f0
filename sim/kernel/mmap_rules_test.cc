// mmap(2): docs/mmap-rules.md sections 1 and 2.
#include <cerrno>

#include "sim/kernel/mm_testing.h"

namespace drydock::kernel {
namespace {

using Fake = FakeBackend;
constexpr hw::Pfn kRam = Fake::kRam;
constexpr hw::Pfn kBar = Fake::kBar;

class MmapRules : public MmTest {
 protected:
  int64_t Raw(uint64_t address, uint64_t length, int prot, int flags, file* file, uint64_t offset,
              bool bad_fd = false) {
    return mm.Mmap(p, address, length, prot, flags, file, bad_fd, offset);
  }
};

TEST_F(MmapRules, R1_1_UnalignedOffsetIsEinvalBeforeAnythingElse) {
  EXPECT_EQ(Raw(0, 0, kRead, kMapShared, nullptr, 1, /*bad_fd=*/true), -EINVAL);
  EXPECT_EQ(Raw(0, kPage, kRead, kMapShared, &rw(), kPage / 2), -EINVAL);
  EXPECT_EQ(driver.mmaps, 0);
}

TEST_F(MmapRules, R1_2_BadFdComesBeforeLengthZero) {
  EXPECT_EQ(Raw(0, 0, kRead, kMapShared, nullptr, 0, /*bad_fd=*/true), -EBADF);
  EXPECT_EQ(Raw(0, 0, kRead, kMapShared | kMapHugetlb, &rw(), 0), -EINVAL);
  EXPECT_EQ(Raw(0, kPage, kRead, kMapShared | kMapHugetlb, &rw(), 0), -EINVAL);
}

TEST_F(MmapRules, R1_2_AnonymousHugePagesAreOfOneSizeAndNoneIsThere) {
  constexpr int kAnon = kMapPrivate | kMapAnonymous | kMapHugetlb;
  constexpr uint64_t kHuge = uint64_t{2} << 20;
  EXPECT_EQ(Raw(0, 0, kRead, kAnon, nullptr, 0), -EINVAL);
  EXPECT_EQ(Raw(0, kPage, kRead, kAnon, nullptr, 0), -ENOMEM);
  EXPECT_EQ(Raw(0, kPage, kRead, kAnon | 21 << 26, nullptr, 0), -ENOMEM);
  EXPECT_EQ(Raw(0, kPage, kRead, kAnon | 20 << 26, nullptr, 0), -EINVAL);
  EXPECT_EQ(Raw(0, kPage, kRead, kAnon | 30 << 26, nullptr, 0), -EINVAL);
  EXPECT_EQ(Raw(kHuge, kPage, kRead, kAnon | kMapFixed, nullptr, 0), -ENOMEM);
  EXPECT_EQ(Raw(kHuge + kPage, kPage, kRead, kAnon | kMapFixed, nullptr, 0), -EINVAL);
  EXPECT_EQ(Raw(kHuge + kPage, kPage, kRead, kAnon | kMapFixedNoReplace, nullptr, 0), -EINVAL);
  EXPECT_EQ(Raw(kHuge, kPage, kRead, kAnon | kMapFixedNoReplace, nullptr, 0), -ENOMEM);
  EXPECT_EQ(Raw(kHuge + kPage, kPage, kRead, kAnon, nullptr, 0), -ENOMEM) << "a hint";
  EXPECT_EQ(Raw(kTaskSize - kHuge + kPage, kPage, kRead, kAnon | kMapFixed, nullptr, 0), -ENOMEM);
  EXPECT_EQ(Raw(0, kTaskSize, kRead, kAnon & ~kMapType, nullptr, 0), -ENOMEM);
  EXPECT_EQ(Raw(0, ~uint64_t{0}, kRead, kAnon, nullptr, 0), -EINVAL) << "it rounds to nothing";
  EXPECT_EQ(Raw(0, kPage, kRead, kAnon & ~kMapType, nullptr, 0), -EINVAL);
  EXPECT_EQ(Raw(0, kPage, kRead, kAnon | kMapType, nullptr, 0), -EINVAL);
  EXPECT_EQ(Raw(0, kPage, kRead, kAnon | kMapGrowsDown, nullptr, 0), -EINVAL);
}

TEST_F(MmapRules, R1_2_HugePagesWithFlagsThatAreValidated) {
  constexpr int kAnon = kMapSharedValidate | kMapAnonymous | kMapHugetlb;
  EXPECT_EQ(Raw(0, kPage, kRead, kAnon, nullptr, 0), -ENOMEM);
  EXPECT_EQ(Raw(0, kPage, kRead, kAnon | 0x80 | kMapGrowsDown, nullptr, 0), -EOPNOTSUPP);
  EXPECT_EQ(Raw(0, kPage, kRead, kAnon | kMapGrowsDown, nullptr, 0), -EINVAL);
  EXPECT_EQ(Raw(0, kPage, kRead, kMapShared | kMapAnonymous | kMapHugetlb | 0x80, nullptr, 0),
            -ENOMEM);
}

TEST_F(MmapRules, R1_2_HugePagesThatAreNotReservedAreNotModelled) {
  constexpr int kAnon = kMapPrivate | kMapAnonymous | kMapHugetlb | kMapNoReserve;
  EXPECT_EQ(Raw(0, kPage, kRead, kAnon | 20 << 26, nullptr, 0), -EINVAL);
  EXPECT_EQ(verdicts.pending_trap(), Trap::kNone);
  Raw(0, kPage, kRead, kAnon, nullptr, 0);
  EXPECT_EQ(verdicts.pending_trap(), Trap::kUnmodelled);
  EXPECT_EQ(mm.VmaCount(p), 0U);
}

TEST_F(MmapRules, R1_2_HugePagesOverAMappingThatStaysAreEexist) {
  constexpr int kAnon = kMapPrivate | kMapAnonymous | kMapHugetlb | kMapFixedNoReplace;
  constexpr uint64_t kHuge = uint64_t{2} << 20;
  const uint64_t at = At(0) & ~(kHuge - 1);
  ASSERT_GT(Raw(at + kPage, kPage, kRead, kMapShared | kMapFixed, &rw(), 0), 0);
  EXPECT_EQ(Raw(at, kPage, kRead, kAnon, nullptr, 0), -EEXIST);
  EXPECT_EQ(Raw(at, kPage, kRead, kAnon & ~kMapType, nullptr, 0), -EEXIST);
  EXPECT_EQ(Raw(at + kHuge, kPage, kRead, kAnon, nullptr, 0), -ENOMEM);
}

TEST_F(MmapRules, R1_2_HugePagesFailAfterWhatIsInTheirWayHasGone) {
  constexpr int kFixed = kMapPrivate | kMapAnonymous | kMapHugetlb | kMapFixed;
  constexpr uint64_t kHuge = uint64_t{2} << 20;
  UseOps({"close"});
  driver.mmap = [this](file*, vm_area_struct* vma) {
    vma->vm_ops = &driver.ops;
    return 0;
  };
  const uint64_t at = At(0) & ~(kHuge - 1);
  ASSERT_GT(Raw(at + kPage, kPage, kRead, kMapShared | kMapFixed, &rw(), 0), 0);
  EXPECT_EQ(Raw(at, kPage, kRead, kFixed & ~kMapType, nullptr, 0), -EINVAL);
  EXPECT_EQ(mm.VmaCount(p), 1U);
  EXPECT_EQ(Raw(at, kPage, kRead, kFixed, nullptr, 0), -ENOMEM);
  EXPECT_EQ(mm.VmaCount(p), 0U);
  EXPECT_EQ(driver.calls, "close ");
}

TEST_F(MmapRules, R1_3_LengthZeroIsEinvalBeforeOffsetOverflow) {
  EXPECT_EQ(Raw(0, 0, kRead, kMapShared, &wo(), ~hw::kPageMask), -EINVAL);
}

TEST_F(MmapRules, R1_4_NoReplaceMapsAtTheAddressOrRefuses) {
  EXPECT_EQ(Raw(At(0), kPage, kRead, kMapShared | kMapFixedNoReplace, &rw(), 0),
            static_cast<int64_t>(At(0)));
  EXPECT_EQ(Raw(At(0) + 1, kPage, kRead, kMapShared | kMapFixedNoReplace, &rw(), 0), -EINVAL);
}

TEST_F(MmapRules, R1_5_LengthThatWrapsIsEnomemBeforeOffsetOverflow) {
  EXPECT_EQ(Raw(0, ~uint64_t{0}, kRead, kMapShared, &rw(), ~hw::kPageMask), -ENOMEM);
}

TEST_F(MmapRules, R1_11_OffsetWhoseEndWrapsInBytesIsBeyondTheFilesLimit) {
  const uint64_t offset = uint64_t{0xfffffffffffff} << 12;  // 1.6 is about pages: no sum wraps
  EXPECT_EQ(Raw(0, 2 * kPage, kRead, kMapShared, &rw(), offset), -EOVERFLOW);
}

TEST_F(MmapRules, R1_9_NoReplaceOverlapIsEexistBeforeTheFileIsLookedAt) {
  ASSERT_GT(Map(0, 2, kRead, kMapShared), 0);
  const std::string before = State();
  EXPECT_EQ(Raw(At(1), kPage, kRead, kMapShared | kMapFixedNoReplace, &wo(), 0), -EEXIST);
  EXPECT_EQ(Raw(At(0) - kPage, 2 * kPage, kRead, kMapPrivate | kMapFixedNoReplace, &no_mmap(), 0),
            -EEXIST);
  EXPECT_EQ(State(), before);
}

TEST_F(MmapRules, R1_11_OffsetBeyondTheFilesLimitIsEoverflowBeforeAccess) {
  EXPECT_EQ(Raw(0, kPage, kReadWrite, kMapShared, &wo(), ~hw::kPageMask), -EOVERFLOW);
  EXPECT_EQ(Raw(0, kPage, kReadWrite, 0, &wo(), ~hw::kPageMask), -EOVERFLOW);
  // The last offset that is allowed.
  EXPECT_GT(Raw(0, kPage, kRead, kMapShared, &rw(), ~hw::kPageMask - kPage), 0);
}

TEST_F(MmapRules, R1_12_SharedWriteNeedsAWritableFdBeforeReadability) {
  EXPECT_EQ(MapFile(ro(), 0, 1, kReadWrite, kMapShared), -EACCES);
  EXPECT_EQ(MapFile(ro(), 0, 1, kProtWrite, kMapSharedValidate), -EACCES);
  EXPECT_GT(MapFile(ro(), 0, 1, kReadWrite, kMapPrivate), 0);
}

TEST_F(MmapRules, R1_12_WriteOnlyFdIsNeverMapped) {
  for (const int type : {kMapShared, kMapSharedValidate, kMapPrivate}) {
    for (const int prot : {0, kRead, kReadWrite, kProtWrite, kProtExec}) {
      EXPECT_EQ(MapFile(wo(), 0, 1, prot, type), -EACCES) << type << " " << prot;
    }
  }
}

TEST_F(MmapRules, R1_12_NoMmapHookIsEnodevAfterAccess) {
  EXPECT_EQ(MapFile(no_mmap(), 0, 1, kRead, kMapShared), -ENODEV);
  EXPECT_EQ(MapFile(no_mmap(), 0, 1, kRead, kMapPrivate | kMapGrowsDown), -ENODEV);
  no_mmap().f_mode = 0;
  EXPECT_EQ(MapFile(no_mmap(), 0, 1, kRead, kMapPrivate), -EACCES);
}

TEST_F(MmapRules, R1_12_GrowsDownOfAFileIsEinval) {
  EXPECT_EQ(Map(0, 1, kRead, kMapPrivate | kMapGrowsDown), -EINVAL);
  EXPECT_EQ(Map(0, 1, kRead, kMapShared | kMapGrowsDown), -EINVAL);
}

TEST_F(MmapRules, R1_12_UnknownMapTypeIsEinval) {
  for (const int type : {0, 4, 7, 15}) EXPECT_EQ(Map(0, 1, kRead, type), -EINVAL) << type;
  EXPECT_EQ(MapAnon(0, 1, kRead, 0), -EINVAL);
  EXPECT_EQ(MapAnon(0, 1, kRead, kMapSharedValidate), -EINVAL);
}

TEST_F(MmapRules, R1_12_SharedDropsUnknownFlagsAndValidateRefusesThem) {
  constexpr int kUnknown = 0x200000;
  EXPECT_GT(Map(0, 1, kRead, kMapShared | kUnknown | kMapSync), 0);
  EXPECT_EQ(Map(0, 1, kRead, kMapSharedValidate | kUnknown), -EOPNOTSUPP);
  EXPECT_EQ(Map(0, 1, kRead, kMapSharedValidate | kMapSync), -EOPNOTSUPP);
  // Before access is looked at, and MAP_FIXED_NOREPLACE is not among the flags it knows.
  EXPECT_EQ(MapFile(wo(), 0, 1, kRead, kMapSharedValidate | kUnknown), -EOPNOTSUPP);
  EXPECT_EQ(Raw(At(9), kPage, kRead, kMapSharedValidate | kMapFixedNoReplace, &rw(), 0),
            -EOPNOTSUPP);
}

TEST_F(MmapRules, R1_12_SyncShowsInTheFlagsOfTypesThatDoNotRefuseIt) {
  ASSERT_GT(Map(0, 1, kRead, kMapPrivate | kMapSync), 0);
  EXPECT_EQ(Maps(), "100000-101000 r--p 00000000 /dev/t0 rd mr mw me sf sd\n");
}

TEST_F(MmapRules, R1_12_ReadOnlyFdLosesSharedAndMayWrite) {
  uint64_t seen = 0;
  driver.mmap = [&seen](file*, vm_area_struct* vma) {
    seen = vma->vm_flags;
    return 0;
  };
  ASSERT_GT(MapFile(ro(), 0, 1, kRead, kMapShared), 0);
  EXPECT_EQ(VmFlagLetters(seen), "rd mr me ms");
  EXPECT_EQ(Maps(), "100000-101000 r--s 00000000 /dev/t1 rd mr me ms sd\n");
  EXPECT_EQ(Protect(0, 1, kReadWrite), -EACCES);
}

TEST_F(MmapRules, R1_13_ExecOfADeviceIsAllowed) {
  ASSERT_GT(Map(0, 1, kRead | kProtExec, kMapShared), 0);
  EXPECT_EQ(Maps(), "100000-101000 r-xs 00000000 /dev/t0 rd ex sh mr mw me ms sd\n");
}

TEST_F(MmapRules, R1_15_PopulateSkipsPfnMapsAndIgnoresErrors) {
  constexpr int kPopulate = 0x8000;
  MapsFrom(kRam);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared | kPopulate), 0);
  EXPECT_EQ(driver.faults, 0);
  FaultsOnly();
  ASSERT_GT(Map(8, 2, kRead, kMapShared | kPopulate), 0);
  EXPECT_EQ(driver.faults, 2);
  driver.fault = [](vm_fault*) { return kFaultCodeSigbus; };
  EXPECT_GT(Map(16, 3, kRead, kMapShared | kPopulate, 10), 0);
  EXPECT_EQ(driver.faults, 3);
  EXPECT_GT(Map(24, 3, kRead, kMapShared | kPopulate | 0x10000 /* NONBLOCK */, 20), 0);
  EXPECT_EQ(driver.faults, 3);
}

TEST_F(MmapRules, MR2_FixedDestroysWhatWasThereEvenIfTheDriverRefuses) {
  MapsFrom(kRam);
  UseOps({"open", "close"});
  ASSERT_GT(Map(0, 4, kReadWrite, kMapShared), 0);
  driver.mmap = [](file*, vm_area_struct*) { return -ENOSPC; };
  EXPECT_EQ(Map(1, 2, kReadWrite, kMapShared), -ENOSPC);
  EXPECT_EQ(Maps(),
            "100000-101000 rw-s 00000000 /dev/t0 rd wr sh mr mw me ms pf io de ar dd sd\n"
            "  +0 1 page ram+0 WB rw- special accessed\n"
            "103000-104000 rw-s 00003000 /dev/t0 rd wr sh mr mw me ms pf io de ar dd sd\n"
            "  +0 1 page ram+3 WB rw- special accessed\n");
  EXPECT_EQ(Load(1), "SEGV_MAPERR");
  EXPECT_EQ(driver.calls, "open open close ");
}

TEST_F(MmapRules, MR2_ASplitThatIsRefusedIsEnomem) {
  UseOps({"may_split"});
  MapsFrom(kRam);
  ASSERT_GT(Map(0, 4, kReadWrite, kMapShared), 0);
  const std::string before = State();
  driver.may_split = [](vm_area_struct*, uint64_t) { return -EINVAL; };
  EXPECT_EQ(Map(1, 1, kReadWrite, kMapShared), -ENOMEM);
  EXPECT_EQ(State(), before);
  EXPECT_EQ(driver.mmaps, 1);
}

TEST_F(MmapRules, MR2_ErrorsOfTheSystemCallItselfLeaveTheOldMapping) {
  MapsFrom(kRam);
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
  const std::string before = State();
  EXPECT_EQ(MapFile(ro(), 0, 1, kReadWrite, kMapShared), -EACCES);
  EXPECT_EQ(MapFile(no_mmap(), 0, 1, kRead, kMapShared), -ENODEV);
  EXPECT_EQ(State(), before);
}

TEST_F(MmapRules, MR3_PrivateWritableIsChargedBeforeTheDriverSeesIt) {
  uint64_t seen = 0;
  driver.mmap = [&seen](file*, vm_area_struct* vma) {
    seen = vma->vm_flags;
    return 0;
  };
  ASSERT_GT(Map(0, 1, kReadWrite, kMapPrivate), 0);
  EXPECT_EQ(VmFlagLetters(seen), "rd wr mr mw me ac");
  ASSERT_GT(Map(0, 1, kReadWrite, kMapPrivate | kMapNoReserve), 0);
  EXPECT_EQ(VmFlagLetters(seen), "rd wr mr mw me nr");
  ASSERT_GT(Map(0, 1, kRead, kMapPrivate), 0);
  EXPECT_EQ(VmFlagLetters(seen), "rd mr mw me");
}

TEST_F(MmapRules, MR3_MoreThanAllMemoryIsEnomemAndTheOldMappingIsGone) {
  ASSERT_GT(Map(0, 1, kRead, kMapShared), 0);
  EXPECT_EQ(Map(0, uint64_t{1} << 28, kReadWrite, kMapPrivate), -ENOMEM);
  EXPECT_EQ(Maps(), "");
  EXPECT_GT(Map(0, uint64_t{1} << 28, kReadWrite, kMapShared), 0);
}

TEST_F(MmapRules, MR15_SharedAnonymousMemoryIsChargedWhateverMayBeDoneWithIt) {
  constexpr int kAnon = kMapShared | kMapAnonymous;
  constexpr uint64_t kTooMuch = (uint64_t{256} << 20) + kPage;
  EXPECT_EQ(Raw(0, kTooMuch, kReadWrite, kAnon, nullptr, 0), -ENOMEM);
  EXPECT_EQ(Raw(0, kTooMuch, 0, kAnon, nullptr, 0), -ENOMEM);
  EXPECT_EQ(Maps(), "");
  EXPECT_GT(Raw(0, kTooMuch - kPage, kReadWrite, kAnon, nullptr, 0), 0);
  EXPECT_GT(Raw(0, kTooMuch, kReadWrite, kAnon | kMapNoReserve, nullptr, 0), 0);
}

TEST_F(MmapRules, MR4_NeighbourOfTheSameFileIsExtendedWithoutAskingTheDriver) {
  FaultsOnly();
  ASSERT_GT(Map(0, 2, kRead, kMapShared, 0), 0);
  ASSERT_GT(Map(2, 2, kRead, kMapShared, 2), 0);
  EXPECT_EQ(driver.mmaps, 1);
  EXPECT_EQ(Maps(), "100000-104000 r--s 00000000 /dev/t0 rd sh mr mw me ms sd\n");
  EXPECT_EQ(rw().f_count.counter, 1);
}

TEST_F(MmapRules, MR4_AHoleBetweenTwoIsFilled) {
  FaultsOnly();
  ASSERT_GT(Map(4, 2, kRead, kMapShared, 4), 0);
  ASSERT_GT(Map(0, 2, kRead, kMapShared, 0), 0);
  ASSERT_GT(Map(2, 2, kRead, kMapShared, 2), 0);
  EXPECT_EQ(driver.mmaps, 2);
  EXPECT_EQ(Maps(), "100000-106000 r--s 00000000 /dev/t0 rd sh mr mw me ms sd\n");
  EXPECT_EQ(rw().f_count.counter, 1);
}

TEST_F(MmapRules, MR4_TheOneAboveIsExtendedDownwards) {
  FaultsOnly();
  ASSERT_GT(Map(2, 2, kRead, kMapShared, 7), 0);
  ASSERT_GT(Map(0, 2, kRead, kMapShared, 5), 0);
  EXPECT_EQ(driver.mmaps, 1);
  EXPECT_EQ(Maps(), "100000-104000 r--s 00005000 /dev/t0 rd sh mr mw me ms sd\n");
}

TEST_F(MmapRules, MR4_NotMergedWhenOffsetFlagsOrFileDiffer) {
  FaultsOnly();
  ASSERT_GT(Map(0, 2, kRead, kMapShared, 0), 0);
  ASSERT_GT(Map(2, 1, kRead, kMapShared, 3), 0);
  ASSERT_GT(Map(3, 1, kReadWrite, kMapShared, 4), 0);
  ASSERT_GT(Map(4, 1, kReadWrite, kMapPrivate, 5), 0);
  ASSERT_GT(MapFile(second(), 5, 1, kReadWrite, kMapPrivate, 6), 0);
  EXPECT_EQ(driver.mmaps, 5);
  EXPECT_EQ(mm.VmaCount(p), 5U);
}

TEST_F(MmapRules, MR4_NotMergedWithASpecialNeighbour) {
  for (const uint64_t flag : {kVmIo, kVmDontExpand, kVmPfnMap, kVmMixedMap}) {
    driver.mmaps = 0;
    driver.mmap = [flag](file*, vm_area_struct* vma) {
      vma->vm_flags |= flag;
      return 0;
    };
    ASSERT_GT(Map(0, 1, kRead, kMapShared, 0), 0);
    ASSERT_GT(Map(1, 1, kRead, kMapShared, 1), 0);
    EXPECT_EQ(driver.mmaps, 2) << flag;
    EXPECT_EQ(mm.VmaCount(p), 2U);
    ASSERT_EQ(Unmap(0, 2), 0);
  }
}

TEST_F(MmapRules, P8_NotMergedWithANeighbourThatHasClose) {
  FaultsOnly();
  UseOps({"close"});
  ASSERT_GT(Map(0, 1, kRead, kMapShared, 0), 0);
  ASSERT_GT(Map(1, 1, kRead, kMapShared, 1), 0);
  EXPECT_EQ(driver.mmaps, 2);
  EXPECT_EQ(mm.VmaCount(p), 2U);
}

TEST_F(MmapRules, MR5_TheDriverSeesAFilledVmaWithCallableOps) {
  driver.mmap = [this](file* file, vm_area_struct* vma) {
    EXPECT_EQ(vma->vm_start, At(1));
    EXPECT_EQ(vma->vm_end, At(4));
    EXPECT_EQ(vma->vm_pgoff, 7U);
    EXPECT_EQ(vma->vm_file, file);
    EXPECT_EQ(file, &rw());
    EXPECT_EQ(vma->vm_mm, mm.mm(p));
    EXPECT_NE(vma->vm_ops, nullptr);
    EXPECT_EQ(vma->vm_private_data, nullptr);
    EXPECT_EQ(rw().f_count.counter, 1);
    EXPECT_EQ(mm.mm(p)->mmap_lock.owner, 1U);  // LK1
    return 0;
  };
  ASSERT_GT(Map(1, 3, kReadWrite, kMapShared, 7), 0);
  EXPECT_EQ(driver.mmaps, 1);
}

TEST_F(MmapRules, MR5_PrivateHasNoWriteBitInItsProtection) {
  uint64_t prot = 0;
  driver.mmap = [&prot](file*, vm_area_struct* vma) {
    prot = vma->vm_page_prot.pgprot;
    return 0;
  };
  ASSERT_GT(Map(0, 1, kReadWrite, kMapPrivate), 0);
  EXPECT_EQ(prot, kPtePresent | kPteUser | kPteAccessed | kPteNx);
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
  EXPECT_EQ(prot, kPtePresent | kPteUser | kPteAccessed | kPteNx | kPteRw);
  ASSERT_GT(Map(0, 1, 0, kMapShared), 0);
  EXPECT_EQ(prot, kPteProtNone | kPteAccessed);
}

TEST_F(MmapRules, MR6_OpenIsNotCalledForTheFirstMapping) {
  MapsFrom(kRam);
  UseOps({"open", "close"});
  ASSERT_GT(Map(0, 2, kRead, kMapShared), 0);
  EXPECT_EQ(driver.calls, "");
  ASSERT_EQ(Unmap(0, 2), 0);
  EXPECT_EQ(driver.calls, "close ");
}

TEST_F(MmapRules, MR7_ThePositiveResultIsReturnedVerbatimAndNothingIsMapped) {
  driver.mmap = [](file*, vm_area_struct* vma) { return RemapAll(vma, kRam), 1; };
  EXPECT_EQ(Map(0, 1, kRead, kMapShared), 1);
  EXPECT_EQ(Maps(), "");
  EXPECT_EQ(mm.last_mmap().result, 1);
  EXPECT_EQ(rw().f_count.counter, 0);
}

TEST_F(MmapRules, MR8_FailureCallsNeitherOpenNorCloseAndUndoesAll) {
  UseOps({"open", "close"});
  const std::string before = State();
  driver.mmap = [this](file*, vm_area_struct* vma) {
    vma->vm_ops = &driver.ops;
    EXPECT_EQ(RemapAll(vma, kBar), 0);
    return -EIO;
  };
  EXPECT_EQ(Map(0, 4, kReadWrite, kMapShared), -EIO);
  EXPECT_EQ(driver.calls, "");
  EXPECT_EQ(State(), before);
}

TEST_F(MmapRules, MR8_PagesInsertedBeforeTheFailureAreGivenBack) {
  driver.mmap = [this](file*, vm_area_struct* vma) {
    EXPECT_EQ(mm.VmInsertPage(vma, vma->vm_start, &backend.PageAt(kRam)), 0);
    return -ENOMEM;
  };
  EXPECT_EQ(Map(0, 2, kReadWrite, kMapShared), -ENOMEM);
  EXPECT_EQ(backend.PageAt(kRam)._refcount.counter, 1);
}

TEST_F(MmapRules, MR8_TheReferenceOfAChangedFileIsTheOneThatIsPut) {
  driver.mmap = [this](file* file, vm_area_struct* vma) {
    --file->f_count.counter;
    ++second().f_count.counter;
    vma->vm_file = &second();
    return -EIO;
  };
  EXPECT_EQ(Map(0, 1, kRead, kMapShared), -EIO);
  EXPECT_TRUE(mm.last_mmap().file_changed);
  EXPECT_EQ(rw().f_count.counter, 0);
  EXPECT_EQ(second().f_count.counter, 0);
}

TEST_F(MmapRules, MR8_TheVmaThatCannotBeAllocatedNeverReachesTheDriver) {
  backend.FailAt(1);
  EXPECT_EQ(Map(0, 1, kRead, kMapShared), -ENOMEM);
  EXPECT_EQ(driver.mmaps, 0);
  EXPECT_EQ(rw().f_count.counter, 0);
}

TEST_F(MmapRules, MR9_AMovedStartIsReported) {
  driver.mmap = [](file*, vm_area_struct* vma) {
    vma->vm_start += kPage;
    return 0;
  };
  EXPECT_GT(Map(0, 2, kRead, kMapShared), 0);
  EXPECT_EQ(TakeVerdict(), "C18 vm_start moved from 0x100000 to 0x101000");
}

TEST_F(MmapRules, MR9_AnAddedMayWriteIsReported) {
  driver.mmap = [](file*, vm_area_struct* vma) {
    vma->vm_flags |= kVmMayWrite;
    return 0;
  };
  EXPECT_GT(MapFile(ro(), 0, 1, kRead, kMapShared), 0);
  EXPECT_EQ(TakeVerdict(), "C18 VM_MAYWRITE was clear before ->mmap");
  EXPECT_GT(Map(0, 1, kRead, kMapShared), 0);
  EXPECT_EQ(TakeVerdict(), "");
}

TEST_F(MmapRules, MR10_FlagsTheDriverChangedAllowASecondMerge) {
  driver.mmap = [](file*, vm_area_struct* vma) {
    vma->vm_flags |= kVmDontDump;
    return 0;
  };
  ASSERT_GT(Map(0, 1, kRead, kMapShared, 0), 0);
  ASSERT_GT(Map(1, 1, kRead, kMapShared, 1), 0);
  EXPECT_EQ(driver.mmaps, 2);
  EXPECT_EQ(Maps(), "100000-102000 r--s 00000000 /dev/t0 rd sh mr mw me ms dd sd\n");
  EXPECT_EQ(rw().f_count.counter, 1);
  // Only a VMA below leads to it.
  ASSERT_EQ(Unmap(0, 1), 0);
  ASSERT_GT(Map(0, 1, kRead, kMapShared, 0), 0);
  EXPECT_EQ(mm.VmaCount(p), 2U);
}

TEST_F(MmapRules, MR10_NoSecondMergeWhenTheDriverMadeItSpecial) {
  driver.mmap = [](file*, vm_area_struct* vma) {
    vma->vm_flags |= kVmIo;
    return 0;
  };
  ASSERT_GT(Map(0, 1, kRead, kMapShared, 0), 0);
  ASSERT_GT(Map(1, 1, kRead, kMapShared, 1), 0);
  EXPECT_EQ(mm.VmaCount(p), 2U);
}

TEST_F(MmapRules, MR11_LockedIsDroppedOnSpecialAndKeptElsewhere) {
  MapsFrom(kRam);
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared | kMapLocked), 0);
  EXPECT_EQ(FlagsAt(0) & kVmLocked, 0U);
  driver.mmap = [](file*, vm_area_struct* vma) {
    vma->vm_flags |= kVmLocked;
    return 0;
  };
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
  EXPECT_NE(FlagsAt(0) & kVmLocked, 0U);
}

TEST_F(MmapRules, MR12_CacheBitsSurviveAndHandMadePermissionsDoNot) {
  driver.mmap = [](file*, vm_area_struct* vma) {
    vma->vm_page_prot.pgprot = kPtePresent | kPteUser | kPteRw | 0x10;  // writable, executable, UC-
    return 0;
  };
  ASSERT_GT(Map(0, 1, kRead, kMapShared), 0);
  EXPECT_EQ(VmaAt(0).vm_page_prot.pgprot, kPtePresent | kPteUser | kPteNx | 0x10);
  EXPECT_NE(FlagsAt(0) & kVmSoftDirty, 0U);
}

TEST_F(MmapRules, MR13_WriteNotifyMakesLaterEntriesReadOnly) {
  FaultsOnly();
  UseOps({"page_mkwrite"});
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
  EXPECT_EQ(VmaAt(0).vm_page_prot.pgprot & kPteRw, 0U);
  ASSERT_EQ(Load(0), "");
  EXPECT_EQ(Entry(0)->bits.write, 0);
}

TEST_F(MmapRules, MR13_EntriesThatRemapInstalledStayWritable) {
  MapsFrom(kRam);
  UseOps({"pfn_mkwrite"});
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
  EXPECT_EQ(VmaAt(0).vm_page_prot.pgprot & kPteRw, 0U);
  EXPECT_EQ(Store(0, 'x'), "");
  EXPECT_EQ(driver.calls, "");
}

TEST_F(MmapRules, MR13_PrivateAndReadOnlyMappingsAreNotConcerned) {
  MapsFrom(kRam);
  UseOps({"pfn_mkwrite"});
  ASSERT_GT(Map(0, 1, kReadWrite, kMapPrivate), 0);
  EXPECT_EQ(Store(0, 'x'), "");
  EXPECT_EQ(driver.calls, "");
}

TEST_F(MmapRules, MR14_NullOpsOfASharedMappingIsSigbus) {
  driver.mmap = [](file*, vm_area_struct* vma) {
    vma->vm_ops = nullptr;
    return 0;
  };
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
  EXPECT_EQ(Load(0), "BUS_ADRERR");
  EXPECT_EQ(Store(0, 'x'), "BUS_ADRERR");
  // A private one becomes anonymous memory.
  ASSERT_GT(Map(0, 1, kReadWrite, kMapPrivate), 0);
  EXPECT_EQ(Store(0, 'x'), "");
  EXPECT_EQ(LoadByte(0), 'x');
}

TEST_F(MmapRules, CoreGuardsOffLetsTheDriverSeeWhatWouldHaveOverflowed) {
  Mm unguarded(list, verdicts, runner, backend, /*core_guards=*/false, hw::Platforms()[0]);
  ASSERT_EQ(unguarded.NewMm(), 0);
  const uint64_t offset = ~hw::kPageMask;
  EXPECT_GT(unguarded.Mmap(0, 0, 2 * kPage, kRead, kMapShared, &rw(), false, offset), 0);
  EXPECT_EQ(driver.mmaps, 1);
  unguarded.ExitMm(0);
}

TEST_F(MmapRules, AnonymousMemoryIsMergedAndHasItsPages) {
  ASSERT_GT(MapAnon(0, 2, kReadWrite, kMapPrivate), 0);
  ASSERT_GT(MapAnon(2, 2, kReadWrite, kMapPrivate), 0);
  EXPECT_EQ(Load(0), "");
  EXPECT_EQ(Store(1, 'x'), "");
  EXPECT_EQ(Maps(),
            "100000-104000 rw-p 00100000 [anon] rd wr mr mw me ac sd\n"
            "  +0 1 page own WB r-- special anon accessed\n"
            "  +1 1 page own WB rw- anon dirty accessed\n");
  EXPECT_EQ(Store(0, 'y'), "");
  EXPECT_EQ(LoadByte(0), 'y');
  EXPECT_EQ(Entry(0)->bits.special, 0);
  EXPECT_EQ(backend.anon_in_use(), 2U);
}

TEST_F(MmapRules, SharedAnonymousObjectsAreNotMergedWithEachOther) {
  ASSERT_GT(MapAnon(0, 1, kReadWrite, kMapShared), 0);
  ASSERT_GT(MapAnon(1, 1, kReadWrite, kMapShared), 0);
  EXPECT_EQ(mm.VmaCount(p), 2U);
  EXPECT_EQ(MapAnon(2, 1, kRead, kMapShared | kMapGrowsDown), -EINVAL);
}

}  // namespace
}  // namespace drydock::kernel
