#include "sim/kernel/driver_runner.h"

#include <signal.h>
#include <sys/time.h>
#include <ucontext.h>

#include <array>
#include <cstdio>
#include <cstdlib>

#include "sim/hw/mmio_space.h"
#include "sim/hw/physical_memory.h"

// Present where AddressSanitizer is, which widens the frames of what it watches.
extern "C" void __asan_init() __attribute__((weak));
extern "C" void __asan_unpoison_memory_region(const volatile void* address, size_t size)
    __attribute__((weak));

namespace drydock::kernel {
namespace {

constexpr char kStackExpected[] = "the driver's functions fit the kernel's stack of 16384 bytes";
static_assert(Fibres::kKernelStackBytes == 16384);

constexpr int kTickMs = 50;
constexpr int kSignals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};

DriverRunner* runner = nullptr;
std::array<struct sigaction, 65> before{};
alignas(16) char alternate_stack[64 << 10];
int ticks_allowed = 20;
uint64_t watched_entry = 0;
int watched_ticks = 0;

const char* NameOf(int signal_number) {
  switch (signal_number) {
    case SIGSEGV:
      return "segmentation fault";
    case SIGBUS:
      return "bus error";
    case SIGFPE:
      return "division error";
    case SIGILL:
      return "invalid instruction";
    default:
      return "breakpoint trap";
  }
}

void LeaveFromSignal() { runner->Leave(); }

}  // namespace

// The handlers' side of DriverRunner: what a signal may look at.
struct SignalRoom {
  // Makes the interrupted driver go on in LeaveFromSignal(), which abandons it.
  static void Abandon(ucontext_t* context) {
    auto* const sp = static_cast<char*>(runner->fibres_.ResumeStackPointer());
    context->uc_mcontext.gregs[REG_RSP] = reinterpret_cast<greg_t>(sp);
    context->uc_mcontext.gregs[REG_RIP] = reinterpret_cast<greg_t>(&LeaveFromSignal);
    // The red zones of the functions that are abandoned would be in its way.
    if (__asan_unpoison_memory_region != nullptr) {
      __asan_unpoison_memory_region(sp - Fibres::kStackBytes / 2, Fibres::kStackBytes / 2);
    }
  }

  static const void* Pc(const ucontext_t* context) {
    return reinterpret_cast<const void*>(context->uc_mcontext.gregs[REG_RIP]);
  }

  // The driver has just called what is not there: its call is where the stack says to go back to.
  static void NoteReturnAddress(const ucontext_t* context) {
    const auto top = static_cast<uintptr_t>(context->uc_mcontext.gregs[REG_RSP]);
    const void* back = *reinterpret_cast<const void* const*>(top);
    runner->verdicts_.NoteCaller(runner->verdicts_.InDriver(back) ? back : nullptr);
  }

  static void OnFault(int signal_number, siginfo_t* info, void* raw_context) {
    auto* context = static_cast<ucontext_t*>(raw_context);
    if (runner != nullptr) {
      if (signal_number == SIGSEGV && (runner->memory_.OnWriteFault(info->si_addr) ||
                                       runner->mmio_.OnWriteFault(info->si_addr))) {
        return;
      }
      const void* pc = Pc(context);
      const bool overflow = runner->fibres_.OnRunningStack(info->si_addr);
      // A call through a wild pointer leaves the program counter at the wild address itself.
      const bool wild_call = runner->inside() && pc == info->si_addr;
      if (runner->inside() && (runner->verdicts_.InDriver(pc) || overflow || wild_call)) {
        if (runner->verdicts_.InDriver(pc)) {
          runner->verdicts_.NoteCaller(pc);
        } else if (wild_call) {
          NoteReturnAddress(context);
        }
        runner->verdicts_.TrapNow(Trap::kOops, 0, 14, "the driver touches only memory it owns",
                                  "%s at address %p%s", NameOf(signal_number), info->si_addr,
                                  overflow ? " (the kernel stack overflowed)" : "");
        Abandon(context);
        return;
      }
    }
    Chain(signal_number, info, raw_context);
  }

  static void Chain(int signal_number, siginfo_t* info, void* context) {
    const struct sigaction& old = before[static_cast<size_t>(signal_number)];
    if ((old.sa_flags & SA_SIGINFO) != 0 && old.sa_sigaction != nullptr) {
      old.sa_sigaction(signal_number, info, context);
      return;
    }
    if (old.sa_handler != SIG_DFL && old.sa_handler != SIG_IGN) {
      old.sa_handler(signal_number);
      return;
    }
    signal(signal_number, SIG_DFL);  // the instruction runs again and ends the process
  }

  static void OnTick(int, siginfo_t*, void* raw_context) {
    if (runner == nullptr || !runner->inside()) return;
    if (runner->fibres_.entries() != watched_entry) {
      watched_entry = runner->fibres_.entries();
      watched_ticks = 0;
      return;
    }
    if (++watched_ticks < ticks_allowed) return;
    auto* context = static_cast<ucontext_t*>(raw_context);
    const void* pc = Pc(context);
    if (runner->verdicts_.InDriver(pc)) {
      runner->verdicts_.NoteCaller(pc);
    } else if (watched_ticks < 2 * ticks_allowed) {
      // In the simulation or a library on the driver's behalf: it is left at the next look, or, if
      // the driver calls in a loop, by the shim that sees the trap.
      if (watched_ticks == ticks_allowed) Note();
      return;
    }
    Note();
    Abandon(context);
  }

  static void Note() {
    runner->verdicts_.TrapNow(Trap::kBudget, 0, 11, "the callback returns",
                              "it was still running after %d ms of CPU time",
                              ticks_allowed * kTickMs);
  }
};

DriverRunner::DriverRunner(Verdicts& verdicts, hw::PhysicalMemory& memory, hw::MmioSpace& mmio)
    : verdicts_(verdicts), memory_(memory), mmio_(mmio) {
  runner = this;
}

DriverRunner::~DriverRunner() {
  if (runner == this) runner = nullptr;
}

long DriverRunner::Call(DriverEntry entry, void* const (&args)[6]) {
  if (!fibres_.CanCall()) [[unlikely]] {
    verdicts_.TrapNow(Trap::kBudget, 0, 11, "callbacks end",
                      "driver and kernel called each other %zu deep", fibres_.depth());
    return 0;
  }
  bool left = false;
  const long result = fibres_.Call(entry, args, &left);
  if (fibres_.went_deep()) [[unlikely]]
    NoteDepth(reinterpret_cast<const void*>(entry));
  return result;
}

size_t DriverRunner::StackLimitBytes() {
  constexpr size_t kShadowed = Fibres::kKernelStackBytes / 4;
  return Fibres::kKernelStackBytes + (__asan_init != nullptr ? kShadowed : 0);
}

void DriverRunner::NoteOverflow(size_t used_bytes) {
  if (!fibres_.OnRunningStack(__builtin_frame_address(0))) return;
  verdicts_.TrapNow(Trap::kOops, 0, 14, kStackExpected,
                    "%zu bytes of the stack are in use: it overflows", used_bytes);
}

// What no call of the kernel has seen: a function that calls nothing.
void DriverRunner::NoteDepth(const void* entry) {
  if (verdicts_.pending_trap() != Trap::kNone) return;
  verdicts_.Report(0, 14, kStackExpected,
                   "more than %zu bytes of the stack were in use: it overflows",
                   Fibres::kMarkDepthBytes);
  verdicts_.Last().driver_pc = verdicts_.EntryPc(entry);
  verdicts_.Last().trap = Trap::kOops;  // what a kernel makes of it; this run goes on
}

void DriverRunner::InstallSignalHandlers(double seconds) {
  static bool installed = false;
  ticks_allowed = static_cast<int>(seconds * 1000 / kTickMs);
  if (installed) return;
  installed = true;
  stack_t stack{};
  stack.ss_sp = alternate_stack;
  stack.ss_size = sizeof alternate_stack;
  struct sigaction action{};
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  action.sa_sigaction = &SignalRoom::OnFault;
  bool ok = sigaltstack(&stack, nullptr) == 0;
  for (const int number : kSignals) {
    ok = ok && sigaction(number, &action, &before[static_cast<size_t>(number)]) == 0;
  }
  action.sa_sigaction = &SignalRoom::OnTick;
  action.sa_flags |= SA_RESTART;
  itimerval tick{};
  tick.it_interval.tv_usec = kTickMs * 1000;
  tick.it_value = tick.it_interval;
  ok = ok && sigaction(SIGVTALRM, &action, nullptr) == 0 &&
       setitimer(ITIMER_VIRTUAL, &tick, nullptr) == 0;
  if (!ok) {
    std::perror("drydock: cannot install signal handlers");
    std::abort();
  }
}

}  // namespace drydock::kernel
