// What a system call or a memory access showed user space: the answer of the kernel, in the terms
// of the process that asked.
#ifndef DRYDOCK_SIM_KERNEL_OUTCOME_H_
#define DRYDOCK_SIM_KERNEL_OUTCOME_H_

#include <cstdint>

namespace drydock::user {

enum class Signal : uint8_t {
  kNone,
  kSegvMaperr,
  kSegvAccerr,
  kSegvKernel,  // SI_KERNEL: no page fault, but the processor's general protection
  kBusAdrerr,
  kBusAdraln,
  kKilled,
};

struct Outcome {
  int64_t value = 0;  // >= 0 result; < 0 errno, negated
  Signal signal = Signal::kNone;
  bool trapped = false;  // the driver's run was abandoned in this call: `value` means nothing

  bool ok() const { return value >= 0 && signal == Signal::kNone && !trapped; }
};

}  // namespace drydock::user

#endif  // DRYDOCK_SIM_KERNEL_OUTCOME_H_
