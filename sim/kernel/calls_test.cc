// System calls with contexts of their own, side by side in a host's loop (live mode).
#include <climits>

#include "sim/kernel/machine_fixture.h"
#include "sim/kernel/tasks.h"

namespace drydock::kernel {
namespace {

constexpr unsigned kInterruptible = TASK_INTERRUPTIBLE, kUninterruptible = TASK_UNINTERRUPTIBLE;

class CallsTest : public MachineTest {
 public:
  void SetUp() override {
    MachineTest::SetUp();
    self = this;
    queue_ = Queue();
    Init(&queue_);
    tasks_.SetHostLoop();
  }
  // While there still is a CallsTest: what sleeps is unwound.
  void TearDown() override { tasks_.Unwind(); }
  static inline CallsTest* self;

  uint32_t Begin(uint32_t process, Tasks::Run run, uint64_t argument = 0) {
    return tasks_.BeginCall(process, run, this, argument);
  }
  // A call that sleeps until its word, argument & 1, is set; argument & 2: no signal ends it.
  static void WaitForWord(void*, uint64_t argument) {
    const std::string name = std::to_string(self->process_);
    Note("begin" + name);
    const long error =
        self->WaitEvent(&self->queue_, (argument & 2) != 0 ? kUninterruptible : kInterruptible,
                        [] { return self->word_; });
    const int64_t value = self->EndCall(error);
    Note("end" + name + (value != 0 ? "=" + std::to_string(value) : ""));
    self->restart_ = self->tasks_.TakeRestart();
  }
  void GoOnToTheEnd() {
    for (int turn = 0; turn < 100 && tasks_.CanGoOn(); ++turn) tasks_.GoOn();
  }
  void WakeAll() { tasks_.WakeUpQueue(&queue_, TASK_NORMAL, 0, nullptr, "wake_up"); }

  bool word_ = false;
  int64_t restart_ = 0;
  wait_queue_head queue_;
};

TEST_F(CallsTest, CallThatDoesNotSleepHasEndedWhenItHasBegun) {
  EXPECT_EQ(Begin(2, [](void*, uint64_t) { Note("in" + std::to_string(self->process_)); }), 3u);
  EXPECT_EQ(Trace(), "in2");
  EXPECT_EQ(process_, 0u);
  EXPECT_FALSE(tasks_.any_alive());
}

TEST_F(CallsTest, CallOfAnotherProcessGoesOnWhileOneSleeps) {
  Begin(0, WaitForWord);
  Begin(1, [](void*, uint64_t) {
    Note("other");
    self->word_ = true;
    self->WakeAll();
  });
  EXPECT_EQ(Trace(), "begin0 other");
  EXPECT_TRUE(tasks_.CanGoOn());

  tasks_.GoOn();

  EXPECT_EQ(Trace(), "begin0 other end0");
  EXPECT_FALSE(tasks_.CanGoOn());
}

TEST_F(CallsTest, SleepWithoutAnEndIsNoDeadLock) {
  Begin(0, WaitForWord, 2);
  tasks_.GoOn();
  tasks_.GoOn();
  EXPECT_FALSE(tasks_.CanGoOn());
  EXPECT_EQ(Trace(), "begin0");
  EXPECT_EQ(OnlyVerdict(), "");
}

TEST_F(CallsTest, TimeDoesNotJumpForASleeper) {
  Begin(0, [](void*, uint64_t) {
    self->tasks_.Sleep(5'000'000, kUninterruptible, "msleep");
    Note("slept");
  });
  tasks_.GoOn();
  EXPECT_EQ(clock_.NowNs(), 0u);
  EXPECT_EQ(Trace(), "");

  clock_.AdvanceTo(5'000'000);
  tasks_.GoOn();

  EXPECT_EQ(Trace(), "slept");
}

TEST_F(CallsTest, SecondCallOfAProcessIsATaskOfItsOwn) {
  const uint32_t first = Begin(1, WaitForWord);
  const uint32_t second = Begin(1, WaitForWord);
  EXPECT_EQ(first, 2u);
  EXPECT_GT(second, Tasks::kMaxUserTasks);
  word_ = true;
  WakeAll();
  GoOnToTheEnd();
  EXPECT_EQ(Trace(), "begin1 begin1 end1 end1");
  // The next one is the process's task again.
  EXPECT_EQ(Begin(1, [](void*, uint64_t) {}), 2u);
}

TEST_F(CallsTest, SignalEndsAnInterruptibleSleepAndTheCallWouldBeRestarted) {
  const uint32_t id = Begin(0, WaitForWord);
  tasks_.SendSignal(id, /*fatal=*/false);
  EXPECT_EQ(Trace(), "begin0");
  tasks_.GoOn();
  EXPECT_EQ(Trace(), "begin0 end0=-4");
  EXPECT_EQ(restart_, -512);
}

TEST_F(CallsTest, SignalDoesNotEndAnUninterruptibleSleep) {
  const uint32_t id = Begin(0, WaitForWord, 2);
  tasks_.SendSignal(id, /*fatal=*/true);
  tasks_.GoOn();
  EXPECT_EQ(Trace(), "begin0");
  word_ = true;
  WakeAll();
  tasks_.GoOn();
  EXPECT_EQ(Trace(), "begin0 killed end0");
}

TEST_F(CallsTest, SignalThatCameIsGoneInTheNextCall) {
  const uint32_t id = Begin(0, WaitForWord, 2);
  tasks_.SendSignal(id, /*fatal=*/false);
  word_ = true;
  WakeAll();
  tasks_.GoOn();
  word_ = false;
  Begin(0, WaitForWord);
  EXPECT_EQ(Trace(), "begin0 end0 begin0");
}

TEST_F(CallsTest, LockOfASleeperIsWaitedFor) {
  static drydock_lock mutex;
  mutex = {};
  locks_.LockInit(&mutex, mocks::LockKind::kMutex, "mutex");
  Begin(0, [](void*, uint64_t) {
    self->locks_.LockAcquire(&mutex, mocks::LockKind::kMutex, "mutex_lock");
    self->tasks_.Sleep(1000, kUninterruptible, "msleep");
    Note("unlock");
    self->locks_.LockRelease(&mutex, mocks::LockKind::kMutex, "mutex_unlock");
  });
  Begin(1, [](void*, uint64_t) {
    self->locks_.LockAcquire(&mutex, mocks::LockKind::kMutex, "mutex_lock");
    Note("locked");
    self->locks_.LockRelease(&mutex, mocks::LockKind::kMutex, "mutex_unlock");
  });
  EXPECT_EQ(Trace(), "");
  clock_.AdvanceTo(1000);
  tasks_.GoOn();
  tasks_.GoOn();
  EXPECT_EQ(Trace(), "unlock locked");
  EXPECT_EQ(OnlyVerdict(), "");
}

TEST_F(CallsTest, CallsThatYieldToEachOtherLeaveTheHostItsTurn) {
  for (uint32_t process = 0; process < 2; ++process) {
    Begin(process, [](void*, uint64_t) {
      while (!self->word_) self->tasks_.Yield("cond_resched");
      Note("end");
    });
  }
  for (int turn = 0; turn < 100; ++turn) tasks_.GoOn();
  EXPECT_EQ(Trace(), "");
  word_ = true;
  tasks_.GoOn();
  EXPECT_EQ(Trace(), "end end");
}

TEST_F(CallsTest, DepthInFaultIsEachTasksOwn) {
  Begin(0, [](void*, uint64_t argument) {
    self->fault_depth_ = 1;
    WaitForWord(nullptr, argument);
    Note("depth" + std::to_string(self->fault_depth_));
    self->fault_depth_ = 0;
  });
  EXPECT_EQ(fault_depth_, 0);
  word_ = true;
  WakeAll();
  tasks_.GoOn();
  EXPECT_EQ(Trace(), "begin0 end0 depth1");
  EXPECT_EQ(fault_depth_, 0);
}

TEST_F(CallsTest, NoRoomIsSaidAndNothingHasBegun) {
  uint32_t begun = 0;
  while (begun < 100 && Begin(begun % 32, WaitForWord) != 0) ++begun;
  EXPECT_GE(begun, 20u);
  EXPECT_LT(begun, 100u);
  word_ = true;
  WakeAll();
  GoOnToTheEnd();
  EXPECT_FALSE(tasks_.any_alive());
  EXPECT_NE(Begin(0, [](void*, uint64_t) {}), 0u);
}

TEST_F(CallsTest, TrapInWorkOfTheKernelComesToTheHost) {
  Begin(0, WaitForWord);
  tasks_.Spawn(
      [](void*, uint64_t) {
        self->verdicts_.TrapNow(Trap::kOops, 0, 14, "nothing", "an oops in a work item");
      },
      this, 0, "kworker");
  tasks_.GoOn();
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kOops);
  verdicts_.Clear();
  word_ = true;
  WakeAll();
  tasks_.GoOn();
  EXPECT_EQ(Trace(), "begin0 end0");
}

}  // namespace
}  // namespace drydock::kernel
