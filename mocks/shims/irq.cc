// Symbols of kernel/irq.
#include "mocks/shims/shim.h"

using drydock::mocks::Cross;
using drydock::mocks::IrqApi;

extern "C" {

int request_threaded_irq(unsigned int irq, IrqApi::Handler handler, IrqApi::Handler thread,
                         unsigned long flags, const char* name, void* data) {
  return Cross<&IrqApi::RequestThreadedIrq>(irq, handler, thread, flags, name, data);
}
const void* free_irq(unsigned int irq, void* data) { return Cross<&IrqApi::FreeIrq>(irq, data); }
void enable_irq(unsigned int irq) { Cross<&IrqApi::EnableIrq>(irq); }
void disable_irq(unsigned int irq) { Cross<&IrqApi::DisableIrq>(irq, true); }
void disable_irq_nosync(unsigned int irq) { Cross<&IrqApi::DisableIrq>(irq, false); }
void synchronize_irq(unsigned int irq) { Cross<&IrqApi::SynchronizeIrq>(irq); }

}  // extern "C"
