// Symbols of kernel/time/timer.c and kernel/time/hrtimer.c.
#include "mocks/shims/shim.h"

using drydock::mocks::Cross;
using drydock::mocks::TimerApi;

extern "C" {

int mod_timer(timer_list* timer, unsigned long expires) {
  return Cross<&TimerApi::ModTimer>(timer, expires, "mod_timer");
}
int timer_delete(timer_list* timer) {
  return Cross<&TimerApi::DeleteTimer>(timer, false, "del_timer");
}
int timer_delete_sync(timer_list* timer) {
  return Cross<&TimerApi::DeleteTimer>(timer, true, "del_timer_sync");
}
bool drydock_timer_pending(const timer_list* timer) {
  return Cross<&TimerApi::TimerPending>(timer);
}
void hrtimer_start_range_ns(hrtimer* timer, long long at, unsigned long long, unsigned int mode) {
  Cross<&TimerApi::HrtimerStart>(timer, at, mode);
}
int hrtimer_cancel(hrtimer* timer) { return Cross<&TimerApi::HrtimerCancel>(timer, true); }
int hrtimer_try_to_cancel(hrtimer* timer) { return Cross<&TimerApi::HrtimerCancel>(timer, false); }
bool hrtimer_active(const hrtimer* timer) { return Cross<&TimerApi::HrtimerActive>(timer); }

}  // extern "C"
