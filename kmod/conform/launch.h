#ifndef DRYDOCK_KMOD_CONFORM_LAUNCH_H_
#define DRYDOCK_KMOD_CONFORM_LAUNCH_H_

#include <string>

#include "kmod/conform/guest_side.h"
#include "tools/command/compile.h"

namespace drydock::kmod {

// What `./drydock` tells, in its environment, a program that runs both worlds.
struct Launch {
  command::Installation installation;
  GuestParts guest;  // all but its folder
  std::string kernels_folder;
};

// "", or one line: a variable without which nothing runs is not set.
std::string ReadLaunch(Launch* launch);

}  // namespace drydock::kmod

#endif  // DRYDOCK_KMOD_CONFORM_LAUNCH_H_
