// Rules OF of docs/mmap-rules.md: which flags open(2) takes, and what a file without a driver does.
#include <cerrno>
#include <cstdint>
#include <vector>

#include "gtest/gtest.h"
#include "sim/kernel/kernel.h"
#include "sim/world.h"

namespace drydock {
namespace {

constexpr char kNode[] = "/dev/drydock_dma_buffer";
constexpr uint64_t kPage = 4096;
// Linux on x86-64.
constexpr int kWriteOnly = 1, kReadWrite = 2, kCreate = 0100, kExclusive = 0200, kTruncate = 01000,
              kDataSync = 010000, kDirect = 040000, kLarge = 0100000, kDirectory = 0200000,
              kNoFollow = 0400000, kCloseOnExec = 02000000, kSync = 04000000, kPath = 010000000,
              kTemporary = 020000000, kUnknown = 0x40000000;

class OpenRules : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(world_.LoadDriver("driver_core/dma_buffer.so", {}), "");
    world_.Checkpoint();
  }
  void TearDown() override {
    EXPECT_EQ(world_.verdicts().count(), 0u) << world_.verdicts()[0].seen;
  }
  int64_t Open(int flags) { return world_.init().Open(kNode, flags).value; }
  uint32_t open_files() { return world_.kernel().vfs().open_files(); }

  World world_{WorldOptions{}};
};

TEST_F(OpenRules, OF1_SomeFlagsExcludeEachOther) {
  struct Row {
    const char* what;
    int flags;
    int64_t result;
  };
  const Row rows[] = {
      {"create and directory", kCreate | kDirectory, -EINVAL},
      {"create and directory, before exclusive", kCreate | kDirectory | kExclusive, -EINVAL},
      {"create, exclusive", kCreate | kExclusive, -EEXIST},
      {"exclusive alone", kExclusive, 3},
      {"directory", kDirectory, -ENOTDIR},
      {"temporary without directory", kTemporary | kReadWrite, -EINVAL},
      {"temporary that is not written", kTemporary | kDirectory, -EINVAL},
      {"temporary", kTemporary | kDirectory | kWriteOnly, -ENOTDIR},
      {"path, and what path leaves away", kPath | kCreate | kExclusive | kDirect, 3},
      {"path and directory", kPath | kDirectory | kCreate, -ENOTDIR},
      {"path, and a temporary that it leaves away", kPath | kTemporary, 3},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.what);
    world_.Reset();
    EXPECT_EQ(Open(row.flags), row.result);
    EXPECT_EQ(open_files(), row.result > 0 ? 1u : 0u);
  }
}

TEST_F(OpenRules, OF1_TheFileKeepsWhatOpenDoesNotUseUp) {
  const std::pair<int, int> rows[] = {
      {kReadWrite, kReadWrite | kLarge},
      {kCreate | kTruncate | 0400 | kReadWrite, kReadWrite | kLarge},
      {kExclusive | kReadWrite, kReadWrite | kLarge},
      {kSync, kSync | kDataSync | kLarge},
      {kUnknown | kCloseOnExec | kNoFollow, kNoFollow | kLarge},
      {kPath | kReadWrite | kNoFollow | kDataSync, kPath | kNoFollow},
  };
  for (const auto& [flags, kept] : rows) {
    world_.Reset();
    const int fd = static_cast<int>(Open(flags));
    EXPECT_EQ(world_.init().GetFlags(fd).value, kept) << std::oct << flags;
  }
}

TEST_F(OpenRules, OF2_DirectIoIsRefusedAfterTheDriverHasOpened) {
  EXPECT_EQ(Open(kDirect | kReadWrite), -EINVAL);
  EXPECT_EQ(open_files(), 0u);
  EXPECT_EQ(Open(kReadWrite), 3);
}

// By programs of `conform` on 6.1: what was O_PATH's answered EACCES to mmap here.
TEST_F(OpenRules, OF3_APathIsNoFileThatCanBeUsed) {
  const int fd = static_cast<int>(Open(kPath | kReadWrite));
  ASSERT_EQ(fd, 3);
  user::Process process = world_.init();
  EXPECT_EQ(process.Mmap({}, kPage, 1, 1, fd, 0).value, -EBADF);
  EXPECT_EQ(process.Read(fd, {}, 1).value, -EBADF);
  EXPECT_EQ(process.Write(fd, {}, 1).value, -EBADF);
  EXPECT_EQ(process.Lseek(fd, 0, 0).value, -EBADF);
  EXPECT_EQ(process.Ioctl(fd, 0x5450, 0).value, -EBADF);
  EXPECT_EQ(process.SetFlags(fd, 0).value, -EBADF);
  EXPECT_EQ(process.Dup(fd).value, 4);
  EXPECT_EQ(process.Close(fd).value, 0);
  EXPECT_EQ(open_files(), 1u);
  EXPECT_EQ(process.Close(4).value, 0);
  EXPECT_EQ(open_files(), 0u);
  EXPECT_EQ(process.Close(fd).value, -EBADF);
}

TEST_F(OpenRules, OF3_APathIsForkedAndClosedAtExitWithoutTheDriver) {
  ASSERT_EQ(Open(kPath), 3);
  const auto child = static_cast<uint32_t>(world_.init().Fork().value);
  EXPECT_EQ(world_.init().Exit().value, 0);
  EXPECT_EQ(open_files(), 1u);
  EXPECT_EQ(world_.process(child).Exit().value, 0);
  EXPECT_EQ(open_files(), 0u);
}

}  // namespace
}  // namespace drydock
