#include "fuzz/maps_text.h"

#include "sim/kernel/kernel.h"
#include "sim/kernel/maps_text.h"

namespace drydock::fuzz {
std::string MapsText(World& world, uint32_t process) {
  // A process and its address space have one number.
  if (!world.process(process).alive()) return {};
  return kernel::MapsText(world.kernel().mm(), process, {});
}

}  // namespace drydock::fuzz
