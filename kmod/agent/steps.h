// The Linux executor, as a process of the program sees it: fuzz/executor.cc, on the kernel that
// runs. What a step means, when it is skipped and who acts next is the same there and here.
#ifndef DRYDOCK_KMOD_AGENT_STEPS_H_
#define DRYDOCK_KMOD_AGENT_STEPS_H_

#include "fuzz/program.h"
#include "kmod/agent/run_state.h"

namespace drydock::kmod {

using NodeNames = const char (*)[64];

// Once, in the agent: what a load or a store that faults does.
void CatchAccessSignals();

// The life of process `self` of the program: acts when it is its turn, ends when it is told to.
[[noreturn]] void LiveAs(uint32_t self, const fuzz::Program& program, NodeNames nodes,
                         RunState* run);

// Appends a step that nobody has run. Of the agent, for what is left of a program.
void AppendNotRun(Ran ran, RunState* run);

void WakeTurn(RunState* run, uint32_t turn);
// False when `timeout_ms` has passed first.
bool AwaitTurn(RunState* run, uint32_t turn, int timeout_ms);
// Waits until the process has exited, memory and files let go; it may be a zombie then. False when
// `timeout_ms` has passed first.
bool AwaitExit(pid_t pid, int timeout_ms);

}  // namespace drydock::kmod

#endif  // DRYDOCK_KMOD_AGENT_STEPS_H_
