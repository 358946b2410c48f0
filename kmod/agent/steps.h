// The Linux executor, as a process of the program sees it: fuzz/executor.cc, on the kernel that
// runs. What a step means, when it is skipped and who acts next is the same there and here.
#ifndef DRYDOCK_KMOD_AGENT_STEPS_H_
#define DRYDOCK_KMOD_AGENT_STEPS_H_

#include <signal.h>

#include "fuzz/program.h"
#include "kmod/agent/run_state.h"

namespace drydock::kmod {

using NodeNames = const char (*)[kPathBytes];

// What ends a step that waits, if anything can: it fails with EINTR.
inline constexpr int kInterruptSignal = SIGUSR1;

// Once, in the agent: what a load or a store that faults does, and kInterruptSignal.
void CatchSignals();

// The life of process `self` of the program: acts when it is its turn, ends when it is told to.
[[noreturn]] void LiveAs(uint32_t self, const fuzz::Program& program, NodeNames nodes,
                         RunState* run);

// The same for process 0 of a program that its worker runs in place (worker.h): returns when the
// program has ended, with process 0's memory and files gone if it has exited. Others may live on.
void LiveInPlace(const fuzz::Program& program, NodeNames nodes, RunState* run);
// As an exit does: lets memory that programs see go, then files.
void LetGo();

// Appends a step that nobody has run. Of the agent, for what is left of a program.
void AppendNotRun(Ran ran, RunState* run);

}  // namespace drydock::kmod

#endif  // DRYDOCK_KMOD_AGENT_STEPS_H_
