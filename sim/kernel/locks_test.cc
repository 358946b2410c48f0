#include "sim/kernel/locks.h"

#include "sim/kernel/part_fixture.h"

namespace drydock::kernel {
namespace {

using mocks::LockKind;

struct FakeTask final : RunningTask {
  uint32_t TaskId() const override { return id; }
  int Pid() const override { return 100; }
  bool Capable(int) const override { return true; }
  uint32_t id = 1;
};

class LocksTest : public PartTest {
 protected:
  drydock_lock Lock(const char* name, LockKind kind = LockKind::kMutex) {
    drydock_lock lock;
    locks_.LockInit(&lock, kind, name);
    return lock;
  }
  void Take(drydock_lock* lock, LockKind kind = LockKind::kMutex) {
    locks_.LockAcquire(lock, kind, "f");
  }
  void Give(drydock_lock* lock, LockKind kind = LockKind::kMutex) {
    locks_.LockRelease(lock, kind, "f");
  }

  FakeTask task_;
  Clock clock_{list_, verdicts_};
  Locks locks_{list_, verdicts_, task_, clock_, 1};
};

TEST_F(LocksTest, TakeAndGiveIsSilent) {
  drydock_lock lock = Lock("&p->lock");
  Take(&lock);
  EXPECT_TRUE(locks_.LockIsHeld(&lock));
  Give(&lock);
  EXPECT_FALSE(locks_.LockIsHeld(&lock));
  locks_.CheckNoneHeld("mmap");
  EXPECT_EQ(OnlyVerdict(), "");
}

TEST_F(LocksTest, SecondTakeBySameTaskDeadlocks) {
  for (LockKind kind : {LockKind::kMutex, LockKind::kSpin, LockKind::kRwsemWrite}) {
    verdicts_.Clear();
    drydock_lock lock = Lock("&p->lock", kind);
    Take(&lock, kind);
    Take(&lock, kind);
    EXPECT_EQ(verdicts_.pending_trap(), Trap::kDeadlock);
    EXPECT_EQ(verdicts_[0].class_number, 52);
    EXPECT_EQ(verdicts_[0].oracle, 15);
    locks_.ForgetHeld();
  }
}

TEST_F(LocksTest, TakeOfLockThatAnotherTaskKeptDeadlocks) {
  drydock_lock lock = Lock("&p->lock");
  Take(&lock);
  task_.id = 2;
  Take(&lock);
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kDeadlock);
  EXPECT_NE(Seen().find("held by task 1"), std::string::npos);
}

TEST_F(LocksTest, WriteWhileReadingDeadlocks) {
  drydock_lock lock = Lock("mm->mmap_lock", LockKind::kRwsemRead);
  Take(&lock, LockKind::kRwsemRead);
  Take(&lock, LockKind::kRwsemWrite);
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kDeadlock);
}

TEST_F(LocksTest, ReadWhileWritingDeadlocks) {
  drydock_lock lock = Lock("mm->mmap_lock", LockKind::kRwsemWrite);
  Take(&lock, LockKind::kRwsemWrite);
  Take(&lock, LockKind::kRwsemRead);
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kDeadlock);
}

TEST_F(LocksTest, LO3_ReadTwiceIsReportedAndGoesOn) {
  for (const LockKind kind : {LockKind::kRwRead, LockKind::kRwsemRead}) {
    verdicts_.Clear();
    drydock_lock lock = Lock("mm->mmap_lock", kind);
    Take(&lock, kind);
    Take(&lock, kind);
    EXPECT_EQ(OnlyVerdict(), "C52 O15");
    EXPECT_NE(Seen().find("for reading again"), std::string::npos);
    EXPECT_EQ(verdicts_.pending_trap(), Trap::kNone);
    locks_.ForgetHeld();
  }
}

TEST_F(LocksTest, LO3_AnInterruptMayReadWhatItCameUponReading) {
  drydock_lock lock = Lock("rw", LockKind::kRwRead);
  Take(&lock, LockKind::kRwRead);
  locks_.SetContext(kSoftirqContext);
  Take(&lock, LockKind::kRwRead);
  EXPECT_EQ(OnlyVerdict(), "");
}

TEST_F(LocksTest, LO2_TwoLocksOfOneClassHeldTogetherAreReportedOnce) {
  drydock_lock a = Lock("&p->lock");
  drydock_lock b = Lock(a.name);
  for (int i = 0; i < 2; ++i) {
    Take(&a);
    Take(&b);
    Give(&b);
    Give(&a);
  }
  EXPECT_EQ(OnlyVerdict(), "C52 O15");
  EXPECT_EQ(Seen(), "f: takes &p->lock while another lock of this class is held");
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kNone);
}

TEST_F(LocksTest, LO2_ReadersOfOneClassAreReportedToo) {
  for (const LockKind kind : {LockKind::kRwRead, LockKind::kRwsemRead}) {
    verdicts_.Clear();
    drydock_lock a = Lock(kind == LockKind::kRwRead ? "&p->rw" : "&p->sem", kind);
    drydock_lock b = Lock(a.name, kind);
    Take(&a, kind);
    Take(&b, kind);
    EXPECT_EQ(OnlyVerdict(), "C52 O15");
    locks_.ForgetHeld();
  }
}

TEST_F(LocksTest, LO2_OneAfterTheOtherIsFine) {
  drydock_lock a = Lock("&p->lock");
  drydock_lock b = Lock(a.name);
  Take(&a);
  Give(&a);
  Take(&b);
  EXPECT_EQ(OnlyVerdict(), "");
}

TEST_F(LocksTest, LO2_TryingTheSecondIsFine) {
  drydock_lock a = Lock("&p->lock");
  drydock_lock b = Lock(a.name);
  Take(&a);
  EXPECT_TRUE(locks_.LockTry(&b, LockKind::kMutex, "f"));
  EXPECT_EQ(OnlyVerdict(), "");
}

TEST_F(LocksTest, LO2_ATriedOneIsHeldWhenAnotherIsTaken) {
  drydock_lock a = Lock("&p->lock");
  drydock_lock b = Lock(a.name);
  EXPECT_TRUE(locks_.LockTry(&a, LockKind::kMutex, "f"));
  Take(&b);
  EXPECT_EQ(OnlyVerdict(), "C52 O15");
}

TEST_F(LocksTest, LO2_ASubclassTellsTheOrder) {
  drydock_lock parent = Lock("&p->lock");
  drydock_lock child = Lock(parent.name);
  Take(&parent);
  locks_.LockNested(1);
  Take(&child);
  EXPECT_EQ(OnlyVerdict(), "");
}

TEST_F(LocksTest, LO2_ASubclassIsOfOneAcquisitionAlone) {
  drydock_lock a = Lock("&p->lock");
  drydock_lock b = Lock(a.name);
  drydock_lock c = Lock(a.name);
  Take(&a);
  locks_.LockNested(1);
  Take(&b);
  Give(&b);
  Take(&c);
  EXPECT_EQ(OnlyVerdict(), "C52 O15");
}

TEST_F(LocksTest, LO2_WhatIsNoOrderIsNotToldAsOneToo) {
  drydock_lock a = Lock("&p->lock");
  drydock_lock b = Lock(a.name);
  drydock_lock c = Lock(a.name);
  for (int i = 0; i < 2; ++i) {
    Take(&a);
    locks_.LockNested(1);
    Take(&b);
    Take(&c);
    Give(&c);
    Give(&b);
    Give(&a);
  }
  EXPECT_EQ(OnlyVerdict(), "C52 O15");
}

TEST_F(LocksTest, LO1_TheOrderOfSubclassesIsKept) {
  drydock_lock a = Lock("&p->lock");
  drydock_lock b = Lock(a.name);
  Take(&a);
  locks_.LockNested(1);
  Take(&b);
  Give(&b);
  Give(&a);
  locks_.LockNested(1);
  Take(&b);
  Take(&a);
  EXPECT_EQ(OnlyVerdict(), "C52 O15");
}

TEST_F(LocksTest, LO2_LocksInitialisedByTheirDefinitionAreClassesOfTheirOwn) {
  drydock_lock locks[2] = {};
  for (drydock_lock& lock : locks) {
    lock.name = "table";
    lock.magic = DRYDOCK_LOCK_MAGIC;
    Take(&lock);
  }
  EXPECT_EQ(OnlyVerdict(), "");
}

TEST_F(LocksTest, LO2_AKeyMakesAClass) {
  static int keys[2];
  drydock_lock a = Lock("&p->lock");
  drydock_lock b = Lock(a.name);
  locks_.LockSetClass(&a, &keys[0], "&keys[0]");
  locks_.LockSetClass(&b, &keys[1], "&keys[1]");
  Take(&a);
  Take(&b);
  EXPECT_EQ(OnlyVerdict(), "");
  Give(&b);
  locks_.LockSetClass(&b, &keys[0], "&keys[0]");
  Take(&b);
  EXPECT_EQ(OnlyVerdict(), "C52 O15");
}

TEST_F(LocksTest, InversionIsReportedOncePerPair) {
  drydock_lock a = Lock("a");
  drydock_lock b = Lock("b");
  Take(&a);
  Take(&b);
  Give(&b);
  Give(&a);
  for (int i = 0; i < 3; ++i) {
    Take(&b);
    Take(&a);
    Give(&a);
    Give(&b);
  }
  EXPECT_EQ(OnlyVerdict(), "C52 O15");
}

TEST_F(LocksTest, InversionThroughAThirdLockIsReported) {
  drydock_lock mmap_lock = Lock("mm->mmap_lock");
  drydock_lock a = Lock("a");
  drydock_lock b = Lock("b");
  const auto nest = [this](drydock_lock* outer, drydock_lock* inner) {
    Take(outer);
    Take(inner);
    Give(inner);
    Give(outer);
  };
  nest(&mmap_lock, &a);
  nest(&a, &b);
  EXPECT_EQ(OnlyVerdict(), "");
  nest(&b, &mmap_lock);
  EXPECT_EQ(OnlyVerdict(), "C52 O15");
}

TEST_F(LocksTest, OrderIsByClassNotByLock) {
  drydock_lock a1 = Lock("a");
  drydock_lock b = Lock("b");
  static const char* const kName = "a";
  drydock_lock a2 = Lock(a1.name);
  (void)kName;
  Take(&a1);
  Take(&b);
  Give(&b);
  Give(&a1);
  Take(&b);
  Take(&a2);
  EXPECT_EQ(OnlyVerdict(), "C52 O15");
}

TEST_F(LocksTest, TryLockAddsNoOrder) {
  drydock_lock a = Lock("a");
  drydock_lock b = Lock("b");
  Take(&a);
  EXPECT_TRUE(locks_.LockTry(&b, LockKind::kMutex, "f"));
  Give(&b);
  Give(&a);
  Take(&b);
  Take(&a);
  EXPECT_EQ(OnlyVerdict(), "");
}

TEST_F(LocksTest, TryLockOfTakenLockFails) {
  drydock_lock a = Lock("a");
  Take(&a);
  EXPECT_FALSE(locks_.LockTry(&a, LockKind::kMutex, "f"));
  EXPECT_EQ(OnlyVerdict(), "");
}

TEST_F(LocksTest, ReleaseByWhoDoesNotHoldItIsReported) {
  drydock_lock lock = Lock("a");
  Give(&lock);
  EXPECT_EQ(OnlyVerdict(), "C0 O15");
  EXPECT_NE(Seen().find("nobody holds it"), std::string::npos);
  verdicts_.Clear();
  Take(&lock);
  task_.id = 2;
  Give(&lock);
  EXPECT_NE(Seen().find("another task"), std::string::npos);
  EXPECT_TRUE(locks_.LockIsHeld(&lock));
}

TEST_F(LocksTest, ReleaseOfTheOtherKindIsReported) {
  drydock_lock lock = Lock("a", LockKind::kRwsemWrite);
  Take(&lock, LockKind::kRwsemWrite);
  Give(&lock, LockKind::kRwsemRead);
  EXPECT_EQ(OnlyVerdict(), "C0 O15");
}

TEST_F(LocksTest, SleepingUnderASpinlockIsReportedOnce) {
  drydock_lock spin = Lock("s", LockKind::kSpin);
  drydock_lock mutex = Lock("m");
  Take(&spin, LockKind::kSpin);
  locks_.MightSleep("kmalloc");
  locks_.MightSleep("kmalloc");
  Take(&mutex);
  EXPECT_EQ(OnlyVerdict(), "C64 O10");
}

TEST_F(LocksTest, SleepingUnderAMutexIsFine) {
  drydock_lock mutex = Lock("m");
  Take(&mutex);
  locks_.MightSleep("kmalloc");
  EXPECT_EQ(OnlyVerdict(), "");
}

TEST_F(LocksTest, LockHeldOnReturnIsReportedOnce) {
  drydock_lock lock = Lock("&p->lock");
  Take(&lock);
  locks_.CheckNoneHeld("ioctl");
  locks_.CheckNoneHeld("ioctl");
  EXPECT_EQ(OnlyVerdict(), "C52 O11");
  EXPECT_EQ(Seen(), "ioctl: returns to user space and holds &p->lock");
}

TEST_F(LocksTest, GarbageIsNoLock) {
  drydock_lock lock;
  std::memset(&lock, 0x5a, sizeof lock);
  Take(&lock);
  EXPECT_EQ(OnlyVerdict(), "C0 O15");
}

TEST_F(LocksTest, ZeroedLockIsALock) {
  drydock_lock lock{};
  Take(&lock);
  Give(&lock);
  EXPECT_EQ(OnlyVerdict(), "");
}

TEST_F(LocksTest, FreeingAHeldLockIsReported) {
  struct {
    int x;
    drydock_lock lock;
  } object{};
  Take(&object.lock);
  locks_.CheckFreed(&object.x, sizeof object.x);
  EXPECT_EQ(OnlyVerdict(), "");
  locks_.CheckFreed(&object, sizeof object);
  EXPECT_EQ(OnlyVerdict(), "C0 O15");
  EXPECT_EQ(locks_.held_count(), 0u);
}

TEST_F(LocksTest, SemaphoreIsReleasedByAnybodyAndDeadlocksWhenTaken) {
  drydock_lock sem = Lock("sem", LockKind::kSemaphore);
  Take(&sem, LockKind::kSemaphore);
  locks_.CheckNoneHeld("ioctl");
  task_.id = 2;
  Give(&sem, LockKind::kSemaphore);
  EXPECT_TRUE(locks_.LockTry(&sem, LockKind::kSemaphore, "f"));
  EXPECT_EQ(OnlyVerdict(), "");
  Take(&sem, LockKind::kSemaphore);
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kDeadlock);
}

TEST_F(LocksTest, TimePassesWhenItIsRead) {
  const unsigned long begin = locks_.Jiffies();
  int reads = 0;
  while (locks_.Jiffies() - begin < 250) ++reads;  // one second
  EXPECT_LT(reads, 5000);
  const uint64_t before = locks_.KtimeNs();
  EXPECT_GT(locks_.KtimeNs(), before);
}

TEST_F(LocksTest, SleepingInAnInterruptIsReportedOnceForEachKind) {
  for (int i = 0; i < 2; ++i) {
    locks_.SetContext(kHardirqContext);
    locks_.MightSleep("kmalloc");
    locks_.SetContext(kSoftirqContext);
    locks_.MightSleep("mutex_lock");
    locks_.SetContext(0);
    locks_.LocalIrq(true);
    locks_.MightSleep("msleep");
    locks_.LocalIrq(false);
    locks_.MightSleep("msleep");
  }
  ASSERT_EQ(verdicts_.count(), 3u);
  EXPECT_EQ(Seen(0), "kmalloc: may sleep, in an interrupt handler");
  EXPECT_EQ(Seen(1), "mutex_lock: may sleep, in a soft interrupt (a timer, a tasklet)");
  EXPECT_EQ(Seen(2), "msleep: may sleep, with interrupts off");
}

TEST_F(LocksTest, AT3_SleepingInAReadSideSectionIsReportedOnce) {
  drydock_lock mutex = Lock("m");
  locks_.RcuRead(true);
  locks_.RcuRead(true);
  locks_.RcuRead(false);
  locks_.MightSleep("kmalloc");
  Take(&mutex);
  Give(&mutex);
  EXPECT_EQ(OnlyVerdict(), "C64 O10");
  EXPECT_EQ(Seen(), "kmalloc: may sleep, in a read-side section of RCU");
  locks_.RcuRead(false);
  locks_.CheckNoneHeld("ioctl");
  EXPECT_EQ(verdicts_.count(), 1u);
}

TEST_F(LocksTest, AT3_SleepingAfterTheSectionIsFine) {
  locks_.RcuRead(true);
  locks_.RcuRead(false);
  locks_.MightSleep("kmalloc");
  EXPECT_EQ(OnlyVerdict(), "");
}

TEST_F(LocksTest, AT3_ASpinlockInASectionIsFine) {
  drydock_lock spin = Lock("s", LockKind::kSpin);
  locks_.RcuRead(true);
  Take(&spin, LockKind::kSpin);
  Give(&spin, LockKind::kSpin);
  locks_.RcuRead(false);
  EXPECT_EQ(OnlyVerdict(), "");
}

TEST_F(LocksTest, AT3_ASectionIsOfItsTask) {
  locks_.RcuRead(true);
  task_.id = 2;
  locks_.MightSleep("kmalloc");
  EXPECT_EQ(OnlyVerdict(), "");
}

TEST_F(LocksTest, AT4_SleepingWithPreemptionOrSoftInterruptsOffIsReported) {
  locks_.Preempt(true);
  locks_.MightSleep("kmalloc");
  locks_.Preempt(false);
  locks_.LocalBh(true);
  locks_.MightSleep("msleep");
  locks_.LocalBh(false);
  locks_.MightSleep("msleep");
  ASSERT_EQ(verdicts_.count(), 2u);
  EXPECT_EQ(Seen(0), "kmalloc: may sleep, with preemption off");
  EXPECT_EQ(Seen(1), "msleep: may sleep, with soft interrupts off");
}

TEST_F(LocksTest, AT5_WhatIsOpenOnReturnIsReportedAndMended) {
  locks_.RcuRead(true);
  locks_.Preempt(true);
  locks_.LocalBh(true);
  for (int i = 0; i < 2; ++i) locks_.CheckNoneHeld("ioctl");
  ASSERT_EQ(verdicts_.count(), 3u);
  EXPECT_EQ(Seen(0), "ioctl: returns to user space with soft interrupts off");
  EXPECT_EQ(Seen(1), "ioctl: returns to user space with preemption off");
  EXPECT_EQ(Seen(2), "ioctl: returns to user space in a read-side section of RCU");
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(verdicts_[i].class_number, 52);
}

TEST_F(LocksTest, AT6_AnEndWithoutABeginIsReported) {
  locks_.RcuRead(false);
  EXPECT_EQ(OnlyVerdict(), "C0 O15");
  EXPECT_EQ(Seen(), "rcu_read_unlock: no read-side section is open");
  verdicts_.Clear();
  locks_.Preempt(false);
  EXPECT_EQ(Seen(), "preempt_enable: preemption is on already");
  EXPECT_FALSE(locks_.preempt_off());
}

TEST_F(LocksTest, SpinlockWithInterruptsOffIsOneMistakeNotTwo) {
  drydock_lock spin = Lock("s", LockKind::kSpinIrq);
  Take(&spin, LockKind::kSpinIrq);
  locks_.MightSleep("kmalloc");
  EXPECT_EQ(OnlyVerdict(), "C64 O10");
  EXPECT_NE(Seen().find("the spinlock s is held"), std::string::npos);
}

TEST_F(LocksTest, LockOfAHandlerTakenWithInterruptsOnIsReportedOnce) {
  drydock_lock spin = Lock("s", LockKind::kSpin);
  for (int i = 0; i < 2; ++i) {
    Take(&spin, LockKind::kSpin);
    Give(&spin, LockKind::kSpin);
    locks_.SetContext(kHardirqContext);
    Take(&spin, LockKind::kSpin);
    Give(&spin, LockKind::kSpin);
    locks_.SetContext(0);
  }
  EXPECT_EQ(OnlyVerdict(), "C52 O15");
}

TEST_F(LocksTest, LockOfATimerTakenWithoutBhOffIsReported) {
  drydock_lock spin = Lock("s", LockKind::kSpin);
  locks_.SetContext(kSoftirqContext);
  Take(&spin, LockKind::kSpin);
  Give(&spin, LockKind::kSpin);
  locks_.SetContext(0);
  Take(&spin, LockKind::kSpinBh);
  Give(&spin, LockKind::kSpinBh);
  EXPECT_EQ(OnlyVerdict(), "");
  Take(&spin, LockKind::kSpin);
  EXPECT_EQ(OnlyVerdict(), "C52 O15");
}

TEST_F(LocksTest, LockOfAHandlerTakenWithInterruptsOffIsFine) {
  drydock_lock spin = Lock("s", LockKind::kSpinIrq);
  locks_.SetContext(kHardirqContext);
  Take(&spin, LockKind::kSpin);
  Give(&spin, LockKind::kSpin);
  locks_.SetContext(0);
  Take(&spin, LockKind::kSpinIrq);
  Give(&spin, LockKind::kSpinIrq);
  locks_.LocalIrq(true);
  Take(&spin, LockKind::kSpin);
  Give(&spin, LockKind::kSpin);
  locks_.LocalIrq(false);
  EXPECT_EQ(OnlyVerdict(), "");
}

TEST_F(LocksTest, HandlerThatComesUponTheHolderDeadlocks) {
  drydock_lock spin = Lock("s", LockKind::kSpin);
  Take(&spin, LockKind::kSpin);
  locks_.SetContext(kHardirqContext);
  Take(&spin, LockKind::kSpin);
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kDeadlock);
  EXPECT_NE(Seen(verdicts_.count() - 1).find("an interrupt takes s"), std::string::npos);
  locks_.SetContext(0);
}

TEST_F(LocksTest, WhatAHandlerTakesHasNoOrderWithWhatItCameUpon) {
  drydock_lock a = Lock("a", LockKind::kSpin);
  drydock_lock b = Lock("b", LockKind::kSpin);
  Take(&a, LockKind::kSpin);
  locks_.SetContext(kHardirqContext);
  Take(&b, LockKind::kSpinIrq);
  Give(&b, LockKind::kSpinIrq);
  locks_.SetContext(0);
  Give(&a, LockKind::kSpin);
  Take(&b, LockKind::kSpinIrq);
  Take(&a, LockKind::kSpin);
  EXPECT_EQ(OnlyVerdict(), "");
}

TEST_F(LocksTest, InterruptsOffOnReturnIsReportedAndMended) {
  locks_.LocalIrq(true);
  locks_.CheckNoneHeld("ioctl");
  locks_.CheckNoneHeld("ioctl");
  EXPECT_EQ(OnlyVerdict(), "C52 O11");
  EXPECT_FALSE(locks_.irqs_off());
}

struct FakeWaiter final : LockWaiter {
  Result WaitForLock(const drydock_lock*, bool, unsigned, const char*) override {
    ++waits;
    if (owner != nullptr) *owner = 0;
    return result;
  }
  void LockFreed(const drydock_lock*) override { ++freed; }
  void Unmasked() override { ++unmasked; }
  void TimePassed() override {}
  Result result = Result::kTryAgain;
  unsigned int* owner = nullptr;
  int waits = 0, freed = 0, unmasked = 0;
};

TEST_F(LocksTest, LockOfAnotherTaskIsWaitedForAndThenTaken) {
  FakeWaiter waiter;
  locks_.SetWaiter(&waiter);
  drydock_lock lock = Lock("a");
  Take(&lock);
  task_.id = 2;
  waiter.owner = &lock.owner;
  Take(&lock);
  EXPECT_EQ(waiter.waits, 1);
  EXPECT_EQ(lock.owner, 2u);
  EXPECT_EQ(OnlyVerdict(), "");
}

TEST_F(LocksTest, SignalEndsTheWaitAndTakesNothing) {
  FakeWaiter waiter;
  locks_.SetWaiter(&waiter);
  drydock_lock lock = Lock("a");
  Take(&lock);
  task_.id = 2;
  waiter.result = LockWaiter::Result::kSignal;
  EXPECT_EQ(locks_.LockAcquireOrSignal(&lock, LockKind::kMutex, TASK_INTERRUPTIBLE, "f"), -4);
  EXPECT_EQ(lock.owner, 1u);
  EXPECT_EQ(locks_.held_count(), 1u);
  EXPECT_EQ(OnlyVerdict(), "");
}

TEST_F(LocksTest, EndOfMaskingIsToldWhenTheLastOneEnds) {
  FakeWaiter waiter;
  locks_.SetWaiter(&waiter);
  drydock_lock spin = Lock("s", LockKind::kSpinIrq);
  locks_.LocalIrq(true);
  Take(&spin, LockKind::kSpinIrq);
  Give(&spin, LockKind::kSpinIrq);
  EXPECT_EQ(waiter.unmasked, 0);
  locks_.LocalIrq(false);
  EXPECT_EQ(waiter.unmasked, 1);
}

TEST_F(LocksTest, ResetRestoresTimeRandomnessAndOrder) {
  drydock_lock a = Lock("a");
  drydock_lock b = Lock("b");
  list_.Checkpoint();
  const uint64_t hash = list_.Hash();
  uint64_t first = 0;
  locks_.RandomBytes(&first, sizeof first);
  locks_.Jiffies();
  Take(&a);
  Take(&b);
  EXPECT_NE(list_.Hash(), hash);
  list_.Reset();
  EXPECT_EQ(list_.Hash(), hash);
  EXPECT_EQ(list_.FirstDifference(), nullptr);
  uint64_t second = 0;
  locks_.RandomBytes(&second, sizeof second);
  EXPECT_EQ(first, second);
}

}  // namespace
}  // namespace drydock::kernel
