// The framebuffer, run: what it asks of the kernel when it is mapped, what it refuses, and that a
// mapping shows the same video memory whatever the mode is. What a mapping or a mode may be is
// framebuffer_plan_test's subject.
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <ostream>
#include <string>

#include "driver_core/framebuffer_uapi.h"
#include "driver_core/testing/driver_world.h"
#include "driver_core/testing/mmap_calls.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace drydock {
namespace {

using ::testing::_;
using ::testing::DoDefault;
using ::testing::NiceMock;
using ::testing::NotNull;

constexpr uint64_t kPages = 119;  // of the memory that is there by default
constexpr uint64_t kLine = 1216;
constexpr uint64_t kVideo = 0x90000000;

// Two windows: 20 pages of memory, and registers, which no simulated device reads.
constexpr char kDevice[] =
    "device drydock_framebuffer\n"
    "    mem 0x90000000 0x14000 vram\n";

class FramebufferMmapTest : public DriverWorldTest {
 protected:
  FramebufferMmapTest() : DriverWorldTest("framebuffer", DRYDOCK_FRAMEBUFFER_NODE) {}

  drydock_framebuffer_info Info() {
    drydock_framebuffer_info info{};
    EXPECT_EQ(Ioctl(DRYDOCK_FRAMEBUFFER_INFO, &info), 0);
    return info;
  }
  int64_t SetMode(uint32_t width, uint32_t height, uint32_t bytes_per_pixel,
                  uint32_t reserved = 0) {
    drydock_framebuffer_mode mode = {width, height, bytes_per_pixel, reserved};
    return Ioctl(DRYDOCK_FRAMEBUFFER_SET_MODE, &mode);
  }
  int64_t Pan(uint32_t y, uint32_t reserved = 0) {
    drydock_framebuffer_pan pan = {y, reserved};
    return Ioctl(DRYDOCK_FRAMEBUFFER_PAN, &pan);
  }
};

struct MapCase {
  const char *name;
  bool device;
  uint64_t offset_pages;
  uint64_t pages;
  int prot;
  int flags;
  unsigned long pgprot;
};
void PrintTo(const MapCase &c, std::ostream *out) { *out << c.name; }

class FramebufferMapTest : public FramebufferMmapTest,
                           public ::testing::WithParamInterface<MapCase> {};

TEST_P(FramebufferMapTest, VmIomapMemoryGetsAllOfTheMemoryAndTheVmaItsCacheType) {
  const MapCase &c = GetParam();
  if (c.device) {
    Load({{"width", "100"}, {"height", "100"}}, "x86-64", kDevice);
  } else {
    Load({});
  }
  MmapCalls<NiceMock> calls(world_->kernel());
  EXPECT_CALL(calls.mm, RemapPfnRange).Times(0);
  EXPECT_CALL(calls.mm, VmIomapMemory(NotNull(),
                                      c.device ? ::testing::Matcher<unsigned long long>(kVideo) : _,
                                      (c.device ? 20 : kPages) * kPage))
      .WillOnce([&](vm_area_struct *vma, unsigned long long start, unsigned long length) {
        EXPECT_EQ(vma->vm_page_prot.pgprot, c.pgprot);
        EXPECT_EQ(vma->vm_pgoff, c.offset_pages);
        return world_->kernel().mm().VmIomapMemory(vma, start, length);
      });

  EXPECT_GT(Map(c.offset_pages * kPage, c.pages * kPage, c.prot, c.flags), 0);

  EXPECT_EQ(Info().mappings, 1u);
}

INSTANTIATE_TEST_SUITE_P(
    Table, FramebufferMapTest,
    ::testing::Values(
        MapCase{"Whole", false, 0, kPages, kRead | kWrite, kShared, kPageShared},
        MapCase{"LastPage", false, kPages - 1, 1, kRead | kWrite, kShared, kPageShared},
        MapCase{"Middle", false, 7, 30, kRead, kShared, kPageReadOnly},
        MapCase{"PrivateReadOnly", false, 7, 3, kRead, kPrivate, kPageReadOnly},
        MapCase{"DeviceWhole", true, 0, 20, kRead | kWrite, kShared, kPageShared | kPwt},
        MapCase{"DeviceLastPage", true, 19, 1, kRead | kWrite, kShared, kPageShared | kPwt},
        MapCase{"DeviceReadOnly", true, 3, 4, kRead, kShared, kPageReadOnly | kPwt}),
    [](const auto &info) { return std::string(info.param.name); });

using FramebufferRefusalTest = RefusedMmapTest<FramebufferMmapTest>;

TEST_P(FramebufferRefusalTest, KernelIsAskedForNothingAndNothingChanges) {
  Load({});

  ExpectRefusal();

  EXPECT_EQ(Info().mappings, 0u);
}

INSTANTIATE_TEST_SUITE_P(
    Table, FramebufferRefusalTest,
    ::testing::Values(
        RefusedMmap{"PageMoreThanTheMemory", 0, (kPages + 1) * kPage, kRead, kShared, EINVAL},
        RefusedMmap{"PageAfterTheMemory", kPages *kPage, kPage, kRead, kShared, EINVAL},
        RefusedMmap{"LastPageAndOneMore", (kPages - 1) * kPage, kPage + 1, kRead, kShared, EINVAL},
        RefusedMmap{"OffsetOf4GiB", uint64_t{1} << 32, kPage, kRead, kShared, EINVAL},
        RefusedMmap{"OffsetWhosePageIsNegative", uint64_t{1} << 62, kPage, kRead, kShared, EINVAL},
        RefusedMmap{"PrivateWritable", 0, kPage, kRead | kWrite, kPrivate, EINVAL},
        RefusedMmap{"Executable", 0, kPage, kRead | kExec, kShared, EPERM}),
    [](const auto &info) { return std::string(info.param.name); });

class FramebufferFailureTest : public FramebufferMmapTest,
                               public ::testing::WithParamInterface<int> {};

TEST_P(FramebufferFailureTest, VmIomapMemorysErrnoIsPassedOnAndNothingIsCounted) {
  Load({});
  const uint32_t vmas = Vmas();
  MmapCalls<NiceMock> calls(world_->kernel());
  EXPECT_CALL(calls.mm, VmIomapMemory)
      .WillOnce(::testing::Return(-GetParam()))
      .WillRepeatedly(DoDefault());

  EXPECT_EQ(Map(0, kPage), -GetParam());

  EXPECT_EQ(Vmas(), vmas);
  EXPECT_EQ(Info().mappings, 0u);
  EXPECT_GT(Map(0, kPage), 0);
  EXPECT_EQ(Info().mappings, 1u);
}

INSTANTIATE_TEST_SUITE_P(Errnos, FramebufferFailureTest,
                         ::testing::Values(EINVAL, ENOMEM, EBUSY, EAGAIN));

TEST_F(FramebufferMmapTest, PixelsAreReadWhereTheyWerePainted) {
  Load({});
  const uint64_t at = static_cast<uint64_t>(Map(0, kPages * kPage));
  StoreAs<uint32_t>(at + 1 * kLine + 299 * 4, 0x44434241);
  StoreAs<uint32_t>(at + 2 * kLine, 0x48474645);

  // The last pixel of line 1 and the first of line 2: neighbours in the picture, not in memory.
  ASSERT_TRUE(process().Lseek(fd_, 2 * 1200 - 4, 0).ok());
  std::string text;
  EXPECT_EQ(ReadText(&text, 8), 8);
  EXPECT_EQ(text, "ABCDEFGH");
}

TEST_F(FramebufferMmapTest, ThePictureEndsWhereItEnds) {
  Load({});
  ASSERT_TRUE(process().Lseek(fd_, 240000 - 3, 0).ok());
  std::string text;
  EXPECT_EQ(ReadText(&text, 100), 3);
  EXPECT_EQ(ReadText(&text, 100), 0);
  EXPECT_EQ(process().Lseek(fd_, 240001, 0).value, -EINVAL);
}

TEST_F(FramebufferMmapTest, PanningMovesThePictureAndNotTheMapping) {
  Load({});
  const uint64_t at = static_cast<uint64_t>(Map(0, kPages * kPage));
  StoreAs<uint32_t>(at, 0x2d2d2d2d);
  StoreAs<uint32_t>(at + 200 * kLine, 0x2b2b2b2b);

  ASSERT_EQ(Pan(200), 0);

  EXPECT_EQ(Info().pan_y, 200u);
  std::string text;
  EXPECT_EQ(ReadText(&text, 4), 4);
  EXPECT_EQ(text, "++++");
  EXPECT_EQ(LoadAs<uint32_t>(at), 0x2d2d2d2du);
  EXPECT_EQ(Pan(201), -EINVAL);
  EXPECT_EQ(Pan(0, 1), -EINVAL);
  EXPECT_EQ(Info().pan_y, 200u);
}

TEST_F(FramebufferMmapTest, AModeIsSetWhileMappedAndTheMappingStays) {
  Load({});
  const uint64_t at = static_cast<uint64_t>(Map(0, kPages * kPage));
  StoreAs<uint32_t>(at + (kPages - 1) * kPage, 0x12345678);
  StoreAs<uint32_t>(at + 640, 0x44434241);
  ASSERT_EQ(Pan(100), 0);

  ASSERT_EQ(SetMode(301, 201, 2), 0);

  const drydock_framebuffer_info info = Info();
  EXPECT_EQ(info.width, 301u);
  EXPECT_EQ(info.height, 201u);
  EXPECT_EQ(info.bytes_per_pixel, 2u);
  EXPECT_EQ(info.line_length, 640u);
  EXPECT_EQ(info.lines, 760u);
  EXPECT_EQ(info.pan_y, 0u);
  EXPECT_EQ(info.mappings, 1u);
  EXPECT_EQ(LoadAs<uint32_t>(at + (kPages - 1) * kPage), 0x12345678u);
  ASSERT_TRUE(process().Lseek(fd_, 602, 0).ok());
  std::string text;
  EXPECT_EQ(ReadText(&text, 4), 4);
  EXPECT_EQ(text, "ABCD");
}

TEST_F(FramebufferMmapTest, AModeThatIsRefusedChangesNothing) {
  Load({});
  ASSERT_EQ(Pan(7), 0);
  const drydock_framebuffer_info before = Info();

  EXPECT_EQ(SetMode(300, 401, 4), -EINVAL);
  EXPECT_EQ(SetMode(0, 200, 4), -EINVAL);
  EXPECT_EQ(SetMode(300, 200, 3), -EINVAL);
  EXPECT_EQ(SetMode(300, 200, 4, 1), -EINVAL);
  EXPECT_EQ(process().Ioctl(fd_, DRYDOCK_FRAMEBUFFER_SET_MODE, 8).value, -EFAULT);

  const drydock_framebuffer_info after = Info();
  EXPECT_EQ(memcmp(&before, &after, sizeof before), 0);
}

TEST_F(FramebufferMmapTest, AReaderMayNotChangeWhatIsShown) {
  Load({});
  fd_ = Open(kReadOnly);

  EXPECT_EQ(SetMode(300, 200, 4), -EBADF);
  EXPECT_EQ(Pan(0), -EBADF);
  EXPECT_EQ(Map(0, kPage, kRead | kWrite), -EACCES);
  EXPECT_GT(Map(0, kPage, kRead), 0);
}

TEST_F(FramebufferMmapTest, EachPartOfASplitMappingIsCounted) {
  Load({});
  const uint64_t at = static_cast<uint64_t>(Map(0, 10 * kPage));
  StoreAs<uint64_t>(at + 9 * kPage, 7);

  ASSERT_TRUE(process().Munmap({at + 4 * kPage}, kPage).ok());
  EXPECT_EQ(Info().mappings, 2u);
  const user::Outcome child = process().Fork();
  ASSERT_TRUE(child.ok());
  EXPECT_EQ(Info().mappings, 4u);
  EXPECT_TRUE(world_->process(static_cast<uint32_t>(child.value)).Exit().ok());
  EXPECT_EQ(Info().mappings, 2u);

  EXPECT_EQ(SignalOfLoad(at + 4 * kPage), user::Signal::kSegvMaperr);
  EXPECT_EQ(LoadAs<uint64_t>(at + 9 * kPage), 7u);
  EXPECT_EQ(process().Mremap({at + 5 * kPage}, 5 * kPage, 6 * kPage, kMayMove, {}).value, -EFAULT);
  ASSERT_TRUE(process().Munmap({at}, 10 * kPage).ok());
  EXPECT_EQ(Info().mappings, 0u);
}

TEST_F(FramebufferMmapTest, IsNotUnloadedWhileMapped) {
  Load({});
  const uint64_t at = static_cast<uint64_t>(Map(0, kPage));
  ASSERT_TRUE(process().Close(fd_).ok());

  EXPECT_FALSE(world_->UnloadDriver());
  StoreAs<uint64_t>(at, 7);
  ASSERT_TRUE(process().Munmap({at}, kPage).ok());
  EXPECT_TRUE(world_->UnloadDriver());
}

class FramebufferRemovalTest : public FramebufferMmapTest,
                               public ::testing::WithParamInterface<bool> {};
// With memory of the machine, and with a device's.
INSTANTIATE_TEST_SUITE_P(Devices, FramebufferRemovalTest, ::testing::Values(false, true),
                         [](const auto &info) { return info.param ? "Device" : "Emulated"; });

TEST_P(FramebufferRemovalTest, AFileSaysThatItsDeviceIsGone) {
  Load({{"width", "100"}, {"height", "100"}}, "x86-64", GetParam() ? kDevice : "");
  const uint64_t at = static_cast<uint64_t>(Map(0, 4 * kPage));
  StoreAs<uint64_t>(at, 7);
  drydock_framebuffer_info info{};
  std::string text;

  ASSERT_TRUE(world_->UnbindDevice(GetParam() ? DRYDOCK_FRAMEBUFFER_NAME : "drydock_soft_fb"));

  EXPECT_EQ(SignalOfLoad(at), user::Signal::kBusAdrerr);
  EXPECT_EQ(Map(0, kPage), -ENODEV);
  EXPECT_EQ(Ioctl(DRYDOCK_FRAMEBUFFER_INFO, &info), -ENODEV);
  EXPECT_EQ(SetMode(10, 10, 4), -ENODEV);
  EXPECT_EQ(Pan(1), -ENODEV);
  EXPECT_EQ(ReadText(&text, 8), -ENODEV);
  EXPECT_TRUE(process().Exit().ok());
  EXPECT_TRUE(world_->UnloadDriver());
  EXPECT_EQ(world_->kernel().allocations().live_count(), 0u);
}

TEST_F(FramebufferMmapTest, IsNotLoadedWithAPictureThatDoesNotFit) {
  for (const Params &params : {Params{{"memory", "0"}}, Params{{"width", "0"}},
                               Params{{"memory", "243199"}}, Params{{"height", "16385"}}}) {
    World world{WorldOptions{}};
    EXPECT_NE(world.LoadDriver("driver_core/framebuffer.so", params).find("-EINVAL"),
              std::string::npos)
        << params[0].first;
    EXPECT_EQ(world.verdicts().count(), 0u);
  }
}

// The rest of the last page would be somebody else's.
TEST_F(FramebufferMmapTest, ADeviceWithoutWholePagesIsNotBound) {
  WorldOptions options;
  options.device_text = "device drydock_framebuffer\n    mem 0x90000000 0x13f00 vram\n";
  World world{options};
  EXPECT_NE(world.LoadDriver("driver_core/framebuffer.so", {{"emulate", "0"}}), "");
}

}  // namespace
}  // namespace drydock
