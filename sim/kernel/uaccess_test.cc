#include "sim/kernel/uaccess.h"

#include <cerrno>

#include "sim/kernel/memory_fixture.h"

namespace drydock::kernel {
namespace {

// Three pages of user memory, of which the last cannot be touched.
class FakeUser final : public UserMemory {
 public:
  static constexpr uint64_t kBase = 0x400000;
  unsigned long CopyOut(hw::VirtAddr to, const void* from, unsigned long size_bytes) override {
    const unsigned long bytes = Reachable(to, size_bytes);
    if (bytes != 0) std::memcpy(bytes_ + (to.value - kBase), from, bytes);
    return bytes;
  }
  unsigned long CopyIn(void* to, hw::VirtAddr from, unsigned long size_bytes) override {
    const unsigned long bytes = Reachable(from, size_bytes);
    if (bytes != 0) std::memcpy(to, bytes_ + (from.value - kBase), bytes);
    furthest = std::max(furthest, from.value + size_bytes);
    return bytes;
  }
  char* At(uint64_t offset) { return bytes_ + offset; }
  uint64_t furthest = 0;

 private:
  unsigned long Reachable(hw::VirtAddr at, unsigned long size_bytes) const {
    if (at.value < kBase || at.value >= kBase + sizeof bytes_) return 0;
    return std::min<unsigned long>(size_bytes, kBase + sizeof bytes_ - at.value);
  }
  char bytes_[2 * hw::kPageSize] = {};
};

class UaccessTest : public MemoryTest {
 protected:
  static void* User(uint64_t offset) { return reinterpret_cast<void*>(FakeUser::kBase + offset); }
  char* Kmalloc(size_t size_bytes) {
    return static_cast<char*>(allocator_.Kmalloc(size_bytes, kGfpKernel));
  }
  FakeUser user_;
  Uaccess uaccess_{allocator_, verdicts_, user_};
};

TEST_F(UaccessTest, CopiesBothWaysAcrossPages) {
  char* p = Kmalloc(8192);
  std::memset(p, 'x', 8192);
  EXPECT_EQ(uaccess_.CopyToUser(User(100), p + 5, 8000), 0u);
  EXPECT_EQ(*user_.At(8099), 'x');
  *user_.At(4095) = 'y';
  EXPECT_EQ(uaccess_.CopyFromUser(p, User(0), 8192), 0u);
  EXPECT_EQ(p[4095], 'y');
  EXPECT_EQ(p[99], 0);
  ExpectViolations(0);
}

TEST_F(UaccessTest, AFaultLeavesTheRestAndCopyFromUserZeroesIt) {
  char* p = Kmalloc(200);
  std::memset(p, 'k', 200);
  EXPECT_EQ(uaccess_.CopyToUser(User(8192 - 50), p, 200), 150u);
  EXPECT_EQ(*user_.At(8191), 'k');
  EXPECT_EQ(uaccess_.CopyFromUser(p, User(8192 - 50), 200), 150u);
  EXPECT_EQ(p[49], 'k');
  EXPECT_EQ(p[50], 0);
  EXPECT_EQ(p[199], 0);
}

TEST_F(UaccessTest, AccessOkEndsAtTaskSize) {
  const auto at = [](uint64_t address) { return reinterpret_cast<void*>(address); };
  EXPECT_TRUE(uaccess_.AccessOk(at(kTaskSize - 1), 1));
  EXPECT_TRUE(uaccess_.AccessOk(at(kTaskSize), 0));
  EXPECT_FALSE(uaccess_.AccessOk(at(kTaskSize), 1));
  EXPECT_FALSE(uaccess_.AccessOk(at(1), ~0ul));
  EXPECT_FALSE(uaccess_.AccessOk(Kmalloc(8), 8));
}

TEST_F(UaccessTest, ARangeThatIsNotTheUsersIsNotTouched) {
  char* p = Kmalloc(8);
  char* q = Kmalloc(8);
  std::memset(p, 'k', 8);
  EXPECT_EQ(uaccess_.CopyToUser(q, p, 8), 8u);
  EXPECT_EQ(uaccess_.CopyFromUser(p, q, 8), 8u);
  EXPECT_EQ(p[0], 0);  // zeroed
  EXPECT_EQ(uaccess_.ClearUser(q, 8), 8u);
  ExpectViolations(0);
}

TEST_F(UaccessTest, CopyingBeyondAKmallocObjectIsABugAndCopiesNothing) {
  char* p = Kmalloc(100);
  EXPECT_EQ(uaccess_.CopyToUser(User(0), p, 101), 101u);
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kBug);
  ExpectViolations(1, 0, 14, "copy_to_user of 101 bytes");
  EXPECT_EQ(uaccess_.CopyFromUser(p, User(0), 101), 101u);
  ExpectViolations(1, 0, 14, "copy_from_user");
  EXPECT_EQ(*user_.At(0), 0);
}

TEST_F(UaccessTest, CopyingFromFreedMemoryEndsTheRun) {
  char* p = Kmalloc(100);
  allocator_.Kfree(p);
  EXPECT_EQ(uaccess_.CopyToUser(User(0), p, 10), 10u);
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kSanitizer);
}

TEST_F(UaccessTest, MemoryOutsideOfRamIsCopiedPlainly) {
  char local[8] = "abcdefg";
  EXPECT_EQ(uaccess_.CopyToUser(User(0), local, 8), 0u);
  EXPECT_STREQ(user_.At(0), "abcdefg");
  *user_.At(0) = 'A';
  EXPECT_EQ(uaccess_.CopyFromUser(local, User(0), 8), 0u);
  EXPECT_STREQ(local, "Abcdefg");
}

TEST_F(UaccessTest, ClearUserZeroesUpToTheFault) {
  std::memset(user_.At(0), 'u', 8192);
  EXPECT_EQ(uaccess_.ClearUser(User(4000), 200), 0u);
  EXPECT_EQ(*user_.At(4199), 0);
  EXPECT_EQ(*user_.At(4200), 'u');
  EXPECT_EQ(uaccess_.ClearUser(User(8190), 5), 3u);
}

TEST_F(UaccessTest, StrncpyStopsAtTheNulAndReadsNoFurtherThanItsWord) {
  char* p = Kmalloc(64);
  std::strcpy(user_.At(3), "hello, drydock");
  EXPECT_EQ(uaccess_.StrncpyFromUser(p, static_cast<char*>(User(3)), 64), 14);
  EXPECT_STREQ(p, "hello, drydock");
  EXPECT_LE(user_.furthest, FakeUser::kBase + 24);
}

TEST_F(UaccessTest, StrncpyAtItsEdges) {
  char* p = Kmalloc(16);
  std::strcpy(user_.At(0), "abcdefgh");
  EXPECT_EQ(uaccess_.StrncpyFromUser(p, static_cast<char*>(User(0)), 4), 4);
  EXPECT_EQ(uaccess_.StrncpyFromUser(p, static_cast<char*>(User(0)), 0), 0);
  *user_.At(8191) = 'z';
  EXPECT_EQ(uaccess_.StrncpyFromUser(p, static_cast<char*>(User(8191)), 8), -EFAULT);
  EXPECT_EQ(uaccess_.StrncpyFromUser(p, p, 8), -EFAULT);
}

TEST_F(UaccessTest, WritesToKernelMemoryAreUndoneByReset) {
  char* p = Kmalloc(64);
  Checkpoint();
  std::memset(user_.At(0), 'u', 64);
  uaccess_.CopyFromUser(p, User(0), 64);
  EXPECT_NE(FirstDifference(), nullptr);
  Reset();
  EXPECT_EQ(FirstDifference(), nullptr);
}

}  // namespace
}  // namespace drydock::kernel
