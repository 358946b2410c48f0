// The drivers that prepare their mappings, on a kernel that has that: what the mapping is when it
// is there, and that one which fails on the way is neither there nor counted. What a mapping may be
// is the subject of the plans' tests, and what programs do with one that of mapping_life_test.
#include <cerrno>
#include <cstdint>
#include <string>

#include "driver_core/dma_buffer_uapi.h"
#include "driver_core/framebuffer_uapi.h"
#include "driver_core/testing/driver_world.h"
#include "gtest/gtest.h"
#include "mocks/include/drydock/flags.h"
#include "sim/hw/memory_type.h"

namespace drydock {
namespace {

constexpr uint64_t kVideo = 0x90000000;
constexpr char kVideoDevice[] =
    "device drydock_framebuffer\n"
    "    mem 0x90000000 0x14000 vram\n";
constexpr unsigned long kFlagsOfRemap = VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP;

class PreparedMapping : public DriverWorldTest {
 protected:
  using DriverWorldTest::DriverWorldTest;

  const vm_area_struct& VmaAt(int64_t address) {
    const kernel::Vma* vma =
        world_->kernel().mm().Find(process().index(), static_cast<uint64_t>(address));
    static const vm_area_struct kNone{};
    EXPECT_NE(vma, nullptr) << address;
    return vma != nullptr ? vma->c : kNone;
  }
  const hw::Extent& EntryAt(int64_t address) {
    const hw::Extent* entry =
        world_->kernel().mm().table(process().index()).Find({static_cast<uint64_t>(address)});
    static const hw::Extent kNone{};
    EXPECT_NE(entry, nullptr) << address;
    return entry != nullptr ? *entry : kNone;
  }
};

class PreparedChardev : public PreparedMapping {
 protected:
  PreparedChardev() : PreparedMapping("chardev", "/dev/drydock_chardev") {}
};

TEST_F(PreparedChardev, TheMappingIsRemappedBySevenThreesHook) {
  Load({});

  const int64_t at = Map(0, kPage);

  ASSERT_GT(at, 0);
  EXPECT_EQ(VmaAt(at).vm_flags & kFlagsOfRemap, kFlagsOfRemap);
  EXPECT_EQ(VmaAt(at).vm_file->f_op->mmap, nullptr);
  EXPECT_NE(VmaAt(at).vm_file->f_op->mmap_prepare, nullptr);
  EXPECT_EQ(EntryAt(at).bits.special, 1);
}

TEST_F(PreparedChardev, APrivateMappingIsNoCopyOnWriteOne) {
  Load({});

  const int64_t at = Map(0, kPage, kRead, kPrivate);

  ASSERT_GT(at, 0);
  EXPECT_EQ(VmaAt(at).vm_flags & (VM_MAYWRITE | VM_MAYEXEC), 0u);
  EXPECT_EQ(VmaAt(at).vm_pgoff, 0u);
}

class PreparedDmaBuffer : public PreparedMapping {
 protected:
  PreparedDmaBuffer() : PreparedMapping("dma_buffer", "/dev/drydock_dma_buffer") {}
  uint32_t Mappings() {
    drydock_dma_buffer_info info{};
    EXPECT_EQ(Ioctl(DRYDOCK_DMA_BUFFER_INFO, &info), 0);
    return info.mappings;
  }
};

TEST_F(PreparedDmaBuffer, TheProtectionOfTheVmaSaysTheCacheType) {
  Load({{"cache", "wc"}});

  const int64_t at = Map(0, 4 * kPage);

  ASSERT_GT(at, 0);
  EXPECT_EQ(hw::CacheTypeOf(VmaAt(at).vm_page_prot.pgprot), hw::CacheType::kWriteCombining);
  EXPECT_EQ(EntryAt(at).bits.cache, hw::CacheType::kWriteBack) << "it is RAM";
}

TEST_F(PreparedDmaBuffer, AnOffsetShowsThePageThatIsThere) {
  Load({});
  const int64_t all = Map(0, 4 * kPage);
  StoreAs<uint32_t>(static_cast<uint64_t>(all) + 2 * kPage, 0x1234);

  const int64_t part = Map(2 * kPage, kPage, kRead);

  ASSERT_GT(part, 0);
  EXPECT_EQ(LoadAs<uint32_t>(static_cast<uint64_t>(part)), 0x1234u);
}

TEST_F(PreparedDmaBuffer, TheOtherMethodHasNoActionAndKeepsMmap) {
  Load({{"method", "dma_mmap"}});

  const int64_t at = Map(0, kPage);

  ASSERT_GT(at, 0);
  EXPECT_NE(VmaAt(at).vm_file->f_op->mmap, nullptr);
  EXPECT_EQ(VmaAt(at).vm_file->f_op->mmap_prepare, nullptr);
}

TEST_F(PreparedDmaBuffer, AMappingThatFailsOnTheWayIsNotCounted) {
  Load({});
  uint32_t mappings = 0;
  int failed = 0;
  for (int nth = 1; nth < 64; ++nth) {
    world_->FailAllocation(nth);
    const int64_t result = Map(0, kPage);
    world_->FailAllocation(0);
    mappings = Mappings();
    if (result > 0) break;
    ++failed;
    EXPECT_EQ(result, -ENOMEM) << nth;
    EXPECT_EQ(mappings, 0u) << nth;
  }
  EXPECT_GE(failed, 3) << "the driver's record of it, the VMA, the page table";
  EXPECT_EQ(mappings, 1u);

  ASSERT_TRUE(process().Exit().ok());
  EXPECT_TRUE(world_->UnloadDriver());
  EXPECT_EQ(world_->kernel().allocations().live_count(), 0u);
}

TEST_F(PreparedDmaBuffer, AMappingThatFailsOnTheWayIsForgottenWithTheFile) {
  Load({});
  const auto live_after_a_process_that = [&](int fails) {
    world_->StartProcess();
    const int64_t file = process().Open("/dev/drydock_dma_buffer", 2).value;
    EXPECT_GE(file, 0);
    for (int nth = 1; nth <= fails; ++nth) {
      world_->FailAllocation(nth);
      const user::Outcome result =
          process().Mmap({0}, kPage, kRead, kShared, static_cast<int>(file), 0);
      world_->FailAllocation(0);
      EXPECT_EQ(result.value, -ENOMEM) << nth;
    }
    EXPECT_TRUE(process().Exit().ok());
    return world_->kernel().allocations().live_count();
  };
  ASSERT_TRUE(process().Exit().ok());
  const auto live = live_after_a_process_that(0);
  EXPECT_EQ(live_after_a_process_that(2), live) << "the record was made, the VMA was not";
}

class PreparedFramebuffer : public PreparedMapping {
 protected:
  PreparedFramebuffer() : PreparedMapping("framebuffer", "/dev/drydock_framebuffer") {}
  uint32_t Mappings() {
    drydock_framebuffer_info info{};
    EXPECT_EQ(Ioctl(DRYDOCK_FRAMEBUFFER_INFO, &info), 0);
    return info.mappings;
  }
};

TEST_F(PreparedFramebuffer, VideoMemoryIsWriteCombiningInTheVmaAndInTheEntries) {
  Load({{"width", "100"}, {"height", "100"}}, "x86-64", kVideoDevice);

  const int64_t at = Map(3 * kPage, 2 * kPage);

  ASSERT_GT(at, 0);
  EXPECT_EQ(EntryAt(at).pfn.value, kVideo / kPage + 3);
  EXPECT_EQ(EntryAt(at).bits.cache, hw::CacheType::kWriteCombining);
  EXPECT_EQ(hw::CacheTypeOf(VmaAt(at).vm_page_prot.pgprot), hw::CacheType::kWriteCombining);
  EXPECT_EQ(VmaAt(at).vm_pgoff, 3u);
  EXPECT_EQ(Mappings(), 1u);
}

TEST_F(PreparedFramebuffer, PartsAndChildrenAreCounted) {
  Load({});
  const int64_t at = Map(0, 3 * kPage);
  ASSERT_GT(at, 0);

  ASSERT_EQ(process().Munmap({static_cast<uint64_t>(at) + kPage}, kPage).value, 0);
  EXPECT_EQ(Mappings(), 2u);
  const user::Outcome child = process().Fork();
  ASSERT_TRUE(child.ok());
  EXPECT_EQ(Mappings(), 4u);
  ASSERT_TRUE(world_->process(static_cast<uint32_t>(child.value)).Exit().ok());
  EXPECT_EQ(Mappings(), 2u);
}

}  // namespace
}  // namespace drydock
