// Options of a device: what stands behind `model` in a device text.
#ifndef DRYDOCK_SIM_DEVICES_OPTIONS_H_
#define DRYDOCK_SIM_DEVICES_OPTIONS_H_

#include <cstdint>
#include <string>

namespace drydock::devices {

// Decimal, or hex behind 0x. Throws std::runtime_error, one line, for what is no number or larger
// than `most`.
uint64_t NumberOption(const std::string& model, const std::string& name, const std::string& value,
                      uint64_t most);

}  // namespace drydock::devices

#endif  // DRYDOCK_SIM_DEVICES_OPTIONS_H_
