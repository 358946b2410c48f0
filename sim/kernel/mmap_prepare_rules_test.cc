// mmap_prepare of 7.3: docs/mmap-rules.md section 2b.
#include <cerrno>

#include "sim/kernel/mm_testing.h"

namespace drydock::kernel {
namespace {

using Fake = FakeBackend;
constexpr hw::Pfn kRam = Fake::kRam;
constexpr hw::Pfn kBar = Fake::kBar;

uint64_t& Flags(vm_area_desc* desc) { return desc->vma_flags.__vma_flags[0]; }

// As the inline setters do.
void RemapPart(vm_area_desc* desc, uint64_t start, hw::Pfn first, uint64_t size) {
  desc->action.type = MMAP_REMAP_PFN;
  desc->action.remap = {start, first.value, size, desc->page_prot};
}
void RemapFull(vm_area_desc* desc, hw::Pfn first) {
  RemapPart(desc, desc->start, first + desc->pgoff, desc->end - desc->start);
}
void SimpleIoremap(vm_area_desc* desc, uint64_t phys, uint64_t size) {
  desc->action.type = MMAP_SIMPLE_IO_REMAP;
  desc->action.simple_ioremap = {phys, size};
}

class PrepareRules : public MmTest {
 protected:
  PrepareRules() : MmTest(hw::Platforms()[0], 703) { UsePrepare(); }

  // ->mmap_prepare that sets vm_ops, and the action by `act`.
  template <typename Act>
  void Prepares(Act act) {
    driver.mmap_prepare = [this, act](vm_area_desc* desc) {
      desc->vm_ops = &driver.ops;
      act(desc);
      return 0;
    };
  }
  void PreparesFaultsOnly() {
    FaultsOnly();
    Prepares([](vm_area_desc*) {});
  }
  void MapKernelPages(vm_area_desc* desc, uint64_t start, uint64_t count) {
    for (uint64_t i = 0; i < count; ++i) pages_[i] = &backend.PageAt(kRam + i);
    desc->action.type = MMAP_MAP_KERNEL_PAGES;
    desc->action.map_kernel = {start, pages_.data(), count, desc->pgoff};
  }
  std::array<page*, 16> pages_{};
};

TEST_F(PrepareRules, P12_NoHookIsEnodevAndNothingIsUnmapped) {
  driver.mmap_prepare = [](vm_area_desc* desc) {
    RemapFull(desc, kRam);
    return 0;
  };
  ASSERT_EQ(Map(0, 1, kRead, kMapShared), static_cast<int64_t>(At(0)));
  UsePrepare();
  EXPECT_EQ(MapFile(no_mmap(), 0, 1, kRead, kMapShared), -ENODEV);
  EXPECT_EQ(TakeVerdict(), "");
  EXPECT_EQ(LoadByte(0), 'A');
}

class BothHooks : public MmTest {
 protected:
  BothHooks() : MmTest(hw::Platforms()[0], 703) {}
};

TEST_F(BothHooks, P12_IsAWarningAndEnodev) {
  UsePrepare(/*with_mmap=*/true);
  EXPECT_EQ(Map(0, 1, kRead, kMapShared), -ENODEV);
  EXPECT_EQ(TakeVerdict(), "C0 both are set: WARN, -ENODEV");
  EXPECT_EQ(driver.mmaps, 0);
}

TEST_F(PrepareRules, MR2_WhatWasThereIsGoneBeforeTheHookAndStaysGone) {
  ASSERT_GT(MapAnon(0, 2, kReadWrite, kMapPrivate), 0);
  driver.mmap_prepare = [this](vm_area_desc*) {
    EXPECT_EQ(mm.Find(p, At(0)), nullptr);
    return -EBUSY;
  };
  EXPECT_EQ(Map(0, 2, kRead, kMapShared), -EBUSY);
  EXPECT_EQ(Load(0), "SEGV_MAPERR");
}

TEST_F(PrepareRules, P13_WhatWasReplacedHasGivenUpItsMemoryType) {
  bool combining = true;
  Prepares([&](vm_area_desc* desc) {
    if (combining) {
      desc->page_prot.pgprot |= hw::CacheBitsOf(hw::CacheType::kWriteCombining);
    }
    RemapFull(desc, kBar);
  });
  ASSERT_GT(Map(0, 1, kRead, kMapShared), 0);
  ASSERT_EQ(Entry(0)->bits.cache, hw::CacheType::kWriteCombining);
  combining = false;

  ASSERT_GT(Map(0, 1, kRead, kMapShared), 0);

  EXPECT_EQ(Entry(0)->bits.cache, hw::CacheType::kUncachedMinus);
  EXPECT_EQ(mm.memory_types().count(), 1U);
}

TEST_F(PrepareRules, MR5_TheDescriptionIsWhatTheVmaWouldBe) {
  driver.mmap_prepare = [this](vm_area_desc* desc) {
    EXPECT_EQ(desc->mm, mm.mm(p));
    EXPECT_EQ(desc->file, &rw());
    EXPECT_EQ(desc->vm_file, &rw());
    EXPECT_EQ(desc->start, At(3));
    EXPECT_EQ(desc->end, At(5));
    EXPECT_EQ(desc->pgoff, 7U);
    EXPECT_EQ(Flags(desc), kVmRead | kVmWrite | kVmMayRead | kVmMayWrite | kVmMayExec | kVmAccount);
    EXPECT_EQ(desc->page_prot.pgprot, PageProtOf(kVmRead | kVmWrite));
    EXPECT_NE(desc->vm_ops, nullptr);
    EXPECT_EQ(desc->private_data, nullptr);
    EXPECT_EQ(desc->action.type, MMAP_NOTHING);
    EXPECT_EQ(desc->action.error_override, 0);
    return -EBUSY;
  };
  EXPECT_EQ(Map(3, 2, kReadWrite, kMapPrivate, 7), -EBUSY);
}

TEST_F(PrepareRules, MR7_WhatTheHookReturnsIsReturnedAPositiveNumberToo) {
  for (const int value : {-EPERM, -512, 1, 77}) {
    driver.mmap_prepare = [&](vm_area_desc*) { return value; };
    EXPECT_EQ(Map(0, 1, kRead, kMapShared), value);
  }
  EXPECT_EQ(State(), "process 0\nmemory types 0\nfiles 0 0 0 0 0 0\nown pages 0\n");
}

TEST_F(PrepareRules, PR1_TheHookIsAskedForAMergedMappingAndMappedIsNot) {
  PreparesFaultsOnly();
  UseOps({"mapped"});

  ASSERT_EQ(Map(0, 1, kRead, kMapShared, 0), static_cast<int64_t>(At(0)));
  ASSERT_EQ(Map(1, 1, kRead, kMapShared, 1), static_cast<int64_t>(At(1)));

  EXPECT_EQ(driver.mmaps, 2);
  EXPECT_EQ(driver.calls, "mapped ");
  EXPECT_EQ(mm.VmaCount(p), 1U);
  EXPECT_EQ(rw().f_count.counter, 1);
}

TEST_F(PrepareRules, PR1_FlagsOfTheHookDecideAboutTheMerge) {
  PreparesFaultsOnly();
  ASSERT_GT(Map(0, 1, kRead, kMapShared, 0), 0);
  Prepares([](vm_area_desc* desc) { Flags(desc) |= kVmDontDump; });

  ASSERT_GT(Map(1, 1, kRead, kMapShared, 1), 0);

  EXPECT_EQ(mm.VmaCount(p), 2U);
}

TEST_F(PrepareRules, PR2_TheDriverChangesOffsetFileFlagsProtectionOpsAndData) {
  int data = 0;
  second().f_count.counter = 1;  // the reference that the driver hands over
  driver.mmap_prepare = [&](vm_area_desc* desc) {
    desc->pgoff = 42;
    desc->vm_file = &second();
    Flags(desc) |= kVmDontCopy;
    desc->page_prot.pgprot |= hw::CacheBitsOf(hw::CacheType::kWriteCombining);
    desc->vm_ops = &driver.ops;
    desc->private_data = &data;
    return 0;
  };

  ASSERT_GT(Map(0, 1, kRead, kMapShared), 0);

  const vm_area_struct& vma = VmaAt(0);
  EXPECT_EQ(vma.vm_pgoff, 42U);
  EXPECT_EQ(vma.vm_file, &second());
  EXPECT_EQ(vma.vm_flags & kVmDontCopy, kVmDontCopy);
  EXPECT_EQ(hw::CacheTypeOf(vma.vm_page_prot.pgprot), hw::CacheType::kWriteCombining);
  EXPECT_EQ(vma.vm_ops, &driver.ops);
  EXPECT_EQ(vma.vm_private_data, &data);
  EXPECT_EQ(rw().f_count.counter, 0);
  EXPECT_EQ(TakeVerdict(), "");
}

TEST_F(PrepareRules, PR2_ChangedBoundsAreReportedAndHaveNoEffect) {
  Prepares([](vm_area_desc* desc) { desc->end += kPage; });

  ASSERT_GT(Map(0, 1, kRead, kMapShared), 0);

  EXPECT_EQ(VmaAt(0).vm_end, At(1));
  EXPECT_EQ(TakeVerdict(), "C18 ->mmap_prepare changed what is not its own to change");
}

TEST_F(PrepareRules, PR3_TheActionHasTheProtectionOfWhenItWasSet) {
  Prepares([](vm_area_desc* desc) {
    RemapFull(desc, kBar);
    desc->page_prot.pgprot |= hw::CacheBitsOf(hw::CacheType::kWriteCombining);
  });

  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);

  EXPECT_EQ(hw::CacheTypeOf(VmaAt(0).vm_page_prot.pgprot), hw::CacheType::kWriteCombining);
  EXPECT_EQ(Entry(0)->bits.cache, hw::CacheType::kUncachedMinus);
  EXPECT_EQ(TakeVerdict(), "C103 the action maps WB, page_prot says WC");
}

TEST_F(PrepareRules, PR4_ARemapThatLeavesTheVmaIsEfault) {
  for (const auto& [start, pages] :
       {std::pair<uint64_t, uint64_t>{0, 3}, {1, 2}, {2, 1}, {~uint64_t{0}, 1}}) {
    Prepares([start = start, pages = pages](vm_area_desc* desc) {
      RemapPart(desc, desc->start + start * kPage, kRam, pages * kPage);
    });
    UseOps({"open", "close"});
    EXPECT_EQ(Map(0, 2, kRead, kMapShared), -EFAULT) << start;
  }
  EXPECT_EQ(driver.calls, "");
  EXPECT_EQ(State(), "process 0\nmemory types 0\nfiles 0 0 0 0 0 0\nown pages 0\n");
}

TEST_F(PrepareRules, PR5_PartOfACopyOnWriteMappingIsEinvalOfASharedOneFine) {
  Prepares([](vm_area_desc* desc) { RemapPart(desc, desc->start, kRam, kPage); });

  EXPECT_EQ(Map(0, 2, kReadWrite, kMapPrivate), -EINVAL);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);

  EXPECT_EQ(LoadByte(0), 'A');
  EXPECT_EQ(Load(1), "BUS_ADRERR");
}

TEST_F(PrepareRules, PR5_AWholeCopyOnWriteMappingGetsItsFrameAsOffset) {
  Prepares([](vm_area_desc* desc) { RemapFull(desc, kRam); });

  ASSERT_GT(Map(0, 2, kReadWrite, kMapPrivate, 3), 0);

  EXPECT_EQ(VmaAt(0).vm_pgoff, kRam.value + 3);
  EXPECT_EQ(Store(0, 'x'), "");
  EXPECT_EQ(*backend.Bytes(kRam + 3), 'D');
}

TEST_F(PrepareRules, PR6_SimpleIoremapHasVmIomapMemorysArithmetic) {
  Prepares([](vm_area_desc* desc) { SimpleIoremap(desc, kBar.value << 12, 16 * kPage); });

  EXPECT_GT(Map(0, 4, kRead, kMapShared, 12), 0);
  EXPECT_EQ(LoadByte(0), 'a' + 12);
  EXPECT_EQ(Map(0, 4, kRead, kMapShared, 13), -EINVAL);
  EXPECT_EQ(Map(0, 1, kRead, kMapShared, 16), -EINVAL);
  EXPECT_EQ(Map(0, 17, kRead, kMapShared, 0), -EINVAL);
}

TEST_F(PrepareRules, PR6_TheProtectionIsThatOfTheEndOfTheHook) {
  Prepares([](vm_area_desc* desc) {
    SimpleIoremap(desc, kBar.value << 12, 4 * kPage);
    desc->page_prot.pgprot |= hw::CacheBitsOf(hw::CacheType::kWriteCombining);
  });

  ASSERT_GT(Map(0, 1, kRead, kMapShared), 0);

  EXPECT_EQ(Entry(0)->bits.cache, hw::CacheType::kWriteCombining);
  EXPECT_EQ(TakeVerdict(), "");
}

TEST_F(PrepareRules, PR7_FewerPagesThanTheVmaAreFineMoreAreEfault) {
  uint64_t count = 2;
  Prepares([&](vm_area_desc* desc) { MapKernelPages(desc, desc->start, count); });

  ASSERT_GT(Map(0, 3, kReadWrite, kMapShared), 0);
  EXPECT_EQ(LoadByte(1), 'B');
  EXPECT_EQ(Load(2), "BUS_ADRERR");
  EXPECT_EQ(FlagsAt(0) & (kVmSpecial | kVmDontDump), kVmMixedMap);
  EXPECT_EQ(backend.PageAt(kRam)._refcount.counter, 2);
  count = 4;
  EXPECT_EQ(Map(0, 3, kReadWrite, kMapShared), -EFAULT);
  EXPECT_EQ(Load(0), "SEGV_MAPERR");
  EXPECT_EQ(backend.PageAt(kRam)._refcount.counter, 1);
}

TEST_F(PrepareRules, PR7_APageThatCannotBeInsertedTakesTheMappingWithIt) {
  UseOps({"close"});
  Prepares([&](vm_area_desc* desc) {
    MapKernelPages(desc, desc->start, 2);
    pages_[1] = &backend.PageAt(Fake::kSlab);
  });

  EXPECT_EQ(Map(0, 2, kRead, kMapShared), -EINVAL);

  EXPECT_EQ(driver.calls, "close ");
  EXPECT_EQ(State(), "process 0\nmemory types 0\nfiles 0 0 0 0 0 0\nown pages 0\n");
}

TEST_F(PrepareRules, PR8_AnErrorOfMappedUnmapsAndClosesOnce) {
  UseOps({"open", "close", "mapped"});
  driver.mapped = [](const vm_area_struct&, void**) { return -ENOSPC; };
  Prepares([](vm_area_desc* desc) { RemapFull(desc, kRam); });

  EXPECT_EQ(Map(0, 2, kRead, kMapShared), -ENOSPC);

  EXPECT_EQ(driver.calls, "mapped close ");
  EXPECT_EQ(State(), "process 0\nmemory types 0\nfiles 0 0 0 0 0 0\nown pages 0\n");
}

TEST_F(PrepareRules, PR8_AnUnalignedStartFailsWhenTheMappingIsThere) {
  UseOps({"close", "mapped"});
  Prepares([](vm_area_desc* desc) { RemapPart(desc, desc->start + 8, kRam, kPage); });

  EXPECT_EQ(Map(0, 2, kRead, kMapShared), -EINVAL);

  EXPECT_EQ(driver.calls, "close ");
  EXPECT_NE(TakeVerdict(), "");
  EXPECT_EQ(State(), "process 0\nmemory types 0\nfiles 0 0 0 0 0 0\nown pages 0\n");
}

TEST_F(PrepareRules, PR8_NoVmaIsEnomemWithoutClose) {
  UseOps({"close", "mapped"});
  Prepares([](vm_area_desc* desc) { RemapFull(desc, kRam); });
  backend.FailAt(1);

  EXPECT_EQ(Map(0, 1, kRead, kMapShared), -ENOMEM);

  EXPECT_EQ(driver.calls, "");
}

TEST_F(PrepareRules, PR8_NoPageTableIsEnomemWithClose) {
  UseOps({"close", "mapped"});
  Prepares([](vm_area_desc* desc) { RemapFull(desc, kRam); });
  backend.FailAt(2);

  EXPECT_EQ(Map(0, 1, kRead, kMapShared), -ENOMEM);

  EXPECT_EQ(driver.calls, "close ");
  EXPECT_EQ(State(), "process 0\nmemory types 0\nfiles 0 0 0 0 0 0\nown pages 0\n");
}

TEST_F(PrepareRules, PR9_TheOverrideIsForWhatFailsWhenTheMappingIsThere) {
  UseOps({"mapped"});
  driver.mapped = [](const vm_area_struct&, void**) { return -ENOSPC; };
  Prepares([](vm_area_desc* desc) { desc->action.error_override = -EAGAIN; });
  EXPECT_EQ(Map(0, 1, kRead, kMapShared), -EAGAIN);

  Prepares([](vm_area_desc* desc) {
    RemapPart(desc, desc->start, kRam, 2 * kPage);
    desc->action.error_override = -EAGAIN;
  });
  EXPECT_EQ(Map(0, 1, kRead, kMapShared), -EFAULT);
}

TEST_F(PrepareRules, PR9_AnOverrideThatIsNoErrnoIsRefused) {
  for (const int value : {1, 4095, -4096}) {
    Prepares([value](vm_area_desc* desc) { desc->action.error_override = value; });
    EXPECT_EQ(Map(0, 1, kRead, kMapShared), -EINVAL);
    EXPECT_EQ(TakeVerdict(), "C35 error_override is " + std::to_string(value) + ": WARN, -EINVAL");
  }
}

TEST_F(PrepareRules, PR10_MappedIsToldTheMappingAndMayReplaceTheData) {
  int first = 0, second_data = 0;
  UseOps({"mapped"});
  Prepares([&](vm_area_desc* desc) {
    desc->private_data = &first;
    RemapFull(desc, kRam);
  });
  driver.mapped = [&](const vm_area_struct& told, void** data) {
    EXPECT_EQ(told.vm_start, At(2));
    EXPECT_EQ(told.vm_end, At(4));
    EXPECT_EQ(told.vm_pgoff, 5U);
    EXPECT_EQ(told.vm_file, &rw());
    EXPECT_EQ(*data, &first);
    EXPECT_NE(Entry(2), nullptr);
    *data = &second_data;
    return 0;
  };

  ASSERT_GT(Map(2, 2, kRead, kMapShared, 5), 0);

  EXPECT_EQ(VmaAt(2).vm_private_data, &second_data);
}

TEST_F(PrepareRules, PR10_APositiveAnswerOfMappedIsReturnedAndTheMappingIsGone) {
  UseOps({"mapped"});
  driver.mapped = [](const vm_area_struct&, void**) { return 3; };
  Prepares([](vm_area_desc*) {});

  EXPECT_EQ(Map(0, 1, kRead, kMapShared), 3);

  EXPECT_EQ(mm.VmaCount(p), 0U);
  EXPECT_EQ(TakeVerdict(),
            "C35 vm_ops->mapped returned 3: mmap(2) gives it to user space as an address");
}

class LegacyMapped : public MmTest {
 protected:
  LegacyMapped() : MmTest(hw::Platforms()[0], 703) {}
};

TEST_F(LegacyMapped, PR10_IsNeverCalledAndReported) {
  UseOps({"mapped"});
  MapsFrom(kRam);

  ASSERT_GT(Map(0, 1, kRead, kMapShared), 0);

  EXPECT_EQ(driver.calls, "");
  EXPECT_EQ(TakeVerdict(), "C0 ->mmap set vm_ops whose mapped is never called");
}

TEST_F(PrepareRules, PR11_WithoutMayWriteMprotectRefusesButARequestToWriteStays) {
  Prepares([](vm_area_desc* desc) {
    Flags(desc) &= ~kVmMayWrite;
    RemapFull(desc, kRam);
  });

  ASSERT_GT(Map(0, 1, kRead, kMapShared), 0);
  EXPECT_EQ(Protect(0, 1, kReadWrite), -EACCES);
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
  EXPECT_EQ(Store(0, 'x'), "");
}

TEST_F(PrepareRules, PR12_WithoutOpsARemappedMappingWorks) {
  driver.mmap_prepare = [](vm_area_desc* desc) {
    desc->vm_ops = nullptr;
    RemapFull(desc, kRam);
    return 0;
  };

  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);

  EXPECT_EQ(VmaAt(0).vm_ops, nullptr);
  EXPECT_EQ(Store(0, 'x'), "");
  EXPECT_EQ(*backend.Bytes(kRam), 'x');
}

TEST_F(PrepareRules, PR13_TheProtectionOfTheVmaKeepsTheCacheBits) {
  Prepares([](vm_area_desc* desc) {
    desc->page_prot.pgprot |= hw::CacheBitsOf(hw::CacheType::kWriteCombining);
    RemapFull(desc, kBar);
  });

  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);

  EXPECT_EQ(VmaAt(0).vm_page_prot.pgprot, PageProtOf(kVmRead | kVmWrite | kVmShared) |
                                              hw::CacheBitsOf(hw::CacheType::kWriteCombining));
  EXPECT_EQ(Entry(0)->bits.cache, hw::CacheType::kWriteCombining);
}

TEST_F(PrepareRules, PR14_WhileMappedRunsTheFilesMappingsAreLockedIfAskedFor) {
  UseOps({"mapped"});
  driver.mapped = [this](const vm_area_struct&, void**) {
    mm.UnmapMappingPages(rw().f_mapping, 0, 0, 1);
    return 0;
  };
  Prepares([](vm_area_desc* desc) { RemapFull(desc, kRam); });
  ASSERT_GT(Map(0, 1, kRead, kMapShared), 0);
  EXPECT_EQ(Entry(0), nullptr);

  Prepares([](vm_area_desc* desc) { desc->action.hide_from_rmap_until_complete = true; });
  Map(0, 1, kRead, kMapShared);

  EXPECT_TRUE(Trapped());
  EXPECT_EQ(verdicts[0].class_number, 52);
}

TEST_F(PrepareRules, RP5_ARemapOfNoPagesIsABug) {
  Prepares([](vm_area_desc* desc) { RemapPart(desc, desc->start, kRam, 0); });

  Map(0, 1, kRead, kMapShared);

  EXPECT_TRUE(Trapped());
}

// What a stacked driver's ->mmap does with the description that another file's hook changed.
class CompatRules : public MmTest {
 protected:
  CompatRules() : MmTest(hw::Platforms()[0], 703) {}
  vm_area_desc DescriptionOf(const vm_area_struct& vma) {
    vm_area_desc desc{};
    desc.mm = vma.vm_mm;
    desc.file = &second();
    desc.start = vma.vm_start;
    desc.end = vma.vm_end;
    desc.pgoff = vma.vm_pgoff;
    desc.vm_file = vma.vm_file;
    desc.vma_flags = vma.flags;
    desc.page_prot = vma.vm_page_prot;
    desc.vm_ops = &driver.ops;
    return desc;
  }
};

TEST_F(CompatRules, PC1_ChangesReachTheVmaTheActionIsCarriedOutAndMappedCalled) {
  UseOps({"mapped"});
  driver.mmap = [this](file*, vm_area_struct* vma) {
    vm_area_desc desc = DescriptionOf(*vma);
    RemapFull(&desc, kRam);
    return mm.CompatVmaMmap(&desc, vma);
  };

  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared, 2), 0);

  EXPECT_EQ(driver.calls, "mapped ");
  EXPECT_EQ(LoadByte(0), 'C');
  EXPECT_EQ(TakeVerdict(), "");
}

TEST_F(CompatRules, PC2_AnErrorIsThatOfMmapWithoutClose) {
  UseOps({"close", "mapped"});
  driver.mapped = [](const vm_area_struct&, void**) { return -ENOSPC; };
  driver.mmap = [this](file*, vm_area_struct* vma) {
    vm_area_desc desc = DescriptionOf(*vma);
    RemapFull(&desc, kRam);
    desc.action.error_override = -EAGAIN;
    return mm.CompatVmaMmap(&desc, vma);
  };

  EXPECT_EQ(Map(0, 1, kReadWrite, kMapShared), -ENOSPC);

  EXPECT_EQ(driver.calls, "mapped ");
  EXPECT_EQ(State(), "process 0\nmemory types 0\nfiles 0 0 0 0 0 0\nown pages 0\n");
}

}  // namespace
}  // namespace drydock::kernel
