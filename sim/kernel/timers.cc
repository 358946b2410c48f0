#include "sim/kernel/timers.h"

namespace drydock::kernel {
namespace {

uint64_t IdOf(const void* timer) { return reinterpret_cast<uint64_t>(timer); }

}  // namespace

Timers::Timers(Verdicts& verdicts, DriverCall& calls, Clock& clock, Locks& locks)
    : verdicts_(verdicts),
      calls_(calls),
      clock_(clock),
      locks_(locks),
      timers_(*this, &Timers::FireTimer),
      hrtimers_(*this, &Timers::FireHrtimer) {}

// kernel/time/timer.c:__mod_timer(). The wheel turns with the tick: never before the next one.
int Timers::ModTimer(timer_list* timer, unsigned long expires, const char* function) {
  if (timer->function == nullptr) {
    verdicts_.TrapNow(Trap::kBug, 0, 14, "a timer has a function",
                      "%s: BUG_ON(!timer->function): the timer was never set up", function);
    return 0;
  }
  const bool pending = clock_.Cancel(timers_, IdOf(timer));
  timer->expires = expires;
  const uint64_t tick = (clock_.NowNs() / Clock::kTickNs + 1) * Clock::kTickNs;
  const uint64_t due = Clock::NsOfJiffies(expires);
  clock_.Add(due > tick ? due : tick, EventKind::kInterrupt, timers_, IdOf(timer));
  return pending ? 1 : 0;
}

int Timers::DeleteTimer(timer_list* timer, bool sync, const char* function) {
  if (sync && in_callback_ == timer) {
    verdicts_.TrapNow(Trap::kDeadlock, 52, 15, "a timer's callback does not wait for itself",
                      "%s: waits for ever for the callback that calls it", function);
    return 0;
  }
  return clock_.Cancel(timers_, IdOf(timer)) ? 1 : 0;
}

bool Timers::TimerPending(const timer_list* timer) {
  return clock_.DueOf(timers_, IdOf(timer)) != Clock::kNever;
}

void Timers::FireTimer(uint64_t cookie) {
  auto* timer = reinterpret_cast<timer_list*>(cookie);
  const unsigned context = locks_.context();
  const void* const before = in_callback_;
  const size_t held = locks_.held_count();
  locks_.SetContext(context | kSoftirqContext);
  in_callback_ = timer;
  CallDriver(calls_, timer->function, timer);
  in_callback_ = before;
  locks_.SetContext(context);
  if (!Trapped() && locks_.held_count() > held) {
    verdicts_.Report(52, 11, "a timer's callback gives its locks back",
                     "a timer's callback returns and holds a lock");
  }
}

// kernel/time/hrtimer.c:hrtimer_start_range_ns().
void Timers::HrtimerStart(hrtimer* timer, long long at, unsigned int mode) {
  if (timer->function == nullptr) {
    verdicts_.TrapNow(Trap::kBug, 0, 14, "a timer has a function",
                      "hrtimer_start: WARN_ON(!timer->function): the timer was never set up");
    return;
  }
  clock_.Cancel(hrtimers_, IdOf(timer));
  const auto now = static_cast<long long>(clock_.NowNs());
  if ((mode & HRTIMER_MODE_REL) != 0) at += now;
  timer->expires = at;
  clock_.Add(static_cast<uint64_t>(at > now ? at : now), EventKind::kInterrupt, hrtimers_,
             IdOf(timer));
}

int Timers::HrtimerCancel(hrtimer* timer, bool wait) {
  if (in_callback_ == timer) {
    if (!wait) return -1;
    verdicts_.TrapNow(Trap::kDeadlock, 52, 15, "a timer's callback does not wait for itself",
                      "hrtimer_cancel: waits for ever for the callback that calls it");
    return 0;
  }
  return clock_.Cancel(hrtimers_, IdOf(timer)) ? 1 : 0;
}

bool Timers::HrtimerActive(const hrtimer* timer) {
  return in_callback_ == timer || clock_.DueOf(hrtimers_, IdOf(timer)) != Clock::kNever;
}

void Timers::FireHrtimer(uint64_t cookie) {
  auto* timer = reinterpret_cast<hrtimer*>(cookie);
  const unsigned context = locks_.context();
  const void* const before = in_callback_;
  const size_t held = locks_.held_count();
  locks_.SetContext(context |
                    ((timer->mode & HRTIMER_MODE_SOFT) != 0 ? kSoftirqContext : kHardirqContext));
  in_callback_ = timer;
  const hrtimer_restart again = CallDriver(calls_, timer->function, timer);
  in_callback_ = before;
  locks_.SetContext(context);
  if (Trapped()) return;
  if (locks_.held_count() > held) {
    verdicts_.Report(52, 11, "a timer's callback gives its locks back",
                     "a timer's callback returns and holds a lock");
  }
  if (again == HRTIMER_NORESTART || clock_.DueOf(hrtimers_, IdOf(timer)) != Clock::kNever) return;
  const auto now = static_cast<long long>(clock_.NowNs());
  clock_.Add(static_cast<uint64_t>(timer->expires > now ? timer->expires : now),
             EventKind::kInterrupt, hrtimers_, IdOf(timer));
}

void Timers::ReportLeftovers() {
  uint64_t timer = 0;
  if (!clock_.FindIn(timers_, 0, ~uint64_t{0}, &timer) &&
      !clock_.FindIn(hrtimers_, 0, ~uint64_t{0}, &timer)) {
    return;
  }
  verdicts_.Report(45, 6, "module exit takes back what init registered",
                   "a timer is still pending: its callback is gone when it fires");
}

void Timers::CheckFreed(const void* address, size_t size_bytes) {
  if (clock_.empty()) return;
  const uint64_t begin = IdOf(address);
  uint64_t timer = 0;
  if (!clock_.FindIn(timers_, begin, begin + size_bytes, &timer) &&
      !clock_.FindIn(hrtimers_, begin, begin + size_bytes, &timer)) {
    return;
  }
  verdicts_.TrapNow(Trap::kOops, 0, 14, "a timer is deleted before its memory is freed",
                    "memory is freed that holds a pending timer, %llu bytes from its start",
                    static_cast<unsigned long long>(timer - begin));
}

}  // namespace drydock::kernel
