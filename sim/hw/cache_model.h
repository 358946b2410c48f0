// The processor's cache in front of RAM, on machines whose devices do not see it.
//
// Driver code loads and stores host memory directly, so one of the two images of a page has to be
// that memory, and the other is kept here, for the pages that need one:
//
//   kernel maps it   host memory is   the copy here is
//   cacheable        what the cache   RAM, as devices and uncached mappings see it, and for each
//                    shows            byte whether one of those wrote it since the cache had it
//   uncached         RAM              lines that a cacheable mapping of user space brought in, and
//                                     for each byte whether a store there is not written back
//
// The model is the worst that may happen: a line that was in the cache stays there, stale, until it
// is invalidated, and a store stays there until it is cleaned. Nothing is evicted by itself. What
// was never copied is the same in both. Maintenance is byte by byte: that a line is shared with
// other data is not seen.
//
// A page gets its copy when it is cleaned for a device, or first reached in two ways; it loses it
// when it is freed. Coherent machines have no such object and pay a branch.
#ifndef DRYDOCK_SIM_HW_CACHE_MODEL_H_
#define DRYDOCK_SIM_HW_CACHE_MODEL_H_

#include <cstddef>
#include <cstdint>

#include "sim/hw/physical_memory.h"
#include "sim/hw/tracked.h"

namespace drydock::hw {

class CacheModel {
 public:
  static constexpr size_t kPages = 256;  // that have a copy at one time
  static constexpr uint64_t kLineBytes = 64;

  enum class KernelMaps : uint8_t { kCacheable, kUncached };

  // The first byte of an access that was not the newest there is.
  struct Stale {
    bool found = false;
    uint64_t at = 0;  // offset in the access
    uint8_t seen = 0, newest = 0;
  };

  CacheModel(ResetList& list, PhysicalMemory& memory);

  // All below: [phys, phys + size) lies in one page of RAM. The accesses return false, with nothing
  // done, if no copy was left for a page that needs one.

  // By a device, or through an uncached mapping.
  bool ReadRam(PhysAddr phys, void* to, size_t size_bytes, KernelMaps kernel, Stale* stale);
  bool WriteRam(PhysAddr phys, const void* from, size_t size_bytes, KernelMaps kernel);
  // By the processor, through a cacheable mapping of user space.
  bool ReadCached(PhysAddr phys, void* to, size_t size_bytes, KernelMaps kernel, Stale* stale);
  bool WriteCached(PhysAddr phys, const void* from, size_t size_bytes, KernelMaps kernel);
  // Would the kernel read stale bytes here?
  Stale LookByKernel(PhysAddr phys, size_t size_bytes) const;

  // Maintenance by the kernel, of memory it maps cacheable: dcache_clean_poc(), dcache_inval_poc().
  bool Clean(PhysAddr phys, size_t size_bytes);
  void Invalidate(PhysAddr phys, size_t size_bytes);
  // Cacheable memory that was filled and never cleaned: RAM holds something else. False: no copy.
  bool LeaveDirty(Pfn pfn);
  void Forget(Pfn pfn, uint64_t pages);  // they were freed
  // Bytes of a page that stays in use: both images are what the cache shows.
  void Forget(PhysAddr phys, size_t size_bytes);

  size_t copies() const { return state_->used; }

 private:
  struct Page {
    uint64_t frame_index = 0;             // + 1; 0: free
    uint64_t valid_lines = 0;             // kUncached: lines in the cache
    uint64_t newer[kPageSize / 64] = {};  // bit by byte: the copy is newer than host memory
    unsigned char bytes[kPageSize] = {};
  };
  struct State {
    uint64_t used;
  };

  static bool Newer(const Page& page, uint64_t offset) {
    return (page.newer[offset / 64] >> offset % 64 & 1) != 0;
  }
  static void SetNewer(Page* page, uint64_t offset, size_t size_bytes, bool newer);
  Page* Find(PhysAddr phys);  // marked; nullptr: none
  const Page* Look(PhysAddr phys) const;
  Page* FindOrTake(PhysAddr phys, KernelMaps kernel);
  // kUncached: brings the lines of a range in.
  void Fill(Page* page, PhysAddr phys, size_t size_bytes);
  unsigned char* Host(PhysAddr phys) const {
    return memory_.Plain(phys.pfn()) + (phys.value & kPageMask);
  }

  PhysicalMemory& memory_;
  TrackedArray<Page> pages_;
  TrackedArray<uint16_t> slots_;  // by frame: index + 1 in pages_, 0 for none
  Tracked<State> state_;
};

}  // namespace drydock::hw

#endif  // DRYDOCK_SIM_HW_CACHE_MODEL_H_
