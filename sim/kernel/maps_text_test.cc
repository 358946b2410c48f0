#include "sim/kernel/maps_text.h"

#include "sim/kernel/mm_testing.h"

namespace drydock::kernel {
namespace {

constexpr hw::Pfn kRam = FakeBackend::kRam;

class MapsTextTest : public MmTest {};

TEST_F(MapsTextTest, EmptyIsEmpty) { EXPECT_EQ(MapsText(mm, p, {}), ""); }

TEST_F(MapsTextTest, WithoutNamesFilesAreFilesAndFramesAreNumbers) {
  MapsFrom(kRam);
  ASSERT_GT(Map(0, 1, kRead, kMapShared, 2), 0);
  ASSERT_GT(MapAnon(1, 1, kRead, kMapShared), 0);
  EXPECT_EQ(MapsText(mm, p, {}),
            "100000-101000 r--s 00002000 file rd sh mr mw me ms pf io de ar dd sd\n"
            "  +0 1 page 0x100002 WB r-- special accessed\n"
            "101000-102000 r--s 00000000 [shmem] rd sh mr mw me ms sd\n");
}

TEST_F(MapsTextTest, ARunThatCrossesOwnersIsALineForEach) {
  MapsFrom(kRam + (FakeBackend::kRamPages - 1));
  ASSERT_GT(Map(0, 2, kRead, kMapShared), 0);
  EXPECT_EQ(Maps(),
            "100000-102000 r--s 00000000 /dev/t0 rd sh mr mw me ms pf io de ar dd sd\n"
            "  +0 1 page ram+63 WB r-- special accessed\n"
            "  +1 1 page own WB r-- special accessed\n");
}

TEST_F(MapsTextTest, ARunThatCrossesMappingsIsALineForEach) {
  driver.mmap = [this](file*, vm_area_struct* vma) {
    return mm.RemapPfnRange(vma, vma->vm_start - kPage, kRam.value, 4 * kPage, vma->vm_page_prot);
  };
  ASSERT_GT(Map(1, 1, kRead, kMapShared), 0);
  ASSERT_GT(MapAnon(2, 1, kRead, kMapPrivate), 0);
  EXPECT_EQ(Maps(),
            "101000-102000 r--s 00000000 /dev/t0 rd sh mr mw me ms pf io de dd sd\n"
            "  +0 1 page ram+1 WB r-- special accessed\n"
            "102000-103000 r--p 00102000 [anon] rd mr mw me sd\n"
            "  +0 1 page ram+2 WB r-- special accessed\n"
            "outside:\n"
            "  100000 1 page ram+0 WB r-- special accessed\n"
            "  103000 1 page ram+3 WB r-- special accessed\n");
}

TEST_F(MapsTextTest, LettersAreInSmapsOrder) {
  EXPECT_EQ(VmFlagLetters(0), "");
  EXPECT_EQ(VmFlagLetters(kVmRead | kVmSoftDirty | kVmIo | kVmPfnMap), "rd pf io sd");
  EXPECT_EQ(VmFlagLetters(kVmRead | kVmDroppable), "rd dp");
  EXPECT_EQ(VmFlagLetters(uint64_t{1} << 41), "");
}

}  // namespace
}  // namespace drydock::kernel
