// Turns: of the processes of a running program, its worker and the agent, one acts at a time. Here
// is how a turn is given and awaited, and how to wait until a process is gone; what is done with a
// turn is in steps.h, worker.h and program_run.h.
#ifndef DRYDOCK_KMOD_AGENT_TURN_H_
#define DRYDOCK_KMOD_AGENT_TURN_H_

#include <sys/types.h>

#include <cstdint>

#include "kmod/agent/run_state.h"

namespace drydock::kmod {

void WakeTurn(RunState* run, uint32_t turn);
// Until it is the turn of one of the two; returns whose.
uint32_t AwaitEitherTurn(RunState* run, uint32_t one, uint32_t other);
// False when `timeout_ms` has passed first.
bool AwaitTurn(RunState* run, uint32_t turn, int timeout_ms);
// Waits until the process has exited, memory and files let go; it may be a zombie then. False when
// `timeout_ms` has passed first.
bool AwaitExit(pid_t pid, int timeout_ms);

}  // namespace drydock::kmod

#endif  // DRYDOCK_KMOD_AGENT_TURN_H_
