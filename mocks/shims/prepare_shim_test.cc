// 7.3's setters of an mmap_action, as its drivers have them inline, and the way of a stacked
// ->mmap. What the kernel makes of it is sim/kernel/mmap_prepare_rules_test's subject.
#include <cerrno>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "mocks/gmock/mock_kernel.h"
#include "mocks/gmock/mock_mm.h"
#include "mocks/gmock/mock_sync.h"
#include "mocks/include/drydock/flags.h"
#include "mocks/shims/prepare_test_driver.h"

static page frames[1];
alignas(4096) static char memory[4096];
extern "C" {
page* drydock_vmemmap = frames;
char* drydock_direct_map = memory;
module __this_module = {"prepare_test_driver", {0}, 0};
}

namespace drydock::mocks {
namespace {

using ::testing::_;
using ::testing::HasSubstr;
using ::testing::Return;
using ::testing::StrictMock;

class PrepareShim : public ::testing::Test {
 protected:
  PrepareShim() : installed_(kernel_) {
    kernel_.Use(mm_);
    kernel_.Use(log_);
    desc_.start = 0x10000;
    desc_.end = 0x14000;
    desc_.pgoff = 5;
    desc_.page_prot.pgprot = 0x27;
  }

  vm_area_desc desc_{};
  MockKernel kernel_;
  StrictMock<MockMmApi> mm_;
  StrictMock<MockLogApi> log_;
  ScopedKernelApi installed_;
};

TEST_F(PrepareShim, RemapTakesAddressFrameAndSize) {
  drv_action_remap(&desc_, 0x11000, 77, 0x2000);

  EXPECT_EQ(desc_.action.type, MMAP_REMAP_PFN);
  EXPECT_EQ(desc_.action.remap.start, 0x11000U);
  EXPECT_EQ(desc_.action.remap.start_pfn, 77U);
  EXPECT_EQ(desc_.action.remap.size, 0x2000U);
}

TEST_F(PrepareShim, TheFullOnesTakeTheWholeMappingWhateverItsOffset) {
  drv_action_remap_full(&desc_, 77);
  EXPECT_EQ(desc_.action.type, MMAP_REMAP_PFN);
  EXPECT_EQ(desc_.action.remap.start, 0x10000U);
  EXPECT_EQ(desc_.action.remap.start_pfn, 77U);
  EXPECT_EQ(desc_.action.remap.size, 0x4000U);

  drv_action_ioremap_full(&desc_, 78);
  EXPECT_EQ(desc_.action.type, MMAP_IO_REMAP_PFN);
  EXPECT_EQ(desc_.action.remap.start_pfn, 78U);
  EXPECT_EQ(desc_.action.remap.size, 0x4000U);
}

TEST_F(PrepareShim, SimpleIoremapTakesTheRegionAndPagesTheArray) {
  drv_action_simple_ioremap(&desc_, 0xe0000000, 0x3001);
  EXPECT_EQ(desc_.action.type, MMAP_SIMPLE_IO_REMAP);
  EXPECT_EQ(desc_.action.simple_ioremap.start_phys_addr, 0xe0000000U);
  EXPECT_EQ(desc_.action.simple_ioremap.size, 0x3001U);

  page* pages[4] = {};
  drv_action_pages_full(&desc_, pages);
  EXPECT_EQ(desc_.action.type, MMAP_MAP_KERNEL_PAGES);
  EXPECT_EQ(desc_.action.map_kernel.start, 0x10000U);
  EXPECT_EQ(desc_.action.map_kernel.pages, pages);
  EXPECT_EQ(desc_.action.map_kernel.nr_pages, 4U);
  EXPECT_EQ(desc_.action.map_kernel.pgoff, 5U);
}

TEST_F(PrepareShim, PR3_TheProtectionOfTheMomentIsTakenOver) {
  drv_action_remap_full(&desc_, 77);
  desc_.page_prot.pgprot = 0x2f;

  EXPECT_EQ(desc_.action.remap.pgprot.pgprot, 0x27U);
}

TEST_F(PrepareShim, PR4_ARangeThatLeavesTheMappingIsWarnedOfOnce) {
  EXPECT_CALL(log_, Warn(HasSubstr("mmap_prepare.h"), _, HasSubstr("mmap_action_remap"), _, _))
      .Times(2);  // for its start, and for its end

  drv_action_remap(&desc_, 0x14000, 77, 0x1000);
  drv_action_remap(&desc_, 0x14000, 77, 0x1000);

  EXPECT_EQ(desc_.action.type, MMAP_REMAP_PFN);
}

TEST_F(PrepareShim, FlagsByTheirNumbersAreThoseByTheirMasks) {
  desc_.vma_flags.__vma_flags[0] = VM_READ | VM_MAYWRITE;

  EXPECT_EQ(drv_change_flags(&desc_), 1);

  EXPECT_EQ(desc_.vma_flags.__vma_flags[0], VM_READ | VM_IO | VM_PFNMAP);
}

TEST_F(PrepareShim, PrepareCrosses) {
  EXPECT_CALL(mm_, MmapActionPrepare(&desc_)).WillOnce(Return(-EFAULT));

  EXPECT_EQ(drv_action_prepare(&desc_), -EFAULT);
}

// The file below has a hook of either kind.
int PrepareOfBelow(vm_area_desc* desc) {
  desc->pgoff += 1;
  desc->action.hide_from_rmap_until_complete = true;
  return desc->end == 0x15000 ? -EPERM : 0;
}
int MmapOfBelow(file*, vm_area_struct*) { return -EXDEV; }

class StackedMmap : public PrepareShim {
 protected:
  StackedMmap() {
    operations_.mmap_prepare = &PrepareOfBelow;
    below_.f_op = &operations_;
    vma_.vm_start = 0x10000;
    vma_.vm_end = 0x14000;
    vma_.vm_flags = VM_READ;
    vma_.vm_pgoff = 5;
    vma_.vm_page_prot.pgprot = 0x27;
    vma_.vm_file = &above_;
  }
  file_operations operations_{};
  file below_{}, above_{};
  vm_area_struct vma_{};
};

TEST_F(StackedMmap, PC1_TheHookGetsWhatTheVmaIsAndTheKernelWhatItLeaves) {
  EXPECT_CALL(mm_, CompatVmaMmap(_, &vma_)).WillOnce([&](vm_area_desc* desc, vm_area_struct*) {
    EXPECT_EQ(desc->file, &below_);
    EXPECT_EQ(desc->vm_file, &above_);
    EXPECT_EQ(desc->start, 0x10000U);
    EXPECT_EQ(desc->end, 0x14000U);
    EXPECT_EQ(desc->pgoff, 6U);
    EXPECT_EQ(desc->vma_flags.__vma_flags[0], VM_READ);
    EXPECT_EQ(desc->page_prot.pgprot, 0x27U);
    EXPECT_EQ(desc->action.type, MMAP_NOTHING);
    EXPECT_FALSE(desc->action.hide_from_rmap_until_complete);
    return -EAGAIN;
  });

  EXPECT_EQ(drv_stacked_mmap(&below_, &vma_), -EAGAIN);
}

TEST_F(StackedMmap, PC2_AnErrorOfTheHookIsTheEndOfIt) {
  vma_.vm_end = 0x15000;

  EXPECT_EQ(drv_stacked_mmap(&below_, &vma_), -EPERM);
}

TEST_F(StackedMmap, AFileWithMmapIsAskedByThat) {
  operations_.mmap_prepare = nullptr;
  operations_.mmap = &MmapOfBelow;

  EXPECT_EQ(drv_stacked_mmap(&below_, &vma_), -EXDEV);
}

}  // namespace
}  // namespace drydock::mocks
