#include "sim/devices/edu.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "sim/devices/fake_site.h"

namespace drydock::devices {
namespace {

constexpr uint64_t kOnes = ~uint64_t{0};
constexpr uint64_t kHost = FakeSite::kMemoryAt, kCard = Edu::kBufferAt;
constexpr uint64_t kRun = 1, kToMemory = 2, kIrq = 4;

class EduTest : public testing::Test {
 protected:
  uint32_t Read(uint64_t offset) { return static_cast<uint32_t>(edu_.ReadRegister(0, offset, 4)); }
  void Write(uint64_t offset, uint64_t value, unsigned size = 4) {
    edu_.WriteRegister(0, offset, value, size);
  }
  void Transfer(uint64_t source, uint64_t destination, uint64_t count, uint64_t command) {
    Write(0x80, source, 8);
    Write(0x88, destination, 8);
    Write(0x90, count, 8);
    Write(0x98, command, 8);
  }
  void Fill(uint64_t at, uint8_t value, size_t count) {
    std::memset(site_.memory.data() + at, value, count);
  }

  FakeSite site_;
  Edu edu_{{}, site_};
};

TEST_F(EduTest, SaysWhoItIsAndThatItIsAlive) {
  EXPECT_EQ(Read(0x00), 0x010000edu);
  EXPECT_EQ(Read(0x04), 0u);
  Write(0x04, 0x12345678);
  EXPECT_EQ(Read(0x04), ~0x12345678u);
}

// As QEMU's does (kmod/conform/programs/edu_registers.prog).
TEST_F(EduTest, AccessesOfTheWrongSizeReadOnesOrZeroesAndWriteNothing) {
  for (const unsigned size : {1u, 2u, 8u}) {
    EXPECT_EQ(edu_.ReadRegister(0, 0x00, size), size == 8 ? kOnes : 0) << size;
    edu_.WriteRegister(0, 0x04, 1, size);
  }
  EXPECT_EQ(Read(0x04), 0u);
  edu_.WriteRegister(0, 0x80, 0x1122334455667788, 8);
  EXPECT_EQ(edu_.ReadRegister(0, 0x80, 8), 0x1122334455667788u);
  edu_.WriteRegister(0, 0x80, 0x99, 4);
  EXPECT_EQ(edu_.ReadRegister(0, 0x80, 8), 0x99u);
  EXPECT_EQ(edu_.ReadRegister(0, 0x80, 2), 0u);
  EXPECT_EQ(Read(0x50), 0xffffffffu);
}

TEST_F(EduTest, FactorialTakesItsTimeAndIsKept) {
  const struct {
    uint32_t n, result;
  } kRows[] = {{0, 1}, {1, 1}, {5, 120}, {12, 479001600}, {13, 1932053504}, {4000000000u, 0}};
  for (const auto& row : kRows) {
    Write(0x08, row.n);
    EXPECT_EQ(Read(0x20), 1u);
    site_.Pass(Edu::kFactorialNs - 1);
    EXPECT_EQ(Read(0x20), 1u);
    site_.Pass(1);
    EXPECT_EQ(Read(0x20), 0u);
    EXPECT_EQ(Read(0x08), row.result) << row.n;
  }
  EXPECT_EQ(site_.interrupts, 0);
}

TEST_F(EduTest, SecondFactorialWhileItComputesIsIgnored) {
  Write(0x08, 5);
  Write(0x08, 7);
  site_.Pass(2 * Edu::kFactorialNs);
  EXPECT_EQ(Read(0x08), 120u);
}

TEST_F(EduTest, FactorialRaisesTheInterruptIfAskedUntilItIsAcknowledged) {
  Write(0x20, 0x80);
  EXPECT_EQ(Read(0x20), 0x80u);
  Write(0x08, 3);
  EXPECT_EQ(Read(0x20), 0x81u);
  site_.Pass(Edu::kFactorialNs);
  EXPECT_TRUE(site_.line);
  EXPECT_EQ(Read(0x24), 1u);
  Write(0x60, 0x30);
  EXPECT_EQ(Read(0x24), 0x31u);
  Write(0x64, 0x01);
  EXPECT_TRUE(site_.line);
  Write(0x64, 0x30);
  EXPECT_FALSE(site_.line);
  EXPECT_EQ(site_.interrupts, 1);
}

TEST_F(EduTest, ComputingBitCannotBeWritten) {
  Write(0x20, 0xff);
  EXPECT_EQ(Read(0x20), 0x80u);
}

TEST_F(EduTest, TransfersBothWaysAndSaysSo) {
  Fill(0x100, 0xab, 64);
  Transfer(kHost + 0x100, kCard + 8, 64, kRun | kIrq);
  EXPECT_EQ(Read(0x98), 5u);
  EXPECT_EQ(site_.memory[0x200], 0);
  site_.Pass(Edu::kDmaNs);
  EXPECT_EQ(Read(0x98), 4u);
  EXPECT_EQ(Read(0x24), 0x100u);
  EXPECT_TRUE(site_.line);
  Write(0x64, 0x100);
  Transfer(kCard + 8, kHost + 0x200, 64, kRun | kToMemory);
  site_.Pass(Edu::kDmaNs);
  EXPECT_EQ(site_.memory[0x200], 0xab);
  EXPECT_EQ(site_.memory[0x23f], 0xab);
  EXPECT_EQ(site_.memory[0x240], 0);
  EXPECT_FALSE(site_.line);
}

TEST_F(EduTest, RegistersOfATransferThatRunsStay) {
  Transfer(kHost, kCard, 16, kRun);
  Transfer(1, 2, 3, kRun | kToMemory);
  EXPECT_EQ(edu_.ReadRegister(0, 0x80, 8), kHost);
  EXPECT_EQ(edu_.ReadRegister(0, 0x90, 8), 16u);
  EXPECT_EQ(Read(0x98), 1u);
}

TEST_F(EduTest, AddressHasTwentyEightBits) {
  Transfer(kCard, (uint64_t{1} << 28) + kHost + 0x10, 8, kRun | kToMemory);
  site_.Pass(Edu::kDmaNs);
  EXPECT_EQ(site_.last_address, kHost + 0x10);
}

TEST_F(EduTest, TransferOutOfTheBufferIsNotMade) {
  const struct {
    const char* name;
    uint64_t at, count;
  } kRows[] = {{"before", kCard - 1, 4},
               {"beyond", kCard + 4093, 4},
               {"longer", kCard, 4097},
               {"wraps", kCard, ~uint64_t{0}},
               {"elsewhere", 0, 4}};
  Fill(0, 0x55, 0x2000);
  for (const auto& row : kRows) {
    Transfer(row.at, kHost, row.count, kRun | kToMemory);
    site_.Pass(Edu::kDmaNs);
    EXPECT_EQ(site_.memory[0], 0x55) << row.name;
    EXPECT_EQ(Read(0x98) & 1, 0u) << row.name;
  }
  Transfer(kCard, kHost, 4096, kRun | kToMemory);
  site_.Pass(Edu::kDmaNs);
  EXPECT_EQ(site_.memory[4095], 0);
  EXPECT_EQ(site_.memory[4096], 0x55);
}

TEST_F(EduTest, LostInterruptIsLostOnce) {
  EXPECT_TRUE(edu_.Inject("lost-interrupt", 1));
  Write(0x60, 1);
  EXPECT_FALSE(site_.line);
  EXPECT_EQ(Read(0x24), 1u);
  Write(0x60, 2);
  EXPECT_TRUE(site_.line);
}

TEST_F(EduTest, BusErrorEndsHalfWayWithoutAnInterrupt) {
  edu_.Inject("bus-error", 1);
  Fill(0, 0x11, 64);
  Transfer(kCard, kHost, 64, kRun | kToMemory | kIrq);
  site_.Pass(Edu::kDmaNs);
  EXPECT_EQ(site_.memory[31], 0);
  EXPECT_EQ(site_.memory[32], 0x11);
  EXPECT_FALSE(site_.line);
  EXPECT_EQ(Read(0x98) & 1, 0u);
}

TEST_F(EduTest, ShortTransferSaysThatAllIsDone) {
  edu_.Inject("short-transfer", 1);
  Fill(0, 0x11, 64);
  Transfer(kCard, kHost, 64, kRun | kToMemory | kIrq);
  site_.Pass(Edu::kDmaNs);
  EXPECT_EQ(site_.memory[31], 0);
  EXPECT_EQ(site_.memory[32], 0x11);
  EXPECT_TRUE(site_.line);
}

TEST_F(EduTest, KnowsNoOtherFault) { EXPECT_FALSE(edu_.Inject("smoke", 1)); }

TEST_F(EduTest, ResetPutsItBack) {
  site_.list.Checkpoint();
  const uint64_t hash = site_.list.Hash();
  Write(0x08, 5);
  Fill(0, 1, 64);
  Transfer(kHost, kCard, 64, kRun | kIrq);
  site_.Pass(Edu::kDmaNs);
  EXPECT_NE(site_.list.Hash(), hash);
  site_.list.Reset();
  EXPECT_EQ(site_.list.Hash(), hash);
}

TEST(EduOptions, TimesCanBeSet) {
  FakeSite site;
  Edu edu({{"factorial-ns", "50"}, {"dma-ns", "0x10"}}, site);
  edu.WriteRegister(0, 0x08, 4, 4);
  site.Pass(50);
  EXPECT_EQ(edu.ReadRegister(0, 0x08, 4), 24u);
}

TEST(EduOptions, UnknownOrSenselessOnesAreRefused) {
  FakeSite site;
  EXPECT_THROW(Edu({{"speed", "1"}}, site), std::runtime_error);
  EXPECT_THROW(Edu({{"dma-ns", "soon"}}, site), std::runtime_error);
  EXPECT_THROW(Edu({{"dma-ns", "-1"}}, site), std::runtime_error);
}

}  // namespace
}  // namespace drydock::devices
