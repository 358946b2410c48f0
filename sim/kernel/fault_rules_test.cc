// Loads, stores and the faults they take: docs/mmap-rules.md section 6.
#include <cerrno>

#include "sim/kernel/mm_testing.h"

namespace drydock::kernel {
namespace {

using Fake = FakeBackend;
constexpr hw::Pfn kRam = Fake::kRam;
constexpr hw::Pfn kBar = Fake::kBar;

class FaultRules : public MmTest {
 protected:
  // A shared, writable mapping of one page that ->fault serves.
  void MapFaulting(int prot = kReadWrite, int type = kMapShared) {
    FaultsOnly();
    ASSERT_GT(Map(0, 2, prot, type, 3), 0);
  }
};

TEST_F(FaultRules, FA1_NothingMappedIsMaperr) {
  EXPECT_EQ(Load(0), "SEGV_MAPERR");
  EXPECT_EQ(Store(0, 'x'), "SEGV_MAPERR");
  char byte = 0;
  EXPECT_EQ(mm.Access(p, kTaskSize, &byte, nullptr, 1).signal, user::Signal::kSegvMaperr);
}

TEST_F(FaultRules, FA0_WhatIsNoAddressIsNoPageFault) {
  const auto seen = [this](uint64_t address) {
    char byte = 0;
    const user::Signal signal = mm.Access(p, address, &byte, nullptr, 1).signal;
    EXPECT_EQ(mm.Access(p, address, nullptr, &byte, 1).signal, signal);
    EXPECT_EQ(mm.Touch(p, address, false).signal, signal);
    return signal;
  };
  constexpr uint64_t kLow = uint64_t{1} << 47, kHigh = ~uint64_t{0} << 47;
  EXPECT_EQ(seen(kTaskSize), user::Signal::kSegvMaperr);
  EXPECT_EQ(seen(kLow - 1), user::Signal::kSegvMaperr);
  EXPECT_EQ(seen(kLow), user::Signal::kSegvKernel);
  EXPECT_EQ(seen(kHigh - 1), user::Signal::kSegvKernel);
  EXPECT_EQ(seen(kHigh), user::Signal::kSegvMaperr);
  EXPECT_EQ(seen(~uint64_t{0}), user::Signal::kSegvMaperr);
}

TEST_F(FaultRules, FA1_WhatTheVmaForbidsIsAccerrAndTheDriverIsNotAsked) {
  MapFaulting(kRead);
  EXPECT_EQ(Store(0, 'x'), "SEGV_ACCERR");
  ASSERT_EQ(Protect(0, 2, 0), 0);
  EXPECT_EQ(Load(0), "SEGV_ACCERR");
  EXPECT_EQ(driver.faults, 0);
}

TEST_F(FaultRules, FA1_WriteOnlyAndExecOnlyMappingsCanBeRead) {
  MapFaulting(kProtWrite);
  EXPECT_EQ(Load(0), "");
  ASSERT_EQ(Protect(0, 2, kProtExec), 0);
  EXPECT_EQ(Load(1), "");
}

TEST_F(FaultRules, FA1_NoFaultOperationIsSigbus) {
  driver.mmap = [](file*, vm_area_struct*) { return 0; };
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
  EXPECT_EQ(Load(0), "BUS_ADRERR");
  ASSERT_GT(Map(0, 1, kReadWrite, kMapPrivate), 0);
  EXPECT_EQ(Store(0, 'x'), "BUS_ADRERR");
}

TEST_F(FaultRules, FA1_TheDriversCodesBecomeSignals) {
  MapFaulting();
  driver.fault = [](vm_fault*) { return kFaultCodeSigbus; };
  EXPECT_EQ(Load(0), "BUS_ADRERR");
  driver.fault = [](vm_fault*) { return kFaultCodeSigsegv; };
  EXPECT_EQ(Load(0), "SEGV_MAPERR");
  driver.fault = [](vm_fault*) { return kFaultCodeSigsegv | kFaultCodeSigbus; };
  EXPECT_EQ(Load(0), "BUS_ADRERR");
  EXPECT_EQ(TakeVerdict(), "");
}

TEST_F(FaultRules, FA1_OomIsTriedAgain) {
  MapFaulting();
  driver.fault = [this](vm_fault* vmf) {
    return driver.faults < 3 ? kFaultCodeOom : GivePage(vmf, kRam);
  };
  EXPECT_EQ(LoadByte(0), 'A');
  EXPECT_EQ(driver.faults, 3);
  driver.fault = [](vm_fault*) { return kFaultCodeOom; };
  EXPECT_EQ(Load(1), "BUS_ADRERR");
  EXPECT_EQ(TakeVerdict(), "");
}

TEST_F(FaultRules, FA1_AnErrnoIsNoFaultCode) {
  MapFaulting();
  driver.fault = [](vm_fault*) { return static_cast<vm_fault_t>(-EFAULT); };
  EXPECT_EQ(Load(0), "BUS_ADRERR");
  EXPECT_EQ(TakeVerdict(), "C37 ->fault returned 0xfffffff2");
}

TEST_F(FaultRules, FA1_NopageWithoutAnEntryGoesOnForEver) {
  MapFaulting();
  driver.fault = [](vm_fault*) { return kFaultCodeNoPage; };
  EXPECT_EQ(Load(0), "trap");
  EXPECT_EQ(
      TakeVerdict(),
      "C37 the same page faulted 4 times in a row: ->fault says it installed a page and did not");
}

TEST_F(FaultRules, FA2_TheHandlerSeesOffsetAndAlignedAddress) {
  MapFaulting();
  driver.fault = [this](vm_fault* vmf) {
    EXPECT_EQ(vmf->pgoff, 4U);
    EXPECT_EQ(vmf->address, At(1));
    EXPECT_EQ(vmf->vma->vm_start, At(0));
    EXPECT_EQ(vmf->flags, 0x254U);               // ALLOW_RETRY, KILLABLE, USER, INTERRUPTIBLE
    EXPECT_EQ(mm.mm(p)->mmap_lock.readers, 1U);  // LK1
    EXPECT_EQ(mm.mm(p)->mmap_lock.owner, 0U);
    return GivePage(vmf, kRam);
  };
  char byte = 0;
  EXPECT_TRUE(mm.Access(p, At(1) + 100, &byte, nullptr, 1).ok());
}

TEST_F(FaultRules, FA2_ZeroWithoutAPageIsAnOops) {
  MapFaulting();
  driver.fault = [](vm_fault*) { return 0U; };
  EXPECT_EQ(Load(0), "trap");
  EXPECT_EQ(TakeVerdict(), "C37 ->fault returned 0 and no page: the kernel uses a null page");
}

TEST_F(FaultRules, FA2_MajorAndLockedAreNoErrors) {
  MapFaulting();
  driver.fault = [this](vm_fault* vmf) {
    GivePage(vmf, kRam);
    vmf->page->flags |= 1;  // lock_page()
    return kFaultCodeLocked | kFaultCodeMajor;
  };
  EXPECT_EQ(Load(0), "");
  EXPECT_EQ(backend.PageAt(kRam).flags & 1, 0U);  // the kernel unlocked it
}

TEST_F(FaultRules, FA2_LockedWithoutALockIsReported) {
  MapFaulting();
  driver.fault = [this](vm_fault* vmf) { return GivePage(vmf, kRam) | kFaultCodeLocked; };
  EXPECT_EQ(Load(0), "");
  EXPECT_EQ(TakeVerdict(),
            "C37 ->fault returned VM_FAULT_LOCKED and a page that nobody has locked");
}

TEST_F(FaultRules, FA2_TheKernelLocksThePageThatDoesNotComeLocked) {
  MapFaulting();
  driver.fault = [this](vm_fault* vmf) {
    const vm_fault_t code = GivePage(vmf, kRam);
    vmf->page->flags |= 1;  // somebody else's
    return code;
  };
  EXPECT_EQ(Load(0), "");
  EXPECT_EQ(backend.page_lock_waits, 1);
  EXPECT_EQ(backend.PageAt(kRam).flags & 1, 0U);
}

TEST_F(FaultRules, FA2_TheReferenceGivenIsDroppedAtUnmap) {
  MapFaulting();
  ASSERT_EQ(Load(0), "");
  EXPECT_EQ(backend.PageAt(kRam + 3)._refcount.counter, 2);
  ASSERT_EQ(Unmap(0, 2), 0);
  EXPECT_EQ(backend.PageAt(kRam + 3)._refcount.counter, 1);
}

TEST_F(FaultRules, FA3_ReadMapsThePageOnce) {
  MapFaulting();
  EXPECT_EQ(LoadByte(0), 'D');
  EXPECT_EQ(LoadByte(0), 'D');
  EXPECT_EQ(driver.faults, 1);
  EXPECT_EQ(Maps(),
            "100000-102000 rw-s 00003000 /dev/t0 rd wr sh mr mw me ms sd\n"
            "  +0 1 page ram+3 WB rw- accessed\n");
  EXPECT_EQ(Store(0, 'x'), "");  // without another fault
  EXPECT_EQ(driver.faults, 1);
  EXPECT_EQ(Entry(0)->bits.dirty, 1);
}

TEST_F(FaultRules, FA3_PrivateStoreCopiesWithOneCallOfTheHandler) {
  MapFaulting(kReadWrite, kMapPrivate);
  EXPECT_EQ(Store(0, 'x'), "");
  EXPECT_EQ(driver.faults, 1);
  EXPECT_EQ(Maps(),
            "100000-102000 rw-p 00003000 /dev/t0 rd wr mr mw me ac sd\n"
            "  +0 1 page own WB rw- anon dirty accessed\n");
  EXPECT_EQ(backend.Bytes(kRam + 3)[0], 'D');
  EXPECT_EQ(backend.PageAt(kRam + 3)._refcount.counter, 1);
}

TEST_F(FaultRules, FA3_PrivateStoreAfterALoadCopiesToo) {
  MapFaulting(kReadWrite, kMapPrivate);
  EXPECT_EQ(LoadByte(0), 'D');
  EXPECT_EQ(Entry(0)->bits.write, 0);
  EXPECT_EQ(Store(0, 'x'), "");
  EXPECT_EQ(driver.faults, 1);
  EXPECT_EQ(backend.Bytes(kRam + 3)[0], 'D');
  EXPECT_EQ(backend.PageAt(kRam + 3)._refcount.counter, 1);
}

TEST_F(FaultRules, FA3_NoMemoryForTheCopyIsTriedAgainBeforeTheDriverIsAsked) {
  MapFaulting(kReadWrite, kMapPrivate);
  backend.FailAt(1);
  EXPECT_EQ(Store(0, 'x'), "");
  EXPECT_EQ(LoadByte(0), 'x');
  EXPECT_EQ(driver.faults, 1);
}

TEST_F(FaultRules, FA3_TheHandlerSeesThePageOfTheCopy) {
  MapFaulting(kReadWrite, kMapPrivate);
  page* seen = nullptr;
  driver.fault = [&](vm_fault* vmf) {
    seen = vmf->cow_page;
    return GivePage(vmf, kRam);
  };
  EXPECT_EQ(Store(0, 'x'), "");
  EXPECT_EQ(seen, backend.PageOf(Entry(0)->pfn));
  EXPECT_EQ(Load(1), "");
  EXPECT_EQ(seen, nullptr);
}

TEST_F(FaultRules, FA3_ThePageOfTheCopyGoesBackWhenTheHandlerRefuses) {
  MapFaulting(kReadWrite, kMapPrivate);
  for (const vm_fault_t code : {kFaultCodeSigbus, kFaultCodeSigsegv}) {
    driver.fault = [code](vm_fault*) { return code; };
    EXPECT_NE(Store(0, 'x'), "");
    EXPECT_EQ(backend.anon_in_use(), 0U);
  }
}

TEST_F(FaultRules, FA3_MapPagesOfADriverIsNotModelled) {
  MapFaulting();
  driver.ops.map_pages = [](vm_fault*, unsigned long, unsigned long) { return vm_fault_t{0}; };
  EXPECT_EQ(Store(0, 'x'), "");  // stores ask ->fault alone
  EXPECT_EQ(driver.faults, 1);
  EXPECT_EQ(Load(1), "trap");
  EXPECT_EQ(driver.faults, 1);
  EXPECT_EQ(TakeVerdict(), "C0 vm_ops->map_pages is not modelled");
}

TEST_F(FaultRules, FA2_RetryComesBackWithTriedAndTheLockTakenAnew) {
  constexpr vm_fault_t kRetry = 0x400;
  constexpr unsigned kTried = 0x20;
  MapFaulting();
  std::vector<unsigned> flags;
  driver.fault = [&](vm_fault* vmf) {
    flags.push_back(vmf->flags & kTried);
    EXPECT_EQ(mm.mm(p)->mmap_lock.readers, 1U);
    if (flags.size() == 1) {
      --mm.mm(p)->mmap_lock.readers;     // mmap_read_unlock()
      return kRetry | kFaultCodeSigbus;  // an error beside it counts for nothing
    }
    return GivePage(vmf, kRam);
  };
  EXPECT_EQ(LoadByte(0), 'A');
  EXPECT_EQ(flags, (std::vector<unsigned>{0, kTried}));
  EXPECT_EQ(mm.mm(p)->mmap_lock.readers, 0U);
  flags.clear();
  EXPECT_EQ(Load(1), "");  // another access starts anew
  EXPECT_EQ(flags, (std::vector<unsigned>{0, kTried}));
}

TEST_F(FaultRules, FA2_RetryOfAPrivateStoreLeavesNoPage) {
  MapFaulting(kReadWrite, kMapPrivate);
  driver.fault = [&](vm_fault* vmf) {
    if (driver.faults > 1) return GivePage(vmf, kRam);
    --mm.mm(p)->mmap_lock.readers;
    return vm_fault_t{0x400};
  };
  EXPECT_EQ(Store(0, 'x'), "");
  EXPECT_EQ(backend.anon_in_use(), 1U);
}

TEST_F(FaultRules, FA4_StoreAfterALoadCallsPageMkwrite) {
  UseOps({"page_mkwrite"});
  MapFaulting();
  page* told = nullptr;
  driver.page_mkwrite = [&](vm_fault* vmf) {
    told = vmf->page;
    EXPECT_EQ(vmf->flags, 0x3U);  // WRITE | MKWRITE and nothing else
    EXPECT_EQ(vmf->pgoff, 3U);
    vmf->page->flags |= 1;
    return kFaultCodeLocked;
  };
  ASSERT_EQ(Load(0), "");
  EXPECT_EQ(Entry(0)->bits.write, 0);
  EXPECT_EQ(driver.calls, "");
  EXPECT_EQ(Store(0, 'x'), "");
  EXPECT_EQ(told, &backend.PageAt(kRam + 3));
  EXPECT_EQ(told->flags & 1, 0U);
  EXPECT_EQ(Store(0, 'y'), "");
  EXPECT_EQ(driver.calls, "page_mkwrite ");
}

TEST_F(FaultRules, FA4_FirstStoreCallsFaultThenPageMkwrite) {
  UseOps({"page_mkwrite"});
  MapFaulting();
  EXPECT_EQ(Store(0, 'x'), "");
  EXPECT_EQ(driver.faults, 1);
  EXPECT_EQ(driver.calls, "page_mkwrite ");
  EXPECT_EQ(Entry(0)->bits.dirty, 1);
}

TEST_F(FaultRules, FA4_PageMkwriteRefusesWithSigbusAndTheReferenceGoesBack) {
  UseOps({"page_mkwrite"});
  MapFaulting();
  driver.page_mkwrite = [](vm_fault*) { return kFaultCodeSigbus; };
  EXPECT_EQ(Store(0, 'x'), "BUS_ADRERR");
  EXPECT_EQ(mm.table(p).count(), 0U);
  EXPECT_EQ(backend.PageAt(kRam + 3)._refcount.counter, 1);
  ASSERT_EQ(Load(0), "");
  EXPECT_EQ(Store(0, 'x'), "BUS_ADRERR");
  EXPECT_EQ(Entry(0)->bits.write, 0);
  EXPECT_EQ(backend.Bytes(kRam + 3)[0], 'D');
}

TEST_F(FaultRules, FA4_ZeroFromPageMkwriteNeedsAPageOfAPageCache) {
  UseOps({"page_mkwrite"});
  MapFaulting();
  driver.page_mkwrite = [](vm_fault*) { return 0U; };
  EXPECT_EQ(Store(0, 'x'), "trap");  // the page has no mapping: the store is made again for ever
  TakeVerdict();
  EXPECT_EQ(backend.PageAt(kRam + 3)._refcount.counter, 1);
  backend.PageAt(kRam + 3).mapping = rw().f_mapping;
  EXPECT_EQ(Store(0, 'x'), "");
}

TEST_F(FaultRules, FA4_PfnMkwriteIsNotForPagesAndPageMkwriteNotForFrames) {
  UseOps({"pfn_mkwrite"});
  MapFaulting();
  ASSERT_EQ(Load(0), "");
  EXPECT_EQ(Store(0, 'x'), "");
  EXPECT_EQ(driver.calls, "");
}

TEST_F(FaultRules, FA4_PfnMkwriteIsAskedForCleanFrames) {
  UseOps({"fault", "pfn_mkwrite"});
  driver.mmap = [this](file*, vm_area_struct* vma) {
    vma->vm_ops = &driver.ops;
    vma->vm_flags |= kVmPfnMap;
    return 0;
  };
  driver.fault = [this](vm_fault* vmf) {
    return mm.VmfInsertPfn(vmf->vma, vmf->address, kBar.value);
  };
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
  driver.pfn_mkwrite = [](vm_fault* vmf) {
    EXPECT_EQ(vmf->flags & 0x43, 0x43U);
    return kFaultCodeSigbus;
  };
  ASSERT_EQ(Load(0), "");
  EXPECT_EQ(Store(0, 'x'), "BUS_ADRERR");
  EXPECT_EQ(Entry(0)->bits.write, 0);
  driver.pfn_mkwrite = [](vm_fault*) { return 0U; };
  EXPECT_EQ(Store(0, 'x'), "");
  EXPECT_EQ(Entry(0)->bits.write, 1);
  EXPECT_EQ(driver.calls, "pfn_mkwrite pfn_mkwrite ");
}

TEST_F(FaultRules, FA5_PrivateStoreToAFrameCopiesItsBytes) {
  for (const hw::Pfn first : {kRam, kBar}) {
    MapsFrom(first);
    ASSERT_GT(Map(0, 2, kReadWrite, kMapPrivate, 0), 0);
    const char was = LoadByte(1);
    EXPECT_EQ(Store(1, 'x'), "");
    EXPECT_EQ(LoadByte(1), 'x');
    EXPECT_EQ(backend.Bytes(first + 1)[0], was);
    const hw::PteBits bits = Entry(1)->bits;
    EXPECT_EQ(bits.special, 0);
    EXPECT_EQ(bits.dirty, 1);
    EXPECT_EQ(bits.anon, 1);
    EXPECT_EQ(Entry(0)->bits.special, 1);
  }
}

TEST_F(FaultRules, FA6_AFullyRemappedVmaNeverFaults) {
  MapsFrom(kRam);
  UseOps({"fault"});
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  EXPECT_EQ(Load(0), "");
  EXPECT_EQ(Store(1, 'x'), "");
  EXPECT_EQ(driver.faults, 0);
}

TEST_F(FaultRules, AnEntryWithoutAccessInAnAccessibleMappingIsMended) {
  driver.mmap = [this](file*, vm_area_struct* vma) {
    return mm.RemapPfnRange(vma, vma->vm_start, kRam.value, kPage, pgprot_t{PageProtOf(0)});
  };
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
  EXPECT_EQ(Entry(0)->bits.present, 0);
  EXPECT_EQ(LoadByte(0), 'A');
  EXPECT_EQ(Entry(0)->bits.present, 1);
}

TEST_F(FaultRules, AccessesCrossPagesAndStopWhereTheyMust) {
  MapsFrom(kRam);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  const char text[] = "across";
  EXPECT_TRUE(mm.Access(p, At(1) - 3, nullptr, text, 6).ok());
  char back[7] = {};
  EXPECT_TRUE(mm.Access(p, At(1) - 3, back, nullptr, 6).ok());
  EXPECT_STREQ(back, text);
  EXPECT_EQ(mm.Access(p, At(2) - 3, back, nullptr, 6).signal, user::Signal::kSegvMaperr);
}

TEST_F(FaultRules, CopyUserCountsWhatItDid) {
  MapsFrom(kRam);
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
  char bytes[16] = {};
  EXPECT_EQ(mm.CopyUser(At(1) - 6, bytes, nullptr, 16), 6U);
  EXPECT_EQ(mm.CopyUser(At(1) - 6, nullptr, bytes, 16), 6U);
  EXPECT_EQ(mm.CopyUser(At(4), bytes, nullptr, 16), 0U);
  ASSERT_EQ(Protect(0, 1, kRead), 0);
  EXPECT_EQ(mm.CopyUser(At(0), nullptr, bytes, 16), 0U);
  EXPECT_EQ(mm.CopyUser(At(0), bytes, nullptr, 16), 16U);
}

}  // namespace
}  // namespace drydock::kernel
