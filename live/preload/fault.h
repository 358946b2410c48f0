// Touches of a device's memory that the host does not let through: the server says whether the page
// is there now, whether its registers have to be asked, or with which signal the access ends.
#ifndef DRYDOCK_LIVE_PRELOAD_FAULT_H_
#define DRYDOCK_LIVE_PRELOAD_FAULT_H_

#include <signal.h>

namespace drydock::live {

// From now on SIGSEGV is the library's; what the program has installed for it is asked afterwards.
void CatchFaults();
bool CatchesFaults();

// sigaction(SIGSEGV) as the program sees it, once CatchesFaults().
void SwapProgramAction(const struct sigaction* action, struct sigaction* old);

// SIGSEGV is never blocked for the host. Whether the calling thread has it blocked as the program
// sees it: then a fault that is no device's ends the process.
bool* ProgramBlocksFaults();

}  // namespace drydock::live

#endif  // DRYDOCK_LIVE_PRELOAD_FAULT_H_
