// The devices that a device text can name: `model edu`, `model framebuffer`, `model nic`.
#ifndef DRYDOCK_SIM_DEVICES_MODELS_H_
#define DRYDOCK_SIM_DEVICES_MODELS_H_

#include "sim/kernel/simulated_device.h"

namespace drydock::devices {

// What there is on a machine whose user describes none: what QEMU has for `-device edu`.
inline constexpr char kDefaultMachine[] =
    "pci 1234:11e8 04.0\n"
    "    class 0x00ff00\n"
    "    revision 0x10\n"
    "    bar 0 0x100000\n"
    "    irq 11\n"
    "    msi 1\n"
    "    model edu\n";
inline constexpr char kDefaultMachineName[] = "the default machine";

class Models final : public kernel::DeviceModels {
 public:
  std::unique_ptr<kernel::SimulatedDevice> Make(const std::string& model,
                                                const kernel::DeviceOptions& options,
                                                kernel::DeviceSite& site) override;
};

}  // namespace drydock::devices

#endif  // DRYDOCK_SIM_DEVICES_MODELS_H_
