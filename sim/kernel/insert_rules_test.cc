// vm_insert_page(), vmf_insert_pfn(): docs/mmap-rules.md section 4 (IP, FI).
#include <cerrno>

#include "sim/kernel/mm_testing.h"

namespace drydock::kernel {
namespace {

using Fake = FakeBackend;
constexpr hw::Pfn kRam = Fake::kRam;
constexpr hw::Pfn kBar = Fake::kBar;

class InsertRules : public MmTest {
 protected:
  // ->mmap that inserts this page at `at` bytes from vm_start.
  void Inserts(int64_t at, hw::Pfn pfn) {
    driver.mmap = [=, this](file*, vm_area_struct* vma) {
      return mm.VmInsertPage(vma, vma->vm_start + static_cast<uint64_t>(at), &backend.PageAt(pfn));
    };
  }
  int Count(hw::Pfn pfn) { return backend.PageAt(pfn)._refcount.counter; }
};

TEST_F(InsertRules, IP1_AddressOutsideTheVmaIsEfault) {
  Inserts(2 * kPage, kRam);
  EXPECT_EQ(Map(1, 2, kRead, kMapShared), -EFAULT);
  Inserts(-1, kRam);
  EXPECT_EQ(Map(1, 2, kRead, kMapShared), -EFAULT);
  EXPECT_EQ(Count(kRam), 1);
}

TEST_F(InsertRules, IP1_ComesBeforeTheCount) {
  backend.PageAt(kRam)._refcount.counter = 0;
  Inserts(kPage, kRam);
  EXPECT_EQ(Map(0, 1, kRead, kMapShared), -EFAULT);
  backend.PageAt(kRam)._refcount.counter = 1;
}

TEST_F(InsertRules, IP2_FreePageIsEinvalBeforeFlagsChange) {
  driver.mmap = [this](file*, vm_area_struct* vma) {
    backend.PageAt(kRam)._refcount.counter = 0;
    EXPECT_EQ(mm.VmInsertPage(vma, vma->vm_start, &backend.PageAt(kRam)), -EINVAL);
    backend.PageAt(kRam)._refcount.counter = 1;
    return 0;
  };
  ASSERT_GT(Map(0, 1, kRead, kMapShared), 0);
  EXPECT_EQ(FlagsAt(0) & kVmMixedMap, 0U);
}

TEST_F(InsertRules, IP3_OnAPfnMapIsABug) {
  driver.mmap = [this](file*, vm_area_struct* vma) {
    vma->vm_flags |= kVmPfnMap;
    return mm.VmInsertPage(vma, vma->vm_start, &backend.PageAt(kRam));
  };
  Map(0, 1, kRead, kMapShared);
  EXPECT_TRUE(Trapped());
  EXPECT_EQ(TakeVerdict(), "C27 vm_insert_page on a VM_PFNMAP mapping: BUG");
}

TEST_F(InsertRules, IP3_InAFaultWithoutMixedMapIsABug) {
  FaultsOnly();
  driver.fault = [this](vm_fault* vmf) {
    mm.VmInsertPage(vmf->vma, vmf->address, &backend.PageAt(kRam));
    return kFaultCodeNoPage;
  };
  ASSERT_GT(Map(0, 1, kRead, kMapShared), 0);
  EXPECT_EQ(Load(0), "trap");
  EXPECT_EQ(TakeVerdict(), "C27 vm_insert_page in ->fault on a VMA without VM_MIXEDMAP: BUG");
}

TEST_F(InsertRules, IP3_WithoutTheLockIsABug) {
  FaultsOnly();
  ASSERT_GT(Map(0, 1, kRead, kMapShared), 0);
  auto* vma = const_cast<vm_area_struct*>(&VmaAt(0));
  EXPECT_EQ(mm.VmInsertPage(vma, At(0), &backend.PageAt(kRam)), -EINVAL);  // as from an ioctl
  EXPECT_TRUE(Trapped());
  EXPECT_EQ(
      TakeVerdict(),
      "C27 vm_insert_page without mmap_lock held for writing on a VMA without VM_MIXEDMAP: BUG");
}

TEST_F(InsertRules, IP3_InAFaultWithMixedMapPresetWorks) {
  FaultsOnly();
  driver.mmap = [this](file*, vm_area_struct* vma) {
    vma->vm_ops = &driver.ops;
    vma->vm_flags |= kVmMixedMap;
    return 0;
  };
  driver.fault = [this](vm_fault* vmf) {
    EXPECT_EQ(mm.VmInsertPage(vmf->vma, vmf->address, &backend.PageAt(kRam + 3)), 0);
    return kFaultCodeNoPage;
  };
  ASSERT_GT(Map(0, 1, kRead, kMapShared), 0);
  EXPECT_EQ(LoadByte(0), 'D');
}

TEST_F(InsertRules, IP4_SlabPageIsEinvalAndTheFlagStays) {
  driver.mmap = [this](file*, vm_area_struct* vma) {
    EXPECT_EQ(mm.VmInsertPage(vma, vma->vm_start, &backend.PageAt(Fake::kSlab)), -EINVAL);
    return 0;
  };
  ASSERT_GT(Map(0, 1, kRead, kMapShared), 0);
  EXPECT_NE(FlagsAt(0) & kVmMixedMap, 0U);
  EXPECT_EQ(Count(Fake::kSlab), 1);
}

TEST_F(InsertRules, IP5_PresentEntryIsEbusyAndTheFirstPageStays) {
  driver.mmap = [this](file*, vm_area_struct* vma) {
    EXPECT_EQ(mm.VmInsertPage(vma, vma->vm_start, &backend.PageAt(kRam)), 0);
    EXPECT_EQ(mm.VmInsertPage(vma, vma->vm_start + 8, &backend.PageAt(kRam + 1)), -EBUSY);
    return 0;
  };
  ASSERT_GT(Map(0, 1, kRead, kMapShared), 0);
  EXPECT_EQ(LoadByte(0), 'A');
  EXPECT_EQ(Count(kRam), 2);
  EXPECT_EQ(Count(kRam + 1), 1);
}

TEST_F(InsertRules, IP6_NoPageTableIsEnomemAndTakesNoReference) {
  Inserts(0, kRam);
  backend.FailAt(2);
  EXPECT_EQ(Map(0, 1, kRead, kMapShared), -ENOMEM);
  EXPECT_EQ(Count(kRam), 1);
}

TEST_F(InsertRules, IP7_TheReferenceIsDroppedAtUnmap) {
  InsertsPages();
  ASSERT_GT(Map(0, 3, kReadWrite, kMapShared), 0);
  EXPECT_EQ(Count(kRam + 1), 2);
  ASSERT_EQ(Unmap(1, 1), 0);
  EXPECT_EQ(Count(kRam + 1), 1);
  EXPECT_EQ(Count(kRam), 2);
}

TEST_F(InsertRules, IP8_ProtectionIsTheVmas) {
  driver.mmap = [this](file*, vm_area_struct* vma) {
    vma->vm_page_prot.pgprot |= 0x10;
    return mm.VmInsertPage(vma, vma->vm_start, &backend.PageAt(kRam));
  };
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
  EXPECT_EQ(Maps(),
            "100000-101000 rw-s 00000000 /dev/t0 rd wr sh mr mw me ms sd mm\n"
            "  +0 1 page ram+0 UC- rw- accessed\n");
}

TEST_F(InsertRules, IP8_PrivateIsReadOnlyAndCopiesOnWrite) {
  InsertsPages();
  ASSERT_GT(Map(0, 1, kReadWrite, kMapPrivate), 0);
  EXPECT_EQ(Entry(0)->bits.write, 0);
  EXPECT_EQ(Store(0, 'x'), "");
  EXPECT_EQ(LoadByte(0), 'x');
  EXPECT_EQ(backend.Bytes(kRam)[0], 'A');
  EXPECT_EQ(Count(kRam), 1);
}

TEST_F(InsertRules, IP9_OnlyMixedMapIsAdded) {
  InsertsPages();
  ASSERT_GT(Map(0, 2, kRead, kMapShared, 4), 0);
  EXPECT_EQ(Maps(),
            "100000-102000 r--s 00004000 /dev/t0 rd sh mr mw me ms sd mm\n"
            "  +0 2 pages ram+0 WB r-- accessed\n");
}

// --- vmf_insert_pfn ---

class InsertPfnRules : public MmTest {
 protected:
  // A mapping with these flags added; ->fault inserts `pfn` at the faulting address and tells its
  // code.
  void Inserts(uint64_t flags, hw::Pfn pfn, uint64_t cache = 0) {
    UseOps({"fault"});
    driver.mmap = [=, this](file*, vm_area_struct* vma) {
      vma->vm_ops = &driver.ops;
      vma->vm_flags |= flags;
      vma->vm_page_prot.pgprot |= cache;
      return 0;
    };
    driver.fault = [=, this](vm_fault* vmf) {
      code_ = mm.VmfInsertPfn(vmf->vma, vmf->address, pfn.value);
      return code_;
    };
  }
  vm_fault_t code_ = 0;
};

TEST_F(InsertPfnRules, FI1_NeitherPfnMapNorMixedMapIsABug) {
  Inserts(0, kBar);
  ASSERT_GT(Map(0, 1, kRead, kMapShared), 0);
  EXPECT_EQ(Load(0), "trap");
  EXPECT_EQ(TakeVerdict(),
            "C28 vmf_insert_pfn on a VMA with neither VM_PFNMAP nor VM_MIXEDMAP: BUG");
}

TEST_F(InsertPfnRules, FI1_BothIsABug) {
  Inserts(kVmPfnMap | kVmMixedMap, kBar);
  ASSERT_GT(Map(0, 1, kRead, kMapShared), 0);
  EXPECT_EQ(Load(0), "trap");
  EXPECT_EQ(TakeVerdict(), "C27 vmf_insert_pfn on a VMA with both VM_PFNMAP and VM_MIXEDMAP: BUG");
}

TEST_F(InsertPfnRules, FI1_PrivatePfnMapIsABug) {
  Inserts(kVmPfnMap, kBar);
  ASSERT_GT(Map(0, 1, kRead, kMapPrivate), 0);
  EXPECT_EQ(Load(0), "trap");
  EXPECT_EQ(TakeVerdict(), "C24 vmf_insert_pfn on a private VM_PFNMAP mapping: BUG");
}

TEST_F(InsertPfnRules, FI1_RamOnAMixedMapIsABug) {
  Inserts(kVmMixedMap, kRam);
  ASSERT_GT(Map(0, 1, kRead, kMapShared), 0);
  EXPECT_EQ(Load(0), "trap");
  EXPECT_EQ(TakeVerdict(), "C27 vmf_insert_pfn of a page of RAM on a VM_MIXEDMAP mapping: BUG");
}

TEST_F(InsertPfnRules, FI2_OutsideTheVmaIsSigbus) {
  Inserts(kVmPfnMap, kBar);
  driver.fault = [this](vm_fault* vmf) {
    return mm.VmfInsertPfn(vmf->vma, vmf->vma->vm_end, kBar.value);
  };
  ASSERT_GT(Map(0, 1, kRead, kMapShared), 0);
  EXPECT_EQ(Load(0), "BUS_ADRERR");
  EXPECT_EQ(mm.table(p).count(), 0U);
}

TEST_F(InsertPfnRules, FI2_NoPageTableIsOomAndTheAccessIsMadeAgain) {
  Inserts(kVmPfnMap, kBar);
  ASSERT_GT(Map(0, 1, kRead, kMapShared), 0);
  backend.FailAt(1);
  EXPECT_EQ(Load(0), "");
  EXPECT_EQ(driver.faults, 2);
}

TEST_F(InsertPfnRules, FI3_AnExistingEntryIsLeftUntouched) {
  Inserts(kVmPfnMap, kBar);
  driver.fault = [this](vm_fault* vmf) {
    EXPECT_EQ(mm.VmfInsertPfn(vmf->vma, vmf->address, kBar.value), kFaultCodeNoPage);
    return mm.VmfInsertPfn(vmf->vma, vmf->address, kBar.value + 5);
  };
  ASSERT_GT(Map(0, 1, kRead, kMapShared), 0);
  EXPECT_EQ(LoadByte(0), 'a');
}

TEST_F(InsertPfnRules, FI4_CacheBitsComeFromTheRegister) {
  Inserts(kVmPfnMap, kBar, /*WC*/ 0x08);
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
  ASSERT_EQ(Load(0), "");
  EXPECT_EQ(Entry(0)->bits.cache, hw::CacheType::kUncachedMinus);
  Inserts(kVmPfnMap, kRam, 0x08);
  ASSERT_GT(Map(1, 1, kReadWrite, kMapShared), 0);
  ASSERT_EQ(Load(1), "");
  EXPECT_EQ(Entry(1)->bits.cache, hw::CacheType::kWriteBack);
}

TEST_F(InsertPfnRules, FI5_FlagsAreNotAdded) {
  Inserts(kVmPfnMap, kBar + 2);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  ASSERT_EQ(Load(0), "");
  EXPECT_EQ(Maps(),
            "100000-102000 rw-s 00000000 /dev/t0 rd wr sh mr mw me ms pf sd\n"
            "  +0 1 page bar+2 UC- rw- special accessed\n");
}

TEST_F(InsertPfnRules, FI1_ACopyOfTheVmaIsABug) {
  Inserts(kVmPfnMap, kBar);
  driver.fault = [this](vm_fault* vmf) {
    vm_area_struct copy = *vmf->vma;
    return mm.VmfInsertPfn(&copy, vmf->address, kBar.value);
  };
  ASSERT_GT(Map(0, 1, kRead, kMapShared), 0);
  EXPECT_EQ(Load(0), "trap");
}

}  // namespace
}  // namespace drydock::kernel
