#include "live/preload/fault.h"

#include <string.h>
#include <ucontext.h>

#include "live/preload/access.h"
#include "live/preload/interpose.h"
#include "live/preload/mappings.h"
#include "live/preload/session.h"

namespace drydock::live {
namespace {

using Sigaction = int(int, const struct sigaction*, struct sigaction*);

struct sigaction program_action;
__thread bool program_blocks_faults __attribute__((tls_model("initial-exec")));
std::atomic<bool> catches{false};

// What the program would have got from the kernel.
void Deliver(int number, siginfo_t* info, ucontext_t* context) {
  struct sigaction action;
  if (number == SIGSEGV) {
    action = program_action;
  } else {
    DRYDOCK_NEXT(Sigaction, "sigaction")(number, nullptr, &action);
  }
  uint64_t blocked = 0;
  memcpy(&blocked, &context->uc_sigmask, sizeof blocked);
  const uint64_t bit = uint64_t{1} << (number - 1);
  const bool handled = (action.sa_flags & SA_SIGINFO) != 0 ||
                       (action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN);
  if (!handled || (blocked & bit) != 0 || (number == SIGSEGV && program_blocks_faults)) {
    // force_sig(): ignored or blocked, it ends the process.
    const struct sigaction fatal = {};
    DRYDOCK_NEXT(Sigaction, "sigaction")(number, &fatal, nullptr);
    raw::Call(SYS_rt_sigprocmask, SIG_UNBLOCK, reinterpret_cast<long>(&bit), 0, sizeof bit);
    raw::Call(SYS_rt_tgsigqueueinfo, raw::Pid(), raw::Call(SYS_gettid), number,
              reinterpret_cast<long>(info));
    DieOf(number);
  }
  if ((action.sa_flags & SA_RESETHAND) != 0 && number == SIGSEGV) {
    memset(static_cast<void*>(&program_action), 0, sizeof program_action);
  }
  uint64_t mask = 0;
  memcpy(&mask, &action.sa_mask, sizeof mask);
  mask |= blocked;
  if ((action.sa_flags & SA_NODEFER) == 0) mask |= bit;
  if (number != SIGSEGV) mask &= ~(uint64_t{1} << (SIGSEGV - 1));
  raw::Call(SYS_rt_sigprocmask, SIG_SETMASK, reinterpret_cast<long>(&mask), 0, sizeof mask);
  if ((action.sa_flags & SA_SIGINFO) != 0) {
    action.sa_sigaction(number, info, context);
  } else {
    action.sa_handler(number);
  }
}

enum class Answer { kNotOurs, kAgain, kEmulate, kSignal };

Answer Ask(uint64_t address, Access access, int* number, int* code) {
  const LayoutLock lock;
  if (!session.joined() || !session.Mine() || !mappings.Overlaps(address, address + 1)) {
    return Answer::kNotOurs;
  }
  Call call(Op::kFault);
  call[0] = address & ~(kPageBytes - 1);
  call[1] = static_cast<uint64_t>(access);
  const int64_t value = call.Run();
  if (session.gone()) {
    *number = SIGBUS;
    *code = BUS_ADRERR;
    return Answer::kSignal;
  }
  static_cast<void>(value);
  *number = call.signal();
  *code = call.code();
  if (call.signal() != 0) return Answer::kSignal;
  return (call.flags() & kEmulate) != 0 ? Answer::kEmulate : Answer::kAgain;
}

void OnFault(int number, siginfo_t* info, void* raw_context) {
  auto* context = static_cast<ucontext_t*>(raw_context);
  const int saved_errno = errno;
  const auto address = reinterpret_cast<uint64_t>(info->si_addr);
  constexpr greg_t kWrite = 2, kFetch = 16;
  const greg_t error = context->uc_mcontext.gregs[REG_ERR];
  const Access access = (error & kFetch) != 0   ? Access::kFetch
                        : (error & kWrite) != 0 ? Access::kStore
                                                : Access::kLoad;
  int signal = 0, code = 0;
  // (A signal that somebody sent has no address of a fault.)
  Answer answer = info->si_code > 0 && mappings.MayOverlap(address, address + 1)
                      ? Ask(address, access, &signal, &code)
                      : Answer::kNotOurs;
  if (answer == Answer::kEmulate) {
    uint64_t at = address;
    answer = CarryOutAccess(context, &at, &signal, &code) ? Answer::kAgain : Answer::kSignal;
    info->si_addr = reinterpret_cast<void*>(at);
  }
  if (answer == Answer::kAgain) {
    errno = saved_errno;
    return;
  }
  if (answer == Answer::kSignal) {
    number = signal;
    info->si_signo = signal;
    info->si_code = code;
  }
  errno = saved_errno;
  Deliver(number, info, context);
}

}  // namespace

bool* ProgramBlocksFaults() { return &program_blocks_faults; }

bool CatchesFaults() { return catches.load(std::memory_order_relaxed); }

void CatchFaults() {
  if (CatchesFaults()) return;
  struct sigaction action = {};
  action.sa_sigaction = OnFault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  sigfillset(&action.sa_mask);
  DRYDOCK_NEXT(Sigaction, "sigaction")(SIGSEGV, &action, &program_action);
  catches.store(true);
}

void SwapProgramAction(const struct sigaction* action, struct sigaction* old) {
  const raw::SignalsBlocked blocked;
  const struct sigaction before = program_action;
  if (action != nullptr) program_action = *action;
  if (old != nullptr) *old = before;
}

}  // namespace drydock::live
