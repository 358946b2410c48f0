// Sleeping and waking: schedule(), timeouts, and waiting for a thing by its address.
#include <bit>
#include <climits>

#include "sim/kernel/tasks.h"

namespace drydock::kernel {
namespace {

constexpr int64_t kErestartsys = -512, kEtime = -62;

uint64_t Bit(uint32_t id) { return uint64_t{1} << id; }

bool EndsBySignal(unsigned state, unsigned signals) {
  return ((state & TASK_INTERRUPTIBLE) != 0 && signals != 0) ||
         ((state & TASK_WAKEKILL) != 0 && (signals & DRYDOCK_SIGNAL_FATAL) != 0);
}

}  // namespace

bool Tasks::MaySchedule(const char* function) {
  if (locks_.context() != 0) {
    verdicts_.TrapNow(Trap::kBug, 64, 10, "nothing sleeps in an interrupt",
                      "BUG: scheduling while atomic: %s in %s", function,
                      locks_.context() >= kHardirqContext
                          ? "an interrupt handler"
                          : "a soft interrupt (a timer, a tasklet)");
    return false;
  }
  locks_.MightSleep(function);
  return !Trapped();
}

Tasks::Woken Tasks::SleepHere(uint64_t deadline_ns, bool hang, const char* function) {
  const uint32_t id = CurrentTask()->drydock_id;
  task_struct& task = Struct(id);
  if (task.__state == TASK_RUNNING) return Woken::kYes;
  if (EndsBySignal(task.__state, task.drydock_signals)) {
    task.__state = TASK_RUNNING;
    return Woken::kSignal;
  }
  Record& record = records_.Mut(id);
  record.asleep = 1;
  record.timer = 0;
  if (deadline_ns != Clock::kNever) {
    record.timer = 1;
    clock_.Add(deadline_ns, EventKind::kInterrupt, *this, id);
  }
  bool ends = true;
  if (fibres_.current() == 0) {
    ends = RunMachineUntilAwake(id, deadline_ns, hang, function);
  } else {
    while (record.asleep != 0 && !Trapped()) SwitchTo(NextContext(id));
  }
  const bool timeout = record.timer == 2;
  if (record.asleep != 0 && record.timer == 1) clock_.Cancel(*this, id);
  record.asleep = 0;
  ready_ &= ~Bit(id);
  const bool signal = EndsBySignal(task.__state, task.drydock_signals);
  task.__state = TASK_RUNNING;
  return !ends ? Woken::kNever : timeout ? Woken::kTimeout : signal ? Woken::kSignal : Woken::kYes;
}

bool Tasks::RunMachineUntilAwake(uint32_t me, uint64_t deadline_ns, bool hang,
                                 const char* function) {
  const uint64_t began_ns = clock_.NowNs();
  uint32_t events = 0;
  uint32_t turns = 0;
  while (!Trapped()) {
    if (interrupts_ != nullptr && interrupts_->InterruptPending()) {
      interrupts_->Deliver();
      continue;
    }
    if (++turns > kStormEvents) Storm(turns);
    if (clock_.due()) {
      clock_.FireDue(/*masked=*/false);
      continue;
    }
    if (const uint32_t next = NextReady(0); next != 0) {
      if (next == me) return true;
      SwitchTo(records_[next].context);
      continue;
    }
    if (works_ != nullptr && works_->WorkWaits() && works_->StartOne()) continue;
    const bool nothing = clock_.empty();
    if (deadline_ns == Clock::kNever) {
      const uint64_t waited_ns = clock_.NowNs() - began_ns;
      const unsigned state = structs_[me].c.__state;
      if (nothing || waited_ns >= kPatienceNs || events >= kPatienceEvents) {
        if ((state & TASK_INTERRUPTIBLE) != 0) {
          Signal(me, DRYDOCK_SIGNAL);
          return true;
        }
        if ((state & TASK_WAKEKILL) != 0) {
          Signal(me, DRYDOCK_SIGNAL | DRYDOCK_SIGNAL_FATAL);
          return true;
        }
      }
      if (nothing || waited_ns >= kHungNs || events >= kHungEvents) {
        if (!hang) return false;
        if (nothing) {
          verdicts_.TrapNow(Trap::kDeadlock, 0, 11, "a wait ends",
                            "%s: waits for an event that nothing can cause any more", function);
        } else {
          verdicts_.TrapNow(Trap::kDeadlock, 0, 11, "a wait ends",
                            "%s: waits, and in %llu s and %u events nothing has ended it", function,
                            static_cast<unsigned long long>(waited_ns / 1'000'000'000), events);
        }
        return false;
      }
    }
    JumpToNextEvent();
    ++events;
  }
  return true;
}

void Tasks::JumpToNextEvent() {
  clock_.AdvanceTo(clock_.next_due_ns());
  clock_.FireDue(/*masked=*/false);
}

void Tasks::Signal(uint32_t id, unsigned signals) {
  if (Struct(id).drydock_signals == 0) ++state_.Mut().signals;
  Struct(id).drydock_signals |= signals;
}

void Tasks::OnEvent(uint64_t task) {
  const auto id = static_cast<uint32_t>(task);
  records_.Mut(id).timer = 2;
  Wake(id);
}

void Tasks::Wake(uint32_t id) {
  Record& record = records_.Mut(id);
  if (record.asleep == 0) return;
  record.asleep = 0;
  record.turn = ++state_.Mut().serial;
  ready_ |= Bit(id);
  Struct(id).__state = TASK_RUNNING;
  if (record.timer == 1) {
    clock_.Cancel(*this, id);
    record.timer = 0;
  }
}

// kernel/sched/core.c:try_to_wake_up().
int Tasks::TryToWake(task_struct* task, unsigned mode) {
  if (!structs_.Contains(task)) {
    verdicts_.TrapNow(Trap::kOops, 0, 14, "who is woken is a task",
                      "the task at %p was never one, or is gone", static_cast<void*>(task));
    return 0;
  }
  const uint32_t id = task->drydock_id;
  if ((task->__state & mode) == 0) return 0;
  Wake(id);
  Struct(id).__state = TASK_RUNNING;
  return 1;
}

int Tasks::WakeUpProcess(task_struct* task, unsigned int mode) { return TryToWake(task, mode); }

void Tasks::Schedule(const char* function) {
  if (!MaySchedule(function)) return;
  if (CurrentTask()->__state == TASK_RUNNING) {
    LetOthersRun();
    return;
  }
  SleepHere(Clock::kNever, /*hang=*/true, function);
}

long Tasks::ScheduleTimeout(long timeout, const char* function) {
  if (timeout == LONG_MAX) {
    Schedule(function);
    return timeout;
  }
  if (!MaySchedule(function)) return 0;
  if (timeout < 0) {  // the kernel complains, and goes on at once
    verdicts_.Report(0, 10, "a time-out is not negative", "%s: wrong timeout value %ld", function,
                     timeout);
    CurrentTask()->__state = TASK_RUNNING;
    return 0;
  }
  const uint64_t expire = clock_.Jiffies() + static_cast<uint64_t>(timeout);
  if (CurrentTask()->__state == TASK_RUNNING) {
    LetOthersRun();
  } else {
    const uint64_t deadline = Clock::NsOfJiffies(expire);
    SleepHere(deadline > clock_.NowNs() ? deadline : clock_.NowNs(), /*hang=*/true, function);
  }
  const auto left = static_cast<long>(expire - clock_.Jiffies());
  return left > 0 ? left : 0;
}

uint64_t Tasks::Sleep(uint64_t nanoseconds, unsigned int state, const char* function) {
  if (!MaySchedule(function)) return 0;
  const uint64_t deadline = clock_.NowNs() + nanoseconds;
  while (clock_.NowNs() < deadline && !Trapped()) {
    CurrentTask()->__state = state;
    if (SleepHere(deadline, /*hang=*/true, function) == Woken::kSignal) break;
  }
  return clock_.NowNs() < deadline ? deadline - clock_.NowNs() : 0;
}

void Tasks::Yield(const char* function) {
  if (!MaySchedule(function)) return;
  if (!clock_.empty()) clock_.Advance(kSystemCallNs);
  Serve();
  LetOthersRun();
}

void Tasks::BusyWait(uint64_t nanoseconds) {
  clock_.Advance(nanoseconds);
  Serve();
  if (locks_.context() == 0) LetOthersRun();
}

void Tasks::SendSignal(uint32_t id, bool fatal) {
  Signal(id, fatal ? DRYDOCK_SIGNAL | DRYDOCK_SIGNAL_FATAL : DRYDOCK_SIGNAL);
  Record& record = records_.Mut(id);
  if (record.asleep == 0 || !EndsBySignal(Struct(id).__state, Struct(id).drydock_signals)) return;
  record.asleep = 0;  // its state stays: the sleep tells by it what ended it
  record.turn = ++state_.Mut().serial;
  ready_ |= Bit(id);
  if (record.timer == 1) {
    clock_.Cancel(*this, id);
    record.timer = 0;
  }
}

// --- waiting for a thing by its address ---

long Tasks::WaitOn(const void* key, unsigned int state, long* timeout, const char* function) {
  if (!MaySchedule(function)) return 0;
  task_struct* task = CurrentTask();
  task->__state = state;
  Record& record = records_.Mut(task->drydock_id);
  record.key = reinterpret_cast<uint64_t>(key);
  record.arrival = ++state_.Mut().serial;
  keyed_ |= Bit(task->drydock_id);
  const bool forever = *timeout == LONG_MAX;
  const uint64_t expire = clock_.Jiffies() + static_cast<uint64_t>(*timeout);
  uint64_t deadline = forever ? Clock::kNever : Clock::NsOfJiffies(expire);
  if (deadline < clock_.NowNs()) deadline = clock_.NowNs();
  const Woken woken = SleepHere(deadline, /*hang=*/true, function);
  record.key = 0;
  keyed_ &= ~Bit(task->drydock_id);
  if (!forever) {
    const auto left = static_cast<long>(expire - clock_.Jiffies());
    *timeout = woken == Woken::kTimeout ? 0 : left > 0 ? left : 1;
  }
  return woken == Woken::kSignal ? kErestartsys : woken == Woken::kTimeout ? kEtime : 0;
}

void Tasks::WakeOn(const void* key, unsigned int count) {
  if (keyed_ == 0) return;
  for (unsigned int woken = 0; count == 0 || woken < count; ++woken) {
    uint32_t first = 0;
    for (uint64_t left = keyed_; left != 0; left &= left - 1) {
      const auto id = static_cast<uint32_t>(std::countr_zero(left));
      if (records_[id].asleep == 0 || records_[id].key != reinterpret_cast<uint64_t>(key)) continue;
      if (first == 0 || records_[id].arrival < records_[first].arrival) first = id;
    }
    if (first == 0) return;
    Wake(first);
  }
}

LockWaiter::Result Tasks::WaitForLock(const drydock_lock* lock, bool spin, unsigned state,
                                      const char* function) {
  if (locks_.context() != 0) return Result::kNever;
  // Its holder has to be in the middle of something, or it will never give it back.
  const uint32_t holder = lock->owner;
  if (fibres_.current() == 0 && holder != 0 &&
      (holder >= kMaxTasks || ((alive_ & Bit(holder)) == 0 && records_[holder].asleep == 0))) {
    return Result::kNever;
  }
  task_struct* task = CurrentTask();
  task->__state = spin ? TASK_UNINTERRUPTIBLE : state;
  Record& record = records_.Mut(task->drydock_id);
  record.key = reinterpret_cast<uint64_t>(lock);
  record.arrival = ++state_.Mut().serial;
  keyed_ |= Bit(task->drydock_id);
  const Woken woken = SleepHere(Clock::kNever, /*hang=*/false, function);
  record.key = 0;
  keyed_ &= ~Bit(task->drydock_id);
  return woken == Woken::kSignal  ? Result::kSignal
         : woken == Woken::kNever ? Result::kNever
                                  : Result::kTryAgain;
}

}  // namespace drydock::kernel
