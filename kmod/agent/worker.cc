#include "kmod/agent/worker.h"

#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kmod/agent/guest_setup.h"
#include "kmod/agent/program_run.h"
#include "kmod/agent/raw_call.h"
#include "kmod/agent/turn.h"

namespace drydock::kmod {
namespace {

constexpr int kForever = 1000 * 3600;

}  // namespace

bool AppendResult(Header* channel, RunState* run, uint32_t steps, Ending ending, std::string said) {
  const auto said_bytes = static_cast<uint32_t>(said.size());
  said.resize((said.size() + 7) / 8 * 8);
  const ResultHead head = {.bytes = sizeof(ResultHead) + run->used + said.size(),
                           .ending = ending,
                           .steps = steps,
                           .said = said_bytes,
                           .reserved = 0};
  if (run->results_at + head.bytes > kChannelBytes) return false;
  uint8_t* const to = reinterpret_cast<uint8_t*>(channel) + run->results_at;
  memcpy(to, &head, sizeof head);
  memcpy(to + sizeof head, run->bytes, run->used);
  said.copy(reinterpret_cast<char*>(to) + sizeof head + run->used, said.size());
  run->results_at += head.bytes;
  channel->done = ++run->program;
  return true;
}

Ending Worker::Run(uint32_t end) {
  run_->programs_end = end;
  run_->no_room = run_->worker_leaves = false;
  run_->BeginProgram(kWorkersTurn);
  if (pid_ == 0) Start();
  WakeTurn(run_, kWorkersTurn);
  Ending ending = Ending::kFinished;
  if (AwaitAgentsTurn(channel_, run_, pid_, &ending)) {
    if (run_->worker_leaves) End();
    return run_->no_room ? Ending::kOverflow : Ending::kFinished;
  }
  pid_ = 0;
  Reap();
  const fuzz::Program& program = ProgramOf(channel_, run_->program);
  FillUp(program.step_count, Ran::kNotRun, run_);
  return AppendResult(channel_, run_, program.step_count, ending, log_->Complaints())
             ? ending
             : Ending::kOverflow;
}

void Worker::Start() {
  const auto pid = static_cast<pid_t>(RawCall(SYS_clone, SIGCHLD));
  if (pid == 0) Live();
  pid_ = pid;
}

void Worker::End() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

void Worker::Live() {
  if (MapChannel() != channel_) RawCall(SYS_exit_group, 1);
  signal(SIGCHLD, SIG_IGN);  // a process of the program that exits is gone at once
  for (;;) {
    AwaitEitherTurn(run_, kWorkersTurn, kWorkersTurn);
    while (run_->program < run_->programs_end && !run_->no_room && !run_->worker_leaves) RunOne();
    WakeTurn(run_, kAgentsTurn);
  }
}

void Worker::RunOne() {
  ++channel_->alive;
  channel_->program = run_->program;
  fuzz::Program program;
  memcpy(&program, &ProgramOf(channel_, run_->program), sizeof program);
  run_->BeginProgram(kWorkersTurn);
  run_->pids[0] = static_cast<pid_t>(RawCall(SYS_getpid));
  LiveInPlace(program, run_->nodes, run_);

  // All processes exit, in their order.
  if (run_->leaving != 0) AwaitExit(run_->leaving, kForever);
  run_->leaving = 0;
  if (run_->pids[0] != 0) LetGo();
  run_->pids[0] = 0;
  run_->leave = true;
  for (uint32_t i = 1; i < run_->process_count; ++i) {
    if (run_->pids[i] == 0) continue;
    WakeTurn(run_, i);
    AwaitExit(run_->pids[i], kForever);
    run_->pids[i] = 0;
  }
  run_->turn = kWorkersTurn;
  FillUp(program.step_count, Ran::kSkipped, run_);
  run_->no_room =
      !AppendResult(channel_, run_, program.step_count,
                    run_->overflow ? Ending::kOverflow : Ending::kFinished, log_->Complaints());
  run_->worker_leaves = !IsClean();
}

// What a driver has put where no mapping is stays in the page tables until the process ends.
bool Worker::IsClean() {
  ptdump_dump dump{};
  dump.start = kSeenFrom;
  dump.end = kSeenTo;
  return ioctl(kPtdumpFd, PTDUMP_DUMP, &dump) == 0 && dump.count == 0;
}

}  // namespace drydock::kmod
