// The one door into driver code. Each callback runs on a fibre of its own; signals in it and loops
// without end become verdicts, not the death of the process.
#ifndef DRYDOCK_SIM_KERNEL_DRIVER_RUNNER_H_
#define DRYDOCK_SIM_KERNEL_DRIVER_RUNNER_H_

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "sim/kernel/driver_call.h"
#include "sim/kernel/fibre.h"
#include "sim/kernel/verdict.h"

namespace drydock::hw {
class MmioSpace;
class PhysicalMemory;
}  // namespace drydock::hw

namespace drydock::kernel {

class DriverRunner final : public DriverCall {
 public:
  DriverRunner(Verdicts& verdicts, hw::PhysicalMemory& memory, hw::MmioSpace& mmio);
  ~DriverRunner() override;

  // Runs a callback. 0 if it was abandoned: then verdicts.pending_trap() says why, and the caller
  // returns at once.
  long Call(DriverEntry entry, void* const (&args)[6]) override;

  // How deep the driver may be when it calls the kernel: what a kernel's stack has, and a quarter
  // more where AddressSanitizer puts red zones between variables. One stack is counted, not those
  // of callbacks below it.
  static size_t StackLimitBytes();
  // For KernelApi::StackOverflow(): the trap, if what runs is on a driver's stack.
  void NoteOverflow(size_t used_bytes);

  // The running driver's stack is given up. For KernelApi::LeaveDriver().
  [[noreturn]] void Leave() { fibres_.Leave(); }
  bool inside() const { return fibres_.depth() > 0; }
  Fibres& fibres() { return fibres_; }

  // Installs the handlers for SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP and the watchdog of
  // `seconds` of CPU time per callback, once per process; they serve the instance made last.
  static void InstallSignalHandlers(double seconds);

 private:
  friend struct SignalRoom;
  void NoteDepth(const void* entry);
  Verdicts& verdicts_;
  hw::PhysicalMemory& memory_;
  hw::MmioSpace& mmio_;
  Fibres fibres_;
};

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_DRIVER_RUNNER_H_
