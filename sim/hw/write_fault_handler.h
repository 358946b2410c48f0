// For tests: mends first stores to protected pages while it lives; any other fault kills the test.
#ifndef DRYDOCK_SIM_HW_WRITE_FAULT_HANDLER_H_
#define DRYDOCK_SIM_HW_WRITE_FAULT_HANDLER_H_

#include <csignal>

namespace drydock::hw {

// `Memory` has `bool OnWriteFault(void*)`. One object of each type at a time.
template <class Memory>
class ScopedWriteFaultHandler {
 public:
  explicit ScopedWriteFaultHandler(Memory& memory) {
    memory_ = &memory;
    struct sigaction action = {};
    action.sa_sigaction = Handle;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    sigaction(SIGSEGV, &action, &before_);
  }
  ~ScopedWriteFaultHandler() { sigaction(SIGSEGV, &before_, nullptr); }
  ScopedWriteFaultHandler(const ScopedWriteFaultHandler&) = delete;
  ScopedWriteFaultHandler& operator=(const ScopedWriteFaultHandler&) = delete;

  static inline volatile int faults = 0;  // mended, in the process's life

 private:
  static void Handle(int signal_number, siginfo_t* info, void*) {
    if (memory_->OnWriteFault(info->si_addr)) {
      faults = faults + 1;
      return;
    }
    signal(signal_number, SIG_DFL);  // the access is made again, and kills
  }
  static inline Memory* memory_ = nullptr;
  struct sigaction before_ = {};
};

}  // namespace drydock::hw

#endif  // DRYDOCK_SIM_HW_WRITE_FAULT_HANDLER_H_
