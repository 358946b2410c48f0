// Shims of locks, waits, timers, work and interrupts.
#include <cerrno>

#include "mocks/shims/shim_fixture.h"
#include "mocks/shims/shim_test_driver.h"

namespace drydock::mocks {
namespace {

using ::testing::_;
using ::testing::InSequence;
using ::testing::Invoke;
using ::testing::Return;
using ::testing::StrEq;

TEST_F(ShimTest, LocksSayTheirKind) {
  EXPECT_CALL(sync_, LockAcquire(_, LockKind::kMutex, StrEq("mutex_lock")))
      .WillOnce(Invoke([](drydock_lock* lock, LockKind, const char*) {
        EXPECT_EQ(lock->magic, DRYDOCK_LOCK_MAGIC);
        EXPECT_STREQ(lock->name, "drv_mutex");
      }));
  EXPECT_CALL(sync_, LockRelease(_, LockKind::kMutex, _));
  drv_lock_twice_over();
  EXPECT_CALL(sync_, LockAcquire(_, LockKind::kSpinIrq, _));
  EXPECT_CALL(sync_, LockRelease(_, LockKind::kSpinIrq, _));
  drv_spin();
}

TEST_F(ShimTest, MutexWaitMayEndBySignal) {
  EXPECT_CALL(sync_, LockAcquireOrSignal(_, LockKind::kMutex, TASK_INTERRUPTIBLE,
                                         StrEq("mutex_lock_interruptible")))
      .WillOnce(Return(-EINTR));
  EXPECT_EQ(drv_lock_interruptible(), -EINTR);
}

TEST_F(ShimTest, WaitEventQueuesItselfSleepsAndLeavesTheQueue) {
  InSequence in_order;
  task_struct task{};
  EXPECT_CALL(sync_, MightSleep(StrEq("drv_wait_for_nothing")));
  EXPECT_CALL(tasks_, CurrentTask()).WillOnce(Return(&task));
  EXPECT_CALL(tasks_, PrepareToWaitEvent(_, _, TASK_INTERRUPTIBLE))
      .WillOnce(Invoke([&task](wait_queue_head*, wait_queue_entry* entry, unsigned) {
        EXPECT_EQ(entry->private_, &task);
        EXPECT_EQ(entry->flags, 0u);
        return 0;
      }));
  EXPECT_CALL(tasks_, ScheduleTimeout(__LONG_MAX__, _)).WillOnce(Return(__LONG_MAX__));
  EXPECT_CALL(tasks_, PrepareToWaitEvent(_, _, TASK_INTERRUPTIBLE)).WillOnce(Return(-512));
  EXPECT_CALL(tasks_, FinishWait(_, _));
  EXPECT_EQ(drv_wait_for_nothing(), -512);
}

TEST_F(ShimTest, WaitWithTimeoutReturnsWhatIsLeft) {
  task_struct task{};
  int done = 0;
  EXPECT_CALL(sync_, MightSleep(_)).Times(3);
  EXPECT_CALL(tasks_, CurrentTask()).WillRepeatedly(Return(&task));
  EXPECT_CALL(tasks_, PrepareToWaitEvent(_, _, _)).WillRepeatedly(Return(0));
  EXPECT_CALL(tasks_, FinishWait(_, _)).Times(2);
  EXPECT_CALL(tasks_, ScheduleTimeout(20, _)).WillOnce(Return(0)).WillOnce(Invoke([&](auto...) {
    done = 1;
    return 0;
  }));
  EXPECT_EQ(drv_wait_timeout(&done, 20), 0);
  EXPECT_EQ(drv_wait_timeout(&done, 20), 1);
  EXPECT_EQ(drv_wait_timeout(&done, 20), 20);
}

TEST_F(ShimTest, TrapInAWaitLeavesTheDriver) {
  EXPECT_CALL(sync_, MightSleep(_)).WillOnce(Invoke([this](auto...) { Trap(); }));
  EXPECT_THROW(drv_wait_for_nothing(), Left);
}

TEST_F(ShimTest, WakeUpHasModeCountAndKey) {
  EXPECT_CALL(tasks_, WakeUpQueue(_, TASK_INTERRUPTIBLE, 1, reinterpret_cast<void*>(0x41),
                                  StrEq("wake_up")));
  drv_wake(0x41);
}

TEST_F(ShimTest, CompletionIsTakenOnceForEachComplete) {
  EXPECT_CALL(tasks_, WakeOn(_, 1u)).Times(2);
  drv_complete();
  drv_complete();
  EXPECT_CALL(sync_, MightSleep(_)).Times(3);
  EXPECT_EQ(drv_wait_completion(), 0);
  EXPECT_EQ(drv_wait_completion(), 0);
  EXPECT_CALL(tasks_, WaitOn(_, TASK_INTERRUPTIBLE, _, _)).WillOnce(Return(-512));
  EXPECT_EQ(drv_wait_completion(), -512);
}

TEST_F(ShimTest, PageLockIsWaitedForAndItsEndWakesOne) {
  page first{}, tail{};
  tail.compound_head = &first;
  EXPECT_CALL(sync_, MightSleep(StrEq("lock_page")));
  EXPECT_CALL(alloc_, TrylockPage(&tail)).WillOnce(Return(false)).WillOnce(Return(true));
  EXPECT_CALL(tasks_, WaitOn(static_cast<const void*>(&first), TASK_UNINTERRUPTIBLE, _, _))
      .WillOnce(Return(0));
  drv_lock_page(&tail);
  EXPECT_CALL(alloc_, UnlockPage(&tail));
  EXPECT_CALL(tasks_, WakeOn(static_cast<const void*>(&first), 1u));
  drv_unlock_page(&tail);
}

TEST_F(ShimTest, KillEndsTheWaitForAPage) {
  page page{};
  EXPECT_CALL(sync_, MightSleep(StrEq("lock_page_killable")));
  EXPECT_CALL(alloc_, TrylockPage(&page)).WillOnce(Return(false));
  EXPECT_CALL(tasks_, WaitOn(_, TASK_KILLABLE, _, _)).WillOnce(Return(-512));
  EXPECT_EQ(drv_lock_page_killable(&page), -EINTR);
}

TEST_F(ShimTest, SleepsAndDelaysAreInNanoseconds) {
  EXPECT_CALL(tasks_, Sleep(3'000'000u, TASK_UNINTERRUPTIBLE, StrEq("msleep")));
  drv_msleep();
  EXPECT_CALL(tasks_, BusyWait(5000u));
  EXPECT_CALL(tasks_, BusyWait(50u));
  drv_delay();
}

TEST_F(ShimTest, ContextIsTheKernels) {
  EXPECT_CALL(tasks_, Context()).WillOnce(Return(0x10000u)).WillOnce(Return(0x100u));
  EXPECT_EQ(drv_in_irq(), 1);
  EXPECT_EQ(drv_in_irq(), 0);
}

TEST_F(ShimTest, TimersArrive) {
  EXPECT_CALL(timers_, ModTimer(_, 1234u, _)).WillOnce(Return(1));
  EXPECT_EQ(drv_arm(1234), 1);
  EXPECT_EQ(drv_hrtimer_forward(99), 0u);
  EXPECT_EQ(drv_hrtimer_forward(100), 1u);
  EXPECT_EQ(drv_hrtimer_forward(161), 3u);
}

TEST_F(ShimTest, WorkArrivesWithItsQueueAndDelay) {
  auto* system = reinterpret_cast<workqueue_struct*>(WorkApi::kSystemQueue);
  EXPECT_CALL(works_, QueueWork(system, _)).WillOnce(Return(true));
  EXPECT_CALL(works_, QueueDelayedWork(system, _, 7u)).WillOnce(Return(true));
  EXPECT_EQ(drv_schedule(), 2);
}

TEST_F(ShimTest, InterruptHandlerArrives) {
  EXPECT_CALL(irqs_, RequestThreadedIrq(11u, _, nullptr, 0x80u, StrEq("drv"), &dev_))
      .WillOnce(Return(-EBUSY));
  EXPECT_EQ(drv_request_irq(11, &dev_), -EBUSY);
}

}  // namespace
}  // namespace drydock::mocks
