// Timers of jiffies and of nanoseconds: kernel/time/timer.c, kernel/time/hrtimer.c.
//
// A timer's callback runs in soft interrupt context, a high resolution timer's in hard interrupt
// context (or soft, with HRTIMER_MODE_SOFT), where interrupts may come: while tasks sleep, and
// where the driver calls the kernel with interrupts on. What is reported:
//
//  a timer without a function                              Trap::kBug (the kernel's BUG_ON)
//  freed while pending                                     Trap::kOops, class 0, O14
//  del_timer_sync(), hrtimer_cancel() by its own callback  Trap::kDeadlock, C52, O15
//  locks still held when a callback returns                C52, O11
#ifndef DRYDOCK_SIM_KERNEL_TIMERS_H_
#define DRYDOCK_SIM_KERNEL_TIMERS_H_

#include <cstddef>
#include <cstdint>

#include "mocks/kernel_api.h"
#include "sim/kernel/clock.h"
#include "sim/kernel/driver_call.h"
#include "sim/kernel/locks.h"
#include "sim/kernel/verdict.h"

namespace drydock::kernel {

class Timers final : public mocks::TimerApi {
 public:
  Timers(Verdicts& verdicts, DriverCall& calls, Clock& clock, Locks& locks);

  int ModTimer(timer_list* timer, unsigned long expires, const char* function) override;
  int DeleteTimer(timer_list* timer, bool sync, const char* function) override;
  bool TimerPending(const timer_list* timer) override;
  void HrtimerStart(hrtimer* timer, long long at, unsigned int mode) override;
  int HrtimerCancel(hrtimer* timer, bool wait) override;
  bool HrtimerActive(const hrtimer* timer) override;

  // Before memory is freed.
  void CheckFreed(const void* address, size_t size_bytes);
  // Timers that still run when the module goes (C45, O6).
  void ReportLeftovers();

 private:
  struct Sink final : EventSink {
    Sink(Timers& owner, void (Timers::*fire)(uint64_t)) : owner_(owner), fire_(fire) {}
    void OnEvent(uint64_t cookie) override { (owner_.*fire_)(cookie); }
    Timers& owner_;
    void (Timers::*fire_)(uint64_t);
  };
  void FireTimer(uint64_t cookie);
  void FireHrtimer(uint64_t cookie);
  bool Trapped() const { return verdicts_.pending_trap() != Trap::kNone; }

  Verdicts& verdicts_;
  DriverCall& calls_;
  Clock& clock_;
  Locks& locks_;
  Sink timers_, hrtimers_;
  const void* in_callback_ = nullptr;  // the timer whose callback runs
};

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_TIMERS_H_
