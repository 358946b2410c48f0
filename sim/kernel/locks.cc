#include "sim/kernel/locks.h"

#include <bit>
#include <cstring>

namespace drydock::kernel {
namespace {

using mocks::LockKind;

constexpr uint64_t kJiffiesReadNs = 250'000;
constexpr uint64_t kKtimeReadNs = 1'000;
constexpr uint32_t kInitialJiffies = static_cast<uint32_t>(-300 * 250);

bool IsShared(LockKind kind) { return kind == LockKind::kRwRead || kind == LockKind::kRwsemRead; }

bool IsAtomic(LockKind kind) {
  return kind == LockKind::kSpin || kind == LockKind::kSpinIrq || kind == LockKind::kRwRead ||
         kind == LockKind::kRwWrite;
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
             uint64_t seed)
    : verdicts_(verdicts),
      memory_(memory),
      task_(task),
      graph_(list),
      held_(list, "held locks", kMaxHeld),
      held_count_(list, "held lock count"),
      now_ns_(list, "time"),
      random_(list, "random generator"),
      tasks_(list, "tasks", kMaxTasks) {
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
  for (uint32_t i = *held_count_; i > 0; --i) {
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
  for (uint32_t i = 0; i < *held_count_; ++i) {
    const Held& held = held_[i];
    if (held.task != me || graph_.AddOrder(held.class_id, lock->class_id)) continue;
    verdicts_.Report(52, 15, "locks are taken in one order everywhere",
                     "%s: takes %s while %s is held; elsewhere they are taken the other way round",
                     function, NameOf(lock), graph_.NameOf(held.class_id));
  }
}

void Locks::Take(drydock_lock* lock, LockKind kind) {
  const uint32_t me = task_.TaskId();
  if (IsShared(kind)) {
    ++lock->readers;
  } else {
    lock->owner = me;
    lock->depth = 1;
  }
  memory_.NoteWrite(lock, sizeof *lock);
  if (*held_count_ == kMaxHeld) return;  // deeper than lockdep's own limit of 48: no order any more
  held_.Mut(held_count_.Mut()++) = {reinterpret_cast<uint64_t>(lock), me, lock->class_id,
                                    IsShared(kind), IsAtomic(kind)};
}

void Locks::LockAcquire(drydock_lock* lock, LockKind kind, const char* function) {
  if (!IsAtomic(kind)) MightSleep(function);
  Prepare(lock, function);
  if (kind == LockKind::kSemaphore) {
    if (lock->owner != 0) {
      verdicts_.TrapNow(Trap::kDeadlock, 52, 15, "a semaphore that is taken is given back",
                        "%s: waits for ever for the semaphore %s", function, NameOf(lock));
      return;
    }
    lock->owner = task_.TaskId();
    memory_.NoteWrite(lock, sizeof *lock);
    return;
  }
  const uint32_t me = task_.TaskId();
  const bool mine = lock->owner == me || (lock->readers != 0 && HeldByMe(lock, true));
  const bool taken = lock->owner != 0 || (!IsShared(kind) && lock->readers != 0);
  if (taken) {
    if (mine) {
      verdicts_.TrapNow(Trap::kDeadlock, 52, 15, "a task takes a lock once",
                        "%s: takes %s, which the same task holds already", function, NameOf(lock));
    } else {
      verdicts_.TrapNow(Trap::kDeadlock, 52, 15, "a lock is free or becomes free",
                        "%s: waits for ever for %s, held by task %u", function, NameOf(lock),
                        lock->owner);
    }
    return;
  }
  if (mine && kind == LockKind::kRwsemRead) {
    verdicts_.Report(52, 15, "a task takes a read lock once",
                     "%s: takes %s for reading again; a writer that waits in between blocks both",
                     function, NameOf(lock));
  }
  Order(lock, function);
  Take(lock, kind);
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
  Take(lock, kind);  // never waits, so it adds no order
  return true;
}

void Locks::LockRelease(drydock_lock* lock, LockKind kind, const char* function) {
  if (!Prepare(lock, function)) return;
  if (kind == LockKind::kSemaphore) {
    lock->owner = 0;
    memory_.NoteWrite(lock, sizeof *lock);
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
  for (uint32_t i = *held_count_; i > 0; --i) {
    const Held& held = held_[i - 1];
    if (held.lock == reinterpret_cast<uint64_t>(lock) && held.task == me &&
        (held.shared != 0) == shared) {
      Remove(i - 1);
      return;
    }
  }
}

void Locks::Remove(size_t index) {
  const uint32_t last = --held_count_.Mut();
  for (size_t i = index; i < last; ++i) held_.Mut(i) = held_[i + 1];
  held_.Mut(last) = {};
}

bool Locks::LockIsHeld(const drydock_lock* lock) { return lock->owner != 0 || lock->readers != 0; }

void Locks::MightSleep(const char* function) {
  const uint32_t me = task_.TaskId();
  for (uint32_t i = *held_count_; i > 0; --i) {
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

void Locks::WaitOn(const void*, const char* function) {
  MightSleep(function);
  verdicts_.TrapNow(Trap::kDeadlock, 0, 11, "a wait ends",
                    "%s: waits for an event that nothing can cause any more", function);
}

task_struct* Locks::CurrentTask() {
  const uint32_t id = task_.TaskId();
  task_struct& task = tasks_.Mut(id % kMaxTasks);
  task = {};
  task.mm = task_.AddressSpace();
  task.pid = task.tgid = task_.Pid();
  task.drydock_id = id;
  std::memcpy(task.comm, "program", sizeof "program");
  return &task;
}

void Locks::WakeUp(const void*) {}  // nobody waits: a wait without end was a trap

unsigned long Locks::Jiffies() {
  now_ns_.Mut() += kJiffiesReadNs;
  return kInitialJiffies + *now_ns_ / kTickNs;
}

uint64_t Locks::KtimeNs() { return now_ns_.Mut() += kKtimeReadNs; }

void Locks::Sleep(uint64_t nanoseconds, const char* function) {
  MightSleep(function);
  now_ns_.Mut() += nanoseconds;
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

void Locks::CheckNoneHeld(const char* boundary) {
  if (*held_count_ == 0) return;
  const uint32_t me = task_.TaskId();
  for (uint32_t i = *held_count_; i > 0; --i) {
    if (held_[i - 1].task != me) continue;
    verdicts_.Report(52, 11, "no lock is held on return to user space",
                     "%s: returns to user space and holds %s", boundary,
                     graph_.NameOf(held_[i - 1].class_id));
    Remove(i - 1);
  }
}

void Locks::CheckFreed(const void* address, size_t size_bytes) {
  const auto begin = reinterpret_cast<uint64_t>(address);
  for (uint32_t i = *held_count_; i > 0; --i) {
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
  for (uint32_t i = *held_count_; i > 0; --i) {
    if (held_[i - 1].task == me) Remove(i - 1);
  }
}

}  // namespace drydock::kernel
