#include "sim/kernel/locks.h"

#include <bit>
#include <cstring>
#include <utility>

namespace drydock::kernel {
namespace {

using mocks::LockKind;

constexpr uint64_t kJiffiesReadNs = 250'000;
constexpr uint64_t kKtimeReadNs = 1'000;
constexpr int kEintr = 4;

bool IsShared(LockKind kind) { return kind == LockKind::kRwRead || kind == LockKind::kRwsemRead; }

bool IsAtomic(LockKind kind) {
  return kind == LockKind::kSpin || kind == LockKind::kSpinIrq || kind == LockKind::kSpinBh ||
         kind == LockKind::kRwRead || kind == LockKind::kRwWrite;
}

bool IsSpin(LockKind kind) {
  return kind == LockKind::kSpin || kind == LockKind::kSpinIrq || kind == LockKind::kSpinBh;
}

const char* NameOf(const drydock_lock* lock) {
  return lock->name != nullptr ? lock->name : "a zeroed lock";
}

uint64_t SplitMix(uint64_t* state) {
  uint64_t z = (*state += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

}  // namespace

Locks::Locks(hw::ResetList& list, Verdicts& verdicts, const RunningTask& task, Clock& clock,
             uint64_t seed)
    : verdicts_(verdicts),
      task_(task),
      clock_(clock),
      graph_(list),
      held_(list, "held locks", kMaxHeld),
      counts_(list, "held lock counts"),
      random_(list, "random generator"),
      complained_(list, "sleep in interrupt reports") {
  for (uint64_t& word : random_.Mut().s) word = SplitMix(&seed);
}

void Locks::LockInit(drydock_lock* lock, LockKind, const char* name) {
  *lock = {};
  lock->name = name;
  lock->magic = DRYDOCK_LOCK_MAGIC;
  if (name != nullptr) lock->class_id = graph_.ClassOf(reinterpret_cast<uint64_t>(name), name);
}

// Gives the lock its class. False after a report, for a lock that was never initialised.
bool Locks::Prepare(drydock_lock* lock, const char* function) {
  if (lock->magic != DRYDOCK_LOCK_MAGIC) {
    const bool zeroed = lock->owner == 0 && lock->readers == 0 && lock->depth == 0 &&
                        lock->class_id == 0 && lock->name == nullptr && lock->magic == 0;
    if (!zeroed) {
      verdicts_.Report(0, 15, "a lock is initialised before it is used",
                       "%s: the lock at %p was never initialised", function,
                       static_cast<void*>(lock));
    }
    *lock = {};
    lock->magic = DRYDOCK_LOCK_MAGIC;
    if (!zeroed) return false;
  }
  if (lock->class_id == 0) {
    lock->class_id = graph_.ClassOf(reinterpret_cast<uint64_t>(lock), lock->name);
  }
  return true;
}

void Locks::LockSetClass(drydock_lock* lock, const void* key, const char* name) {
  lock->name = name;
  lock->class_id = graph_.ClassOf(reinterpret_cast<uint64_t>(key), name);
}

// A subclass is a class of its own in all but the name.
uint32_t Locks::ClassOf(const drydock_lock* lock, unsigned int subclass) {
  return subclass == 0 ? lock->class_id : graph_.SubclassOf(lock->class_id, subclass);
}

bool Locks::HeldByMe(const drydock_lock* lock, bool shared) const {
  const uint32_t me = task_.TaskId();
  for (uint32_t i = counts_->held; i > 0; --i) {
    const Held& held = held_[i - 1];
    if (held.lock == reinterpret_cast<uint64_t>(lock) && held.task == me &&
        (held.shared != 0) == shared) {
      return true;
    }
  }
  return false;
}

void Locks::Order(const drydock_lock* lock, uint32_t class_id, const char* function) {
  const uint32_t me = task_.TaskId();
  for (uint32_t i = 0; i < counts_->held; ++i) {
    const Held& held = held_[i];
    // What an interrupt came upon is not taken on its behalf.
    if (held.task != me || held.context != context_) continue;
    if (held.class_id == class_id && held.lock != reinterpret_cast<uint64_t>(lock)) {
      // LO2: two tasks may take two such locks in both orders. An order it is not.
      if (graph_.FirstRecursion(class_id)) {
        verdicts_.Report(52, 15, "locks of one class are nested by mutex_lock_nested() and its kin",
                         "%s: takes %s while another lock of this class is held", function,
                         NameOf(lock));
      }
      return;
    }
    if (graph_.AddOrder(held.class_id, class_id)) continue;  // LO1
    verdicts_.Report(52, 15, "locks are taken in one order everywhere",
                     "%s: takes %s while %s is held; elsewhere they are taken the other way round",
                     function, NameOf(lock), graph_.NameOf(held.class_id));
  }
}

void Locks::Take(drydock_lock* lock, LockKind kind, uint32_t me, uint32_t class_id) {
  const bool shared = IsShared(kind);
  if (shared) {
    ++lock->readers;
  } else {
    lock->owner = me;
    lock->depth = 1;
  }
  Counts& counts = counts_.Mut();
  if (counts.held == kMaxHeld) return;  // deeper than lockdep's own limit of 48: no order any more
  held_.Mut(counts.held++) = {
      reinterpret_cast<uint64_t>(lock), me, class_id, shared, IsAtomic(kind), context_};
}

void Locks::Mask(LockKind kind, bool off) {
  if (kind == LockKind::kSpinIrq) LocalIrq(off);
  if (kind == LockKind::kSpinBh) LocalBh(off);
}

void Locks::LocalIrq(bool off) {
  uint8_t* count = &counts_.Mut().irqs_off[task_.TaskId() % kMaxTasks];
  if (Count(count, off) && *count == 0 && context_ == 0 && waiter_ != nullptr) waiter_->Unmasked();
}

void Locks::LocalBh(bool off) {
  uint8_t* count = &counts_.Mut().bh_off[task_.TaskId() % kMaxTasks];
  if (Count(count, off) && *count == 0 && context_ == 0 && waiter_ != nullptr) waiter_->Unmasked();
}

void Locks::Preempt(bool off) {
  if (Count(&counts_.Mut().preempt_off[task_.TaskId() % kMaxTasks], off)) return;
  verdicts_.Report(0, 15, "each preempt_enable() ends a preempt_disable()",  // AT6
                   "preempt_enable: preemption is on already");
}

void Locks::RcuRead(bool begin) {
  if (Count(&counts_.Mut().rcu[task_.TaskId() % kMaxTasks], begin)) return;
  verdicts_.Report(0, 15, "each rcu_read_unlock() ends a rcu_read_lock()",  // AT6
                   "rcu_read_unlock: no read-side section is open");
}

// False if there is nothing to end.
bool Locks::Count(uint8_t* count, bool off) {
  if (!off && *count == 0) return false;
  *count += off ? 1 : -1;
  counts_.Mut().masked += off ? 1 : -1;
  return true;
}

// Of the running task: none any more.
void Locks::ForgetMasks() {
  Counts& counts = counts_.Mut();
  const uint32_t me = task_.TaskId() % kMaxTasks;
  for (uint8_t* count :
       {&counts.irqs_off[me], &counts.bh_off[me], &counts.preempt_off[me], &counts.rcu[me]}) {
    counts.masked -= *count;
    *count = 0;
  }
}

// kernel/locking/lockdep.c:mark_lock(): a lock that a handler takes must not be held with
// interrupts on, for the handler may come upon its holder.
void Locks::Usage(const drydock_lock* lock, LockKind kind, uint32_t class_id,
                  const char* function) {
  if (!IsSpin(kind)) return;
  const bool hard = context_ >= kHardirqContext;
  const bool soft = !hard && context_ != 0;
  const bool told =
      hard ? graph_.Conflicts(class_id, LockGraph::kInHardirq)
           : (!irqs_off() && graph_.Conflicts(class_id, LockGraph::kIrqsOn)) ||
                 (soft ? graph_.Conflicts(class_id, LockGraph::kInSoftirq)
                       : !irqs_off() && !bh_off() && graph_.Conflicts(class_id, LockGraph::kBhOn));
  if (!told) return;
  verdicts_.Report(52, 15, "a lock of interrupt handlers is taken with interrupts off",
                   "%s: %s is taken %s, and elsewhere the other way: the handler may come upon its "
                   "holder and wait for ever",
                   function, NameOf(lock),
                   hard   ? "in an interrupt"
                   : soft ? "in a soft interrupt (a timer, a tasklet)"
                          : "with interrupts on");
}

// The lock is taken: by this task, or by one that may go on meanwhile.
LockWaiter::Result Locks::Wait(drydock_lock* lock, LockKind kind, unsigned state, bool mine,
                               const char* function) {
  LockWaiter::Result result = LockWaiter::Result::kNever;
  if (!mine && waiter_ != nullptr) {
    ++waiting_;
    result = waiter_->WaitForLock(lock, IsAtomic(kind), state, function);
    --waiting_;
    if (result != LockWaiter::Result::kNever || verdicts_.pending_trap() != Trap::kNone) {
      return result;
    }
  }
  if (kind == LockKind::kSemaphore) {
    verdicts_.TrapNow(Trap::kDeadlock, 52, 15, "a semaphore that is taken is given back",
                      "%s: waits for ever for the semaphore %s", function, NameOf(lock));
  } else if (mine && context_ != 0) {
    verdicts_.TrapNow(Trap::kDeadlock, 52, 15, "a task takes a lock once",
                      "%s: an interrupt takes %s, which the task that it came upon holds", function,
                      NameOf(lock));
  } else if (mine) {
    verdicts_.TrapNow(Trap::kDeadlock, 52, 15, "a task takes a lock once",
                      "%s: takes %s, which the same task holds already", function, NameOf(lock));
  } else {
    verdicts_.TrapNow(Trap::kDeadlock, 52, 15, "a lock is free or becomes free",
                      "%s: waits for ever for %s, held by task %u", function, NameOf(lock),
                      lock->owner);
  }
  return result;
}

void Locks::LockAcquire(drydock_lock* lock, LockKind kind, const char* function) {
  LockAcquireOrSignal(lock, kind, TASK_UNINTERRUPTIBLE, function);
}

int Locks::LockAcquireOrSignal(drydock_lock* lock, LockKind kind, unsigned int state,
                               const char* function) {
  // A task that holds nothing and is not in an interrupt takes a free mutex or rwsem: MightSleep()
  // and Order() have nothing to say.
  if ((counts_->held | counts_->masked | context_ | next_subclass_ | lock->owner | lock->readers) ==
          0 &&
      !IsAtomic(kind) && kind != LockKind::kSemaphore && Prepared(lock)) [[likely]] {
    Take(lock, kind, task_.TaskId(), lock->class_id);
    return 0;
  }
  const unsigned subclass = std::exchange(next_subclass_, 0);
  if (!IsAtomic(kind)) MightSleep(function);
  Prepare(lock, function);
  const uint32_t me = task_.TaskId();
  const uint32_t class_id = ClassOf(lock, subclass);
  if (IsAtomic(kind)) {
    Mask(kind, true);
    Usage(lock, kind, class_id, function);
  }
  bool mine = false;
  for (;;) {
    const bool semaphore = kind == LockKind::kSemaphore;
    mine = !semaphore && (lock->owner == me || (lock->readers != 0 && HeldByMe(lock, true)));
    const bool taken = lock->owner != 0 || (!IsShared(kind) && lock->readers != 0);
    if (!taken) break;
    const LockWaiter::Result result = Wait(lock, kind, state, mine, function);
    if (result == LockWaiter::Result::kSignal) return -kEintr;
    if (result == LockWaiter::Result::kNever || verdicts_.pending_trap() != Trap::kNone) return 0;
  }
  if (kind == LockKind::kSemaphore) {
    lock->owner = me;
    return 0;
  }
  // LO3. An interrupt may: queued_read_lock_slowpath() lets it pass the writer.
  if (mine && IsShared(kind) && context_ == 0) {
    verdicts_.Report(52, 15, "a task takes a read lock once",
                     "%s: takes %s for reading again; a writer that waits in between blocks both",
                     function, NameOf(lock));
  }
  Order(lock, class_id, function);
  Take(lock, kind, me, class_id);
  return 0;
}

bool Locks::LockTry(drydock_lock* lock, LockKind kind, const char* function) {
  Prepare(lock, function);
  if (kind == LockKind::kSemaphore) {
    if (lock->owner != 0) return false;
    lock->owner = task_.TaskId();
    return true;
  }
  if (lock->owner != 0 || (!IsShared(kind) && lock->readers != 0)) return false;
  Take(lock, kind, task_.TaskId(), lock->class_id);  // never waits, so it adds no order
  Mask(kind, true);
  return true;
}

void Locks::LockRelease(drydock_lock* lock, LockKind kind, const char* function) {
  if (!Prepared(lock) && !Prepare(lock, function)) return;
  if (kind == LockKind::kSemaphore) {
    lock->owner = 0;
    if (waiting_ != 0) waiter_->LockFreed(lock);
    return;
  }
  const uint32_t me = task_.TaskId();
  const bool shared = IsShared(kind);
  if (shared ? lock->readers == 0 : lock->owner != me) {
    const char* state = lock->owner == me    ? "this task holds it for writing"
                        : lock->owner != 0   ? "another task holds it"
                        : lock->readers != 0 ? "it is held for reading"
                                             : "nobody holds it";
    verdicts_.Report(0, 15, "a lock is released by its holder, as it was taken",
                     "%s: releases %s, but %s", function, NameOf(lock), state);
    return;
  }
  if (shared) {
    --lock->readers;
  } else {
    lock->owner = 0;
    lock->depth = 0;
  }
  for (uint32_t i = counts_->held; i > 0; --i) {
    const Held& held = held_[i - 1];
    if (held.lock == reinterpret_cast<uint64_t>(lock) && held.task == me &&
        (held.shared != 0) == shared) {
      Remove(i - 1);
      break;
    }
  }
  if (waiting_ != 0) waiter_->LockFreed(lock);
  Mask(kind, false);
}

void Locks::Remove(size_t index) {
  const uint32_t last = --counts_.Mut().held;
  for (size_t i = index; i < last; ++i) held_.Mut(i) = held_[i + 1];
  held_.Mut(last) = {};
}

bool Locks::LockIsHeld(const drydock_lock* lock) { return lock->owner != 0 || lock->readers != 0; }

const Locks::Held* Locks::HeldAtomic() const {
  const uint32_t me = task_.TaskId();
  for (uint32_t i = counts_->held; i > 0; --i) {
    const Held& held = held_[i - 1];
    if (held.task == me && held.atomic != 0) return &held;
  }
  return nullptr;
}

const char* Locks::AtomicLock() const {
  const Held* held = HeldAtomic();
  return held != nullptr ? graph_.NameOf(held->class_id) : nullptr;
}

// kernel/sched/core.c:__might_resched().
void Locks::MightSleep(const char* function) {
  if ((counts_->held | counts_->masked | context_) == 0) return;
  const Held* held = context_ == 0 ? HeldAtomic() : nullptr;
  if (held != nullptr) {  // AT1
    const uint32_t class_id = held->class_id;
    if (graph_.FirstSleepComplaint(class_id)) {
      verdicts_.Report(64, 10, "nothing sleeps while a spinlock is held",
                       "%s: may sleep, and the spinlock %s is held", function,
                       graph_.NameOf(class_id));
    }
    return;
  }
  struct Place {
    bool here;
    const char* expected;
    const char* seen;
  };
  const Place places[] = {
      {context_ >= kHardirqContext, "nothing sleeps in an interrupt", "in an interrupt handler"},
      {context_ != 0, "nothing sleeps in an interrupt", "in a soft interrupt (a timer, a tasklet)"},
      {irqs_off(), "nothing sleeps with interrupts off", "with interrupts off"},  // AT2
      {in_rcu(), "nothing sleeps between rcu_read_lock() and rcu_read_unlock()",  // AT3
       "in a read-side section of RCU"},
      {preempt_off(), "nothing sleeps with preemption off", "with preemption off"},  // AT4
      {bh_off(), "nothing sleeps with soft interrupts off", "with soft interrupts off"},
  };
  for (uint32_t bit = 1; const Place& place : places) {
    if (place.here) {
      if ((*complained_ & bit) != 0) return;
      complained_.Mut() |= bit;
      verdicts_.Report(64, 10, place.expected, "%s: may sleep, %s", function, place.seen);
      return;
    }
    bit <<= 1;
  }
}

unsigned long Locks::Jiffies() {
  clock_.Advance(kJiffiesReadNs);
  if (waiter_ != nullptr && clock_.due()) waiter_->TimePassed();
  return clock_.Jiffies();
}

uint64_t Locks::KtimeNs() {
  clock_.Advance(kKtimeReadNs);
  if (waiter_ != nullptr && clock_.due()) waiter_->TimePassed();
  return clock_.NowNs();
}

// xoshiro256**
void Locks::RandomBytes(void* to, size_t size_bytes) {
  auto* out = static_cast<unsigned char*>(to);
  uint64_t(&s)[4] = random_.Mut().s;
  while (size_bytes > 0) {
    const uint64_t word = std::rotl(s[1] * 5, 7) * 9;
    const uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = std::rotl(s[3], 45);
    const size_t count = size_bytes < sizeof word ? size_bytes : sizeof word;
    std::memcpy(out, &word, count);
    out += count;
    size_bytes -= count;
  }
}

void Locks::ReportHeld(const char* boundary, const char* what) {
  const uint32_t me = task_.TaskId();
  if (counts_->masked != 0) {
    if (AtomicLock() == nullptr) ReportMasked(boundary, what);
    ForgetMasks();
  }
  for (uint32_t i = counts_->held; i > 0; --i) {
    if (held_[i - 1].task != me) continue;
    verdicts_.Report(52, 11, "no lock is held on return to user space", "%s: %s and holds %s",
                     boundary, what, graph_.NameOf(held_[i - 1].class_id));
    Remove(i - 1);
  }
}

// AT5. With a spinlock held it is the lock that is told.
void Locks::ReportMasked(const char* boundary, const char* what) {
  if (irqs_off()) {
    verdicts_.Report(52, 11, "interrupts are on when a task returns to user space",
                     "%s: %s with interrupts off", boundary, what);
  }
  if (bh_off()) {
    verdicts_.Report(52, 11, "soft interrupts are on when a task returns to user space",
                     "%s: %s with soft interrupts off", boundary, what);
  }
  if (preempt_off()) {
    verdicts_.Report(52, 11, "preemption is on when a task returns to user space",
                     "%s: %s with preemption off", boundary, what);
  }
  if (in_rcu()) {
    verdicts_.Report(52, 11, "no read-side section is open on return to user space",
                     "%s: %s in a read-side section of RCU", boundary, what);
  }
}

void Locks::CheckFreed(const void* address, size_t size_bytes) {
  const auto begin = reinterpret_cast<uint64_t>(address);
  for (uint32_t i = counts_->held; i > 0; --i) {
    const uint64_t lock = held_[i - 1].lock;
    if (lock < begin || lock - begin >= size_bytes) continue;
    verdicts_.Report(0, 15, "a lock is released before its memory is freed",
                     "memory is freed that holds %s, which is taken",
                     graph_.NameOf(held_[i - 1].class_id));
    Remove(i - 1);
  }
}

void Locks::ForgetHeld() {
  const uint32_t me = task_.TaskId();
  if (counts_->masked != 0) ForgetMasks();
  for (uint32_t i = counts_->held; i > 0; --i) {
    if (held_[i - 1].task == me) Remove(i - 1);
  }
}

}  // namespace drydock::kernel
