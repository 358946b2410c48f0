#include "sim/kernel/workqueues.h"

#include "sim/kernel/machine_fixture.h"

namespace drydock::kernel {
namespace {

class WorkqueuesTest : public MachineTest {
 public:
  WorkqueuesTest() { tasks_.SetSources(nullptr, &works_); }
  ~WorkqueuesTest() override {
    tasks_.Unwind();
    tasks_.SetSources(nullptr, nullptr);
  }
  void SetUp() override {
    MachineTest::SetUp();
    self = this;
    for (Item* item : {&a_, &b_}) {
      item->work.work.entry.next = item->work.work.entry.prev = &item->work.work.entry;
      item->work.work.func = &Run;
    }
    a_.name = "a";
    b_.name = "b";
  }
  struct Item {
    delayed_work work{};
    const char* name = nullptr;
    uint64_t sleep_ns = 0;
    int again = 0;
  };
  static inline WorkqueuesTest* self;
  static void Run(work_struct* work) {
    auto* item = reinterpret_cast<Item*>(work);
    Note(item->name);
    if (item->sleep_ns != 0) {
      self->tasks_.Sleep(item->sleep_ns, TASK_UNINTERRUPTIBLE, "msleep");
      Note(std::string(item->name) + ".");
    }
    if (item->again > 0) {
      --item->again;
      self->works_.QueueWork(self->System(), work);
    }
  }
  workqueue_struct* System() {
    return reinterpret_cast<workqueue_struct*>(mocks::WorkApi::kSystemQueue);
  }
  bool Queue(Item& item) { return works_.QueueWork(System(), &item.work.work); }

  Workqueues works_{list_, verdicts_, calls_, clock_, tasks_, *this};
  Item a_, b_;
};

TEST_F(WorkqueuesTest, RunsInOrderBeforeUserSpaceGoesOn) {
  EXPECT_TRUE(Queue(a_));
  EXPECT_TRUE(Queue(b_));
  EXPECT_EQ(Trace(), "");
  EndCall();
  EXPECT_EQ(Trace(), "a b");
  EXPECT_FALSE(tasks_.busy());
}

TEST_F(WorkqueuesTest, PendingItemIsNotQueuedTwice) {
  EXPECT_TRUE(Queue(a_));
  EXPECT_TRUE(works_.WorkPending(&a_.work.work));
  EXPECT_FALSE(Queue(a_));
  EndCall();
  EXPECT_EQ(Trace(), "a");
  EXPECT_FALSE(works_.WorkPending(&a_.work.work));
  EXPECT_TRUE(Queue(a_));
}

TEST_F(WorkqueuesTest, ItemsThatSleepRunSideBySide) {
  a_.sleep_ns = 20'000;
  b_.sleep_ns = 10'000;
  Queue(a_);
  Queue(b_);
  tasks_.Sleep(50'000, TASK_UNINTERRUPTIBLE, "f");
  EXPECT_EQ(Trace(), "a b b. a.");
}

TEST_F(WorkqueuesTest, OrderedQueueRunsOneAtATime) {
  workqueue_struct* queue = works_.AllocWorkqueue("q", 0, 1);
  a_.sleep_ns = 2000;
  works_.QueueWork(queue, &a_.work.work);
  works_.QueueWork(queue, &b_.work.work);
  tasks_.Sleep(5000, TASK_UNINTERRUPTIBLE, "f");
  EXPECT_EQ(Trace(), "a a. b");
  works_.DestroyWorkqueue(queue);
  works_.ReportLeftovers();
  EXPECT_EQ(OnlyVerdict(), "");
}

TEST_F(WorkqueuesTest, ItemThatQueuesItselfWhileItRunsRunsAgain) {
  a_.again = 2;
  Queue(a_);
  EndCall();
  EXPECT_EQ(Trace(), "a a a");
}

TEST_F(WorkqueuesTest, DelayedItemRunsAfterItsDelay) {
  EXPECT_TRUE(works_.QueueDelayedWork(System(), &a_.work, 5));
  EXPECT_FALSE(works_.QueueDelayedWork(System(), &a_.work, 1));
  EXPECT_TRUE(works_.WorkPending(&a_.work.work));
  EndCall();
  EXPECT_EQ(Trace(), "");
  tasks_.Sleep(4 * Clock::kTickNs, TASK_UNINTERRUPTIBLE, "f");
  EXPECT_EQ(Trace(), "");
  tasks_.Sleep(4 * Clock::kTickNs, TASK_UNINTERRUPTIBLE, "f");
  EXPECT_EQ(Trace(), "a");
}

TEST_F(WorkqueuesTest, DelayOfZeroIsAtOnce) {
  EXPECT_TRUE(works_.QueueDelayedWork(System(), &a_.work, 0));
  EndCall();
  EXPECT_EQ(Trace(), "a");
}

TEST_F(WorkqueuesTest, ModifiedDelayIsTheNewOne) {
  EXPECT_FALSE(works_.ModDelayedWork(System(), &a_.work, 50));
  EXPECT_TRUE(works_.ModDelayedWork(System(), &a_.work, 1));
  tasks_.Sleep(2 * Clock::kTickNs, TASK_UNINTERRUPTIBLE, "f");
  EXPECT_EQ(Trace(), "a");
}

TEST_F(WorkqueuesTest, FlushWaitsForWhatIsQueuedAndRuns) {
  a_.sleep_ns = 3000;
  Queue(a_);
  EXPECT_TRUE(works_.FlushWork(&a_.work.work));
  EXPECT_EQ(Trace(), "a a.");
  EXPECT_FALSE(works_.FlushWork(&a_.work.work));
}

TEST_F(WorkqueuesTest, FlushOfADelayedItemRunsItNow) {
  works_.QueueDelayedWork(System(), &a_.work, 50);
  EXPECT_TRUE(works_.FlushDelayedWork(&a_.work));
  EXPECT_EQ(Trace(), "a");
  EXPECT_LT(clock_.NowNs(), Clock::kTickNs);
}

TEST_F(WorkqueuesTest, CancelTakesAPendingItemOut) {
  Queue(a_);
  EXPECT_TRUE(works_.CancelWork(&a_.work.work, true));
  EXPECT_FALSE(works_.CancelWork(&a_.work.work, true));
  works_.QueueDelayedWork(System(), &b_.work, 1);
  EXPECT_TRUE(works_.CancelDelayedWork(&b_.work, false));
  tasks_.Sleep(10 * Clock::kTickNs, TASK_UNINTERRUPTIBLE, "f");
  EXPECT_EQ(Trace(), "");
  EXPECT_FALSE(tasks_.busy());
}

TEST_F(WorkqueuesTest, CancelOfOneThatHasATaskAndHasNotBegunWorksToo) {
  Queue(a_);
  EXPECT_TRUE(works_.StartOne());
  EXPECT_TRUE(works_.CancelWork(&a_.work.work, true));
  Queue(b_);
  EndCall();
  EXPECT_EQ(Trace(), "b");
}

TEST_F(WorkqueuesTest, CancelSyncWaitsAndKeepsItFromQueueingItself) {
  a_.sleep_ns = 3000;
  a_.again = 5;
  Queue(a_);
  EndCall();
  EXPECT_EQ(Trace(), "a");
  EXPECT_FALSE(works_.CancelWork(&a_.work.work, true));
  EXPECT_EQ(Trace(), "a a.");
  EndCall();
  EXPECT_EQ(Trace(), "a a.");
}

TEST_F(WorkqueuesTest, CancelWithALockThatTheItemWantsDeadlocks) {
  static drydock_lock mutex{};
  locks_.LockInit(&mutex, mocks::LockKind::kMutex, "&mutex");
  a_.work.work.func = [](work_struct*) {
    self->locks_.LockAcquire(&mutex, mocks::LockKind::kMutex, "mutex_lock");
    self->locks_.LockRelease(&mutex, mocks::LockKind::kMutex, "mutex_unlock");
  };
  locks_.LockAcquire(&mutex, mocks::LockKind::kMutex, "mutex_lock");
  Queue(a_);
  EndCall();
  works_.CancelWork(&a_.work.work, true);
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kDeadlock);
}

TEST_F(WorkqueuesTest, ItemThatWaitsForItselfDeadlocks) {
  a_.work.work.func = [](work_struct* work) { self->works_.FlushWork(work); };
  Queue(a_);
  EndCall();
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kDeadlock);
  EXPECT_EQ(OnlyVerdict(), "C52 O15");
}

TEST_F(WorkqueuesTest, WaitThatOnlyWorkWithoutEndKeepsFromEndingIsAStorm) {
  a_.work.work.func = [](work_struct* work) { self->works_.QueueWork(self->System(), work); };
  Queue(a_);
  long forever = __LONG_MAX__;
  tasks_.WaitOn(this, TASK_UNINTERRUPTIBLE, &forever, "f");
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kBudget);
}

TEST_F(WorkqueuesTest, ItemThatWasNeverInitialisedIsSeen) {
  work_struct zeroed{};
  works_.QueueWork(System(), &zeroed);
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kOops);
  verdicts_.Clear();
  a_.work.work.entry.next = nullptr;
  Queue(a_);
  EXPECT_EQ(OnlyVerdict(), "C0 O10");
}

TEST_F(WorkqueuesTest, ItemMayFreeItself) {
  a_.work.work.func = [](work_struct* work) { self->works_.CheckFreed(work, sizeof *work); };
  Queue(a_);
  EndCall();
  EXPECT_EQ(OnlyVerdict(), "");
}

TEST_F(WorkqueuesTest, FreeingAPendingItemIsSeen) {
  works_.QueueDelayedWork(System(), &a_.work, 1);
  works_.CheckFreed(&b_, sizeof b_);
  EXPECT_EQ(OnlyVerdict(), "");
  works_.CheckFreed(&a_, sizeof a_);
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kOops);
}

TEST_F(WorkqueuesTest, DestroyedQueueTakesNoWork) {
  workqueue_struct* queue = works_.AllocWorkqueue("q", 0, 0);
  works_.DestroyWorkqueue(queue);
  EXPECT_FALSE(works_.QueueWork(queue, &a_.work.work));
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kOops);
}

TEST_F(WorkqueuesTest, NullIsNoQueue) {
  works_.QueueWork(nullptr, &a_.work.work);
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kOops);
}

TEST_F(WorkqueuesTest, DestroyDrainsAndComplainsOfOneThatFillsItself) {
  workqueue_struct* queue = works_.AllocWorkqueue("q", 0, 0);
  static workqueue_struct* own;
  own = queue;
  a_.work.work.func = [](work_struct* work) { self->works_.QueueWork(own, work); };
  b_.sleep_ns = 1000;
  works_.QueueWork(queue, &b_.work.work);
  works_.QueueWork(queue, &a_.work.work);
  works_.DestroyWorkqueue(queue);
  EXPECT_EQ(Trace(), "b b.");
  EXPECT_EQ(OnlyVerdict(), "C0 O10");
}

TEST_F(WorkqueuesTest, FailedAllocationIsNull) {
  fail_next_ = true;
  EXPECT_EQ(works_.AllocWorkqueue("q", 0, 0), nullptr);
}

TEST_F(WorkqueuesTest, LeftoversAreLeaks) {
  works_.AllocWorkqueue("left", 0, 0);
  works_.QueueDelayedWork(System(), &a_.work, 1);
  works_.ReportLeftovers();
  ASSERT_EQ(verdicts_.count(), 2u);
  EXPECT_EQ(verdicts_[0].class_number, 45);
  EXPECT_EQ(Seen(), "the work queue left is not destroyed");
}

TEST_F(WorkqueuesTest, ResetPutsBackWhatWasPending) {
  works_.QueueDelayedWork(System(), &a_.work, 1);
  list_.Checkpoint();
  const uint64_t hash = list_.Hash();
  b_.sleep_ns = 1'000'000'000;
  Queue(b_);
  tasks_.Sleep(10 * Clock::kTickNs, TASK_UNINTERRUPTIBLE, "f");
  EXPECT_EQ(Trace(), "b a");
  tasks_.Unwind();
  list_.Reset();
  EXPECT_EQ(list_.Hash(), hash);
  EXPECT_EQ(list_.FirstDifference(), nullptr);
  EXPECT_TRUE(works_.WorkPending(&a_.work.work));
}

}  // namespace
}  // namespace drydock::kernel
