// Masks and coherent memory: kernel/dma/mapping.c, kernel/dma/direct.c.
#include "sim/kernel/dma.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>

namespace drydock::kernel {
namespace {

constexpr unsigned long long kMask24 = (1ull << 24) - 1;
constexpr unsigned long long kMask32 = (1ull << 32) - 1;
constexpr uint64_t kEntriesPerChunk = hw::kPageSize / sizeof(scatterlist);

}  // namespace

Dma::Dma(hw::ResetList& list, Allocator& allocator, DmaRegister& mapped, Verdicts& verdicts,
         mocks::MmApi& mm, const hw::Platform& platform, const Profile& profile)
    : allocator_(allocator),
      platform_(platform),
      profile_(profile),
      iommu_(platform.dma_backing == hw::DmaBacking::kIommu ? std::make_unique<hw::Iommu>(list)
                                                            : nullptr),
      caches_(platform.coherent ? nullptr
                                : std::make_unique<hw::CacheModel>(list, allocator.memory())),
      mapped_(mapped),
      verdicts_(verdicts),
      mm_(mm),
      pools_(list, "DMA pools", kMaxPools),
      pool_pages_(list, "DMA pool pages", kMaxPoolPages),
      pool_note_(list, verdicts, "DMA pools"),
      pool_page_note_(list, verdicts, "pages of DMA pools"),
      cache_note_(list, verdicts, "pages that caches and devices share") {}

bool Dma::NoDevice(const char* function, const device* dev) {
  if (dev != nullptr) return false;
  verdicts_.TrapNow(Trap::kOops, 0, 14, "DMA functions are given a device", "%s(NULL, ...)",
                    function);
  return true;
}

bool Dma::BadDirection(const char* function, int direction) {
  if (direction >= 0 && direction <= 2) return false;
  verdicts_.TrapNow(Trap::kBug, 57, 19, "DMA_BIDIRECTIONAL, DMA_TO_DEVICE or DMA_FROM_DEVICE",
                    "%s with direction %d: BUG", function, direction);
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
  const bool page_only = (attrs & kAttrNoKernelMapping) != 0 && iommu_ == nullptr;
  AllocationId id = 0;
  if (iommu_ != nullptr) {
    id = AllocBehindIommu(size_bytes, limit,
                          (gfp & kGfpDirectReclaim) != 0 && (attrs & kAttrForceContiguous) == 0);
  } else {
    const bool remapped = platform_.dma_backing == hw::DmaBacking::kRemapped && !page_only;
    id = AllocBelow(size_bytes, limit, /*zeroed=*/!page_only,
                    remapped ? kRemappedBacking : kLinearBacking);
  }
  if (id == 0) return nullptr;
  const Allocation& allocation = *allocator_.Find(id);
  memory().WriteKernel(dma_handle, &allocation.dma.value, sizeof *dma_handle);
  if (page_only) {
    memory().Poison(reinterpret_cast<void*>(allocation.address),
                    allocation.pages << hw::kPageShift);
    return memory().PageAddress(allocation.pfn);
  }
  return reinterpret_cast<void*>(allocation.address);
}

// dma_direct_optimal_gfp_mask(), then dma_coherent_ok().
AllocationId Dma::AllocBelow(size_t size_bytes, unsigned long long limit, bool zeroed,
                             AllocationBacking backing) {
  const AllocationId id = allocator_.AllocDma(size_bytes, limit <= kMask32, zeroed, backing);
  if (id == 0) return 0;
  const Allocation& allocation = *allocator_.Find(id);
  if (hw::PhysAddr::Of(allocation.pfn).value + hw::PageAlignUp(size_bytes) - 1 <= limit) return id;
  // Normal memory is beyond a mask of, say, 33 bits: once more below 4 GiB.
  allocator_.FreeDma(id);
  return limit > kMask32 ? allocator_.AllocDma(size_bytes, true, zeroed, backing) : 0;
}

AllocationId Dma::AllocBehindIommu(size_t size_bytes, unsigned long long limit, bool scattered) {
  const uint64_t pages = hw::PagesOf(size_bytes);
  hw::DmaAddr iova;
  if (!iommu_->Find(pages, limit, &iova)) return 0;
  const AllocationId id = scattered ? allocator_.AllocDmaScattered(size_bytes)
                                    : allocator_.AllocDma(size_bytes, false, true);
  if (id == 0) return 0;
  const Allocation& allocation = *allocator_.Find(id);
  for (uint64_t i = 0; i < pages; ++i) {
    iommu_->Map({iova.value + (i << hw::kPageShift)}, allocator_.PfnOfPage(allocation, i),
                hw::Iommu::kRead | hw::Iommu::kWrite);
  }
  allocator_.SetDmaAddress(id, iova);
  return id;
}

void Dma::DmaFreeAttrs(device* dev, size_t size_bytes, void* cpu_addr,
                       unsigned long long dma_handle, unsigned long attrs) {
  if (NoDevice("dma_free_attrs", dev) || cpu_addr == nullptr) return;
  const void* start = cpu_addr;
  if ((attrs & kAttrNoKernelMapping) != 0 && memory().IsPage(static_cast<struct page*>(cpu_addr))) {
    start = memory().KernelAddress(
        hw::PhysAddr::Of(memory().PfnOf(static_cast<struct page*>(cpu_addr))));
  }
  constexpr char kExpected[] =
      "dma_free_*() is given what dma_alloc_*() gave: address, handle, size";
  const AllocationId id = allocator_.FindByAddress(start);
  const Allocation* allocation = allocator_.Find(id);
  if (allocation == nullptr || allocation->kind != AllocationKind::kDma ||
      allocation->released != 0 || allocation->address != reinterpret_cast<uintptr_t>(start)) {
    hw::Pfn pfn;
    const char* why = "no live buffer starts there";
    if (allocation != nullptr && allocation->kind != AllocationKind::kDma) {
      why = "that is no memory of dma_alloc_*()";
    } else if (allocation == nullptr && memory().FindFrame(start, &pfn) &&
               memory().frame(pfn).free_content == hw::FreeContent::kFreed) {
      why = "freed before: a double free";
    }
    verdicts_.Report(59, 14, kExpected, "dma_free_attrs(%p): %s", cpu_addr, why);
    if (allocation == nullptr || allocation->kind != AllocationKind::kDma ||
        allocation->released != 0 || allocation->noncoherent != 0) {
      return;
    }
    EndReach(allocation->dma.value, allocation->size_bytes);
    allocator_.FreeDma(id);
    return;
  }
  if (allocation->noncoherent != 0) {
    verdicts_.Report(59, 14, "dma_free_pages() frees what dma_alloc_pages() gave",
                     "memory of dma_alloc_pages() freed by dma_free_attrs()");
    return;
  }
  if (allocation->dma.value != dma_handle) {
    verdicts_.Report(59, 14, kExpected, "freed with DMA handle 0x%llx, allocated as 0x%llx",
                     dma_handle, static_cast<unsigned long long>(allocation->dma.value));
  }
  if (hw::PagesOf(allocation->size_bytes) != hw::PagesOf(size_bytes)) {
    verdicts_.Report(59, 14, kExpected, "freed with %zu bytes, allocated with %llu", size_bytes,
                     static_cast<unsigned long long>(allocation->size_bytes));
  }
  EndReach(allocation->dma.value, allocation->size_bytes);
  allocator_.FreeDma(id);
}

pgprot_t Dma::DmaPgprot(pgprot_t prot) {
  // Only MIPS has CONFIG_ARCH_HAS_DMA_WRITE_COMBINE: what attributes ask for changes nothing.
  return platform_.coherent ? prot : mm_.PgprotDmacoherent(prot);
}

int Dma::DmaMmapAttrs(device* dev, vm_area_struct* vma, void* cpu_addr, unsigned long long dma_addr,
                      size_t size_bytes, unsigned long) {
  if (NoDevice("dma_mmap_attrs", dev)) return -ENXIO;
  vma->vm_page_prot = DmaPgprot(vma->vm_page_prot);  // DM2
  const unsigned long count = hw::PagesOf(size_bytes);
  const unsigned long pages = (vma->vm_end - vma->vm_start) >> hw::kPageShift;
  if (vma->vm_pgoff >= count || pages > count - vma->vm_pgoff) return -ENXIO;  // DM3
  if (iommu_ != nullptr) return MmapBehindIommu(vma, cpu_addr, pages);
  const hw::PhysAddr phys = allocator_.PhysOfDma({dma_addr});
  return mm_.RemapPfnRange(vma, vma->vm_start, phys.pfn().value + vma->vm_pgoff,
                           pages << hw::kPageShift, vma->vm_page_prot);  // DM4
}

// iommu_dma_mmap() (DI3): by the kernel address; the handle is not looked at.
int Dma::MmapBehindIommu(vm_area_struct* vma, void* cpu_addr, unsigned long pages) {
  const Allocation* area = allocator_.Find(allocator_.FindByAddress(cpu_addr));
  if (area == nullptr || area->backing != kScatteredBacking || !memory().InShuffledMap(cpu_addr)) {
    const uint64_t pfn = allocator_.VirtToPhys(cpu_addr) >> hw::kPageShift;
    return mm_.RemapPfnRange(vma, vma->vm_start, pfn + vma->vm_pgoff, pages << hw::kPageShift,
                             vma->vm_page_prot);
  }
  for (uint64_t i = 0; i < pages; ++i) {
    const uint64_t index = vma->vm_pgoff + i;
    if (index >= area->pages) {
      verdicts_.TrapNow(Trap::kOops, 2, 10, "the size that was allocated",
                        "dma_mmap_attrs: page %lu of a buffer of %lu pages: the kernel reads past "
                        "its array of pages",
                        static_cast<unsigned long>(index), static_cast<unsigned long>(area->pages));
      return -EINVAL;
    }
    struct page* page = memory().PageAddress(allocator_.PfnOfPage(*area, index));
    const int error = mm_.VmInsertPage(vma, vma->vm_start + (i << hw::kPageShift), page);
    if (error != 0) return error;
  }
  return 0;
}

// dma_direct_get_sgtable(): one entry, from the handle alone. iommu_dma_get_sgtable(): from the
// kernel address, an entry for each run of frames.
int Dma::DmaGetSgtable(device* dev, sg_table* table, void* cpu_addr, unsigned long long dma_addr,
                       size_t size_bytes, unsigned long) {
  if (NoDevice("dma_get_sgtable_attrs", dev)) return -ENXIO;
  Allocation whole;
  whole.pfn = allocator_.PhysOfDma({dma_addr}).pfn();
  if (iommu_ != nullptr) {
    const Allocation* area = allocator_.Find(allocator_.FindByAddress(cpu_addr));
    if (area != nullptr && area->backing == kScatteredBacking) {
      return MakeSgTable(table, *area, size_bytes);
    }
    whole.pfn = hw::PhysAddr{allocator_.VirtToPhys(cpu_addr)}.pfn();
  }
  return MakeSgTable(table, whole, size_bytes);
}

// sg_alloc_table() and what fills it, as mocks/library/scatterlist.cc frees it.
int Dma::MakeSgTable(sg_table* table, const Allocation& allocation, size_t size_bytes) {
  const bool scattered = allocation.backing == kScatteredBacking;
  const uint64_t entries = scattered ? hw::PagesOf(size_bytes) : 1;
  sg_table made{};
  scatterlist* link = nullptr;  // the entry that chains to the next chunk
  for (uint64_t done = 0; done < entries;) {
    const uint64_t left = entries - done;
    const uint64_t here = left > kEntriesPerChunk ? kEntriesPerChunk - 1 : left;
    auto* chunk = static_cast<scatterlist*>(
        allocator_.Kmalloc(std::min(left, kEntriesPerChunk) * sizeof(scatterlist), kGfpKernel));
    if (chunk == nullptr) {
      // What was made goes again: first its first chunk, which leads to the others.
      for (scatterlist* first = made.sgl; first != nullptr;) {
        scatterlist last{};
        if (link != nullptr && first + kEntriesPerChunk - 1 != link) {
          memory().ReadKernel(&last, first + kEntriesPerChunk - 1, sizeof last);
        }
        allocator_.Kfree(first);
        first = reinterpret_cast<scatterlist*>(last.page_link & ~(SG_CHAIN | SG_END));
      }
      made = sg_table{};
      memory().WriteKernel(table, &made, sizeof made);
      return -ENOMEM;
    }
    if (link != nullptr) {
      scatterlist chain{};
      chain.page_link = reinterpret_cast<unsigned long>(chunk) | SG_CHAIN;
      memory().WriteKernel(link, &chain, sizeof chain);
    } else {
      made.sgl = chunk;
    }
    for (uint64_t i = 0; i < here; ++i, ++done) {
      scatterlist entry{};
      entry.page_link = reinterpret_cast<unsigned long>(
          memory().PageAddress(allocator_.PfnOfPage(allocation, done)));
      if (done + 1 == entries) entry.page_link |= SG_END;
      entry.length = static_cast<unsigned>(
          scattered ? std::min<uint64_t>(hw::kPageSize, size_bytes - (done << hw::kPageShift))
                    : hw::PageAlignUp(size_bytes));
      memory().WriteKernel(chunk + i, &entry, sizeof entry);
    }
    link = chunk + here;
  }
  made.nents = static_cast<unsigned>(entries);
  made.orig_nents = made.nents;
  memory().WriteKernel(table, &made, sizeof made);
  return 0;
}

int Dma::DmaSetMask(device* dev, unsigned long long mask) {
  if (NoDevice("dma_set_mask", dev)) return -EIO;
  if (dev->dma_mask == nullptr || (iommu_ == nullptr && mask < kMask24)) return -EIO;
  memory().WriteKernel(dev->dma_mask, &mask, sizeof mask);
  return 0;
}

int Dma::DmaSetCoherentMask(device* dev, unsigned long long mask) {
  if (NoDevice("dma_set_coherent_mask", dev)) return -EIO;
  if (iommu_ == nullptr && mask < kMask24) return -EIO;
  memory().WriteKernel(&dev->coherent_dma_mask, &mask, sizeof mask);
  return 0;
}

// dma_direct_get_required_mask(): all ones up to the last byte of RAM, as the device sees it.
unsigned long long Dma::DmaGetRequiredMask(device* dev) {
  if (NoDevice("dma_get_required_mask", dev)) return 0;
  if (iommu_ != nullptr) return kMask32;
  const hw::PhysAddr last =
      hw::PhysicalMemory::kNormalBase + (hw::PhysicalMemory::kNormalBytes - 1);
  return (std::bit_floor(allocator_.DmaOf(last).value) << 1) - 1;
}

bool Dma::DmaCanMmap(device* dev) { return !NoDevice("dma_can_mmap", dev); }

// --- dma_alloc_pages ---

struct page* Dma::DmaAllocPages(device* dev, size_t size_bytes, unsigned long long* dma_handle,
                                int direction, unsigned gfp) {
  if (NoDevice("dma_alloc_pages", dev)) return nullptr;
  if (sync_ != nullptr && (gfp & kGfpDirectReclaim) != 0) sync_->MightSleep("dma_alloc_pages");
  if (dev->coherent_dma_mask == 0 || (gfp & (kGfpDma | kGfpDma32 | kGfpHighmem)) != 0) {
    verdicts_.Report(57, 19, "a coherent mask, and no zone in the flags",
                     "dma_alloc_pages: %s: WARN, no memory",
                     dev->coherent_dma_mask == 0 ? "the device's coherent_dma_mask is 0"
                                                 : "__GFP_DMA, __GFP_DMA32 or __GFP_HIGHMEM");
    return nullptr;
  }
  if (allocator_.FailNow() || size_bytes == 0 ||
      Allocator::OrderOf(size_bytes) > PageAllocator::kMaxOrder) {
    return nullptr;
  }
  const uint64_t limit = Limit(*dev, dev->coherent_dma_mask);
  const AllocationId id = iommu_ != nullptr
                              ? AllocBehindIommu(size_bytes, limit, /*scattered=*/false)
                              : AllocBelow(size_bytes, limit, true, kLinearBacking);
  if (id == 0) return nullptr;
  allocator_.MarkNoncoherent(id);
  const Allocation& allocation = *allocator_.Find(id);
  memory().WriteKernel(dma_handle, &allocation.dma.value, sizeof *dma_handle);
  if (direction >= 0 && direction <= 2) {
    Enter(dev, allocation.dma.value, hw::PhysAddr::Of(allocation.pfn), size_bytes,
          static_cast<DmaDirection>(direction), DmaKind::kPages, 0, kAttrSkipCpuSync);
  }
  LeaveCacheDirty(allocation);
  return memory().PageAddress(allocation.pfn);
}

void Dma::DmaFreePages(device* dev, size_t size_bytes, struct page* page,
                       unsigned long long dma_handle, int direction) {
  if (NoDevice("dma_free_pages", dev)) return;
  constexpr char kExpected[] = "dma_free_pages() is given what dma_alloc_pages() gave";
  const AllocationId id = memory().IsPage(page) ? allocator_.OwnerOf(memory().PfnOf(page)) : 0;
  const Allocation* allocation = allocator_.Find(id);
  if (allocation == nullptr || allocation->noncoherent == 0 || allocation->released != 0 ||
      allocation->pfn != memory().PfnOf(page)) {
    verdicts_.Report(59, 14, kExpected, "dma_free_pages(%p): no live buffer starts there",
                     static_cast<void*>(page));
    return;
  }
  Leave(dev, dma_handle, size_bytes, static_cast<DmaDirection>(direction), DmaKind::kPages, 0, 0,
        "dma_free_pages");
  // With a wrong handle the mapping is there still: what it maps goes now.
  for (uint32_t left; (left = mapped_.FindOverlap(hw::PhysAddr::Of(allocation->pfn),
                                                  allocation->pages << hw::kPageShift)) != 0;) {
    mapped_.Remove(left);
  }
  EndReach(allocation->dma.value, allocation->size_bytes);
  allocator_.FreeDma(id);
}

}  // namespace drydock::kernel
