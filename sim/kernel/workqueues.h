// Work that is done later: kernel/workqueue.c.
//
// An item begins when a task sleeps, lets others run or returns to user space; each runs on a task
// of its own, in the order in which they were queued, no item twice at a time, and at most
// max_active of a queue. What is reported:
//
//  an item that was never initialised                      class 0, O10 (the kernel's WARN)
//  an item without a function, a queue that is gone        Trap::kOops, class 0, O14
//  freed while pending                                     Trap::kOops, class 0, O14
//  an item that waits for itself, or flushes its own queue Trap::kDeadlock, C52, O15
//  locks held when an item ends                            C52, O11
#ifndef DRYDOCK_SIM_KERNEL_WORKQUEUES_H_
#define DRYDOCK_SIM_KERNEL_WORKQUEUES_H_

#include <cstddef>
#include <cstdint>

#include "mocks/kernel_api.h"
#include "sim/hw/tracked.h"
#include "sim/kernel/capacity_note.h"
#include "sim/kernel/clock.h"
#include "sim/kernel/driver_call.h"
#include "sim/kernel/failure_injection.h"
#include "sim/kernel/tasks.h"
#include "sim/kernel/verdict.h"

namespace drydock::kernel {

class Workqueues final : public mocks::WorkApi, public WorkSource, private EventSink {
 public:
  static constexpr size_t kMaxItems = 64;  // pending or running
  static constexpr size_t kMaxQueues = 16;

  Workqueues(hw::ResetList& list, Verdicts& verdicts, DriverCall& calls, Clock& clock, Tasks& tasks,
             FailureInjection& failure);

  workqueue_struct* AllocWorkqueue(const char* name, unsigned int flags, int max_active) override;
  void DestroyWorkqueue(workqueue_struct* queue) override;
  bool QueueWork(workqueue_struct* queue, work_struct* work) override;
  bool QueueDelayedWork(workqueue_struct* queue, delayed_work* work, unsigned long delay) override;
  bool ModDelayedWork(workqueue_struct* queue, delayed_work* work, unsigned long delay) override;
  bool FlushWork(work_struct* work) override;
  bool FlushDelayedWork(delayed_work* work) override;
  bool CancelWork(work_struct* work, bool sync) override;
  bool CancelDelayedWork(delayed_work* work, bool sync) override;
  void FlushWorkqueue(workqueue_struct* queue) override;
  bool WorkPending(const work_struct* work) override;

  bool WorkWaits() const override { return state_->queued != 0; }
  bool StartOne() override;

  // Before memory is freed.
  void CheckFreed(const void* address, size_t size_bytes);
  // Queues and items that the driver left when its module goes (C45, O6).
  void ReportLeftovers();

 private:
  enum ItemState : uint32_t { kFree, kDelayed, kQueued, kStarting, kRunning };
  struct Item {
    uint64_t work;
    uint64_t serial;
    uint32_t state;
    uint32_t queue;  // index
    uint32_t task;
    uint32_t canceled;  // it may not queue itself again
  };
  struct Queue {
    uint32_t used;
    uint32_t max_active;
    uint32_t active;
    uint32_t reserved;
    char name[16];
  };
  struct State {
    uint64_t serial;
    uint32_t queued;
    uint32_t items;  // slots in use
  };

  void OnEvent(uint64_t work) override;
  static void Run(void* self, uint64_t item);
  void RunItem(size_t index);
  // Index of the queue, or -1 with a trap.
  long QueueOf(workqueue_struct* queue, const char* function);
  long Find(const work_struct* work, bool pending) const;
  bool Usable(const work_struct* work, const char* function);
  bool Add(work_struct* work, uint32_t queue, ItemState state);
  void Remove(size_t index);
  bool TakePending(const work_struct* work);
  // Waits until no item of `work` (nullptr: of queue `queue`) that came before now is left.
  bool WaitFor(const work_struct* work, long queue, const char* function);
  bool Trapped() const { return verdicts_.pending_trap() != Trap::kNone; }

  Verdicts& verdicts_;
  DriverCall& calls_;
  Clock& clock_;
  Tasks& tasks_;
  FailureInjection& failure_;
  CapacityNote items_full_, queues_full_;
  hw::TrackedArray<Item> items_;
  hw::TrackedArray<Queue> queues_;  // the first is the system's
  hw::Tracked<State> state_;
};

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_WORKQUEUES_H_
