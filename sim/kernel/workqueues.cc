#include "sim/kernel/workqueues.h"

#include <climits>
#include <cstring>

namespace drydock::kernel {
namespace {

constexpr uint32_t kDefaultActive = 256, kMostActive = 512;

}  // namespace

Workqueues::Workqueues(hw::ResetList& list, Verdicts& verdicts, DriverCall& calls, Clock& clock,
                       Tasks& tasks, FailureInjection& failure)
    : verdicts_(verdicts),
      calls_(calls),
      clock_(clock),
      tasks_(tasks),
      failure_(failure),
      items_full_(list, verdicts, "work items pending or running"),
      queues_full_(list, verdicts, "work queues"),
      items_(list, "work items", kMaxItems),
      queues_(list, "work queues", kMaxQueues),
      state_(list, "work state") {
  queues_.Mut(0) = {1, kDefaultActive, 0, 0, "events"};
}

workqueue_struct* Workqueues::AllocWorkqueue(const char* name, unsigned int, int max_active) {
  if (failure_.FailAllocationNow()) return nullptr;
  for (uint32_t i = 1; i < kMaxQueues; ++i) {
    if (queues_[i].used != 0) continue;
    Queue& queue = queues_.Mut(i);
    queue = {};
    queue.used = 1;
    queue.max_active = max_active <= 0 ? kDefaultActive
                       : static_cast<uint32_t>(max_active) > kMostActive
                           ? kMostActive
                           : static_cast<uint32_t>(max_active);
    std::strncpy(queue.name, name, sizeof queue.name - 1);
    return reinterpret_cast<workqueue_struct*>(&queue);
  }
  queues_full_.Exceeded(kMaxQueues);
  return nullptr;
}

long Workqueues::QueueOf(workqueue_struct* queue, const char* function) {
  if (reinterpret_cast<uintptr_t>(queue) == kSystemQueue) return 0;
  if (queues_.Contains(queue)) {
    const size_t index = queues_.IndexOf(reinterpret_cast<const Queue*>(queue));
    if (queues_[index].used != 0) return static_cast<long>(index);
  }
  verdicts_.TrapNow(Trap::kOops, 0, 14, "a work queue is there",
                    "%s: the work queue at %p was never made or is destroyed", function,
                    static_cast<void*>(queue));
  return -1;
}

long Workqueues::Find(const work_struct* work, bool pending) const {
  if (state_->items == 0) return -1;
  for (size_t i = 0; i < kMaxItems; ++i) {
    const Item& item = items_[i];
    if (item.state == kFree || item.work != reinterpret_cast<uint64_t>(work)) continue;
    if ((item.state != kRunning) == pending) return static_cast<long>(i);
  }
  return -1;
}

bool Workqueues::Usable(const work_struct* work, const char* function) {
  if (work->func == nullptr) {
    verdicts_.TrapNow(Trap::kOops, 0, 14, "a work item has a function",
                      "%s: the work item has no function: it was never initialised", function);
    return false;
  }
  if (work->entry.next != &work->entry) {
    verdicts_.Report(0, 10, "a work item is initialised",
                     "%s: WARN_ON(!list_empty(&work->entry)): the item was not initialised there",
                     function);
  }
  return true;
}

bool Workqueues::Add(work_struct* work, uint32_t queue, ItemState state) {
  for (size_t i = 0; i < kMaxItems; ++i) {
    if (items_[i].state != kFree) continue;
    State& all = state_.Mut();
    items_.Mut(i) = {reinterpret_cast<uint64_t>(work), ++all.serial, state, queue, 0, 0};
    ++all.items;
    if (state == kQueued) ++all.queued;
    return true;
  }
  items_full_.Exceeded(kMaxItems);
  return false;
}

void Workqueues::Remove(size_t index) {
  const Item item = items_[index];
  State& all = state_.Mut();
  --all.items;
  if (item.state == kQueued) --all.queued;
  if (item.state == kDelayed) clock_.Cancel(*this, item.work);
  if (item.state == kStarting || item.state == kRunning) --queues_.Mut(item.queue).active;
  items_.Mut(index) = {};
}

bool Workqueues::QueueWork(workqueue_struct* queue, work_struct* work) {
  const long index = QueueOf(queue, "queue_work");
  if (index < 0 || !Usable(work, "queue_work")) return false;
  if (Find(work, /*pending=*/true) >= 0) return false;
  const long running = Find(work, /*pending=*/false);
  if (running >= 0 && items_[static_cast<size_t>(running)].canceled != 0) return false;
  return Add(work, static_cast<uint32_t>(index), kQueued);
}

bool Workqueues::QueueDelayedWork(workqueue_struct* queue, delayed_work* work,
                                  unsigned long delay) {
  if (delay == 0) return QueueWork(queue, &work->work);
  const long index = QueueOf(queue, "queue_delayed_work");
  if (index < 0 || !Usable(&work->work, "queue_delayed_work")) return false;
  if (Find(&work->work, /*pending=*/true) >= 0) return false;
  const long running = Find(&work->work, /*pending=*/false);
  if (running >= 0 && items_[static_cast<size_t>(running)].canceled != 0) return false;
  if (!Add(&work->work, static_cast<uint32_t>(index), kDelayed)) return false;
  clock_.Add(Clock::NsOfJiffies(clock_.Jiffies() + delay), EventKind::kInterrupt, *this,
             reinterpret_cast<uint64_t>(work));
  return true;
}

// A delayed_work begins with its work_struct.
void Workqueues::OnEvent(uint64_t work) {
  const long index = Find(reinterpret_cast<const work_struct*>(work), /*pending=*/true);
  if (index < 0) return;
  Item& item = items_.Mut(static_cast<size_t>(index));
  if (queues_[item.queue].used == 0) {
    verdicts_.TrapNow(Trap::kOops, 0, 14, "a work queue is there",
                      "the timer of a delayed work item ends, and its work queue is destroyed");
    return;
  }
  item.state = kQueued;
  item.serial = ++state_.Mut().serial;
  ++state_.Mut().queued;
}

bool Workqueues::ModDelayedWork(workqueue_struct* queue, delayed_work* work, unsigned long delay) {
  const bool pending = TakePending(&work->work);
  QueueDelayedWork(queue, work, delay);
  return pending;
}

bool Workqueues::TakePending(const work_struct* work) {
  const long index = Find(work, /*pending=*/true);
  if (index < 0) return false;
  Remove(static_cast<size_t>(index));
  return true;
}

bool Workqueues::StartOne() {
  size_t first = kMaxItems;
  for (size_t i = 0; i < kMaxItems; ++i) {
    const Item& item = items_[i];
    if (item.state != kQueued || queues_[item.queue].active >= queues_[item.queue].max_active) {
      continue;
    }
    if (Find(reinterpret_cast<const work_struct*>(item.work), /*pending=*/false) >= 0) continue;
    if (first == kMaxItems || item.serial < items_[first].serial) first = i;
  }
  if (first == kMaxItems) return false;
  const uint32_t task = tasks_.Spawn(&Run, this, first, "kworker");
  if (task == 0) return false;
  Item& item = items_.Mut(first);
  item.state = kStarting;
  item.task = task;
  --state_.Mut().queued;
  ++queues_.Mut(item.queue).active;
  return true;
}

void Workqueues::Run(void* self, uint64_t item) {
  static_cast<Workqueues*>(self)->RunItem(static_cast<size_t>(item));
}

// process_one_work(): from here on the item may be queued again, and its memory may go.
void Workqueues::RunItem(size_t index) {
  if (items_[index].state != kStarting || items_[index].task != tasks_.running()) return;
  items_.Mut(index).state = kRunning;
  auto* work = reinterpret_cast<work_struct*>(items_[index].work);
  // It takes a moment: one that queues itself again and again does not stop the time.
  clock_.Advance(Tasks::kSystemCallNs);
  CallDriver(calls_, work->func, work);
  Remove(index);
  if (Trapped()) return;
  tasks_.WakeOn(work, 0);
  tasks_.WakeOn(this, 0);
}

bool Workqueues::WaitFor(const work_struct* work, long queue, const char* function) {
  const uint64_t last = state_->serial;
  bool waited = false;
  for (;;) {
    bool left = false;
    for (size_t i = 0; i < kMaxItems && state_->items != 0; ++i) {
      const Item& item = items_[i];
      if (item.state == kFree || item.state == kDelayed || item.serial > last) continue;
      if (work != nullptr ? item.work != reinterpret_cast<uint64_t>(work)
                          : item.queue != static_cast<uint32_t>(queue)) {
        continue;
      }
      if (item.state == kRunning && item.task == tasks_.running()) {
        verdicts_.TrapNow(Trap::kDeadlock, 52, 15, "a work item does not wait for itself",
                          "%s: called by the work item for which it waits", function);
        return false;
      }
      left = true;
    }
    if (!left || Trapped()) return waited;
    waited = true;
    long forever = LONG_MAX;
    tasks_.WaitOn(work != nullptr ? static_cast<const void*>(work) : this, TASK_UNINTERRUPTIBLE,
                  &forever, function);
    if (Trapped()) return false;
  }
}

bool Workqueues::FlushWork(work_struct* work) { return WaitFor(work, 0, "flush_work"); }

bool Workqueues::FlushDelayedWork(delayed_work* work) {
  const long index = Find(&work->work, /*pending=*/true);
  if (index >= 0 && items_[static_cast<size_t>(index)].state == kDelayed) {
    clock_.Cancel(*this, reinterpret_cast<uint64_t>(work));
    OnEvent(reinterpret_cast<uint64_t>(work));
  }
  return WaitFor(&work->work, 0, "flush_delayed_work");
}

bool Workqueues::CancelWork(work_struct* work, bool sync) {
  const bool pending = TakePending(work);
  if (!sync || Trapped()) return pending;
  const long running = Find(work, /*pending=*/false);
  if (running >= 0) items_.Mut(static_cast<size_t>(running)).canceled = 1;
  WaitFor(work, 0, "cancel_work_sync");
  return pending;
}

bool Workqueues::CancelDelayedWork(delayed_work* work, bool sync) {
  return CancelWork(&work->work, sync);
}

void Workqueues::FlushWorkqueue(workqueue_struct* queue) {
  const long index = QueueOf(queue, "flush_workqueue");
  if (index >= 0) WaitFor(nullptr, index, "flush_workqueue");
}

void Workqueues::DestroyWorkqueue(workqueue_struct* queue) {
  const long index = QueueOf(queue, "destroy_workqueue");
  if (index <= 0) return;
  constexpr int kDrains = 10;  // the kernel complains of a queue that fills itself again
  for (int i = 0; i < kDrains; ++i) {
    if (!WaitFor(nullptr, index, "destroy_workqueue") || Trapped()) break;
  }
  if (Trapped()) return;
  for (size_t i = 0; i < kMaxItems; ++i) {
    const Item& item = items_[i];
    if (item.state == kFree || item.state == kDelayed ||
        item.queue != static_cast<uint32_t>(index)) {
      continue;
    }
    verdicts_.Report(0, 10, "a work queue that is destroyed is drained",
                     "WARN: destroy_workqueue: %s still has work: an item queues itself again",
                     queues_[static_cast<size_t>(index)].name);
    return;
  }
  queues_.Mut(static_cast<size_t>(index)) = {};
}

bool Workqueues::WorkPending(const work_struct* work) { return Find(work, /*pending=*/true) >= 0; }

void Workqueues::CheckFreed(const void* address, size_t size_bytes) {
  if (state_->items == 0) return;
  const auto begin = reinterpret_cast<uint64_t>(address);
  for (size_t i = 0; i < kMaxItems; ++i) {
    const Item& item = items_[i];
    if (item.state == kFree || item.state == kRunning || item.work - begin >= size_bytes) continue;
    verdicts_.TrapNow(Trap::kOops, 0, 14, "work is canceled before its memory is freed",
                      "memory is freed that holds a pending work item, %llu bytes from its start",
                      static_cast<unsigned long long>(item.work - begin));
    return;
  }
}

void Workqueues::ReportLeftovers() {
  constexpr char kExpected[] = "module exit takes back what init registered";
  for (size_t i = 1; i < kMaxQueues; ++i) {
    if (queues_[i].used == 0) continue;
    verdicts_.Report(45, 6, kExpected, "the work queue %s is not destroyed", queues_[i].name);
  }
  for (size_t i = 0; i < kMaxItems && state_->items != 0; ++i) {
    if (items_[i].state == kFree) continue;
    verdicts_.Report(45, 6, kExpected, "a work item is still pending or running");
  }
}

}  // namespace drydock::kernel
