// The process that runs programs in place, one after another: it is process 0 of each, and lets go
// of what a program has left instead of exiting. A fork, an exit and the page faults of a new
// process are most of what a short program costs otherwise. A worker that a program has killed, or
// that keeps something, is replaced by another.
#ifndef DRYDOCK_KMOD_AGENT_WORKER_H_
#define DRYDOCK_KMOD_AGENT_WORKER_H_

#include <sys/types.h>

#include "fuzz/program.h"
#include "kmod/agent/channel.h"
#include "kmod/agent/kernel_log.h"
#include "kmod/agent/run_state.h"
#include "kmod/agent/steps.h"

namespace drydock::kmod {

class Worker {
 public:
  // From the agent's side. All of them outlive it.
  Worker(Header* channel, KernelLog* log, RunState* run)
      : channel_(channel), log_(log), run_(run) {}
  ~Worker() { End(); }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Runs programs [run->program, end) of the chunk, all of which RunsInPlace(), and writes their
  // results; run->program is then the first that did not run. kFinished, or how the last one that
  // ran has ended: not well, and the caller calls again for the rest (after kHung no more).
  // kOverflow: no room in the channel.
  Ending Run(uint32_t end);

 private:
  void Start();
  void End();
  [[noreturn]] void Live();  // from here on in the worker
  void RunOne();
  bool IsClean();

  Header* const channel_;
  KernelLog* const log_;
  RunState* const run_;
  pid_t pid_ = 0;
};

// Writes the result of a program, whose steps are in `run`, into the channel, where the next one
// goes behind it. False if there is no room.
bool AppendResult(Header* channel, RunState* run, uint32_t steps, Ending ending, std::string said);

}  // namespace drydock::kmod

#endif  // DRYDOCK_KMOD_AGENT_WORKER_H_
