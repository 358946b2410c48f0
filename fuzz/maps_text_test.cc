// What people see of an address space: nodes by their path, frames by their owner.
#include "fuzz/maps_text.h"

#include <gtest/gtest.h>

#include "fuzz/provenance.h"
#include "sim/kernel/kernel.h"
#include "sim/world.h"

namespace drydock::fuzz {
namespace {

constexpr uint64_t kPage = hw::kPageSize;
constexpr int kReadWrite = 2, kProt = 3, kShared = 1, kPrivateAnonymous = 0x22;
constexpr unsigned kGfpKernel = 0xcc0;

class MapsTextTest : public testing::Test {
 protected:
  void Load(const std::string& method) {
    ASSERT_EQ(world_.LoadDriver("driver_core/dma_buffer.so", {{"method", method}}), "");
    world_.Checkpoint();
  }
  uint64_t Map(uint64_t page, uint64_t pages) {
    const user::Outcome fd = world_.init().Open("/dev/drydock_dma_buffer", kReadWrite);
    const user::Outcome at = world_.init().Mmap({}, pages * kPage, kProt, kShared,
                                                static_cast<int>(fd.value), page * kPage);
    EXPECT_TRUE(at.ok()) << at.value;
    return static_cast<uint64_t>(at.value);
  }
  // The lines without the addresses and flags that the kernel's own test knows: "NODE | frames".
  std::string Lines() {
    const std::string text = MapsText(world_, 0);
    std::string lines;
    for (size_t begin = 0; begin < text.size();) {
      const size_t end = text.find('\n', begin);
      std::string line = text.substr(begin, end - begin);
      if (line[0] != ' ') {
        const size_t node = line.find(' ', line.find(' ', line.find(' ') + 1) + 1) + 1;
        line = line.substr(node, line.find(' ', node) - node);
      } else {
        const size_t open = line.find('('), close = line.find(')');
        line = line.substr(0, line.find(" 0x")) + " " + line.substr(open, close - open + 1);
      }
      lines += line + "\n";
      begin = end + 1;
    }
    return lines;
  }
  std::string Owner(hw::Pfn pfn, uint64_t* pages = nullptr) {
    return NameOfOwner(world_.kernel(), pfn, pages).text;
  }
  kernel::Allocator& alloc() { return world_.kernel().alloc(); }
  hw::PhysicalMemory& memory() { return world_.kernel().memory(); }

  World world_{WorldOptions{}};
};

TEST_F(MapsTextTest, ADeviceMappingNamesTheNodeAndTheBuffer) {
  Load("remap");
  Map(2, 4);
  EXPECT_EQ(Lines(),
            "/dev/drydock_dma_buffer\n"
            "  +0 4 pages (alloc_pages_exact of 16 pages, page 2)\n");
}

TEST_F(MapsTextTest, ADmaBufferIsNamedByItsAllocator) {
  Load("dma_mmap");
  Map(0, 1);
  EXPECT_EQ(Lines(),
            "/dev/drydock_dma_buffer\n"
            "  +0 1 page (dma_alloc of 16 pages, page 0)\n");
}

TEST_F(MapsTextTest, AProcessesOwnPagesAreNamed) {
  Load("remap");
  const user::Outcome at = world_.init().Mmap({}, 2 * kPage, kProt, kPrivateAnonymous, -1, 0);
  const uint64_t word = 1;
  ASSERT_TRUE(world_.init().Store({static_cast<uint64_t>(at.value)}, &word, sizeof word).ok());
  EXPECT_EQ(Lines(),
            "[anon]\n"
            "  +0 1 page (a process's own page)\n");
}

TEST_F(MapsTextTest, AProcessThatIsGoneHasNoMap) {
  Load("remap");
  Map(0, 1);
  world_.init().Exit();
  EXPECT_EQ(MapsText(world_, 0), "");
}

TEST_F(MapsTextTest, SmallObjectsAreNamedByTheirCache) {
  for (const auto& [bytes, name] : {std::pair<size_t, const char*>{5, "kmalloc-8"},
                                    {65, "kmalloc-96"},
                                    {512, "kmalloc-512"},
                                    {513, "kmalloc-1k"},
                                    {2048, "kmalloc-2k"}}) {
    EXPECT_EQ(Owner(memory().PhysOf(alloc().Kmalloc(bytes, kGfpKernel)).pfn()), name);
  }
  EXPECT_EQ(Owner(memory().PhysOf(alloc().Kmalloc(2049, kGfpKernel)).pfn()), "kmalloc of 1 page");
}

TEST_F(MapsTextTest, ANameHoldsForAsManyPagesAsItSays) {
  const hw::Pfn block = memory().PfnOf(alloc().AllocPages(kGfpKernel, 2));
  uint64_t pages = 100;
  EXPECT_EQ(Owner(block + 1, &pages), "alloc_pages of 4 pages, page 1");
  EXPECT_EQ(pages, 3u);
  pages = 2;
  Owner(block + 1, &pages);
  EXPECT_EQ(pages, 2u);
}

TEST_F(MapsTextTest, FreeAndFreedMemoryAreTold) {
  struct page* page = alloc().AllocPages(kGfpKernel, 0);
  const hw::Pfn pfn = memory().PfnOf(page);
  alloc().FreePages(page, 0);
  EXPECT_EQ(Owner(pfn), "freed memory");
  EXPECT_EQ(Owner({hw::PhysicalMemory::kNormalBase.pfn().value + 5000}), "free memory");
  hw::Pfn kernels = hw::PhysicalMemory::kNormalBase.pfn();
  while (memory().frame(kernels).kind != hw::FrameKind::kReserved) kernels = kernels + 1;
  EXPECT_EQ(Owner(kernels), "the kernel itself");
  EXPECT_EQ(Owner({1}), "no memory and no device");
}

TEST_F(MapsTextTest, VmallocPagesAreNamedOneByOne) {
  void* area = alloc().Vmalloc(3 * kPage, kGfpKernel, false);
  uint64_t pages = 3;
  EXPECT_EQ(Owner(memory().PfnOf(alloc().VmallocToPage(area)), &pages), "vmalloc of 3 pages");
  EXPECT_EQ(pages, 1u);
}

TEST_F(MapsTextTest, WindowsOfDevicesHaveTheirNames) {
  ASSERT_TRUE(
      world_.kernel().mmio().AddWindow({0xfe000000}, 4 * kPage, hw::WindowKind::kMmio, "regs"));
  uint64_t pages = 100;
  EXPECT_EQ(Owner({0xfe001}, &pages), "window regs, page 1");
  EXPECT_EQ(pages, 3u);
}

}  // namespace
}  // namespace drydock::fuzz
