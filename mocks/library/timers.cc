// What drivers/base, kernel/time and kernel/irq make of smaller functions of timers and interrupts.
#include "mocks/include/drydock/flags.h"
#include "mocks/library/structs.h"
#include "mocks/shims/shim.h"

using drydock::mocks::Cross;
using drydock::mocks::CrossFrom;
using drydock::mocks::DeviceApi;
using drydock::mocks::IrqApi;
using drydock::mocks::LogApi;
using drydock::mocks::TimerApi;

namespace {

constexpr int kEnomem = 12, kEnxio = 6;
constexpr unsigned int kGfpKernel =
    ___GFP_DIRECT_RECLAIM | ___GFP_KSWAPD_RECLAIM | ___GFP_IO | ___GFP_FS;

using HrtimerCallback = hrtimer_restart (*)(hrtimer*);

struct ManagedIrq {
  unsigned int irq;
  void* data;
};
void FreeManaged(void* data) {
  auto* managed = static_cast<ManagedIrq*>(data);
  Cross<&IrqApi::FreeIrq>(managed->irq, managed->data);
}

void Complain(const void* caller, platform_device* pdev, const char* format, ...) {
  va_list args;
  va_start(args, format);
  CrossFrom<&LogApi::DevPrintk>(caller, "\0013", static_cast<const device*>(&pdev->dev), format,
                                args);
  va_end(args);
}

DRYDOCK_SHIM_INLINE int IrqOf(platform_device* pdev, unsigned int index) {
  resource* res = Cross<&DeviceApi::PlatformGetResource>(
      pdev, static_cast<unsigned int>(IORESOURCE_IRQ), index);
  return res != nullptr ? static_cast<int>(res->start) : -kEnxio;
}

}  // namespace

extern "C" {

void add_timer(timer_list* timer) {
  if (Cross<&TimerApi::TimerPending>(static_cast<const timer_list*>(timer))) {
    Cross<&LogApi::Bug>("kernel/time/timer.c", 0, "add_timer: the timer is pending");
  }
  Cross<&TimerApi::ModTimer>(timer, timer->expires, "add_timer");
}
int mod_timer_pending(timer_list* timer, unsigned long expires) {
  if (!Cross<&TimerApi::TimerPending>(static_cast<const timer_list*>(timer))) return 0;
  return Cross<&TimerApi::ModTimer>(timer, expires, "mod_timer_pending");
}

void hrtimer_init(hrtimer* timer, int clock, unsigned int mode) {
  *timer = {};
  timer->clock = clock;
  timer->mode = mode;
}
void hrtimer_setup(hrtimer* timer, HrtimerCallback function, int clock, unsigned int mode) {
  hrtimer_init(timer, clock, mode);
  timer->function = function;
}
// Moves the expiry on by whole intervals until it lies after `now`; how many.
unsigned long long hrtimer_forward(hrtimer* timer, long long now, long long interval) {
  const long long behind = now - timer->expires;
  if (behind < 0 || interval <= 0) return 0;
  const long long times = behind / interval + 1;
  timer->expires += times * interval;
  return static_cast<unsigned long long>(times);
}

int devm_request_threaded_irq(device* dev, unsigned int irq, IrqApi::Handler handler,
                              IrqApi::Handler thread, unsigned long flags, const char* name,
                              void* data) {
  auto* managed =
      static_cast<ManagedIrq*>(Cross<&DeviceApi::DevmKmalloc>(dev, sizeof(ManagedIrq), kGfpKernel));
  if (managed == nullptr) return -kEnomem;
  *managed = {irq, data};
  if (name == nullptr) name = dev->kobj.name;
  const int error = Cross<&IrqApi::RequestThreadedIrq>(irq, handler, thread, flags, name, data);
  if (error != 0) {
    Cross<&DeviceApi::DevmKfree>(dev, static_cast<const void*>(managed));
    return error;
  }
  if (Cross<&DeviceApi::DevmAddAction>(dev, &FreeManaged, static_cast<void*>(managed)) != 0) {
    Cross<&IrqApi::FreeIrq>(irq, data);
    return -kEnomem;
  }
  return 0;
}
int platform_get_irq_optional(platform_device* pdev, unsigned int index) {
  return IrqOf(pdev, index);
}
int platform_get_irq(platform_device* pdev, unsigned int index) {
  const int irq = IrqOf(pdev, index);
  if (irq < 0) {
    Complain(__builtin_return_address(0), pdev, "IRQ index %u not found\n", index);
  }
  return irq;
}

}  // extern "C"
