// The one-page device, run: what it asks of the kernel when it is mapped, what it refuses, and what
// of its page a program sees. What a mapping may be is chardev_plan_test's subject.
#include <cerrno>
#include <cstdint>
#include <ostream>
#include <string>

#include "driver_core/chardev_uapi.h"
#include "driver_core/testing/driver_world.h"
#include "driver_core/testing/mmap_calls.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace drydock {
namespace {

using kernel::Allocation;
using kernel::AllocationKind;
using ::testing::_;
using ::testing::DoDefault;
using ::testing::Field;
using ::testing::NiceMock;
using ::testing::NotNull;
using ::testing::StrictMock;

class ChardevMmapTest : public DriverWorldTest {
 protected:
  ChardevMmapTest() : DriverWorldTest("chardev", DRYDOCK_CHARDEV_NODE) {}
  void SetUp() override { Load({}); }

  // The frame of the only page that a load allocated whole.
  uint64_t Frame() {
    uint64_t frame = 0;
    int found = 0;
    world_->kernel().allocations().ForEachLive([&](kernel::AllocationId, const Allocation &a) {
      if (a.kind != AllocationKind::kPages || a.pages != 1) return;
      frame = a.pfn.value;
      ++found;
    });
    EXPECT_EQ(found, 1);
    return frame;
  }
};

struct MapCase {
  const char *name;
  int prot;
  int flags;
  uint64_t length_bytes;
  unsigned long pgprot;
};
void PrintTo(const MapCase &c, std::ostream *out) { *out << c.name; }

class ChardevMapTest : public ChardevMmapTest, public ::testing::WithParamInterface<MapCase> {};

TEST_P(ChardevMapTest, RemapPfnRangeGetsTheFrameOfThePageAndOnePage) {
  const MapCase &c = GetParam();
  const uint64_t frame = Frame();
  MmapCalls<StrictMock> calls(world_->kernel());
  EXPECT_CALL(calls.mm,
              RemapPfnRange(NotNull(), _, frame, kPage, Field(&pgprot_t::pgprot, c.pgprot)))
      .Times(1);

  EXPECT_GT(Map(0, c.length_bytes, c.prot, c.flags), 0);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ChardevMapTest,
    ::testing::Values(MapCase{"Shared", kRead | kWrite, kShared, kPage, kPageShared},
                      MapCase{"OneByteIsThePage", kRead | kWrite, kShared, 1, kPageShared},
                      MapCase{"SharedReadOnly", kRead, kShared, kPage, kPageReadOnly},
                      MapCase{"PrivateReadOnly", kRead, kPrivate, kPage, kPageReadOnly}),
    [](const auto &info) { return std::string(info.param.name); });

using ChardevRefusalTest = RefusedMmapTest<ChardevMmapTest>;

TEST_P(ChardevRefusalTest, KernelIsAskedForNothingAndNothingChanges) { ExpectRefusal(); }

INSTANTIATE_TEST_SUITE_P(
    Table, ChardevRefusalTest,
    ::testing::Values(
        RefusedMmap{"OneByteMoreThanThePage", 0, kPage + 1, kRead | kWrite, kShared, EINVAL},
        RefusedMmap{"TwoPages", 0, 2 * kPage, kRead | kWrite, kShared, EINVAL},
        RefusedMmap{"SecondPage", kPage, kPage, kRead | kWrite, kShared, EINVAL},
        RefusedMmap{"OffsetOf4GiB", uint64_t{1} << 32, kPage, kRead | kWrite, kShared, EINVAL},
        RefusedMmap{"OffsetWhosePageIsNegative", uint64_t{1} << 62, kPage, kRead, kShared, EINVAL},
        RefusedMmap{"PrivateWritable", 0, kPage, kRead | kWrite, kPrivate, EINVAL},
        RefusedMmap{"Executable", 0, kPage, kRead | kExec, kShared, EPERM},
        RefusedMmap{"ExecutablePrivate", 0, kPage, kRead | kExec, kPrivate, EPERM}),
    [](const auto &info) { return std::string(info.param.name); });

class ChardevFailureTest : public ChardevMmapTest, public ::testing::WithParamInterface<int> {};

TEST_P(ChardevFailureTest, RemapPfnRangesErrnoIsPassedOnAndNothingIsMapped) {
  const uint32_t vmas = Vmas();
  MmapCalls<NiceMock> calls(world_->kernel());
  EXPECT_CALL(calls.mm, RemapPfnRange)
      .WillOnce(::testing::Return(-GetParam()))
      .WillRepeatedly(DoDefault());

  EXPECT_EQ(Map(0, kPage), -GetParam());

  EXPECT_EQ(Vmas(), vmas);
  EXPECT_GT(Map(0, kPage), 0);
}

INSTANTIATE_TEST_SUITE_P(Errnos, ChardevFailureTest,
                         ::testing::Values(EINVAL, ENOMEM, EBUSY, EAGAIN));

TEST_F(ChardevMmapTest, ANewPageIsAllZero) {
  const uint64_t at = static_cast<uint64_t>(Map(0, kPage));

  for (uint64_t offset = 0; offset < kPage; offset += 8) {
    ASSERT_EQ(LoadAs<uint64_t>(at + offset), 0u) << offset;
  }
}

TEST_F(ChardevMmapTest, MappingReadAndWriteShowTheSameBytes) {
  const uint64_t at = static_cast<uint64_t>(Map(0, kPage));
  StoreAs<uint32_t>(at, 0x64636261);  // "abcd"

  std::string text;
  EXPECT_EQ(ReadText(&text, 4), 4);
  EXPECT_EQ(text, "abcd");
  EXPECT_EQ(WriteText("efgh"), 4);
  EXPECT_EQ(LoadAs<uint32_t>(at + 4), 0x68676665u);
}

TEST_F(ChardevMmapTest, TwoMappingsAndAChildShowTheSamePage) {
  const uint64_t first = static_cast<uint64_t>(Map(0, kPage));
  const uint64_t second = static_cast<uint64_t>(Map(0, kPage, kRead));
  const user::Outcome child = process().Fork();
  ASSERT_TRUE(child.ok());

  StoreAs<uint64_t>(first + 8, 0x1234);

  uint64_t seen = 0;
  EXPECT_EQ(LoadAs<uint64_t>(second + 8), 0x1234u);
  EXPECT_TRUE(world_->process(static_cast<uint32_t>(child.value))
                  .Load({first + 8}, &seen, sizeof seen)
                  .ok());
  EXPECT_EQ(seen, 0x1234u);
}

TEST_F(ChardevMmapTest, WritesEndWithThePageAndReadsDoToo) {
  EXPECT_EQ(process().Lseek(fd_, static_cast<int64_t>(kPage) - 2, 0).value,
            static_cast<int64_t>(kPage) - 2);
  EXPECT_EQ(WriteText("abcd"), 2);
  EXPECT_EQ(WriteText("ef"), -ENOSPC);
  EXPECT_EQ(WriteText(""), 0);
  std::string text;
  EXPECT_EQ(ReadText(&text, 4), 0);
  EXPECT_EQ(process().Lseek(fd_, static_cast<int64_t>(kPage) + 1, 0).value, -EINVAL);
  EXPECT_EQ(process().Lseek(fd_, -1, 0).value, -EINVAL);
}

TEST_F(ChardevMmapTest, MprotectGivesNeitherExecutionNorPrivateStores) {
  const uint64_t shared = static_cast<uint64_t>(Map(0, kPage, kRead));
  const uint64_t own = static_cast<uint64_t>(Map(0, kPage, kRead, kPrivate));

  EXPECT_EQ(process().Mprotect({shared}, kPage, kRead | kExec).value, -EACCES);
  EXPECT_EQ(process().Mprotect({own}, kPage, kRead | kWrite).value, -EACCES);
  EXPECT_EQ(process().Mprotect({own}, kPage, kRead | kExec).value, -EACCES);
  EXPECT_EQ(process().Mprotect({shared}, kPage, kRead | kWrite).value, 0);
  StoreAs<uint64_t>(shared, 7);
  EXPECT_EQ(LoadAs<uint64_t>(own), 7u);
}

TEST_F(ChardevMmapTest, AMappingMovesAndDoesNotGrow) {
  const uint64_t at = static_cast<uint64_t>(Map(0, kPage));
  StoreAs<uint64_t>(at, 7);

  EXPECT_EQ(process().Mremap({at}, kPage, 2 * kPage, kMayMove, {}).value, -EFAULT);
  const uint64_t place = at + 64 * kPage;
  EXPECT_EQ(process().Mremap({at}, kPage, kPage, kMayMove | 2, {place}).value,
            static_cast<int64_t>(place));
  EXPECT_EQ(LoadAs<uint64_t>(place), 7u);
  EXPECT_EQ(SignalOfLoad(at), user::Signal::kSegvMaperr);
}

TEST_F(ChardevMmapTest, IsNotUnloadedWhileOpenOrMapped) {
  const uint64_t at = static_cast<uint64_t>(Map(0, kPage));

  EXPECT_FALSE(world_->UnloadDriver());
  ASSERT_TRUE(process().Close(fd_).ok());
  EXPECT_FALSE(world_->UnloadDriver());
  StoreAs<uint64_t>(at, 7);
  ASSERT_TRUE(process().Munmap({at}, kPage).ok());
  EXPECT_TRUE(world_->UnloadDriver());
}

}  // namespace
}  // namespace drydock
