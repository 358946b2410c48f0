// Carries out one load or store of registers that react, in the place of the instruction that made
// it: the server asks the device, the result goes where the instruction would have put it.
#ifndef DRYDOCK_LIVE_PRELOAD_ACCESS_H_
#define DRYDOCK_LIVE_PRELOAD_ACCESS_H_

#include <ucontext.h>

#include <cstdint>

namespace drydock::live {

// The instruction at context's program counter touches *address. True: it is done, and the context
// stands behind it. False: it ends in *signal, at *address. An instruction that is none of those in
// decode.h ends the process, after a message with its bytes.
bool CarryOutAccess(ucontext_t* context, uint64_t* address, int* signal, int* code);

}  // namespace drydock::live

#endif  // DRYDOCK_LIVE_PRELOAD_ACCESS_H_
