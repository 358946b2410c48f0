// Blocks of pages: taking, freeing.
#include <algorithm>

#include "sim/kernel/allocator.h"

namespace drydock::kernel {

using hw::FrameKind;
using hw::Pfn;
using hw::PhysAddr;

AllocationId Allocator::TakeBlock(Allocation wanted, unsigned order, bool dma32_only,
                                  FrameKind kind) {
  Pfn pfn;
  if (!pages_.Take(order, dma32_only, &pfn)) return 0;
  const uint64_t pages = uint64_t{1} << order;
  wanted.pfn = pfn;
  wanted.address = reinterpret_cast<uintptr_t>(memory_.KernelAddress(PhysAddr::Of(pfn)));
  if (wanted.backing == kRemappedBacking) {
    memory_.MapRemap(pfn, pages);
    wanted.address = reinterpret_cast<uintptr_t>(memory_.RemapAddress(pfn));
  }
  wanted.pages = pages;
  wanted.live_pages = static_cast<uint32_t>(pages);
  wanted.order = order;
  if (wanted.kind == AllocationKind::kDma) wanted.dma = DmaOf(PhysAddr::Of(pfn));
  const AllocationId id = Enter(wanted);
  if (id == 0) {
    pages_.Give(pfn, order);
    return 0;
  }
  SetUpFrames(pfn, pages, kind, id, wanted.zeroed != 0);
  memory_.MutPage(pfn)._refcount.counter = 1;
  if (wanted.compound != 0 && order != 0) {
    memory_.MutPage(pfn).compound_order = order;
    for (uint64_t i = 1; i < pages; ++i) {
      memory_.MutPage(pfn + i).compound_head = memory_.PageAddress(pfn);
    }
  }
  // kmalloc's red zone is exact; the others own their pages to the end.
  memory_.Unpoison(reinterpret_cast<void*>(wanted.address),
                   wanted.from_kmalloc != 0 ? wanted.size_bytes : pages << hw::kPageShift);
  return id;
}

void Allocator::SetUpFrames(Pfn pfn, uint64_t pages, FrameKind kind, AllocationId owner,
                            bool zeroed) {
  for (uint64_t i = 0; i < pages; ++i) {
    memory_.MutFrame(pfn + i) = hw::Frame{.kind = kind, .owner = owner};
    struct page& page = memory_.MutPage(pfn + i);
    page = {};
    page._mapcount.counter = -1;
  }
  if (zeroed) {
    memory_.FillZero(PhysAddr::Of(pfn), pages << hw::kPageShift);
  } else {
    memory_.FillUninitialised(PhysAddr::Of(pfn), pages << hw::kPageShift);
  }
}

void Allocator::FreeFrames(Pfn pfn, uint64_t pages) {
  const AllocationId id = memory_.frame(pfn).owner;
  if (mapped_ != nullptr && mapped_->IsMapped(pfn, pages)) {
    verdicts_.Report(29, 5, "memory is freed after user space can no longer see it",
                     "%llu page(s) from PFN 0x%llx freed while mapped in user space",
                     static_cast<unsigned long long>(pages),
                     static_cast<unsigned long long>(pfn.value));
  }
  CheckDevices(PhysAddr::Of(pfn), pages << hw::kPageShift);
  if (removal_ != nullptr && id != 0) CheckRemoval(id);
  if (caches_ != nullptr) caches_->Forget(pfn, pages);
  const bool shuffled = hw::PhysicalMemory::IsShuffledFrame(memory_.FrameIndex(pfn));
  if (freed_ != nullptr) {
    freed_->OnFree(memory_.KernelAddress(PhysAddr::Of(pfn)), pages << hw::kPageShift);
  }
  for (uint64_t i = 0; i < pages; ++i) {
    memory_.MutFrame(pfn + i) = hw::Frame{.free_content = hw::FreeContent::kFreed};
    struct page& page = memory_.MutPage(pfn + i);
    page = {};
    page._mapcount.counter = -1;
  }
  memory_.Poison(memory_.KernelAddress(PhysAddr::Of(pfn)), pages << hw::kPageShift);
  if (!shuffled) pages_.GiveRange(pfn, pages);
  if (id == 0) return;
  Allocation& allocation = register_.Mut(id);
  allocation.live_pages -= static_cast<uint32_t>(pages);
  if (allocation.live_pages == 0) register_.Remove(id);
}

void Allocator::CheckDevices(PhysAddr start, uint64_t size_bytes) const {
  if (mapped_for_devices_ == nullptr || !mapped_for_devices_->any()) return;
  const uint32_t id = mapped_for_devices_->FindOverlap(start, size_bytes);
  if (id == 0) return;
  verdicts_.Report(60, 5, "memory is unmapped for the device before it is freed",
                   "memory freed while %llu bytes of it are mapped for a device by %s",
                   static_cast<unsigned long long>((*mapped_for_devices_)[id].size_bytes),
                   NameOf((*mapped_for_devices_)[id].kind));
}

void Allocator::NoteShown(Pfn first, uint64_t pages, uint32_t devt) {
  AllocationId noted = 0;
  for (uint64_t i = 0; i < pages && memory_.IsRam(first + i); ++i) {
    const AllocationId id = memory_.frame(first + i).owner;
    if (id == 0 || id == noted || register_[id].shown_by != 0) continue;
    register_.Mut(id).shown_by = devt;
    noted = id;
  }
}

void Allocator::CheckRemoval(AllocationId id) const {
  const Allocation& allocation = register_[id];
  // The first of its pages speaks for all.
  if (allocation.shown_by == 0 || allocation.live_pages != allocation.pages ||
      !removal_->OutlivesItsMemory(allocation.shown_by)) {
    return;
  }
  verdicts_.Report(60, 5, "the device is unregistered before its memory is freed",
                   "memory of %llu page(s) that mmap shows is freed while its device, number "
                   "%u:%u, can still be opened",
                   static_cast<unsigned long long>(allocation.pages), allocation.shown_by >> 20,
                   allocation.shown_by & 0xfffff);
}

bool Allocator::DropPages(AllocationId owner, Pfn pfn, uint64_t pages) {
  bool all_owned = true;
  // Neighbours that fall to 0 together go back together.
  uint64_t run = 0;
  for (uint64_t i = 0; i <= pages; ++i) {
    bool falls_to_zero = false;
    if (i < pages && memory_.frame(pfn + i).owner == owner) {
      int& count = memory_.MutPage(pfn + i)._refcount.counter;
      if (count > 0) --count;
      falls_to_zero = count == 0;
    } else if (i < pages) {
      all_owned = false;
    }
    if (falls_to_zero) {
      ++run;
    } else if (run != 0) {
      FreeFrames(pfn + (i - run), run);
      run = 0;
    }
  }
  return all_owned;
}

void Allocator::ReleaseBlock(AllocationId id) {
  Allocation& allocation = register_.Mut(id);
  allocation.released = 1;
  const Pfn pfn = allocation.pfn;
  const uint64_t pages = allocation.pages;
  if (allocation.split != 0) {
    if (!DropPages(id, pfn, pages)) {
      InvalidFree("free_pages_exact", memory_.KernelAddress(PhysAddr::Of(pfn)),
                  "one of its pages was freed before: a double free");
    }
    return;
  }
  // __free_pages(): the head's reference holds a compound block as a whole; of any other block the
  // tail is freed at once, whoever else holds the head.
  int& count = memory_.MutPage(pfn)._refcount.counter;
  if (count > 0) --count;
  if (count == 0) {
    FreeFrames(pfn, pages);
  } else if (allocation.compound == 0 && pages > 1) {
    FreeFrames(pfn + 1, pages - 1);
  }
}

const char* Allocator::WhyNotFreeable(Pfn pfn) const {
  const hw::Frame& frame = memory_.frame(pfn);
  switch (frame.kind) {
    case FrameKind::kFree:
      return frame.free_content == hw::FreeContent::kNeverUsed ? "never allocated"
                                                               : "freed before: a double free";
    case FrameKind::kReserved:
      return "it is the kernel's own";
    case FrameKind::kSlab:
      return "it is kmalloc memory";
    case FrameKind::kVmalloc:
      return "it is vmalloc memory";
    case FrameKind::kDma:
      return "it is dma_alloc memory";
    case FrameKind::kAnon:
      return "it is a process's page";
    case FrameKind::kPages:
      break;
  }
  if (frame.owner == 0) return "freed before: only references hold it";
  const Allocation& allocation = register_[frame.owner];
  if (allocation.released != 0) return "freed before: a double free";
  if (allocation.from_kmalloc != 0) return "it is kmalloc memory";
  return allocation.pfn == pfn ? "it is of the page allocator" : "points into a block";
}

// --- alloc_pages ---

struct page* Allocator::AllocPages(unsigned gfp, unsigned order) {
  if (order > PageAllocator::kMaxOrder || !MayAllocate(gfp)) return nullptr;
  Allocation wanted =
      NewAllocation(AllocationKind::kPages, hw::kPageSize << order, (gfp & kGfpZero) != 0);
  wanted.compound = order != 0 && (gfp & kGfpComp) != 0 ? 1 : 0;
  const AllocationId id =
      TakeBlock(wanted, order, (gfp & (kGfpDma | kGfpDma32)) != 0, FrameKind::kPages);
  return id == 0 ? nullptr : memory_.PageAddress(register_[id].pfn);
}

void Allocator::FreePages(struct page* page, unsigned order) {
  if (!memory_.IsPage(page)) {
    verdicts_.TrapNow(Trap::kOops, 0, 14, "__free_pages() is given a page that was allocated",
                      "__free_pages(%p): no struct page", static_cast<void*>(page));
    return;
  }
  const Pfn pfn = memory_.PfnOf(page);
  const void* address = memory_.KernelAddress(PhysAddr::Of(pfn));
  const AllocationId id = memory_.frame(pfn).owner;
  if (id == 0 || register_[id].kind != AllocationKind::kPages || register_[id].from_kmalloc != 0 ||
      register_[id].released != 0) {
    InvalidFree("__free_pages", address, WhyNotFreeable(pfn));
    return;
  }
  const Allocation& allocation = register_[id];
  if (allocation.split != 0) {
    // Each page is one of its own.
    if (order != 0) {
      InvalidFree("__free_pages", address, "the block was split: its pages are freed one by one");
      return;
    }
    DropPages(id, pfn, 1);
    return;
  }
  if (allocation.pfn != pfn) {
    InvalidFree("__free_pages", address, "points into a block, not at its start");
    return;
  }
  if (allocation.order != order) {
    // Freed as it was allocated, so that the run goes on.
    verdicts_.Report(0, 14, "pages are freed by the order they were allocated with",
                     "allocated with order %u, freed with order %u", allocation.order, order);
  }
  ReleaseBlock(id);
}

void* Allocator::AllocPagesExact(size_t size_bytes, unsigned gfp) {
  const unsigned order = OrderOf(size_bytes);
  if (size_bytes == 0 || order > PageAllocator::kMaxOrder || !MayAllocate(gfp)) return nullptr;
  Allocation wanted = NewAllocation(AllocationKind::kPages, size_bytes, (gfp & kGfpZero) != 0);
  wanted.exact = 1;
  wanted.split = 1;
  const AllocationId id =
      TakeBlock(wanted, order, (gfp & (kGfpDma | kGfpDma32)) != 0, FrameKind::kPages);
  if (id == 0) return nullptr;
  const uint64_t pages = hw::PagesOf(size_bytes);
  const Pfn pfn = register_[id].pfn;
  for (uint64_t i = 0; i < pages; ++i) memory_.MutPage(pfn + i)._refcount.counter = 1;
  // What the power of two has too much goes back at once.
  const uint64_t excess = register_[id].pages - pages;
  if (excess != 0) {
    Allocation& allocation = register_.Mut(id);
    allocation.pages = pages;
    allocation.live_pages = static_cast<uint32_t>(pages);
    for (uint64_t i = pages; i < pages + excess; ++i) memory_.MutFrame(pfn + i).owner = 0;
    FreeFrames(pfn + pages, excess);
  }
  return reinterpret_cast<void*>(register_[id].address);
}

void Allocator::FreePagesExact(void* address, size_t size_bytes) {
  const AllocationId id = register_.FindStart(reinterpret_cast<uintptr_t>(address));
  if (id == 0 || register_[id].exact == 0 || register_[id].released != 0) {
    const char* why = "no alloc_pages_exact() memory";
    if (memory_.IsLinear(address)) why = WhyNotFreeable(memory_.PhysOf(address).pfn());
    InvalidFree("free_pages_exact", address, why);
    return;
  }
  if (hw::PagesOf(size_bytes) != register_[id].pages) {
    // Freed as it was allocated, so that the run goes on.
    verdicts_.Report(0, 14, "free_pages_exact() is given the size that was allocated",
                     "allocated %llu bytes, freed %zu",
                     static_cast<unsigned long long>(register_[id].size_bytes), size_bytes);
  }
  ReleaseBlock(id);
}

// --- dma, anonymous pages ---

AllocationId Allocator::AllocDma(uint64_t size_bytes, bool dma32_only, bool zeroed,
                                 AllocationBacking backing) {
  Allocation wanted = NewAllocation(AllocationKind::kDma, size_bytes, zeroed);
  wanted.backing = backing;
  return TakeBlock(wanted, OrderOf(size_bytes), dma32_only, FrameKind::kDma);
}

void Allocator::FreeDma(AllocationId id) {
  if (register_[id].backing == kScatteredBacking) {
    ReleaseArea(id);
  } else {
    ReleaseBlock(id);
  }
}

bool Allocator::AllocAnonPage(bool zeroed, Pfn* pfn) {
  if (FailNow() || !pages_.Take(0, false, pfn)) return false;
  SetUpFrames(*pfn, 1, FrameKind::kAnon, 0, zeroed);
  memory_.MutPage(*pfn)._refcount.counter = 1;
  return true;
}

}  // namespace drydock::kernel
