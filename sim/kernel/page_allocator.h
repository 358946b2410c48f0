// The buddy allocator: which frames are free, in blocks of 2^order pages.
//
// Models: mm/page_alloc.c, the free lists alone. What a block is for, its struct pages and its
// bytes are Allocator's. Deterministic: the block freed last is given out first. Cost O(order),
// nothing is allocated.
#ifndef DRYDOCK_SIM_KERNEL_PAGE_ALLOCATOR_H_
#define DRYDOCK_SIM_KERNEL_PAGE_ALLOCATOR_H_

#include <cstdint>

#include "sim/hw/physical_memory.h"
#include "sim/hw/tracked.h"

namespace drydock::kernel {

class PageAllocator {
 public:
  static constexpr unsigned kMaxOrder = 10;  // the largest block is 2^10 pages, 4 MiB

  // All RAM outside of the vmalloc pool is free at first.
  PageAllocator(hw::ResetList& list, hw::PhysicalMemory& memory);
  PageAllocator(const PageAllocator&) = delete;
  PageAllocator& operator=(const PageAllocator&) = delete;

  // Takes a block, aligned to its size. Without `dma32_only` Normal is asked first, then DMA32.
  // False, and nothing changed, if there is none or order > kMaxOrder.
  bool Take(unsigned order, bool dma32_only, hw::Pfn* pfn);
  // Gives back 2^order pages; any aligned part of what Take gave will do. Precondition: they are
  // taken.
  void Give(hw::Pfn pfn, unsigned order);
  // Gives back any run of taken pages.
  void GiveRange(hw::Pfn pfn, uint64_t pages);

  uint64_t free_pages() const { return lists_->free_pages; }

 private:
  static constexpr uint32_t kEnd = ~uint32_t{0};
  static constexpr uint32_t kTaken = ~uint32_t{0};
  static constexpr unsigned kZones = 2;

  // Of the first frame of a free block; of all others `order` is kTaken.
  struct Node {
    uint32_t next = kEnd;
    uint32_t previous = kEnd;
    uint32_t order = kTaken;
  };
  struct Lists {
    uint32_t heads[kZones][kMaxOrder + 1];
    uint64_t free_pages;
  };

  static unsigned ZoneOf(uint64_t frame) {
    return frame < hw::PhysicalMemory::kDma32Frames ? 0 : 1;
  }
  bool TakeFrom(unsigned zone, unsigned order, uint64_t* frame);
  void Push(uint64_t frame, unsigned order);
  void Unlink(uint64_t frame);

  hw::PhysicalMemory& memory_;
  hw::TrackedArray<Node> nodes_;
  hw::Tracked<Lists> lists_;
};

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_PAGE_ALLOCATOR_H_
