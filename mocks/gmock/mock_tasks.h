// GoogleMock over the roles of tasks, time, work and interrupts. How to use them:
// mocks/gmock/mock_kernel.h.
#ifndef DRYDOCK_MOCKS_GMOCK_MOCK_TASKS_H_
#define DRYDOCK_MOCKS_GMOCK_MOCK_TASKS_H_

#include "gmock/gmock.h"
#include "mocks/kernel_api.h"

namespace drydock::mocks {

class MockTaskApi : public TaskApi {
 public:
  MockTaskApi();
  explicit MockTaskApi(TaskApi& real);
  ~MockTaskApi() override;

  MOCK_METHOD(task_struct*, CurrentTask, (), (override));
  MOCK_METHOD(void, Schedule, (const char* function), (override));
  MOCK_METHOD(long, ScheduleTimeout, (long timeout, const char* function), (override));
  MOCK_METHOD(uint64_t, Sleep, (uint64_t nanoseconds, unsigned int state, const char* function),
              (override));
  MOCK_METHOD(void, Yield, (const char* function), (override));
  MOCK_METHOD(void, BusyWait, (uint64_t nanoseconds), (override));
  MOCK_METHOD(int, WakeUpProcess, (task_struct * task, unsigned int mode), (override));
  MOCK_METHOD(void, AddWait, (wait_queue_head * queue, wait_queue_entry* entry, bool exclusive),
              (override));
  MOCK_METHOD(void, RemoveWait, (wait_queue_head * queue, wait_queue_entry* entry), (override));
  MOCK_METHOD(void, PrepareToWait,
              (wait_queue_head * queue, wait_queue_entry* entry, unsigned int state), (override));
  MOCK_METHOD(long, PrepareToWaitEvent,
              (wait_queue_head * queue, wait_queue_entry* entry, unsigned int state), (override));
  MOCK_METHOD(void, FinishWait, (wait_queue_head * queue, wait_queue_entry* entry), (override));
  MOCK_METHOD(int, WakeUpQueue,
              (wait_queue_head * queue, unsigned int mode, int exclusive, void* key,
               const char* function),
              (override));
  MOCK_METHOD(int, DefaultWake,
              (wait_queue_entry * entry, unsigned int mode, int flags, void* key, bool remove),
              (override));
  MOCK_METHOD(void, PollWait, (file * file, wait_queue_head* queue, poll_table_struct* table),
              (override));
  MOCK_METHOD(long, WaitOn,
              (const void* key, unsigned int state, long* timeout, const char* function),
              (override));
  MOCK_METHOD(void, WakeOn, (const void* key, unsigned int count), (override));
  MOCK_METHOD(unsigned int, Context, (), (override));
};

class MockTimerApi : public TimerApi {
 public:
  MockTimerApi();
  explicit MockTimerApi(TimerApi& real);
  ~MockTimerApi() override;

  MOCK_METHOD(int, ModTimer, (timer_list * timer, unsigned long expires, const char* function),
              (override));
  MOCK_METHOD(int, DeleteTimer, (timer_list * timer, bool sync, const char* function), (override));
  MOCK_METHOD(bool, TimerPending, (const timer_list* timer), (override));
  MOCK_METHOD(void, HrtimerStart, (hrtimer * timer, long long at, unsigned int mode), (override));
  MOCK_METHOD(int, HrtimerCancel, (hrtimer * timer, bool wait), (override));
  MOCK_METHOD(bool, HrtimerActive, (const hrtimer* timer), (override));
};

class MockWorkApi : public WorkApi {
 public:
  MockWorkApi();
  explicit MockWorkApi(WorkApi& real);
  ~MockWorkApi() override;

  MOCK_METHOD(workqueue_struct*, AllocWorkqueue,
              (const char* name, unsigned int flags, int max_active), (override));
  MOCK_METHOD(void, DestroyWorkqueue, (workqueue_struct * queue), (override));
  MOCK_METHOD(bool, QueueWork, (workqueue_struct * queue, work_struct* work), (override));
  MOCK_METHOD(bool, QueueDelayedWork,
              (workqueue_struct * queue, delayed_work* work, unsigned long delay), (override));
  MOCK_METHOD(bool, ModDelayedWork,
              (workqueue_struct * queue, delayed_work* work, unsigned long delay), (override));
  MOCK_METHOD(bool, FlushWork, (work_struct * work), (override));
  MOCK_METHOD(bool, FlushDelayedWork, (delayed_work * work), (override));
  MOCK_METHOD(bool, CancelWork, (work_struct * work, bool sync), (override));
  MOCK_METHOD(bool, CancelDelayedWork, (delayed_work * work, bool sync), (override));
  MOCK_METHOD(void, FlushWorkqueue, (workqueue_struct * queue), (override));
  MOCK_METHOD(bool, WorkPending, (const work_struct* work), (override));
};

class MockIrqApi : public IrqApi {
 public:
  MockIrqApi();
  explicit MockIrqApi(IrqApi& real);
  ~MockIrqApi() override;

  MOCK_METHOD(int, RequestThreadedIrq,
              (unsigned int irq, Handler handler, Handler thread, unsigned long flags,
               const char* name, void* data),
              (override));
  MOCK_METHOD(const void*, FreeIrq, (unsigned int irq, void* data), (override));
  MOCK_METHOD(void, EnableIrq, (unsigned int irq), (override));
  MOCK_METHOD(void, DisableIrq, (unsigned int irq, bool sync), (override));
  MOCK_METHOD(void, SynchronizeIrq, (unsigned int irq), (override));
};

}  // namespace drydock::mocks

#endif  // DRYDOCK_MOCKS_GMOCK_MOCK_TASKS_H_
