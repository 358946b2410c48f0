// Drivers that wait, and what happens by itself meanwhile, in a whole world: driver C, the seam,
// tasks, timers and work.
#include <cerrno>
#include <string>

#include "gtest/gtest.h"
#include "sim/kernel/kernel.h"
#include "sim/testing/sleeper.h"
#include "sim/world.h"

namespace drydock {
namespace {

using kernel::Trap;
using user::Outcome;

constexpr char kDriver[] = "sim/testing/sleeper.so";
constexpr int kReadWrite = 2, kNonBlock = 04000;
constexpr uint64_t kMs = 1'000'000;

class SleepTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(world_.LoadDriver(kDriver, {}), "");
    world_.Checkpoint();
    hash_ = world_.StateHash();
    fd_ = static_cast<int>(world_.init().Open("/dev/sleeper", kReadWrite).value);
    ASSERT_EQ(fd_, 3);
  }
  void TearDown() override {
    world_.Reset();
    world_.verdicts().Clear();
    EXPECT_EQ(world_.FirstDifference(), nullptr);
    EXPECT_EQ(world_.StateHash(), hash_);
  }
  Outcome Ioctl(uint32_t command, uint64_t argument = 0) {
    return world_.init().Ioctl(fd_, command, argument);
  }
  uint64_t NowMs() { return world_.kernel().clock().NowNs() / kMs; }
  void ExpectClean() { EXPECT_EQ(world_.verdicts().count(), 0u) << world_.verdicts()[0].seen; }
  std::string Seen() { return world_.verdicts().count() == 0 ? "" : world_.verdicts()[0].seen; }

  World world_{WorldOptions{}};
  uint64_t hash_ = 0;
  int fd_ = -1;
};

TEST_F(SleepTest, WaitEndsByDelayedWorkThatSleepsItself) {
  EXPECT_EQ(Ioctl(SLEEPER_WORK).value, 0);
  EXPECT_GE(NowMs(), 15u);
  EXPECT_LE(NowMs(), 25u);
  ExpectClean();
}

TEST_F(SleepTest, EveryRunTakesTheSameTime) {
  Ioctl(SLEEPER_WORK);
  const uint64_t first = world_.kernel().clock().NowNs();
  for (int i = 0; i < 100; ++i) {
    world_.Reset();
    ASSERT_EQ(world_.FirstDifference(), nullptr);
    world_.init().Open("/dev/sleeper", kReadWrite);
    EXPECT_EQ(Ioctl(SLEEPER_WORK).value, 0);
    EXPECT_EQ(world_.kernel().clock().NowNs(), first);
  }
  ExpectClean();
}

TEST_F(SleepTest, CompletionIsWaitedForAndTellsWhatIsLeft) {
  const int64_t left = Ioctl(SLEEPER_COMPLETION).value;
  EXPECT_GT(left, 230);
  EXPECT_LT(left, 250);
  ExpectClean();
}

TEST_F(SleepTest, TimersEndWaits) {
  EXPECT_EQ(Ioctl(SLEEPER_TIMER).value, 0);
  EXPECT_EQ(Ioctl(SLEEPER_HRTIMER).value, 3);
  ExpectClean();
}

TEST_F(SleepTest, TimeOutIsZeroAfterItsTime) {
  EXPECT_EQ(Ioctl(SLEEPER_TIMEOUT, 100).value, 0);
  EXPECT_EQ(NowMs(), 100u);
  ExpectClean();
}

TEST_F(SleepTest, ReadThatNothingEndsIsInterruptedByItsUser) {
  EXPECT_EQ(Ioctl(SLEEPER_INTERRUPTIBLE).value, -EINTR);
  EXPECT_EQ(world_.init().Read(fd_, {}, 1).value, -EINTR);
  EXPECT_TRUE(world_.init().alive());
  ExpectClean();
}

TEST_F(SleepTest, NonBlockingReadDoesNotWait) {
  const int fd = static_cast<int>(world_.init().Open("/dev/sleeper", kReadWrite | kNonBlock).value);
  EXPECT_EQ(world_.init().Read(fd, {}, 1).value, -EAGAIN);
  ExpectClean();
}

TEST_F(SleepTest, KillableWaitThatNothingEndsEndsTheProcess) {
  EXPECT_EQ(Ioctl(SLEEPER_KILLABLE).signal, user::Signal::kKilled);
  EXPECT_FALSE(world_.init().alive());
  ExpectClean();
}

TEST_F(SleepTest, UninterruptibleWaitThatNothingEndsIsAHang) {
  EXPECT_TRUE(Ioctl(SLEEPER_FOR_EVER).trapped);
  EXPECT_EQ(world_.verdicts()[0].trap, Trap::kDeadlock);
  EXPECT_EQ(Seen(), "wait_for_completion: waits for an event that nothing can cause any more");
}

TEST_F(SleepTest, MutexOfASleepingWorkerIsWaitedFor) {
  EXPECT_EQ(Ioctl(SLEEPER_MUTEX).value, 1);
  ExpectClean();
}

TEST_F(SleepTest, PageThatASleepingWorkerHasLockedIsWaitedFor) {
  EXPECT_EQ(Ioctl(SLEEPER_PAGE).value, 1);
  EXPECT_GE(NowMs(), 5u);
  ExpectClean();
}

TEST_F(SleepTest, PageLockedTwiceByOneTaskIsAHang) {
  EXPECT_TRUE(Ioctl(SLEEPER_PAGE_TWICE).trapped);
  EXPECT_EQ(world_.verdicts()[0].trap, Trap::kDeadlock);
  EXPECT_EQ(Seen(), "lock_page: waits for an event that nothing can cause any more");
}

TEST_F(SleepTest, SleepingInAtomicContextIsFound) {
  Ioctl(SLEEPER_ATOMIC);
  EXPECT_NE(Seen().find("the spinlock sleeper_lock is held"), std::string::npos) << Seen();
}

TEST_F(SleepTest, LockOfATimerTakenWithSoftInterruptsOnIsFound) {
  Ioctl(SLEEPER_IRQ_UNSAFE);
  ASSERT_EQ(world_.verdicts().count(), 1u);
  EXPECT_EQ(world_.verdicts()[0].class_number, 52);
  EXPECT_NE(Seen().find("in a soft interrupt"), std::string::npos) << Seen();
}

TEST_F(SleepTest, BugInAWorkerEndsTheCallThatWaitsAndUnwindsTheOthers) {
  EXPECT_TRUE(Ioctl(SLEEPER_BUG).trapped);
  EXPECT_EQ(world_.verdicts()[0].trap, Trap::kBug);
  EXPECT_FALSE(world_.kernel().tasks().any_alive());
}

TEST_F(SleepTest, WorkerThatSleepsForEverIsUnwoundByReset) {
  EXPECT_EQ(Ioctl(SLEEPER_LEAVE_WORK).value, 0);
  EXPECT_TRUE(world_.kernel().tasks().any_alive());
  world_.Reset();
  EXPECT_FALSE(world_.kernel().tasks().any_alive());
  EXPECT_EQ(world_.FirstDifference(), nullptr);
  ExpectClean();
}

TEST_F(SleepTest, WorkItemMayFreeTheMemoryItIsIn) {
  EXPECT_EQ(Ioctl(SLEEPER_FREE_ITSELF).value, 0);
  ExpectClean();
}

TEST_F(SleepTest, FreeingPendingWorkOrATimerIsFound) {
  EXPECT_TRUE(Ioctl(SLEEPER_FREE_QUEUED).trapped);
  EXPECT_NE(Seen().find("pending work item"), std::string::npos) << Seen();
  world_.Reset();
  world_.verdicts().Clear();
  world_.init().Open("/dev/sleeper", kReadWrite);
  EXPECT_TRUE(Ioctl(SLEEPER_FREE_TIMER).trapped);
  EXPECT_NE(Seen().find("pending timer"), std::string::npos) << Seen();
}

TEST_F(SleepTest, PollWaitsForTheWorkAndTellsTheEvents) {
  kernel::Vfs::PollFd fds[2] = {{.fd = fd_, .events = 1}, {.fd = 17, .events = 1}};
  EXPECT_EQ(world_.init().Poll(fds, 1, 0).value, 0);
  EXPECT_EQ(world_.init().Poll(fds, 1, 50).value, 0);
  EXPECT_EQ(NowMs(), 50u);
  EXPECT_EQ(Ioctl(SLEEPER_START_WORK).value, 0);
  EXPECT_EQ(world_.init().Poll(fds, 1, -1).value, 1);
  EXPECT_EQ(fds[0].revents, 1);
  EXPECT_EQ(world_.init().Poll(fds, 2, -1).value, 2);
  EXPECT_EQ(fds[1].revents, 0x20);
  ExpectClean();
}

TEST_F(SleepTest, PollThatNothingEndsIsInterruptedByItsUser) {
  kernel::Vfs::PollFd fds[1] = {{.fd = fd_, .events = 1}};
  EXPECT_EQ(world_.init().Poll(fds, 1, -1).value, -EINTR);
  EXPECT_EQ(world_.init().Poll(fds, kernel::Vfs::kMaxPollFds + 1, -1).value, -EINVAL);
  ExpectClean();
}

TEST_F(SleepTest, ModuleThatLeavesPendingWorkLeaks) {
  EXPECT_EQ(Ioctl(SLEEPER_LEAVE_WORK).value, 0);
  EXPECT_EQ(world_.init().Close(fd_).value, 0);
  EXPECT_TRUE(world_.UnloadDriver());
  EXPECT_EQ(world_.verdicts()[0].class_number, 45);
}

TEST_F(SleepTest, WorkOfACallIsDoneBeforeTheModuleGoes) {
  EXPECT_EQ(Ioctl(SLEEPER_START_WORK).value, 0);
  EXPECT_EQ(world_.init().Close(fd_).value, 0);
  EXPECT_TRUE(world_.UnloadDriver());
  ExpectClean();
}

TEST(SleepLoad, InitThatLeavesASleepingTaskIsRefused) {
  World world{WorldOptions{}};
  EXPECT_EQ(world.LoadDriver(kDriver, {{"sleeper_block", "1"}}),
            "a work item or interrupt thread that init began sleeps for ever: not modelled");
}

}  // namespace
}  // namespace drydock
