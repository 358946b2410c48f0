// Tasks that sleep, and who goes on meanwhile: kernel/sched/core.c, kernel/sched/wait.c,
// kernel/time/timer.c (schedule_timeout), as rules of this machine.
//
// A system call runs on the host's own stack, which is context 0; workers and interrupt threads of
// the kernel have contexts of their own. When a task sleeps, first interrupts come, then whoever
// can run does, in the order in which they became able to, then work begins, and then time jumps to
// the next event. Everything is in one order, the same in each run.
//
// Rules of the simulation, where a real machine has a user or another processor:
//  * If nothing can wake a system call, or for kPatienceNs and kPatienceEvents events nothing has,
//    the user who waits for it loses patience: a signal comes (SIGINT with a handler, or SIGKILL
//    where only that ends the sleep). The call returns EINTR, or ends its process.
//  * Where a signal does not end the sleep either, the machine hangs: a trap (X04), at once if
//    nothing can wake it, else after kHungNs (the kernel's hung task detector) or kHungEvents.
//  * udelay() and cpu_relax() let others run: another processor would. So does a spinlock that
//    another task holds.
//
// Where real programs wait for their calls (live mode), each call has a context of its own, too,
// and the host's context is a loop of whoever brings the calls (BeginCall, GoOn): time is then what
// he says it is, and nobody loses patience.
#ifndef DRYDOCK_SIM_KERNEL_TASKS_H_
#define DRYDOCK_SIM_KERNEL_TASKS_H_

#include <cstddef>
#include <cstdint>
#include <utility>

#include "mocks/kernel_api.h"
#include "sim/hw/tracked.h"
#include "sim/kernel/capacity_note.h"
#include "sim/kernel/clock.h"
#include "sim/kernel/driver_call.h"
#include "sim/kernel/fibre.h"
#include "sim/kernel/locks.h"
#include "sim/kernel/verdict.h"

namespace drydock::kernel {

// Whose address space is the current one.
class ProcessSwitch {
 public:
  static constexpr uint32_t kNoProcess = ~uint32_t{0};  // a task of the kernel runs
  virtual ~ProcessSwitch() = default;
  virtual uint32_t CurrentProcess() const = 0;
  virtual void SetCurrentProcess(uint32_t process) = 0;
  virtual mm_struct* AddressSpaceOf(uint32_t process) = 0;
  // How deep the running task is in ->fault; sets it for the task that goes on.
  virtual int ExchangeFaultDepth(int depth) = 0;
};

// Brings interrupts that wait to their handlers.
class InterruptSource {
 public:
  virtual ~InterruptSource() = default;
  virtual bool InterruptPending() const = 0;
  virtual void Deliver() = 0;
};

// Makes tasks of what waits to be done.
class WorkSource {
 public:
  virtual ~WorkSource() = default;
  virtual bool WorkWaits() const = 0;
  // Begins one item. False if none may begin now.
  virtual bool StartOne() = 0;
};

class Tasks final : public mocks::TaskApi, public LockWaiter, private EventSink {
 public:
  static constexpr uint32_t kMaxUserTasks = 32;  // task ids 1.. of processes: index + 1
  static constexpr uint32_t kMaxTasks = 64;      // all ids are below
  static constexpr size_t kMaxWaits = 64;        // entries in wait queues
  static constexpr size_t kMaxPolls = 32;        // of which poll() made
  static constexpr uint64_t kPatienceNs = 10'000'000'000;
  static constexpr uint32_t kPatienceEvents = 1000;
  static constexpr uint64_t kHungNs = 120'000'000'000;
  static constexpr uint32_t kHungEvents = 10'000;
  static constexpr uint32_t kStormEvents = 100'000;  // during one wait, or at one moment
  static constexpr uint64_t kSystemCallNs = 1000;    // while anything waits for its time
  static constexpr uint32_t kSettleEvents = 32;
  static constexpr uint64_t kSettleNs = 10'000'000'000;

  // What a task of the kernel does.
  using Run = void (*)(void* self, uint64_t argument);

  Tasks(hw::ResetList& list, Verdicts& verdicts, Fibres& fibres, DriverCall& calls, Clock& clock,
        Locks& locks, ProcessSwitch& processes);
  void SetSources(InterruptSource* interrupts, WorkSource* works) {
    interrupts_ = interrupts;
    works_ = works;
  }

  // --- mocks::TaskApi ---
  task_struct* CurrentTask() override;
  void Schedule(const char* function) override;
  long ScheduleTimeout(long timeout, const char* function) override;
  uint64_t Sleep(uint64_t nanoseconds, unsigned int state, const char* function) override;
  void Yield(const char* function) override;
  void BusyWait(uint64_t nanoseconds) override;
  int WakeUpProcess(task_struct* task, unsigned int mode) override;
  void AddWait(wait_queue_head* queue, wait_queue_entry* entry, bool exclusive) override;
  void RemoveWait(wait_queue_head* queue, wait_queue_entry* entry) override;
  void PrepareToWait(wait_queue_head* queue, wait_queue_entry* entry, unsigned int state) override;
  long PrepareToWaitEvent(wait_queue_head* queue, wait_queue_entry* entry,
                          unsigned int state) override;
  void FinishWait(wait_queue_head* queue, wait_queue_entry* entry) override;
  int WakeUpQueue(wait_queue_head* queue, unsigned int mode, int exclusive, void* key,
                  const char* function) override;
  int DefaultWake(wait_queue_entry* entry, unsigned int mode, int flags, void* key,
                  bool remove) override;
  void PollWait(file* file, wait_queue_head* queue, poll_table_struct* table) override;
  long WaitOn(const void* key, unsigned int state, long* timeout, const char* function) override;
  void WakeOn(const void* key, unsigned int count) override;
  unsigned int Context() override;

  // --- LockWaiter ---
  Result WaitForLock(const drydock_lock* lock, bool spin, unsigned state,
                     const char* function) override;
  void LockFreed(const drydock_lock* lock) override { WakeOn(lock, 0); }
  void Unmasked() override { Serve(); }
  void TimePassed() override { Serve(); }

  // --- for the parts of the kernel ---
  // The id of the kernel's task that runs; 0: a process does.
  uint32_t running() const { return running_; }
  // Begins a task of the kernel; it runs when its turn comes. Its id, or 0 with a trap (limit).
  uint32_t Spawn(Run run, void* self, uint64_t argument, const char* name);
  // Interrupts and events whose time has come, unless they are masked. Where the driver calls the
  // kernel, and where a device was touched.
  void Serve();
  // Anything to do before user space goes on.
  bool busy() const {
    return waits() || (works_ != nullptr && works_->WorkWaits()) ||
           (interrupts_ != nullptr && interrupts_->InterruptPending());
  }
  // Of that: tasks, events and signals, without work and interrupts.
  bool waits() const {
    return !clock_.empty() || ready_ != 0 || alive_ != 0 || state_->waits != 0 ||
           state_->signals != 0;
  }
  // The end of a system call: interrupts come, whoever can run does. `call`: for messages. Returns
  // the value that user space sees: with a signal pending, EINTR for the kernel's own -ERESTART*.
  // *killed: the signal ends the process.
  int64_t EndCall(const char* call, int64_t value, bool* killed);
  // --- calls of real programs ---
  // From now on each call has a context of its own, and the host's context is the caller's loop.
  void SetHostLoop() { host_loop_ = true; }
  bool host_loop() const { return host_loop_; }
  // Begins a system call of `process`, which `run` carries out, and goes on with it until it ends
  // or sleeps. Its id; 0, and nothing was begun: there is no room for one more now.
  uint32_t BeginCall(uint32_t process, Run run, void* self, uint64_t argument);
  // Whether there is something to do before the next event of the clock.
  bool CanGoOn() const {
    return ready_ != 0 || clock_.due() || (works_ != nullptr && works_->WorkWaits()) ||
           (interrupts_ != nullptr && interrupts_->InterruptPending());
  }
  // What has come comes; whoever is ready, and work that waits, has one turn. With a trap pending
  // it returns at once: the trap is a kernel task's, which is gone.
  void GoOn();
  // A signal for the task of a call: ends its sleep if its state lets it.
  void SendSignal(uint32_t id, bool fatal);
  // -ERESTARTSYS or its like if the call that has just ended would be restarted but for a handler
  // without SA_RESTART; once.
  int64_t TakeRestart() { return std::exchange(restart_, 0); }

  // The machine is left alone until nothing is to come, for at most kSettleEvents events and
  // kSettleNs.
  void Settle();
  // Tasks that are in the middle of something are unwound: after a trap, and before a reset.
  void Unwind();
  // After a trap in a call: it is the end of the program, unless others go on (host_loop()).
  void UnwindAfterTrap() {
    if (!host_loop_) Unwind();
  }
  bool any_alive() const { return alive_ != 0; }
  // poll(2): ->poll of each file is called with `table`, and what it waits for is remembered.
  void BeginPoll(poll_table_struct* table, unsigned events);
  // Sleeps until one of them is woken, at most until `deadline_ns` (kNever: no limit). 0, -EINTR or
  // -ETIME.
  int PollSleep(uint64_t deadline_ns);
  // kNever for a negative number.
  uint64_t DeadlineIn(int milliseconds) const {
    return milliseconds < 0 ? Clock::kNever
                            : clock_.NowNs() + static_cast<uint64_t>(milliseconds) * 1'000'000;
  }
  void EndPoll();
  // Before memory is freed: reports a wait queue inside that a task waits on.
  void CheckFreed(const void* address, size_t size_bytes);

 private:
  enum Kind : uint32_t { kFree, kUser, kKernel };
  struct Record {
    uint32_t kind;
    uint32_t context;
    uint32_t asleep;
    uint32_t timer;   // 0 none, 1 set, 2 it came
    uint32_t polled;  // something that is polled was woken
    uint32_t reserved;
    uint64_t turn;  // among those that are ready
    uint64_t key;   // of WaitOn()
    uint64_t arrival;
    uint64_t run;  // of a kernel's task
    uint64_t self;
    uint64_t argument;
    char name[16];
  };
  struct TaskSlot {
    task_struct c;
  };
  struct Wait {
    uint64_t entry;  // 0: free
    uint64_t queue;
    uint64_t task;
  };
  struct PollEntry {
    wait_queue_entry c;
    uint64_t queue;  // 0: free
    uint32_t events;
    uint32_t task;
  };
  struct State {
    uint64_t serial;
    uint32_t waits;    // entries in queues
    uint32_t signals;  // tasks with a signal
  };
  enum class Woken { kYes, kSignal, kTimeout, kNever };

  void OnEvent(uint64_t task) override;
  uint32_t CurrentId() const;
  task_struct& Struct(uint32_t id) { return structs_.Mut(id).c; }
  bool Trapped() const { return verdicts_.pending_trap() != Trap::kNone; }
  bool Masked() const { return locks_.context() != 0 || locks_.irqs_off(); }
  // Sleeps in the state that the task has; `deadline_ns`: kNever for none. `hang`: whether a sleep
  // without end is a trap of its own.
  Woken SleepHere(uint64_t deadline_ns, bool hang, const char* function);
  // On context 0, which is where time passes. False if nothing will ever wake the task.
  bool RunMachineUntilAwake(uint32_t me, uint64_t deadline_ns, bool hang, const char* function);
  void JumpToNextEvent();
  void Wake(uint32_t id);
  int TryToWake(task_struct* task, unsigned mode);
  void SwitchTo(uint32_t context);
  uint32_t NextReady(uint32_t except) const;
  // Who goes on when the running context cannot: context 0 is the host's.
  uint32_t NextContext(uint32_t except) const {
    return host_loop_ ? 0 : records_[NextReady(except)].context;
  }
  static uint32_t ContextBody(void* self);
  uint32_t RunTask();
  void EndTask(uint32_t id);
  bool MaySchedule(const char* function);
  bool OthersCanRun() const;
  bool LetOthersRun();
  void Storm(uint32_t events);
  void Signal(uint32_t id, unsigned signals);
  void Link(wait_queue_head* queue, wait_queue_entry* entry, bool tail);
  void Unlink(wait_queue_entry* entry);
  bool UsableQueue(const wait_queue_head* queue, const char* function);
  void NoteWait(wait_queue_head* queue, wait_queue_entry* entry);
  long FindWait(const wait_queue_entry* entry) const;  // index, or -1
  void CheckWaits(const char* call);
  static int PollWake(wait_queue_entry* entry, unsigned int mode, int flags, void* key);
  int WakePoll(wait_queue_entry* entry, unsigned mode, void* key);

  Verdicts& verdicts_;
  Fibres& fibres_;
  DriverCall& calls_;
  Clock& clock_;
  Locks& locks_;
  ProcessSwitch& processes_;
  InterruptSource* interrupts_ = nullptr;
  WorkSource* works_ = nullptr;
  CapacityNote tasks_full_, waits_full_, polls_full_;
  hw::TrackedArray<Record> records_;
  hw::TrackedArray<TaskSlot> structs_;
  hw::TrackedArray<Wait> waits_;
  hw::TrackedArray<PollEntry> polls_;
  hw::Tracked<State> state_;
  // None of these outlives a program: every task is unwound.
  uint32_t running_ = 0;
  uint64_t alive_ = 0;  // bit by id: tasks with a context of their own that have begun or will
  uint64_t ready_ = 0;  // bit by id
  uint64_t keyed_ = 0;  // bit by id: in WaitOn()
  bool host_loop_ = false;
  int64_t restart_ = 0;
};

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_TASKS_H_
