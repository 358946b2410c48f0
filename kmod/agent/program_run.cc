#include "kmod/agent/program_run.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "kmod/agent/raw_call.h"

namespace drydock::kmod {
namespace {

constexpr int kSlice_ms = 20;

void Reap() {
  while (waitpid(-1, nullptr, WNOHANG) > 0) {
  }
}

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

bool KillAll(RunState* run, const pid_t* all, int patience_ms) {
  bool gone = true;
  for (uint32_t i = 0; i < run->process_count; ++i) {
    if (all[i] != 0) kill(all[i], SIGKILL);
  }
  for (uint32_t i = 0; i < run->process_count; ++i) {
    if (all[i] != 0) gone &= AwaitExit(all[i], patience_ms);
  }
  return gone;
}

}  // namespace

Ending RunProgram(const fuzz::Program& program, NodeNames nodes, int patience_ms, RunState* run) {
  run->pids[0] = 0;
  run->turn = 0;
  run->leave = run->look = run->overflow = false;
  run->next = run->current = 0;
  run->process_count = 1;
  run->leaving = 0;
  run->fd_count = run->mapping_count = 0;
  run->last = run->used = 0;

  const auto first = static_cast<pid_t>(RawCall(SYS_clone, SIGCHLD));
  if (first == 0) {
    run->pids[0] = static_cast<pid_t>(RawCall(SYS_getpid));
    LiveAs(0, program, nodes, run);
  }

  Ending ending = Ending::kFinished;
  int waited_ms = 0;
  uint32_t seen_next = 0;
  while (!AwaitTurn(run, kAgentsTurn, kSlice_ms)) {
    if (run->next != seen_next) waited_ms = 0;
    seen_next = run->next;
    waited_ms += kSlice_ms;
    const uint32_t turn = run->turn;
    int signal = 0;
    const bool killed = turn < kMostProcesses && run->pids[turn] != 0 && run->leaving == 0 &&
                        IsGone(run->pids[turn], &signal);
    if (!killed && waited_ms < patience_ms) continue;
    if (killed) run->pids[turn] = 0;
    ending = killed ? Ending::kKilled : Ending::kBlocked;
    if (run->used != 0) {
      run->Last()->ran = Ran::kRan;
      run->Last()->signal = static_cast<uint8_t>(signal);
    }
    pid_t all[kMostProcesses + 1] = {};
    for (uint32_t i = 0; i < run->process_count; ++i) all[i] = run->pids[i];
    if (!KillAll(run, all, patience_ms)) ending = Ending::kHung;
    for (pid_t& pid : run->pids) pid = 0;
    break;
  }
  if (ending == Ending::kFinished) {
    if (run->process_count == 1 && run->pids[0] == 0) {
      waitpid(first, nullptr, 0);
    } else {
      LeaveAll(run, patience_ms);
    }
    if (run->overflow) ending = Ending::kOverflow;
  }
  if (ending != Ending::kHung) Reap();
  for (uint32_t i = run->next; i < program.step_count; ++i) {
    AppendNotRun(ending == Ending::kFinished ? Ran::kSkipped : Ran::kNotRun, run);
  }
  return ending;
}

}  // namespace drydock::kmod
