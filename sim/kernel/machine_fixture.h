// What the parts of the kernel that make things happen by themselves need around them in a test:
// time, locks, tasks, a process.
#ifndef DRYDOCK_SIM_KERNEL_MACHINE_FIXTURE_H_
#define DRYDOCK_SIM_KERNEL_MACHINE_FIXTURE_H_

#include "sim/kernel/clock.h"
#include "sim/kernel/failure_injection.h"
#include "sim/kernel/fibre.h"
#include "sim/kernel/locks.h"
#include "sim/kernel/part_fixture.h"
#include "sim/kernel/tasks.h"

namespace drydock::kernel {

class MachineTest : public PartTest,
                    public RunningTask,
                    public ProcessSwitch,
                    public FailureInjection {
 public:
  MachineTest() { locks_.SetWaiter(&tasks_); }
  ~MachineTest() override { tasks_.Unwind(); }

  uint32_t TaskId() const override {
    return tasks_.running() != 0 ? tasks_.running() : process_ + 1;
  }
  int Pid() const override { return 100; }
  bool Capable(int) const override { return true; }
  uint32_t CurrentProcess() const override { return process_; }
  void SetCurrentProcess(uint32_t process) override { process_ = process; }
  mm_struct* AddressSpaceOf(uint32_t) override { return nullptr; }
  int ExchangeFaultDepth(int depth) override { return std::exchange(fault_depth_, depth); }
  bool FailAllocationNow() override {
    const bool fail = fail_next_;
    fail_next_ = false;
    return fail;
  }

  wait_queue_head Queue() {
    wait_queue_head queue{};
    locks_.LockInit(&queue.lock.rlock.lock, mocks::LockKind::kSpin, "&queue");
    return queue;
  }
  static void Init(wait_queue_head* queue) { queue->head.next = queue->head.prev = &queue->head; }
  // As wait_event(): sleeps on `queue` until `condition()`. 0 or -ERESTARTSYS.
  template <class Condition>
  long WaitEvent(wait_queue_head* queue, unsigned state, Condition condition, unsigned flags = 0) {
    wait_queue_entry entry{};
    entry.flags = flags;
    entry.private_ = tasks_.CurrentTask();
    entry.func = &Wake;
    entry.entry.next = entry.entry.prev = &entry.entry;
    long error = 0;
    for (;;) {
      error = tasks_.PrepareToWaitEvent(queue, &entry, state);
      if (condition() || error != 0 || verdicts_.pending_trap() != Trap::kNone) break;
      tasks_.Schedule("wait_event");
    }
    tasks_.FinishWait(queue, &entry);
    return condition() ? 0 : error;
  }
  static Tasks*& TheTasks() {
    static Tasks* tasks = nullptr;
    return tasks;
  }
  static int Wake(wait_queue_entry* entry, unsigned mode, int flags, void* key) {
    return TheTasks()->DefaultWake(entry, mode, flags, key, true);
  }
  void SetUp() override {
    TheTasks() = &tasks_;
    Trace().clear();
  }
  int64_t EndCall(int64_t value = 0) {
    bool killed = false;
    value = tasks_.EndCall("read", value, &killed);
    if (killed) Note("killed");
    return value;
  }

  uint32_t process_ = 0;
  int fault_depth_ = 0;
  bool fail_next_ = false;
  Fibres fibres_;
  Clock clock_{list_, verdicts_};
  Locks locks_{list_, verdicts_, *this, clock_, 1};
  Tasks tasks_{list_, verdicts_, fibres_, calls_, clock_, locks_, *this};
};

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_MACHINE_FIXTURE_H_
