#include "fuzz/maps_text.h"

#include <cstdio>

#include "fuzz/provenance.h"
#include "sim/kernel/kernel.h"
#include "sim/kernel/maps_text.h"

namespace drydock::fuzz {
std::string MapsText(World& world, uint32_t process) {
  // A process and its address space have one number.
  if (!world.process(process).alive()) return {};
  kernel::Kernel& kernel = world.kernel();
  kernel::MapsNames names;
  names.node = [&](const file& file) { return std::string(kernel.vfs().PathOf(&file)); };
  names.frame = [&](hw::Pfn first, uint64_t* pages) {
    char number[24];
    std::snprintf(number, sizeof number, "%#llx", static_cast<unsigned long long>(first.value));
    return number + std::string(" (") + NameOfOwner(kernel, first, pages).text + ")";
  };
  return kernel::MapsText(kernel.mm(), process, names);
}

}  // namespace drydock::fuzz
