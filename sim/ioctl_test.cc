// What ioctl(2) makes of a driver's answer: Linux fs/ioctl.c:vfs_ioctl().
#include <cerrno>

#include "gtest/gtest.h"
#include "sim/kernel/kernel.h"
#include "sim/world.h"

namespace drydock {
namespace {

TEST(IoctlTest, TheAnswerOfADriverIsAnInt) {
  World world{WorldOptions{}};
  ASSERT_EQ(world.LoadDriver("sim/ioctl_test_driver.so", {}), "");
  const int fd = static_cast<int>(world.init().Open("/dev/ioctl_test", 2).value);
  ASSERT_GE(fd, 0);
  struct Row {
    const char* what;
    int64_t answer, seen;
  };
  constexpr Row kRows[] = {
      {"nothing", 0, 0},
      {"the largest", 0x7fffffff, 0x7fffffff},
      {"an error", -EBUSY, -EBUSY},
      {"an error as an unsigned int", 0xffffffea, -EINVAL},
      {"only upper bits", int64_t{1} << 32, 0},
      {"upper bits, too", int64_t{7} << 32 | 9, 9},
      {"no error number", 0x80000000, int64_t{-1} << 31},
      {"ENOIOCTLCMD", -515, -ENOTTY},
      {"ENOIOCTLCMD as an unsigned int", 0xfffffdfd, -ENOTTY},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(world.init().Ioctl(fd, 0x1234, static_cast<uint64_t>(row.answer)).value, row.seen)
        << row.what;
  }
}

}  // namespace
}  // namespace drydock
