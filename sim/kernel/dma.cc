#include "sim/kernel/dma.h"

#include <algorithm>
#include <cerrno>

namespace drydock::kernel {
namespace {

constexpr unsigned long long kMask24 = (1ull << 24) - 1;
constexpr unsigned long long kMask32 = (1ull << 32) - 1;

// The highest address the device reaches. No dma_mask at all reaches nothing.
unsigned long long Limit(const device& dev, unsigned long long mask) {
  return dev.bus_dma_limit != 0 ? std::min(mask, dev.bus_dma_limit) : mask;
}

}  // namespace

bool Dma::NoDevice(const char* function, const device* dev) {
  if (dev != nullptr) return false;
  verdicts_.TrapNow(Trap::kOops, 0, 14, "DMA functions are given a device", "%s(NULL, ...)",
                    function);
  return true;
}

void* Dma::DmaAllocAttrs(device* dev, size_t size_bytes, unsigned long long* dma_handle,
                         unsigned gfp, unsigned long attrs) {
  if (NoDevice("dma_alloc_attrs", dev)) return nullptr;
  if (sync_ != nullptr && (gfp & kGfpDirectReclaim) != 0) sync_->MightSleep("dma_alloc_attrs");
  if (allocator_.FailNow() || size_bytes == 0 ||
      Allocator::OrderOf(size_bytes) > PageAllocator::kMaxOrder) {
    return nullptr;
  }
  const unsigned long long limit = Limit(*dev, dev->coherent_dma_mask);
  // dma_direct_optimal_gfp_mask(), then dma_coherent_ok().
  const AllocationId id = allocator_.AllocDma(size_bytes, limit <= kMask32);
  if (id == 0) return nullptr;
  const Allocation& allocation = *allocator_.Find(id);
  if (hw::PhysAddr::Of(allocation.pfn).value + hw::PageAlignUp(size_bytes) - 1 > limit) {
    // Normal memory is beyond a mask of, say, 33 bits: once more below 4 GiB.
    allocator_.FreeDma(id);
    const AllocationId low = limit > kMask32 ? allocator_.AllocDma(size_bytes, true) : 0;
    if (low == 0) return nullptr;
    const Allocation& again = *allocator_.Find(low);
    allocator_.memory().WriteKernel(dma_handle, &again.dma.value, sizeof *dma_handle);
    return reinterpret_cast<void*>(again.address);
  }
  allocator_.memory().WriteKernel(dma_handle, &allocation.dma.value, sizeof *dma_handle);
  if ((attrs & kAttrNoKernelMapping) != 0) {
    allocator_.memory().Poison(reinterpret_cast<void*>(allocation.address),
                               allocation.pages << hw::kPageShift);
    return allocator_.memory().PageAddress(allocation.pfn);
  }
  return reinterpret_cast<void*>(allocation.address);
}

void Dma::DmaFreeAttrs(device* dev, size_t size_bytes, void* cpu_addr,
                       unsigned long long dma_handle, unsigned long attrs) {
  if (NoDevice("dma_free_attrs", dev) || cpu_addr == nullptr) return;
  hw::PhysicalMemory& memory = allocator_.memory();
  const void* start = cpu_addr;
  if ((attrs & kAttrNoKernelMapping) != 0 && memory.IsPage(static_cast<struct page*>(cpu_addr))) {
    start =
        memory.KernelAddress(hw::PhysAddr::Of(memory.PfnOf(static_cast<struct page*>(cpu_addr))));
  }
  constexpr char kExpected[] =
      "dma_free_*() is given what dma_alloc_*() gave: address, handle, size";
  const AllocationId id = allocator_.FindByAddress(start);
  const Allocation* allocation = allocator_.Find(id);
  if (allocation == nullptr || allocation->kind != AllocationKind::kDma ||
      allocation->released != 0 || allocation->address != reinterpret_cast<uintptr_t>(start)) {
    hw::Pfn pfn;
    const bool freed = allocation == nullptr && memory.FindFrame(start, &pfn) &&
                       memory.frame(pfn).free_content == hw::FreeContent::kFreed;
    verdicts_.Report(0, 14, kExpected, "dma_free_attrs(%p): %s", cpu_addr,
                     freed ? "freed before: a double free" : "no live buffer starts there");
    return;
  }
  if (allocation->dma.value != dma_handle) {
    verdicts_.Report(0, 14, kExpected, "freed with DMA handle 0x%llx, allocated as 0x%llx",
                     dma_handle, static_cast<unsigned long long>(allocation->dma.value));
  }
  if (hw::PagesOf(allocation->size_bytes) != hw::PagesOf(size_bytes)) {
    verdicts_.Report(0, 14, kExpected, "freed with %zu bytes, allocated with %llu", size_bytes,
                     static_cast<unsigned long long>(allocation->size_bytes));
  }
  allocator_.FreeDma(id);
}

int Dma::DmaMmapAttrs(device* dev, vm_area_struct* vma, void*, unsigned long long dma_addr,
                      size_t size_bytes, unsigned long) {
  if (NoDevice("dma_mmap_attrs", dev)) return -ENXIO;
  // DM2: dma_pgprot() of a coherent device gives the protection it was given, whatever attrs say.
  const unsigned long count = hw::PagesOf(size_bytes);
  const unsigned long pages = (vma->vm_end - vma->vm_start) >> hw::kPageShift;
  if (vma->vm_pgoff >= count || pages > count - vma->vm_pgoff) return -ENXIO;  // DM3
  const hw::PhysAddr phys = allocator_.PhysOfDma({dma_addr});
  return mm_.RemapPfnRange(vma, vma->vm_start, phys.pfn().value + vma->vm_pgoff,
                           pages << hw::kPageShift, vma->vm_page_prot);  // DM4
}

int Dma::DmaSetMask(device* dev, unsigned long long mask) {
  if (NoDevice("dma_set_mask", dev)) return -EIO;
  if (dev->dma_mask == nullptr || mask < kMask24) return -EIO;
  allocator_.memory().WriteKernel(dev->dma_mask, &mask, sizeof mask);
  return 0;
}

int Dma::DmaSetCoherentMask(device* dev, unsigned long long mask) {
  if (NoDevice("dma_set_coherent_mask", dev)) return -EIO;
  if (mask < kMask24) return -EIO;
  allocator_.memory().WriteKernel(&dev->coherent_dma_mask, &mask, sizeof mask);
  return 0;
}

unsigned long long Dma::DmaMapPage(device* dev, struct page* page, size_t offset_bytes,
                                   size_t size_bytes, int, unsigned long) {
  if (NoDevice("dma_map_page_attrs", dev)) return kMappingError;
  hw::PhysicalMemory& memory = allocator_.memory();
  if (!memory.IsPage(page)) {
    verdicts_.Report(32, 18, "streaming DMA is for memory that has a struct page",
                     "dma_map_page() of %p, which is no struct page of RAM",
                     static_cast<void*>(page));
    return kMappingError;
  }
  const hw::PhysAddr phys = hw::PhysAddr::Of(memory.PfnOf(page)) + offset_bytes;
  const unsigned long long mask = dev->dma_mask != nullptr ? *dev->dma_mask : 0;
  if (phys.value + size_bytes - 1 > Limit(*dev, mask)) return kMappingError;
  return allocator_.DmaOf(phys).value;
}

void Dma::DmaUnmapPage(device*, unsigned long long, size_t, int, unsigned long) {}

void Dma::DmaSync(device*, unsigned long long, size_t, int, bool) {}

}  // namespace drydock::kernel
