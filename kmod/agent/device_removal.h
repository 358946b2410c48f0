// A device that is taken from its driver, and given back, through sysfs.
#ifndef DRYDOCK_KMOD_AGENT_DEVICE_REMOVAL_H_
#define DRYDOCK_KMOD_AGENT_DEVICE_REMOVAL_H_

#include <cstdint>

namespace drydock::kmod {

struct BoundDevice {
  char name[128];    // "" for none
  char driver[256];  // its folder: "/sys/bus/platform/drivers/pump"
};

// The device that /sys/dev/char links to a node. False: there is none, or it has no driver that
// gives it back; then *device is as it was.
bool FindBoundDevice(const char* node, BoundDevice* device);

// Writes the device's name to this file of its driver, "bind" or "unbind". 0, or a negative errno.
int64_t TellDriver(const BoundDevice& device, const char* file);

}  // namespace drydock::kmod

#endif  // DRYDOCK_KMOD_AGENT_DEVICE_REMOVAL_H_
