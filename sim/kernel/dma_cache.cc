// Machines whose devices do not see the processor's caches: who reads what, and what is stale then
// (NC1..NC5). arch/arm64/mm/dma-mapping.c; the images are hw::CacheModel's.
#include <algorithm>

#include "sim/kernel/dma.h"

namespace drydock::kernel {
namespace {

// Calls visit(start, bytes) for each page's part of a range.
template <class Visit>
void ForEachPage(hw::PhysAddr phys, uint64_t size_bytes, Visit visit) {
  for (uint64_t done = 0; done < size_bytes;) {
    const hw::PhysAddr at = phys + done;
    const uint64_t piece = std::min(size_bytes - done, hw::kPageSize - (at.value & hw::kPageMask));
    visit(at, piece);
    done += piece;
  }
}

}  // namespace

// NC1: coherent memory is remapped Normal-NC; everything else is in the linear map, Normal.
hw::CacheModel::KernelMaps Dma::KernelMapsOf(hw::Pfn pfn) const {
  const Allocation* owner = allocator_.Find(allocator_.OwnerOf(pfn));
  return owner != nullptr && owner->kind == AllocationKind::kDma && owner->noncoherent == 0
             ? hw::CacheModel::KernelMaps::kUncached
             : hw::CacheModel::KernelMaps::kCacheable;
}

void Dma::CleanCache(hw::PhysAddr phys, uint64_t size_bytes) {
  if (caches_ == nullptr) return;
  ForEachPage(phys, size_bytes, [&](hw::PhysAddr at, uint64_t piece) {
    if (KernelMapsOf(at.pfn()) == hw::CacheModel::KernelMaps::kUncached) return;
    if (!caches_->Clean(at, piece)) cache_note_.Exceeded(hw::CacheModel::kPages);
  });
}

void Dma::InvalidateCache(hw::PhysAddr phys, uint64_t size_bytes, DmaDirection direction) {
  if (caches_ == nullptr || direction == DmaDirection::kToDevice) return;
  ForEachPage(phys, size_bytes, [&](hw::PhysAddr at, uint64_t piece) {
    if (KernelMapsOf(at.pfn()) == hw::CacheModel::KernelMaps::kCacheable) {
      caches_->Invalidate(at, piece);
    }
  });
}

// NC5: dma_alloc_pages() zeroes through the cache and cleans nothing.
void Dma::LeaveCacheDirty(const Allocation& allocation) {
  if (caches_ == nullptr) return;
  for (uint64_t i = 0; i < allocation.pages; ++i) {
    if (!caches_->LeaveDirty(allocation.pfn + i)) cache_note_.Exceeded(hw::CacheModel::kPages);
  }
}

void Dma::CheckKernelReads(hw::PhysAddr phys, uint64_t size_bytes, const char* function) {
  if (caches_ == nullptr) return;
  const hw::CacheModel::Stale stale = caches_->LookByKernel(phys, size_bytes);
  if (!stale.found) return;
  const bool cached = KernelMapsOf(phys.pfn()) == hw::CacheModel::KernelMaps::kCacheable;
  verdicts_.Report(36, 12,
                   cached ? "dma_sync_*_for_cpu() before what a device wrote is read"
                          : "one memory type for the kernel and for user space",
                   "%s reads 0x%02x, stale: %s 0x%02x", function, stale.seen,
                   cached ? "the device wrote" : "a cached mapping holds back", stale.newest);
}

bool Dma::DeviceAccessPastCache(hw::PhysAddr phys, void* to, const void* from, size_t size_bytes) {
  const hw::CacheModel::KernelMaps maps = KernelMapsOf(phys.pfn());
  hw::CacheModel::Stale stale;
  if (from != nullptr) ForgetContent(phys, size_bytes);
  const bool done = from != nullptr ? caches_->WriteRam(phys, from, size_bytes, maps)
                                    : caches_->ReadRam(phys, to, size_bytes, maps, &stale);
  if (!done) cache_note_.Exceeded(hw::CacheModel::kPages);
  if (!stale.found) return done;
  const bool cached = maps == hw::CacheModel::KernelMaps::kCacheable;
  verdicts_.Report(36, 12,
                   cached ? "dma_map_*() or dma_sync_*_for_device() after the driver's last store"
                          : "one memory type for the kernel and for user space",
                   "the device reads 0x%02x, stale: 0x%02x is in the cache%s", stale.seen,
                   stale.newest, cached ? "" : ", by a cached mapping");
  return done;
}

bool Dma::UserAccess(hw::CacheType type, hw::PhysAddr phys, void* to, const void* from,
                     size_t size_bytes) {
  const hw::CacheModel::KernelMaps maps = KernelMapsOf(phys.pfn());
  const bool cached = hw::IsCacheable(type);
  hw::CacheModel::Stale stale;
  bool done = false;
  if (from != nullptr) {
    done = cached ? caches_->WriteCached(phys, from, size_bytes, maps)
                  : caches_->WriteRam(phys, from, size_bytes, maps);
  } else {
    done = cached ? caches_->ReadCached(phys, to, size_bytes, maps, &stale)
                  : caches_->ReadRam(phys, to, size_bytes, maps, &stale);
  }
  if (!done) cache_note_.Exceeded(hw::CacheModel::kPages);
  if (!stale.found) return done;
  verdicts_.Report(36, 12, "what was written last",
                   "user space reads 0x%02x through a mapping that is %s, stale: %s 0x%02x",
                   stale.seen, hw::CacheName(type), cached ? "memory has" : "the cache has",
                   stale.newest);
  return done;
}

}  // namespace drydock::kernel
