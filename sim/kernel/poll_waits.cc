// What poll(2) waits for: fs/select.c:__pollwait(), pollwake(), poll_schedule_timeout().
#include "sim/kernel/tasks.h"

extern "C" void drydock_poll_wait(file* file, wait_queue_head* queue, poll_table_struct* table)
    __attribute__((weak));

namespace drydock::kernel {
namespace {

// For drivers of tests that come without the shims.
void PollWaitHere(file* file, wait_queue_head* queue, poll_table_struct* table) {
  mocks::KernelApi::Current().tasks().PollWait(file, queue, table);
}

}  // namespace

void Tasks::BeginPoll(poll_table_struct* table, unsigned events) {
  table->_qproc = &drydock_poll_wait != nullptr ? &drydock_poll_wait : &PollWaitHere;
  table->_key = events;
  records_.Mut(CurrentTask()->drydock_id).polled = 0;
}

void Tasks::PollWait(file*, wait_queue_head* queue, poll_table_struct* table) {
  for (size_t i = 0; i < kMaxPolls; ++i) {
    if (polls_[i].queue != 0) continue;
    PollEntry& entry = polls_.Mut(i);
    entry = {};
    task_struct* task = CurrentTask();
    entry.c.func = &PollWake;
    entry.c.private_ = task;
    entry.queue = reinterpret_cast<uint64_t>(queue);
    entry.events = table->_key;
    entry.task = task->drydock_id;
    AddWait(queue, &entry.c, false);
    if (Trapped()) entry = {};
    return;
  }
  polls_full_.Exceeded(kMaxPolls);
}

// Its address alone is used: it tells such an entry from a driver's own.
int Tasks::PollWake(wait_queue_entry*, unsigned int, int, void*) { return 0; }

int Tasks::WakePoll(wait_queue_entry* entry, unsigned mode, void* key) {
  PollEntry& poll = polls_.Mut(polls_.IndexOf(reinterpret_cast<const PollEntry*>(entry)));
  const auto events = static_cast<unsigned>(reinterpret_cast<uintptr_t>(key));
  if (events != 0 && (events & poll.events) == 0) return 0;
  records_.Mut(poll.task).polled = 1;
  return TryToWake(static_cast<task_struct*>(poll.c.private_), mode);
}

int Tasks::PollSleep(uint64_t deadline_ns) {
  constexpr int kEintr = 4, kEtime = 62;
  task_struct* task = CurrentTask();
  Record& record = records_.Mut(task->drydock_id);
  Woken woken = Woken::kYes;
  if (record.polled == 0) {
    if (!MaySchedule("poll")) return 0;
    task->__state = TASK_INTERRUPTIBLE;
    woken = SleepHere(deadline_ns, /*hang=*/true, "poll");
  }
  record.polled = 0;
  return woken == Woken::kSignal ? -kEintr : woken == Woken::kTimeout ? -kEtime : 0;
}

void Tasks::EndPoll() {
  const uint32_t me = CurrentId();
  for (size_t i = 0; i < kMaxPolls; ++i) {
    if (polls_[i].queue == 0 || polls_[i].task != me) continue;
    auto* queue = reinterpret_cast<wait_queue_head*>(polls_[i].queue);
    PollEntry& entry = polls_.Mut(i);
    if (!Trapped()) RemoveWait(queue, &entry.c);
    entry = {};
  }
}

}  // namespace drydock::kernel
