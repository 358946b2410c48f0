// mremap(2): docs/mmap-rules.md RM1..RM4, P9, PAT8.
#include <cerrno>

#include "sim/kernel/mm_testing.h"

namespace drydock::kernel {
namespace {

constexpr hw::Pfn kRam = FakeBackend::kRam;
constexpr hw::Pfn kBar = FakeBackend::kBar;
constexpr int kMove = kMremapMayMove;
constexpr int kTo = kMremapMayMove | kMremapFixed;

class MremapRules : public MmTest {
 protected:
  int64_t Raw(uint64_t address, uint64_t old_length, uint64_t new_length, int flags,
              uint64_t to = 0) {
    return mm.Mremap(p, address, old_length, new_length, flags, to);
  }
  static int64_t Addr(uint64_t page) { return static_cast<int64_t>(At(page)); }
};

TEST_F(MremapRules, BadArgumentsAreEinvalBeforeTheMappingIsLookedUp) {
  EXPECT_EQ(Raw(At(0), kPage, kPage, 8), -EINVAL);
  EXPECT_EQ(Raw(At(0), kPage, kPage, kMremapFixed, At(8)), -EINVAL);
  EXPECT_EQ(Raw(At(0), kPage, kPage, kMremapDontUnmap), -EINVAL);
  EXPECT_EQ(Raw(At(0), kPage, 2 * kPage, kMremapDontUnmap | kMove), -EINVAL);
  EXPECT_EQ(Raw(At(0) + 1, kPage, kPage, 0), -EINVAL);
  EXPECT_EQ(Raw(At(0), kPage, 0, 0), -EINVAL);
  EXPECT_EQ(Raw(At(0), kPage, kPage, 0), -EFAULT);
  EXPECT_EQ(Raw(At(0), kPage, kPage, kTo, At(8) + 1), -EFAULT);
}

TEST_F(MremapRules, FixedTargetIsCheckedBeforeAnythingIsUnmapped) {
  MapsFrom(kRam);
  ASSERT_GT(Map(0, 4, kReadWrite, kMapShared), 0);
  const std::string before = State();
  EXPECT_EQ(Raw(At(0), kPage, kPage, kTo, At(8) + 1), -EINVAL);
  EXPECT_EQ(Raw(At(0), kPage, kPage, kTo, kTaskSize), -EINVAL);
  EXPECT_EQ(Remap(0, 2, 2, kTo, 1), -EINVAL);
  EXPECT_EQ(Remap(1, 2, 2, kTo, 2), -EINVAL);
  EXPECT_EQ(State(), before);
}

TEST_F(MremapRules, RM1_APfnMapDoesNotGrow) {
  MapsFrom(kRam);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  const std::string before = State();
  EXPECT_EQ(Remap(0, 2, 3, 0), -EFAULT);
  EXPECT_EQ(Remap(0, 2, 3, kMove), -EFAULT);
  EXPECT_EQ(Remap(0, 1, 2, kMove), -EFAULT);
  EXPECT_EQ(State(), before);
  EXPECT_EQ(Remap(0, 2, 3, kTo, 9), -EFAULT);
}

TEST_F(MremapRules, RM1_ADontExpandMappingDoesNotGrow) {
  driver.mmap = [](file*, vm_area_struct* vma) {
    vma->vm_flags |= kVmDontExpand;
    return 0;
  };
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  EXPECT_EQ(Remap(0, 2, 3, kMove), -EFAULT);
  EXPECT_EQ(Remap(0, 2, 2, kMove | kMremapDontUnmap, 9), -EINVAL);
}

TEST_F(MremapRules, RM1_DontUnmapOfAPfnMapIsEinval) {
  MapsFrom(kRam);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  const std::string before = State();
  EXPECT_EQ(Remap(0, 2, 2, kMove | kMremapDontUnmap, 9), -EINVAL);
  EXPECT_EQ(State(), before);
}

TEST_F(MremapRules, RM1_OldLengthZeroIsEfaultForSharedAndEinvalForPrivate) {
  MapsFrom(kRam);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  EXPECT_EQ(Remap(0, 0, 2, kMove), -EFAULT);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapPrivate), 0);
  EXPECT_EQ(Remap(0, 0, 2, kMove), -EINVAL);
}

TEST_F(MremapRules, RM1_BeyondTheMappingIsEfault) {
  FaultsOnly();
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  EXPECT_EQ(Remap(0, 3, 4, kMove), -EFAULT);
  EXPECT_EQ(Remap(1, 2, 3, kMove), -EFAULT);
}

TEST_F(MremapRules, RM1_OffsetThatWrapsIsEinval) {
  FaultsOnly();
  driver.mmap = [this](file*, vm_area_struct* vma) {
    vma->vm_ops = &driver.ops;
    vma->vm_pgoff = ~uint64_t{0} - 1;
    return 0;
  };
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
  EXPECT_EQ(Remap(0, 1, 3, kMove), -EINVAL);
}

TEST_F(MremapRules, RM1_SameSizeDoesNothing) {
  UseOps({"open", "close", "mremap"});
  MapsFrom(kRam);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  const std::string before = State();
  EXPECT_EQ(Remap(0, 2, 2, 0), Addr(0));
  EXPECT_EQ(Remap(0, 2, 2, kMove), Addr(0));
  EXPECT_EQ(State(), before);
  EXPECT_EQ(driver.calls, "");
}

TEST_F(MremapRules, RM1_ShrinkingUnmapsTheTail) {
  UseOps({"open", "close"});
  MapsFrom(kRam);
  ASSERT_GT(Map(0, 4, kReadWrite, kMapShared), 0);
  EXPECT_EQ(Remap(0, 4, 1, 0), Addr(0));
  EXPECT_EQ(driver.calls, "open close ");
  EXPECT_EQ(Maps(),
            "100000-101000 rw-s 00000000 /dev/t0 rd wr sh mr mw me ms pf io de ar dd sd\n"
            "  +0 1 page ram+0 WB rw- special accessed\n");
}

TEST_F(MremapRules, LK1_ShrinkingClosesWithTheLockHeldForReading) {
  UseOps({"close"});
  MapsFrom(kRam);
  driver.close = [this](vm_area_struct*) {
    EXPECT_EQ(mm.mm(p)->mmap_lock.owner, 0U);
    EXPECT_EQ(mm.mm(p)->mmap_lock.readers, 1U);
  };
  ASSERT_GT(MapAnon(8, 1, kReadWrite, kMapPrivate), 0);
  ASSERT_GT(Map(0, 4, kReadWrite, kMapShared), 0);
  ASSERT_EQ(Remap(0, 4, 2, 0), Addr(0));
  driver.close = nullptr;
  EXPECT_EQ(driver.closes, 1);
  EXPECT_EQ(mm.mm(p)->mmap_lock.readers, 0U);
}

TEST_F(MremapRules, LK1_ShrinkingWhatMovesClosesWithTheLockHeldForWriting) {
  UseOps({"close"});
  MapsFrom(kRam);
  driver.close = [this](vm_area_struct*) { EXPECT_EQ(mm.mm(p)->mmap_lock.owner, 1U); };
  ASSERT_GT(Map(0, 4, kReadWrite, kMapShared), 0);
  ASSERT_EQ(Remap(0, 4, 2, kTo, 8), Addr(8));
  EXPECT_EQ(driver.closes, 2);
  EXPECT_EQ(mm.mm(p)->mmap_lock.owner, 0U);
}

TEST_F(MremapRules, RM1_ShrinkingBeyondTheAddressSpaceIsEinval) {
  MapsFrom(kRam);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  const std::string before = State();
  EXPECT_EQ(Raw(At(0), kTaskSize, kPage, 0), -EINVAL);
  EXPECT_EQ(Raw(At(0), ~uint64_t{0} - kPage, kPage, 0), -EINVAL);
  EXPECT_EQ(State(), before);
}

TEST_F(MremapRules, RM1_TheSplitOfAShrinkMayBeRefused) {
  UseOps({"may_split"});
  MapsFrom(kRam);
  driver.may_split = [](vm_area_struct*, uint64_t) { return -EBUSY; };
  ASSERT_GT(Map(0, 4, kReadWrite, kMapShared), 0);
  EXPECT_EQ(Remap(0, 4, 1, 0), -EBUSY);
  EXPECT_EQ(Remap(0, 2, 2, kTo, 9), -EBUSY);
  EXPECT_EQ(mm.VmaCount(p), 1U);
}

TEST_F(MremapRules, RM2_MoveOpensMovesTellsAndCloses) {
  UseOps({"open", "close", "mremap"});
  MapsFrom(kBar);
  driver.open = [this](vm_area_struct* vma) {
    EXPECT_EQ(vma->vm_start, At(8));
    EXPECT_EQ(mm.table(p).Find({At(8)}), nullptr);  // before the entries
  };
  driver.mremap = [this](vm_area_struct* vma) {
    EXPECT_EQ(vma->vm_start, At(8));
    EXPECT_NE(mm.table(p).Find({At(8)}), nullptr);
    EXPECT_EQ(mm.table(p).Find({At(0)}), nullptr);
    return 0;
  };
  driver.close = [](vm_area_struct* vma) { EXPECT_EQ(vma->vm_start, At(0)); };
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared, 3), 0);
  EXPECT_EQ(Remap(0, 2, 2, kTo, 8), Addr(8));
  driver.close = nullptr;
  EXPECT_EQ(driver.calls, "open mremap close ");
  EXPECT_EQ(Maps(),
            "108000-10a000 rw-s 00003000 /dev/t0 rd wr sh mr mw me ms pf io de ar dd sd\n"
            "  +0 2 pages bar+3 UC- rw- special accessed\n");
  EXPECT_EQ(rw().f_count.counter, 1);
}

TEST_F(MremapRules, RM2_TheTargetIsDestroyedFirstEvenIfTheMoveFails) {
  UseOps({"close"});
  MapsFrom(kRam);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  ASSERT_GT(Map(8, 2, kReadWrite, kMapShared, 8), 0);
  EXPECT_EQ(Remap(0, 2, 3, kTo, 8), -EFAULT);  // grows
  EXPECT_EQ(Load(8), "SEGV_MAPERR");
  EXPECT_EQ(Load(0), "");
  EXPECT_EQ(driver.closes, 1);
}

TEST_F(MremapRules, RM2_APartMovesWithItsOffset) {
  UseOps({"open", "close"});
  MapsFrom(kRam);
  ASSERT_GT(Map(0, 4, kReadWrite, kMapShared), 0);
  EXPECT_EQ(Remap(1, 1, 1, kTo, 8), Addr(8));
  EXPECT_EQ(mm.VmaCount(p), 3U);
  EXPECT_EQ(VmaAt(8).vm_pgoff, 1U);
  EXPECT_EQ(LoadByte(8), 'B');
  EXPECT_EQ(Load(1), "SEGV_MAPERR");
  EXPECT_EQ(LoadByte(3), 'D');
}

TEST_F(MremapRules, RM2_TheDriverMayChooseTheTarget) {
  UseOps({"get_unmapped_area"});
  FaultsOnly();
  driver.get_unmapped_area = [](uint64_t address, uint64_t, uint64_t, uint64_t) { return address; };
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  ASSERT_GT(Map(2, 2, kReadWrite, kMapPrivate), 0);  // in the way
  driver.get_unmapped_area = [](uint64_t, uint64_t length, uint64_t pgoff, uint64_t flags) {
    EXPECT_EQ(length, 3 * kPage);
    EXPECT_EQ(pgoff, 0U);
    EXPECT_EQ(flags, static_cast<uint64_t>(kMapShared));
    return At(20);
  };
  EXPECT_EQ(Remap(0, 2, 3, kMove), Addr(20));
  driver.get_unmapped_area = [](uint64_t, uint64_t, uint64_t, uint64_t) {
    return static_cast<uint64_t>(-ENOSPC);
  };
  EXPECT_EQ(Remap(20, 3, 3, kTo, 30), -ENOSPC);
}

TEST_F(MremapRules, RM2_NoMemoryForTheCopyLeavesTheOld) {
  UseOps({"open", "close"});
  MapsFrom(kRam);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  const std::string before = State();
  backend.FailAt(1);
  EXPECT_EQ(Remap(0, 2, 2, kTo, 8), -ENOMEM);
  EXPECT_EQ(State(), before);
  EXPECT_EQ(driver.calls, "");
}

TEST_F(MremapRules, RM2_AFailedUnmapOfTheOldIsNotTold) {
  MapsFrom(kRam);
  ASSERT_GT(Map(0, 3, kReadWrite, kMapShared), 0);
  backend.FailAt(2);
  EXPECT_EQ(Remap(1, 1, 1, kTo, 8), Addr(8));
  EXPECT_EQ(LoadByte(8), 'B');
  EXPECT_EQ(Load(1), "BUS_ADRERR");  // still mapped, and empty
}

TEST_F(MremapRules, RM2_StrayEntriesAtTheTargetAreOverwritten) {
  driver.mmap = [this](file*, vm_area_struct* vma) {
    return mm.RemapPfnRange(vma, vma->vm_start, kRam.value, 3 * kPage, vma->vm_page_prot);
  };
  ASSERT_GT(Map(8, 1, kReadWrite, kMapShared), 0);
  TakeVerdict();
  MapsFrom(kRam + 20);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  EXPECT_EQ(Remap(0, 2, 2, kTo, 9), Addr(9));
  EXPECT_EQ(LoadByte(9), 'U');
  EXPECT_EQ(LoadByte(10), 'V');
  EXPECT_EQ(Maps(),
            "108000-109000 rw-s 00000000 /dev/t0 rd wr sh mr mw me ms pf io de dd sd\n"
            "  +0 1 page ram+0 WB rw- special accessed\n"
            "109000-10b000 rw-s 00000000 /dev/t0 rd wr sh mr mw me ms pf io de ar dd sd\n"
            "  +0 2 pages ram+20 WB rw- special accessed\n");
}

TEST_F(MremapRules, RM3_AnErrorOfTheDriverMovesBackButTheTargetIsGone) {
  UseOps({"open", "close", "mremap"});
  MapsFrom(kBar);
  driver.mremap = [](vm_area_struct*) { return -EPERM; };
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  const std::string before = State();
  ASSERT_GT(Map(8, 2, kReadWrite, kMapShared, 8), 0);
  driver.calls.clear();
  EXPECT_EQ(Remap(0, 2, 2, kTo, 8), -EPERM);
  EXPECT_EQ(driver.calls, "close open mremap close ");
  EXPECT_EQ(State(), before);
  EXPECT_EQ(Load(8), "SEGV_MAPERR");
}

TEST_F(MremapRules, PAT8_AMoveKeepsExactlyOneReservation) {
  MapsFrom(kBar);
  ASSERT_GT(Map(0, 4, kReadWrite, kMapShared), 0);
  EXPECT_EQ(Remap(0, 4, 4, kTo, 8), Addr(8));
  EXPECT_EQ(mm.memory_types().count(), 1U);
  ASSERT_EQ(Unmap(8, 4), 0);
  EXPECT_EQ(mm.memory_types().count(), 0U);
}

TEST_F(MremapRules, P4_MovingAPartTakesTheReservationFromTheRest) {
  MapsFrom(kBar);
  ASSERT_GT(Map(0, 4, kReadWrite, kMapShared), 0);
  EXPECT_EQ(Remap(0, 2, 2, kTo, 8), Addr(8));
  EXPECT_EQ(FlagsAt(2) & kVmPat, 0U);
  EXPECT_NE(FlagsAt(8) & kVmPat, 0U);
  ASSERT_EQ(Unmap(0, 16), 0);
  EXPECT_EQ(mm.memory_types().count(), 1U);  // the head is no end of the entry
}

TEST_F(MremapRules, P9_AMixedMapGrowsInPlaceOnlyWithClose) {
  InsertsPages();
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  EXPECT_EQ(Remap(0, 2, 3, 0), -ENOMEM);
  EXPECT_EQ(Remap(0, 2, 3, kMove), -ENOMEM);  // room was there: it does not move either
  UseOps({"close"});
  EXPECT_EQ(Remap(0, 2, 3, 0), Addr(0));
  EXPECT_EQ(VmaAt(0).vm_end, At(3));
}

TEST_F(MremapRules, P9_AnIoMappingIsLikeThat) {
  driver.mmap = [](file*, vm_area_struct* vma) {
    vma->vm_flags |= kVmIo;
    return 0;
  };
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  EXPECT_EQ(Remap(0, 2, 3, 0), -ENOMEM);
}

TEST_F(MremapRules, RM4_AMixedMapThatMovesHasAnEmptyTail) {
  InsertsPages();
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  ASSERT_GT(MapAnon(2, 1, kRead, kMapPrivate), 0);
  EXPECT_EQ(Remap(0, 2, 3, 0), -ENOMEM);
  const int64_t moved = Remap(0, 2, 3, kMove);
  ASSERT_GT(moved, 0);
  const uint64_t page = (static_cast<uint64_t>(moved) - kBase) / kPage;
  EXPECT_EQ(LoadByte(page + 1), 'B');
  EXPECT_EQ(Load(page + 2), "BUS_ADRERR");
}

TEST_F(MremapRules, RM5_ALengthThatWrapsDoesNotGrowInPlace) {
  ASSERT_GT(MapAnon(0, 1, kReadWrite, kMapShared), 0);
  const std::string before = State();
  EXPECT_EQ(mm.Mremap(p, At(0), kPage, ~uint64_t{0} << 12, 0, 0), -ENOMEM);
  EXPECT_EQ(mm.Mremap(p, At(0), kPage, (~uint64_t{0} << 12) - At(0), 0, 0), -ENOMEM);
  EXPECT_EQ(State(), before);
}

TEST_F(MremapRules, MR16_SharedAnonymousMemoryIsAsLongAsItWasMapped) {
  ASSERT_GT(MapAnon(0, 1, kReadWrite, kMapShared), 0);
  ASSERT_EQ(mm.Mremap(p, At(0), kPage, 3 * kPage, 0, 0), static_cast<int64_t>(At(0)));
  EXPECT_EQ(Store(0, 'x'), "");
  EXPECT_EQ(Store(1, 'x'), "BUS_ADRERR");
  EXPECT_EQ(Load(2), "BUS_ADRERR");
  EXPECT_EQ(LoadByte(0), 'x');
}

TEST_F(MremapRules, RM5_WhatIsChargedGrowsToNoMoreThanAllMemory) {
  constexpr uint64_t kAll = kMostChargedPages * kPage;
  ASSERT_GT(MapAnon(0, 1, kReadWrite, kMapPrivate), 0);
  const std::string before = State();
  EXPECT_EQ(mm.Mremap(p, At(0), kPage, kAll + 2 * kPage, 0, 0), -ENOMEM);
  EXPECT_EQ(mm.Mremap(p, At(0), kPage, kAll + 2 * kPage, kMove, 0), -ENOMEM);
  EXPECT_EQ(State(), before);
  EXPECT_EQ(mm.Mremap(p, At(0), kPage, kAll + kPage, 0, 0), static_cast<int64_t>(At(0)));
  // What may not be written is not charged.
  ASSERT_EQ(mm.Munmap(p, At(0), kAll + kPage), 0);
  ASSERT_GT(MapAnon(0, 1, kRead, kMapPrivate), 0);
  EXPECT_GT(mm.Mremap(p, At(0), kPage, kAll + 2 * kPage, 0, 0), 0);
}

TEST_F(MremapRules, AFaultOnlyMappingGrowsAndJoinsItsNeighbour) {
  FaultsOnly();
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared, 0), 0);
  ASSERT_GT(Map(4, 2, kReadWrite, kMapShared, 4), 0);
  EXPECT_EQ(Remap(0, 2, 3, 0), Addr(0));
  EXPECT_EQ(mm.VmaCount(p), 2U);
  EXPECT_EQ(Remap(0, 3, 4, 0), Addr(0));
  EXPECT_EQ(Maps(), "100000-106000 rw-s 00000000 /dev/t0 rd wr sh mr mw me ms sd\n");
  EXPECT_EQ(rw().f_count.counter, 1);
}

TEST_F(MremapRules, AMoveBesideItsContinuationMergesWithoutOpen) {
  FaultsOnly();
  UseOps({"open"});
  ASSERT_GT(Map(8, 2, kReadWrite, kMapShared, 0), 0);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared, 2), 0);
  ASSERT_EQ(Load(0), "");
  EXPECT_EQ(Remap(0, 2, 2, kTo, 10), Addr(10));
  EXPECT_EQ(driver.calls, "");
  EXPECT_EQ(mm.VmaCount(p), 1U);
  EXPECT_EQ(LoadByte(10), 'C');
  EXPECT_EQ(driver.faults, 1);
}

TEST_F(MremapRules, RM2_ACopyWithoutOperationsHasItsAddressAsOffset) {
  driver.mmap = [](file*, vm_area_struct* vma) {
    vma->vm_ops = nullptr;
    return 0;
  };
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared, 5), 0);
  EXPECT_EQ(Remap(0, 1, 1, kMove | kMremapDontUnmap | kMremapFixed, 8), Addr(8));
  EXPECT_EQ(VmaAt(8).vm_pgoff, At(8) / kPage);
  EXPECT_EQ(VmaAt(0).vm_pgoff, 5U) << "only memory of no file is moved back to its address";
  // With private pages, and with operations, the offset stays.
  ASSERT_GT(Map(16, 1, kReadWrite, kMapPrivate, 5), 0);
  ASSERT_EQ(Store(16, 'x'), "");
  EXPECT_EQ(Remap(16, 1, 1, kMove | kMremapDontUnmap | kMremapFixed, 24), Addr(24));
  EXPECT_EQ(VmaAt(24).vm_pgoff, 5U);
  FaultsOnly();
  ASSERT_GT(Map(32, 1, kReadWrite, kMapShared, 5), 0);
  EXPECT_EQ(Remap(32, 1, 1, kMove | kMremapFixed, 40), Addr(40));
  EXPECT_EQ(VmaAt(40).vm_pgoff, 5U);
}

TEST_F(MremapRules, AnonymousMemoryMovesWithItsPages) {
  ASSERT_GT(MapAnon(0, 2, kReadWrite, kMapPrivate), 0);
  ASSERT_EQ(Store(1, 'x'), "");
  EXPECT_EQ(Remap(0, 2, 2, kMove | kMremapDontUnmap | kMremapFixed, 8), Addr(8));
  EXPECT_EQ(LoadByte(9), 'x');
  EXPECT_EQ(LoadByte(1), '\0');
  EXPECT_EQ(VmaAt(8).vm_pgoff, At(0) / kPage);
}

}  // namespace
}  // namespace drydock::kernel
