#include "sim/devices/nic.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "sim/devices/fake_site.h"

namespace drydock::devices {
namespace {

constexpr uint32_t kRun = 1, kLossless = 2, kLoopback = 4;
constexpr uint64_t kRx = 0x0000, kTx = 0x1000, kBuffers = 0x2000;  // in the fake memory
constexpr uint64_t kUs = 1000;

class NicTest : public testing::Test {
 protected:
  uint32_t Read(uint64_t offset) { return static_cast<uint32_t>(nic_.ReadRegister(0, offset, 4)); }
  void Write(uint64_t offset, uint32_t value) { nic_.WriteRegister(0, offset, value, 4); }
  void Start(uint32_t count, uint32_t burst, uint32_t interval_us, uint32_t control = kRun,
             uint32_t entries = 4) {
    Write(0x40, FakeSite::kMemoryAt + kRx);
    Write(0x44, 0);
    Write(0x48, FakeSite::kMemoryAt + kTx);
    Write(0x4c, 0);
    Write(0x50, FakeSite::kMemoryAt + kBuffers);
    Write(0x54, 0);
    Write(0x08, entries);
    Write(0x0c, count);
    Write(0x10, burst);
    Write(0x14, interval_us);
    for (uint32_t i = 0; i < entries && i < 16; ++i) {
      SetWord(kRx, i, 0, 0);
      SetWord(kTx, i, 0, 1);
    }
    Write(0x04, control);
  }
  uint32_t Word(uint64_t ring, size_t index, size_t field) {
    uint32_t word;
    std::memcpy(&word, site_.memory.data() + ring + index * 16 + field * 4, 4);
    return word;
  }
  void SetWord(uint64_t ring, size_t index, size_t field, uint32_t word) {
    std::memcpy(site_.memory.data() + ring + index * 16 + field * 4, &word, 4);
  }
  uint8_t* Buffer(size_t index) { return site_.memory.data() + kBuffers + index * 2048; }
  void Queue(uint32_t index, uint32_t length, uint8_t fill) {
    std::memset(Buffer(4 + index), fill, length);
    SetWord(kTx, index, 1, length);
    SetWord(kTx, index, 0, 0);
  }

  FakeSite site_;
  Nic nic_{{}, site_};
};

TEST_F(NicTest, SaysWhoItIs) {
  EXPECT_EQ(Read(0x00), 0x4e494301u);
  EXPECT_EQ(nic_.ReadRegister(0, 0x00, 8), ~uint64_t{0});
  EXPECT_EQ(Read(0x3c), 0xffffffffu);
}

TEST_F(NicTest, FramesComeInBurstsAtTheirRate) {
  Start(3, 2, 10);
  site_.Pass(9 * kUs);
  EXPECT_EQ(Read(0x24), 0u);
  site_.Pass(1 * kUs);
  EXPECT_EQ(Read(0x24), 2u);
  EXPECT_TRUE(site_.line);
  EXPECT_EQ(Read(0x1c), 1u);
  Write(0x20, 1);
  EXPECT_FALSE(site_.line);
  site_.Pass(100 * kUs);
  EXPECT_EQ(Read(0x24), 3u);
  EXPECT_EQ(Read(0x34), 3u);
  EXPECT_EQ(Word(kRx, 1, 0), 1u);
  EXPECT_EQ(Word(kRx, 1, 1), 65u);
  EXPECT_EQ(Word(kRx, 1, 3), 1u);
  EXPECT_EQ(Buffer(1)[0], 1);
  EXPECT_EQ(Buffer(1)[4], 5);
  EXPECT_EQ(Buffer(1)[64], 65);
  EXPECT_EQ(site_.interrupts, 2);
}

TEST_F(NicTest, FullRingDropsAndCounts) {
  Start(6, 6, 1);
  site_.Pass(10 * kUs);
  EXPECT_EQ(Read(0x24), 6u);
  EXPECT_EQ(Read(0x28), 2u);
  EXPECT_EQ(Word(kRx, 3, 3), 3u);
}

TEST_F(NicTest, LosslessWaitsForRoom) {
  Start(6, 6, 1, kRun | kLossless);
  site_.Pass(10 * kUs);
  EXPECT_EQ(Read(0x24), 4u);
  EXPECT_EQ(Read(0x28), 0u);
  SetWord(kRx, 0, 0, 0);
  site_.Pass(10 * kUs);
  EXPECT_EQ(Read(0x24), 5u);
  EXPECT_EQ(Word(kRx, 0, 3), 4u);
}

TEST_F(NicTest, DoorbellSendsWhatIsThereInOrder) {
  Start(0, 0, 0);
  Queue(0, 100, 0x11);
  Queue(1, 13, 0x22);
  Queue(2, 1519, 0x33);
  Queue(3, 1518, 0x44);
  site_.Pass(1000 * kUs);
  EXPECT_EQ(Read(0x2c), 0u);
  Write(0x18, 1);
  site_.Pass(Nic::kSendNs);
  EXPECT_EQ(Read(0x2c), 2u);
  EXPECT_EQ(Read(0x30), 2u);
  EXPECT_EQ(Word(kTx, 0, 2), 0u);
  EXPECT_EQ(Word(kTx, 1, 2), 1u);
  EXPECT_EQ(Word(kTx, 3, 0), 1u);
  EXPECT_EQ(Read(0x38), 0u);
  EXPECT_EQ(Read(0x1c), 2u);
}

TEST_F(NicTest, LoopbackBringsThemBack) {
  Start(0, 0, 0, kRun | kLoopback);
  Queue(0, 100, 0x11);
  Write(0x18, 1);
  site_.Pass(Nic::kSendNs);
  EXPECT_EQ(Read(0x24), 1u);
  EXPECT_EQ(Word(kRx, 0, 1), 100u);
  EXPECT_EQ(Buffer(0)[99], 0x11);
  EXPECT_EQ(Read(0x1c), 3u);
}

TEST_F(NicTest, StopsAtOnceAndStartsAnew) {
  Start(100, 1, 1);
  site_.Pass(3 * kUs);
  EXPECT_EQ(Read(0x24), 3u);
  Write(0x04, 0);
  site_.Pass(100 * kUs);
  EXPECT_EQ(Read(0x24), 3u);
  Start(1, 1, 1);
  EXPECT_EQ(Read(0x24), 0u);
  EXPECT_EQ(Read(0x34), 0u);
}

TEST_F(NicTest, RegistersOfARunStay) {
  Start(100, 1, 1);
  Write(0x08, 8);
  Write(0x40, 1);
  EXPECT_EQ(Read(0x08), 4u);
  EXPECT_EQ(Read(0x40), FakeSite::kMemoryAt + kRx);
}

TEST_F(NicTest, NumberOfEntriesThatMakesNoSenseDoesNotRun) {
  for (const uint32_t entries : {0u, 3u, 8192u}) {
    Start(1, 1, 1, kRun, entries);
    EXPECT_EQ(Read(0x04), 0u) << entries;
  }
  EXPECT_TRUE(site_.clock.empty());
}

TEST_F(NicTest, MemoryThatIsNotThereLosesFrames) {
  Start(2, 1, 1);
  Write(0x04, 0);
  Write(0x40, 0xdead0000);
  Write(0x04, kRun);
  site_.Pass(10 * kUs);
  EXPECT_EQ(Read(0x28), 2u);
}

TEST_F(NicTest, FaultsHappenAsOftenAsAsked) {
  EXPECT_TRUE(nic_.Inject("bus-error", 1));
  EXPECT_TRUE(nic_.Inject("lost-interrupt", 1));
  Start(2, 1, 1);
  site_.Pass(1 * kUs);
  EXPECT_EQ(Read(0x28), 1u);
  EXPECT_FALSE(site_.line);
  site_.Pass(1 * kUs);
  EXPECT_EQ(Read(0x28), 1u);
  EXPECT_TRUE(site_.line);
  std::memset(Buffer(0), 0xee, 2048);
  EXPECT_TRUE(nic_.Inject("short-transfer", 1));
  Write(0x04, 0);
  Start(1, 1, 1);
  site_.Pass(1 * kUs);
  EXPECT_EQ(Word(kRx, 0, 1), 64u);
  EXPECT_EQ(Buffer(0)[32], 0xee);
  EXPECT_FALSE(nic_.Inject("smoke", 1));
}

TEST_F(NicTest, ResetPutsItBack) {
  site_.list.Checkpoint();
  const uint64_t hash = site_.list.Hash();
  Start(100, 1, 1);
  site_.Pass(5 * kUs);
  site_.list.Reset();
  EXPECT_EQ(site_.list.Hash(), hash);
}

TEST(NicOptions, ThereAreNone) {
  FakeSite site;
  EXPECT_THROW(Nic({{"rate", "1"}}, site), std::runtime_error);
}

}  // namespace
}  // namespace drydock::devices
