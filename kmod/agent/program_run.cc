#include "kmod/agent/program_run.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "kmod/agent/raw_call.h"
#include "kmod/agent/steps.h"
#include "kmod/agent/turn.h"

namespace drydock::kmod {
namespace {

constexpr int kSliceMs = 20;

// The process has exited: it is a zombie, or nothing is left of it. *signal: what killed it, if
// that can be known.
bool IsGone(pid_t pid, int* signal) {
  int status = 0;
  if (waitpid(pid, &status, WNOHANG) == pid) {
    if (WIFSIGNALED(status)) *signal = WTERMSIG(status);
    return true;
  }
  return kill(pid, 0) != 0 && errno == ESRCH;
}

// As in a real program that ends: all processes exit, in their order.
void LeaveAll(RunState* run, int patience_ms) {
  if (run->leaving != 0) AwaitExit(run->leaving, patience_ms);
  run->leaving = 0;
  run->leave = true;
  for (uint32_t i = 0; i < run->process_count; ++i) {
    if (run->pids[i] == 0) continue;
    WakeTurn(run, i);
    AwaitExit(run->pids[i], patience_ms);
    run->pids[i] = 0;
  }
}

bool KillAll(RunState* run, pid_t worker, int patience_ms) {
  bool gone = true;
  pid_t all[kMostProcesses + 1] = {};
  for (uint32_t i = 0; i < run->process_count; ++i) all[i] = run->pids[i];
  all[kMostProcesses] = worker;
  for (const pid_t pid : all) {
    if (pid != 0) kill(pid, SIGKILL);
  }
  for (const pid_t pid : all) {
    if (pid != 0) gone &= AwaitExit(pid, patience_ms);
  }
  for (pid_t& pid : run->pids) pid = 0;
  return gone;
}

}  // namespace

void TellClock(Header* channel) {
  timespec now = {};
  RawCall(SYS_clock_gettime, CLOCK_MONOTONIC, reinterpret_cast<uint64_t>(&now));
  channel->clock_ms =
      static_cast<uint64_t>(now.tv_sec) * 1000 + static_cast<uint64_t>(now.tv_nsec) / 1000000;
}

void Reap() {
  while (waitpid(-1, nullptr, WNOHANG) > 0) {
  }
}

void FillUp(uint32_t steps, Ran ran, RunState* run) {
  for (; run->next < steps; ++run->next) AppendNotRun(ran, run);
}

bool AwaitAgentsTurn(Header* channel, RunState* run, pid_t worker, Ending* ending) {
  const auto patience_ms = static_cast<int>(channel->patience_ms);
  struct Place {
    uint32_t program, next, turn;
    bool operator==(const Place&) const = default;
  };
  const auto place_now = [run] { return Place{run->program, run->next, run->turn}; };
  int waited_ms = 0;
  Place seen = {}, interrupted = {};
  while (!AwaitTurn(run, kAgentsTurn, kSliceMs)) {
    const Place now = place_now();
    if (now != seen) waited_ms = 0;
    seen = now;
    TellClock(channel);
    waited_ms += kSliceMs;
    const pid_t acting = now.turn < kMostProcesses ? run->pids[now.turn] : 0;
    int signal = 0;
    const bool worker_gone = worker != 0 && IsGone(worker, &signal);
    // (One that leaves is gone, as it should be; it may have left since we looked whose turn it is,
    // and another program may be running by now.)
    const bool process_gone = acting != 0 && acting != worker && IsGone(acting, &signal) &&
                              run->leaving == 0 && !run->leave && place_now() == now &&
                              run->pids[now.turn] == acting;
    if (!worker_gone && !process_gone && waited_ms < patience_ms) continue;
    const bool killed = worker_gone || process_gone;
    // As in the simulation, where a wait that nothing ends gets a signal, if one can end it.
    if (!killed && acting != 0 && now != interrupted) {
      kill(acting, kInterruptSignal);
      interrupted = now;
      waited_ms = 0;
      continue;
    }
    if (killed && acting != 0) run->pids[now.turn] = 0;
    *ending = killed ? Ending::kKilled : Ending::kBlocked;
    if (run->used != 0) {
      run->Last()->ran = Ran::kRan;
      run->Last()->signal = static_cast<uint8_t>(signal);
    }
    if (!KillAll(run, worker_gone ? 0 : worker, patience_ms)) {
      *ending = Ending::kHung;
    }
    return false;
  }
  return true;
}

Ending RunProgram(Header* channel, const fuzz::Program& program, RunState* run) {
  const auto patience_ms = static_cast<int>(channel->patience_ms);
  run->BeginProgram(kAgentsTurn);
  const auto first = static_cast<pid_t>(RawCall(SYS_clone, SIGCHLD));
  if (first == 0) {
    run->pids[0] = static_cast<pid_t>(RawCall(SYS_getpid));
    LiveAs(0, program, run->nodes, run);
  }

  Ending ending = Ending::kFinished;
  if (AwaitAgentsTurn(channel, run, 0, &ending)) {
    if (run->process_count == 1 && run->pids[0] == 0) {
      waitpid(first, nullptr, 0);
    } else {
      LeaveAll(run, patience_ms);
    }
    if (run->overflow) ending = Ending::kOverflow;
  }
  if (ending != Ending::kHung) Reap();
  FillUp(program.step_count, ending == Ending::kFinished ? Ran::kSkipped : Ran::kNotRun, run);
  return ending;
}

}  // namespace drydock::kmod
