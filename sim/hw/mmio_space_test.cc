#include "sim/hw/mmio_space.h"

#include <unistd.h>

#include <cstring>
#include <vector>

#include "gtest/gtest.h"
#include "sim/hw/physical_memory.h"
#include "sim/hw/write_fault_handler.h"

namespace drydock::hw {
namespace {

constexpr PhysAddr kBar{0xfea00000};
constexpr PhysAddr kPool{0x80000000};

struct Access {
  uint64_t offset, value;
  unsigned size_bytes;
  bool operator==(const Access&) const = default;
};

class Echo final : public MmioDevice {
 public:
  uint64_t ReadRegister(uint64_t offset, unsigned size_bytes) override {
    reads.push_back({offset, 0, size_bytes});
    return offset;
  }
  void WriteRegister(uint64_t offset, uint64_t value, unsigned size_bytes) override {
    writes.push_back({offset, value, size_bytes});
  }
  std::vector<Access> reads, writes;
};

class MmioSpaceTest : public testing::Test {
 protected:
  bool Add(PhysAddr base, uint64_t size_bytes, MmioDevice* device = nullptr) {
    return space_.AddWindow(base, size_bytes, WindowKind::kMmio, "bar", device);
  }
  MmioSpace space_;
  ScopedWriteFaultHandler<MmioSpace> handler_{space_};
};

TEST_F(MmioSpaceTest, AWindowKeepsWhatWasStored) {
  ASSERT_TRUE(Add(kBar, 0x2000));
  space_.WriteRegister(kBar + 0xffc, 0x1122334455667788, 8);  // across a page
  EXPECT_EQ(space_.ReadRegister(kBar + 0xffc, 8), 0x1122334455667788u);
  EXPECT_EQ(space_.ReadRegister(kBar + 0x1000, 2), 0x3344u);
}

TEST_F(MmioSpaceTest, AddWindowRefusesWhatOverlapsOrDoesNotFit) {
  ASSERT_TRUE(Add(kBar, 0x1000));
  EXPECT_FALSE(Add(kBar + 0xfff, 1));
  EXPECT_FALSE(Add({kBar.value - 1}, 2));
  EXPECT_FALSE(Add({0x1000}, 0));
  EXPECT_FALSE(Add({~uint64_t{0} - 10}, 20));
  EXPECT_FALSE(Add(PhysicalMemory::kDma32Base, 0x1000));
  EXPECT_FALSE(Add({PhysicalMemory::kNormalBase.value - 1}, 2));
  EXPECT_FALSE(Add({uint64_t{1} << 40}, MmioSpace::kMaxPages * kPageSize));
  EXPECT_EQ(space_.window_count(), 1u);
  EXPECT_TRUE(Add(kBar + 0x1000, 0x1000));
}

TEST_F(MmioSpaceTest, LoadsWhereNothingIsGiveOnesAndStoresVanish) {
  ASSERT_TRUE(Add(kBar, 0x1000));
  unsigned char bytes[4];
  space_.Write({kBar.value - 2}, "abcd", 4);
  space_.Read({kBar.value - 2}, bytes, 4);
  EXPECT_EQ(bytes[0], 0xff);
  EXPECT_EQ(bytes[1], 0xff);
  EXPECT_EQ(bytes[2], 'c');
  EXPECT_EQ(bytes[3], 'd');
}

TEST_F(MmioSpaceTest, ADeviceSeesNaturallyAlignedAccesses) {
  Echo echo;
  ASSERT_TRUE(Add(kBar, 0x1000, &echo));
  space_.Write(kBar + 2, "\1\2\3\4\5\6", 6);
  EXPECT_EQ(echo.writes, (std::vector<Access>{{2, 0x0201, 2}, {4, 0x06050403, 4}}));
  EXPECT_EQ(space_.ReadRegister(kBar + 8, 4), 8u);
  EXPECT_EQ(echo.reads, (std::vector<Access>{{8, 0, 4}}));
}

TEST_F(MmioSpaceTest, KernelViewIsGivenForPlainBytesInOneWindowOnly) {
  Echo echo;
  ASSERT_TRUE(space_.AddWindow(kPool, 0x3000, WindowKind::kReservedMemory, "pool"));
  ASSERT_TRUE(Add(kBar, 0x1000, &echo));
  EXPECT_NE(space_.KernelView(kPool + 0x10, 0x2ff0), nullptr);
  EXPECT_EQ(space_.KernelView(kPool + 0x10, 0x2ff1), nullptr);
  EXPECT_EQ(space_.KernelView(kPool, 0), nullptr);
  EXPECT_EQ(space_.KernelView(kBar, 4), nullptr);
  EXPECT_EQ(space_.KernelView({0x1000}, 4), nullptr);
  PhysAddr back;
  ASSERT_TRUE(space_.PhysOf(static_cast<char*>(space_.KernelView(kPool, 1)) + 5, &back));
  EXPECT_EQ(back, kPool + 5);
}

TEST_F(MmioSpaceTest, ResetPutsBackStoresOfUsersAndOfDrivers) {
  ASSERT_TRUE(space_.AddWindow(kPool, 0x3000, WindowKind::kReservedMemory, "pool"));
  auto* view = static_cast<volatile char*>(space_.KernelView(kPool, 0x3000));
  space_.Unpoison(const_cast<char*>(view), 0x3000);
  view[0x1000] = 'k';
  space_.Checkpoint();
  const uint64_t hash = space_.Hash();
  for (int round = 0; round < 3; ++round) {
    view[0x1000] = 'd';
    space_.Write(kPool + 0x2000, "u", 1);
    EXPECT_NE(space_.FirstDifference(), nullptr);
    space_.Reset();
    EXPECT_EQ(view[0x1000], 'k');
    EXPECT_EQ(space_.ReadRegister(kPool + 0x2000, 1), 0u);
    EXPECT_EQ(space_.FirstDifference(), nullptr);
    EXPECT_EQ(space_.Hash(), hash);
  }
}

TEST_F(MmioSpaceTest, FileHoldsTheBytesOfWholePages) {
  Echo device;
  ASSERT_TRUE(Add(kBar, 0x2800));
  ASSERT_TRUE(Add({0x90000800}, 0x1800));  // begins and ends within a page
  ASSERT_TRUE(Add({0xa0000000}, 0x1000, &device));
  uint64_t offset = 0;
  ASSERT_TRUE(space_.FileOffset((kBar + 0x1000).pfn(), &offset));
  space_.WriteRegister(kBar + 0x1008, 0x1122334455667788, 8);
  uint64_t word = 0;
  ASSERT_EQ(pread(space_.file(), &word, sizeof word, static_cast<off_t>(offset + 8)), 8);
  EXPECT_EQ(word, 0x1122334455667788u);
  ASSERT_TRUE(space_.FileOffset({0x90001}, &offset));
  EXPECT_EQ(offset % kPageSize, 0u);
  space_.WriteRegister({0x90001000}, 7, 8);
  ASSERT_EQ(pread(space_.file(), &word, sizeof word, static_cast<off_t>(offset)), 8);
  EXPECT_EQ(word, 7u);

  EXPECT_FALSE(space_.FileOffset((kBar + 0x2000).pfn(), &offset));  // half a page
  EXPECT_FALSE(space_.FileOffset({0x90000}, &offset));
  EXPECT_FALSE(space_.FileOffset({0xa0000}, &offset));  // its registers answer themselves
  EXPECT_FALSE(space_.FileOffset({0xb0000}, &offset));  // nothing is there
}

}  // namespace
}  // namespace drydock::hw
