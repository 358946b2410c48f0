#include "sim/kernel/interrupts.h"

#include <cerrno>

#include "sim/kernel/machine_fixture.h"

namespace drydock::kernel {
namespace {

constexpr unsigned long kShared = 0x80, kOneshot = 0x2000, kNoAutoen = 0x80000, kRising = 1;
constexpr unsigned kNone = 0, kHandled = 1, kWakeThread = 2;

class InterruptsTest : public MachineTest {
 public:
  InterruptsTest() { tasks_.SetSources(&irqs_, nullptr); }
  ~InterruptsTest() override {
    tasks_.Unwind();
    tasks_.SetSources(nullptr, nullptr);
  }
  void SetUp() override {
    MachineTest::SetUp();
    self = this;
    irqs_.Declare(20);
  }
  static inline InterruptsTest* self;
  static unsigned Hard(int irq, void* data) {
    Note(std::string("hard") + std::to_string(irq) + (data == self ? "" : "'"));
    if (self->locks_.context() != kHardirqContext) Note("wrong context");
    if (self->silence_) self->irqs_.SetLevel(20, 0, false);
    return data == self ? self->result_ : kNone;
  }
  static unsigned Thread(int, void*) {
    Note(self->tasks_.CurrentTask()->comm);
    if (self->thread_sleeps_) self->tasks_.Sleep(1000, TASK_UNINTERRUPTIBLE, "f");
    Note("thread");
    if (self->silence_) self->irqs_.SetLevel(20, 0, false);
    return kHandled;
  }
  int Request(unsigned long flags = 0, mocks::IrqApi::Handler thread = nullptr, void* data = self) {
    return irqs_.RequestThreadedIrq(20, &Hard, thread, flags, "dev", data);
  }

  Interrupts irqs_{list_, verdicts_, calls_, locks_, log_, tasks_, *this};
  unsigned result_ = kHandled;
  bool silence_ = true;
  bool thread_sleeps_ = false;
};

TEST_F(InterruptsTest, HandlerComesWhenItsDeviceAsserts) {
  ASSERT_EQ(Request(), 0);
  irqs_.SetLevel(20, 0, true);
  EXPECT_TRUE(irqs_.InterruptPending());
  tasks_.Serve();
  EXPECT_EQ(Trace(), "hard20");
  EXPECT_FALSE(irqs_.InterruptPending());
}

TEST_F(InterruptsTest, MessageIsOneInterrupt) {
  Request();
  irqs_.Pulse(20);
  irqs_.Pulse(20);
  tasks_.Serve();
  EXPECT_EQ(Trace(), "hard20");
}

TEST_F(InterruptsTest, WaitsWhileInterruptsAreOff) {
  Request();
  locks_.LocalIrq(true);
  irqs_.SetLevel(20, 0, true);
  tasks_.Serve();
  EXPECT_EQ(Trace(), "");
  locks_.LocalIrq(false);
  EXPECT_EQ(Trace(), "hard20");
}

TEST_F(InterruptsTest, EndsTheSleepOfATask) {
  Request();
  struct Device final : EventSink {
    void OnEvent(uint64_t) override { self->irqs_.SetLevel(20, 0, true); }
  } device;
  clock_.Add(5000, EventKind::kHardware, device, 0);
  tasks_.Sleep(10'000, TASK_UNINTERRUPTIBLE, "f");
  EXPECT_EQ(Trace(), "hard20");
}

TEST_F(InterruptsTest, RefusesWhatTheKernelRefuses) {
  const struct {
    const char* name;
    unsigned irq;
    bool handler, thread;
    unsigned long flags;
    void* data;
    int error;
  } kRows[] = {
      {"not connected", 1u << 31, true, false, 0, this, -ENOTCONN},
      {"no such line", 21, true, false, 0, this, -EINVAL},
      {"line 0", 0, true, false, 0, this, -EINVAL},
      {"shared without data", 20, true, false, kShared, nullptr, -EINVAL},
      {"shared and not enabled", 20, true, false, kShared | kNoAutoen, this, -EINVAL},
      {"nothing to call", 20, false, false, 0, this, -EINVAL},
      {"thread alone, not one-shot", 20, false, true, 0, this, -EINVAL},
      {"thread alone, one-shot", 20, false, true, kOneshot, this, 0},
      {"legacy line", 7, true, false, 0, this, 0},
  };
  for (const auto& row : kRows) {
    EXPECT_EQ(irqs_.RequestThreadedIrq(row.irq, row.handler ? &Hard : nullptr,
                                       row.thread ? &Thread : nullptr, row.flags, "dev", row.data),
              row.error)
        << row.name;
  }
  EXPECT_EQ(OnlyVerdict(), "");
}

TEST_F(InterruptsTest, FailedAllocationIsEnomemAndLeavesNothing) {
  const uint64_t hash = list_.Hash();
  fail_next_ = true;
  EXPECT_EQ(Request(), -ENOMEM);
  EXPECT_EQ(list_.Hash(), hash);
}

TEST_F(InterruptsTest, SharingNeedsTheConsentOfBothAndEqualFlags) {
  int other = 0;
  ASSERT_EQ(Request(kShared), 0);
  EXPECT_EQ(Request(0, nullptr, &other), -EBUSY);
  EXPECT_EQ(Request(kShared | kRising, nullptr, &other), -EBUSY);
  EXPECT_EQ(Request(kShared | kOneshot, &Thread, &other), -EBUSY);
  EXPECT_EQ(Request(kShared, nullptr, &other), 0);
  EXPECT_TRUE(LogHas("Flags mismatch irq 20"));
}

TEST_F(InterruptsTest, SharedHandlersAllCome) {
  int other = 0;
  Request(kShared, nullptr, &other);
  Request(kShared);
  Trace().clear();
  irqs_.SetLevel(20, 0, true);
  tasks_.Serve();
  EXPECT_EQ(Trace(), "hard20' hard20");
}

TEST_F(InterruptsTest, NeighbourOnASharedLineInterruptsAtOnceAndAtTheEnd) {
  Request(kShared);
  EXPECT_EQ(Trace(), "hard20");
  EXPECT_STREQ(static_cast<const char*>(irqs_.FreeIrq(20, this)), "dev");
  EXPECT_EQ(Trace(), "hard20 hard20");
}

TEST_F(InterruptsTest, LevelThatIsThereBeforeTheHandlerComesWithIt) {
  irqs_.SetLevel(20, 0, true);
  tasks_.Serve();
  EXPECT_EQ(irqs_.unclaimed_count(20), 1u);
  Request();
  EXPECT_EQ(Trace(), "hard20");
}

TEST_F(InterruptsTest, MessageWithoutAHandlerIsLostAndCounted) {
  irqs_.Pulse(20);
  Request();
  tasks_.Serve();
  EXPECT_EQ(Trace(), "");
  irqs_.FreeIrq(20, this);
  irqs_.Pulse(20);
  tasks_.Serve();
  EXPECT_EQ(Trace(), "");
  EXPECT_EQ(irqs_.unclaimed_count(20), 2u);
  EXPECT_EQ(OnlyVerdict(), "");
}

TEST_F(InterruptsTest, NobodyCaresForALineThatStaysAsserted) {
  Request();
  result_ = kNone;
  silence_ = false;
  irqs_.SetLevel(20, 0, true);
  tasks_.Serve();
  EXPECT_EQ(OnlyVerdict(), "C0 O10");
  EXPECT_NE(Seen().find("nobody cared"), std::string::npos);
  EXPECT_EQ(irqs_.unhandled_count(20), Interrupts::kUnhandledInARow);
  EXPECT_FALSE(irqs_.InterruptPending());
}

TEST_F(InterruptsTest, HandlerThatDoesNotSilenceItsDeviceIsAStorm) {
  Request();
  silence_ = false;
  irqs_.SetLevel(20, 0, true);
  tasks_.Serve();
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kBudget);
}

TEST_F(InterruptsTest, UnhandledMessageIsCountedAndNoFinding) {
  Request();
  result_ = kNone;
  irqs_.Pulse(20);
  tasks_.Serve();
  EXPECT_EQ(irqs_.unhandled_count(20), 1u);
  EXPECT_EQ(OnlyVerdict(), "");
}

TEST_F(InterruptsTest, ValueThatIsNoneIsReported) {
  Request();
  result_ = 77;
  irqs_.Pulse(20);
  tasks_.Serve();
  EXPECT_EQ(Seen(), "irq event 20: bogus return value 4d");
}

TEST_F(InterruptsTest, WakingAThreadThatIsNotThereIsReported) {
  Request();
  result_ = kWakeThread;
  irqs_.Pulse(20);
  tasks_.Serve();
  EXPECT_EQ(OnlyVerdict(), "C0 O10");
}

TEST_F(InterruptsTest, ThreadRunsAsATaskAndMaySleep) {
  ASSERT_EQ(Request(0, &Thread), 0);
  result_ = kWakeThread;
  thread_sleeps_ = true;
  irqs_.Pulse(20);
  tasks_.Serve();
  EXPECT_EQ(Trace(), "hard20");
  tasks_.Sleep(5000, TASK_UNINTERRUPTIBLE, "f");
  EXPECT_EQ(Trace(), "hard20 irq/20-dev thread");
  EXPECT_EQ(OnlyVerdict(), "");
}

TEST_F(InterruptsTest, OneShotLineWaitsForItsThread) {
  ASSERT_EQ(irqs_.RequestThreadedIrq(20, nullptr, &Thread, kOneshot, "dev", this), 0);
  thread_sleeps_ = true;
  irqs_.SetLevel(20, 0, true);
  tasks_.Serve();
  EXPECT_FALSE(irqs_.InterruptPending());
  tasks_.Sleep(5000, TASK_UNINTERRUPTIBLE, "f");
  EXPECT_EQ(Trace(), "irq/20-dev thread");
}

TEST_F(InterruptsTest, SleepingInAHandlerIsSeen) {
  irqs_.RequestThreadedIrq(
      20,
      [](int, void*) {
        self->tasks_.Sleep(1, TASK_UNINTERRUPTIBLE, "msleep");
        return kHandled;
      },
      nullptr, 0, "dev", this);
  irqs_.Pulse(20);
  tasks_.Serve();
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kBug);
}

TEST_F(InterruptsTest, FreeWaitsForTheThread) {
  Request(0, &Thread);
  result_ = kWakeThread;
  thread_sleeps_ = true;
  irqs_.Pulse(20);
  tasks_.Serve();
  EndCall();
  EXPECT_EQ(Trace(), "hard20 irq/20-dev");
  irqs_.FreeIrq(20, this);
  EXPECT_EQ(Trace(), "hard20 irq/20-dev thread");
  irqs_.ReportLeftovers();
  EXPECT_EQ(OnlyVerdict(), "");
}

TEST_F(InterruptsTest, FreeingTwiceOrInAnInterruptIsReported) {
  Request();
  locks_.SetContext(kHardirqContext);
  EXPECT_EQ(irqs_.FreeIrq(20, this), nullptr);
  locks_.SetContext(0);
  EXPECT_EQ(OnlyVerdict(), "C0 O10");
  verdicts_.Clear();
  irqs_.FreeIrq(20, this);
  EXPECT_EQ(OnlyVerdict(), "");
  EXPECT_EQ(irqs_.FreeIrq(20, this), nullptr);
  EXPECT_EQ(OnlyVerdict(), "C44 O6");
}

TEST_F(InterruptsTest, DisabledLineKeepsWhatCameUntilItIsEnabled) {
  Request();
  irqs_.DisableIrq(20, true);
  irqs_.DisableIrq(20, false);
  irqs_.Pulse(20);
  tasks_.Serve();
  irqs_.EnableIrq(20);
  EXPECT_EQ(Trace(), "");
  irqs_.EnableIrq(20);
  EXPECT_EQ(Trace(), "hard20");
  irqs_.EnableIrq(20);
  EXPECT_EQ(OnlyVerdict(), "C44 O6");
}

TEST_F(InterruptsTest, LineThatIsNotEnabledByItselfWaitsForEnable) {
  Request(kNoAutoen);
  irqs_.SetLevel(20, 0, true);
  tasks_.Serve();
  EXPECT_EQ(Trace(), "");
  irqs_.EnableIrq(20);
  EXPECT_EQ(Trace(), "hard20");
}

TEST_F(InterruptsTest, HandlerThatDisablesItsOwnLineAndWaitsDeadlocks) {
  irqs_.RequestThreadedIrq(
      20,
      [](int irq, void*) {
        self->irqs_.DisableIrq(static_cast<unsigned>(irq), true);
        return kHandled;
      },
      nullptr, 0, "dev", this);
  irqs_.Pulse(20);
  tasks_.Serve();
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kDeadlock);
}

TEST_F(InterruptsTest, HandlerThatKeepsALockIsReported) {
  static drydock_lock spin{};
  locks_.LockInit(&spin, mocks::LockKind::kSpin, "&spin");
  irqs_.RequestThreadedIrq(
      20,
      [](int, void*) {
        self->locks_.LockAcquire(&spin, mocks::LockKind::kSpin, "spin_lock");
        return kHandled;
      },
      nullptr, 0, "dev", this);
  irqs_.Pulse(20);
  tasks_.Serve();
  EXPECT_EQ(OnlyVerdict(), "C52 O11");
}

TEST_F(InterruptsTest, MessagesAreNumberedInARowAndGoOnlyWithoutHandlers) {
  const uint32_t first = irqs_.AllocateMessages(3);
  ASSERT_NE(first, 0u);
  EXPECT_TRUE(irqs_.Has(first + 2));
  EXPECT_EQ(irqs_.RequestThreadedIrq(first + 1, nullptr, &Thread, 0, "dev", this), 0);
  EXPECT_EQ(irqs_.FreeMessages(first, 3), -EBUSY);
  irqs_.FreeIrq(first + 1, this);
  EXPECT_EQ(irqs_.FreeMessages(first, 3), 0);
  EXPECT_FALSE(irqs_.Has(first));
  EXPECT_EQ(irqs_.AllocateMessages(1), first);
}

TEST_F(InterruptsTest, HandlerThatIsLeftIsALeak) {
  Request();
  irqs_.ReportLeftovers();
  EXPECT_EQ(OnlyVerdict(), "C45 O6");
}

TEST_F(InterruptsTest, ResetPutsBackLinesAndHandlers) {
  Request();
  list_.Checkpoint();
  const uint64_t hash = list_.Hash();
  irqs_.DisableIrq(20, false);
  irqs_.SetLevel(20, 3, true);
  irqs_.AllocateMessages(2);
  irqs_.FreeIrq(20, this);
  EXPECT_NE(list_.Hash(), hash);
  list_.Reset();
  EXPECT_EQ(list_.Hash(), hash);
  EXPECT_EQ(list_.FirstDifference(), nullptr);
}

}  // namespace
}  // namespace drydock::kernel
