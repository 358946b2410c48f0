// Which path names a device of the simulated machine.
#ifndef DRYDOCK_LIVE_PRELOAD_NODES_H_
#define DRYDOCK_LIVE_PRELOAD_NODES_H_

#include "live/protocol.h"

namespace drydock::live {

// `path` as openat(2) takes it. Symbolic links are not followed.
bool FindNode(int folder, const char* path, Node* node);

}  // namespace drydock::live

#endif  // DRYDOCK_LIVE_PRELOAD_NODES_H_
