// The rules that differ between kernels, each in every profile: docs/mmap-rules.md section 12.
#include <gtest/gtest.h>

#include <cerrno>
#include <functional>
#include <string>
#include <utility>

#include "sim/kernel/mm_testing.h"
#include "sim/kernel/profile.h"

namespace drydock::kernel {
namespace {

using Fake = FakeBackend;
constexpr hw::Pfn kRam = Fake::kRam;
constexpr hw::Pfn kBar = Fake::kBar;
constexpr uint64_t kWc = 0x08, kUcMinus = 0x10;
constexpr uint64_t kTooManyPages = kMostChargedPages + 1;
constexpr int kPrivateAnonymous = kMapPrivate | kMapAnonymous;

class ProfileRules : public MmTest, public testing::WithParamInterface<int> {
 protected:
  ProfileRules() : MmTest(hw::Platforms()[0], GetParam()) {}

  // What the kernels answer, in their order.
  template <class T>
  static T In(T in_6_1, T in_6_12, T in_7_3) {
    return GetParam() == 601 ? in_6_1 : GetParam() == 612 ? in_6_12 : in_7_3;
  }
  static bool Since612() { return GetParam() >= 612; }
  static bool Since703() { return GetParam() >= 703; }

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
  vm_area_struct* VmaToDriver(uint64_t at) { return const_cast<vm_area_struct*>(&VmaAt(at)); }
};

std::string KernelName(const testing::TestParamInfo<int>& info) {
  std::string name = ProfileOf(info.param).name;
  name.replace(name.find('.'), 1, "_");
  return name;
}

INSTANTIATE_TEST_SUITE_P(Kernel, ProfileRules, testing::Values(601, 612, 703), KernelName);

TEST(ProfileTest, EveryNumberHasItsProfile) {
  for (const int number : {601, 612, 703}) EXPECT_EQ(ProfileOf(number).number, number);
  EXPECT_EQ(ProfileOf(510).number, 601);
}

// --- faults ---

TEST_P(ProfileRules, R1_2_HugePagesBelowTwoGibibytes) {
  constexpr int kLow = kMapAnonymous | kMapHugetlb | kMap32Bit;
  constexpr uint64_t kTooMuch = uint64_t{2} << 30;
  const auto map = [&](int type, uint64_t length) {
    return mm.Mmap(p, 0, length, kRead, kLow | type, nullptr, false, 0);
  };
  EXPECT_EQ(map(0, kTooMuch), In(-EINVAL, -EINVAL, -ENOMEM));
  EXPECT_EQ(map(0, kTooMuch / 4), -EINVAL);
  EXPECT_EQ(map(kMapPrivate, kTooMuch), -ENOMEM);
}

TEST_P(ProfileRules, FA7_ALoadOfADirtyPageMakesADirtyEntryIfItIsWritable) {
  FaultsOnly();
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  ASSERT_EQ(Store(0, 'x'), "");
  ASSERT_GT(Map(4, 2, kReadWrite, kMapShared), 0);
  ASSERT_GT(Map(8, 2, kRead, kMapShared), 0);

  for (const uint64_t at : {4, 5, 8}) ASSERT_EQ(Load(at), "");

  EXPECT_EQ(Entry(4)->bits.dirty != 0, Since703());
  EXPECT_EQ(Entry(5)->bits.dirty, 0) << "nobody wrote to that page";
  EXPECT_EQ(Entry(8)->bits.dirty, 0) << "nobody can write there";
}

TEST_P(ProfileRules, FA7_APageThatWasWrittenThroughAnEntryIsDirtyWhenThatGoes) {
  InsertsPages();
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
  ASSERT_EQ(Store(0, 'x'), "");
  ASSERT_EQ(Unmap(0, 1), 0);
  FaultsOnly();
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);

  ASSERT_EQ(Load(0), "");

  EXPECT_EQ(Entry(0)->bits.dirty != 0, Since703());
}

TEST_P(ProfileRules, FA7_PopulatingToWriteDirtiesThePageOfAnEntryThatPermitsIt) {
  FaultsOnly();
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  for (const uint64_t at : {0, 1}) ASSERT_EQ(Load(at), "");
  ASSERT_EQ(Advise(0, 1, kAdvisePopulateWrite), 0);
  ASSERT_EQ(Advise(1, 1, kAdvisePopulateRead), 0);
  EXPECT_EQ(Entry(0)->bits.dirty, 0) << "MA6";
  ASSERT_EQ(Unmap(0, 2), 0);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  for (const uint64_t at : {0, 1}) ASSERT_EQ(Load(at), "");

  EXPECT_EQ(Entry(0)->bits.dirty != 0, Since703());
  EXPECT_EQ(Entry(1)->bits.dirty, 0);
}

TEST_P(ProfileRules, FA7_APageThatAnotherProcessWroteIsDirty) {
  const char byte = 'x';
  const std::pair<const char*, std::function<int64_t(uint64_t)>> ways[] = {
      {"process_vm_writev", [&](uint64_t at) { return mm.ProcessVm(0, at, nullptr, &byte, 1); }},
      {"/proc/PID/mem", [&](uint64_t at) { return mm.ProcMem(0, at, nullptr, &byte, 1); }},
  };
  uint64_t page = 0;
  for (const auto& [name, write] : ways) {
    SCOPED_TRACE(name);
    FaultsOnly();
    ASSERT_GT(Map(page, 1, kReadWrite, kMapShared, page), 0);
    ASSERT_EQ(Load(page), "");
    ASSERT_EQ(Entry(page)->bits.dirty, 0);
    ASSERT_EQ(write(kBase + page * kPage), 1);
    ASSERT_EQ(Unmap(page, 1), 0);
    ASSERT_GT(Map(page, 1, kReadWrite, kMapShared, page), 0);
    ASSERT_EQ(Load(page), "");
    EXPECT_EQ(Entry(page)->bits.dirty != 0, Since703());
    ++page;
  }
}

// --- P2 to P7: who holds a reservation ---

TEST_P(ProfileRules, P2_AFullRemapIsMarkedInTheVmaOrCounted) {
  MapsBar(kWc);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  EXPECT_EQ((FlagsAt(0) & kVmPat) != 0, !Since703());
  EXPECT_EQ(Types(), 1U);
  ASSERT_EQ(Unmap(0, 2), 0);
  EXPECT_EQ(Types(), 0U);
}

TEST_P(ProfileRules, P3_ASecondFullRemap) {
  int second = 1;
  driver.mmap = [&](file*, vm_area_struct* vma) {
    EXPECT_EQ(RemapAll(vma, kBar), 0);
    second = RemapAll(vma, kBar);
    return 0;
  };
  Map(0, 2, kReadWrite, kMapShared);
  if (Since703()) {
    EXPECT_EQ(second, -EINVAL);
    EXPECT_EQ(TakeVerdict(), "");
    EXPECT_EQ(Types(), 1U);
    EXPECT_EQ(Load(1), "");
  } else {
    EXPECT_TRUE(Trapped());
    EXPECT_EQ(TakeVerdict(), "C0 remap_pfn_range over a page that is mapped already: BUG");
  }
}

TEST_P(ProfileRules, P3_ASecondFullRemapOfRam) {
  driver.mmap = [&](file*, vm_area_struct* vma) {
    EXPECT_EQ(RemapAll(vma, kRam), 0);
    const int error = RemapAll(vma, kRam);
    if (!Trapped()) {
      EXPECT_EQ(error, -EINVAL);
    }
    return error;
  };
  const int64_t result = Map(0, 2, kReadWrite, kMapShared);
  EXPECT_EQ(Trapped(), !Since703());
  if (Since703()) {
    EXPECT_EQ(result, -EINVAL);
  }
  TakeVerdict();
}

struct Part {
  const char* name;
  uint64_t first, pages;
  uint64_t left_in_6_1;  // reservations after everything of a mapping of 4 pages is unmapped
};

TEST_P(ProfileRules, P4_P5_PartialUnmapLeaksUntilItIsCounted) {
  MapsBar(kWc);
  uint64_t pgoff = 0;  // each has frames of its own
  for (const Part& part : {Part{"head", 0, 1, 1}, Part{"middle", 1, 2, 1}, Part{"tail", 3, 1, 0}}) {
    const uint64_t before = Types();
    ASSERT_GT(Map(0, 4, kReadWrite, kMapShared, pgoff += 8), 0);
    ASSERT_EQ(Unmap(part.first, part.pages), 0);
    EXPECT_EQ(Types() - before, 1U) << part.name;
    ASSERT_EQ(Unmap(0, 4), 0);
    EXPECT_EQ(Types() - before, Since703() ? 0 : part.left_in_6_1) << part.name;
  }
}

TEST_P(ProfileRules, P6_AZapOfAPartAndTheReservationOfTheWhole) {
  MapsBar(kWc);
  ASSERT_GT(Map(0, 4, kReadWrite, kMapShared), 0);
  mm.ZapVmaPtes(VmaToDriver(0), At(1), kPage);
  EXPECT_EQ(Types(), Since703() ? 1U : 0U);
  EXPECT_EQ(CacheAt(0), "WC");
  EXPECT_EQ(CacheAt(1), "none");
  EXPECT_EQ(FlagsAt(0) & kVmPat, 0U);
  ASSERT_EQ(Unmap(0, 4), 0);
  EXPECT_EQ(Types(), 0U);
}

TEST_P(ProfileRules, P6_UnmapMappingRangeAndTheReservation) {
  MapsBar(kWc);
  ASSERT_GT(Map(0, 4, kReadWrite, kMapShared), 0);
  mm.UnmapMappingRange(rw().f_mapping, 0, static_cast<long long>(kPage), 0);
  EXPECT_EQ(Types(), Since703() ? 1U : 0U);
}

TEST_P(ProfileRules, ZP1_ZapOfAMixedMap) {
  InsertsPages();
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  mm.ZapVmaPtes(VmaToDriver(0), At(0), kPage);
  EXPECT_EQ(CacheAt(0), Since703() ? "none" : "WB");
  EXPECT_EQ(CacheAt(1), "WB");
}

TEST_P(ProfileRules, P7_ForkAfterTheFirstPageWasCopied) {
  MapsFrom(kRam);
  UseOps({"open", "close"});
  ASSERT_GT(Map(0, 2, kReadWrite, kMapPrivate), 0);
  ASSERT_EQ(Store(0, 'x'), "");
  const int child = mm.NewMm();
  EXPECT_EQ(mm.Fork(p, static_cast<uint32_t>(child)), Since703() ? 0 : -ENOMEM);
  EXPECT_EQ(driver.opens, 1);
  EXPECT_EQ(driver.closes, Since703() ? 0 : 1);
  if (Since703()) {
    EXPECT_EQ(LoadByte(0, 1), 'x');
  }
}

TEST_P(ProfileRules, PAT8_AForkReservesAgainOrCounts) {
  MapsBar(kWc);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  const int child = mm.NewMm();
  ASSERT_EQ(mm.Fork(p, static_cast<uint32_t>(child)), 0);
  EXPECT_EQ(Types(), Since703() ? 1U : 2U);
  ASSERT_EQ(Unmap(0, 2), 0);
  EXPECT_EQ(Types(), 1U);
  EXPECT_EQ(Load(0, nullptr, 1), "");
  mm.ExitMm(1);
  EXPECT_EQ(Types(), 0U);
}

TEST_P(ProfileRules, PAT8_AMoveKeepsOneReservation) {
  MapsBar(kWc);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  ASSERT_GT(Remap(0, 2, 2, kMremapMayMove | kMremapFixed, 8), 0);
  EXPECT_EQ(Types(), 1U);
  ASSERT_EQ(Unmap(8, 2), 0);
  EXPECT_EQ(Types(), 0U);
}

TEST_P(ProfileRules, PAT8_AMmapThatFailsReleases) {
  driver.mmap = [](file*, vm_area_struct* vma) {
    EXPECT_EQ(RemapAll(vma, kBar), 0);
    return -EIO;
  };
  EXPECT_EQ(Map(0, 2, kReadWrite, kMapShared), -EIO);
  EXPECT_EQ(Types(), 0U);
}

TEST_P(ProfileRules, PAT8_WhatReplacesAMappingMeetsItsReservationWhileThatIsCounted) {
  MapsBar(kWc);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  MapsBar(kUcMinus);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  EXPECT_EQ(CacheAt(0), Since703() ? "WC" : "UC-");
  EXPECT_EQ(Types(), 1U);
}

TEST_P(ProfileRules, NM15_MemoryForTheReservationAndForItsCount) {
  MapsBar(kWc);
  // The VMA, the entry of the register, the count, the page table.
  const int wanted[] = {-ENOMEM, -EINVAL, -ENOMEM};
  for (int nth = 1; nth <= 3; ++nth) {
    backend.FailAt(nth);
    EXPECT_EQ(Map(0, 2, kReadWrite, kMapShared), wanted[nth - 1]) << nth;
    EXPECT_EQ(Types(), 0U) << nth;
  }
  backend.FailAt(4);
  EXPECT_EQ(Map(0, 2, kReadWrite, kMapShared) == -ENOMEM, Since703());
  backend.FailAt(0);
}

// --- remap_pfn_range: what is looked at first ---

TEST_P(ProfileRules, RP2_APartOfACopyOnWriteMappingAndWhatLiesThere) {
  int part = 0;
  driver.mmap = [&](file*, vm_area_struct* vma) {
    EXPECT_EQ(RemapAll(vma, kRam), 0);
    part = mm.RemapPfnRange(vma, vma->vm_start, kRam.value, kPage, vma->vm_page_prot);
    return 0;
  };
  ASSERT_GT(Map(0, 2, kReadWrite, kMapPrivate), 0);
  EXPECT_EQ(part, -EINVAL);
  // RP11: up to 6.12 the refused part is zapped.
  EXPECT_EQ(CacheAt(0), Since703() ? "WB" : "none");
  EXPECT_EQ(CacheAt(1), "WB");
}

TEST_P(ProfileRules, RP4_FlagsAfterACacheTypeThatCannotBeHad) {
  MapsBar(kWc);
  ASSERT_GT(Map(8, 1, kReadWrite, kMapShared, 1), 0);
  driver.mmap = [this](file*, vm_area_struct* vma) {  // part of it, of two types
    EXPECT_EQ(mm.RemapPfnRange(vma, vma->vm_start, kBar.value, 2 * kPage, vma->vm_page_prot),
              -EINVAL);
    return 0;
  };
  ASSERT_GT(Map(0, 4, kReadWrite, kMapShared), 0);
  EXPECT_EQ((FlagsAt(0) & kVmPfnMap) != 0, Since703());
}

TEST_P(ProfileRules, P11_FlagsAfterAnUnalignedAddress) {
  driver.mmap = [this](file*, vm_area_struct* vma) {
    EXPECT_EQ(mm.RemapPfnRange(vma, vma->vm_start + 1, kRam.value, kPage, vma->vm_page_prot),
              -EINVAL);
    return 0;
  };
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  EXPECT_EQ(TakeVerdict(), "C0 remap_pfn_range at 0x100001: WARN, -EINVAL");
  EXPECT_EQ((FlagsAt(0) & kVmPfnMap) != 0, Since703());
}

TEST_P(ProfileRules,
       P11_AnUnalignedAddressOfAPrivateMappingIsNotWarnedOfOnceTheRuleOfThoseIsFirst) {
  driver.mmap = [this](file*, vm_area_struct* vma) {
    EXPECT_EQ(mm.RemapPfnRange(vma, vma->vm_start + 1, kRam.value, kPage, vma->vm_page_prot),
              -EINVAL);
    return 0;
  };
  ASSERT_GT(Map(0, 2, kReadWrite, kMapPrivate), 0);
  EXPECT_EQ(TakeVerdict(), Since703() ? "" : "C0 remap_pfn_range at 0x100001: WARN, -EINVAL");
}

TEST_P(ProfileRules, P10_WriteCombiningAfterNoncached) {
  const pgprot_t both = mm.PgprotWritecombine(mm.PgprotNoncached({kPtePresent}));
  EXPECT_STREQ(hw::CacheName(hw::CacheTypeOf(both.pgprot)), In("UC", "UC", "WC"));
  const pgprot_t through = mm.PgprotWritethrough(mm.PgprotNoncached({kPtePresent}));
  EXPECT_STREQ(hw::CacheName(hw::CacheTypeOf(through.pgprot)), "WT");
  const pgprot_t back = mm.PgprotNoncached(mm.PgprotWritecombine({kPtePresent}));
  EXPECT_STREQ(hw::CacheName(hw::CacheTypeOf(back.pgprot)), "UC");
}

// --- VMAs ---

TEST_P(ProfileRules, P8_ANeighbourWithClose) {
  FaultsOnly();
  UseOps({"close"});
  ASSERT_GT(Map(0, 1, kRead, kMapShared, 0), 0);
  ASSERT_GT(Map(1, 1, kRead, kMapShared, 1), 0);
  EXPECT_EQ(driver.mmaps, Since612() ? 1 : 2);
  EXPECT_EQ(mm.VmaCount(p), Since612() ? 1U : 2U);
}

TEST_P(ProfileRules, P8_WhatWouldBeRemovedAndHasCloseStays) {
  FaultsOnly();
  UseOps({"close"});
  ASSERT_GT(Map(0, 1, kRead, kMapShared, 0), 0);
  ASSERT_GT(Map(2, 1, kRead, kMapShared, 2), 0);
  ASSERT_GT(Map(1, 1, kRead, kMapShared, 1), 0);  // joins the one below; the one above stays
  EXPECT_EQ(driver.mmaps, Since612() ? 2 : 3);
  EXPECT_EQ(mm.VmaCount(p), Since612() ? 2U : 3U);
  EXPECT_EQ(driver.closes, 0);
}

TEST_P(ProfileRules, P8_PartsOfAMappingWithCloseAfterItsProtectionIsBack) {
  FaultsOnly();
  UseOps({"close"});
  ASSERT_GT(Map(0, 3, kReadWrite, kMapShared, 0), 0);
  ASSERT_EQ(Protect(1, 1, kRead), 0);
  ASSERT_EQ(mm.VmaCount(p), 3U);
  ASSERT_EQ(Protect(1, 1, kReadWrite), 0);
  EXPECT_EQ(mm.VmaCount(p), 3U);  // the middle one would go
  ASSERT_EQ(Protect(0, 1, kRead), 0);
  ASSERT_EQ(Protect(1, 1, kRead), 0);
  EXPECT_EQ(mm.VmaCount(p), 3U);
}

TEST_P(ProfileRules, P8_ABorderBetweenMappingsWithCloseMoves) {
  FaultsOnly();
  UseOps({"close"});
  ASSERT_GT(Map(0, 4, kReadWrite, kMapShared, 0), 0);
  ASSERT_EQ(Protect(2, 2, kRead), 0);
  ASSERT_EQ(Protect(1, 1, kRead), 0);
  EXPECT_EQ(mm.VmaCount(p), Since612() ? 2U : 3U);
  EXPECT_EQ(VmaAt(2).vm_start, Since612() ? At(1) : At(2));
  EXPECT_EQ(VmaAt(2).vm_pgoff, Since612() ? 1U : 2U);
}

TEST_P(ProfileRules, MR10_FlagsThatTheDriverChanged) {
  FaultsOnly();
  const auto plain = driver.mmap;
  driver.mmap = [&](file* file, vm_area_struct* vma) {
    vma->vm_flags |= kVmDontCopy;
    return plain(file, vma);
  };
  ASSERT_GT(Map(0, 1, kRead, kMapShared, 0), 0);
  ASSERT_GT(Map(1, 1, kRead, kMapShared, 1), 0);
  EXPECT_EQ(driver.mmaps, 2);
  EXPECT_EQ(mm.VmaCount(p), Since703() ? 2U : 1U);
}

TEST_P(ProfileRules, SP1_WhichHalfIsNew) {
  FaultsOnly();
  UseOps({"open", "close"});
  std::string opened;
  driver.open = [&](vm_area_struct* vma) {
    opened += std::to_string((vma->vm_start - kBase) / kPage) + "-" +
              std::to_string((vma->vm_end - kBase) / kPage) + " ";
  };
  ASSERT_GT(Map(0, 4, kRead, kMapShared), 0);
  const uint64_t serial = mm.Find(p, At(1))->serial;
  ASSERT_EQ(Unmap(1, 1), 0);
  EXPECT_EQ(opened, Since612() ? "0-1 2-4 " : "1-4 1-2 ");
  EXPECT_EQ(mm.Find(p, At(0))->serial == serial, !Since612());
  EXPECT_EQ(driver.closes, 1);
}

TEST_P(ProfileRules, MR2_ARefusedSplitIsToldOrIsWantOfMemory) {
  FaultsOnly();
  UseOps({"may_split"});
  driver.may_split = [](vm_area_struct*, uint64_t) { return -EIO; };
  ASSERT_GT(Map(0, 4, kRead, kMapShared), 0);
  EXPECT_EQ(MapAnon(1, 1, kRead, kMapPrivate), Since612() ? -EIO : -ENOMEM);
  EXPECT_EQ(mm.VmaCount(p), 1U);
}

TEST_P(ProfileRules, MR2_WhatCannotBeChargedAndWhatWasThere) {
  FaultsOnly();
  UseOps({"close"});
  ASSERT_GT(Map(0, 2, kRead, kMapShared), 0);
  EXPECT_EQ(MapAnon(0, kTooManyPages, kReadWrite, kMapPrivate), -ENOMEM);
  EXPECT_EQ(mm.VmaCount(p), Since612() ? 1U : 0U);
  EXPECT_EQ(driver.closes, Since612() ? 0 : 1);
}

TEST_P(ProfileRules, MR3_WhatIsReplacedPaysForWhatReplacesIt) {
  ASSERT_GT(MapAnon(0, kMostChargedPages, kReadWrite, kMapPrivate), 0);
  const int64_t result = MapAnon(0, kTooManyPages, kReadWrite, kMapPrivate);
  EXPECT_EQ(result > 0, Since612());
}

TEST_P(ProfileRules, P13_TheOldFileIsHeldWhileTheNewMappingIsMade) {
  FaultsOnly();
  UseOps({"close"});
  ASSERT_GT(MapFile(second(), 0, 1, kRead, kMapShared), 0);
  int held = -1, closes = -1;
  const auto plain = driver.mmap;
  driver.mmap = [&](file* file, vm_area_struct* vma) {
    held = second().f_count.counter;
    closes = driver.closes;
    return plain(file, vma);
  };
  ASSERT_GT(Map(0, 1, kRead, kMapShared), 0);
  EXPECT_EQ(closes, 1);
  EXPECT_EQ(held, Since612() ? 1 : 0);
  EXPECT_EQ(second().f_count.counter, 0);
}

TEST_P(ProfileRules, P13_AReplacedMappingIsGoneWhenTheDriverRefuses) {
  FaultsOnly();
  UseOps({"close"});
  ASSERT_GT(Map(0, 2, kRead, kMapShared), 0);
  driver.mmap = [](file*, vm_area_struct*) { return -EIO; };
  EXPECT_EQ(Map(0, 1, kRead, kMapShared, 5), -EIO);
  EXPECT_EQ(driver.closes, 1);
  EXPECT_EQ(Load(0), "SEGV_MAPERR");
  EXPECT_EQ(Load(1), "");
}

TEST_P(ProfileRules, RP5_AStrayEntryGoesWithTheTableOfAMappingThatIsReplaced) {
  driver.mmap = [this](file*, vm_area_struct* vma) {
    return mm.RemapPfnRange(vma, vma->vm_start, kRam.value, 3 * kPage, vma->vm_page_prot);
  };
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
  EXPECT_EQ(Load(1), "");
  ASSERT_GT(MapAnon(0, 1, kReadWrite, kMapPrivate), 0);
  EXPECT_EQ(Load(1), "SEGV_MAPERR");
  TakeVerdict();
}

// --- mmap(2)'s arguments ---

TEST_P(ProfileRules, R1_8_LargeMappingsOfFilesAreAlignedToTheirOffset) {
  constexpr uint64_t kLarge = uint64_t{2} << 20;
  FaultsOnly();
  const auto fits = [&](uint64_t length, uint64_t offset) {
    const auto at =
        static_cast<uint64_t>(mm.Mmap(p, 0, length, kRead, kMapShared, &rw(), false, offset));
    return (at - offset) % kLarge == 0;
  };
  ASSERT_FALSE(fits(kPage, 0));
  EXPECT_EQ(fits(kLarge, 0), GetParam() == 612);
  EXPECT_EQ(fits(2 * kLarge, 3 * kPage), GetParam() == 612);
  EXPECT_FALSE(fits(kLarge, 5 * kPage)) << "it holds no 2 MiB at a multiple";
  EXPECT_FALSE(fits(kLarge + kPage, 0));
}

TEST_P(ProfileRules, R1_8_LargeAnonymousMemoryBelowTwoGibibytes) {
  constexpr int kLow = kPrivateAnonymous | kMap32Bit;
  constexpr uint64_t kLarge = uint64_t{2} << 20;
  EXPECT_EQ(mm.Mmap(p, 0, kLarge, kRead, kLow, nullptr, false, 0),
            In(0x40000000, 0x40200000, 0x40200000));
}

TEST_P(ProfileRules, R1_8_LargeAnonymousMemoryIsAligned) {
  constexpr uint64_t kLarge = uint64_t{2} << 20;
  const int64_t small = mm.Mmap(p, 0, kPage, kRead, kPrivateAnonymous, nullptr, false, 0);
  ASSERT_GT(small, 0);
  const int64_t shared =
      mm.Mmap(p, 0, kLarge, kRead, kMapShared | kMapAnonymous, nullptr, false, 0);
  ASSERT_GT(shared, 0);
  EXPECT_NE(static_cast<uint64_t>(shared) % kLarge, 0U);
  const int64_t odd = mm.Mmap(p, 0, kLarge + kPage, kRead, kPrivateAnonymous, nullptr, false, 0);
  ASSERT_GT(odd, 0);
  EXPECT_NE(static_cast<uint64_t>(odd) % kLarge, 0U);
  const int64_t large = mm.Mmap(p, 0, kLarge, kRead, kPrivateAnonymous, nullptr, false, 0);
  ASSERT_GT(large, 0);
  EXPECT_EQ(static_cast<uint64_t>(large) % kLarge == 0, Since612());
}

TEST_P(ProfileRules, R1_10_StacksHaveNoHugePages) {
  ASSERT_GT(MapAnon(0, 1, kRead, kMapPrivate | kMapStack), 0);
  EXPECT_EQ((FlagsAt(0) & kVmNoHugePage) != 0, Since612());
}

TEST_P(ProfileRules, R1_12_Above4GIsKnownOrNot) {
  FaultsOnly();
  const int64_t result = Map(0, 1, kRead, kMapSharedValidate | kMapAbove4G);
  EXPECT_EQ(result, Since612() ? static_cast<int64_t>(At(0)) : -EOPNOTSUPP);
}

TEST_P(ProfileRules, R1_12_DroppableMemory) {
  const int64_t result = MapAnon(0, 1, kReadWrite, kMapDroppable);
  EXPECT_EQ(result, Since612() ? static_cast<int64_t>(At(0)) : -EINVAL);
  EXPECT_EQ(Map(1, 1, kReadWrite, kMapDroppable), -EINVAL);
  EXPECT_EQ(MapAnon(1, 1, kReadWrite, kMapDroppable | kMapLocked), -EINVAL);
  if (!Since612()) return;
  EXPECT_EQ(FlagsAt(0) & (kVmDroppable | kVmNoReserve | kVmWipeOnFork | kVmDontDump | kVmAccount),
            kVmDroppable | kVmNoReserve | kVmWipeOnFork | kVmDontDump);
  EXPECT_EQ(Advise(0, 1, kAdviseDoDump), -EINVAL);
}

// --- P14 ---

TEST_P(ProfileRules, P14_WhatIsSealedStaysAsItIs) {
  FaultsOnly();
  ASSERT_GT(Map(0, 3, kRead, kMapShared), 0);
  const int64_t sealed = mm.Mseal(p, At(1), kPage, 0);
  if (!Since612()) {
    EXPECT_EQ(sealed, -ENOSYS);
    return;
  }
  ASSERT_EQ(sealed, 0);
  EXPECT_EQ(mm.VmaCount(p), 3U);
  const std::string before = State();
  EXPECT_EQ(Unmap(1, 1), -EPERM);
  EXPECT_EQ(Unmap(0, 3), -EPERM);
  EXPECT_EQ(Map(1, 1, kRead, kMapShared), -EPERM);
  EXPECT_EQ(Protect(1, 1, kReadWrite), -EPERM);
  EXPECT_EQ(Protect(1, 1, kRead), -EPERM);
  EXPECT_EQ(Remap(1, 1, 2, kMremapMayMove), -EPERM);
  EXPECT_EQ(Remap(1, 1, 1, kMremapMayMove | kMremapFixed, 8), -EPERM);
  EXPECT_EQ(Remap(0, 1, 1, kMremapMayMove | kMremapFixed, 1), -EPERM);
  EXPECT_EQ(Advise(1, 1, kAdviseDontNeed), 0);  // of a file: allowed
  EXPECT_EQ(State(), before);
  EXPECT_EQ(Unmap(0, 1), 0);
}

TEST_P(ProfileRules, P14_AnUnmapSplitsBeforeItMeetsTheSeal) {
  if (!Since612()) return;
  FaultsOnly();
  ASSERT_GT(Map(0, 3, kRead, kMapShared), 0);
  ASSERT_EQ(mm.Mseal(p, At(2), kPage, 0), 0);
  EXPECT_EQ(Unmap(1, 2), -EPERM);
  EXPECT_EQ(mm.VmaCount(p), 3U);
  EXPECT_EQ(VmaAt(1).vm_start, At(1));
}

TEST_P(ProfileRules, P14_SealedMemoryThatNobodyCanWriteToIsNotDiscarded) {
  if (!Since612()) return;
  ASSERT_GT(MapAnon(0, 1, kRead, kMapPrivate), 0);
  ASSERT_GT(MapAnon(1, 1, kReadWrite, kMapPrivate), 0);
  ASSERT_EQ(mm.Mseal(p, At(0), 2 * kPage, 0), 0);
  for (const int advice :
       {kAdviseDontNeed, kAdviseFree, kAdviseRemove, kAdviseDontFork, kAdviseWipeOnFork}) {
    EXPECT_EQ(Advise(0, 1, advice), -EPERM) << advice;
    EXPECT_NE(Advise(1, 1, advice), -EPERM) << advice;
  }
  EXPECT_EQ(Advise(0, 1, kAdviseCold), 0);
}

TEST_P(ProfileRules, P14_Arguments) {
  if (!Since612()) return;
  ASSERT_GT(MapAnon(0, 2, kRead, kMapPrivate), 0);
  ASSERT_GT(MapAnon(3, 1, kRead, kMapPrivate), 0);
  const std::string before = State();
  EXPECT_EQ(mm.Mseal(p, At(0), kPage, 1), -EINVAL);
  EXPECT_EQ(mm.Mseal(p, At(0) + 1, kPage, 0), -EINVAL);
  EXPECT_EQ(mm.Mseal(p, At(0), ~uint64_t{0}, 0), -EINVAL);
  EXPECT_EQ(mm.Mseal(p, At(0), ~uint64_t{0} - kPage, 0), -EINVAL);
  EXPECT_EQ(mm.Mseal(p, At(0), 0, 0), 0);
  EXPECT_EQ(mm.Mseal(p, At(0), 4 * kPage, 0), -ENOMEM);  // a hole: nothing is sealed
  EXPECT_EQ(mm.Mseal(p, At(3), 2 * kPage, 0), -ENOMEM);
  EXPECT_EQ(State(), before);
  EXPECT_EQ(mm.Mseal(p, At(0), 2 * kPage, 0), 0);
  EXPECT_EQ(mm.Mseal(p, At(0), 2 * kPage, 0), 0);  // again
}

// --- pages that are inserted ---

TEST_P(ProfileRules, IP2_APageWithoutAReference) {
  driver.mmap = [this](file*, vm_area_struct* vma) {
    page& page = backend.PageAt(kRam);
    page._refcount.counter = 0;
    EXPECT_EQ(mm.VmInsertPage(vma, vma->vm_start, &page), -EINVAL);
    page._refcount.counter = 1;
    return 0;
  };
  ASSERT_GT(Map(0, 1, kRead, kMapShared), 0);
  EXPECT_EQ((FlagsAt(0) & kVmMixedMap) != 0, Since612());
}

TEST_P(ProfileRules, P18_InsertPagesOnAPfnMap) {
  int error = 1;
  driver.mmap = [&](file*, vm_area_struct* vma) {
    vma->vm_flags |= kVmPfnMap;
    page* pages[] = {&backend.PageAt(kRam)};
    unsigned long count = 1;
    error = mm.VmInsertPages(vma, vma->vm_start, pages, &count);
    return 0;
  };
  Map(0, 1, kRead, kMapShared);
  EXPECT_EQ(Trapped(), !Since703());
  if (Since703()) {
    EXPECT_EQ(error, 0);
  }
  TakeVerdict();
}

TEST_P(ProfileRules, P18_InsertPageOnAPfnMapIsABug) {
  driver.mmap = [&](file*, vm_area_struct* vma) {
    vma->vm_flags |= kVmPfnMap;
    return mm.VmInsertPage(vma, vma->vm_start, &backend.PageAt(kRam));
  };
  Map(0, 1, kRead, kMapShared);
  EXPECT_TRUE(Trapped());
  TakeVerdict();
}

TEST_P(ProfileRules, FM1_MixedWhereItMayNot) {
  FaultsOnly();
  vm_fault_t code = 0;
  driver.fault = [&](vm_fault* vmf) {
    return code = mm.VmfInsertMixed(vmf->vma, vmf->address, kRam.value, vmf->vma->vm_page_prot,
                                    /*mkwrite=*/false);
  };
  ASSERT_GT(Map(0, 1, kRead, kMapShared), 0);
  const std::string loaded = Load(0);
  EXPECT_EQ(loaded, Since612() ? "BUS_ADRERR" : "trap");
  if (Since612()) {
    EXPECT_EQ(code, kFaultCodeSigbus);
  }
  TakeVerdict();
}

TEST_P(ProfileRules, P16_TheFlagOfASpecialFrame) {
  constexpr uint64_t kSpecial = uint64_t{1} << 59;
  FaultsOnly();
  driver.fault = [&](vm_fault* vmf) {
    return mm.VmfInsertMixed(vmf->vma, vmf->address, kRam.value | kSpecial, vmf->vma->vm_page_prot,
                             /*mkwrite=*/false);
  };
  ASSERT_GT(Map(0, 1, kRead, kMapShared), 0);
  EXPECT_EQ(Load(0), Since703() ? "BUS_ADRERR" : "");
}

// --- mremap, mprotect, madvise ---

TEST_P(ProfileRules, P9_GrowthInPlaceWithClose) {
  InsertsPages();
  UseOps({"close"});
  ASSERT_GT(Map(0, 2, kRead, kMapShared), 0);
  EXPECT_EQ(Remap(0, 2, 3, 0), Since612() ? -ENOMEM : static_cast<int64_t>(At(0)));
}

TEST_P(ProfileRules, P9_AnOrdinaryMappingWithCloseGrows) {
  FaultsOnly();
  UseOps({"close"});
  ASSERT_GT(Map(0, 2, kRead, kMapShared), 0);
  EXPECT_EQ(Remap(0, 2, 3, 0), static_cast<int64_t>(At(0)));
  EXPECT_EQ(mm.VmaCount(p), 1U);
  EXPECT_EQ(Load(2), "");
}

TEST_P(ProfileRules, RM6_ARefusedMoveAndItsTarget) {
  MapsFrom(kRam);
  ASSERT_GT(Map(0, 2, kRead, kMapShared), 0);
  ASSERT_GT(MapAnon(8, 4, kRead, kMapPrivate), 0);
  EXPECT_EQ(Remap(0, 2, 3, kMremapMayMove | kMremapFixed, 8), -EFAULT);  // may not grow
  EXPECT_EQ(Load(8), Since703() ? "" : "SEGV_MAPERR");
  EXPECT_EQ(Load(11), "");
}

TEST_P(ProfileRules, RM6_TheArgumentsOfAMoveFromNowhere) {
  EXPECT_EQ(mm.Mremap(p, At(0), kPage, kPage, kMremapMayMove | kMremapFixed, At(4) + 1),
            Since703() ? -EINVAL : -EFAULT);
  EXPECT_EQ(mm.Mremap(p, At(0), kPage, uint64_t{1} << 60, kMremapMayMove, 0),
            Since703() ? -EINVAL : -EFAULT);
}

TEST_P(ProfileRules, RM6_LengthsThatAreEqualInPages) {
  ASSERT_GT(MapAnon(0, 1, kRead, kMapPrivate), 0);
  const int64_t moved = mm.Mremap(p, At(0), kPage, kPage - 1, kMremapMayMove | kMremapDontUnmap, 0);
  EXPECT_EQ(moved == -EINVAL, !Since703());
}

TEST_P(ProfileRules, P15_AMoveOfSeveralMappings) {
  FaultsOnly();
  ASSERT_GT(Map(0, 2, kRead, kMapShared, 0), 0);
  ASSERT_GT(Map(3, 1, kRead, kMapShared, 7), 0);  // a hole between them
  const int64_t moved = Remap(0, 4, 4, kMremapMayMove | kMremapFixed, 8);
  if (!Since703()) {
    EXPECT_EQ(moved, -EFAULT);
    EXPECT_EQ(mm.VmaCount(p), 2U);
    return;
  }
  EXPECT_EQ(moved, static_cast<int64_t>(At(8)));
  EXPECT_EQ(Maps(),
            "108000-10a000 r--s 00000000 /dev/t0 rd sh mr mw me ms sd\n"
            "10b000-10c000 r--s 00007000 /dev/t0 rd sh mr mw me ms sd\n");
}

TEST_P(ProfileRules, P15_AHoleAtTheStartAndADriverThatChoosesThePlace) {
  FaultsOnly();
  ASSERT_GT(Map(1, 1, kRead, kMapShared, 0), 0);
  ASSERT_GT(Map(2, 1, kRead, kMapShared, 7), 0);
  EXPECT_EQ(Remap(0, 3, 3, kMremapMayMove | kMremapFixed, 8), -EFAULT);
  UseOps({"get_unmapped_area"});
  driver.get_unmapped_area = [](uint64_t address, uint64_t, uint64_t, uint64_t) { return address; };
  EXPECT_EQ(Remap(1, 2, 2, kMremapMayMove | kMremapFixed, 8), -EFAULT);
  EXPECT_EQ(Load(1), "");
  EXPECT_EQ(Load(2), "");
  EXPECT_EQ(Remap(1, 1, 1, kMremapMayMove | kMremapFixed, 8), static_cast<int64_t>(At(8)));
}

TEST_P(ProfileRules, P15_WhatWasMovedBeforeAnErrorStaysMoved) {
  FaultsOnly();
  ASSERT_GT(Map(0, 1, kRead, kMapShared, 0), 0);
  ASSERT_GT(Map(1, 1, kRead, kMapShared, 7), 0);
  UseOps({"mremap"});
  driver.mremap = [](vm_area_struct* vma) { return vma->vm_pgoff == 7 ? -EIO : 0; };
  const int64_t moved = Remap(0, 2, 2, kMremapMayMove | kMremapFixed, 8);
  EXPECT_EQ(moved, Since703() ? -EIO : -EFAULT);
  EXPECT_EQ(Load(8), Since703() ? "" : "SEGV_MAPERR");
  EXPECT_EQ(Load(9), "SEGV_MAPERR");
  EXPECT_EQ(Load(1), "");
}

TEST_P(ProfileRules, MPR5_UntouchedMemoryThatIsNotWritableAnyMore) {
  ASSERT_GT(MapAnon(0, 1, kReadWrite, kMapPrivate), 0);
  ASSERT_GT(MapAnon(4, 1, kReadWrite, kMapPrivate), 0);
  ASSERT_EQ(Store(4, 'x'), "");
  ASSERT_EQ(Protect(0, 1, kRead), 0);
  ASSERT_EQ(Protect(4, 1, kRead), 0);
  EXPECT_EQ((FlagsAt(0) & kVmAccount) != 0, !Since612());
  EXPECT_NE(FlagsAt(4) & kVmAccount, 0U);
  ASSERT_EQ(Protect(0, 1, kReadWrite), 0);
  EXPECT_NE(FlagsAt(0) & kVmAccount, 0U);
}

TEST_P(ProfileRules, MA4_PopulateAndAHole) {
  FaultsOnly();
  ASSERT_GT(Map(0, 1, kRead, kMapShared, 0), 0);
  ASSERT_GT(Map(2, 1, kRead, kMapShared, 7), 0);
  EXPECT_EQ(Advise(0, 3, kAdvisePopulateRead), -ENOMEM);
  EXPECT_NE(Entry(0), nullptr);
  EXPECT_EQ(Entry(2) != nullptr, !Since612());
}

TEST_P(ProfileRules, FK1_DoForkOfAMixedMap) {
  InsertsPages();
  ASSERT_GT(Map(0, 1, kRead, kMapShared), 0);
  EXPECT_EQ(Advise(0, 1, kAdviseDoFork), In(0, 0, -EINVAL));
}

TEST_P(ProfileRules, AN1_PagesJoinWhatHasNone) {
  ASSERT_GT(MapAnon(0, 2, kReadWrite, kMapPrivate), 0);
  ASSERT_EQ(mm.Mlock(p, At(0), kPage), 0);
  ASSERT_EQ(mm.Munlock(p, At(0), kPage), 0);
  EXPECT_EQ(mm.VmaCount(p), GetParam() == 703 ? 1U : 2U);
  ASSERT_EQ(Store(1, 'x'), "");
}

TEST_P(ProfileRules, MPR3_ACleanPrivatePageMadeWritable) {
  constexpr int kFree = 8;
  ASSERT_GT(
      mm.Mmap(p, At(0), 2 * kPage, kReadWrite, kPrivateAnonymous | kMapFixed, nullptr, false, 0),
      0);
  ASSERT_EQ(Store(0, 'x'), "");
  ASSERT_EQ(mm.Madvise(p, At(0), kPage, kFree), 0);
  ASSERT_EQ(mm.Mprotect(p, At(0), 2 * kPage, kRead), 0);
  ASSERT_EQ(Load(1), "") << "the page of zeroes";
  ASSERT_EQ(mm.Mprotect(p, At(0), 2 * kPage, kReadWrite), 0);
  EXPECT_EQ(Entry(0)->bits.write, In(0, 1, 1));
  EXPECT_EQ(Entry(0)->bits.dirty, 0);
  EXPECT_EQ(Entry(1)->bits.write, 0);
}

TEST_P(ProfileRules, MC1_MincoreOfAPfnMap) {
  MapsFrom(kRam);
  ASSERT_GT(Map(0, 1, kRead, kMapShared), 0);
  uint8_t resident = 7;
  ASSERT_EQ(mm.Mincore(p, At(0), kPage, &resident), 0);
  EXPECT_EQ(resident, GetParam() == 703 ? 1 : 0);
}

TEST_P(ProfileRules, AC3_GenericAccessBeyondItsPageAndOfRam) {
  UseOps({"access"});
  int most = 0;
  driver.access = [&](vm_area_struct* vma, uint64_t address, void* buffer, int size_bytes,
                      int write) {
    const int done = mm.GenericAccessPhys(vma, address, buffer, size_bytes, write);
    most = done > most || done < 0 ? done : most;
    return done;
  };
  MapsFrom(kBar);
  ASSERT_GT(Map(0, 2, kRead, kMapShared), 0);
  char bytes[8] = {};
  EXPECT_EQ(mm.ProcMem(p, At(1) - 2, bytes, nullptr, 8), 8);
  EXPECT_EQ(bytes[2], 'b');
  EXPECT_EQ(most, GetParam() == 703 ? 6 : 8);
  MapsFrom(kRam);
  ASSERT_GT(Map(4, 1, kRead, kMapShared), 0);
  EXPECT_EQ(mm.ProcMem(p, At(4), bytes, nullptr, 8), -EIO);
  EXPECT_EQ(most, GetParam() == 703 ? -EINVAL : -ENOMEM);
  EXPECT_EQ(TakeVerdict().empty(), GetParam() == 703);
}

TEST_P(ProfileRules, AC1_MemOfWhatHasNoPermission) {
  ASSERT_GT(MapAnon(0, 1, kRead, kMapPrivate), 0);
  EXPECT_EQ(mm.ProcMem(p, At(0), nullptr, "x", 1), In(1, 1, -EIO));
}

}  // namespace
}  // namespace drydock::kernel
