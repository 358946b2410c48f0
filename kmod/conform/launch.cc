#include "kmod/conform/launch.h"

#include <cstdlib>

namespace drydock::kmod {
namespace {

void Read(const char* name, std::string* value) {
  const char* const text = std::getenv(name);
  if (text != nullptr && *text != '\0') *value = text;
}

}  // namespace

std::string ReadLaunch(Launch* launch) {
  Read("DRYDOCK_ROOT", &launch->installation.root);
  Read("DRYDOCK_FLAGS", &launch->installation.flags);
  launch->installation.worker = "/proc/self/exe";
  launch->guest.root = launch->installation.root;
  Read("DRYDOCK_AGENT", &launch->guest.agent);
  Read("DRYDOCK_PACK", &launch->guest.pack);
  Read("DRYDOCK_MODULES", &launch->guest.cache);
  Read("DRYDOCK_BUILT_MODULES", &launch->guest.built_modules);
  Read("DRYDOCK_QEMU", &launch->guest.qemu);
  Read("QEMU_ACCEL", &launch->guest.accelerator);
  Read("DRYDOCK_KERNELS", &launch->kernels_folder);
  for (const std::string* one :
       {&launch->installation.root, &launch->installation.flags, &launch->guest.agent,
        &launch->guest.pack, &launch->guest.cache, &launch->kernels_folder}) {
    if (one->empty()) return "start ./drydock in the checkout, it sets what is needed";
  }
  return {};
}

}  // namespace drydock::kmod
