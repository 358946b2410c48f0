// Programs that need no first process of their own: whatever they do, once their memory above
// kSeenFrom and their files have been let go, nothing is left of them in the process that ran them.
#ifndef DRYDOCK_KMOD_AGENT_IN_PLACE_H_
#define DRYDOCK_KMOD_AGENT_IN_PLACE_H_

#include "fuzz/program.h"

namespace drydock::kmod {

// False for calls that are not known, for addresses that may be the agent's own, and for what a
// driver may tell after an exit: in place, mappings go by munmap.
bool RunsInPlace(const fuzz::Program& program);

}  // namespace drydock::kmod

#endif  // DRYDOCK_KMOD_AGENT_IN_PLACE_H_
