#ifndef DRYDOCK_KMOD_AGENT_EDU_RESET_H_
#define DRYDOCK_KMOD_AGENT_EDU_RESET_H_

namespace drydock::kmod {

// Gives QEMU's edu the registers and the memory that it has after power-on; nothing if there is
// none. It keeps them when its driver goes, and has no reset that a guest could ask for, while a
// simulation that begins anew has a new device. No driver may be bound to it. Its memory is left as
// it is when its DMA registers are all zero: nothing was transferred. QEMU hw/misc/edu.c.
void ResetEdu();

}  // namespace drydock::kmod

#endif  // DRYDOCK_KMOD_AGENT_EDU_RESET_H_
