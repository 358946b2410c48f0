// remap_pfn_range(), vm_iomap_memory() and cache attributes: docs/mmap-rules.md sections 3, 4 (IO)
// and 5.
#include <cerrno>

#include "sim/kernel/mm_testing.h"

namespace drydock::kernel {
namespace {

using Fake = FakeBackend;
constexpr hw::Pfn kRam = Fake::kRam;
constexpr hw::Pfn kBar = Fake::kBar;
constexpr uint64_t kWc = 0x08, kUcMinus = 0x10, kUc = 0x18, kWt = 0x98;

class RemapRules : public MmTest {
 protected:
  // ->mmap that calls remap_pfn_range with exactly these, `at` in bytes from vm_start; its result
  // is result_.
  void Remaps(int64_t at, hw::Pfn pfn, uint64_t size_bytes, uint64_t cache = 0) {
    driver.mmap = [=, this](file*, vm_area_struct* vma) {
      vma->vm_ops = &driver.ops;
      const pgprot_t prot{vma->vm_page_prot.pgprot | cache};
      result_ = mm.RemapPfnRange(vma, vma->vm_start + static_cast<uint64_t>(at), pfn.value,
                                 size_bytes, prot);
      return return_result_ ? result_ : 0;
    };
  }
  // The whole VMA to kBar + vm_pgoff, with this cache type.
  void MapsBar(uint64_t cache) {
    driver.mmap = [=, this](file*, vm_area_struct* vma) {
      vma->vm_ops = &driver.ops;
      return mm.RemapPfnRange(vma, vma->vm_start, kBar.value + vma->vm_pgoff,
                              vma->vm_end - vma->vm_start,
                              pgprot_t{vma->vm_page_prot.pgprot | cache});
    };
  }
  std::string CacheAt(uint64_t at) {
    const hw::Extent* entry = Entry(at);
    return entry != nullptr ? hw::CacheName(entry->bits.cache) : "none";
  }
  uint64_t Types() const { return mm.memory_types().count(); }
  int result_ = 12345;
  bool return_result_ = true;
};

TEST_F(RemapRules, RP1_SizeIsRoundedUpToPages) {
  Remaps(0, kRam, kPage + 1);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  EXPECT_EQ(Maps(),
            "100000-102000 rw-s 00000000 /dev/t0 rd wr sh mr mw me ms pf io de ar dd sd\n"
            "  +0 2 pages ram+0 WB rw- special accessed\n");
}

TEST_F(RemapRules, RP1_UnalignedAddressIsEinvalAndWarned) {
  return_result_ = false;
  Remaps(1, kRam, kPage);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  EXPECT_EQ(result_, -EINVAL);
  EXPECT_EQ(TakeVerdict(), "C0 remap_pfn_range at 0x100001: WARN, -EINVAL");
  EXPECT_EQ(Maps(), "100000-102000 rw-s 00000000 /dev/t0 rd wr sh mr mw me ms sd\n");
}

TEST_F(RemapRules, RP1_TrackingComesBeforeTheUnalignedAddress) {
  // Pages of two types: EINVAL by tracking, so there is no warning.
  MapsBar(kWc);
  ASSERT_GT(Map(8, 1, kReadWrite, kMapShared, 1), 0);
  return_result_ = false;
  Remaps(1, kBar, 2 * kPage);
  ASSERT_GT(Map(0, 4, kReadWrite, kMapShared), 0);
  EXPECT_EQ(result_, -EINVAL);
  EXPECT_EQ(TakeVerdict(), "");
}

TEST_F(RemapRules, RP1_EmptyRangeIsABug) {
  Remaps(0, kRam, 0);
  Map(0, 1, kReadWrite, kMapShared);
  EXPECT_TRUE(Trapped());
  EXPECT_EQ(TakeVerdict(), "C0 remap_pfn_range of 0 bytes: BUG");
}

TEST_F(RemapRules, RP1_SizeThatWrapsIsABug) {
  Remaps(0, kRam, ~uint64_t{0});
  Map(0, 1, kReadWrite, kMapShared);
  EXPECT_TRUE(Trapped());
}

TEST_F(RemapRules, RP1_ACowPartIsRefusedBeforeTheEmptyRangeIsSeen) {
  Remaps(0, kRam, 0);
  EXPECT_EQ(Map(0, 1, kReadWrite, kMapPrivate), -EINVAL);
  EXPECT_EQ(TakeVerdict(), "");
}

TEST_F(RemapRules, RP1_ExistingEntryIsABug) {
  driver.mmap = [](file*, vm_area_struct* vma) {
    EXPECT_EQ(RemapAll(vma, kRam), 0);
    return RemapAll(vma, kRam + 8);
  };
  Map(0, 2, kReadWrite, kMapShared);
  EXPECT_TRUE(Trapped());
  EXPECT_EQ(TakeVerdict(), "C0 remap_pfn_range over a page that is mapped already: BUG");
}

TEST_F(RemapRules, RP1_NoPageTableIsEnomemAndReleasesTheType) {
  MapsBar(kWc);
  backend.FailAt(3);  // the VMA and the type's entry come first
  EXPECT_EQ(Map(0, 2, kReadWrite, kMapShared), -ENOMEM);
  EXPECT_EQ(Maps(), "");
  EXPECT_EQ(Types(), 0U);
}

TEST_F(RemapRules, RP1_ACopyOfTheVmaIsABug) {
  driver.mmap = [](file*, vm_area_struct* vma) {
    vm_area_struct copy = *vma;
    return RemapAll(&copy, kRam);
  };
  Map(0, 1, kReadWrite, kMapShared);
  EXPECT_TRUE(Trapped());
  EXPECT_EQ(TakeVerdict(), "C28 a copy of a VMA, or a stale one");
}

TEST_F(RemapRules, RP2_CowMappingMustBeCoveredExactly) {
  for (const auto& [at, pages] :
       {std::pair<int64_t, uint64_t>{0, 1}, {0, 3}, {0, 5}, {1, 3}, {1, 4}, {-1, 5}}) {
    Remaps(at * static_cast<int64_t>(kPage), kRam, pages * kPage);
    EXPECT_EQ(Map(4, 4, kReadWrite, kMapPrivate), -EINVAL) << at << " " << pages;
    EXPECT_EQ(Maps(), "");
  }
  Remaps(0, kRam + 9, 4 * kPage);
  EXPECT_GT(Map(4, 4, kReadWrite, kMapPrivate), 0);
}

TEST_F(RemapRules, RP2_CowMappingRefusedKeepsItsFlagsAndOffset) {
  return_result_ = false;
  Remaps(0, kRam, kPage);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapPrivate, 3), 0);
  EXPECT_EQ(result_, -EINVAL);
  EXPECT_EQ(Maps(), "100000-102000 rw-p 00003000 /dev/t0 rd wr mr mw me ac sd\n");
}

TEST_F(RemapRules, RP2_PgoffBecomesTheFirstFrame) {
  Remaps(0, kRam + 9, 2 * kPage);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapPrivate, 3), 0);
  EXPECT_EQ(VmaAt(0).vm_pgoff, kRam.value + 9);
  EXPECT_EQ(Maps(),
            "100000-102000 rw-p 100009000 /dev/t0 rd wr mr mw me pf io de ac ar dd sd\n"
            "  +0 2 pages ram+9 WB r-- special accessed\n");
}

TEST_F(RemapRules, RP2_PrivateReadOnlyIsACowMappingToo) {
  Remaps(0, kRam, kPage);
  EXPECT_EQ(Map(0, 2, kRead, kMapPrivate), -EINVAL);
}

TEST_F(RemapRules, RP2_SharedKeepsItsOffset) {
  Remaps(0, kRam + 9, 2 * kPage);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared, 3), 0);
  EXPECT_EQ(VmaAt(0).vm_pgoff, 3U);
}

TEST_F(RemapRules, RP3_SharedOfAReadOnlyFdIsNoCowMapping) {
  Remaps(0, kRam + 9, kPage);
  ASSERT_GT(MapFile(ro(), 0, 2, kRead, kMapShared, 3), 0);
  EXPECT_EQ(Maps(),
            "100000-102000 r--s 00003000 /dev/t1 rd mr me ms pf io de dd sd\n"
            "  +0 1 page ram+9 WB r-- special accessed\n");
}

TEST_F(RemapRules, RP3_PrivateWithoutMayWriteIsNoCowMapping) {
  driver.mmap = [this](file*, vm_area_struct* vma) {
    vma->vm_flags &= ~kVmMayWrite;
    return mm.RemapPfnRange(vma, vma->vm_start, kRam.value, kPage, vma->vm_page_prot);
  };
  EXPECT_GT(Map(0, 2, kRead, kMapPrivate), 0);
}

TEST_F(RemapRules, RP4_FlagsAreAddedEvenWhenALaterStepFails) {
  return_result_ = false;
  Remaps(0, kRam, kPage);
  backend.FailAt(2);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  EXPECT_EQ(result_, -ENOMEM);
  EXPECT_EQ(Maps(), "100000-102000 rw-s 00000000 /dev/t0 rd wr sh mr mw me ms pf io de dd sd\n");
}

TEST_F(RemapRules, RP5_OnePagePastTheVmaSucceedsAndIsReported) {
  Remaps(0, kRam, 3 * kPage);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  EXPECT_EQ(TakeVerdict(), "C10 remap_pfn_range: 3 pages from page 0 of a mapping of 2 pages");
  EXPECT_EQ(Maps(),
            "100000-102000 rw-s 00000000 /dev/t0 rd wr sh mr mw me ms pf io de dd sd\n"
            "  +0 2 pages ram+0 WB rw- special accessed\n"
            "outside:\n"
            "  102000 1 page ram+2 WB rw- special accessed\n");
  EXPECT_EQ(Store(2, 'x'), "");
  EXPECT_EQ(LoadByte(2), 'x');
  ASSERT_GT(MapAnon(5, 1, kReadWrite, kMapPrivate), 0);
  ASSERT_EQ(Unmap(0, 2), 0);
  EXPECT_EQ(LoadByte(2), 'x');  // the stray entry outlives the mapping
}

// The table that it is in has no other mapping.
TEST_F(RemapRules, RP5_AStrayEntryGoesWithItsTable) {
  constexpr uint64_t kTable = 512;  // pages
  const uint64_t last = kTable - 1 - (At(0) >> hw::kPageShift) % kTable;
  Remaps(0, kRam, 3 * kPage);
  ASSERT_GT(Map(last - 1, 1, kReadWrite, kMapShared), 0);  // strays in this table and the next
  ASSERT_GT(MapAnon(last + 9, 1, kReadWrite, kMapPrivate), 0);
  ASSERT_EQ(Unmap(last - 1, 1), 0);
  EXPECT_EQ(Load(last), "SEGV_MAPERR");
  EXPECT_EQ(Load(last + 1), "");
  TakeVerdict();
}

TEST_F(RemapRules, RP5_AStrayEntryOfAMappingThatFailedGoesWithItsTable) {
  driver.mmap = [this](file*, vm_area_struct* vma) {
    mm.RemapPfnRange(vma, vma->vm_start, kRam.value, 3 * kPage, vma->vm_page_prot);
    return -EIO;
  };
  EXPECT_EQ(Map(0, 1, kReadWrite, kMapShared), -EIO);
  EXPECT_EQ(Load(1), "SEGV_MAPERR");
  TakeVerdict();
}

TEST_F(RemapRules, RP5_BeforeTheVmaIsReportedToo) {
  Remaps(-static_cast<int64_t>(kPage), kRam, kPage);
  ASSERT_GT(Map(1, 2, kReadWrite, kMapShared), 0);
  EXPECT_EQ(TakeVerdict(), "C10 remap_pfn_range: 1 pages from page -1 of a mapping of 2 pages");
}

TEST_F(RemapRules, RP5_ALaterAnonymousMappingShowsTheStrayPage) {
  Remaps(0, kRam, 3 * kPage);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  ASSERT_GT(MapAnon(2, 1, kReadWrite, kMapPrivate), 0);
  EXPECT_EQ(LoadByte(2), 'C');
  TakeVerdict();
}

TEST_F(RemapRules, RP5_ALaterRemapOverTheStrayEntryIsABug) {
  Remaps(0, kRam, 3 * kPage);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  TakeVerdict();
  Remaps(0, kRam, kPage);
  Map(2, 1, kReadWrite, kMapShared);
  EXPECT_TRUE(Trapped());
}

TEST_F(RemapRules, RP5_FrameBeyondTheProcessorsAddressesOopsesOnFirstTouch) {
  Remaps(0, Mm::kMaxPfn, kPage);
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
  EXPECT_FALSE(Trapped());
  EXPECT_EQ(Load(0), "trap");
  EXPECT_EQ(TakeVerdict(), "C0 frame 0x10000000: \"Corrupted page table\" on first touch");
}

TEST_F(RemapRules, RP5_FrameBeyondTheProcessorsAddressesOopsesBeforePermissionsAreLookedAt) {
  Remaps(0, Mm::kMaxPfn, kPage);
  ASSERT_GT(Map(0, 1, kRead, kMapShared), 0);
  EXPECT_EQ(Store(0, 'x'), "trap");
  EXPECT_EQ(TakeVerdict(), "C0 frame 0x10000000: \"Corrupted page table\" on first touch");
}

TEST_F(RemapRules, RP5_FrameIsCutToTheFieldOfTheEntry) {
  Remaps(0, hw::Pfn{(uint64_t{1} << 40) + kRam.value}, kPage);
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
  EXPECT_EQ(LoadByte(0), 'A');
}

TEST_F(RemapRules, RP5_FrameWhereNothingIsReadsAllOnes) {
  Remaps(0, hw::Pfn{0xd0000}, kPage);
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
  EXPECT_EQ(Store(0, 'x'), "");
  EXPECT_EQ(LoadByte(0), '\xff');
}

TEST_F(RemapRules, RP5_SizeFromTheUserMapsNeighbouringFrames) {
  MapsFrom(kRam);  // a "buffer" of 4 pages, mapped as long as the VMA is
  ASSERT_GT(Map(0, 6, kRead, kMapShared), 0);
  EXPECT_EQ(LoadByte(5), 'F');
  EXPECT_EQ(TakeVerdict(), "");
}

TEST_F(RemapRules, RP6_EntryHasExecOnlyIfAskedForAndIsClean) {
  MapsFrom(kRam);
  ASSERT_GT(Map(0, 1, kReadWrite | kProtExec, kMapShared), 0);
  ASSERT_GT(Map(1, 1, kRead, kMapShared), 0);
  ASSERT_GT(Map(2, 1, 0, kMapShared), 0);
  EXPECT_EQ(Maps(),
            "100000-101000 rwxs 00000000 /dev/t0 rd wr ex sh mr mw me ms pf io de ar dd sd\n"
            "  +0 1 page ram+0 WB rwx special accessed\n"
            "101000-102000 r--s 00000000 /dev/t0 rd sh mr mw me ms pf io de ar dd sd\n"
            "  +0 1 page ram+0 WB r-- special accessed\n"
            "102000-103000 ---s 00000000 /dev/t0 sh mr mw me ms pf io de ar dd sd\n"
            "  +0 1 page ram+0 WB --x special accessed\n");
}

TEST_F(RemapRules, RP7_ReadOnlyProtectionDoesNotStopAStore) {
  driver.mmap = [this](file*, vm_area_struct* vma) {
    return mm.RemapPfnRange(vma, vma->vm_start, kRam.value, kPage, pgprot_t{PageProtOf(kVmRead)});
  };
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
  EXPECT_EQ(Entry(0)->bits.write, 0);
  EXPECT_EQ(Store(0, 'x'), "");
  EXPECT_EQ(Entry(0)->bits.write, 1);
  EXPECT_EQ(backend.Bytes(kRam)[0], 'x');
}

TEST_F(RemapRules, RP8_FlagsClearedAfterwardsLeaveWritableEntries) {
  driver.mmap = [](file*, vm_area_struct* vma) {
    const int error = RemapAll(vma, kRam);
    vma->vm_flags &= ~(kVmWrite | kVmMayWrite);
    return error;
  };
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
  EXPECT_EQ(Maps(),
            "100000-101000 r--s 00000000 /dev/t0 rd sh mr me ms pf io de ar dd sd\n"
            "  +0 1 page ram+0 WB rw- special accessed\n");
  EXPECT_EQ(Store(0, 'x'), "");
  EXPECT_EQ(Protect(0, 1, kReadWrite), -EACCES);
}

TEST_F(RemapRules, RP9_TheRightReadOnlyRecipeHolds) {
  driver.mmap = [](file*, vm_area_struct* vma) {
    if ((vma->vm_flags & kVmWrite) != 0) return -EPERM;
    vma->vm_flags &= ~kVmMayWrite;
    return RemapAll(vma, kRam);
  };
  EXPECT_EQ(Map(0, 1, kReadWrite, kMapShared), -EPERM);
  for (const int type : {kMapShared, kMapPrivate}) {
    ASSERT_GT(Map(0, 1, kRead, type), 0);
    EXPECT_EQ(Store(0, 'x'), "SEGV_ACCERR");
    EXPECT_EQ(Protect(0, 1, kReadWrite), -EACCES);
  }
}

TEST_F(RemapRules, RP10_TheHoleOfAPartIsSigbus) {
  Remaps(0, kRam, kPage);
  ASSERT_GT(Map(0, 3, kReadWrite, kMapShared), 0);
  EXPECT_EQ(Load(0), "");
  EXPECT_EQ(Load(1), "BUS_ADRERR");
  EXPECT_EQ(Store(2, 'x'), "BUS_ADRERR");
}

TEST_F(RemapRules, RP11_ARefusedCallZapsItsRangeOfAnEarlierOne) {
  driver.mmap = [this](file*, vm_area_struct* vma) {
    EXPECT_EQ(RemapAll(vma, kBar), 0);
    EXPECT_EQ(mm.RemapPfnRange(vma, vma->vm_start + kPage, kBar.value, kPage, vma->vm_page_prot),
              -EINVAL);
    return 0;
  };
  ASSERT_GT(Map(0, 3, kRead, kMapPrivate), 0);
  EXPECT_EQ(Load(0), "");
  EXPECT_EQ(Load(1), "BUS_ADRERR");
  EXPECT_EQ(Load(2), "");
  EXPECT_EQ(Types(), 0U);  // and with it the reservation of the whole VMA
}

TEST_F(RemapRules, RP12_TheProtectionOfTheVmaStaysAsItWas) {
  MapsBar(kWc);
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
  EXPECT_EQ(CacheAt(0), "WC");
  EXPECT_EQ(VmaAt(0).vm_page_prot.pgprot & hw::kCacheBits, 0U);
}

TEST_F(RemapRules, CostDoesNotGrowWithTheRange) {
  constexpr uint64_t kPages = uint64_t{1} << 28;
  Remaps(0, hw::Pfn{0x8000000}, kPages * kPage);
  ASSERT_GT(Map(0, kPages, kReadWrite, kMapShared), 0);
  EXPECT_EQ(mm.table(p).count(), 1U);
  ASSERT_EQ(Protect(kPages / 2, kPages / 4, kRead), 0);
  EXPECT_EQ(mm.table(p).count(), 3U);
  mm.UnmapMappingRange(rw().f_mapping, 0, 0, 1);
  EXPECT_EQ(mm.table(p).count(), 0U);
  ASSERT_EQ(Unmap(0, kPages), 0);
}

// --- vm_iomap_memory ---

class IomapRules : public RemapRules {
 protected:
  void Iomaps(uint64_t phys, uint64_t length) {
    driver.mmap = [=, this](file*, vm_area_struct* vma) {
      return mm.VmIomapMemory(vma, phys, length);
    };
  }
  static constexpr uint64_t kBarPhys = kBar.value << hw::kPageShift;
};

TEST_F(IomapRules, IO1_PhysicalRangeThatWrapsIsEinval) {
  Iomaps(~uint64_t{0} - kPage, 2 * kPage);
  EXPECT_EQ(Map(0, 1, kRead, kMapShared), -EINVAL);
  Iomaps(kPage, ~uint64_t{0});
  EXPECT_EQ(Map(0, 1, kRead, kMapShared), -EINVAL);
}

TEST_F(IomapRules, IO2_ThePageThatHoldsTheStartIsMapped) {
  Iomaps(kBarPhys + 0x10, kPage);
  ASSERT_GT(Map(0, 2, kRead, kMapShared), 0);
  EXPECT_EQ(LoadByte(0), 'a');
  Iomaps(kBarPhys, kPage);
  EXPECT_EQ(Map(0, 2, kRead, kMapShared), -EINVAL);
}

TEST_F(IomapRules, IO3_OffsetAndLengthStayWithinTheWindow) {
  Iomaps(kBarPhys, 16 * kPage);
  EXPECT_GT(Map(0, 4, kRead, kMapShared, 12), 0);
  EXPECT_GT(Map(0, 16, kRead, kMapShared), 0);
  EXPECT_EQ(Map(0, 4, kRead, kMapShared, 13), -EINVAL);
  EXPECT_EQ(Map(0, 1, kRead, kMapShared, 16), -EINVAL);
  EXPECT_EQ(Map(0, 1, kRead, kMapShared, 17), -EINVAL);
  EXPECT_EQ(Map(0, 17, kRead, kMapShared), -EINVAL);
  EXPECT_EQ(Map(0, 1, kRead, kMapShared, (uint64_t{1} << 51)), -EINVAL);
}

TEST_F(IomapRules, IO4_TheProtectionOfTheVmaIsUsed) {
  driver.mmap = [this](file*, vm_area_struct* vma) {
    vma->vm_page_prot = mm.PgprotWritecombine(vma->vm_page_prot);
    return mm.VmIomapMemory(vma, kBarPhys, 16 * kPage);
  };
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared, 3), 0);
  EXPECT_EQ(Maps(),
            "100000-102000 rw-s 00003000 /dev/t0 rd wr sh mr mw me ms pf io de ar dd sd\n"
            "  +0 2 pages bar+3 WC rw- special accessed\n");
}

// --- cache attributes ---

class PatRules : public RemapRules {};

TEST_F(PatRules, PAT1_WritethroughSetsItsBitsOverWhatIsThere) {
  EXPECT_EQ(mm.PgprotWritethrough({0x27}).pgprot, 0x27U | 0x98);
  EXPECT_EQ(mm.PgprotWritethrough({0x27 | 0x10}).pgprot, 0x27U | 0x98);
}

TEST_F(PatRules, PAT1_NoncachedAndItsKinAreUcMinusOverWhatIsThere) {
  EXPECT_EQ(mm.PgprotNoncached({0x27}).pgprot, 0x27U | kUcMinus);
  EXPECT_EQ(mm.PgprotNoncached({0x27 | kWc}).pgprot, 0x27U | kUc);
  EXPECT_EQ(mm.PgprotDevice({0x27}).pgprot, 0x27U | kUcMinus);
  EXPECT_EQ(mm.PgprotDmacoherent({0x27}).pgprot, 0x27U | kUcMinus);
}

TEST_F(PatRules, P10_WritecombineOverNoncachedIsUncached) {
  EXPECT_EQ(mm.PgprotWritecombine(pgprot_t{kUcMinus}).pgprot & hw::kCacheBits, kUc);
  EXPECT_EQ(mm.PgprotWritecombine(pgprot_t{0}).pgprot & hw::kCacheBits, kWc);
}

TEST_F(PatRules, PAT2_RamIsWriteBackWhateverIsAsked) {
  for (const uint64_t cache : {kWc, kUcMinus, kUc, kWt}) {
    Remaps(0, kRam, kPage, cache);
    ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
    EXPECT_EQ(CacheAt(0), "WB");
    EXPECT_EQ(Types(), 0U);
  }
}

TEST_F(PatRules, PAT2_ARangeThatIsRamInPartCountsAsRam) {
  Remaps(0, kRam + (Fake::kRamPages + Fake::kAnonPages - 1), 2 * kPage, kWc);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  EXPECT_EQ(CacheAt(0), "WB");
  Remaps(0, hw::Pfn{kRam.value - 1}, 2 * kPage, kWc);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  EXPECT_EQ(CacheAt(0), "UC-");
  EXPECT_EQ(Types(), 0U);
}

TEST_F(PatRules, PAT2_TheIsaRangeIsWriteBackWhateverIsAsked) {
  for (const uint64_t cache : {uint64_t{0}, kWc, kUcMinus, kUc, kWt}) {
    Remaps(0, hw::Pfn{0xa0}, 2 * kPage, cache);
    ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
    EXPECT_EQ(CacheAt(0), "WB");
    EXPECT_EQ(Types(), 0U);
  }
  // A part of a mapping looks up, and must not leave the range.
  Remaps(0, hw::Pfn{0xb8}, kPage, kUcMinus);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  EXPECT_EQ(CacheAt(0), "WB");
  Remaps(0, hw::Pfn{0xff}, 2 * kPage, kUcMinus);
  EXPECT_EQ(Map(4, 3, kReadWrite, kMapShared), -EINVAL);
}

TEST_F(PatRules, PAT3_WriteBackOfDeviceMemoryIsUncachedMinus) {
  MapsBar(0);
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
  EXPECT_EQ(CacheAt(0), "UC-");
  EXPECT_EQ(VmaAt(0).vm_page_prot.pgprot & hw::kCacheBits, 0U);
}

TEST_F(PatRules, PAT4_OverlapTakesTheTypeThatIsThere) {
  MapsBar(kWc);
  ASSERT_GT(Map(0, 4, kReadWrite, kMapShared), 0);
  MapsBar(kUcMinus);
  ASSERT_GT(Map(8, 2, kReadWrite, kMapShared, 1), 0);
  EXPECT_EQ(CacheAt(8), "WC");
  MapsBar(0);
  ASSERT_GT(Map(12, 8, kReadWrite, kMapShared), 0);
  EXPECT_EQ(CacheAt(12), "WC");
  MapsBar(kUcMinus);
  ASSERT_GT(Map(24, 2, kReadWrite, kMapShared, 40), 0);
  MapsBar(kWc);
  ASSERT_GT(Map(28, 1, kReadWrite, kMapShared, 41), 0);
  EXPECT_EQ(CacheAt(28), "UC-");
}

TEST_F(PatRules, PAT4_OverlapWithSeveralTypesIsEinval) {
  MapsBar(kWc);
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared, 0), 0);
  MapsBar(kUcMinus);
  ASSERT_GT(Map(4, 1, kReadWrite, kMapShared, 1), 0);
  const std::string before = State();
  EXPECT_EQ(Map(8, 2, kReadWrite, kMapShared, 0), -EINVAL);
  EXPECT_EQ(State(), before);
}

TEST_F(PatRules, PAT5_WriteThroughIsNotServedWithWriteCombining) {
  MapsBar(kWc);
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
  MapsBar(kWt);
  const std::string before = State();
  EXPECT_EQ(Map(4, 1, kReadWrite, kMapShared), -EINVAL);
  EXPECT_EQ(State(), before);
}

TEST_F(PatRules, NM15_NoMemoryForTheTypeIsEinval) {
  MapsBar(kWc);
  backend.FailAt(2);  // the VMA is the first
  EXPECT_EQ(Map(0, 2, kReadWrite, kMapShared), -EINVAL);
  EXPECT_EQ(Maps(), "");
  EXPECT_EQ(Types(), 0U);
}

TEST_F(PatRules, NM15_RamNeedsNoEntry) {
  Remaps(0, kRam, 2 * kPage);
  backend.FailAt(3);  // after the VMA and the page table
  EXPECT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  backend.FailAt(0);
}

TEST_F(PatRules, PAT6_PartOfAVmaIsLookedUpAndItsBitsDiscarded) {
  Remaps(0, kBar, kPage, kWc);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  EXPECT_EQ(CacheAt(0), "UC-");
  EXPECT_EQ(Types(), 0U);
  EXPECT_EQ(FlagsAt(0) & kVmPat, 0U);
  MapsBar(kWc);
  ASSERT_GT(Map(4, 1, kReadWrite, kMapShared, 8), 0);
  Remaps(0, kBar + 8, kPage);
  ASSERT_GT(Map(6, 2, kReadWrite, kMapShared), 0);
  EXPECT_EQ(CacheAt(6), "WC");
}

TEST_F(PatRules, PAT6_PartOfSeveralTypesIsEinval) {
  MapsBar(kWc);
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared, 1), 0);
  Remaps(0, kBar, 3 * kPage);
  EXPECT_EQ(Map(4, 4, kReadWrite, kMapShared), -EINVAL);
  Remaps(0, kRam + (Fake::kRamPages + Fake::kAnonPages - 1), 2 * kPage);
  EXPECT_EQ(Map(4, 4, kReadWrite, kMapShared), -EINVAL);  // RAM and not
  Remaps(0, hw::Pfn{kRam.value - 1}, 2 * kPage);
  EXPECT_EQ(Map(4, 4, kReadWrite, kMapShared), -EINVAL);
}

TEST_F(PatRules, PAT7_AKernelMappingThatIsThereDecides) {
  hw::CacheType got = hw::CacheType::kWriteBack;
  ASSERT_EQ(mm.memory_types().Reserve(kBar, 16, hw::CacheType::kUncachedMinus, &got),
            hw::MemoryTypes::Result::kOk);  // as ioremap() does
  MapsBar(kWc);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  EXPECT_EQ(CacheAt(0), "UC-");
  ASSERT_EQ(Unmap(0, 2), 0);
  EXPECT_EQ(Types(), 1U);
}

TEST_F(PatRules, PAT8_FailedMmapReleases) {
  driver.mmap = [](file*, vm_area_struct* vma) {
    return RemapAll(vma, kBar) != 0 ? -EFAULT : -EIO;
  };
  EXPECT_EQ(Map(0, 4, kReadWrite, kMapShared), -EIO);
  EXPECT_EQ(Types(), 0U);
}

TEST_F(PatRules, PAT8_UnmapReleasesOneOfTwo) {
  MapsBar(kWc);
  ASSERT_GT(Map(0, 4, kReadWrite, kMapShared), 0);
  ASSERT_GT(Map(8, 4, kReadWrite, kMapShared), 0);
  EXPECT_EQ(Types(), 2U);
  ASSERT_EQ(Unmap(0, 4), 0);
  EXPECT_EQ(Types(), 1U);
  EXPECT_EQ(CacheAt(8), "WC");
}

TEST_F(PatRules, PAT8_CopiedFirstPageStillReleases) {
  MapsBar(kWc);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapPrivate), 0);
  EXPECT_EQ(Store(0, 'x'), "");
  ASSERT_EQ(Unmap(0, 2), 0);
  EXPECT_EQ(Types(), 0U);
}

TEST_F(PatRules, P4_UnmappedHeadLeaksAndLaterMapsInheritTheType) {
  MapsBar(kWc);
  ASSERT_GT(Map(0, 4, kReadWrite, kMapShared), 0);
  ASSERT_EQ(Unmap(0, 1), 0);
  ASSERT_EQ(Unmap(1, 3), 0);
  EXPECT_EQ(Maps(), "");
  EXPECT_EQ(Types(), 1U);
  MapsBar(kUcMinus);
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
  EXPECT_EQ(CacheAt(0), "WC");
}

TEST_F(PatRules, P4_UnmappedMiddleLeaks) {
  MapsBar(kWc);
  ASSERT_GT(Map(0, 4, kReadWrite, kMapShared), 0);
  ASSERT_EQ(Unmap(1, 1), 0);
  EXPECT_EQ(Types(), 1U);
  ASSERT_EQ(Unmap(0, 4), 0);
  EXPECT_EQ(Types(), 1U);
}

TEST_F(PatRules, P5_UnmappedTailIsFreed) {
  MapsBar(kWc);
  ASSERT_GT(Map(0, 4, kReadWrite, kMapShared), 0);
  ASSERT_EQ(Unmap(2, 2), 0);
  EXPECT_EQ(Types(), 1U);
  EXPECT_EQ(mm.memory_types().Lookup(kBar + 2), hw::CacheType::kUncachedMinus);
  ASSERT_EQ(Unmap(0, 2), 0);
  EXPECT_EQ(Types(), 0U);
}

TEST_F(PatRules, P6_ZapOfAPartDropsTheReservationOfTheWhole) {
  MapsBar(kWc);
  ASSERT_GT(Map(0, 4, kReadWrite, kMapShared), 0);
  mm.ZapVmaPtes(const_cast<vm_area_struct*>(&VmaAt(0)), At(1), kPage);
  EXPECT_EQ(Types(), 0U);
  EXPECT_EQ(Maps(),
            "100000-104000 rw-s 00000000 /dev/t0 rd wr sh mr mw me ms pf io de dd sd\n"
            "  +0 1 page bar+0 WC rw- special accessed\n"
            "  +2 2 pages bar+2 WC rw- special accessed\n");
}

TEST_F(PatRules, P6_ZapOutsideTheVmaOrOfNoPfnMapDoesNothing) {
  MapsBar(kWc);
  ASSERT_GT(Map(0, 4, kReadWrite, kMapShared), 0);
  const std::string before = State();
  auto* vma = const_cast<vm_area_struct*>(&VmaAt(0));
  mm.ZapVmaPtes(vma, At(0) - kPage, 2 * kPage);
  mm.ZapVmaPtes(vma, At(3), 2 * kPage);
  EXPECT_EQ(State(), before);
  FaultsOnly();
  ASSERT_GT(Map(8, 1, kRead, kMapShared), 0);
  ASSERT_EQ(Load(8), "");
  mm.ZapVmaPtes(const_cast<vm_area_struct*>(&VmaAt(8)), At(8), kPage);
  EXPECT_NE(Entry(8), nullptr);
}

TEST_F(PatRules, P6_ZapOfLessThanAPageRunsOffTheTable) {
  MapsFrom(kRam);
  ASSERT_GT(Map(0, 4, kReadWrite, kMapShared), 0);
  mm.ZapVmaPtes(const_cast<vm_area_struct*>(&VmaAt(0)), At(0), 100);
  EXPECT_EQ(TakeVerdict(),
            "C0 zap_vma_ptes of 100 bytes: the walk runs off the end of the page table");
}

TEST_F(PatRules, P6_UnmapMappingRangeTakesTheFilesPagesInEveryProcess) {
  MapsBar(kWc);
  ASSERT_GT(Map(0, 4, kReadWrite, kMapShared, 2), 0);
  const int child = mm.NewMm();
  ASSERT_EQ(mm.Fork(p, static_cast<uint32_t>(child)), 0);
  mm.UnmapMappingRange(rw().f_mapping, 3 * static_cast<long long>(kPage), 1, 0);
  for (const uint32_t process : {p, static_cast<uint32_t>(child)}) {
    EXPECT_EQ(Load(0, nullptr, process), "");
    EXPECT_EQ(Load(1, nullptr, process), "BUS_ADRERR");
    EXPECT_EQ(Load(2, nullptr, process), "");
  }
  EXPECT_EQ(Types(), 0U);
  mm.UnmapMappingRange(rw().f_mapping, 0, 0, 0);
  EXPECT_EQ(mm.table(p).count(), 0U);
}

TEST_F(PatRules, P6_UnmapMappingRangeLeavesPrivateCopiesUnlessAsked) {
  MapsFrom(kRam);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapPrivate), 0);
  ASSERT_EQ(Store(0, 'x'), "");
  // vm_pgoff is the frame number by now (RP2): the hole has to be there.
  const auto begin = static_cast<long long>(kRam.value) << hw::kPageShift;
  mm.UnmapMappingRange(rw().f_mapping, begin, 2 * static_cast<long long>(kPage), 0);
  EXPECT_EQ(LoadByte(0), 'x');
  EXPECT_EQ(Load(1), "BUS_ADRERR");
  mm.UnmapMappingRange(rw().f_mapping, begin, 2 * static_cast<long long>(kPage), 1);
  EXPECT_EQ(Load(0), "BUS_ADRERR");
}

TEST_F(PatRules, WithoutPatNothingIsTracked) {
  const hw::Platform without = {.name = "no PAT", .summary = ""};
  Mm plain(list, verdicts, runner, backend, /*core_guards=*/true, without);
  ASSERT_EQ(plain.NewMm(), 0);
  driver.mmap = [&plain](file*, vm_area_struct* vma) {
    return plain.RemapPfnRange(vma, vma->vm_start, kRam.value, kPage,
                               pgprot_t{vma->vm_page_prot.pgprot | kWc});
  };
  ASSERT_GT(plain.Mmap(0, At(0), kPage, kReadWrite, kMapShared | kMapFixed, &rw(), false, 0), 0);
  EXPECT_EQ(plain.table(0).Find({At(0)})->bits.cache, hw::CacheType::kWriteCombining);
  EXPECT_EQ(plain.memory_types().count(), 0U);
  plain.ExitMm(0);
}

}  // namespace
}  // namespace drydock::kernel
