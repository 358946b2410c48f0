// One program, from the agent's side: starts its first process, waits, sees to it that every
// process ends, and writes down what it showed.
#ifndef DRYDOCK_KMOD_AGENT_PROGRAM_RUN_H_
#define DRYDOCK_KMOD_AGENT_PROGRAM_RUN_H_

#include "fuzz/program.h"
#include "kmod/agent/run_state.h"
#include "kmod/agent/steps.h"

namespace drydock::kmod {

// Afterwards run->bytes holds a StepShown for each step of the program. kHung: a process of it is
// still there, and no further program may run.
Ending RunProgram(const fuzz::Program& program, NodeNames nodes, int patience_ms, RunState* run);

}  // namespace drydock::kmod

#endif  // DRYDOCK_KMOD_AGENT_PROGRAM_RUN_H_
