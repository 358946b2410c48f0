// Memory types on arm64: AR1..AR4 of docs/mmap-rules.md. Everything else is as on x86-64.
#include <cstring>

#include "sim/kernel/mm_testing.h"

namespace drydock::kernel {
namespace {

using Fake = FakeBackend;
constexpr hw::Pfn kRam = Fake::kRam;
constexpr hw::Pfn kBar = Fake::kBar;

class Arm64Rules : public MmTest {
 protected:
  Arm64Rules() : MmTest(*hw::FindPlatform("arm64")) {}

  enum Type { kNormal, kNoncached, kWritecombine, kWritethrough, kDevice, kDmacoherent };
  pgprot_t Prot(pgprot_t prot, Type type) {
    switch (type) {
      case kNoncached:
        return mm.PgprotNoncached(prot);
      case kWritecombine:
        return mm.PgprotWritecombine(prot);
      case kWritethrough:
        return mm.PgprotWritethrough(prot);
      case kDevice:
        return mm.PgprotDevice(prot);
      case kDmacoherent:
        return mm.PgprotDmacoherent(prot);
      case kNormal:
        break;
    }
    return prot;
  }
  // ->mmap that maps one page of this type; `keep`: vm_page_prot says so too.
  void Maps(hw::Pfn pfn, Type type, bool keep = false) {
    driver.mmap = [=, this](file*, vm_area_struct* vma) {
      const pgprot_t prot = Prot(vma->vm_page_prot, type);
      if (keep) vma->vm_page_prot = prot;
      return mm.RemapPfnRange(vma, vma->vm_start, pfn.value, kPage, prot);
    };
  }
  const char* TypeAt(uint64_t at) const { return hw::CacheName(Entry(at)->bits.cache); }
  std::string Access(uint64_t address, size_t size, bool write) {
    char bytes[16] = {};
    const user::Outcome outcome =
        mm.Access(p, address, write ? nullptr : bytes, write ? bytes : nullptr, size);
    if (outcome.signal == user::Signal::kBusAdraln) return "BUS_ADRALN";
    return outcome.ok() ? "" : "other";
  }
};

TEST_F(Arm64Rules, AR1_TheTypeIsTheDriversForRamAndForDevices) {
  struct Row {
    Type type;
    const char* name;
  };
  constexpr Row kRows[] = {{kNormal, "WB"},           {kNoncached, "nGnRnE"}, {kWritecombine, "NC"},
                           {kWritethrough, "nGnRnE"}, {kDevice, "nGnRE"},     {kDmacoherent, "NC"}};
  for (const Row& row : kRows) {
    for (const hw::Pfn pfn : {kRam, kBar}) {
      Maps(pfn, row.type);
      ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
      EXPECT_STREQ(TypeAt(0), row.name);
    }
  }
  EXPECT_EQ(mm.memory_types().count(), 0U);
}

TEST_F(Arm64Rules, AR1_APartOfAVmaAndAFaultKeepTheDriversTypeToo) {
  UseOps({"fault"});
  driver.mmap = [this](file*, vm_area_struct* vma) {
    vma->vm_ops = &driver.ops;
    vma->vm_flags |= kVmPfnMap;
    vma->vm_page_prot = mm.PgprotWritecombine(vma->vm_page_prot);
    return mm.RemapPfnRange(vma, vma->vm_start, kBar.value, kPage, vma->vm_page_prot);
  };
  driver.fault = [this](vm_fault* vmf) {
    return mm.VmfInsertPfn(vmf->vma, vmf->address, kBar.value + 1);
  };
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  ASSERT_EQ(Load(1), "");
  EXPECT_STREQ(TypeAt(0), "NC");
  EXPECT_STREQ(TypeAt(1), "NC");
}

TEST_F(Arm64Rules, AR2_TheLastTypeReplacesTheOneBefore) {
  EXPECT_EQ(hw::Arm64CacheTypeOf(mm.PgprotWritecombine(mm.PgprotNoncached({0x27})).pgprot),
            hw::CacheType::kNormalNonCacheable);
  EXPECT_EQ(hw::Arm64CacheTypeOf(mm.PgprotNoncached(mm.PgprotWritecombine({0x27})).pgprot),
            hw::CacheType::kDeviceNoEarlyAck);
}

TEST_F(Arm64Rules, AR2_UncachedMemoryIsNeverExecutable) {
  Maps(kBar, kNoncached, /*keep=*/true);
  ASSERT_GT(Map(0, 1, kRead | kProtExec, kMapShared), 0);
  EXPECT_EQ(Entry(0)->bits.exec, 0);
  ASSERT_EQ(Protect(0, 1, kRead), 0);
  ASSERT_EQ(Protect(0, 1, kRead | kProtExec), 0);
  EXPECT_EQ(Entry(0)->bits.exec, 0);
  Maps(kRam, kNormal);
  ASSERT_GT(Map(4, 1, kRead | kProtExec, kMapShared), 0);
  EXPECT_EQ(Entry(4)->bits.exec, 1);
}

TEST_F(Arm64Rules, AR3_MprotectGivesEntriesTheVmasType) {
  Maps(kBar, kNoncached, /*keep=*/false);
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
  EXPECT_STREQ(TypeAt(0), "nGnRnE");
  ASSERT_EQ(Protect(0, 1, kRead), 0);
  EXPECT_STREQ(TypeAt(0), "WB");
}

TEST_F(Arm64Rules, AR3_AVmaThatSaysItsTypeKeepsIt) {
  Maps(kBar, kWritecombine, /*keep=*/true);
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
  ASSERT_EQ(Protect(0, 1, kRead), 0);
  EXPECT_STREQ(TypeAt(0), "NC");
}

TEST_F(Arm64Rules, AR4_UnalignedAccessToDeviceMemoryIsSigbus) {
  Maps(kRam, kNoncached);
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
  EXPECT_EQ(Access(At(0) + 2, 4, false), "BUS_ADRALN");
  EXPECT_EQ(Access(At(0) + 1, 8, true), "BUS_ADRALN");
  EXPECT_EQ(Access(At(0) + 4, 4, true), "");
  EXPECT_EQ(Access(At(0) + 3, 1, true), "");
}

TEST_F(Arm64Rules, AR4_NormalMemoryTakesAnyAlignment) {
  for (const Type type : {kNormal, kWritecombine, kDmacoherent}) {
    Maps(kRam, type);
    ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
    EXPECT_EQ(Access(At(0) + 2, 4, false), "");
  }
}

}  // namespace
}  // namespace drydock::kernel
