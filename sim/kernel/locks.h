// Locks with owner, order and context; waiting; simulated time; seeded randomness: kernel/locking,
// kernel/sched, kernel/time, drivers/char/random.c.
//
// One task runs at a time, to the end of its system call. So a lock that is not free will never
// become free: taking it is a dead lock, as is any wait that nobody has ended before.
//
//  self dead lock, lock held by a task that does not run    Trap::kDeadlock, C52, O15
//  two classes taken in both orders (once per pair)          C52, O15
//  a read lock of one rwsem taken twice                      C52, O15 (a writer in between blocks
//  both) a release by who does not hold the lock, or wrong kind    class 0, O15 a lock used that
//  was never initialised (nor zeroed)       class 0, O15 freed while held class 0, O15 sleeping
//  while a spinlock or rwlock is held               class 0, O10 (once per lock class) held on
//  return to user space                              C52, O11 a wait that nothing can end
//  Trap::kDeadlock, class 0, O11
//
// Two locks of one class, held together, are not reported: the seam does not tell lock subclasses.
// A kSemaphore is the lock of a semaphore whose count is at zero: anybody may release it, it is in
// no order and may be held on return to user space.
#ifndef DRYDOCK_SIM_KERNEL_LOCKS_H_
#define DRYDOCK_SIM_KERNEL_LOCKS_H_

#include <cstddef>
#include <cstdint>

#include "mocks/kernel_api.h"
#include "sim/hw/tracked.h"
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
  // Its address space; by default the installed kernel's CurrentMm().
  virtual mm_struct* AddressSpace() const { return mocks::KernelApi::Current().mm().CurrentMm(); }
};

class Locks final : public mocks::SyncApi {
 public:
  static constexpr size_t kMaxHeld = 64;
  static constexpr size_t kMaxTasks = 64;
  static constexpr uint64_t kTickNs = 4'000'000;  // HZ is 250

  Locks(hw::ResetList& list, Verdicts& verdicts, DriverMemory& memory, const RunningTask& task,
        uint64_t seed);

  void LockInit(drydock_lock* lock, mocks::LockKind kind, const char* name) override;
  void LockAcquire(drydock_lock* lock, mocks::LockKind kind, const char* function) override;
  bool LockTry(drydock_lock* lock, mocks::LockKind kind, const char* function) override;
  void LockRelease(drydock_lock* lock, mocks::LockKind kind, const char* function) override;
  bool LockIsHeld(const drydock_lock* lock) override;
  void MightSleep(const char* function) override;
  void WaitOn(const void* queue, const char* function) override;
  void WakeUp(const void* queue) override;
  // Reading the time lets it pass a little, so that a loop which polls for a time-out ends.
  unsigned long Jiffies() override;
  uint64_t KtimeNs() override;
  void Sleep(uint64_t nanoseconds, const char* function) override;
  void RandomBytes(void* to, size_t size_bytes) override;
  int CurrentPid() override { return task_.Pid(); }
  bool Capable(int capability) override { return task_.Capable(capability); }
  // Tasks are told apart by their id modulo kMaxTasks.
  task_struct* CurrentTask() override;
  void BusyWait(uint64_t nanoseconds) override { now_ns_.Mut() += nanoseconds; }

  // At the end of a system call or fault: reports what the current task still holds, once, and goes
  // on as if the task had forgotten it (the locks stay taken). `boundary`: "mmap", "ioctl", ...
  void CheckNoneHeld(const char* boundary);
  // Before memory is freed: reports a held lock inside it.
  void CheckFreed(const void* address, size_t size_bytes);
  // The current task's driver run was abandoned: nothing more is said about its locks.
  void ForgetHeld();
  // The current time without letting it pass.
  uint64_t NowNs() const { return *now_ns_; }
  size_t held_count() const { return *held_count_; }

 private:
  struct Held {
    uint64_t lock;  // address
    uint32_t task;
    uint32_t class_id;
    uint32_t shared;  // 1: for reading
    uint32_t atomic;  // 1: no sleeping while it is held
  };
  struct Generator {
    uint64_t s[4];
  };

  bool Prepare(drydock_lock* lock, const char* function);
  bool HeldByMe(const drydock_lock* lock, bool shared) const;
  void Take(drydock_lock* lock, mocks::LockKind kind);
  void Order(const drydock_lock* lock, const char* function);
  void Remove(size_t index);

  Verdicts& verdicts_;
  DriverMemory& memory_;
  const RunningTask& task_;
  LockGraph graph_;
  hw::TrackedArray<Held> held_;
  hw::Tracked<uint32_t> held_count_;
  hw::Tracked<uint64_t> now_ns_;
  hw::Tracked<Generator> random_;
  hw::TrackedArray<task_struct> tasks_;
};

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_LOCKS_H_
