// The library's own thread in a process that has joined: takes away, at any time, what the process
// may no longer touch. It is made by clone(2) and unknown to libc, so that a program with one
// thread stays one for libc; it makes raw system calls only and takes no signals.
#ifndef DRYDOCK_LIVE_PRELOAD_AGENT_H_
#define DRYDOCK_LIVE_PRELOAD_AGENT_H_

#include "live/protocol.h"

namespace drydock::live {

// Once per process, with signals blocked or before there is anything to revoke. Ends the process if
// the host gives no thread.
void StartAgent(Channel* channel);

}  // namespace drydock::live

#endif  // DRYDOCK_LIVE_PRELOAD_AGENT_H_
