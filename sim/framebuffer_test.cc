// The fb core (mocks/library/fb_*.cc) under a frame-buffer driver, from a program's side.
#include <linux/fb.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "sim/kernel/kernel.h"
#include "sim/world.h"

namespace drydock {
namespace {

using user::Outcome;

constexpr char kDriver[] = "sim/framebuffer_test_driver.so";
constexpr uint64_t kPage = 4096;
constexpr uint32_t kBufferBytes = 2 * kPage - 96;
constexpr uint32_t kUnregister = _IO('T', 1), kSuspend = _IO('T', 2), kAccelerate = _IO('T', 3);
constexpr int kReadWrite = 2, kRead = 1, kWrite = 2, kShared = 1, kPrivate = 2, kAnonymous = 0x20;

class FramebufferTest : public ::testing::Test {
 protected:
  void Load(const std::vector<std::pair<std::string, std::string>>& params = {}) {
    ASSERT_EQ(world_.LoadDriver(kDriver, params), "");
    world_.Checkpoint();
    const Outcome own =
        world_.init().Mmap({}, 4 * kPage, kRead | kWrite, kPrivate | kAnonymous, -1, 0);
    ASSERT_TRUE(own.ok());
    own_ = {static_cast<uint64_t>(own.value)};
    fd_ = static_cast<int>(world_.init().Open("/dev/fb0", kReadWrite).value);
  }
  void TearDown() override {
    EXPECT_EQ(world_.verdicts().count(), 0u) << world_.verdicts()[0].seen;
  }
  template <class T>
  int64_t Ioctl(uint32_t command, T* value) {
    EXPECT_TRUE(world_.init().Store(own_, value, sizeof *value).ok());
    const Outcome outcome = world_.init().Ioctl(fd_, command, own_.value);
    EXPECT_TRUE(world_.init().Load(own_, value, sizeof *value).ok());
    return outcome.value;
  }
  int64_t Ioctl(uint32_t command, uint64_t argument = 0) {
    return world_.init().Ioctl(fd_, command, argument).value;
  }
  fb_var_screeninfo Var() {
    fb_var_screeninfo var{};
    EXPECT_EQ(Ioctl(FBIOGET_VSCREENINFO, &var), 0);
    return var;
  }
  Outcome Map(uint64_t pages, uint64_t page) {
    return world_.init().Mmap({}, pages * kPage, kRead | kWrite, kShared, fd_, page * kPage);
  }

  World world_{WorldOptions{}};
  hw::VirtAddr own_;
  int fd_ = -1;
};

TEST_F(FramebufferTest, ThereIsANodeAndItTellsWhatItIs) {
  Load();
  EXPECT_EQ(world_.nodes(), std::vector<std::string>{"/dev/fb0"});
  fb_fix_screeninfo fix{};
  ASSERT_EQ(Ioctl(FBIOGET_FSCREENINFO, &fix), 0);
  EXPECT_STREQ(fix.id, "test");
  EXPECT_EQ(fix.smem_len, kBufferBytes);
  const fb_var_screeninfo var = Var();
  EXPECT_EQ(var.xres, 16u);
  EXPECT_EQ(var.bits_per_pixel, 8u);
  EXPECT_EQ(world_.init().Ioctl(fd_, FBIOGET_FSCREENINFO, 0x1000).value, -EFAULT);
}

TEST_F(FramebufferTest, ARefusedOpenLeavesNothing) {
  Load({{"refuse_open", "1"}});
  EXPECT_EQ(world_.init().Open("/dev/fb0", kReadWrite).value, -EBUSY);
  EXPECT_TRUE(world_.UnloadDriver());
}

TEST_F(FramebufferTest, MmapShowsTheBufferThenTheRegisters) {
  Load();
  EXPECT_TRUE(Map(2, 0).ok());
  EXPECT_TRUE(Map(1, 1).ok());
  EXPECT_EQ(Map(3, 0).value, -EINVAL);
  EXPECT_EQ(Map(2, 1).value, -EINVAL);
  EXPECT_TRUE(Map(1, 2).ok());
  EXPECT_EQ(Map(1, 3).value, -EINVAL);
  EXPECT_EQ(Map(2, 2).value, -EINVAL);
}

TEST_F(FramebufferTest, AcceleratedRegistersAreNotMapped) {
  Load();
  ASSERT_EQ(Ioctl(kAccelerate), 0);
  EXPECT_EQ(Map(1, 2).value, -EINVAL);
  EXPECT_TRUE(Map(1, 0).ok());
}

TEST_F(FramebufferTest, TheDriversOwnMmapDecides) {
  Load({{"own_mmap", "1"}});
  EXPECT_EQ(Map(1, 0).value, -EPERM);
}

TEST_F(FramebufferTest, ReadAndWriteEndWithTheBuffer) {
  Load();
  EXPECT_EQ(world_.init().Lseek(fd_, kBufferBytes - 8, 0).value, kBufferBytes - 8);
  EXPECT_EQ(world_.init().Read(fd_, own_, 100).value, 8);
  EXPECT_EQ(world_.init().Read(fd_, own_, 100).value, 0);
  EXPECT_EQ(world_.init().Lseek(fd_, kBufferBytes - 8, 0).value, kBufferBytes - 8);
  EXPECT_EQ(world_.init().Write(fd_, own_, 9).value, -ENOSPC);
  EXPECT_EQ(world_.init().Write(fd_, own_, 8).value, 8);
  EXPECT_EQ(world_.init().Lseek(fd_, kBufferBytes + 1, 0).value, kBufferBytes + 1);
  EXPECT_EQ(world_.init().Write(fd_, own_, 1).value, -EFBIG);
  EXPECT_EQ(world_.init().Lseek(fd_, 0, 0).value, 0);
  EXPECT_EQ(world_.init().Write(fd_, own_, kBufferBytes + 1).value, -EFBIG);
}

TEST_F(FramebufferTest, WhileSuspendedItIsNotRead) {
  Load();
  ASSERT_EQ(Ioctl(kSuspend), 0);
  EXPECT_EQ(world_.init().Read(fd_, own_, 1).value, -EPERM);
  EXPECT_EQ(world_.init().Write(fd_, own_, 1).value, -EPERM);
}

TEST_F(FramebufferTest, ModesThatAreRefused) {
  struct Row {
    const char* name;
    void (*change)(fb_var_screeninfo*);
    int64_t error;
  };
  constexpr Row kRows[] = {
      {"too small", [](fb_var_screeninfo* v) { v->xres = 7; }, -EINVAL},
      {"too large", [](fb_var_screeninfo* v) { v->xres = v->yres = 0x10000; }, -EINVAL},
      {"virtually too large",
       [](fb_var_screeninfo* v) { v->xres_virtual = v->yres_virtual = 0x10000; }, -EINVAL},
      {"the driver says so", [](fb_var_screeninfo* v) { v->bits_per_pixel = 33; }, -EDOM},
      {"the driver made it too small", [](fb_var_screeninfo* v) { v->yres_virtual = 13; }, -EINVAL},
      {"the mode in use is not deleted",
       [](fb_var_screeninfo* v) { v->activate = FB_ACTIVATE_INV_MODE; }, -EINVAL},
  };
  Load();
  const fb_var_screeninfo before = Var();
  for (const Row& row : kRows) {
    fb_var_screeninfo var = before;
    row.change(&var);
    EXPECT_EQ(Ioctl(FBIOPUT_VSCREENINFO, &var), row.error) << row.name;
    const fb_var_screeninfo after = Var();
    EXPECT_EQ(std::memcmp(&after, &before, sizeof before), 0) << row.name;
  }
}

TEST_F(FramebufferTest, AModeIsSetUnlessItIsATest) {
  Load();
  fb_var_screeninfo var = Var();
  var.xres = 8;
  var.activate = FB_ACTIVATE_TEST;
  EXPECT_EQ(Ioctl(FBIOPUT_VSCREENINFO, &var), 0);
  EXPECT_EQ(Var().xres, 16u);
  var.activate = FB_ACTIVATE_NOW;
  EXPECT_EQ(Ioctl(FBIOPUT_VSCREENINFO, &var), 0);
  EXPECT_EQ(Var().xres, 8u);
}

TEST_F(FramebufferTest, AFailingSetParLeavesTheModeThatWas) {
  Load({{"fail_set_par", "1"}});
  fb_var_screeninfo var = Var();
  var.xres = 8;
  EXPECT_EQ(Ioctl(FBIOPUT_VSCREENINFO, &var), -EIO);
  EXPECT_EQ(Var().xres, 16u);
}

TEST_F(FramebufferTest, WithoutCheckVarNothingChanges) {
  Load({{"no_check_var", "1"}});
  fb_var_screeninfo var = Var();
  var.xres = 8;
  EXPECT_EQ(Ioctl(FBIOPUT_VSCREENINFO, &var), 0);
  EXPECT_EQ(var.xres, 16u);
}

TEST_F(FramebufferTest, PanningKeepsToStepsAndToTheVirtualScreen) {
  Load();
  fb_var_screeninfo var = Var();
  var.yoffset = 3;  // the step is 2
  EXPECT_EQ(Ioctl(FBIOPAN_DISPLAY, &var), -EINVAL);
  var.yoffset = 50;  // 64 - 16 is the last
  EXPECT_EQ(Ioctl(FBIOPAN_DISPLAY, &var), -EINVAL);
  var.yoffset = 48;
  EXPECT_EQ(Ioctl(FBIOPAN_DISPLAY, &var), 0);
  EXPECT_EQ(Var().yoffset, 48u);
  var.xoffset = 1;
  EXPECT_EQ(Ioctl(FBIOPAN_DISPLAY, &var), -EINVAL);
  var.xoffset = 0;
  var.vmode |= FB_VMODE_YWRAP;
  EXPECT_EQ(Ioctl(FBIOPAN_DISPLAY, &var), -EINVAL);  // no ywrapstep
}

TEST_F(FramebufferTest, ColourMaps) {
  Load();
  const auto at = [&](uint64_t offset) {
    return reinterpret_cast<__u16*>(own_.value + kPage + offset);
  };
  fb_cmap cmap{};
  cmap.len = 16;
  cmap.red = at(0);
  cmap.green = at(64);
  cmap.blue = at(128);
  ASSERT_EQ(Ioctl(FBIOGETCMAP, &cmap), 0);
  __u16 brown[3];
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(
        world_.init().Load(own_ + kPage + 64 * static_cast<uint64_t>(i) + 12, &brown[i], 2).ok());
  }
  EXPECT_EQ(brown[0], 0xaaaa);
  EXPECT_EQ(brown[1], 0x5555);
  EXPECT_EQ(brown[2], 0);
  cmap.start = 16;
  EXPECT_EQ(Ioctl(FBIOGETCMAP, &cmap), -EINVAL);
  EXPECT_EQ(Ioctl(FBIOPUTCMAP, &cmap), 0);  // the driver stops at register 16
  cmap.start = ~0u;
  EXPECT_EQ(Ioctl(FBIOPUTCMAP, &cmap), -EINVAL);
  cmap.start = 0;
  cmap.red = reinterpret_cast<__u16*>(uint64_t{0x1000});
  EXPECT_EQ(Ioctl(FBIOPUTCMAP, &cmap), -EFAULT);
  cmap.len = 0x80000000;
  EXPECT_EQ(Ioctl(FBIOPUTCMAP, &cmap), -E2BIG);
}

TEST_F(FramebufferTest, OtherCommands) {
  Load();
  EXPECT_EQ(Ioctl(FBIOBLANK, uint64_t{5}), -EINVAL);
  EXPECT_EQ(Ioctl(FBIOBLANK, uint64_t{0}), -EINVAL);  // the driver cannot
  EXPECT_EQ(Ioctl(_IO('T', 9)), -ENOTTY);
}

TEST_F(FramebufferTest, OnceUnregisteredAnOpenFileIsOfNoUse) {
  Load();
  ASSERT_TRUE(Map(1, 0).ok());
  ASSERT_EQ(Ioctl(kUnregister), 0);
  EXPECT_EQ(world_.init().Read(fd_, own_, 1).value, -ENODEV);
  EXPECT_EQ(Ioctl(FBIOGET_VSCREENINFO, own_.value), -ENODEV);
  EXPECT_EQ(Map(1, 0).value, -ENODEV);
  EXPECT_LT(world_.init().Open("/dev/fb0", kReadWrite).value, 0);
}

TEST_F(FramebufferTest, LoadingAndUnloadingLeaveNothing) {
  Load();
  EXPECT_FALSE(world_.UnloadDriver()) << "it is open";
  EXPECT_EQ(world_.init().Close(fd_).value, 0);
  EXPECT_TRUE(world_.UnloadDriver());
  EXPECT_EQ(world_.kernel().allocations().live_count(), 0u);
}

TEST_F(FramebufferTest, ResetPutsTheRegistrationBack) {
  Load();
  ASSERT_EQ(Ioctl(kSuspend), 0);
  world_.Reset();
  EXPECT_EQ(world_.FirstDifference(), nullptr);
  fd_ = static_cast<int>(world_.init().Open("/dev/fb0", kReadWrite).value);
  ASSERT_GE(fd_, 0);
  EXPECT_TRUE(Map(2, 0).ok());
}

TEST_F(FramebufferTest, ResetPutsBackWhatWasUnregistered) {
  Load();
  ASSERT_EQ(Ioctl(kUnregister), 0);
  ASSERT_EQ(world_.init().Close(fd_).value, 0);
  world_.Reset();
  EXPECT_EQ(world_.FirstDifference(), nullptr);
  EXPECT_GE(world_.init().Open("/dev/fb0", kReadWrite).value, 0);
}

}  // namespace
}  // namespace drydock
