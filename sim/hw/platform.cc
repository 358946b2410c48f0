#include "sim/hw/platform.h"

namespace drydock::hw {
namespace {

constexpr Platform kPlatforms[] = {
    {.name = "x86-64",
     .summary = "PAT arbitration, DMA address = physical address",
     .has_pat = true,
     .dma_offset = 0},
    {.name = "offset-dma",
     .summary = "PAT arbitration, DMA address = physical address + 256 GiB",
     .has_pat = true,
     .dma_offset = uint64_t{256} << 30},
};

}  // namespace

std::span<const Platform> Platforms() { return kPlatforms; }

const Platform* FindPlatform(std::string_view name) {
  for (const Platform& platform : kPlatforms) {
    if (platform.name == name) return &platform;
  }
  return nullptr;
}

}  // namespace drydock::hw
