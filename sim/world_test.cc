// The whole simulation at work for the reference driver: what a program does with it, and what
// loading and unloading leave.
#include "sim/world.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "sim/kernel/kernel.h"

namespace drydock {
namespace {

using user::Outcome;
using user::Process;
using user::Signal;

constexpr char kDriver[] = "driver_core/dma_buffer.so";
constexpr char kNode[] = "/dev/drydock_dma_buffer";
constexpr uint64_t kPage = 4096;
// Linux on x86-64.
constexpr int kReadOnly = 0, kReadWrite = 2;
constexpr int kRead = 1, kWrite = 2, kExec = 4;
constexpr int kShared = 1, kPrivate = 2, kAnonymous = 0x20;

class WorldTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(world_.LoadDriver(kDriver, {}), "");
    world_.Checkpoint();
  }
  void TearDown() override {
    EXPECT_EQ(world_.verdicts().count(), 0u) << world_.verdicts()[0].seen;
  }

  int Open(int flags) { return static_cast<int>(world_.init().Open(kNode, flags).value); }
  hw::VirtAddr Map(int fd, uint64_t pages, int prot, int flags = kShared, uint64_t offset = 0) {
    const Outcome outcome = world_.init().Mmap({}, pages * kPage, prot, flags, fd, offset * kPage);
    EXPECT_TRUE(outcome.ok()) << outcome.value;
    return {static_cast<uint64_t>(outcome.value)};
  }
  hw::VirtAddr OwnPage() { return Map(-1, 1, kRead | kWrite, kPrivate | kAnonymous); }
  static uint64_t LoadWord(Process process, hw::VirtAddr at) {
    uint64_t word = ~uint64_t{0};
    EXPECT_TRUE(process.Load(at, &word, sizeof word).ok());
    return word;
  }
  static void StoreWord(Process process, hw::VirtAddr at, uint64_t word) {
    EXPECT_TRUE(process.Store(at, &word, sizeof word).ok());
  }
  static Signal SignalOf(Process process, hw::VirtAddr at) {
    char byte = 0;
    return process.Load(at, &byte, 1).signal;
  }

  World world_{WorldOptions{}};
};

TEST_F(WorldTest, NodesAreThoseThatCanBeMapped) {
  ASSERT_EQ(world_.nodes().size(), 1u);
  EXPECT_EQ(world_.nodes()[0], kNode);
}

TEST_F(WorldTest, StoreIntoMappingIsReadBackThroughRead) {
  const int fd = Open(kReadWrite);
  const hw::VirtAddr at = Map(fd, 4, kRead | kWrite);
  const hw::VirtAddr own = OwnPage();
  StoreWord(world_.init(), at + kPage + 16, 0x1122334455667788);
  EXPECT_EQ(world_.init().Lseek(fd, kPage + 16, 0).value, static_cast<int64_t>(kPage + 16));
  EXPECT_EQ(world_.init().Read(fd, own, 8).value, 8);
  EXPECT_EQ(LoadWord(world_.init(), own), 0x1122334455667788u);
}

TEST_F(WorldTest, WriteIsSeenInMappingAtItsOffset) {
  const int fd = Open(kReadWrite);
  const hw::VirtAddr at = Map(fd, 1, kRead, kShared, 2);
  const hw::VirtAddr own = OwnPage();
  StoreWord(world_.init(), own, 77);
  EXPECT_EQ(world_.init().Lseek(fd, 2 * kPage, 0).value, static_cast<int64_t>(2 * kPage));
  EXPECT_EQ(world_.init().Write(fd, own, 8).value, 8);
  EXPECT_EQ(LoadWord(world_.init(), at), 77u);
}

TEST_F(WorldTest, UnmappingTheMiddleLeavesBothEnds) {
  const hw::VirtAddr at = Map(Open(kReadWrite), 4, kRead | kWrite);
  StoreWord(world_.init(), at, 1);
  StoreWord(world_.init(), at + 3 * kPage, 4);
  EXPECT_EQ(world_.init().Munmap(at + kPage, 2 * kPage).value, 0);
  EXPECT_EQ(LoadWord(world_.init(), at), 1u);
  EXPECT_EQ(SignalOf(world_.init(), at + kPage), Signal::kSegvMaperr);
  EXPECT_EQ(SignalOf(world_.init(), at + 2 * kPage), Signal::kSegvMaperr);
  EXPECT_EQ(LoadWord(world_.init(), at + 3 * kPage), 4u);
}

TEST_F(WorldTest, ForkedProcessSharesTheBufferAndOutlivesItsParent) {
  const hw::VirtAddr at = Map(Open(kReadWrite), 2, kRead | kWrite);
  const Outcome forked = world_.init().Fork();
  ASSERT_TRUE(forked.ok());
  Process child = world_.process(static_cast<uint32_t>(forked.value));
  StoreWord(world_.init(), at, 5);
  EXPECT_EQ(LoadWord(child, at), 5u);
  EXPECT_TRUE(world_.init().Exit().ok());
  EXPECT_FALSE(world_.init().alive());
  StoreWord(child, at, 6);
  EXPECT_EQ(LoadWord(child, at), 6u);
  EXPECT_FALSE(world_.UnloadDriver()) << "the child still maps the buffer";
  EXPECT_TRUE(child.Exit().ok());
  EXPECT_TRUE(world_.UnloadDriver());
}

TEST_F(WorldTest, MprotectIsRefusedAsTheDriverSetTheMapping) {
  const int fd = Open(kReadWrite);
  const hw::VirtAddr read_only = Map(fd, 1, kRead);
  EXPECT_EQ(world_.init().Mprotect(read_only, kPage, kRead | kWrite).value, 0);
  EXPECT_EQ(world_.init().Mprotect(read_only, kPage, kRead | kExec).value, -EACCES);
  const hw::VirtAddr secret = Map(fd, 1, kRead, kPrivate);
  EXPECT_EQ(world_.init().Mprotect(secret, kPage, kRead | kWrite).value, -EACCES);
  const hw::VirtAddr other = Map(Open(kReadOnly), 1, kRead);
  EXPECT_EQ(world_.init().Mprotect(other, kPage, kRead | kWrite).value, -EACCES);
  EXPECT_EQ(world_.init().Mprotect(other + 1, kPage, kRead).value, -EINVAL);
  EXPECT_EQ(world_.init().Mprotect({0x1000}, kPage, kRead).value, -ENOMEM);
}

TEST_F(WorldTest, StoreToReadOnlyMappingIsAnAccessError) {
  const hw::VirtAddr at = Map(Open(kReadWrite), 1, kRead);
  const char byte = 1;
  EXPECT_EQ(world_.init().Store(at, &byte, 1).signal, Signal::kSegvAccerr);
}

TEST_F(WorldTest, MappingOutlivesItsDescriptorAndHoldsTheModule) {
  const int fd = Open(kReadWrite);
  const hw::VirtAddr at = Map(fd, 1, kRead | kWrite);
  EXPECT_EQ(world_.init().Close(fd).value, 0);
  EXPECT_FALSE(world_.UnloadDriver());
  StoreWord(world_.init(), at, 3);
  EXPECT_EQ(world_.init().Munmap(at, kPage).value, 0);
  EXPECT_TRUE(world_.UnloadDriver());
}

TEST_F(WorldTest, ExitClosesAndUnmapsAndAnotherProcessCanStart) {
  Map(Open(kReadWrite), 16, kRead | kWrite);
  EXPECT_TRUE(world_.init().Exit().ok());
  EXPECT_FALSE(world_.init().alive());
  ASSERT_TRUE(world_.StartProcess());
  EXPECT_TRUE(world_.init().alive());
  EXPECT_GE(Open(kReadWrite), 0);
}

TEST_F(WorldTest, UnloadFreesAllAndResetLoadsAgain) {
  EXPECT_GT(world_.kernel().allocations().live_count(), 0u);
  EXPECT_TRUE(world_.UnloadDriver());
  EXPECT_EQ(world_.kernel().allocations().live_count(), 0u);
  EXPECT_LT(Open(kReadWrite), 0);
  world_.Reset();
  EXPECT_EQ(world_.FirstDifference(), nullptr);
  EXPECT_GE(Open(kReadWrite), 0);
}

TEST_F(WorldTest, ResetGoesBackToTheCheckpoint) {
  const uint64_t hash = world_.StateHash();
  const int fd = Open(kReadWrite);
  StoreWord(world_.init(), Map(fd, 16, kRead | kWrite), 9);
  EXPECT_NE(world_.StateHash(), hash);
  EXPECT_NE(world_.FirstDifference(), nullptr);
  world_.Reset();
  EXPECT_EQ(world_.StateHash(), hash);
  EXPECT_EQ(world_.FirstDifference(), nullptr);
  const hw::VirtAddr at = Map(Open(kReadWrite), 16, kRead);
  EXPECT_EQ(LoadWord(world_.init(), at), 0u);
}

struct RefusedLoad {
  const char* path;
  std::vector<std::pair<std::string, std::string>> params;
  const char* says;
};

TEST(WorldLoadTest, RefusedLoadLeavesTheWorldAsItWas) {
  World world{WorldOptions{}};
  const uint64_t hash = world.StateHash();
  const RefusedLoad refusals[] = {
      {"no/such.so", {}, "no/such.so: no such file"},
      {kDriver, {{"colour", "red"}}, "unknown parameter 'colour'"},
      {kDriver, {{"size", "many"}}, "'many' is invalid for parameter 'size'"},
      {kDriver, {{"size", "0"}}, "failed with -EINVAL"},
      {kDriver, {{"method", "magic"}}, "failed with -EINVAL"},
      {kDriver, {{"method", "dma_mmap"}, {"cache", "uncached"}}, "failed with -EINVAL"},
      {kDriver, {{"size", "1099511627776"}}, "failed with -ENOMEM"},
  };
  for (const RefusedLoad& refusal : refusals) {
    const std::string error = world.LoadDriver(refusal.path, refusal.params);
    EXPECT_NE(error.find(refusal.says), std::string::npos) << error;
    EXPECT_EQ(error.find('\n'), std::string::npos) << error;
    EXPECT_EQ(world.FirstDifference(), nullptr) << error;
    EXPECT_EQ(world.StateHash(), hash) << error;
    EXPECT_EQ(world.verdicts().count(), 0u) << error;
    EXPECT_TRUE(world.nodes().empty()) << error;
  }
  // What was set by a refused load does not stay with the driver.
  EXPECT_EQ(world.LoadDriver(kDriver, {}), "");
}

TEST(WorldLoadTest, EachAllocationThatFailsAtLoadIsSaidAndUndone) {
  World world{WorldOptions{}};
  for (uint32_t n = 1; n < 100; ++n) {
    world.FailAllocation(n);
    const std::string error = world.LoadDriver(kDriver, {});
    if (error.empty()) return;
    // EINVAL: of the platform device without a name, rule NM3. ENODEV: the device was not bound, as
    // the driver core's own allocations failed.
    const bool said = error.find("failed with -ENOMEM") != std::string::npos ||
                      error.find("failed with -EINVAL") != std::string::npos ||
                      error.find("driver_sysfs_add") != std::string::npos;
    EXPECT_TRUE(said) << error;
    EXPECT_EQ(world.FirstDifference(), nullptr) << n;
  }
  FAIL();
}

TEST_F(WorldTest, PositionedReadsAndWritesLeaveThePosition) {
  const int fd = Open(kReadWrite);
  const hw::VirtAddr own = OwnPage();
  StoreWord(world_.init(), own, 77);
  EXPECT_EQ(world_.init().Pwrite(fd, own, 8, kPage).value, 8);
  StoreWord(world_.init(), own, 0);
  EXPECT_EQ(world_.init().Pread(fd, own, 8, kPage).value, 8);
  EXPECT_EQ(LoadWord(world_.init(), own), 77u);
  EXPECT_EQ(world_.init().Lseek(fd, 0, 1).value, 0);
  EXPECT_EQ(world_.init().Pread(fd, own, 8, -1).value, -EINVAL);
  EXPECT_EQ(world_.init().Pread(17, own, 8, 0).value, -EBADF);
  EXPECT_EQ(world_.init().Pwrite(Open(kReadOnly), own, 8, 0).value, -EBADF);
}

TEST_F(WorldTest, APositionThatWrapsIsInvalid) {
  constexpr int64_t kMost = INT64_MAX;
  const int fd = Open(kReadWrite);
  ASSERT_EQ(world_.init().Lseek(fd, 1, 0).value, 1);
  EXPECT_EQ(world_.init().Lseek(fd, kMost, 1).value, -EINVAL);
  EXPECT_EQ(world_.init().Lseek(fd, kMost, 2).value, -EINVAL);
  EXPECT_EQ(world_.init().Lseek(fd, -kMost, 1).value, -EINVAL);
  EXPECT_EQ(world_.init().Lseek(fd, 0, 1).value, 1);
}

TEST_F(WorldTest, DuplicatesShareTheFileAndItsPosition) {
  const int fd = Open(kReadWrite);
  const int copy = static_cast<int>(world_.init().Dup(fd).value);
  EXPECT_NE(copy, fd);
  EXPECT_EQ(world_.init().Lseek(copy, 100, 0).value, 100);
  EXPECT_EQ(world_.init().Lseek(fd, 0, 1).value, 100);
  EXPECT_EQ(world_.init().Close(fd).value, 0);
  EXPECT_EQ(world_.kernel().vfs().open_files(), 1u);
  EXPECT_EQ(world_.init().Lseek(copy, 0, 1).value, 100);
  EXPECT_EQ(world_.init().Close(copy).value, 0);
  EXPECT_EQ(world_.kernel().vfs().open_files(), 0u);
  EXPECT_EQ(world_.init().Dup(fd).value, -EBADF);
  while (Open(kReadOnly) >= 0) {
  }
  EXPECT_EQ(world_.init().Dup(3).value, -EMFILE);
}

TEST_F(WorldTest, FileFlagsAreThoseThatMayBeSet) {
  constexpr int kNonBlock = 04000, kDirect = 040000, kLarge = 0100000;
  const int fd = Open(kReadWrite);
  EXPECT_EQ(world_.init().GetFlags(fd).value, kReadWrite | kLarge);
  EXPECT_EQ(world_.init().SetFlags(fd, kNonBlock).value, 0);
  EXPECT_EQ(world_.init().GetFlags(fd).value, kReadWrite | kLarge | kNonBlock);
  EXPECT_EQ(world_.init().SetFlags(fd, kDirect).value, -EINVAL);
  EXPECT_EQ(world_.init().SetFlags(fd, 0).value, 0);
  EXPECT_EQ(world_.init().GetFlags(fd).value, kReadWrite | kLarge);
  EXPECT_EQ(world_.init().GetFlags(9).value, -EBADF);
}

TEST_F(WorldTest, WithoutPollADeviceIsAlwaysReady) {
  const int fd = Open(kReadWrite);
  EXPECT_EQ(world_.init().Poll(fd, 0x1 | 0x4).value, 0x1 | 0x4);
  EXPECT_EQ(world_.init().Poll(fd, 0x2).value, 0);
  EXPECT_EQ(world_.init().Poll(9, 0x1).value, 0x20);
}

TEST_F(WorldTest, TouchBringsThePageAndNothingElse) {
  const hw::VirtAddr own = OwnPage();
  EXPECT_EQ(world_.kernel().mm().table(0).Find(own), nullptr);
  EXPECT_TRUE(world_.init().Touch(own + 5, true).ok());
  ASSERT_NE(world_.kernel().mm().table(0).Find(own), nullptr);
  EXPECT_EQ(world_.kernel().mm().table(0).Find(own)->bits.write, 1);
  EXPECT_EQ(world_.init().Touch(own + kPage, false).signal, Signal::kSegvMaperr);
  EXPECT_EQ(world_.init().Touch({~uint64_t{0}}, false).signal, Signal::kSegvMaperr);
  const hw::VirtAddr reader = Map(Open(kReadWrite), 1, kRead);
  EXPECT_EQ(world_.init().Touch(reader, true).signal, Signal::kSegvAccerr);
}

// What a process has beside its VMAs.
class OtherMemory final : public kernel::ForeignMemory {
 public:
  size_t Copy(uint32_t mm, uint64_t address, void* to, const void* from, size_t size) override {
    asked.emplace_back(address, size);
    EXPECT_EQ(mm, 0u);
    EXPECT_NE(to == nullptr, from == nullptr);
    if (address < kBegin || address >= kBegin + sizeof bytes) return 0;
    const size_t fits = std::min(size, kBegin + sizeof bytes - address);
    if (to != nullptr) memcpy(to, bytes + (address - kBegin), fits);
    if (from != nullptr) memcpy(bytes + (address - kBegin), from, fits);
    return fits;
  }
  static constexpr uint64_t kBegin = 0x7f0000001000;
  unsigned char bytes[2 * kPage] = {};
  std::vector<std::pair<uint64_t, size_t>> asked;
};

TEST_F(WorldTest, CopiesReachForeignMemoryWhereNoVmaIs) {
  OtherMemory other;
  world_.kernel().mm().SetForeignMemory(&other);
  const int fd = Open(kReadWrite);
  memset(other.bytes, 'x', sizeof other.bytes);
  EXPECT_EQ(world_.init().Write(fd, {OtherMemory::kBegin}, 100).value, 100);
  // The end of what is there: so many bytes and no more.
  EXPECT_EQ(world_.init().Pread(fd, {OtherMemory::kBegin + 2 * kPage - 10}, 100, 0).value, 10);
  EXPECT_EQ(other.bytes[2 * kPage - 1], 'x');
  EXPECT_EQ(world_.init().Pread(fd, {0x1000}, 10, 0).value, -EFAULT);
  // A VMA in the middle is served by its entries.
  const hw::VirtAddr at{OtherMemory::kBegin + kPage};
  ASSERT_EQ(world_.init().Mmap(at, kPage, kRead | kWrite, kShared | 0x10, fd, 4 * kPage).value,
            static_cast<int64_t>(at.value));
  other.asked.clear();
  StoreWord(world_.init(), at, 42);
  EXPECT_EQ(world_.init().Pwrite(fd, {at.value - 8}, 24, 8 * kPage).value, 24);
  EXPECT_EQ(other.asked, (std::vector<std::pair<uint64_t, size_t>>{{at.value - 8, 8}}));
  EXPECT_EQ(world_.init().Pread(fd, at, 8, 8 * kPage + 8).value, 8);
  EXPECT_EQ(LoadWord(world_.init(), at), 42u);
  world_.kernel().mm().SetForeignMemory(nullptr);
  EXPECT_EQ(world_.init().Pread(fd, {OtherMemory::kBegin}, 8, 0).value, -EFAULT);
}

TEST_F(WorldTest, MemoryThatIsNotWatchedTakesStoresWithoutFaults) {
  world_.kernel().memory().StopWatching();
  const int fd = Open(kReadWrite);
  const hw::VirtAddr at = Map(fd, 1, kRead | kWrite);
  StoreWord(world_.init(), at, 5);
  const hw::Extent* extent = world_.kernel().mm().table(0).Find(at);
  ASSERT_NE(extent, nullptr);
  // What the file has is what the machine has.
  uint64_t word = 0;
  ASSERT_EQ(pread(world_.kernel().memory().file(), &word, sizeof word,
                  static_cast<off_t>(world_.kernel().memory().FileOffset(extent->pfn))),
            8);
  EXPECT_EQ(word, 5u);
  auto* kernel_view =
      static_cast<uint64_t*>(world_.kernel().memory().KernelAddress(hw::PhysAddr::Of(extent->pfn)));
  *kernel_view = 6;
  EXPECT_EQ(LoadWord(world_.init(), at), 6u);
}

}  // namespace
}  // namespace drydock
