#include "sim/kernel/tasks.h"

#include <climits>

#include "sim/kernel/machine_fixture.h"

namespace drydock::kernel {
namespace {

constexpr unsigned kInterruptible = TASK_INTERRUPTIBLE, kUninterruptible = TASK_UNINTERRUPTIBLE,
                   kKillable = TASK_KILLABLE;

struct Noting final : EventSink {
  void OnEvent(uint64_t cookie) override { Note("event" + std::to_string(cookie)); }
};

class TasksTest : public MachineTest {
 public:
  void SetUp() override {
    MachineTest::SetUp();
    self = this;
    queue_ = Queue();
    Init(&queue_);
  }
  // Not instrumented: AddressSanitizer keeps locals elsewhere.
  __attribute__((no_sanitize("address"))) static void LeaveEntryInQueue(void*, uint64_t) {
    wait_queue_entry entry{};
    entry.func = &Wake;
    self->tasks_.AddWait(&self->queue_, &entry, false);
  }

  static inline TasksTest* self;

  void Spawn(Tasks::Run run, uint64_t argument = 0) {
    tasks_.Spawn(run, this, argument, "kworker");
  }
  void WakeWith(uintptr_t events) {
    Note("woken=" + std::to_string(tasks_.WakeUpQueue(&queue_, TASK_NORMAL, 1,
                                                      reinterpret_cast<void*>(events), "wake_up")));
  }
  bool done_ = false;
  wait_queue_head queue_;
  drydock_lock mutex_{};
  Noting sink_;
};

TEST_F(TasksTest, SleepIsAsLongAsItWasAskedForAndTimeJumps) {
  EXPECT_EQ(tasks_.Sleep(5'000'000, kUninterruptible, "msleep"), 0u);
  EXPECT_EQ(clock_.NowNs(), 5'000'000u);
  EXPECT_TRUE(clock_.empty());
  EXPECT_EQ(OnlyVerdict(), "");
}

TEST_F(TasksTest, EventsThatComeEarlierComeDuringTheSleep) {
  clock_.Add(3'000'000, EventKind::kHardware, sink_, 1);
  clock_.Add(9'000'000, EventKind::kHardware, sink_, 2);
  tasks_.Sleep(5'000'000, kUninterruptible, "msleep");
  EXPECT_EQ(Trace(), "event1");
}

TEST_F(TasksTest, ScheduleTimeoutInStateRunningReturnsAtOnce) {
  EXPECT_EQ(tasks_.ScheduleTimeout(10, "schedule_timeout"), 10);
  EXPECT_EQ(clock_.NowNs(), 0u);
}

TEST_F(TasksTest, ScheduleTimeoutSleepsToItsEnd) {
  tasks_.CurrentTask()->__state = kUninterruptible;
  EXPECT_EQ(tasks_.ScheduleTimeout(10, "schedule_timeout"), 0);
  EXPECT_EQ(clock_.NowNs(), 10 * Clock::kTickNs);
  EXPECT_EQ(tasks_.CurrentTask()->__state, TASK_RUNNING);
}

TEST_F(TasksTest, NegativeTimeoutIsReportedAndDoesNotSleep) {
  tasks_.CurrentTask()->__state = kUninterruptible;
  EXPECT_EQ(tasks_.ScheduleTimeout(-1, "schedule_timeout"), 0);
  EXPECT_EQ(OnlyVerdict(), "C0 O10");
}

TEST_F(TasksTest, TaskOfTheKernelRunsWhenTheProcessSleeps) {
  Spawn([](void*, uint64_t argument) { Note("task" + std::to_string(argument)); }, 7);
  EXPECT_EQ(Trace(), "");
  tasks_.Sleep(1000, kUninterruptible, "f");
  EXPECT_EQ(Trace(), "task7");
  EXPECT_FALSE(tasks_.any_alive());
}

TEST_F(TasksTest, TaskOfTheKernelRunsBeforeUserSpaceGoesOn) {
  Spawn([](void*, uint64_t) { Note("task"); });
  EXPECT_TRUE(tasks_.busy());
  EXPECT_EQ(EndCall(5), 5);
  EXPECT_EQ(Trace(), "task");
  EXPECT_FALSE(tasks_.busy());
}

TEST_F(TasksTest, TasksRunInTheOrderInWhichTheyBecameReady) {
  for (uint64_t i = 1; i <= 3; ++i) {
    Spawn(
        [](void*, uint64_t argument) {
          Note("begin" + std::to_string(argument));
          self->tasks_.Sleep(10'000 - argument * 1000, kUninterruptible, "f");
          Note("end" + std::to_string(argument));
        },
        i);
  }
  tasks_.Sleep(20'000, kUninterruptible, "f");
  EXPECT_EQ(Trace(), "begin1 begin2 begin3 end3 end2 end1");
}

TEST_F(TasksTest, TaskOfTheKernelHasNoAddressSpaceAndAnIdOfItsOwn) {
  Spawn([](void*, uint64_t) {
    Note(self->process_ == ProcessSwitch::kNoProcess ? "none" : "some");
    Note(self->tasks_.CurrentTask()->mm == nullptr ? "null" : "mm");
    Note(self->tasks_.CurrentTask()->comm);
    Note(self->TaskId() > Tasks::kMaxUserTasks ? "own" : "process");
  });
  EndCall();
  EXPECT_EQ(Trace(), "none null kworker own");
  EXPECT_EQ(process_, 0u);
}

TEST_F(TasksTest, WaitIsEndedByATaskOfTheKernel) {
  Spawn([](void*, uint64_t) {
    self->tasks_.Sleep(1'000'000, kUninterruptible, "f");
    self->done_ = true;
    Note("woken=" + std::to_string(self->tasks_.WakeUpQueue(&self->queue_, kInterruptible, 1,
                                                            nullptr, "wake_up")));
  });
  EXPECT_EQ(WaitEvent(&queue_, kInterruptible, [this] { return done_; }), 0);
  EXPECT_EQ(EndCall(3), 3);
  EXPECT_EQ(Trace(), "woken=1");
  EXPECT_EQ(clock_.NowNs() / 1000, 1000u);
  EXPECT_EQ(OnlyVerdict(), "");
}

TEST_F(TasksTest, WakeOfAnotherStateDoesNotWake) {
  Spawn([](void*, uint64_t) {
    self->done_ = true;
    Note("woken=" + std::to_string(self->tasks_.WakeUpQueue(&self->queue_, kInterruptible, 1,
                                                            nullptr, "wake_up_interruptible")));
    Note("woken=" + std::to_string(self->tasks_.WakeUpQueue(&self->queue_, TASK_NORMAL, 1, nullptr,
                                                            "wake_up")));
  });
  EXPECT_EQ(WaitEvent(&queue_, kUninterruptible, [this] { return done_; }), 0);
  EXPECT_EQ(Trace(), "woken=0 woken=1");
}

TEST_F(TasksTest, ExclusiveWaitersAreWokenOneByOneAndOthersAllAtOnce) {
  for (uint64_t i = 0; i < 4; ++i) {
    Spawn(
        [](void*, uint64_t argument) {
          self->WaitEvent(
              &self->queue_, kUninterruptible, [] { return self->done_; },
              argument < 2 ? WQ_FLAG_EXCLUSIVE : 0);
          Note("task" + std::to_string(argument));
        },
        i);
  }
  EndCall();
  done_ = true;
  EXPECT_EQ(tasks_.WakeUpQueue(&queue_, TASK_NORMAL, 1, nullptr, "wake_up"), 3);
  EndCall();
  EXPECT_EQ(Trace(), "task3 task2 task0");
  EXPECT_EQ(tasks_.WakeUpQueue(&queue_, TASK_NORMAL, 0, nullptr, "wake_up_all"), 1);
  EndCall();
  EXPECT_EQ(Trace(), "task3 task2 task0 task1");
  EXPECT_FALSE(tasks_.any_alive());
}

TEST_F(TasksTest, WakeBeforeTheSleepIsNotLost) {
  wait_queue_entry entry{};
  entry.private_ = tasks_.CurrentTask();
  entry.func = &Wake;
  entry.entry.next = entry.entry.prev = &entry.entry;
  tasks_.PrepareToWait(&queue_, &entry, kUninterruptible);
  EXPECT_EQ(tasks_.WakeUpQueue(&queue_, TASK_NORMAL, 1, nullptr, "wake_up"), 1);
  tasks_.Schedule("schedule");
  tasks_.FinishWait(&queue_, &entry);
  EXPECT_EQ(OnlyVerdict(), "");
}

// --- patience ---

TEST_F(TasksTest, UserLosesPatienceWhenNothingCanWakeTheCall) {
  EXPECT_EQ(WaitEvent(&queue_, kInterruptible, [] { return false; }), -512);
  EXPECT_EQ(EndCall(-512), -4);
  EXPECT_EQ(tasks_.CurrentTask()->drydock_signals, 0u);
  EXPECT_EQ(OnlyVerdict(), "");
}

TEST_F(TasksTest, SignalIsSeenUntilTheCallEndsAndNotLonger) {
  WaitEvent(&queue_, kInterruptible, [] { return false; });
  EXPECT_EQ(WaitEvent(&queue_, kInterruptible, [] { return false; }), -512);
  EndCall(-512);
  EXPECT_EQ(EndCall(-512), -512);
}

TEST_F(TasksTest, KillableWaitThatNothingEndsKillsTheProcess) {
  EXPECT_EQ(WaitEvent(&queue_, kKillable, [] { return false; }), -512);
  EndCall(-512);
  EXPECT_EQ(Trace(), "killed");
}

TEST_F(TasksTest, UninterruptibleWaitThatNothingEndsHangs) {
  WaitEvent(&queue_, kUninterruptible, [] { return false; });
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kDeadlock);
  EXPECT_EQ(Seen(), "wait_event: waits for an event that nothing can cause any more");
}

struct Ticking final : EventSink {
  explicit Ticking(Clock& clock) : clock(clock) {}
  void OnEvent(uint64_t) override {
    ++count;
    clock.Add(clock.NowNs() + period_ns, EventKind::kHardware, *this, 0);
  }
  Clock& clock;
  uint64_t period_ns = 100'000'000;
  int count = 0;
};

TEST_F(TasksTest, MachineThatNeverRestsDoesNotWearTheUserOut) {
  Ticking ticking{clock_};
  ticking.OnEvent(0);
  EXPECT_EQ(WaitEvent(&queue_, kInterruptible, [] { return false; }), -512);
  EXPECT_EQ(clock_.NowNs(), Tasks::kPatienceNs);
  EXPECT_EQ(OnlyVerdict(), "");
}

TEST_F(TasksTest, MachineThatNeverRestsIsHungForAnUninterruptibleWait) {
  Ticking ticking{clock_};
  ticking.OnEvent(0);
  WaitEvent(&queue_, kUninterruptible, [] { return false; });
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kDeadlock);
  EXPECT_EQ(clock_.NowNs(), Tasks::kHungNs);
}

TEST_F(TasksTest, FastTimerCountsByEvents) {
  Ticking ticking{clock_};
  ticking.period_ns = 1;
  ticking.OnEvent(0);
  EXPECT_EQ(WaitEvent(&queue_, kInterruptible, [] { return false; }), -512);
  EXPECT_EQ(ticking.count, static_cast<int>(Tasks::kPatienceEvents) + 1);
}

TEST_F(TasksTest, EventThatComesAgainAtOnceForEverIsAStorm) {
  Ticking ticking{clock_};
  ticking.period_ns = 0;
  ticking.OnEvent(0);
  tasks_.Serve();
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kBudget);
}

// --- keys: completions, semaphores, locks ---

TEST_F(TasksTest, WaitersOnAKeyAreWokenInOrderOfArrival) {
  for (uint64_t i = 0; i < 3; ++i) {
    Spawn(
        [](void*, uint64_t argument) {
          long forever = LONG_MAX;
          EXPECT_EQ(self->tasks_.WaitOn(&self->done_, kUninterruptible, &forever, "f"), 0);
          Note("task" + std::to_string(argument));
        },
        i);
  }
  EndCall();
  tasks_.WakeOn(&queue_, 0);
  EndCall();
  EXPECT_EQ(Trace(), "");
  tasks_.WakeOn(&done_, 1);
  EndCall();
  EXPECT_EQ(Trace(), "task0");
  tasks_.WakeOn(&done_, 0);
  EndCall();
  EXPECT_EQ(Trace(), "task0 task1 task2");
}

TEST_F(TasksTest, WaitOnAKeyEndsWhenItsTimeIsUp) {
  long timeout = 5;
  EXPECT_EQ(tasks_.WaitOn(this, kUninterruptible, &timeout, "f"), -62);
  EXPECT_EQ(timeout, 0);
  EXPECT_EQ(clock_.NowNs(), 5 * Clock::kTickNs);
}

TEST_F(TasksTest, WaitOnAKeyKeepsTheTimeThatIsLeft) {
  Spawn([](void*, uint64_t) {
    self->tasks_.Sleep(8'000'000, kUninterruptible, "f");
    self->tasks_.WakeOn(self, 1);
  });
  long timeout = 5;
  EXPECT_EQ(tasks_.WaitOn(this, kUninterruptible, &timeout, "f"), 0);
  EXPECT_EQ(timeout, 3);
}

TEST_F(TasksTest, MutexOfASleepingTaskIsWaitedFor) {
  locks_.LockInit(&mutex_, mocks::LockKind::kMutex, "&mutex");
  Spawn([](void*, uint64_t) {
    self->locks_.LockAcquire(&self->mutex_, mocks::LockKind::kMutex, "mutex_lock");
    self->tasks_.Sleep(1'000'000, kUninterruptible, "f");
    Note("gives");
    self->locks_.LockRelease(&self->mutex_, mocks::LockKind::kMutex, "mutex_unlock");
  });
  EndCall();
  locks_.LockAcquire(&mutex_, mocks::LockKind::kMutex, "mutex_lock");
  Note("has");
  EXPECT_EQ(Trace(), "gives has");
  EXPECT_EQ(mutex_.owner, 1u);
  EXPECT_EQ(OnlyVerdict(), "");
}

TEST_F(TasksTest, MutexOfATaskThatNeverEndsIsADeadlockOrEndsBySignal) {
  locks_.LockInit(&mutex_, mocks::LockKind::kMutex, "&mutex");
  Spawn([](void*, uint64_t) {
    self->locks_.LockAcquire(&self->mutex_, mocks::LockKind::kMutex, "mutex_lock");
    self->WaitEvent(&self->queue_, kUninterruptible, [] { return false; });
  });
  EndCall();
  EXPECT_EQ(locks_.LockAcquireOrSignal(&mutex_, mocks::LockKind::kMutex, kInterruptible, "f"), -4);
  EndCall(-4);
  EXPECT_EQ(OnlyVerdict(), "");
  locks_.LockAcquire(&mutex_, mocks::LockKind::kMutex, "mutex_lock");
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kDeadlock);
  EXPECT_EQ(OnlyVerdict(), "C52 O15");
}

TEST_F(TasksTest, MutexThatAProcessTookAlongToUserSpaceDeadlocksAtOnce) {
  locks_.LockInit(&mutex_, mocks::LockKind::kMutex, "&mutex");
  locks_.LockAcquire(&mutex_, mocks::LockKind::kMutex, "mutex_lock");
  process_ = 1;
  locks_.LockAcquire(&mutex_, mocks::LockKind::kMutex, "mutex_lock");
  EXPECT_EQ(OnlyVerdict(), "C52 O15");
}

TEST_F(TasksTest, BusyWaitLetsOthersRun) {
  Spawn([](void*, uint64_t) { self->done_ = true; });
  int turns = 0;
  while (!done_ && ++turns < 10) tasks_.BusyWait(1000);
  EXPECT_EQ(turns, 1);
  EXPECT_EQ(clock_.NowNs(), 1000u);
}

TEST_F(TasksTest, TwoThatYieldToEachOtherBothGoOn) {
  Spawn([](void*, uint64_t) {
    for (int i = 0; i < 3; ++i) {
      Note("b" + std::to_string(i));
      self->tasks_.Yield("cond_resched");
    }
  });
  for (int i = 0; i < 4; ++i) {
    Note("a" + std::to_string(i));
    tasks_.Yield("cond_resched");
  }
  EXPECT_EQ(Trace(), "a0 b0 a1 b1 a2 b2 a3");
}

// --- atomic context ---

TEST_F(TasksTest, SleepingInAnInterruptEndsTheRun) {
  locks_.SetContext(kHardirqContext);
  tasks_.Sleep(1000, kUninterruptible, "msleep");
  locks_.SetContext(0);
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kBug);
  EXPECT_EQ(Seen(), "BUG: scheduling while atomic: msleep in an interrupt handler");
}

TEST_F(TasksTest, SleepingWithASpinlockIsReported) {
  drydock_lock spin{};
  locks_.LockInit(&spin, mocks::LockKind::kSpin, "&spin");
  locks_.LockAcquire(&spin, mocks::LockKind::kSpin, "spin_lock");
  tasks_.Sleep(1000, kUninterruptible, "msleep");
  EXPECT_EQ(OnlyVerdict(), "C64 O10");
  EXPECT_EQ(clock_.NowNs(), 1000u);
}

TEST_F(TasksTest, ContextNamesWhatForbidsToSleep) {
  EXPECT_EQ(tasks_.Context(), 0u);
  locks_.SetContext(kHardirqContext);
  EXPECT_EQ(tasks_.Context(), kHardirqContext);
  locks_.SetContext(0);
  locks_.LocalBh(true);
  EXPECT_NE(tasks_.Context() & 0xff00, 0u);
  locks_.LocalBh(false);
}

// --- queues that are not there ---

TEST_F(TasksTest, QueueThatWasNeverInitialisedIsAnOops) {
  wait_queue_head zeroed{};
  tasks_.WakeUpQueue(&zeroed, TASK_NORMAL, 1, nullptr, "wake_up");
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kOops);
  EXPECT_EQ(OnlyVerdict(), "C0 O14");
}

TEST_F(TasksTest, FreeingAQueueOnWhichATaskWaitsIsSeen) {
  Spawn([](void*, uint64_t) {
    self->WaitEvent(&self->queue_, kUninterruptible, [] { return false; });
  });
  EndCall();
  tasks_.CheckFreed(&mutex_, sizeof mutex_);
  EXPECT_EQ(OnlyVerdict(), "");
  tasks_.CheckFreed(&queue_, sizeof queue_);
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kOops);
}

TEST_F(TasksTest, EntryOfTheStackThatStaysInItsQueueIsSeen) {
  Spawn(&LeaveEntryInQueue);
  EndCall();
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kOops);
  EXPECT_NE(Seen().find("is still in the wait queue"), std::string::npos);
}

TEST_F(TasksTest, AddingAnEntryTwiceAndRemovingOneThatIsNotThereAreSeen) {
  wait_queue_entry entry{};
  tasks_.RemoveWait(&queue_, &entry);
  EXPECT_EQ(OnlyVerdict(), "C44 O6");
  verdicts_.Clear();
  tasks_.AddWait(&queue_, &entry, false);
  tasks_.AddWait(&queue_, &entry, false);
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kBug);
}

// --- poll ---

TEST_F(TasksTest, PollSleepsUntilOneOfItsQueuesIsWokenWithItsEvents) {
  constexpr unsigned kIn = 1;
  poll_table_struct table{};
  tasks_.BeginPoll(&table, kIn);
  tasks_.PollWait(nullptr, &queue_, &table);
  Spawn([](void*, uint64_t) {
    self->WakeWith(4);
    self->tasks_.Sleep(1'000'000, kUninterruptible, "f");
    self->WakeWith(1);
  });
  EXPECT_EQ(tasks_.PollSleep(Clock::kNever), 0);
  tasks_.EndPoll();
  EXPECT_EQ(Trace(), "woken=0 woken=1");
  EXPECT_EQ(clock_.NowNs(), 1'000'000u);
  EXPECT_EQ(queue_.head.next, &queue_.head);
}

TEST_F(TasksTest, PollEndsWhenItsTimeIsUpOrItsUserHasNoPatience) {
  poll_table_struct table{};
  tasks_.BeginPoll(&table, 1);
  tasks_.PollWait(nullptr, &queue_, &table);
  EXPECT_EQ(tasks_.PollSleep(5000), -62);
  EXPECT_EQ(clock_.NowNs(), 5000u);
  EXPECT_EQ(tasks_.PollSleep(Clock::kNever), -4);
  tasks_.EndPoll();
  EXPECT_EQ(OnlyVerdict(), "");
}

// --- ends ---

TEST_F(TasksTest, TrapInATaskOfTheKernelEndsTheWaitOfTheProcess) {
  Spawn([](void*, uint64_t) { self->verdicts_.TrapNow(Trap::kBug, 0, 0, "", "in the task"); });
  Spawn([](void*, uint64_t) {
    self->tasks_.Sleep(1'000'000, kUninterruptible, "f");
    Note("unwound");
  });
  WaitEvent(&queue_, kUninterruptible, [] { return false; });
  EXPECT_EQ(OnlyVerdict(), "C0 O0");
  tasks_.Unwind();
  EXPECT_FALSE(tasks_.any_alive());
}

TEST_F(TasksTest, UnwindingEndsWhatSleepsAndWhatHasNotBegun) {
  list_.Checkpoint();
  const uint64_t hash = list_.Hash();
  for (uint64_t i = 0; i < 3; ++i) {
    Spawn([](void*, uint64_t) {
      Note("begins");
      self->WaitEvent(&self->queue_, kUninterruptible, [] { return false; });
      Note("ends");
    });
  }
  EndCall();
  Spawn([](void*, uint64_t) { Note("never"); });
  EXPECT_TRUE(tasks_.any_alive());
  tasks_.Unwind();
  EXPECT_FALSE(tasks_.any_alive());
  EXPECT_EQ(Trace(), "begins begins begins ends ends ends");
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kNone);
  EXPECT_EQ(verdicts_.count(), 0u);
  list_.Reset();
  EXPECT_EQ(list_.Hash(), hash);
}

TEST_F(TasksTest, SettleLetsTheMachineComeToRest) {
  clock_.Add(1'000'000, EventKind::kHardware, sink_, 1);
  Spawn([](void*, uint64_t) {
    self->tasks_.Sleep(2'000'000'000, kUninterruptible, "f");
    Note("task");
  });
  tasks_.Settle();
  EXPECT_EQ(Trace(), "event1 task");
  EXPECT_FALSE(tasks_.busy());
}

TEST_F(TasksTest, SettleLeavesAMachineThatNeverRests) {
  Ticking ticking{clock_};
  ticking.OnEvent(0);
  tasks_.Settle();
  EXPECT_EQ(ticking.count, static_cast<int>(Tasks::kSettleEvents) + 1);
}

TEST_F(TasksTest, LockThatATaskOfTheKernelKeepsIsReported) {
  locks_.LockInit(&mutex_, mocks::LockKind::kMutex, "&mutex");
  Spawn([](void*, uint64_t) {
    self->locks_.LockAcquire(&self->mutex_, mocks::LockKind::kMutex, "mutex_lock");
  });
  EndCall();
  EXPECT_EQ(OnlyVerdict(), "C52 O11");
  EXPECT_EQ(Seen(), "kworker: ends and holds &mutex");
}

TEST_F(TasksTest, OneTaskTooManyIsALimit) {
  for (int i = 0; i < 40 && verdicts_.pending_trap() == Trap::kNone; ++i) {
    Spawn([](void*, uint64_t) {});
  }
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kUnmodelled);
}

}  // namespace
}  // namespace drydock::kernel
