#include "sim/kernel/fibre.h"

#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>

// Present when AddressSanitizer's runtime is linked, whether or not this file is instrumented.
extern "C" {
void __sanitizer_start_switch_fiber(void** fake_stack_save, const void* bottom, size_t size)
    __attribute__((weak));
void __sanitizer_finish_switch_fiber(void* fake_stack_save, const void** bottom_old,
                                     size_t* size_old) __attribute__((weak));
void __asan_unpoison_memory_region(const volatile void* address, size_t size) __attribute__((weak));

// Saves the callee-saved registers on the present stack, stores its pointer and goes on at `to`.
void drydock_switch_stack(void** save_sp, void* to_sp);
}

#if !defined(__x86_64__)
#error "sim/kernel/fibre.cc switches stacks in x86-64 assembly; add your architecture's switch here"
#endif

asm(R"(
.text
.globl drydock_switch_stack
.hidden drydock_switch_stack
.type drydock_switch_stack, @function
drydock_switch_stack:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size drydock_switch_stack, .-drydock_switch_stack
)");

// A frame that AddressSanitizer keeps on a fake stack would be freed under the function that
// switches.
#define SWITCHES_STACKS __attribute__((no_sanitize("address"), no_sanitize("undefined"), noinline))

namespace drydock::kernel {
namespace {

Fibres* running = nullptr;
void* abandoned_sp = nullptr;

}  // namespace

Fibres::Fibres() {
  for (Stack& stack : stacks_) {
    void* memory = mmap(nullptr, kStackBytes + kGuardBytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED || mprotect(memory, kGuardBytes, PROT_NONE) != 0) {
      std::perror("drydock: no memory for driver stacks");
      std::abort();
    }
    stack.guard = static_cast<char*>(memory);
    stack.bottom = stack.guard + kGuardBytes;
    stack.top = stack.bottom + kStackBytes;
  }
}

Fibres::~Fibres() {
  for (Stack& stack : stacks_) munmap(stack.guard, static_cast<size_t>(stack.top - stack.guard));
}

void Fibres::Trampoline() {
  running->RunCurrent();
  __builtin_unreachable();
}

SWITCHES_STACKS void Fibres::RunCurrent() {
  Stack& stack = stacks_[depth_ - 1];
  if (__sanitizer_finish_switch_fiber != nullptr) {
    __sanitizer_finish_switch_fiber(nullptr, &stack.caller_stack_bottom, &stack.caller_stack_bytes);
  }
  stack.result = stack.entry(stack.args[0], stack.args[1], stack.args[2], stack.args[3],
                             stack.args[4], stack.args[5]);
  stack.finished = true;
  Leave();
}

SWITCHES_STACKS long Fibres::Call(Entry entry, void* const (&args)[6], bool* left) {
  Stack& stack = stacks_[depth_++];
  ++entries_;
  running = this;
  stack.entry = entry;
  for (size_t i = 0; i < 6; ++i) stack.args[i] = args[i];
  stack.result = 0;
  stack.finished = false;

  // What drydock_switch_stack pops: six registers and a return address. The zero above ends
  // unwinding, and leaves the stack as a function finds it when it is called: 8 bytes below a
  // multiple of 16.
  auto** sp = reinterpret_cast<void**>(stack.top);
  *--sp = nullptr;
  *--sp = reinterpret_cast<void*>(&Trampoline);
  for (int i = 0; i < 6; ++i) *--sp = nullptr;

  void* fake_stack = nullptr;
  if (__sanitizer_start_switch_fiber != nullptr) {
    __sanitizer_start_switch_fiber(&fake_stack, stack.bottom, kStackBytes);
  }
  drydock_switch_stack(&stack.caller_sp, sp);
  if (__sanitizer_finish_switch_fiber != nullptr) {
    __sanitizer_finish_switch_fiber(fake_stack, nullptr, nullptr);
  }

  --depth_;
  *left = !stack.finished;
  if (!stack.finished && __asan_unpoison_memory_region != nullptr) {
    __asan_unpoison_memory_region(stack.bottom, kStackBytes);
  }
  return stack.result;
}

SWITCHES_STACKS void Fibres::Leave() {
  Stack& stack = stacks_[depth_ - 1];
  if (__sanitizer_start_switch_fiber != nullptr) {
    // No save slot: the fibre does not come back, its fake stack is freed.
    __sanitizer_start_switch_fiber(nullptr, stack.caller_stack_bottom, stack.caller_stack_bytes);
  }
  drydock_switch_stack(&abandoned_sp, stack.caller_sp);
  __builtin_unreachable();
}

bool Fibres::OnRunningStack(const void* address) const {
  if (depth_ == 0) return false;
  const Stack& stack = stacks_[depth_ - 1];
  return address >= stack.guard && address < stack.top;
}

void* Fibres::ResumeStackPointer() const {
  // As at a function's entry: 16-byte aligned before the (never used) return address is pushed.
  return stacks_[depth_ - 1].top - 8;
}

}  // namespace drydock::kernel
