// One program with a first process of its own, from the agent's side: starts it, waits, sees to it
// that every process ends, and writes down what it showed.
#ifndef DRYDOCK_KMOD_AGENT_PROGRAM_RUN_H_
#define DRYDOCK_KMOD_AGENT_PROGRAM_RUN_H_

#include "fuzz/program.h"
#include "kmod/agent/channel.h"
#include "kmod/agent/run_state.h"
#include "kmod/agent/steps.h"

namespace drydock::kmod {

// Afterwards run->bytes holds a StepShown for each step of the program. kHung: a process of it is
// still there, and no further program may run.
Ending RunProgram(Header* channel, const fuzz::Program& program, RunState* run);

// Waits until it is the agent's turn. False if before that the process whose turn it is dies, or
// needs longer than its patience for a step: then all processes of the program, and `worker` (0:
// none), have been killed, the last step says so, and *ending says how it ended.
// What it counts is waits of some milliseconds: a clock that jumps ends one of them, no step.
bool AwaitAgentsTurn(Header* channel, RunState* run, pid_t worker, Ending* ending);
// Appends the steps that are still to come, up to `steps`, as not run.
void FillUp(uint32_t steps, Ran ran, RunState* run);
void TellClock(Header* channel);
// Of children that have ended, nothing remains.
void Reap();

}  // namespace drydock::kmod

#endif  // DRYDOCK_KMOD_AGENT_PROGRAM_RUN_H_
