// The devices that a device text can name: `model edu`, `model framebuffer`, `model nic`.
#ifndef DRYDOCK_SIM_DEVICES_MODELS_H_
#define DRYDOCK_SIM_DEVICES_MODELS_H_

#include "sim/kernel/simulated_device.h"

namespace drydock::devices {

class Models final : public kernel::DeviceModels {
 public:
  std::unique_ptr<kernel::SimulatedDevice> Make(const std::string& model,
                                                const kernel::DeviceOptions& options,
                                                kernel::DeviceSite& site) override;
};

}  // namespace drydock::devices

#endif  // DRYDOCK_SIM_DEVICES_MODELS_H_
