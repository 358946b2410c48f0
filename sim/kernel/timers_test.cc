#include "sim/kernel/timers.h"

#include "sim/kernel/machine_fixture.h"

namespace drydock::kernel {
namespace {

class TimersTest : public MachineTest {
 public:
  void SetUp() override {
    MachineTest::SetUp();
    self = this;
    timer_.function = &OnTimer;
    hrtimer_.function = &OnHrtimer;
  }
  static inline TimersTest* self;
  static void OnTimer(timer_list*) {
    Note("timer@" + std::to_string(self->clock_.Jiffies() - Clock::kInitialJiffies));
    if (self->locks_.context() != kSoftirqContext) Note("wrong context");
    if (self->again_ > 0) {
      --self->again_;
      self->timers_.ModTimer(&self->timer_, self->clock_.Jiffies() + 2, "mod_timer");
    }
  }
  static hrtimer_restart OnHrtimer(hrtimer* timer) {
    Note("hr@" + std::to_string(self->clock_.NowNs()));
    if (self->locks_.context() != self->expected_context_) Note("wrong context");
    if (self->again_ == 0) return HRTIMER_NORESTART;
    --self->again_;
    timer->expires += 500;
    return HRTIMER_RESTART;
  }
  unsigned long In(unsigned long jiffies) { return clock_.Jiffies() + jiffies; }

  Timers timers_{verdicts_, calls_, clock_, locks_};
  timer_list timer_{};
  hrtimer hrtimer_{};
  int again_ = 0;
  unsigned expected_context_ = kHardirqContext;
};

TEST_F(TimersTest, FiresOnceAtItsTick) {
  EXPECT_EQ(timers_.ModTimer(&timer_, In(3), "mod_timer"), 0);
  EXPECT_TRUE(timers_.TimerPending(&timer_));
  tasks_.Sleep(100'000'000, TASK_UNINTERRUPTIBLE, "f");
  EXPECT_EQ(Trace(), "timer@3");
  EXPECT_FALSE(timers_.TimerPending(&timer_));
  EXPECT_EQ(locks_.context(), 0u);
}

TEST_F(TimersTest, TimeThatIsPastIsTheNextTick) {
  clock_.AdvanceTo(10 * Clock::kTickNs + 5);
  timers_.ModTimer(&timer_, In(0) - 4, "mod_timer");
  tasks_.Sleep(100'000'000, TASK_UNINTERRUPTIBLE, "f");
  EXPECT_EQ(Trace(), "timer@11");
}

TEST_F(TimersTest, ModifyingMovesIt) {
  timers_.ModTimer(&timer_, In(3), "mod_timer");
  EXPECT_EQ(timers_.ModTimer(&timer_, In(7), "mod_timer"), 1);
  tasks_.Sleep(100'000'000, TASK_UNINTERRUPTIBLE, "f");
  EXPECT_EQ(Trace(), "timer@7");
}

TEST_F(TimersTest, DeletedTimerDoesNotFire) {
  timers_.ModTimer(&timer_, In(3), "mod_timer");
  EXPECT_EQ(timers_.DeleteTimer(&timer_, true, "del_timer_sync"), 1);
  EXPECT_EQ(timers_.DeleteTimer(&timer_, true, "del_timer_sync"), 0);
  tasks_.Sleep(100'000'000, TASK_UNINTERRUPTIBLE, "f");
  EXPECT_EQ(Trace(), "");
}

TEST_F(TimersTest, CallbackMayArmItAgain) {
  again_ = 2;
  timers_.ModTimer(&timer_, In(1), "mod_timer");
  tasks_.Sleep(100'000'000, TASK_UNINTERRUPTIBLE, "f");
  EXPECT_EQ(Trace(), "timer@1 timer@3 timer@5");
}

TEST_F(TimersTest, TimerWithoutAFunctionIsABug) {
  timer_.function = nullptr;
  timers_.ModTimer(&timer_, In(3), "mod_timer");
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kBug);
}

TEST_F(TimersTest, WaitsWhileInterruptsAreOff) {
  timers_.ModTimer(&timer_, In(1), "mod_timer");
  locks_.LocalIrq(true);
  tasks_.BusyWait(3 * Clock::kTickNs);
  EXPECT_EQ(Trace(), "");
  locks_.LocalIrq(false);
  EXPECT_EQ(Trace(), "timer@3");
}

TEST_F(TimersTest, ComesInTheMiddleOfADelayWithInterruptsOn) {
  timers_.ModTimer(&timer_, In(1), "mod_timer");
  tasks_.BusyWait(3 * Clock::kTickNs);
  EXPECT_EQ(Trace(), "timer@3");
}

TEST_F(TimersTest, FreeingAPendingTimerIsSeen) {
  struct {
    char before[16];
    timer_list timer;
  } object{};
  object.timer.function = &OnTimer;
  timers_.ModTimer(&object.timer, In(3), "mod_timer");
  timers_.CheckFreed(&object, sizeof object.before);
  EXPECT_EQ(OnlyVerdict(), "");
  timers_.CheckFreed(&object, sizeof object);
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kOops);
  EXPECT_NE(Seen().find("16 bytes from its start"), std::string::npos);
  timers_.DeleteTimer(&object.timer, false, "f");
}

TEST_F(TimersTest, CallbackThatWaitsForItselfDeadlocks) {
  timer_.function = [](timer_list* timer) {
    self->timers_.DeleteTimer(timer, true, "del_timer_sync");
  };
  timers_.ModTimer(&timer_, In(1), "mod_timer");
  tasks_.Sleep(100'000'000, TASK_UNINTERRUPTIBLE, "f");
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kDeadlock);
}

TEST_F(TimersTest, CallbackThatSleepsIsSeen) {
  timer_.function = [](timer_list*) { self->tasks_.Sleep(1, TASK_UNINTERRUPTIBLE, "msleep"); };
  timers_.ModTimer(&timer_, In(1), "mod_timer");
  tasks_.Sleep(100'000'000, TASK_UNINTERRUPTIBLE, "f");
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kBug);
  EXPECT_NE(Seen().find("in a soft interrupt"), std::string::npos);
}

TEST_F(TimersTest, CallbackThatKeepsALockIsSeen) {
  static drydock_lock spin{};
  locks_.LockInit(&spin, mocks::LockKind::kSpin, "&spin");
  timer_.function = [](timer_list*) {
    self->locks_.LockAcquire(&spin, mocks::LockKind::kSpin, "spin_lock");
  };
  timers_.ModTimer(&timer_, In(1), "mod_timer");
  tasks_.Sleep(100'000'000, TASK_UNINTERRUPTIBLE, "f");
  EXPECT_EQ(OnlyVerdict(), "C52 O11");
}

// --- high resolution ---

TEST_F(TimersTest, HrtimerFiresAtItsNanosecond) {
  timers_.HrtimerStart(&hrtimer_, 1234, HRTIMER_MODE_REL);
  EXPECT_TRUE(timers_.HrtimerActive(&hrtimer_));
  tasks_.Sleep(1'000'000, TASK_UNINTERRUPTIBLE, "f");
  EXPECT_EQ(Trace(), "hr@1234");
  EXPECT_FALSE(timers_.HrtimerActive(&hrtimer_));
}

TEST_F(TimersTest, HrtimerRestartsWhereItWasMovedTo) {
  again_ = 2;
  timers_.HrtimerStart(&hrtimer_, 1000, HRTIMER_MODE_ABS);
  tasks_.Sleep(1'000'000, TASK_UNINTERRUPTIBLE, "f");
  EXPECT_EQ(Trace(), "hr@1000 hr@1500 hr@2000");
}

TEST_F(TimersTest, HrtimerThatRestartsInThePastIsAStorm) {
  hrtimer_.function = [](hrtimer*) { return HRTIMER_RESTART; };
  timers_.HrtimerStart(&hrtimer_, 10, HRTIMER_MODE_REL);
  tasks_.Sleep(1'000'000, TASK_UNINTERRUPTIBLE, "f");
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kBudget);
}

TEST_F(TimersTest, SoftHrtimerRunsInASoftInterrupt) {
  expected_context_ = kSoftirqContext;
  hrtimer_.mode = HRTIMER_MODE_REL_SOFT;
  timers_.HrtimerStart(&hrtimer_, 10, HRTIMER_MODE_REL_SOFT);
  tasks_.Sleep(1'000'000, TASK_UNINTERRUPTIBLE, "f");
  EXPECT_EQ(Trace(), "hr@10");
}

TEST_F(TimersTest, CanceledHrtimerDoesNotFire) {
  timers_.HrtimerStart(&hrtimer_, 10, HRTIMER_MODE_REL);
  EXPECT_EQ(timers_.HrtimerCancel(&hrtimer_, true), 1);
  EXPECT_EQ(timers_.HrtimerCancel(&hrtimer_, true), 0);
  tasks_.Sleep(1'000'000, TASK_UNINTERRUPTIBLE, "f");
  EXPECT_EQ(Trace(), "");
}

TEST_F(TimersTest, HrtimerThatCancelsItselfDeadlocksUnlessItOnlyTries) {
  hrtimer_.function = [](hrtimer* timer) {
    Note("try=" + std::to_string(self->timers_.HrtimerCancel(timer, false)));
    self->timers_.HrtimerCancel(timer, true);
    return HRTIMER_NORESTART;
  };
  timers_.HrtimerStart(&hrtimer_, 10, HRTIMER_MODE_REL);
  tasks_.Sleep(1'000'000, TASK_UNINTERRUPTIBLE, "f");
  EXPECT_EQ(Trace(), "try=-1");
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kDeadlock);
}

}  // namespace
}  // namespace drydock::kernel
