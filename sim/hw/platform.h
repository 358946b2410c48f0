// Platforms are data: what of the machine differs between boards.
#ifndef DRYDOCK_SIM_HW_PLATFORM_H_
#define DRYDOCK_SIM_HW_PLATFORM_H_

#include <cstdint>
#include <span>
#include <string_view>

namespace drydock::hw {

struct Platform {
  std::string_view name;
  std::string_view summary;  // one line for people
  bool has_pat;              // x86 memory-type arbitration (PAT1..PAT10)
  uint64_t dma_offset;       // DMA address = physical address + dma_offset (bytes, wraps never)
};

// Every platform, the default one first.
std::span<const Platform> Platforms();
// nullptr when there is none of that name.
const Platform* FindPlatform(std::string_view name);

}  // namespace drydock::hw

#endif  // DRYDOCK_SIM_HW_PLATFORM_H_
