// The register of what kernel memory and device memory is whose: each allocation of the driver and
// each MMIO window it claimed. Oracles O1, O5, O7, O8 and O18 read it.
#ifndef DRYDOCK_SIM_KERNEL_ALLOCATION_H_
#define DRYDOCK_SIM_KERNEL_ALLOCATION_H_

#include <cstdint>

#include "sim/hw/address.h"

namespace drydock::kernel {

using AllocationId = uint32_t;  // index + 1 into Allocator's table; 0 = none

enum class AllocationKind : uint32_t {
  kNone,
  kKmalloc,  // smaller than a page: shares its page (C50 when mapped)
  kPages,    // whole pages, physically contiguous: alloc_pages, kmalloc of more than 2 KiB
  kVmalloc,  // whole pages, not contiguous
  kDma,      // dma_alloc_*: whole pages, contiguous, with a DMA address
};

// Where the kernel address of a kDma allocation is.
enum AllocationBacking : uint32_t {
  kLinearBacking,     // in the linear map
  kRemappedBacking,   // of vmalloc's kind; the frames are neighbours
  kScatteredBacking,  // of vmalloc's kind; `pfn` is the first frame, the others are elsewhere
};

struct Allocation {
  AllocationKind kind = AllocationKind::kNone;
  uint32_t zeroed = 0;      // 1 if given out zeroed
  uint64_t address = 0;     // kernel virtual
  uint64_t size_bytes = 0;  // as asked for
  hw::Pfn pfn;              // first frame; of kVmalloc too, though the others are elsewhere
  uint64_t pages = 0;       // whole pages that are its own: 0 for kKmalloc
  hw::DmaAddr dma;          // kDma only
  uint64_t serial = 0;      // counts allocations: a reused slot differs
  uint64_t driver_pc = 0;   // where the driver asked for it
  uint32_t order = 0;       // kPages by alloc_pages: the order; freed by another one is a violation
  uint32_t exact = 0;       // 1 if made by alloc_pages_exact
  uint32_t from_kmalloc = 0;  // kPages: 1 if made by kmalloc
  uint32_t compound = 0;      // kPages: 1 if one page reference holds the whole block (__GFP_COMP)
  uint32_t split = 0;         // kPages: 1 if each page has its own reference (split_page, exact)
  uint32_t user = 0;          // kVmalloc: 1 if VM_USERMAP, so remap_vmalloc_range takes it (VR1)
  // 1 once the driver freed it. It stays in the register for as long as pages of it are held by
  // references that others took (vm_insert_page, get_page); when none are left it is gone.
  uint32_t released = 0;
  uint32_t live_pages = 0;   // pages not yet back with the page allocator; 0 for kKmalloc
  uint32_t noncoherent = 0;  // kDma: 1 if made by dma_alloc_pages: cacheable, with struct pages
  uint32_t backing = 0;      // kDma: AllocationBacking
  uint32_t shown_by = 0;  // number of the device whose mapping showed it, while removal is watched
  uint32_t reserved = 0;
};

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_ALLOCATION_H_
