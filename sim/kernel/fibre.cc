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
// Saves the callee-saved registers on the present stack, stores its pointer to *save_sp, and calls
// entry(args[0], ..., args[5]) on the stack that ends at `top` (16-byte aligned).
long drydock_call_on_stack(drydock::kernel::Fibres::Entry entry, void* const* args, void* top,
                           void** save_sp);
// Makes the call that saved its registers at `saved_sp` return 0.
[[noreturn]] void drydock_leave_stack(void* saved_sp);
}

#if !defined(__x86_64__)
#error "sim/kernel/fibre.cc switches stacks in x86-64 assembly; add your architecture's switch here"
#endif

// Entry into a driver is a call and a return, a pair that the processor predicts. %rbp is 0 for the
// callee: the walk of a stack by frame pointers ends here, as one by unwind tables does.
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

.globl drydock_call_on_stack
.hidden drydock_call_on_stack
.type drydock_call_on_stack, @function
drydock_call_on_stack:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rcx)
  movq %rsp, %rbx
  movq %rdx, %rsp
  movq %rdi, %rax
  movq %rsi, %r10
  movq 0(%r10), %rdi
  movq 8(%r10), %rsi
  movq 16(%r10), %rdx
  movq 24(%r10), %rcx
  movq 32(%r10), %r8
  movq 40(%r10), %r9
  xorl %ebp, %ebp
  call *%rax
  movq %rbx, %rsp
.Ldrydock_restore:
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size drydock_call_on_stack, .-drydock_call_on_stack

.globl drydock_leave_stack
.hidden drydock_leave_stack
.type drydock_leave_stack, @function
drydock_leave_stack:
  movq %rdi, %rsp
  xorl %eax, %eax
  jmp .Ldrydock_restore
.size drydock_leave_stack, .-drydock_leave_stack
)");

// A frame that AddressSanitizer keeps on a fake stack would be freed under the function that
// switches.
#define SWITCHES_STACKS __attribute__((no_sanitize("address"), no_sanitize("undefined"), noinline))

namespace drydock::kernel {
namespace {

Fibres* running = nullptr;
void* abandoned_sp = nullptr;

// Neither zero nor anything that a driver writes.
constexpr uint64_t kMark = 0x6d61726b'2d64726f;

uint64_t* MarkOf(char* top) { return reinterpret_cast<uint64_t*>(top - Fibres::kMarkDepthBytes); }

[[noreturn]] void NoStacks() {
  std::perror("drydock: no memory for driver stacks");
  std::abort();
}

}  // namespace

Fibres::Fibres() : told_(__sanitizer_start_switch_fiber != nullptr) { contexts_[0].used = true; }

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
    // With room to end at a multiple of the size, as shims want it.
    constexpr size_t kRoom = kGuardBytes + 2 * kStackBytes;
    void* memory = mmap(nullptr, kRoom, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) NoStacks();
    auto* room = static_cast<char*>(memory);
    const size_t spare = reinterpret_cast<uintptr_t>(room) % kStackBytes;
    stack.top = room + kRoom - spare;
    stack.bottom = stack.top - kStackBytes;
    stack.guard = stack.bottom - kGuardBytes;
    if (mprotect(stack.guard, kGuardBytes, PROT_NONE) != 0) NoStacks();
    if (stack.guard != room) munmap(room, static_cast<size_t>(stack.guard - room));
    if (spare != 0) munmap(stack.top, spare);
    *MarkOf(stack.top) = kMark;
  }
  return index;
}

// What drydock_switch_stack pops: six registers and a return address. The zero above ends
// unwinding, and leaves the stack as a function finds it when it is called: 8 bytes below a
// multiple of 16.
void** Fibres::Prepare(Stack& stack) {
  auto** sp = reinterpret_cast<void**>(stack.top);
  *--sp = nullptr;
  *--sp = reinterpret_cast<void*>(&ContextTrampoline);
  for (int i = 0; i < 6; ++i) *--sp = nullptr;
  return sp;
}

SWITCHES_STACKS long Fibres::Call(Entry entry, void* const (&args)[6], bool* left) {
  const uint32_t index = TakeStack();
  Stack& stack = stacks_[index];
  Context& context = contexts_[current_];
  if (current_ == 0 && context.depth == 0) ++entries_;
  stack.below = context.top;
  stack.left = false;
  context.top = index;
  ++context.depth;

  // AddressSanitizer is told of both switches from here: in between nothing asks it.
  void* fake_stack = nullptr;
  const void* caller_bottom = nullptr;
  size_t caller_bytes = 0;
  if (told_) {
    __sanitizer_start_switch_fiber(&fake_stack, stack.bottom, kStackBytes);
    __sanitizer_finish_switch_fiber(nullptr, &caller_bottom, &caller_bytes);
  }
  const long result = drydock_call_on_stack(entry, args, stack.top, &stack.caller_sp);
  if (told_) {
    // No save slot: the fibre does not come back, its fake stack is freed.
    __sanitizer_start_switch_fiber(nullptr, caller_bottom, caller_bytes);
    __sanitizer_finish_switch_fiber(fake_stack, nullptr, nullptr);
  }

  --context.depth;
  context.top = stack.below;
  *left = stack.left;
  if (stack.left && told_) [[unlikely]] {
    __asan_unpoison_memory_region(stack.bottom, kStackBytes);
  }
  went_deep_ = *MarkOf(stack.top) != kMark;
  if (went_deep_) *MarkOf(stack.top) = kMark;
  GiveStack(index);
  return result;
}

SWITCHES_STACKS void Fibres::Leave() {
  Stack& stack = stacks_[contexts_[current_].top];
  stack.left = true;
  drydock_leave_stack(stack.caller_sp);
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
  context.sp = static_cast<void*>(Prepare(stacks_[context.base]));
  return id;
}

void Fibres::ContextTrampoline() {
  running->RunContext();
  __builtin_unreachable();
}

SWITCHES_STACKS void Fibres::RunContext() {
  if (told_) {
    Context& before = contexts_[from_];
    __sanitizer_finish_switch_fiber(nullptr, &before.host_bottom, &before.host_bytes);
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
  if (!told_) return;
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
  if (told_) {
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
