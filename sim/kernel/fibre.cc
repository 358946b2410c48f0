#include "sim/kernel/fibre.h"

#include <sys/mman.h>

#include <bit>
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

Fibres::Fibres() { contexts_[0].used = true; }

Fibres::~Fibres() {
  for (Stack& stack : stacks_) {
    if (stack.guard != nullptr) munmap(stack.guard, static_cast<size_t>(stack.top - stack.guard));
  }
}

// The lowest that is free; its memory is made when it is first used. Precondition: one is free.
uint32_t Fibres::TakeStack() {
  const auto index = static_cast<uint32_t>(std::countr_zero(free_stacks_));
  free_stacks_ &= free_stacks_ - 1;
  Stack& stack = stacks_[index];
  if (stack.guard == nullptr) {
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
  return index;
}

// What drydock_switch_stack pops: six registers and a return address. The zero above ends
// unwinding, and leaves the stack as a function finds it when it is called: 8 bytes below a
// multiple of 16.
void** Fibres::Prepare(Stack& stack, void (*trampoline)()) {
  auto** sp = reinterpret_cast<void**>(stack.top);
  *--sp = nullptr;
  *--sp = reinterpret_cast<void*>(trampoline);
  for (int i = 0; i < 6; ++i) *--sp = nullptr;
  return sp;
}

void Fibres::EntryTrampoline() {
  running->RunEntry();
  __builtin_unreachable();
}

SWITCHES_STACKS void Fibres::RunEntry() {
  Stack& stack = stacks_[contexts_[current_].top];
  if (__sanitizer_finish_switch_fiber != nullptr) {
    __sanitizer_finish_switch_fiber(nullptr, &stack.caller_stack_bottom, &stack.caller_stack_bytes);
  }
  stack.result = stack.entry(stack.args[0], stack.args[1], stack.args[2], stack.args[3],
                             stack.args[4], stack.args[5]);
  stack.finished = true;
  Leave();
}

SWITCHES_STACKS long Fibres::Call(Entry entry, void* const (&args)[6], bool* left) {
  const uint32_t index = TakeStack();
  Stack& stack = stacks_[index];
  Context& context = contexts_[current_];
  if (current_ == 0 && context.depth == 0) ++entries_;
  stack.below = context.top;
  context.top = index;
  ++context.depth;
  running = this;
  stack.entry = entry;
  for (size_t i = 0; i < 6; ++i) stack.args[i] = args[i];
  stack.result = 0;
  stack.finished = false;
  void** sp = Prepare(stack, &EntryTrampoline);

  void* fake_stack = nullptr;
  if (__sanitizer_start_switch_fiber != nullptr) {
    __sanitizer_start_switch_fiber(&fake_stack, stack.bottom, kStackBytes);
  }
  drydock_switch_stack(&stack.caller_sp, sp);
  if (__sanitizer_finish_switch_fiber != nullptr) {
    __sanitizer_finish_switch_fiber(fake_stack, nullptr, nullptr);
  }

  --context.depth;
  context.top = stack.below;
  *left = !stack.finished;
  if (!stack.finished && __asan_unpoison_memory_region != nullptr) {
    __asan_unpoison_memory_region(stack.bottom, kStackBytes);
  }
  GiveStack(index);
  return stack.result;
}

SWITCHES_STACKS void Fibres::Leave() {
  Stack& stack = stacks_[contexts_[current_].top];
  if (__sanitizer_start_switch_fiber != nullptr) {
    // No save slot: the fibre does not come back, its fake stack is freed.
    __sanitizer_start_switch_fiber(nullptr, stack.caller_stack_bottom, stack.caller_stack_bytes);
  }
  drydock_switch_stack(&abandoned_sp, stack.caller_sp);
  __builtin_unreachable();
}

uint32_t Fibres::NewContext(Body body, void* argument) {
  uint32_t id = 1;
  while (id < kContexts && contexts_[id].used) ++id;
  // Those that run need stacks for the driver's callbacks, too.
  if (id == kContexts || std::popcount(free_stacks_) <= static_cast<int>(kDepth)) return 0;
  Context& context = contexts_[id];
  context = Context{};
  context.used = true;
  context.base = context.top = TakeStack();
  stacks_[context.base].below = kNone;
  context.body = body;
  context.argument = argument;
  context.sp = Prepare(stacks_[context.base], &ContextTrampoline);
  return id;
}

void Fibres::ContextTrampoline() {
  running->RunContext();
  __builtin_unreachable();
}

SWITCHES_STACKS void Fibres::RunContext() {
  {
    Context& before = contexts_[from_];
    if (__sanitizer_finish_switch_fiber != nullptr) {
      __sanitizer_finish_switch_fiber(nullptr, &before.host_bottom, &before.host_bytes);
    }
  }
  Context& context = contexts_[current_];
  const uint32_t next = context.body(context.argument);
  context.used = false;
  GiveStack(context.base);
  from_ = current_;
  current_ = next;
  StartSwitch(nullptr, contexts_[next]);
  drydock_switch_stack(&abandoned_sp, contexts_[next].sp);
  __builtin_unreachable();
}

void Fibres::StartSwitch(void** fake_stack, const Context& to) const {
  if (__sanitizer_start_switch_fiber == nullptr) return;
  if (to.top != kNone) {
    __sanitizer_start_switch_fiber(fake_stack, stacks_[to.top].bottom, kStackBytes);
  } else {
    __sanitizer_start_switch_fiber(fake_stack, to.host_bottom, to.host_bytes);
  }
}

SWITCHES_STACKS void Fibres::SwitchTo(uint32_t to) {
  if (to == current_) return;
  const uint32_t me = current_;
  Context& mine = contexts_[me];
  running = this;
  from_ = me;
  current_ = to;
  StartSwitch(&mine.fake_stack, contexts_[to]);
  drydock_switch_stack(&mine.sp, contexts_[to].sp);
  if (__sanitizer_finish_switch_fiber != nullptr) {
    Context& before = contexts_[from_];
    __sanitizer_finish_switch_fiber(mine.fake_stack, &before.host_bottom, &before.host_bytes);
  }
}

bool Fibres::OnRunningStack(const void* address) const {
  const uint32_t top = contexts_[current_].top;
  if (top == kNone) return false;
  return address >= stacks_[top].guard && address < stacks_[top].top;
}

bool Fibres::OnAnyStack(const void* address) const {
  for (const Stack& stack : stacks_) {
    if (stack.guard != nullptr && address >= stack.bottom && address < stack.top) return true;
  }
  return false;
}

void* Fibres::ResumeStackPointer() const {
  // As at a function's entry: 16-byte aligned before the (never used) return address is pushed.
  return stacks_[contexts_[current_].top].top - 8;
}

}  // namespace drydock::kernel
