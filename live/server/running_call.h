// A call of a program that has begun and has not been answered: it may sleep in the driver while
// others go on.
#ifndef DRYDOCK_LIVE_SERVER_RUNNING_CALL_H_
#define DRYDOCK_LIVE_SERVER_RUNNING_CALL_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "live/protocol.h"
#include "live/server/program.h"
#include "live/server/request.h"

namespace drydock::live {

struct RunningCall {
  // What the task of the emulated kernel carries out.
  std::function<void(RunningCall&)> body;
  Program* program = nullptr;
  Request request;
  Slot* slot = nullptr;  // where the answer goes; nullptr: nobody waits for one
  uint32_t task = 0;     // its id in the emulated kernel
  bool done = false;
  bool wants_stack = false;  // something was found while it slept
  // Other threads of the process may run.
  bool many_threads = false;
  // The caller takes this range away itself, unless the call fails.
  uint64_t discard_begin = 0, discard_end = 0;
  std::vector<Update> discarded;
};

}  // namespace drydock::live

#endif  // DRYDOCK_LIVE_SERVER_RUNNING_CALL_H_
