// Locks with owner, order and context; interrupts and soft interrupts off; reading the time; seeded
// randomness: kernel/locking, kernel/time/timekeeping.c, drivers/char/random.c.
//
// A lock that another task holds is waited for: others go on meanwhile (LockWaiter). If nothing can
// make it free, taking it is a dead lock. What is reported:
//
//  self dead lock, a lock that nothing can free            Trap::kDeadlock, C52, O15
//  two classes taken in both orders (LO1, once per pair)   C52, O15
//  two locks of one class held together (LO2, once per class), unless mutex_lock_nested() and its
//  kin tell a subclass                                     C52, O15
//  a read lock taken twice by a task (LO3)                 C52, O15 (a writer in between blocks
//  both) a spinlock of interrupt handlers taken with interrupts on, or the same for soft interrupts
//                                                          C52, O15 (once per class)
//  a release by who does not hold the lock, or wrong kind  class 0, O15
//  a lock used that was never initialised (nor zeroed)     class 0, O15
//  freed while held                                        class 0, O15
//  sleeping while a spinlock or rwlock is held, in an interrupt, with interrupts, soft interrupts
//  or preemption off, in a read-side section of RCU (AT1 to AT4)
//                                                          C64, O10 (once per lock class, context)
//  held on return to user space                            C52, O11
//  interrupts off or a section open on return to user space (AT5)
//                                                          C52, O11
//  a section of RCU or without preemption is ended that did not begin (AT6)
//                                                          class 0, O15
//
// A lock's class is where it was initialised; one that is initialised by its definition, or only
// zeroed, is a class of its own. A kSemaphore is the lock of a semaphore whose count is at zero:
// anybody may release it, it is in no order and may be held on return to user space. Whether
// interrupts are off is a count: each off needs its on. Read and write locks (rwlock_t) are not
// looked at for interrupts.
#ifndef DRYDOCK_SIM_KERNEL_LOCKS_H_
#define DRYDOCK_SIM_KERNEL_LOCKS_H_

#include <cstddef>
#include <cstdint>

#include "mocks/kernel_api.h"
#include "sim/hw/tracked.h"
#include "sim/kernel/clock.h"
#include "sim/kernel/driver_call.h"
#include "sim/kernel/lock_graph.h"
#include "sim/kernel/verdict.h"

namespace drydock::kernel {

// The task on whose behalf the kernel runs.
class RunningTask {
 public:
  virtual ~RunningTask() = default;
  virtual uint32_t TaskId() const = 0;  // from 1
  virtual int Pid() const = 0;
  virtual bool Capable(int capability) const = 0;
};

// What runs at this moment: preempt_count()'s interrupt bits.
inline constexpr unsigned kSoftirqContext = 0x100, kHardirqContext = 0x10000;

// How a task waits for a lock that another one holds, and what a release or an end of masking
// leads to.
class LockWaiter {
 public:
  enum class Result { kTryAgain, kSignal, kNever };
  virtual ~LockWaiter() = default;
  // `state`: TASK_UNINTERRUPTIBLE or one that a signal ends. A spinning task waits too: its
  // processor is one of many.
  virtual Result WaitForLock(const drydock_lock* lock, bool spin, unsigned state,
                             const char* function) = 0;
  virtual void LockFreed(const drydock_lock* lock) = 0;
  // Interrupts may come again.
  virtual void Unmasked() = 0;
  // Time has passed.
  virtual void TimePassed() = 0;
};

class Locks final : public mocks::SyncApi {
 public:
  static constexpr size_t kMaxHeld = 64;
  static constexpr size_t kMaxTasks = 64;

  Locks(hw::ResetList& list, Verdicts& verdicts, const RunningTask& task, Clock& clock,
        uint64_t seed);
  // Without one, a lock that is not free is a dead lock.
  void SetWaiter(LockWaiter* waiter) { waiter_ = waiter; }

  void LockInit(drydock_lock* lock, mocks::LockKind kind, const char* name) override;
  void LockAcquire(drydock_lock* lock, mocks::LockKind kind, const char* function) override;
  int LockAcquireOrSignal(drydock_lock* lock, mocks::LockKind kind, unsigned int state,
                          const char* function) override;
  bool LockTry(drydock_lock* lock, mocks::LockKind kind, const char* function) override;
  void LockRelease(drydock_lock* lock, mocks::LockKind kind, const char* function) override;
  bool LockIsHeld(const drydock_lock* lock) override;
  void MightSleep(const char* function) override;
  // Reading the time lets it pass a little, so that a loop which polls for a time-out ends.
  unsigned long Jiffies() override;
  uint64_t KtimeNs() override;
  void RandomBytes(void* to, size_t size_bytes) override;
  int CurrentPid() override { return task_.Pid(); }
  bool Capable(int capability) override { return task_.Capable(capability); }
  void LocalIrq(bool off) override;
  bool IrqsOff() override { return irqs_off(); }
  void LocalBh(bool off) override;
  void Preempt(bool off) override;
  void RcuRead(bool begin) override;
  void LockNested(unsigned int subclass) override { next_subclass_ = subclass; }
  void LockSetClass(drydock_lock* lock, const void* key, const char* name) override;

  // Of the running task. In an interrupt both are.
  bool irqs_off() const { return counts_->irqs_off[task_.TaskId() % kMaxTasks] != 0; }
  bool bh_off() const { return counts_->bh_off[task_.TaskId() % kMaxTasks] != 0; }
  bool preempt_off() const { return counts_->preempt_off[task_.TaskId() % kMaxTasks] != 0; }
  bool in_rcu() const { return counts_->rcu[task_.TaskId() % kMaxTasks] != 0; }
  // What runs: 0 a task, kSoftirqContext or kHardirqContext. Who enters one puts back what was.
  unsigned context() const { return context_; }
  void SetContext(unsigned context) { context_ = context; }
  // A spinlock or rwlock that the running task holds, or nullptr: what forbids to sleep.
  const char* AtomicLock() const;

  // At the end of a system call or fault: reports what the current task still holds, once, and goes
  // on as if the task had forgotten it (the locks stay taken). `boundary`: "mmap", "ioctl", ...
  void CheckNoneHeld(const char* boundary) {
    if ((counts_->held | counts_->masked) != 0) [[unlikely]]
      ReportHeld(boundary, "returns to user space");
  }
  // The same at the end of a task of the kernel.
  void CheckNoneHeldAtEnd(const char* task) {
    if ((counts_->held | counts_->masked) != 0) ReportHeld(task, "ends");
  }
  // Before memory is freed: reports a held lock inside it.
  void CheckFreed(const void* address, size_t size_bytes);
  // The current task's driver run was abandoned: nothing more is said about its locks.
  void ForgetHeld();
  size_t held_count() const { return counts_->held; }

 private:
  struct Held {
    uint64_t lock;  // address
    uint32_t task;
    uint32_t class_id;
    uint16_t shared;   // 1: for reading
    uint16_t atomic;   // 1: no sleeping while it is held
    uint32_t context;  // interrupt context in which it was taken
  };
  struct Counts {
    uint32_t held;
    uint32_t masked;  // the sum of those below
    uint8_t irqs_off[kMaxTasks];
    uint8_t bh_off[kMaxTasks];
    uint8_t preempt_off[kMaxTasks];
    uint8_t rcu[kMaxTasks];
  };
  struct Generator {
    uint64_t s[4];
  };

  static bool Prepared(const drydock_lock* lock) {
    return lock->magic == DRYDOCK_LOCK_MAGIC && lock->class_id != 0;
  }
  bool Prepare(drydock_lock* lock, const char* function);
  const Held* HeldAtomic() const;
  bool HeldByMe(const drydock_lock* lock, bool shared) const;
  uint32_t ClassOf(const drydock_lock* lock, unsigned int subclass);
  void Take(drydock_lock* lock, mocks::LockKind kind, uint32_t me, uint32_t class_id);
  LockWaiter::Result Wait(drydock_lock* lock, mocks::LockKind kind, unsigned state, bool mine,
                          const char* function);
  bool Count(uint8_t* count, bool off);
  void ForgetMasks();
  void Mask(mocks::LockKind kind, bool off);
  void Usage(const drydock_lock* lock, mocks::LockKind kind, uint32_t class_id,
             const char* function);
  void Order(const drydock_lock* lock, uint32_t class_id, const char* function);
  void Remove(size_t index);
  void ReportHeld(const char* boundary, const char* what);
  void ReportMasked(const char* boundary, const char* what);

  Verdicts& verdicts_;
  const RunningTask& task_;
  Clock& clock_;
  LockWaiter* waiter_ = nullptr;
  uint32_t waiting_ = 0;  // tasks in WaitForLock()
  unsigned context_ = 0;
  unsigned next_subclass_ = 0;
  LockGraph graph_;
  hw::TrackedArray<Held> held_;
  hw::Tracked<Counts> counts_;
  hw::Tracked<Generator> random_;
  hw::Tracked<uint32_t> complained_;  // interrupt contexts in which something slept
};

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_LOCKS_H_
