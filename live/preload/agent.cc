#include "live/preload/agent.h"

#include <sched.h>

#include "live/preload/raw.h"
#include "live/preload/session.h"

namespace drydock::live {
namespace {

constexpr uint64_t kStackBytes = 64 << 10;

[[noreturn]] void Serve(Channel* channel) {
  Revocation& revocation = channel->revocation;
  uint32_t seen = 0;
  for (;;) {
    const uint32_t posted = revocation.posted.load();
    if (posted == seen) {
      raw::FutexWait(&revocation.posted, seen, nullptr);
      continue;
    }
    CarryOut(channel, revocation.batch, revocation.updates, revocation.update_count);
    seen = posted;
    revocation.done.store(posted);
    raw::FutexWake(&revocation.done);
  }
}

}  // namespace

void StartAgent(Channel* channel) {
  const raw::SignalsBlocked blocked;  // which the thread inherits
  const long stack = raw::Map(0, kStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
  long result = stack;
  if (!raw::Failed(stack)) {
    constexpr long kFlags =
        CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
    auto* top = reinterpret_cast<uint64_t*>(stack + static_cast<long>(kStackBytes));
    *--top = 0;  // (a function is entered with its stack 8 below a multiple of 16)
    void (*entry)(Channel*) = &Serve;
    asm volatile(
        "syscall\n\t"
        "test %%rax, %%rax\n\t"
        "jnz 1f\n\t"
        "xor %%ebp, %%ebp\n\t"
        "mov %[channel], %%rdi\n\t"
        "jmp *%[entry]\n"
        "1:"
        : "=a"(result)
        : "a"(SYS_clone), "D"(kFlags), "S"(top), "d"(0), [channel] "r"(channel), [entry] "r"(entry)
        : "rcx", "r10", "r11", "memory");
  }
  if (!raw::Failed(result)) return;
  raw::Say("no thread for the simulated machine: errno %d", static_cast<uint64_t>(-result));
  DieOf(SIGABRT);
}

}  // namespace drydock::live
