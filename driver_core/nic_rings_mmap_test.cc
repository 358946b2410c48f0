// The network device's rings, run with the device in software and with a simulated one: what their
// mappings show and refuse, that frames pass through them, and that nothing is touched after the
// device has stopped. What rings, mappings and runs there can be is nic_rings_plan_test's subject.
#include <cerrno>
#include <cstdint>
#include <ostream>
#include <string>

#include "driver_core/nic_rings_uapi.h"
#include "driver_core/testing/driver_world.h"
#include "gtest/gtest.h"

namespace drydock {
namespace {

constexpr uint32_t kEntries = 64;
constexpr uint64_t kRingSize = kPage;
constexpr uint64_t kBufferSize = DRYDOCK_NIC_BUFFER_SIZE;
constexpr uint64_t kBuffersSize = uint64_t{2} * kEntries * kBufferSize;
constexpr char kDevice[] =
    "device drydock_nic_rings\n"
    "    mem 0x90000000 0x1000 registers\n"
    "    irq 9\n"
    "    model nic\n";
constexpr unsigned kPollIn = 0x1, kPollOut = 0x4, kPollErr = 0x8, kPollHup = 0x10;

using Descriptor = drydock_nic_descriptor;

class NicRingsTest : public DriverWorldTest {
 protected:
  NicRingsTest() : DriverWorldTest("nic_rings", DRYDOCK_NIC_RINGS_NODE) {}

  void LoadWith(bool device) { Load({{"entries", "64"}}, "x86-64", device ? kDevice : ""); }
  drydock_nic_info Info() {
    drydock_nic_info info{};
    EXPECT_EQ(Ioctl(DRYDOCK_NIC_INFO, &info), 0);
    return info;
  }
  int64_t Start(uint32_t count, uint32_t burst, uint32_t flags = DRYDOCK_NIC_LOSSLESS,
                uint32_t interval_us = 0) {
    drydock_nic_start start = {count, burst, interval_us, flags};
    return Ioctl(DRYDOCK_NIC_START, &start);
  }
  int64_t Stop() { return process().Ioctl(fd_, DRYDOCK_NIC_STOP, 0).value; }
  int64_t Kick() { return process().Ioctl(fd_, DRYDOCK_NIC_KICK, 0).value; }
  uint64_t MapRing(uint64_t offset = DRYDOCK_NIC_RX_RING) {
    return static_cast<uint64_t>(Map(offset, kRingSize));
  }
  uint64_t MapBuffers() { return static_cast<uint64_t>(Map(DRYDOCK_NIC_BUFFERS, kBuffersSize)); }
  // Waits until one of the events is there, at most a second of simulated time.
  unsigned Await(unsigned events) {
    kernel::Vfs::PollFd entry = {fd_, static_cast<uint16_t>(events), 0};
    EXPECT_EQ(process().Poll(&entry, 1, 1000).value, 1);
    return entry.revents;
  }
  Descriptor At(uint64_t ring, uint32_t index) {
    return LoadAs<Descriptor>(ring + index % kEntries * sizeof(Descriptor));
  }
  void GiveToDevice(uint64_t ring, uint32_t index) {
    StoreAs<uint32_t>(ring + index % kEntries * sizeof(Descriptor), DRYDOCK_NIC_DEVICE);
  }
};

class NicDeviceTest : public NicRingsTest, public ::testing::WithParamInterface<bool> {
 protected:
  void LoadIt() { LoadWith(GetParam()); }
};
INSTANTIATE_TEST_SUITE_P(Devices, NicDeviceTest, ::testing::Values(false, true),
                         [](const auto &info) {
                           return std::string(info.param ? "Simulated" : "InSoftware");
                         });

TEST_P(NicDeviceTest, FramesAreCountedInTheMappedRings) {
  LoadIt();
  const uint64_t ring = MapRing(), buffers = MapBuffers();
  ASSERT_EQ(Start(200, 16), 0);
  uint32_t seen = 0;
  for (int rounds = 0; seen < 200 && rounds < 1000; ++rounds) {
    ASSERT_EQ(Await(kPollIn) & kPollIn, kPollIn);
    for (; At(ring, seen).owner == DRYDOCK_NIC_PROGRAM; ++seen) {
      const Descriptor descriptor = At(ring, seen);
      ASSERT_EQ(descriptor.number, seen);
      ASSERT_EQ(descriptor.length, 64 + seen % 1455);
      ASSERT_EQ(descriptor.status, static_cast<uint32_t>(DRYDOCK_NIC_OK));
      const uint64_t frame = buffers + seen % kEntries * kBufferSize;
      ASSERT_EQ(LoadAs<uint32_t>(frame), seen);
      ASSERT_EQ(LoadAs<uint8_t>(frame + descriptor.length - 1),
                static_cast<uint8_t>(seen + descriptor.length - 1));
      GiveToDevice(ring, seen);
    }
  }
  EXPECT_EQ(seen, 200u);
  const drydock_nic_info info = Info();
  EXPECT_EQ(info.received, 200u);
  EXPECT_EQ(info.dropped, 0u);
  EXPECT_EQ(info.mappings, 2u);
}

TEST_P(NicDeviceTest, FramesThatFindNoDescriptorAreDropped) {
  LoadIt();
  const uint64_t ring = MapRing();
  ASSERT_EQ(Start(2 * kEntries, kEntries, 0, 100), 0);
  ASSERT_TRUE(world_->Settle());
  EXPECT_EQ(Info().received, 2 * kEntries);
  EXPECT_EQ(Info().dropped, kEntries);
  EXPECT_EQ(At(ring, kEntries - 1).number, kEntries - 1);
}

TEST_P(NicDeviceTest, WhatIsSentComesBackByLoopBack) {
  LoadIt();
  ASSERT_EQ(Start(0, 0, DRYDOCK_NIC_LOOPBACK), 0);
  EXPECT_EQ(Await(kPollOut) & kPollOut, kPollOut);
  EXPECT_EQ(WriteText("a frame of nineteen"), 19);
  EXPECT_EQ(WriteText("too short"), -EMSGSIZE);
  std::string frame;
  EXPECT_EQ(ReadText(&frame, 100), 19);
  EXPECT_EQ(frame, "a frame of nineteen");
  EXPECT_EQ(Info().sent, 1u);
}

TEST_P(NicDeviceTest, ProgramsSendFromTheMappedRing) {
  LoadIt();
  const uint64_t ring = MapRing(DRYDOCK_NIC_TX_RING), buffers = MapBuffers();
  ASSERT_EQ(Start(0, 0, DRYDOCK_NIC_LOOPBACK), 0);
  StoreAs<uint64_t>(buffers + kEntries * kBufferSize, 0x6867666564636261);
  StoreAs<Descriptor>(ring, {DRYDOCK_NIC_PROGRAM, 20, 0, 0});
  GiveToDevice(ring, 0);
  StoreAs<Descriptor>(ring + sizeof(Descriptor), {DRYDOCK_NIC_PROGRAM, 5000, 0, 0});
  GiveToDevice(ring, 1);
  EXPECT_EQ(Kick(), 0);
  std::string frame;
  EXPECT_EQ(ReadText(&frame, 100), 20);
  EXPECT_EQ(frame.substr(0, 8), "abcdefgh");
  ASSERT_TRUE(world_->Settle());
  EXPECT_EQ(At(ring, 0).owner, static_cast<uint32_t>(DRYDOCK_NIC_PROGRAM));
  EXPECT_EQ(At(ring, 1).status, static_cast<uint32_t>(DRYDOCK_NIC_BAD_LENGTH));
  EXPECT_EQ(Info().bad, 1u);
}

TEST_P(NicDeviceTest, StoppedDeviceTouchesNothing) {
  LoadIt();
  const uint64_t ring = MapRing();
  ASSERT_EQ(Start(1000, 8, DRYDOCK_NIC_LOSSLESS, 1000), 0);
  EXPECT_EQ(Start(1, 1), -EBUSY);
  Await(kPollIn);
  ASSERT_EQ(Stop(), 0);
  const uint32_t received = Info().received;
  EXPECT_GE(received, 8u);
  for (uint32_t i = 0; i < kEntries; ++i) GiveToDevice(ring, i);
  ASSERT_TRUE(world_->Settle());
  EXPECT_EQ(Info().received, received);
  for (uint32_t i = 0; i < kEntries; ++i) {
    ASSERT_EQ(At(ring, i).owner, static_cast<uint32_t>(DRYDOCK_NIC_DEVICE)) << i;
  }
  EXPECT_EQ(Await(kPollIn) & kPollHup, kPollHup);
  EXPECT_EQ(Kick(), -ENETDOWN);
  EXPECT_EQ(WriteText("a frame of nineteen"), -ENETDOWN);
}

TEST_P(NicDeviceTest, RunsThatCannotBeAreRefused) {
  LoadIt();
  EXPECT_EQ(Start(1, 0), -EINVAL);
  EXPECT_EQ(Start(1, kEntries + 1), -EINVAL);
  EXPECT_EQ(Start(1, 1, 0x4), -EINVAL);
  EXPECT_EQ(Start(1, 1, 0, 1000001), -EINVAL);
  EXPECT_EQ(Info().running, 0u);
}

TEST_P(NicDeviceTest, LastFileThatIsClosedStopsTheDeviceAndTheModuleGoes) {
  LoadIt();
  const uint64_t ring = MapRing();
  ASSERT_EQ(Start(1000, 8, 0, 1000), 0);
  EXPECT_FALSE(world_->UnloadDriver());
  ASSERT_TRUE(process().Close(fd_).ok());
  EXPECT_FALSE(world_->UnloadDriver());  // the mapping holds it
  ASSERT_TRUE(process().Munmap({ring}, kRingSize).ok());
  ASSERT_TRUE(process().Exit().ok());
  EXPECT_TRUE(world_->UnloadDriver());
  EXPECT_EQ(world_->kernel().allocations().live_count(), 0u);
}

TEST_P(NicDeviceTest, AFileSaysThatItsDeviceIsGone) {
  LoadIt();
  const uint64_t ring = MapRing(), buffers = MapBuffers();
  ASSERT_EQ(Start(1000000, 8, 0, 100), 0);
  EXPECT_EQ(Await(kPollIn) & kPollIn, kPollIn);

  ASSERT_TRUE(world_->UnbindDevice(GetParam() ? DRYDOCK_NIC_RINGS_NAME : "drydock_soft_nic"));

  EXPECT_EQ(SignalOfLoad(ring), user::Signal::kBusAdrerr);
  EXPECT_EQ(SignalOfLoad(buffers + kBuffersSize - 1), user::Signal::kBusAdrerr);
  EXPECT_EQ(Map(DRYDOCK_NIC_TX_RING, kRingSize), -ENODEV);
  EXPECT_EQ(Start(1, 1), -ENODEV);
  EXPECT_EQ(Stop(), -ENODEV);
  EXPECT_EQ(Kick(), -ENODEV);
  drydock_nic_info info{};
  EXPECT_EQ(Ioctl(DRYDOCK_NIC_INFO, &info), -ENODEV);
  std::string frame;
  EXPECT_EQ(ReadText(&frame, 100), -ENODEV);
  EXPECT_EQ(WriteText("a frame of nineteen"), -ENODEV);
  EXPECT_EQ(Await(kPollIn | kPollErr) & (kPollHup | kPollErr), kPollHup | kPollErr);
  ASSERT_TRUE(world_->Settle());
  EXPECT_TRUE(process().Exit().ok());
  EXPECT_TRUE(world_->UnloadDriver());
  EXPECT_EQ(world_->kernel().allocations().live_count(), 0u);
}

struct RefusalCase {
  const char *name;
  uint64_t offset_bytes;
  uint64_t length_bytes;
  int prot;
  int flags;
  int error;
};
void PrintTo(const RefusalCase &c, std::ostream *out) { *out << c.name; }

class NicRefusalTest : public NicRingsTest, public ::testing::WithParamInterface<RefusalCase> {};

TEST_P(NicRefusalTest, NothingIsMappedOrCounted) {
  const RefusalCase &c = GetParam();
  LoadWith(false);
  const AllocationNames allocations = Allocations();
  const uint32_t vmas = Vmas();

  EXPECT_EQ(Map(c.offset_bytes, c.length_bytes, c.prot, c.flags), -c.error);

  EXPECT_EQ(Vmas(), vmas);
  EXPECT_EQ(Info().mappings, 0u);
  EXPECT_EQ(Allocations(), allocations);
}

INSTANTIATE_TEST_SUITE_P(
    Table, NicRefusalTest,
    ::testing::Values(
        RefusalCase{"NoCookie", 0x30000000, kPage, kRead, kShared, EINVAL},
        RefusalCase{"PageAfterTheRing", kPage, kPage, kRead, kShared, EINVAL},
        RefusalCase{"RingAndAPageMore", 0, kRingSize + kPage, kRead, kShared, EINVAL},
        RefusalCase{"PartOfTheBuffers", DRYDOCK_NIC_BUFFERS, kPage, kRead, kShared, EINVAL},
        RefusalCase{"LastPageOfTheBuffers", DRYDOCK_NIC_BUFFERS + kBuffersSize - kPage, kPage,
                    kRead, kShared, EINVAL},
        RefusalCase{"FromTheRingToTheBuffers", DRYDOCK_NIC_TX_RING,
                    DRYDOCK_NIC_BUFFERS - DRYDOCK_NIC_TX_RING + kPage, kRead, kShared, EINVAL},
        RefusalCase{"OffsetOf4GiB", uint64_t{1} << 32, kPage, kRead, kShared, EINVAL},
        RefusalCase{"OffsetWhosePageIsNegative", uint64_t{1} << 62, kPage, kRead, kShared, EINVAL},
        RefusalCase{"PrivateWritable", 0, kPage, kRead | kWrite, kPrivate, EINVAL},
        RefusalCase{"Executable", 0, kPage, kRead | kExec, kShared, EPERM}),
    [](const auto &info) { return std::string(info.param.name); });

TEST_F(NicRingsTest, ALostInterruptIsMadeGoodByTheNext) {
  LoadWith(true);
  ASSERT_TRUE(world_->InjectFault(DRYDOCK_NIC_RINGS_NAME, "lost-interrupt", 1));
  ASSERT_EQ(Start(2, 1, 0, 1000), 0);
  std::string frame;
  EXPECT_EQ(ReadText(&frame, 100), 64);
  EXPECT_EQ(ReadText(&frame, 100), 65);
}

TEST_F(NicRingsTest, FramesThatTheBusRefusesAreDropped) {
  LoadWith(true);
  ASSERT_TRUE(world_->InjectFault(DRYDOCK_NIC_RINGS_NAME, "bus-error", 1));
  ASSERT_EQ(Start(2, 2, 0), 0);
  ASSERT_TRUE(world_->Settle());
  EXPECT_EQ(Info().received, 2u);
  EXPECT_EQ(Info().dropped, 1u);
}

TEST_F(NicRingsTest, IsNotLoadedWithRingsThatCannotBe) {
  for (const Params &params :
       {Params{{"entries", "0"}}, Params{{"entries", "100"}}, Params{{"entries", "1000000"}}}) {
    World world{WorldOptions{}};
    EXPECT_NE(world.LoadDriver("driver_core/nic_rings.so", params).find("-EINVAL"),
              std::string::npos)
        << params[0].second;
    EXPECT_EQ(world.verdicts().count(), 0u);
  }
}

}  // namespace
}  // namespace drydock
