// The register of what kernel memory and device memory is whose: each allocation of the driver and each
// MMIO window it claimed. Oracles O1, O5, O7, O8 and O18 read it.
#ifndef DRYDOCK_SIM_KERNEL_ALLOCATION_H_
#define DRYDOCK_SIM_KERNEL_ALLOCATION_H_

#include <cstdint>

#include "sim/hw/address.h"

namespace drydock::kernel {

using AllocationId = uint32_t;  // index + 1 into Allocator's table; 0 = none

enum class AllocationKind : uint32_t {
  kNone,
  kKmalloc,  // smaller than a page: shares its page (C50 when mapped)
  kPages,    // whole pages, physically contiguous: alloc_pages, kmalloc of a page or more
  kVmalloc,  // whole pages, not contiguous
  kDma,      // dma_alloc_*: whole pages, contiguous, with a DMA address
};

struct Allocation {
  AllocationKind kind = AllocationKind::kNone;
  uint32_t zeroed = 0;  // 1 if given out zeroed
  uint64_t address = 0;     // kernel virtual
  uint64_t size_bytes = 0;  // as asked for
  hw::Pfn pfn;              // first frame; of kVmalloc too, though the others are elsewhere
  uint64_t pages = 0;
  hw::DmaAddr dma;          // kDma only
  uint64_t serial = 0;      // counts allocations: a reused slot differs
  uint64_t driver_pc = 0;   // where the driver asked for it
  uint32_t order = 0;       // kPages by alloc_pages: the order; freed by another one is a violation
  uint32_t exact = 0;       // 1 if made by alloc_pages_exact
};

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_ALLOCATION_H_
