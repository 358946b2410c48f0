// The stacks that driver code runs on. Each entry into the driver gets one, so that leaving a
// driver in the middle (BUG, an unmodelled symbol, a wild access, an endless loop) is to abandon
// its stack: the C++ frames of the simulation stay where they are, on the stack below, and return
// as ever.
//
// A context is a chain of such stacks: what one task runs on. Context 0 begins on the host's own
// stack; the others begin on one from here, with a function of the simulation. One context runs at
// a time, and says itself which one goes on.
#ifndef DRYDOCK_SIM_KERNEL_FIBRE_H_
#define DRYDOCK_SIM_KERNEL_FIBRE_H_

#include <cstddef>
#include <cstdint>

namespace drydock::kernel {

class Fibres {
 public:
  // A driver's function takes up to six integer or pointer arguments, all in registers.
  using Entry = long (*)(void*, void*, void*, void*, void*, void*);
  // The function of a context: returns the context that goes on when this one has ended.
  using Body = uint32_t (*)(void*);

  static constexpr size_t kDepth = 8;  // of one context: driver -> kernel -> driver -> ...
  static constexpr size_t kStacks = 64;
  static constexpr uint32_t kContexts = 56;
  static constexpr size_t kStackBytes = size_t{256} << 10;
  // What a kernel's stack has (THREAD_SIZE of x86-64 and arm64): DriverRunner counts by it.
  static constexpr size_t kKernelStackBytes = size_t{16} << 10;
  // A mark on each stack, so deep that only what runs on it by itself can reach it: the
  // simulation's own functions, on the driver's behalf, use less.
  static constexpr size_t kMarkDepthBytes = size_t{64} << 10;
  // Below each stack, so wide that a large local array does not reach over it.
  static constexpr size_t kGuardBytes = size_t{1} << 20;

  Fibres();
  ~Fibres();
  Fibres(const Fibres&) = delete;
  Fibres& operator=(const Fibres&) = delete;

  // Runs `entry` on a fresh stack to its end. If it is abandoned, *left is true and the result is
  // 0. Precondition: CanCall().
  long Call(Entry entry, void* const (&args)[6], bool* left);
  bool CanCall() const { return contexts_[current_].depth < kDepth && free_stacks_ != 0; }

  // True if the entry that Call() ran last wrote over the mark, whether it returned or not.
  bool went_deep() const { return went_deep_; }

  // How many driver entries of this context are on the way now.
  size_t depth() const { return contexts_[current_].depth; }
  // Counts entries from context 0 with nothing below them: the watchdog sees by it that one goes on
  // for ever.
  uint64_t entries() const { return entries_; }
  // Something else begins than what the watchdog looks at.
  void CountEntry() { ++entries_; }

  // Abandons the running fibre. Precondition: called on it.
  [[noreturn]] void Leave();

  // A new context, which does not run yet; 0 when there is no room. Its stack is given back when
  // `body` returns.
  uint32_t NewContext(Body body, void* argument);
  // Goes on with another context. Returns when somebody goes on with this one.
  void SwitchTo(uint32_t context);
  uint32_t current() const { return current_; }

  // True if `address` is on the running fibre's stack or in the guard page below it.
  bool OnRunningStack(const void* address) const;
  // True if `address` is on any of the stacks.
  bool OnAnyStack(const void* address) const;
  // A stack pointer that a signal handler can resume on in order to call Leave().
  void* ResumeStackPointer() const;

 private:
  static constexpr uint32_t kNone = ~uint32_t{0};
  struct Stack {
    char* guard = nullptr;  // PROT_NONE; nullptr until first used
    char* bottom = nullptr;
    char* top = nullptr;
    uint32_t below = kNone;     // stack of the same context
    void* caller_sp = nullptr;  // where the call saved its registers
    bool left = false;
  };
  struct Context {
    bool used = false;
    uint32_t top = kNone;   // the stack it runs on; kNone: the host's own
    uint32_t base = kNone;  // the stack it began on
    size_t depth = 0;       // driver entries
    void* sp = nullptr;     // while another runs
    void* fake_stack = nullptr;
    const void* host_bottom = nullptr;  // of context 0, for AddressSanitizer
    size_t host_bytes = 0;
    Body body = nullptr;
    void* argument = nullptr;
  };
  static void ContextTrampoline();
  void RunContext();
  uint32_t TakeStack();
  void GiveStack(uint32_t stack) { free_stacks_ |= uint64_t{1} << stack; }
  // Lays out a stack so that switching to it starts ContextTrampoline().
  static void** Prepare(Stack& stack);
  void StartSwitch(void** fake_stack, const Context& to) const;

  Stack stacks_[kStacks];
  static_assert(kStacks <= 64);
  uint64_t free_stacks_ = ~uint64_t{0} >> (64 - kStacks);
  Context contexts_[kContexts];
  uint32_t current_ = 0;
  uint32_t from_ = 0;  // who switched last
  uint64_t entries_ = 0;
  bool went_deep_ = false;
  // AddressSanitizer wants to be told of switches.
  const bool told_;
};

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_FIBRE_H_
