// The reference driver with a device that copies for it: bus addresses, streaming memory that is
// handed over and taken back, an interrupt, and what it does when the device errs. The device
// behind the registers is sim/devices/dma_engine.h; what is stale or not mapped for it is told.
#include <cerrno>
#include <cstdint>
#include <ostream>
#include <string>

#include "driver_core/dma_buffer_uapi.h"
#include "driver_core/testing/driver_world.h"
#include "gtest/gtest.h"

namespace drydock {
namespace {

constexpr unsigned kPollIn = 0x1;

struct MachineCase {
  const char *name;
  const char *method;
  const char *platform;
};
void PrintTo(const MachineCase &c, std::ostream *out) { *out << c.name; }

constexpr unsigned kPollErr = 0x8, kPollHup = 0x10;
constexpr char kEngine[] = "drydock_dma_engine";
// A millisecond before the first byte: long enough to be looked at.
constexpr char kDevice[] =
    "device drydock_dma_engine\n    mem 0x90000000 0x1000\n    irq 7\n    model dma-engine\n"
    "    option start-ns 1000000\n";

class DmaBufferEngineTest : public DriverWorldTest,
                            public ::testing::WithParamInterface<MachineCase> {
 protected:
  DmaBufferEngineTest() : DriverWorldTest("dma_buffer", DRYDOCK_DMA_BUFFER_NODE) {}

  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(Load({{"method", GetParam().method}}, GetParam().platform, kDevice));
    at_ = static_cast<uint64_t>(Map(0, 16 * kPage));
  }
  void TearDown() override {
    EXPECT_TRUE(process().Exit().ok());
    EXPECT_TRUE(world_->UnloadDriver());
    EXPECT_EQ(world_->kernel().allocations().live_count(), 0u);
    DriverWorldTest::TearDown();
  }
  int64_t Start(uint64_t source, uint64_t destination, uint64_t length) {
    drydock_dma_buffer_transfer transfer = {source, destination, length};
    return Ioctl(DRYDOCK_DMA_BUFFER_START, &transfer);
  }
  drydock_dma_buffer_result Wait() {
    drydock_dma_buffer_result result = {~0ull, ~0u, -1};
    EXPECT_EQ(Ioctl(DRYDOCK_DMA_BUFFER_WAIT, &result), 0);
    return result;
  }
  void ExpectCopied(uint64_t destination, uint64_t length, uint64_t value) {
    for (uint64_t i = 0; i < length; i += 8) {
      ASSERT_EQ(LoadAs<uint64_t>(at_ + destination + i), value) << i;
    }
  }
  void Store(uint64_t source, uint64_t length, uint64_t value) {
    for (uint64_t i = 0; i < length; i += 8) StoreAs<uint64_t>(at_ + source + i, value);
  }
  bool Inject(const char *fault) { return world_->InjectFault(kEngine, fault, 1); }

  uint64_t at_ = 0;
};

TEST_P(DmaBufferEngineTest, WhatAProgramStoredArrives) {
  Store(kPage - 64, 256, 0x1122334455667788);

  ASSERT_EQ(Start(kPage - 64, 9 * kPage + 8, 256), 0);
  EXPECT_EQ(process().Poll(fd_, kPollIn).value, 0);
  const drydock_dma_buffer_result result = Wait();

  EXPECT_EQ(result.error, 0);
  EXPECT_EQ(result.copied, 256u);
  EXPECT_EQ(result.transfer, 1u);
  ExpectCopied(9 * kPage + 8, 256, 0x1122334455667788);
}

TEST_P(DmaBufferEngineTest, TransfersFollowEachOtherAndEachSeesTheLast) {
  Store(0, 64, 1);
  for (uint64_t page = 0; page < 5; ++page) {
    ASSERT_EQ(Start(page * kPage, (page + 1) * kPage, 64), 0);
    EXPECT_EQ(Wait().error, 0);
  }
  ExpectCopied(5 * kPage, 64, 1);
  Store(0, 64, 2);
  ASSERT_EQ(Start(0, 5 * kPage, 64), 0);
  EXPECT_EQ(Wait().transfer, 6u);
  ExpectCopied(5 * kPage, 64, 2);
}

TEST_P(DmaBufferEngineTest, ReadAndWriteGoWithTransfers) {
  ASSERT_EQ(WriteText("written before"), 14);
  ASSERT_EQ(Start(0, 4000, 200), 0);
  ASSERT_EQ(process().Lseek(fd_, 4000, 0).value, 4000);
  std::string text;
  EXPECT_EQ(ReadText(&text, 14), 14);
  EXPECT_EQ(text, "written before");
}

TEST_P(DmaBufferEngineTest, AnErrorOnTheBusIsTold) {
  ASSERT_TRUE(Inject("bus-error"));
  ASSERT_EQ(Start(0, 5 * kPage, kPage), 0);

  const drydock_dma_buffer_result result = Wait();

  EXPECT_EQ(result.error, -EIO);
  EXPECT_EQ(result.copied, kPage / 2);
  ASSERT_EQ(Start(0, 5 * kPage, kPage), 0);
  EXPECT_EQ(Wait().error, 0);
}

TEST_P(DmaBufferEngineTest, ATransferThatEndsEarlyIsAnError) {
  ASSERT_TRUE(Inject("short-transfer"));
  ASSERT_EQ(Start(0, 5 * kPage, 2048), 0);

  const drydock_dma_buffer_result result = Wait();

  EXPECT_EQ(result.error, -EIO);
  EXPECT_EQ(result.copied, 1024u);
}

TEST_P(DmaBufferEngineTest, AnInterruptThatIsLostCostsTimeAndNothingElse) {
  Store(0, 64, 3);
  ASSERT_TRUE(Inject("lost-interrupt"));
  ASSERT_EQ(Start(0, 5 * kPage, 64), 0);
  const uint64_t before = world_->kernel().clock().NowNs();

  const drydock_dma_buffer_result result = Wait();

  EXPECT_EQ(result.error, 0);
  EXPECT_EQ(result.copied, 64u);
  EXPECT_GE(world_->kernel().clock().NowNs() - before, 900'000'000u);
  ExpectCopied(5 * kPage, 64, 3);
  ASSERT_EQ(Start(0, 6 * kPage, 64), 0);
  EXPECT_EQ(Wait().transfer, 2u);
}

TEST_P(DmaBufferEngineTest, ADeviceThatIsStuckIsStopped) {
  ASSERT_TRUE(Inject("stuck"));
  ASSERT_EQ(Start(0, 5 * kPage, 64), 0);

  const drydock_dma_buffer_result result = Wait();

  EXPECT_EQ(result.error, -ETIMEDOUT);
  EXPECT_EQ(result.copied, 0u);
  ASSERT_EQ(Start(0, 5 * kPage, 64), 0);
  EXPECT_EQ(Wait().error, 0);
}

TEST_P(DmaBufferEngineTest, AModuleThatGoesStopsTheDevice) {
  EXPECT_EQ(Start(0, 5 * kPage, 16 * 1024), 0);
}

// All that a file can be asked when its device is gone, with a transfer under way.
TEST_P(DmaBufferEngineTest, AFileSaysThatItsDeviceIsGone) {
  ASSERT_EQ(Start(0, 5 * kPage, 16 * 1024), 0);

  ASSERT_TRUE(world_->UnplugDevice(kEngine));

  EXPECT_EQ(Start(0, 5 * kPage, 8), -ENODEV);
  drydock_dma_buffer_result result = {};
  EXPECT_EQ(Ioctl(DRYDOCK_DMA_BUFFER_WAIT, &result), -ENODEV);
  drydock_dma_buffer_info info{};
  EXPECT_EQ(Ioctl(DRYDOCK_DMA_BUFFER_INFO, &info), -ENODEV);
  drydock_dma_buffer_fill fill = {0, 8, 1, 0};
  EXPECT_EQ(Ioctl(DRYDOCK_DMA_BUFFER_FILL, &fill), -ENODEV);
  std::string text;
  EXPECT_EQ(ReadText(&text, 8), -ENODEV);
  EXPECT_EQ(WriteText("x"), -ENODEV);
  EXPECT_EQ(process().Poll(fd_, kPollErr | kPollHup).value, kPollErr | kPollHup);
  EXPECT_EQ(Map(0, kPage), -ENODEV);
  EXPECT_EQ(SignalOfLoad(at_), user::Signal::kBusAdrerr);
}

INSTANTIATE_TEST_SUITE_P(
    Machines, DmaBufferEngineTest,
    ::testing::Values(MachineCase{"Remap", "remap", "x86-64"},
                      MachineCase{"DmaMmap", "dma_mmap", "x86-64"},
                      MachineCase{"RemapWithAnOffset", "remap", "offset-dma"},
                      MachineCase{"DmaMmapWithAnOffset", "dma_mmap", "offset-dma"},
                      MachineCase{"RemapBehindAnIommu", "remap", "iommu"},
                      MachineCase{"DmaMmapBehindAnIommu", "dma_mmap", "iommu"},
                      MachineCase{"DmaMmapOfVmallocMemory", "dma_mmap", "vmalloc-dma"},
                      MachineCase{"RemapWithoutCoherence", "remap", "arm64-noncoherent"},
                      MachineCase{"DmaMmapWithoutCoherence", "dma_mmap", "arm64-noncoherent"}),
    [](const auto &info) { return std::string(info.param.name); });

}  // namespace
}  // namespace drydock
