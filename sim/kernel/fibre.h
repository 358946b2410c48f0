// The stacks that driver code runs on. Each entry into the driver gets one, so that leaving a
// driver in the middle (BUG, an unmodelled symbol, a wild access, an endless loop) is to abandon
// its stack: the C++ frames of the simulation stay where they are, on the stack below, and return
// as ever.
#ifndef DRYDOCK_SIM_KERNEL_FIBRE_H_
#define DRYDOCK_SIM_KERNEL_FIBRE_H_

#include <cstddef>
#include <cstdint>

namespace drydock::kernel {

class Fibres {
 public:
  // A driver's function takes up to six integer or pointer arguments, all in registers.
  using Entry = long (*)(void*, void*, void*, void*, void*, void*);

  static constexpr size_t kDepth = 8;  // driver -> kernel -> driver -> ...
  static constexpr size_t kStackBytes = size_t{256} << 10;
  // Below each stack, so wide that a large local array does not reach over it.
  static constexpr size_t kGuardBytes = size_t{1} << 20;

  Fibres();
  ~Fibres();
  Fibres(const Fibres&) = delete;
  Fibres& operator=(const Fibres&) = delete;

  // Runs `entry` on a fresh stack to its end. If it is abandoned, *left is true and the result is
  // 0. Precondition: depth() < kDepth.
  long Call(Entry entry, void* const (&args)[6], bool* left);

  // How many driver entries are on the way now.
  size_t depth() const { return depth_; }
  // Counts entries: the watchdog sees by it that one goes on for ever.
  uint64_t entries() const { return entries_; }

  // Abandons the running fibre. Precondition: called on it.
  [[noreturn]] void Leave();

  // True if `address` is on the running fibre's stack or in the guard page below it.
  bool OnRunningStack(const void* address) const;
  // A stack pointer that a signal handler can resume on in order to call Leave().
  void* ResumeStackPointer() const;

 private:
  struct Stack {
    char* guard = nullptr;  // PROT_NONE
    char* bottom = nullptr;
    char* top = nullptr;
    void* caller_sp = nullptr;
    const void* caller_stack_bottom = nullptr;  // for AddressSanitizer
    size_t caller_stack_bytes = 0;
    long result = 0;
    bool finished = false;
    Entry entry = nullptr;
    void* args[6] = {};
  };
  static void Trampoline();
  void RunCurrent();

  Stack stacks_[kDepth];
  size_t depth_ = 0;
  uint64_t entries_ = 0;
};

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_FIBRE_H_
