// Interposed: fork, and what programs do about SIGSEGV. And what happens when the library is
// loaded.
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "live/preload/descriptors.h"
#include "live/preload/fault.h"
#include "live/preload/interpose.h"
#include "live/preload/mappings.h"
#include "live/preload/session.h"

namespace drydock::live {
namespace {

// One fork at a time: who forks holds the lock of the layout, with signals blocked.
struct {
  bool prepared;  // by fork() below, before libc's own
  int64_t token;  // of the child; 0: the process has not joined; < 0: there will be no machine
  uint64_t signals;
} forking;

void Block() {
  const uint64_t all = ~uint64_t{0};
  uint64_t before = 0;
  raw::Call(SYS_rt_sigprocmask, SIG_SETMASK, reinterpret_cast<long>(&all),
            reinterpret_cast<long>(&before), sizeof all);
  AcquireLayoutLock();
  forking.signals = before;
}

void Unblock() {
  const uint64_t before = forking.signals;
  forking.prepared = false;
  ReleaseLayoutLock();
  raw::Call(SYS_rt_sigprocmask, SIG_SETMASK, reinterpret_cast<long>(&before), 0, sizeof before);
}

// The simulated fork comes first: it may fail, and what it makes read-only must be so in both.
void Prepare() {
  Block();
  forking.token = 0;
  if (!session.joined()) return;
  Call call(Op::kFork);
  forking.token = call.Run();
}

// Around fork(2) wherever libc makes it.
void BeforeFork() {
  if (!forking.prepared) Prepare();
}

void TellForked(int64_t token, pid_t child) {
  if (token <= 0) return;
  Call call(Op::kForked);
  call[0] = static_cast<uint64_t>(token);
  call[1] = static_cast<uint64_t>(child);
  call.Run();
}

void AfterForkInParent() {
  // fork() below says who the child is. Elsewhere (forkpty) nobody knows: the child says it itself.
  if (!forking.prepared) Unblock();
}

void AfterForkInChild() {
  if (session.joined()) {
    mappings.HideAll();
    session.JoinAsChild(forking.token > 0 ? static_cast<uint64_t>(forking.token) : 0);
  }
  Unblock();
}

pid_t Fork(pid_t (*next)()) {
  Prepare();
  if (forking.token < 0) {
    const int64_t error = forking.token;
    Unblock();
    return static_cast<pid_t>(Returned(error));
  }
  const int64_t token = forking.token;
  forking.prepared = true;
  const pid_t child = next();
  if (child == 0) return 0;  // AfterForkInChild() has run
  const int error = errno;
  TellForked(token, child > 0 ? child : 0);
  Unblock();
  errno = error;
  return child;
}

// Descriptors of devices that were open over execve(2).
void TakeInherited() {
  int fds[Hello::kMaxInherited];
  uint64_t inodes[Hello::kMaxInherited];
  int32_t simulated[Hello::kMaxInherited];
  const uint32_t count = descriptors.ListInherited(fds, inodes, Hello::kMaxInherited);
  if (count == 0) return;
  session.Inherit(inodes, simulated, count);
  for (uint32_t i = 0; i < count; ++i) {
    if (simulated[i] > 0) descriptors.AddInherited(fds[i], simulated[i], inodes[i]);
  }
}

__attribute__((constructor)) void Load() {
  session.Find();
  if (!session.exists()) return;
  pthread_atfork(BeforeFork, AfterForkInParent, AfterForkInChild);
  TakeInherited();
}

using Handler = void (*)(int);
using Sigaction = int(int, const struct sigaction*, struct sigaction*);

int SetAction(int number, const struct sigaction* action, struct sigaction* old) {
  const auto next = DRYDOCK_NEXT(Sigaction, "sigaction");
  if (number == SIGSEGV && CatchesFaults()) {
    SwapProgramAction(action, old);
    return 0;
  }
  if (action == nullptr || !session.exists()) return next(number, action, old);
  // A handler may touch a device's memory, too.
  struct sigaction open = *action;
  sigdelset(&open.sa_mask, SIGSEGV);
  return next(number, &open, old);
}

Handler SetHandler(int number, Handler handler, int flags) {
  struct sigaction action = {}, old = {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  if (SetAction(number, &action, &old) != 0) return SIG_ERR;
  return old.sa_handler;
}

// What a program blocks is blocked, SIGSEGV apart: a fault of a device's memory would be the end.
// The program sees what it asked for.
int SetMask(int (*next)(int, const sigset_t*, sigset_t*), int how, const sigset_t* set,
            sigset_t* old) {
  if (!session.exists()) return next(how, set, old);
  bool* blocks = ProgramBlocksFaults();
  const bool before = *blocks;
  sigset_t open;
  if (set != nullptr) open = *set;
  const bool named = set != nullptr && sigismember(set, SIGSEGV) == 1;
  if (named && how != SIG_UNBLOCK) sigdelset(&open, SIGSEGV);
  const int result = next(how, set != nullptr ? &open : nullptr, old);
  if (result != 0) return result;
  if (old != nullptr && before) sigaddset(old, SIGSEGV);
  if (set != nullptr && how == SIG_SETMASK) *blocks = named;
  if (named && how != SIG_SETMASK) *blocks = how == SIG_BLOCK;
  return 0;
}

}  // namespace
}  // namespace drydock::live

using namespace drydock::live;  // NOLINT: the interposed functions are C's

DRYDOCK_INTERPOSE(pid_t, fork) {
  const auto next = DRYDOCK_NEXT(pid_t(), "fork");
  return session.joined() ? Fork(next) : next();
}

// A child that shares the memory would take its parent's descriptors for its own.
DRYDOCK_INTERPOSE(pid_t, vfork) {
  const auto next = DRYDOCK_NEXT(pid_t(), "fork");
  return session.joined() ? Fork(next) : next();
}

DRYDOCK_INTERPOSE(int, sigaction, int number, const struct sigaction* action,
                  struct sigaction* old) {
  return SetAction(number, action, old);
}

DRYDOCK_INTERPOSE(Handler, signal, int number, Handler handler) {
  return CatchesFaults() ? SetHandler(number, handler, SA_RESTART)
                         : DRYDOCK_NEXT(Handler(int, Handler), "signal")(number, handler);
}

DRYDOCK_INTERPOSE(Handler, bsd_signal, int number, Handler handler) {
  return CatchesFaults() ? SetHandler(number, handler, SA_RESTART)
                         : DRYDOCK_NEXT(Handler(int, Handler), "signal")(number, handler);
}

DRYDOCK_INTERPOSE(Handler, __sysv_signal, int number, Handler handler) {
  constexpr int kFlags = static_cast<int>(SA_RESETHAND) | SA_NODEFER;
  return CatchesFaults() ? SetHandler(number, handler, kFlags)
                         : DRYDOCK_NEXT(Handler(int, Handler), "__sysv_signal")(number, handler);
}

DRYDOCK_INTERPOSE(int, sigprocmask, int how, const sigset_t* set, sigset_t* old) {
  return SetMask(DRYDOCK_NEXT(int(int, const sigset_t*, sigset_t*), "sigprocmask"), how, set, old);
}

DRYDOCK_INTERPOSE(int, pthread_sigmask, int how, const sigset_t* set, sigset_t* old) {
  return SetMask(DRYDOCK_NEXT(int(int, const sigset_t*, sigset_t*), "pthread_sigmask"), how, set,
                 old);
}
