// Transfers of the reference driver, run: who starts one, who waits, who is refused, and that what
// arrives is what was there. The processor copies here, as it does where no device is. What a
// transfer may be is dma_buffer_plan_test's subject.
#include <cerrno>
#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>

#include "driver_core/dma_buffer_uapi.h"
#include "driver_core/testing/driver_world.h"
#include "gtest/gtest.h"

namespace drydock {
namespace {

constexpr unsigned kPollIn = 0x1, kPollOut = 0x4;

struct MachineCase {
  const char *name;
  const char *method;
  const char *platform;
};
void PrintTo(const MachineCase &c, std::ostream *out) { *out << c.name; }

class DmaBufferTransferTest : public DriverWorldTest,
                              public ::testing::WithParamInterface<MachineCase> {
 protected:
  DmaBufferTransferTest() : DriverWorldTest("dma_buffer", DRYDOCK_DMA_BUFFER_NODE) {}

  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(
        Load({{"method", GetParam().method}, {"size", "10000"}}, GetParam().platform));
  }
  int64_t Fill(uint64_t offset, uint64_t length, uint32_t value) {
    drydock_dma_buffer_fill fill = {offset, length, value, 0};
    return Ioctl(DRYDOCK_DMA_BUFFER_FILL, &fill);
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
  unsigned Ready() { return static_cast<unsigned>(process().Poll(fd_, kPollIn | kPollOut).value); }
  std::string TextAt(int64_t offset, size_t size_bytes) {
    EXPECT_EQ(process().Lseek(fd_, offset, 0).value, offset);
    std::string text;
    EXPECT_EQ(ReadText(&text, size_bytes), static_cast<int64_t>(size_bytes));
    return text;
  }
};

TEST_P(DmaBufferTransferTest, WhatIsCopiedIsSeenByReadAndByAMapping) {
  ASSERT_EQ(Fill(100, 300, 'a'), 0);
  const int64_t at = Map(0, 3 * kPage);
  ASSERT_GT(at, 0);

  ASSERT_EQ(Start(100, 9000, 300), 0);
  const drydock_dma_buffer_result result = Wait();

  EXPECT_EQ(result.error, 0);
  EXPECT_EQ(result.copied, 300u);
  EXPECT_EQ(result.transfer, 1u);
  EXPECT_EQ(TextAt(8999, 302), '\0' + std::string(300, 'a') + '\0');
  EXPECT_EQ(LoadAs<uint8_t>(static_cast<uint64_t>(at) + 8999), 0);
  EXPECT_EQ(LoadAs<uint8_t>(static_cast<uint64_t>(at) + 9000), 'a');
  EXPECT_EQ(LoadAs<uint8_t>(static_cast<uint64_t>(at) + 9299), 'a');
  EXPECT_EQ(LoadAs<uint8_t>(static_cast<uint64_t>(at) + 9300), 0);
}

TEST_P(DmaBufferTransferTest, WhatAProgramStoredInItsMappingIsCopied) {
  const int64_t at = Map(kPage, kPage);
  ASSERT_GT(at, 0);
  StoreAs<uint64_t>(static_cast<uint64_t>(at) + 8, 0x1122334455667788);

  ASSERT_EQ(Start(kPage + 8, 0, 8), 0);

  EXPECT_EQ(Wait().error, 0);
  EXPECT_EQ(TextAt(0, 8), "\x88\x77\x66\x55\x44\x33\x22\x11");
}

TEST_P(DmaBufferTransferTest, WaitWithoutATransferTellsThatThereWasNone) {
  const drydock_dma_buffer_result result = Wait();

  EXPECT_EQ(result.copied, 0u);
  EXPECT_EQ(result.transfer, 0u);
  EXPECT_EQ(result.error, 0);
}

TEST_P(DmaBufferTransferTest, TransfersAreCounted) {
  for (uint32_t n = 1; n < 4; ++n) {
    ASSERT_EQ(Start(0, 5000, n), 0);
    const drydock_dma_buffer_result result = Wait();
    EXPECT_EQ(result.transfer, n);
    EXPECT_EQ(result.copied, n);
    EXPECT_EQ(Wait().transfer, n);
  }
}

TEST_P(DmaBufferTransferTest, WhileOneRunsNoOtherStartsAndPollIsNotReady) {
  EXPECT_EQ(Ready(), kPollIn | kPollOut);
  ASSERT_EQ(Fill(0, 10, 'x'), 0);

  ASSERT_EQ(Start(0, 5000, 10), 0);

  EXPECT_EQ(Ready(), 0u);
  EXPECT_EQ(Start(0, 6000, 10), -EBUSY);
  EXPECT_EQ(Ready(), 0u);
  EXPECT_EQ(Wait().transfer, 1u);
  EXPECT_EQ(Ready(), kPollIn | kPollOut);
  EXPECT_EQ(TextAt(6000, 10), std::string(10, '\0'));
}

TEST_P(DmaBufferTransferTest, PollWaitsForTheEnd) {
  kernel::Vfs::PollFd fds[1] = {{.fd = fd_, .events = kPollIn}};
  ASSERT_EQ(Start(0, 5000, 10), 0);
  EXPECT_EQ(process().Poll(fds, 1, 0).value, 0);

  EXPECT_EQ(process().Poll(fds, 1, 1000).value, 1);

  EXPECT_EQ(fds[0].revents, kPollIn);
  EXPECT_EQ(Ready(), kPollIn | kPollOut);
}

TEST_P(DmaBufferTransferTest, ReadWriteAndFillWaitForTheEnd) {
  ASSERT_EQ(Fill(0, 10, 'x'), 0);

  ASSERT_EQ(Start(0, 5000, 10), 0);
  EXPECT_EQ(TextAt(5000, 10), std::string(10, 'x'));

  ASSERT_EQ(Start(0, 5010, 10), 0);
  EXPECT_EQ(process().Lseek(fd_, 0, 0).value, 0);
  EXPECT_EQ(WriteText("yyyyyyyyyy"), 10);
  EXPECT_EQ(TextAt(5010, 10), std::string(10, 'x'));

  ASSERT_EQ(Start(0, 5020, 10), 0);
  EXPECT_EQ(Fill(0, 10, 'z'), 0);
  EXPECT_EQ(TextAt(5020, 10), std::string(10, 'y'));
}

TEST_P(DmaBufferTransferTest, WhoDoesNotWantToWaitIsToldToTryAgain) {
  ASSERT_EQ(Start(0, 5000, 10), 0);
  ASSERT_TRUE(process().SetFlags(fd_, kReadWrite | kNonblock).ok());
  std::string text;
  drydock_dma_buffer_result result = {};

  EXPECT_EQ(ReadText(&text, 10), -EAGAIN);
  EXPECT_EQ(WriteText("no"), -EAGAIN);
  EXPECT_EQ(Fill(0, 10, 'x'), -EAGAIN);
  EXPECT_EQ(Ioctl(DRYDOCK_DMA_BUFFER_WAIT, &result), -EAGAIN);

  // Nothing was moved, and nothing was written.
  EXPECT_EQ(process().Lseek(fd_, 0, 1).value, 0);
  ASSERT_TRUE(process().SetFlags(fd_, kReadWrite).ok());
  EXPECT_EQ(Wait().error, 0);
  EXPECT_EQ(TextAt(0, 10), std::string(10, '\0'));
}

TEST_P(DmaBufferTransferTest, TransferOutlivesTheFileThatStartedIt) {
  ASSERT_EQ(Fill(0, 10, 'x'), 0);
  ASSERT_EQ(Start(0, 5000, 10), 0);
  ASSERT_TRUE(process().Close(fd_).ok());

  fd_ = Open(kReadWrite);

  EXPECT_EQ(Wait().transfer, 1u);
  EXPECT_EQ(TextAt(5000, 10), std::string(10, 'x'));
}

TEST_P(DmaBufferTransferTest, ModuleThatGoesBreaksATransferOff) {
  ASSERT_EQ(Start(0, 5000, 10), 0);
  ASSERT_TRUE(process().Exit().ok());

  EXPECT_TRUE(world_->UnloadDriver());

  EXPECT_EQ(world_->kernel().allocations().live_count(), 0u);
}

INSTANTIATE_TEST_SUITE_P(
    Machines, DmaBufferTransferTest,
    ::testing::Values(MachineCase{"Remap", "remap", "x86-64"},
                      MachineCase{"DmaMmap", "dma_mmap", "x86-64"},
                      MachineCase{"RemapBehindAnIommu", "remap", "iommu"},
                      MachineCase{"DmaMmapBehindAnIommu", "dma_mmap", "iommu"},
                      MachineCase{"DmaMmapOfVmallocMemory", "dma_mmap", "vmalloc-dma"},
                      MachineCase{"RemapWithoutCoherence", "remap", "arm64-noncoherent"},
                      MachineCase{"DmaMmapWithoutCoherence", "dma_mmap", "arm64-noncoherent"}),
    [](const auto &info) { return std::string(info.param.name); });

struct RefusalCase {
  const char *name;
  int open_flags;
  uint64_t source;
  uint64_t destination;
  uint64_t length;
  int error;
};
void PrintTo(const RefusalCase &c, std::ostream *out) { *out << c.name; }

class DmaBufferStartRefusalTest : public DriverWorldTest,
                                  public ::testing::WithParamInterface<RefusalCase> {
 protected:
  DmaBufferStartRefusalTest() : DriverWorldTest("dma_buffer", DRYDOCK_DMA_BUFFER_NODE) {}
};

TEST_P(DmaBufferStartRefusalTest, NoTransferStarts) {
  const RefusalCase &c = GetParam();
  ASSERT_NO_FATAL_FAILURE(Load({{"size", "10000"}}));
  fd_ = Open(c.open_flags);
  drydock_dma_buffer_transfer transfer = {c.source, c.destination, c.length};
  drydock_dma_buffer_result result = {};

  EXPECT_EQ(Ioctl(DRYDOCK_DMA_BUFFER_START, &transfer), -c.error);

  EXPECT_EQ(process().Poll(fd_, kPollIn).value, kPollIn);
  EXPECT_EQ(Ioctl(DRYDOCK_DMA_BUFFER_WAIT, &result), 0);
  EXPECT_EQ(result.transfer, 0u);
}

INSTANTIATE_TEST_SUITE_P(
    Table, DmaBufferStartRefusalTest,
    ::testing::Values(RefusalCase{"ReadOnlyFile", kReadOnly, 0, 5000, 10, EBADF},
                      RefusalCase{"NoBytes", kReadWrite, 0, 5000, 0, EINVAL},
                      RefusalCase{"Overlap", kReadWrite, 0, 9, 10, EINVAL},
                      RefusalCase{"SourceOverTheEnd", kReadWrite, 9991, 0, 10, EINVAL},
                      RefusalCase{"DestinationOverTheEnd", kReadWrite, 0, 9991, 10, EINVAL},
                      RefusalCase{"TailOfTheLastPage", kReadWrite, 0, 10000, 10, EINVAL},
                      RefusalCase{"EndWraps", kReadWrite, 0, ~0ull, 2, EINVAL}),
    [](const auto &info) { return std::string(info.param.name); });

class DmaBufferIoctlTest : public DriverWorldTest {
 protected:
  DmaBufferIoctlTest() : DriverWorldTest("dma_buffer", DRYDOCK_DMA_BUFFER_NODE) {}
};

TEST_F(DmaBufferIoctlTest, ArgumentThatCannotBeReachedIsAFaultAndNothingHappens) {
  Load({});
  constexpr uint64_t kNowhere = 0x1000;
  for (const uint32_t command :
       {uint32_t{DRYDOCK_DMA_BUFFER_INFO}, uint32_t{DRYDOCK_DMA_BUFFER_FILL},
        uint32_t{DRYDOCK_DMA_BUFFER_START}, uint32_t{DRYDOCK_DMA_BUFFER_WAIT}}) {
    EXPECT_EQ(process().Ioctl(fd_, command, kNowhere).value, -EFAULT) << command;
  }
  EXPECT_EQ(process().Poll(fd_, kPollIn).value, kPollIn);
}

TEST_F(DmaBufferIoctlTest, AnotherNumberIsNoIoctlOfIt) {
  Load({});
  EXPECT_EQ(process().Ioctl(fd_, _IO(0xDB, 0x7f), 0).value, -ENOTTY);
}

}  // namespace
}  // namespace drydock
