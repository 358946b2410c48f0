#include "sim/devices/models.h"

#include <stdexcept>

#include "sim/devices/dma_engine.h"
#include "sim/devices/edu.h"
#include "sim/devices/framebuffer.h"
#include "sim/devices/nic.h"

namespace drydock::devices {

std::unique_ptr<kernel::SimulatedDevice> Models::Make(const std::string& model,
                                                      const kernel::DeviceOptions& options,
                                                      kernel::DeviceSite& site) {
  if (model == "dma-engine") return std::make_unique<DmaEngine>(options, site);
  if (model == "edu") return std::make_unique<Edu>(options, site);
  if (model == "framebuffer") return std::make_unique<Framebuffer>(options, site);
  if (model == "nic") return std::make_unique<Nic>(options, site);
  throw std::runtime_error("there is no model '" + model +
                           "'; there are dma-engine, edu, framebuffer and nic");
}

}  // namespace drydock::devices
