// The instructions by which compilers access registers, carried out one at a time: mov, movzx,
// movsx, test, cmp, and, or, xor, add, sub, inc, dec, movs, stos, and moves of SSE registers. Of
// x86-64, with any addressing.
#ifndef DRYDOCK_LIVE_PRELOAD_EMULATE_H_
#define DRYDOCK_LIVE_PRELOAD_EMULATE_H_

#include <ucontext.h>

#include <cstdint>

namespace drydock::live {

// Who carries out the memory half. Each is one access of 1, 2, 4, 8 or 16 bytes; false: it ends in
// a signal.
struct AccessPort {
  bool (*load)(void* self, uint64_t address, void* to, unsigned size_bytes);
  bool (*store)(void* self, uint64_t address, const void* from, unsigned size_bytes);
  void* self;
};

enum class Emulated {
  kDone,     // the context stands behind the instruction (before it: rep has more to do)
  kFault,    // an access ended in a signal, at *address; the context is as it was
  kUnknown,  // another instruction; the context is as it was
};

// Carries out the instruction at the context's program counter.
Emulated EmulateAccess(ucontext_t* context, const AccessPort& port, uint64_t* address);

}  // namespace drydock::live

#endif  // DRYDOCK_LIVE_PRELOAD_EMULATE_H_
