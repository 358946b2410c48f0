// The roles of the seam for what happens by itself: tasks that sleep, timers, work, interrupts.
// Part of kernel_api.h, which says what all roles keep to.
#ifndef DRYDOCK_MOCKS_TASK_API_H_
#define DRYDOCK_MOCKS_TASK_API_H_

#include <cstdint>

#include "mocks/include/drydock/device_structs.h"
#include "mocks/include/drydock/task_structs.h"

namespace drydock::mocks {

// kernel/sched/core.c, kernel/sched/wait.c, kernel/time/timer.c (sleeping), kernel/signal.c.
// Signals are those that wait for the running task; -ERESTARTSYS (-512) says that one ended a wait.
class TaskApi {
 public:
  virtual ~TaskApi() = default;
  // `current` of the running task; the same pointer for the task's whole life.
  virtual task_struct* CurrentTask() = 0;
  // schedule(): sleeps if the task's state is not TASK_RUNNING, until it is woken or, in a state
  // that allows it, a signal comes; the state is TASK_RUNNING then. Else lets others run.
  virtual void Schedule(const char* function) = 0;
  // The same for at most `timeout` jiffies (LONG_MAX: no limit). Returns the jiffies left.
  virtual long ScheduleTimeout(long timeout, const char* function) = 0;
  // Sleeps for a time in `state`. Returns the nanoseconds left, 0 unless a signal came.
  virtual uint64_t Sleep(uint64_t nanoseconds, unsigned int state, const char* function) = 0;
  // cond_resched(), yield(): others run, the task stays runnable.
  virtual void Yield(const char* function) = 0;
  // udelay(), cpu_relax(): time passes without sleeping, so it is allowed in atomic context.
  virtual void BusyWait(uint64_t nanoseconds) = 0;
  // try_to_wake_up(). 1 if the task slept in one of the states of `mode`.
  virtual int WakeUpProcess(task_struct* task, unsigned int mode) = 0;

  virtual void AddWait(wait_queue_head* queue, wait_queue_entry* entry, bool exclusive) = 0;
  virtual void RemoveWait(wait_queue_head* queue, wait_queue_entry* entry) = 0;
  virtual void PrepareToWait(wait_queue_head* queue, wait_queue_entry* entry,
                             unsigned int state) = 0;
  // As PrepareToWait(), or takes the entry out and returns -ERESTARTSYS if a signal waits.
  virtual long PrepareToWaitEvent(wait_queue_head* queue, wait_queue_entry* entry,
                                  unsigned int state) = 0;
  virtual void FinishWait(wait_queue_head* queue, wait_queue_entry* entry) = 0;
  // __wake_up(): how many were woken. `exclusive` = 0: all of them.
  virtual int WakeUpQueue(wait_queue_head* queue, unsigned int mode, int exclusive, void* key,
                          const char* function) = 0;
  // default_wake_function(), and autoremove_wake_function() with `remove`.
  virtual int DefaultWake(wait_queue_entry* entry, unsigned int mode, int flags, void* key,
                          bool remove) = 0;
  // poll_wait(): what the caller of ->poll gave to the driver.
  virtual void PollWait(file* file, wait_queue_head* queue, poll_table_struct* table) = 0;

  // Waiting for a thing that is known by its address and has no wait queue: a completion, a
  // semaphore. In the order of arrival. 0 when woken, -ERESTARTSYS, or -ETIME after *timeout
  // jiffies (LONG_MAX: none), of which those left are stored.
  virtual long WaitOn(const void* key, unsigned int state, long* timeout, const char* function) = 0;
  // Wakes the first `count` of them (0: all).
  virtual void WakeOn(const void* key, unsigned int count) = 0;

  // preempt_count(): kHardirq, kSoftirq, kAtomic.
  virtual unsigned int Context() = 0;
};

// kernel/time/timer.c, kernel/time/hrtimer.c.
class TimerApi {
 public:
  virtual ~TimerApi() = default;
  // 1 if the timer was pending. BUG() if it has no function.
  virtual int ModTimer(timer_list* timer, unsigned long expires, const char* function) = 0;
  // 1 if the timer was pending. `sync` waits for a callback that runs.
  virtual int DeleteTimer(timer_list* timer, bool sync, const char* function) = 0;
  virtual bool TimerPending(const timer_list* timer) = 0;
  virtual void HrtimerStart(hrtimer* timer, long long at, unsigned int mode) = 0;
  // 1 if it was queued, 0 if not, -1 if its callback runs (and `wait` is false).
  virtual int HrtimerCancel(hrtimer* timer, bool wait) = 0;
  virtual bool HrtimerActive(const hrtimer* timer) = 0;
};

// kernel/workqueue.c.
class WorkApi {
 public:
  // What system_wq and its like are: all one queue.
  static constexpr uintptr_t kSystemQueue = 0x10;

  virtual ~WorkApi() = default;
  virtual workqueue_struct* AllocWorkqueue(const char* name, unsigned int flags,
                                           int max_active) = 0;
  virtual void DestroyWorkqueue(workqueue_struct* queue) = 0;
  // False if the item is pending already.
  virtual bool QueueWork(workqueue_struct* queue, work_struct* work) = 0;
  virtual bool QueueDelayedWork(workqueue_struct* queue, delayed_work* work,
                                unsigned long delay) = 0;
  // True if it was pending (and its time is changed).
  virtual bool ModDelayedWork(workqueue_struct* queue, delayed_work* work, unsigned long delay) = 0;
  virtual bool FlushWork(work_struct* work) = 0;
  virtual bool FlushDelayedWork(delayed_work* work) = 0;
  // True if it was pending. `sync` waits until it does not run, and keeps it from queueing itself.
  virtual bool CancelWork(work_struct* work, bool sync) = 0;
  virtual bool CancelDelayedWork(delayed_work* work, bool sync) = 0;
  virtual void FlushWorkqueue(workqueue_struct* queue) = 0;
  virtual bool WorkPending(const work_struct* work) = 0;
};

// kernel/irq/manage.c, kernel/irq/handle.c.
class IrqApi {
 public:
  using Handler = unsigned int (*)(int irq, void* data);  // irqreturn_t

  virtual ~IrqApi() = default;
  virtual int RequestThreadedIrq(unsigned int irq, Handler handler, Handler thread,
                                 unsigned long flags, const char* name, void* data) = 0;
  // The name that was given; nullptr, with a report, when no such handler is there.
  virtual const void* FreeIrq(unsigned int irq, void* data) = 0;
  virtual void EnableIrq(unsigned int irq) = 0;
  virtual void DisableIrq(unsigned int irq, bool sync) = 0;
  virtual void SynchronizeIrq(unsigned int irq) = 0;
};

}  // namespace drydock::mocks

#endif  // DRYDOCK_MOCKS_TASK_API_H_
