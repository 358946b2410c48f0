// Wait queues: kernel/sched/wait.c. The lists are the driver's own memory; that every entry is one
// that was put there is known besides, so that a list that was never made, or is gone, is seen.
#include <cstddef>

#include "sim/kernel/tasks.h"

extern "C" {
int default_wake_function(wait_queue_entry* entry, unsigned int mode, int flags, void* key)
    __attribute__((weak));
int autoremove_wake_function(wait_queue_entry* entry, unsigned int mode, int flags, void* key)
    __attribute__((weak));
}

namespace drydock::kernel {
namespace {

constexpr long kErestartsys = -512;

wait_queue_entry* EntryOf(list_head* link) {
  return reinterpret_cast<wait_queue_entry*>(reinterpret_cast<char*>(link) -
                                             offsetof(wait_queue_entry, entry));
}

bool InNoList(const list_head& link) { return link.next == &link; }

}  // namespace

void Tasks::NoteWait(wait_queue_head* queue, wait_queue_entry* entry) {
  for (size_t i = 0; i < kMaxWaits; ++i) {
    if (waits_[i].entry != 0) continue;
    waits_.Mut(i) = {reinterpret_cast<uint64_t>(entry), reinterpret_cast<uint64_t>(queue),
                     CurrentId()};
    ++state_.Mut().waits;
    return;
  }
  waits_full_.Exceeded(kMaxWaits);
}

long Tasks::FindWait(const wait_queue_entry* entry) const {
  for (size_t i = 0; i < kMaxWaits; ++i) {
    if (waits_[i].entry == reinterpret_cast<uint64_t>(entry)) return static_cast<long>(i);
  }
  return -1;
}

bool Tasks::UsableQueue(const wait_queue_head* queue, const char* function) {
  list_head* const next = queue->head.next;
  if (next == &queue->head || (next != nullptr && FindWait(EntryOf(next)) >= 0)) return true;
  verdicts_.TrapNow(Trap::kOops, 0, 14, "a wait queue is initialised, and still there",
                    "%s: the wait queue at %p was never initialised or is gone", function,
                    static_cast<const void*>(queue));
  return false;
}

void Tasks::Link(wait_queue_head* queue, wait_queue_entry* entry, bool tail) {
  list_head* const head = &queue->head;
  list_head* const before = tail ? head->prev : head;
  list_head* const after = before->next;
  entry->entry.prev = before;
  entry->entry.next = after;
  before->next = &entry->entry;
  after->prev = &entry->entry;
  NoteWait(queue, entry);
}

void Tasks::Unlink(wait_queue_entry* entry) {
  const long known = FindWait(entry);
  if (known < 0) return;
  waits_.Mut(static_cast<size_t>(known)) = {};
  --state_.Mut().waits;
  list_head& link = entry->entry;
  link.prev->next = link.next;
  link.next->prev = link.prev;
  link.next = link.prev = &link;
}

void Tasks::AddWait(wait_queue_head* queue, wait_queue_entry* entry, bool exclusive) {
  if (!UsableQueue(queue, "add_wait_queue")) return;
  if (FindWait(entry) >= 0) {
    verdicts_.TrapNow(Trap::kBug, 44, 6, "an entry is in one wait queue",
                      "add_wait_queue: list_add double add of the entry at %p",
                      static_cast<void*>(entry));
    return;
  }
  locks_.LockAcquire(&queue->lock.rlock.lock, mocks::LockKind::kSpinIrq, "add_wait_queue");
  if (exclusive) {
    entry->flags |= WQ_FLAG_EXCLUSIVE;
  } else {
    entry->flags &= ~WQ_FLAG_EXCLUSIVE;
  }
  Link(queue, entry, exclusive);
  locks_.LockRelease(&queue->lock.rlock.lock, mocks::LockKind::kSpinIrq, "add_wait_queue");
}

void Tasks::RemoveWait(wait_queue_head* queue, wait_queue_entry* entry) {
  if (FindWait(entry) < 0) {
    verdicts_.Report(44, 6, "an entry that leaves a wait queue is in it",
                     "remove_wait_queue: the entry at %p is in no queue",
                     static_cast<void*>(entry));
    return;
  }
  locks_.LockAcquire(&queue->lock.rlock.lock, mocks::LockKind::kSpinIrq, "remove_wait_queue");
  Unlink(entry);
  locks_.LockRelease(&queue->lock.rlock.lock, mocks::LockKind::kSpinIrq, "remove_wait_queue");
}

void Tasks::PrepareToWait(wait_queue_head* queue, wait_queue_entry* entry, unsigned int state) {
  if (!UsableQueue(queue, "prepare_to_wait")) return;
  locks_.LockAcquire(&queue->lock.rlock.lock, mocks::LockKind::kSpinIrq, "prepare_to_wait");
  if (Trapped()) return;
  if (InNoList(entry->entry)) Link(queue, entry, (entry->flags & WQ_FLAG_EXCLUSIVE) != 0);
  CurrentTask()->__state = state;
  locks_.LockRelease(&queue->lock.rlock.lock, mocks::LockKind::kSpinIrq, "prepare_to_wait");
}

long Tasks::PrepareToWaitEvent(wait_queue_head* queue, wait_queue_entry* entry,
                               unsigned int state) {
  const task_struct* task = CurrentTask();
  const unsigned signals = task->drydock_signals;
  if (((state & TASK_INTERRUPTIBLE) != 0 && signals != 0) ||
      ((state & TASK_WAKEKILL) != 0 && (signals & DRYDOCK_SIGNAL_FATAL) != 0)) {
    if (!InNoList(entry->entry)) Unlink(entry);
    return kErestartsys;
  }
  PrepareToWait(queue, entry, state);
  return 0;
}

void Tasks::FinishWait(wait_queue_head* queue, wait_queue_entry* entry) {
  CurrentTask()->__state = TASK_RUNNING;
  if (InNoList(entry->entry)) return;
  locks_.LockAcquire(&queue->lock.rlock.lock, mocks::LockKind::kSpinIrq, "finish_wait");
  if (Trapped()) return;
  Unlink(entry);
  locks_.LockRelease(&queue->lock.rlock.lock, mocks::LockKind::kSpinIrq, "finish_wait");
}

int Tasks::DefaultWake(wait_queue_entry* entry, unsigned int mode, int, void*, bool remove) {
  const int woken = TryToWake(static_cast<task_struct*>(entry->private_), mode);
  if (remove && woken != 0) Unlink(entry);
  return woken;
}

int Tasks::WakeUpQueue(wait_queue_head* queue, unsigned int mode, int exclusive, void* key,
                       const char* function) {
  const bool lock = function != nullptr;
  if (!UsableQueue(queue, lock ? function : "wake_up_locked")) return 0;
  if (lock) {
    locks_.LockAcquire(&queue->lock.rlock.lock, mocks::LockKind::kSpinIrq, function);
    if (Trapped()) return 0;
  }
  int count = 0;
  for (list_head* link = queue->head.next; link != &queue->head;) {
    wait_queue_entry* const entry = EntryOf(link);
    if (FindWait(entry) < 0) {
      UsableQueue(queue, function);
      return count;
    }
    link = link->next;
    const unsigned flags = entry->flags;
    int woken = 0;
    if (entry->func == &autoremove_wake_function && entry->func != nullptr) {
      woken = DefaultWake(entry, mode, 0, key, true);
    } else if (entry->func == &default_wake_function && entry->func != nullptr) {
      woken = DefaultWake(entry, mode, 0, key, false);
    } else if (entry->func == &PollWake) {
      woken = WakePoll(entry, mode, key);
    } else {
      woken = CallDriver(calls_, entry->func, entry, mode, 0, key);
    }
    if (Trapped()) return count;
    count += woken > 0;
    if (woken < 0) break;
    if (woken != 0 && (flags & WQ_FLAG_EXCLUSIVE) != 0 && --exclusive == 0) break;
  }
  if (lock) locks_.LockRelease(&queue->lock.rlock.lock, mocks::LockKind::kSpinIrq, function);
  return count;
}

// At the end of a system call or of a task: its stack is gone.
void Tasks::CheckWaits(const char* call) {
  for (size_t i = 0; i < kMaxWaits; ++i) {
    if (waits_[i].entry == 0 || waits_[i].task != CurrentId()) continue;
    if (!fibres_.OnAnyStack(reinterpret_cast<const void*>(waits_[i].entry))) continue;
    verdicts_.TrapNow(Trap::kOops, 0, 14, "an entry on the stack leaves its queue in time",
                      "%s: ends, and an entry of its stack is still in the wait queue at %p", call,
                      reinterpret_cast<const void*>(waits_[i].queue));
    return;
  }
}

void Tasks::CheckFreed(const void* address, size_t size_bytes) {
  if (state_->waits == 0) return;
  const auto begin = reinterpret_cast<uint64_t>(address);
  for (size_t i = 0; i < kMaxWaits; ++i) {
    if (waits_[i].entry == 0) continue;
    const bool queue = waits_[i].queue - begin < size_bytes;
    if (!queue && waits_[i].entry - begin >= size_bytes) continue;
    verdicts_.TrapNow(
        Trap::kOops, 0, 14, "nobody waits on a wait queue that is freed",
        "memory is freed that holds %s",
        queue ? "a wait queue on which a task waits" : "an entry that is in a wait queue");
    return;
  }
}

}  // namespace drydock::kernel
