// Splitting, munmap, exit, and reset: docs/mmap-rules.md section 7 (SP), LK1.
#include <cerrno>
#include <random>

#include "sim/kernel/mm_testing.h"

namespace drydock::kernel {
namespace {

using Fake = FakeBackend;
constexpr hw::Pfn kRam = Fake::kRam;
constexpr hw::Pfn kBar = Fake::kBar;

class VmaRules : public MmTest {
 protected:
  void SetUp() override {
    UseOps({"open", "close", "may_split"});
    MapsFrom(kRam);
  }
};

TEST_F(VmaRules, SP1_MunmapOfTheMiddleOpensTwiceAndClosesOnce) {
  ASSERT_GT(Map(0, 4, kReadWrite, kMapShared, 5), 0);
  ASSERT_EQ(Unmap(1, 2), 0);
  EXPECT_EQ(driver.calls, "may_split open may_split open close ");
  EXPECT_EQ(Maps(),
            "100000-101000 rw-s 00005000 /dev/t0 rd wr sh mr mw me ms pf io de ar dd sd\n"
            "  +0 1 page ram+5 WB rw- special accessed\n"
            "103000-104000 rw-s 00008000 /dev/t0 rd wr sh mr mw me ms pf io de ar dd sd\n"
            "  +0 1 page ram+8 WB rw- special accessed\n");
  EXPECT_EQ(rw().f_count.counter, 2);
  ASSERT_EQ(Unmap(0, 4), 0);
  EXPECT_EQ(driver.opens, 2);
  EXPECT_EQ(driver.closes, 3);
}

TEST_F(VmaRules, SP1_OpenSeesTheNewPartAndTheOldBordersOfTheOld) {
  std::string seen;
  driver.open = [&](vm_area_struct* vma) {
    seen += "[" + std::to_string((vma->vm_start - kBase) / kPage) + "," +
            std::to_string((vma->vm_end - kBase) / kPage) + ") pgoff " +
            std::to_string(vma->vm_pgoff) + " of [" +
            std::to_string((VmaAt(0).vm_start - kBase) / kPage) + "," +
            std::to_string((VmaAt(0).vm_end - kBase) / kPage) + "); ";
  };
  ASSERT_GT(Map(0, 4, kReadWrite, kMapShared, 5), 0);
  ASSERT_EQ(Unmap(1, 2), 0);
  // The first split leaves the upper part to the new VMA, the second the lower.
  EXPECT_EQ(seen, "[1,4) pgoff 6 of [0,4); [1,3) pgoff 6 of [0,1); ");
}

TEST_F(VmaRules, SP1_TheNewPartInheritsWhatTheDriverSet) {
  driver.mmap = [this](file*, vm_area_struct* vma) {
    vma->vm_private_data = &driver;
    vma->vm_ops = &driver.ops;
    return RemapAll(vma, kRam);
  };
  vm_area_struct* opened = nullptr;
  driver.open = [&](vm_area_struct* vma) { opened = vma; };
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  const unsigned old_id = VmaAt(0).drydock_id;
  ASSERT_EQ(Unmap(1, 1), 0);
  ASSERT_NE(opened, nullptr);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  driver.open = [&](vm_area_struct* vma) {
    EXPECT_EQ(vma->vm_private_data, &driver);
    EXPECT_EQ(vma->vm_ops, &driver.ops);
    EXPECT_EQ(vma->vm_mm, mm.mm(p));
    EXPECT_EQ(vma->vm_file, &rw());
    EXPECT_EQ(vma->drydock_generation, VmaAt(0).drydock_generation);
    EXPECT_NE(vma->drydock_id, VmaAt(0).drydock_id);
  };
  ASSERT_EQ(Unmap(0, 1), 0);
  EXPECT_LT(old_id, Capacity{}.vmas);
}

TEST_F(VmaRules, SP1_CloseRunsWhenTheEntriesAreGone) {
  driver.close = [this](vm_area_struct* vma) {
    EXPECT_FALSE(mm.table(p).AnyIn({vma->vm_start}, (vma->vm_end - vma->vm_start) / kPage));
    EXPECT_EQ(mm.Find(p, vma->vm_start), nullptr);
    EXPECT_EQ(rw().f_count.counter, 1);  // the file goes after
  };
  ASSERT_GT(Map(0, 4, kReadWrite, kMapShared), 0);
  ASSERT_EQ(Unmap(0, 4), 0);
  EXPECT_EQ(driver.closes, 1);
}

TEST_F(VmaRules, SP1_SeveralMappingsAreDetachedUnmappedThenClosed) {
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
  ASSERT_GT(Map(2, 1, kReadWrite, kMapShared), 0);
  driver.close = [this](vm_area_struct*) {
    EXPECT_EQ(mm.VmaCount(p), 0U);
    EXPECT_EQ(mm.table(p).count(), 0U);
  };
  ASSERT_EQ(Unmap(0, 3), 0);
  EXPECT_EQ(driver.closes, 2);
}

TEST_F(VmaRules, SP2_MaySplitRefusesBeforeAnythingHappens) {
  driver.may_split = [](vm_area_struct*, uint64_t) { return -EINVAL; };
  ASSERT_GT(Map(0, 4, kReadWrite, kMapShared), 0);
  const std::string before = State();
  EXPECT_EQ(Unmap(1, 1), -EINVAL);
  EXPECT_EQ(Unmap(0, 1), -EINVAL);
  EXPECT_EQ(Unmap(3, 1), -EINVAL);
  EXPECT_EQ(Protect(1, 1, kRead), -EINVAL);
  EXPECT_EQ(Advise(1, 1, kAdviseDontFork), -EINVAL);
  EXPECT_EQ(State(), before);
  EXPECT_EQ(driver.opens, 0);
  EXPECT_EQ(Unmap(0, 4), 0);  // the whole is no split
}

TEST_F(VmaRules, SP3_TheFirstSplitStaysWhenTheSecondIsRefused) {
  driver.may_split = [](vm_area_struct*, uint64_t address) {
    return address == At(3) ? -EBUSY : 0;
  };
  ASSERT_GT(Map(0, 4, kReadWrite, kMapShared), 0);
  EXPECT_EQ(Unmap(1, 2), -EBUSY);
  EXPECT_EQ(mm.VmaCount(p), 2U);
  EXPECT_EQ(VmaAt(1).vm_start, At(1));
  EXPECT_EQ(driver.calls, "may_split open may_split ");
  for (uint64_t i = 0; i < 4; ++i) EXPECT_EQ(Load(i), "");
}

TEST_F(VmaRules, SP3_NoMemoryForTheSecondSplit) {
  ASSERT_GT(Map(0, 4, kReadWrite, kMapShared), 0);
  backend.FailAt(2);
  EXPECT_EQ(Unmap(1, 2), -ENOMEM);
  EXPECT_EQ(mm.VmaCount(p), 2U);
  EXPECT_EQ(driver.opens, 1);
  EXPECT_EQ(driver.closes, 0);
}

TEST_F(VmaRules, MunmapRefusesWhatIsNoRange) {
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
  const std::string before = State();
  EXPECT_EQ(mm.Munmap(p, At(0) + 1, kPage), -EINVAL);
  EXPECT_EQ(mm.Munmap(p, At(0), 0), -EINVAL);
  EXPECT_EQ(mm.Munmap(p, At(0), kTaskSize), -EINVAL);
  EXPECT_EQ(mm.Munmap(p, At(0), ~uint64_t{0}), -EINVAL);
  EXPECT_EQ(mm.Munmap(p, kTaskSize + kPage, kPage), -EINVAL);
  EXPECT_EQ(mm.Munmap(p, At(5), kPage), 0);  // a hole is no error
  EXPECT_EQ(State(), before);
  EXPECT_EQ(mm.Munmap(p, At(0), 1), 0);
  EXPECT_EQ(Maps(), "");
}

TEST_F(VmaRules, LK1_MunmapClosesWithTheLockHeldForReading) {
  driver.close = [this](vm_area_struct*) {
    EXPECT_EQ(mm.mm(p)->mmap_lock.owner, 0U);
    EXPECT_EQ(mm.mm(p)->mmap_lock.readers, 1U);
  };
  driver.open = [this](vm_area_struct*) { EXPECT_EQ(mm.mm(p)->mmap_lock.owner, 1U); };
  ASSERT_GT(MapAnon(8, 1, kReadWrite, kMapPrivate), 0);
  ASSERT_GT(Map(0, 4, kReadWrite, kMapShared), 0);
  ASSERT_EQ(Unmap(1, 1), 0);
  ASSERT_EQ(Unmap(0, 4), 0);
  EXPECT_EQ(driver.closes, 3);
  EXPECT_EQ(mm.mm(p)->mmap_lock.readers, 0U);
}

TEST_F(VmaRules, LK1_AMappingThatReplacesClosesWithTheLockHeldForWriting) {
  driver.close = [this](vm_area_struct*) { EXPECT_EQ(mm.mm(p)->mmap_lock.owner, 1U); };
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  ASSERT_GT(MapAnon(0, 2, kReadWrite, kMapPrivate), 0);
  EXPECT_EQ(driver.closes, 1);
}

// 6.1: expand_stack() changes a mapping with the lock held for reading.
TEST_F(VmaRules, LK1_BelowAMappingThatGrowsDownItIsHeldForWriting) {
  driver.close = [this](vm_area_struct*) { EXPECT_EQ(mm.mm(p)->mmap_lock.owner, 1U); };
  ASSERT_GT(MapAnon(4, 1, kReadWrite, kMapPrivate | kMapGrowsDown), 0);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  ASSERT_EQ(Unmap(0, 2), 0);
  EXPECT_EQ(driver.closes, 1);
  EXPECT_EQ(mm.mm(p)->mmap_lock.owner, 0U);
}

TEST_F(VmaRules, LK1_BelowTheStackItIsHeldForWriting) {
  driver.close = [this](vm_area_struct*) { EXPECT_EQ(mm.mm(p)->mmap_lock.owner, 1U); };
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  ASSERT_EQ(Unmap(1, 1), 0);
  EXPECT_EQ(driver.closes, 1);
}

TEST_F(VmaRules, LK1_ExitClosesInOrderOfAddressesWithTheLockHeld) {
  std::string order;
  driver.close = [&](vm_area_struct* vma) {
    order += std::to_string((vma->vm_start - kBase) / kPage) + " ";
    EXPECT_EQ(mm.mm(p)->mmap_lock.owner, 1U);
    EXPECT_EQ(mm.table(p).count(), 0U);
  };
  ASSERT_GT(Map(8, 1, kReadWrite, kMapShared), 0);
  ASSERT_GT(Map(2, 1, kReadWrite, kMapShared), 0);
  mm.ExitMm(p);
  EXPECT_EQ(order, "2 8 ");
  EXPECT_FALSE(mm.MmLive(p));
}

TEST_F(VmaRules, LK2_AddressSpaceThatIsHeldIsNotTheNextProcesss) {
  const int child = mm.NewMm();
  ASSERT_GT(child, 0);
  mm_struct* held = mm.mm(static_cast<uint32_t>(child));
  ++held->mm_count.counter;  // mmgrab()
  mm.ExitMm(static_cast<uint32_t>(child));
  EXPECT_EQ(held->mm_users.counter, 0);
  EXPECT_EQ(held->mm_count.counter, 1);
  EXPECT_NE(held->mmap_lock.magic, 0U);

  const int other = mm.NewMm();
  EXPECT_GT(other, 0);
  EXPECT_NE(other, child);
  mm.ExitMm(static_cast<uint32_t>(other));

  --held->mm_count.counter;  // mmdrop()
  EXPECT_EQ(mm.NewMm(), child);
  mm.ExitMm(static_cast<uint32_t>(child));
}

TEST_F(VmaRules, RP5_ExitTakesStrayEntriesToo) {
  driver.mmap = [this](file*, vm_area_struct* vma) {
    return mm.RemapPfnRange(vma, vma->vm_start, kRam.value, 9 * kPage, vma->vm_page_prot);
  };
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
  mm.ExitMm(p);
  EXPECT_EQ(mm.table(p).count(), 0U);
  EXPECT_FALSE(mm.AnyMapped(kRam, 9));
}

TEST_F(VmaRules, FindVmaIsTheFirstThatEndsAbove) {
  ASSERT_GT(Map(2, 2, kReadWrite, kMapShared), 0);
  EXPECT_EQ(mm.FindVma(mm.mm(p), At(0))->vm_start, At(2));
  EXPECT_EQ(mm.FindVma(mm.mm(p), At(3))->vm_start, At(2));
  EXPECT_EQ(mm.FindVma(mm.mm(p), At(4)), nullptr);
}

// Random system calls, with drivers of every kind; then reset has to bring back the first day.
class MmReset : public MmTest, public testing::WithParamInterface<unsigned> {};

TEST_P(MmReset, PutsEverythingBackAfterRandomCalls) {
  UseOps({"open", "close"});
  InsertsPages();
  ASSERT_GT(Map(0, 4, kReadWrite, kMapShared), 0);  // the checkpoint is not empty
  list.Checkpoint();
  const uint64_t hash = list.Hash();
  std::mt19937 random(GetParam());
  const auto pick = [&](unsigned n) { return static_cast<uint64_t>(random() % n); };
  for (int run = 0; run < 20; ++run) {
    for (int i = 0; i < 40 && !Trapped(); ++i) {
      const auto process = static_cast<uint32_t>(pick(2));
      if (!mm.MmLive(process)) {
        const int fresh = mm.NewMm();
        ASSERT_EQ(fresh, static_cast<int>(process));
        mm.Fork(1 - process, process);
        continue;
      }
      switch (pick(4)) {
        case 0:
          MapsFrom(pick(2) == 0 ? kBar : kRam);
          break;
        case 1:
          FaultsOnly();
          break;
        case 2:
          InsertsPages();
          break;
        default:
          driver.mmap = [&](file*, vm_area_struct* vma) {
            return mm.RemapPfnRange(vma, vma->vm_start, kBar.value, kPage * (1 + pick(3)),
                                    vma->vm_page_prot);
          };
      }
      const uint64_t at = At(pick(24));
      const uint64_t length = (1 + pick(6)) * kPage;
      const int prot = static_cast<int>(pick(8));
      char byte = 'x';
      switch (pick(9)) {
        case 0:
        case 1:
        case 2: {
          const int type = pick(2) == 0 ? kMapShared : kMapPrivate;
          const bool anonymous = pick(4) == 0;
          mm.Mmap(process, at, length, prot, type | kMapFixed | (anonymous ? kMapAnonymous : 0),
                  anonymous ? nullptr : &rw(), false, pick(8) * kPage);
          break;
        }
        case 3:
          mm.Munmap(process, at, length);
          break;
        case 4:
          mm.Mprotect(process, at, length, prot);
          break;
        case 5:
          mm.Mremap(process, at, length, (1 + pick(6)) * kPage, static_cast<int>(pick(4)),
                    At(pick(24)));
          break;
        case 6: {
          constexpr int kAdvices[] = {kAdviseDontNeed,     kAdviseDontFork,  kAdviseDoFork,
                                      kAdviseHugePage,     kAdviseMergeable, kAdviseDoDump,
                                      kAdvisePopulateRead, kAdviseWipeOnFork};
          mm.Madvise(process, at, length, kAdvices[pick(8)]);
          break;
        }
        case 7:
          mm.Access(process, at, &byte, nullptr, 1);
          mm.Access(process, at, nullptr, &byte, 1);
          break;
        default:
          if (process == 1) mm.ExitMm(1);
      }
      for (uint32_t m = 0; m < 2; ++m) {
        uint64_t last = 0;
        uint64_t pages = 0;
        for (uint32_t v = 0; v < mm.VmaCount(m); ++v) {
          const vm_area_struct& c = mm.VmaAt(m, v).c;
          ASSERT_LT(c.vm_start, c.vm_end);
          ASSERT_LE(last, c.vm_start);
          last = c.vm_end;
          pages += (c.vm_end - c.vm_start) / kPage;
        }
        ASSERT_EQ(mm.mm(m)->total_vm, pages);
        for (size_t e = 1; e < mm.table(m).count(); ++e) {
          ASSERT_LE(mm.table(m)[e - 1].end(), mm.table(m)[e].va);
        }
      }
    }
    if (!Trapped()) {
      // Nothing leaks on the way out either.
      for (uint32_t m = 0; m < 2; ++m) {
        if (mm.MmLive(m)) mm.ExitMm(m);
      }
      ASSERT_EQ(rw().f_count.counter, 0);
      ASSERT_EQ(backend.anon_in_use(), 0U);
      for (uint64_t i = 0; i < Fake::kRamPages; ++i) {
        ASSERT_EQ(backend.PageAt(kRam + i)._refcount.counter, 1)
            << "page " << i << " seed " << GetParam();
      }
    }
    list.Reset();
    ASSERT_EQ(list.FirstDifference(), nullptr);
    ASSERT_EQ(list.Hash(), hash);
    // The machine of this test has no reset of its own.
    TakeVerdict();
    backend = FakeBackend();
    for (uint64_t i = 0; i < 4; ++i) backend.PageGet(kRam + i);
    rw().f_count.counter = 1;
  }
}
INSTANTIATE_TEST_SUITE_P(Seeds, MmReset, testing::Range(1U, 41U));

}  // namespace
}  // namespace drydock::kernel
