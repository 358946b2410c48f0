#include "sim/devices/dma_engine.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "sim/devices/fake_site.h"

namespace drydock::devices {
namespace {

constexpr uint64_t kOnes = ~uint64_t{0};
constexpr uint64_t kAt = FakeSite::kMemoryAt;
constexpr uint32_t kBusy = 1, kDone = 2, kError = 4, kStart = 1, kReset = 2;

class DmaEngineTest : public testing::Test {
 protected:
  DmaEngineTest() {
    for (size_t i = 0; i < 0x1000; ++i) site_.memory[i] = static_cast<uint8_t>(i * 7 + 1);
  }
  uint32_t Read(uint64_t offset) {
    return static_cast<uint32_t>(engine_.ReadRegister(0, offset, 4));
  }
  void Write(uint64_t offset, uint32_t value) { engine_.WriteRegister(0, offset, value, 4); }
  void Start(uint64_t source, uint64_t destination, uint32_t count) {
    Write(0x10, static_cast<uint32_t>(source));
    Write(0x14, static_cast<uint32_t>(source >> 32));
    Write(0x18, static_cast<uint32_t>(destination));
    Write(0x1c, static_cast<uint32_t>(destination >> 32));
    Write(0x20, count);
    Write(0x0c, kStart);
  }
  void Pass() { site_.Pass(100'000'000); }
  // Bytes from the start that are the same 0x8000 further on.
  size_t Copied() {
    size_t i = 0;
    while (i < 0x1000 && site_.memory[0x8000 + i] == site_.memory[i]) ++i;
    return i;
  }

  FakeSite site_;
  DmaEngine engine_{{}, site_};
};

TEST_F(DmaEngineTest, SaysWhoItIs) { EXPECT_EQ(Read(0x00), 0xd3a00001u); }

TEST_F(DmaEngineTest, AccessesOfTheWrongSizeOrPlaceReadOnesAndWriteNothing) {
  for (const unsigned size : {1u, 2u, 8u}) {
    EXPECT_EQ(engine_.ReadRegister(0, 0x00, size), kOnes) << size;
    engine_.WriteRegister(0, 0x20, 5, size);
  }
  EXPECT_EQ(Read(0x20), 0u);
  EXPECT_EQ(engine_.ReadRegister(0, 0x28, 4), kOnes);
  EXPECT_EQ(engine_.ReadRegister(0, 0x08, 4), kOnes);
}

TEST_F(DmaEngineTest, CopiesAndRaisesItsInterruptUntilItIsAcknowledged) {
  Start(kAt, kAt + 0x8000, 0x1000);
  EXPECT_EQ(Read(0x04), kBusy);
  EXPECT_FALSE(site_.line);
  EXPECT_EQ(Copied(), 0u);

  Pass();

  EXPECT_EQ(Read(0x04), kDone);
  EXPECT_EQ(Read(0x24), 0x1000u);
  EXPECT_EQ(Copied(), 0x1000u);
  EXPECT_TRUE(site_.line);
  Write(0x08, kError);
  EXPECT_TRUE(site_.line);
  Write(0x08, kDone);
  EXPECT_FALSE(site_.line);
  EXPECT_EQ(Read(0x04), 0u);
  EXPECT_EQ(site_.interrupts, 1);
}

TEST_F(DmaEngineTest, TakesItsTime) {
  Start(kAt, kAt + 0x8000, 1025);
  site_.Pass(DmaEngine::kStartNs + 2 * DmaEngine::kNsPerKiB - 1);
  EXPECT_EQ(Read(0x04), kBusy);
  site_.Pass(1);
  EXPECT_EQ(Read(0x04), kDone);
}

TEST_F(DmaEngineTest, WhatItWorksWithStaysWhileItRuns) {
  Start(kAt, kAt + 0x8000, 16);
  Start(kAt, kAt + 0x9000, 32);
  Pass();
  EXPECT_EQ(Read(0x20), 16u);
  EXPECT_EQ(Read(0x24), 16u);
  EXPECT_EQ(site_.memory[0x9000], 0);
  EXPECT_EQ(site_.interrupts, 1);
}

TEST_F(DmaEngineTest, ResetBreaksATransferOff) {
  Start(kAt, kAt + 0x8000, 16);
  Write(0x0c, kReset);
  EXPECT_EQ(Read(0x04), 0u);
  Pass();
  EXPECT_EQ(Copied(), 0u);
  EXPECT_EQ(site_.interrupts, 0);
  Start(kAt, kAt + 0x8000, 16);
  Pass();
  EXPECT_EQ(Copied(), 16u);
}

TEST_F(DmaEngineTest, ResetTakesTheInterruptBack) {
  Start(kAt, kAt + 0x8000, 16);
  Pass();
  Write(0x0c, kReset);
  EXPECT_FALSE(site_.line);
  EXPECT_EQ(Read(0x04), 0u);
}

TEST_F(DmaEngineTest, AddressThatTheBusRefusesIsAnError) {
  Start(kAt, 0x100000000, 16);
  Pass();
  EXPECT_EQ(Read(0x04), kError);
  EXPECT_EQ(Read(0x24), 0u);
  EXPECT_TRUE(site_.line);
  EXPECT_EQ(site_.last_address, 0x100000000u);
  Start(0, kAt, 16);
  Pass();
  EXPECT_EQ(Read(0x04), kError);
}

TEST_F(DmaEngineTest, FaultsComeAsOftenAsTheyWereAskedFor) {
  struct Row {
    const char* fault;
    uint32_t status;
    uint32_t copied;
    bool interrupt;
  };
  for (const Row& row :
       {Row{"bus-error", kError, 512, true}, Row{"short-transfer", kDone, 512, true},
        Row{"lost-interrupt", kDone, 1024, false}, Row{"stuck", kBusy, 0, false}}) {
    ASSERT_TRUE(engine_.Inject(row.fault, 1)) << row.fault;
    Start(kAt, kAt + 0x8000, 1024);
    Pass();
    EXPECT_EQ(Read(0x04), row.status) << row.fault;
    EXPECT_EQ(Read(0x24), row.copied) << row.fault;
    EXPECT_EQ(site_.line, row.interrupt) << row.fault;
    Write(0x0c, kReset);
    Start(kAt, kAt + 0x8000, 1024);
    Pass();
    EXPECT_EQ(Read(0x04), kDone) << row.fault;
    EXPECT_EQ(Read(0x24), 1024u) << row.fault;
    EXPECT_TRUE(site_.line) << row.fault;
    Write(0x0c, kReset);
  }
  EXPECT_FALSE(engine_.Inject("coffee", 1));
}

TEST_F(DmaEngineTest, AnUnknownOptionIsRefused) {
  FakeSite site;
  EXPECT_THROW(DmaEngine({{"speed", "1"}}, site), std::runtime_error);
  EXPECT_THROW(DmaEngine({{"start-ns", "soon"}}, site), std::runtime_error);
  const DmaEngine slow({{"start-ns", "5"}, {"kib-ns", "0"}}, site);
}

}  // namespace
}  // namespace drydock::devices
