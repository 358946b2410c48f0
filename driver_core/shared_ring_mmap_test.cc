// The shared ring, run: what its mappings show and refuse, how they are counted, and what is left
// of them when the device is removed. What rings and mappings there can be is
// shared_ring_plan_test's subject.
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <ostream>
#include <string>

#include "driver_core/shared_ring_uapi.h"
#include "driver_core/testing/driver_world.h"
#include "gtest/gtest.h"

namespace drydock {
namespace {

constexpr uint64_t kPages = 17;  // of 256 records, with the header's
constexpr unsigned kPollIn = 0x1, kPollOut = 0x4, kPollErr = 0x8, kPollHup = 0x10;

class SharedRingMmapTest : public DriverWorldTest {
 protected:
  SharedRingMmapTest() : DriverWorldTest("shared_ring", DRYDOCK_SHARED_RING_NODE) {}

  drydock_shared_ring_info Info() {
    drydock_shared_ring_info info{};
    EXPECT_EQ(Ioctl(DRYDOCK_SHARED_RING_INFO, &info), 0);
    return info;
  }
  int64_t Resize(uint32_t records, uint32_t reserved = 0) {
    drydock_shared_ring_resize resize = {records, reserved};
    return Ioctl(DRYDOCK_SHARED_RING_RESIZE, &resize);
  }
  drydock_shared_ring_header Header(uint64_t at) { return LoadAs<drydock_shared_ring_header>(at); }
  int64_t Polled() {
    return process().Poll(fd_, kPollIn | kPollOut | kPollErr | kPollHup).value &
           (kPollIn | kPollOut | kPollErr | kPollHup);
  }
};

class SharedRingMethodTest : public SharedRingMmapTest,
                             public ::testing::WithParamInterface<const char *> {
 protected:
  void LoadMethod() { Load({{"method", GetParam()}}); }
};
INSTANTIATE_TEST_SUITE_P(Methods, SharedRingMethodTest, ::testing::Values("page", "pfn"),
                         [](const auto &info) { return std::string(info.param); });

TEST_P(SharedRingMethodTest, RecordsAreSeenWhereTheyWerePut) {
  LoadMethod();
  const uint64_t at = static_cast<uint64_t>(Map(0, kPages * kPage));
  EXPECT_EQ(Polled(), kPollOut);
  EXPECT_EQ(WriteText("first"), 5);
  for (int i = 1; i < 20; ++i) EXPECT_EQ(WriteText("more"), 4);
  EXPECT_EQ(Polled(), kPollIn | kPollOut);

  EXPECT_EQ(Header(at).head, 20u);
  const uint64_t data = Info().data_offset;
  const auto first = LoadAs<drydock_shared_ring_record>(at + data);
  EXPECT_EQ(first.length, 5u);
  EXPECT_EQ(first.sequence, 0u);
  EXPECT_EQ(memcmp(first.data, "first", 5), 0);
  const auto last = LoadAs<drydock_shared_ring_record>(at + data + 19 * sizeof first);
  EXPECT_EQ(last.sequence, 19u);
  StoreAs<uint32_t>(at + 4, 20);
  EXPECT_EQ(Polled(), kPollOut);
}

TEST_P(SharedRingMethodTest, FullRingTakesNoMoreAndABadTailIsAnError) {
  LoadMethod();
  const uint64_t at = static_cast<uint64_t>(Map(0, kPage));
  for (int i = 0; i < 256; ++i) ASSERT_EQ(WriteText("x"), 1);
  EXPECT_EQ(WriteText("x"), -EAGAIN);
  EXPECT_EQ(Polled(), kPollIn);
  StoreAs<uint32_t>(at + 4, 1);
  EXPECT_EQ(WriteText("x"), 1);
  StoreAs<uint32_t>(at + 4, 0x80000000);
  EXPECT_EQ(WriteText("x"), -EIO);
  EXPECT_EQ(Polled(), kPollErr);
  EXPECT_EQ(WriteText(std::string(249, 'x')), -EMSGSIZE);
}

TEST_P(SharedRingMethodTest, SizeStaysWhileTheRingIsMapped) {
  LoadMethod();
  const uint64_t at = static_cast<uint64_t>(Map(0, kPages * kPage));
  EXPECT_EQ(Resize(512), -EBUSY);
  EXPECT_EQ(Info().records, 256u);
  ASSERT_TRUE(process().Munmap({at}, kPages * kPage).ok());
  EXPECT_EQ(Resize(500), -EINVAL);
  EXPECT_EQ(Resize(512, 1), -EINVAL);
  EXPECT_EQ(Resize(512), 0);
  EXPECT_EQ(Info().mapped_size, 33 * kPage);
  const uint64_t larger = static_cast<uint64_t>(Map(0, 33 * kPage));
  EXPECT_EQ(Header(larger).head, 0u);
}

TEST_P(SharedRingMethodTest, EachPartAndEachProcessIsCountedAndMovesAre) {
  LoadMethod();
  const uint64_t at = static_cast<uint64_t>(Map(0, kPages * kPage));
  EXPECT_EQ(LoadAs<uint64_t>(at), 0u);
  ASSERT_TRUE(process().Munmap({at + 4 * kPage}, kPage).ok());
  EXPECT_EQ(Info().mappings, 2u);
  const user::Outcome child = process().Fork();
  ASSERT_TRUE(child.ok());
  EXPECT_EQ(Info().mappings, 4u);
  EXPECT_TRUE(world_->process(static_cast<uint32_t>(child.value)).Exit().ok());
  EXPECT_EQ(Info().mappings, 2u);

  const user::Outcome moved =
      process().Mremap({at}, 4 * kPage, 4 * kPage, kMayMove | 2, {0x10000000});
  ASSERT_TRUE(moved.ok()) << moved.value;
  EXPECT_EQ(Info().mappings, 2u);
  EXPECT_EQ(Info().moves, 1u);
  EXPECT_EQ(WriteText("x"), 1);
  EXPECT_EQ(Header(static_cast<uint64_t>(moved.value)).head, 1u);
  EXPECT_EQ(SignalOfLoad(at), user::Signal::kSegvMaperr);
}

TEST_P(SharedRingMethodTest, WhatIsMappedWhenTheDeviceIsRemovedIsGone) {
  LoadMethod();
  const uint64_t at = static_cast<uint64_t>(Map(0, kPages * kPage));
  StoreAs<uint32_t>(at + 4, 0);
  EXPECT_EQ(LoadAs<uint64_t>(at + kPage), 0u);
  const user::Outcome child = process().Fork();
  ASSERT_TRUE(child.ok());

  ASSERT_TRUE(world_->UnbindDevice(DRYDOCK_SHARED_RING_NAME));

  EXPECT_EQ(SignalOfLoad(at), user::Signal::kBusAdrerr);
  EXPECT_EQ(SignalOfLoad(at + 5 * kPage), user::Signal::kBusAdrerr);
  user::Process other = world_->process(static_cast<uint32_t>(child.value));
  char byte = 0;
  EXPECT_EQ(other.Load({at}, &byte, 1).signal, user::Signal::kBusAdrerr);
  drydock_shared_ring_info info{};
  EXPECT_EQ(Ioctl(DRYDOCK_SHARED_RING_INFO, &info), -ENODEV);
  EXPECT_EQ(Resize(512), -ENODEV);
  EXPECT_EQ(WriteText("x"), -ENODEV);
  EXPECT_EQ(Map(0, kPage), -ENODEV);
  EXPECT_EQ(Polled(), kPollErr | kPollHup);
  EXPECT_TRUE(other.Exit().ok());
  EXPECT_TRUE(process().Exit().ok());
  EXPECT_TRUE(world_->UnloadDriver());
  EXPECT_EQ(world_->kernel().allocations().live_count(), 0u);
}

struct RefusalCase {
  const char *name;
  Params params;
  uint64_t offset_bytes;
  uint64_t length_bytes;
  int prot;
  int flags;
  int error;
};
void PrintTo(const RefusalCase &c, std::ostream *out) { *out << c.name; }

class SharedRingRefusalTest : public SharedRingMmapTest,
                              public ::testing::WithParamInterface<RefusalCase> {};

TEST_P(SharedRingRefusalTest, NothingIsMappedOrCounted) {
  const RefusalCase &c = GetParam();
  Load(c.params);
  const AllocationNames allocations = Allocations();
  const uint32_t vmas = Vmas();

  EXPECT_EQ(Map(c.offset_bytes, c.length_bytes, c.prot, c.flags), -c.error);

  EXPECT_EQ(Vmas(), vmas);
  EXPECT_EQ(Info().mappings, 0u);
  EXPECT_EQ(Allocations(), allocations);
}

INSTANTIATE_TEST_SUITE_P(
    Table, SharedRingRefusalTest,
    ::testing::Values(
        RefusalCase{"PageMoreThanTheRing", {}, 0, (kPages + 1) * kPage, kRead, kShared, EINVAL},
        RefusalCase{"PageAfterTheRing", {}, kPages *kPage, kPage, kRead, kShared, EINVAL},
        RefusalCase{"OffsetOf4GiB", {}, uint64_t{1} << 32, kPage, kRead, kShared, EINVAL},
        RefusalCase{"NegativePage", {}, uint64_t{1} << 62, kPage, kRead, kShared, EINVAL},
        RefusalCase{"PrivateWritable", {}, 0, kPage, kRead | kWrite, kPrivate, EINVAL},
        RefusalCase{"Executable", {}, 0, kPage, kRead | kExec, kShared, EPERM},
        RefusalCase{"PartOfAWholeRing", {{"whole", "1"}}, 0, kPage, kRead, kShared, EINVAL}),
    [](const auto &info) { return std::string(info.param.name); });

TEST_F(SharedRingMmapTest, AWholeRingStaysInOnePiece) {
  Load({{"whole", "1"}});
  const uint64_t at = static_cast<uint64_t>(Map(0, kPages * kPage));
  StoreAs<uint32_t>(at + 4, 0);
  EXPECT_EQ(process().Munmap({at + 4 * kPage}, kPage).value, -EINVAL);
  EXPECT_EQ(process().Mprotect({at}, kPage, kRead).value, -EINVAL);
  EXPECT_EQ(Info().mappings, 1u);
  EXPECT_TRUE(process().Munmap({at}, kPages * kPage).ok());
  EXPECT_EQ(Info().mappings, 0u);
}

TEST_F(SharedRingMmapTest, IsNotLoadedWithARingThatCannotBe) {
  for (const Params &params : {Params{{"records", "0"}}, Params{{"records", "100"}},
                               Params{{"records", "8"}}, Params{{"method", "none"}}}) {
    World world{WorldOptions{}};
    EXPECT_NE(world.LoadDriver("driver_core/shared_ring.so", params).find("-EINVAL"),
              std::string::npos)
        << params[0].second;
    EXPECT_EQ(world.verdicts().count(), 0u);
  }
}

}  // namespace
}  // namespace drydock
