// Platforms are data: what of the machine differs between boards.
#ifndef DRYDOCK_SIM_HW_PLATFORM_H_
#define DRYDOCK_SIM_HW_PLATFORM_H_

#include <cstdint>
#include <span>
#include <string_view>

namespace drydock::hw {

// How page protections name memory types, and what the kernel makes of what a driver asks for.
enum class PageAttributes : uint8_t {
  kX86,    // WB, WC, UC-, UC, WT, WP
  kArm64,  // Normal, Normal-NC, Device-nGnRE, Device-nGnRnE: as the driver says, RAM or not (AR1)
};

// Where dma_alloc_coherent() has its memory.
enum class DmaBacking : uint8_t {
  kLinear,    // in the linear map
  kRemapped,  // neighbouring frames, whose kernel address is one of vmalloc's
  kIommu,     // frames anywhere, at a kernel address of vmalloc's, behind an IOMMU (DI1)
};

struct Platform {
  std::string_view name;
  std::string_view summary;  // one line for people
  bool has_pat = false;      // x86 memory-type arbitration (PAT1..PAT10)
  uint64_t dma_offset = 0;   // DMA address = physical address + dma_offset (bytes, wraps never)
  PageAttributes attributes = PageAttributes::kX86;
  DmaBacking dma_backing = DmaBacking::kLinear;
  bool coherent = true;    // devices see what is in the processor's caches
  bool by_default = true;  // `check` runs it unless it is told which to run
};

// Every platform, the default one first.
std::span<const Platform> Platforms();
// nullptr when there is none of that name.
const Platform* FindPlatform(std::string_view name);

}  // namespace drydock::hw

#endif  // DRYDOCK_SIM_HW_PLATFORM_H_
