#include "sim/kernel/locks.h"

#include <bit>
#include <cstring>

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

Locks::Locks(hw::ResetList& list, Verdicts& verdicts, DriverMemory& memory, const RunningTask& task,
             Clock& clock, uint64_t seed)
    : verdicts_(verdicts),
      memory_(memory),
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
  memory_.NoteWrite(lock, sizeof *lock);
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
    memory_.NoteWrite(lock, sizeof *lock);
    if (!zeroed) return false;
  }
  if (lock->class_id == 0) {
    const auto key = lock->name != nullptr ? reinterpret_cast<uint64_t>(lock->name)
                                           : reinterpret_cast<uint64_t>(lock);
    lock->class_id = graph_.ClassOf(key, lock->name);
  }
  return true;
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

void Locks::Order(const drydock_lock* lock, const char* function) {
  const uint32_t me = task_.TaskId();
  for (uint32_t i = 0; i < counts_->held; ++i) {
    const Held& held = held_[i];
    // What an interrupt came upon is not taken on its behalf.
    if (held.task != me || held.context != context_) continue;
    if (graph_.AddOrder(held.class_id, lock->class_id)) continue;
    verdicts_.Report(52, 15, "locks are taken in one order everywhere",
                     "%s: takes %s while %s is held; elsewhere they are taken the other way round",
                     function, NameOf(lock), graph_.NameOf(held.class_id));
  }
}

void Locks::Take(drydock_lock* lock, LockKind kind, uint32_t me) {
  const bool shared = IsShared(kind);
  if (shared) {
    ++lock->readers;
  } else {
    lock->owner = me;
    lock->depth = 1;
  }
  memory_.NoteWrite(lock, sizeof *lock);
  Counts& counts = counts_.Mut();
  if (counts.held == kMaxHeld) return;  // deeper than lockdep's own limit of 48: no order any more
  held_.Mut(counts.held++) = {reinterpret_cast<uint64_t>(lock), me, lock->class_id, shared,
                              IsAtomic(kind), context_};
}

void Locks::Mask(LockKind kind, bool off) {
  if (kind == LockKind::kSpinIrq) LocalIrq(off);
  if (kind == LockKind::kSpinBh) LocalBh(off);
}

void Locks::LocalIrq(bool off) { Count(&counts_.Mut().irqs_off[task_.TaskId() % kMaxTasks], off); }
void Locks::LocalBh(bool off) { Count(&counts_.Mut().bh_off[task_.TaskId() % kMaxTasks], off); }

void Locks::Count(uint8_t* count, bool off) {
  if (off) {
    ++*count;
    ++counts_.Mut().masked;
  } else if (*count != 0) {
    --*count;
    --counts_.Mut().masked;
    if (*count == 0 && context_ == 0 && waiter_ != nullptr) waiter_->Unmasked();
  }
}

// Of the running task: none any more.
void Locks::ForgetMasks() {
  Counts& counts = counts_.Mut();
  const uint32_t me = task_.TaskId() % kMaxTasks;
  counts.masked -= counts.irqs_off[me] + counts.bh_off[me];
  counts.irqs_off[me] = counts.bh_off[me] = 0;
}

// kernel/locking/lockdep.c:mark_lock(): a lock that a handler takes must not be held with
// interrupts on, for the handler may come upon its holder.
void Locks::Usage(const drydock_lock* lock, LockKind kind, const char* function) {
  if (!IsSpin(kind)) return;
  const bool hard = context_ >= kHardirqContext;
  const bool soft = !hard && context_ != 0;
  const bool told = hard ? graph_.Conflicts(lock->class_id, LockGraph::kInHardirq)
                         : (!irqs_off() && graph_.Conflicts(lock->class_id, LockGraph::kIrqsOn)) ||
                               (soft ? graph_.Conflicts(lock->class_id, LockGraph::kInSoftirq)
                                     : !irqs_off() && !bh_off() &&
                                           graph_.Conflicts(lock->class_id, LockGraph::kBhOn));
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
  if ((counts_->held | counts_->masked | context_ | lock->owner | lock->readers) == 0 &&
      !IsAtomic(kind) && kind != LockKind::kSemaphore && Prepared(lock)) [[likely]] {
    Take(lock, kind, task_.TaskId());
    return 0;
  }
  if (!IsAtomic(kind)) MightSleep(function);
  Prepare(lock, function);
  const uint32_t me = task_.TaskId();
  if (IsAtomic(kind)) {
    Mask(kind, true);
    Usage(lock, kind, function);
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
    memory_.NoteWrite(lock, sizeof *lock);
    return 0;
  }
  if (mine && kind == LockKind::kRwsemRead) {
    verdicts_.Report(52, 15, "a task takes a read lock once",
                     "%s: takes %s for reading again; a writer that waits in between blocks both",
                     function, NameOf(lock));
  }
  Order(lock, function);
  Take(lock, kind, me);
  return 0;
}

bool Locks::LockTry(drydock_lock* lock, LockKind kind, const char* function) {
  Prepare(lock, function);
  if (kind == LockKind::kSemaphore) {
    if (lock->owner != 0) return false;
    lock->owner = task_.TaskId();
    memory_.NoteWrite(lock, sizeof *lock);
    return true;
  }
  if (lock->owner != 0 || (!IsShared(kind) && lock->readers != 0)) return false;
  Take(lock, kind, task_.TaskId());  // never waits, so it adds no order
  Mask(kind, true);
  return true;
}

void Locks::LockRelease(drydock_lock* lock, LockKind kind, const char* function) {
  if (!Prepared(lock) && !Prepare(lock, function)) return;
  if (kind == LockKind::kSemaphore) {
    lock->owner = 0;
    memory_.NoteWrite(lock, sizeof *lock);
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
  memory_.NoteWrite(lock, sizeof *lock);
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

const char* Locks::AtomicLock() const {
  const uint32_t me = task_.TaskId();
  for (uint32_t i = counts_->held; i > 0; --i) {
    const Held& held = held_[i - 1];
    if (held.task == me && held.atomic != 0) return graph_.NameOf(held.class_id);
  }
  return nullptr;
}

void Locks::MightSleep(const char* function) {
  const uint32_t bit = context_ >= kHardirqContext             ? 1
                       : context_ != 0                         ? 2
                       : irqs_off() && AtomicLock() == nullptr ? 4
                                                               : 0;
  if (bit != 0) {
    if ((*complained_ & bit) != 0) return;
    complained_.Mut() |= bit;
    verdicts_.Report(0, 10, "nothing sleeps in an interrupt or with interrupts off",
                     "%s: may sleep, %s", function,
                     bit == 1   ? "in an interrupt handler"
                     : bit == 2 ? "in a soft interrupt (a timer, a tasklet)"
                                : "with interrupts off");
    return;
  }
  if (counts_->held == 0) return;
  const uint32_t me = task_.TaskId();
  for (uint32_t i = counts_->held; i > 0; --i) {
    const Held& held = held_[i - 1];
    if (held.task != me || held.atomic == 0) continue;
    if (graph_.FirstSleepComplaint(held.class_id)) {
      verdicts_.Report(0, 10, "nothing sleeps while a spinlock is held",
                       "%s: may sleep, and the spinlock %s is held", function,
                       graph_.NameOf(held.class_id));
    }
    return;
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
  memory_.NoteWrite(to, size_bytes);
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
    if (irqs_off() && AtomicLock() == nullptr) {
      verdicts_.Report(52, 11, "interrupts are on when a task returns to user space",
                       "%s: %s with interrupts off", boundary, what);
    }
    ForgetMasks();
  }
  for (uint32_t i = counts_->held; i > 0; --i) {
    if (held_[i - 1].task != me) continue;
    verdicts_.Report(52, 11, "no lock is held on return to user space", "%s: %s and holds %s",
                     boundary, what, graph_.NameOf(held_[i - 1].class_id));
    Remove(i - 1);
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
