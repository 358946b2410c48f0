#include "sim/hw/platform.h"

namespace drydock::hw {
namespace {

constexpr Platform kPlatforms[] = {
    {.name = "x86-64",
     .summary = "PAT arbitration, DMA address = physical address",
     .has_pat = true},
    {.name = "offset-dma",
     .summary = "PAT arbitration, DMA address = physical address + 256 GiB",
     .has_pat = true,
     .dma_offset = uint64_t{256} << 30},
    {.name = "iommu",
     .summary = "x86-64 with an IOMMU: DMA addresses are its own, coherent memory is scattered",
     .has_pat = true,
     .dma_backing = DmaBacking::kIommu,
     .by_default = false},
    {.name = "vmalloc-dma",
     .summary = "x86-64, but coherent memory has a kernel address of vmalloc's",
     .has_pat = true,
     .dma_backing = DmaBacking::kRemapped,
     .by_default = false},
    {.name = "arm64",
     .summary = "no PAT: memory types as the driver says; devices see the caches",
     .attributes = PageAttributes::kArm64,
     .by_default = false},
    {.name = "arm64-noncoherent",
     .summary = "arm64 whose devices do not see the caches; coherent memory is remapped uncached",
     .attributes = PageAttributes::kArm64,
     .dma_backing = DmaBacking::kRemapped,
     .coherent = false,
     .by_default = false},
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
