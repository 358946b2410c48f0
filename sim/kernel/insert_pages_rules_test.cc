// vm_insert_pages(), remap_vmalloc_range(), vmf_insert_mixed(): docs/mmap-rules.md section 4 (IPS,
// VR, FM).
#include <cerrno>

#include "sim/kernel/mm_testing.h"

namespace drydock::kernel {
namespace {

using Fake = FakeBackend;
constexpr hw::Pfn kRam = Fake::kRam;
constexpr hw::Pfn kBar = Fake::kBar;

class InsertPagesRules : public MmTest {
 protected:
  // ->mmap that inserts `count` pages from ram+0 on at `at` bytes from vm_start.
  void Inserts(int64_t at, unsigned long count) {
    driver.mmap = [=, this](file*, vm_area_struct* vma) {
      page* pages[8];
      for (uint64_t i = 0; i < 8; ++i) pages[i] = &backend.PageAt(kRam + i);
      left_ = count;
      return mm.VmInsertPages(vma, vma->vm_start + static_cast<uint64_t>(at), pages, &left_);
    };
  }
  int Count(hw::Pfn pfn) { return backend.PageAt(pfn)._refcount.counter; }
  unsigned long left_ = 0;
};

TEST_F(InsertPagesRules, IPS1_AnEndBeyondTheVmaIsEfaultAndNothingIsInserted) {
  Inserts(0, 4);
  EXPECT_EQ(Map(0, 3, kRead, kMapShared), -EFAULT);
  EXPECT_EQ(left_, 4U);
  EXPECT_EQ(Count(kRam), 1);
}

TEST_F(InsertPagesRules, IPS1_AStartBeforeTheVmaIsEfault) {
  Inserts(-static_cast<int64_t>(kPage), 2);
  EXPECT_EQ(Map(1, 3, kRead, kMapShared), -EFAULT);
  EXPECT_EQ(Count(kRam), 1);
}

TEST_F(InsertPagesRules, IPS2_AllPagesAreInsertedAndNoneIsLeft) {
  Inserts(0, 3);
  ASSERT_GT(Map(0, 3, kReadWrite, kMapShared), 0);
  EXPECT_EQ(left_, 0U);
  EXPECT_EQ(Maps(),
            "100000-103000 rw-s 00000000 /dev/t0 rd wr sh mr mw me ms sd mm\n"
            "  +0 3 pages ram+0 WB rw- accessed\n");
  EXPECT_EQ(Count(kRam + 2), 2);
}

TEST_F(InsertPagesRules, IPS2_WhatCameBeforeAPageThatIsMappedStays) {
  driver.mmap = [this](file*, vm_area_struct* vma) {
    EXPECT_EQ(mm.VmInsertPage(vma, vma->vm_start + kPage, &backend.PageAt(kRam + 9)), 0);
    page* pages[] = {&backend.PageAt(kRam), &backend.PageAt(kRam + 1), &backend.PageAt(kRam + 2)};
    left_ = 3;
    EXPECT_EQ(mm.VmInsertPages(vma, vma->vm_start, pages, &left_), -EBUSY);
    return 0;
  };
  ASSERT_GT(Map(0, 3, kRead, kMapShared), 0);
  EXPECT_EQ(left_, 2U);
  EXPECT_EQ(LoadByte(0), 'A');
  EXPECT_EQ(LoadByte(1), 'J');
  EXPECT_EQ(Load(2), "BUS_ADRERR");
  EXPECT_EQ(Count(kRam + 1), 1);
}

TEST_F(InsertPagesRules, IPS3_TheCountIsLookedAtPageByPage) {
  Inserts(0, 3);
  backend.PageAt(kRam + 1)._refcount.counter = 0;
  EXPECT_EQ(Map(0, 3, kRead, kMapShared), -EINVAL);
  EXPECT_EQ(left_, 2U);
  EXPECT_EQ(Count(kRam), 1);  // the failed mmap is undone
  backend.PageAt(kRam + 1)._refcount.counter = 1;
}

TEST_F(InsertPagesRules, IPS3_NoPageTableIsEnomem) {
  Inserts(0, 3);
  backend.FailAt(3);  // the VMA, page 0, page 1
  EXPECT_EQ(Map(0, 3, kRead, kMapShared), -ENOMEM);
  EXPECT_EQ(left_, 2U);
}

TEST_F(InsertPagesRules, IP3_OnAPfnMapIsABug) {
  driver.mmap = [this](file*, vm_area_struct* vma) {
    vma->vm_flags |= kVmPfnMap;
    page* pages[] = {&backend.PageAt(kRam)};
    left_ = 1;
    return mm.VmInsertPages(vma, vma->vm_start, pages, &left_);
  };
  Map(0, 1, kRead, kMapShared);
  EXPECT_EQ(TakeVerdict(), "C27 vm_insert_pages on a VM_PFNMAP mapping: BUG");
}

// --- remap_vmalloc_range ---

class VmallocRangeRules : public MmTest {
 protected:
  void Remaps(const void* address) {
    driver.mmap = [=, this](file*, vm_area_struct* vma) {
      return mm.RemapVmallocRange(vma, const_cast<void*>(address), vma->vm_pgoff);
    };
  }
};

TEST_F(VmallocRangeRules, VR1_WhatFits) {
  Remaps(Fake::AreaPage(0));
  EXPECT_GT(Map(0, 8, kRead, kMapShared), 0);
  EXPECT_GT(Map(16, 1, kRead, kMapShared, 7), 0);
}

TEST_F(VmallocRangeRules, VR1_ARangePastTheAreaIsEinval) {
  Remaps(Fake::AreaPage(0));
  EXPECT_EQ(Map(0, 9, kRead, kMapShared), -EINVAL);
  EXPECT_EQ(Map(0, 8, kRead, kMapShared, 1), -EINVAL);
  EXPECT_EQ(Map(0, 1, kRead, kMapShared, 8), -EINVAL);
}

TEST_F(VmallocRangeRules, VR1_AnOffsetThatOverflowsIsEinval) {
  driver.mmap = [this](file*, vm_area_struct* vma) {
    void* area = const_cast<void*>(Fake::AreaPage(0));
    EXPECT_EQ(mm.RemapVmallocRange(vma, area, 1UL << 52), -EINVAL);
    return mm.RemapVmallocRange(vma, area, (1UL << 52) - 1);
  };
  EXPECT_EQ(Map(0, 1, kRead, kMapShared), -EINVAL);
}

TEST_F(VmallocRangeRules, VR1_AnUnalignedAddressIsEinval) {
  Remaps(static_cast<const char*>(Fake::AreaPage(0)) + 16);
  EXPECT_EQ(Map(0, 1, kRead, kMapShared), -EINVAL);
}

TEST_F(VmallocRangeRules, VR1_MemoryThatIsNotVmallocsIsEinval) {
  Remaps(Fake::AreaPage(8));
  EXPECT_EQ(Map(0, 1, kRead, kMapShared), -EINVAL);
}

TEST_F(VmallocRangeRules, VR1_PlainVmallocIsEinval) {
  backend.area_is_for_user = false;
  Remaps(Fake::AreaPage(0));
  EXPECT_EQ(Map(0, 1, kRead, kMapShared), -EINVAL);
}

TEST_F(VmallocRangeRules, VR2_FlagsAndFrames) {
  Remaps(Fake::AreaPage(0));
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared, 1), 0);
  EXPECT_EQ(Maps(),
            "100000-102000 rw-s 00001000 /dev/t0 rd wr sh mr mw me ms de dd sd mm\n"
            "  +0 1 page ram+38 WB rw- accessed\n"
            "  +1 1 page ram+36 WB rw- accessed\n");
  ASSERT_EQ(Unmap(0, 2), 0);
}

TEST_F(VmallocRangeRules, VR2_AFailedInsertionIsReturnedAndSetsNeitherFlag) {
  driver.mmap = [this](file*, vm_area_struct* vma) {
    EXPECT_EQ(mm.RemapVmallocRange(vma, const_cast<void*>(Fake::AreaPage(0)), 0), -ENOMEM);
    return 0;
  };
  backend.FailAt(3);  // the VMA, page 0, page 1
  ASSERT_GT(Map(0, 2, kRead, kMapShared), 0);
  EXPECT_EQ(FlagsAt(0) & (kVmDontExpand | kVmDontDump), 0U);
  EXPECT_EQ(LoadByte(0), static_cast<char>('A' + 40 % 26));
  EXPECT_EQ(Load(1), "BUS_ADRERR");
}

TEST_F(VmallocRangeRules, VR3_AnAddressInsideTheAreaMovesTheEndOut) {
  Remaps(Fake::AreaPage(4));
  EXPECT_GT(Map(0, 4, kRead, kMapShared), 0);
  Map(16, 5, kRead, kMapShared);  // the bound allows 8
  EXPECT_TRUE(Trapped());
  EXPECT_EQ(TakeVerdict(),
            "C2 remap_vmalloc_range: page 4 from the address given is behind the area");
}

// --- vmf_insert_mixed ---

class InsertMixedRules : public MmTest {
 protected:
  static constexpr uint64_t kDev = uint64_t{1} << 61, kMap = uint64_t{1} << 60,
                            kSpecial = uint64_t{1} << 59;

  void Inserts(uint64_t flags, uint64_t pfn, bool mkwrite = false) {
    UseOps({"fault"});
    driver.mmap = [=, this](file*, vm_area_struct* vma) {
      vma->vm_ops = &driver.ops;
      vma->vm_flags |= flags;
      return 0;
    };
    driver.fault = [=, this](vm_fault* vmf) {
      return mm.VmfInsertMixed(vmf->vma, vmf->address, pfn, vmf->vma->vm_page_prot, mkwrite);
    };
  }
};

TEST_F(InsertMixedRules, FM1_WithoutMixedMapIsABug) {
  for (const uint64_t flags : {uint64_t{0}, kVmPfnMap}) {
    Inserts(flags, kRam.value);
    ASSERT_GT(Map(0, 1, kRead, kMapShared), 0);
    EXPECT_EQ(Load(0), "trap");
    EXPECT_EQ(TakeVerdict(), "C27 vmf_insert_mixed on a VMA without VM_MIXEDMAP: BUG");
  }
}

TEST_F(InsertMixedRules, FM1_SpecialAndDeviceFramesNeedNoMixedMap) {
  Inserts(0, kRam.value | kSpecial);
  ASSERT_GT(Map(0, 1, kRead, kMapShared), 0);
  EXPECT_EQ(Load(0), "");
  Inserts(0, kRam.value | kDev | kMap);
  ASSERT_GT(Map(2, 1, kRead, kMapShared), 0);
  EXPECT_EQ(Load(2), "");
  Inserts(0, kRam.value | kDev);
  ASSERT_GT(Map(4, 1, kRead, kMapShared), 0);
  EXPECT_EQ(Load(4), "trap");
  TakeVerdict();
}

TEST_F(InsertMixedRules, FM1_ACopyOfTheVmaIsABug) {
  Inserts(kVmMixedMap, kRam.value);
  driver.fault = [this](vm_fault* vmf) {
    vm_area_struct copy = *vmf->vma;
    return mm.VmfInsertMixed(&copy, vmf->address, kRam.value, copy.vm_page_prot, false);
  };
  ASSERT_GT(Map(0, 1, kRead, kMapShared), 0);
  EXPECT_EQ(Load(0), "trap");
  EXPECT_EQ(TakeVerdict(), "C28 vmf_insert_mixed on a copy of a VMA, or a stale one: BUG");
}

TEST_F(InsertMixedRules, FM2_OutsideTheVmaIsSigbus) {
  Inserts(kVmMixedMap, kRam.value);
  driver.fault = [this](vm_fault* vmf) {
    return mm.VmfInsertMixed(vmf->vma, vmf->vma->vm_end, kRam.value, vmf->vma->vm_page_prot, false);
  };
  ASSERT_GT(Map(0, 1, kRead, kMapShared), 0);
  EXPECT_EQ(Load(0), "BUS_ADRERR");
}

TEST_F(InsertMixedRules, FM3_TheEntryIsSpecialAndHoldsNoReference) {
  Inserts(kVmMixedMap, (kRam + 5).value);
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
  ASSERT_EQ(Load(0), "");
  EXPECT_EQ(Maps(),
            "100000-101000 rw-s 00000000 /dev/t0 rd wr sh mr mw me ms sd mm\n"
            "  +0 1 page ram+5 WB rw- special accessed\n");
  EXPECT_EQ(backend.PageAt(kRam + 5)._refcount.counter, 1);
}

TEST_F(InsertMixedRules, FM3_CacheBitsComeFromTheRegister) {
  Inserts(kVmMixedMap, kBar.value);
  ASSERT_GT(Map(0, 1, kRead, kMapShared), 0);
  ASSERT_EQ(Load(0), "");
  EXPECT_EQ(Entry(0)->bits.cache, hw::CacheType::kUncachedMinus);
}

TEST_F(InsertMixedRules, FM3_AnExistingEntryIsLeftUntouched) {
  Inserts(kVmMixedMap, kRam.value);
  driver.fault = [this](vm_fault* vmf) {
    const pgprot_t prot = vmf->vma->vm_page_prot;
    mm.VmfInsertMixed(vmf->vma, vmf->address, kRam.value, prot, false);
    return mm.VmfInsertMixed(vmf->vma, vmf->address, kRam.value + 1, prot, true);
  };
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
  EXPECT_EQ(LoadByte(0), 'A');
  EXPECT_EQ(Entry(0)->bits.dirty, 0);
}

TEST_F(InsertMixedRules, FM4_MkwriteMakesTheEntryDirtyAndWritable) {
  UseOps({"fault", "pfn_mkwrite"});
  driver.mmap = [this](file*, vm_area_struct* vma) {
    vma->vm_ops = &driver.ops;
    vma->vm_flags |= kVmMixedMap;
    return 0;
  };
  driver.fault = [this](vm_fault* vmf) {
    return mm.VmfInsertMixed(vmf->vma, vmf->address, kRam.value, vmf->vma->vm_page_prot, false);
  };
  driver.pfn_mkwrite = [this](vm_fault* vmf) {
    return mm.VmfInsertMixed(vmf->vma, vmf->address, kRam.value, vmf->vma->vm_page_prot, true);
  };
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
  ASSERT_EQ(Load(0), "");
  EXPECT_EQ(Entry(0)->bits.write, 0);  // MR13
  EXPECT_EQ(Store(0, 'x'), "");
  EXPECT_EQ(Entry(0)->bits.write, 1);
  EXPECT_EQ(Entry(0)->bits.dirty, 1);
  EXPECT_EQ(backend.Bytes(kRam)[0], 'x');
}

TEST_F(InsertMixedRules, FM4_AReadOnlyMappingStaysReadOnly) {
  Inserts(kVmMixedMap, kRam.value, /*mkwrite=*/true);
  ASSERT_GT(Map(0, 1, kRead, kMapShared), 0);
  ASSERT_EQ(Load(0), "");
  EXPECT_EQ(Entry(0)->bits.write, 0);
  EXPECT_EQ(Entry(0)->bits.dirty, 1);
}

// --- unmap_mapping_pages ---

class UnmapMappingRules : public MmTest {
 protected:
  void UnmapPages(unsigned long start, unsigned long count, int even_cows = 0) {
    mm.UnmapMappingPages(rw().f_mapping, start, count, even_cows);
  }
};

TEST_F(UnmapMappingRules, UM1_ByOffsetInEachMappingOfTheFile) {
  FaultsOnly();
  ASSERT_GT(Map(0, 4, kRead, kMapShared, 2), 0);
  ASSERT_GT(MapFile(second(), 16, 4, kRead, kMapShared, 4), 0);
  for (const uint64_t page : {0, 1, 2, 3, 16, 17}) ASSERT_EQ(Load(page), "");
  UnmapPages(4, 1);
  EXPECT_NE(Entry(1), nullptr);
  EXPECT_EQ(Entry(2), nullptr);
  EXPECT_NE(Entry(3), nullptr);
  EXPECT_EQ(Entry(16), nullptr);
  EXPECT_NE(Entry(17), nullptr);
  EXPECT_EQ(Load(2), "");  // asks ->fault again
}

TEST_F(UnmapMappingRules, UM2_ACountOfZeroOrOneThatWrapsIsToTheEnd) {
  FaultsOnly();
  for (const unsigned long count : {0UL, ~0UL}) {
    ASSERT_GT(Map(0, 3, kRead, kMapShared), 0);
    for (const uint64_t page : {0, 1, 2}) ASSERT_EQ(Load(page), "");
    UnmapPages(1, count);
    EXPECT_NE(Entry(0), nullptr);
    EXPECT_EQ(Entry(1), nullptr);
    EXPECT_EQ(Entry(2), nullptr);
  }
}

TEST_F(UnmapMappingRules, UM3_PrivateCopiesStayUnlessAskedFor) {
  FaultsOnly();
  ASSERT_GT(Map(0, 1, kReadWrite, kMapPrivate), 0);
  ASSERT_EQ(Store(0, 'x'), "");
  UnmapPages(0, 1, 0);
  EXPECT_NE(Entry(0), nullptr);
  UnmapPages(0, 1, 1);
  EXPECT_EQ(Entry(0), nullptr);
}

TEST_F(UnmapMappingRules, UM1_AnotherMappingIsLeftAlone) {
  FaultsOnly();
  ASSERT_GT(Map(0, 1, kRead, kMapShared), 0);
  ASSERT_EQ(Load(0), "");
  address_space other{};
  mm.UnmapMappingPages(&other, 0, 0, 1);
  EXPECT_NE(Entry(0), nullptr);
}

}  // namespace
}  // namespace drydock::kernel
