#include "sim/kernel/allocator.h"

#include <algorithm>
#include <bit>

#include "sim/hw/shadow.h"

namespace drydock::kernel {
namespace {

constexpr uint64_t kMaxKmallocBytes = hw::kPageSize << PageAllocator::kMaxOrder;
// SLUB has caches up to two pages; a page of theirs is a slab page, which vm_insert_page() refuses
// (IP4).
constexpr uint64_t kMaxSlabBytes = 2 * hw::kPageSize;
constexpr unsigned kReservedOrder = 4;

uint64_t AddressOf(const volatile void* p) { return reinterpret_cast<uintptr_t>(p); }

}  // namespace

Allocator::Allocator(hw::ResetList& list, hw::PhysicalMemory& memory, Verdicts& verdicts,
                     const hw::Platform& platform)
    : memory_(memory),
      verdicts_(verdicts),
      platform_(platform),
      register_(list),
      capacity_note_(list, verdicts, "allocations"),
      pages_(list, memory),
      slab_(list, memory, pages_),
      vmalloc_(list, memory) {
  // Pages of the kernel's own at the start of each zone: what lies before the first buffer is
  // somebody's.
  for (const bool dma32 : {false, true}) {
    hw::Pfn pfn;
    if (!pages_.Take(kReservedOrder, dma32, &pfn)) continue;
    for (uint64_t i = 0; i < uint64_t{1} << kReservedOrder; ++i) {
      memory_.MutFrame(pfn + i) = hw::Frame{.kind = hw::FrameKind::kReserved};
      memory_.MutPage(pfn + i)._refcount.counter = 1;
    }
    memory_.FillForeign(hw::PhysAddr::Of(pfn), hw::kPageSize << kReservedOrder);
  }
}

unsigned Allocator::OrderOf(uint64_t size_bytes) {
  return static_cast<unsigned>(std::bit_width((size_bytes - 1) >> hw::kPageShift));
}

bool Allocator::MayAllocate(unsigned gfp) {
  if (sync_ != nullptr && (gfp & kGfpDirectReclaim) != 0) sync_->MightSleep("an allocation");
  return !FailNow();
}

bool Allocator::Grants(const char* function) {
  if (sync_ != nullptr) sync_->MightSleep(function);
  return !FailNow();
}

void Allocator::ReportLeftovers(uint64_t mark, const char* expected) {
  ForEachSince(mark, [&](AllocationId, const Allocation& allocation) {
    if (allocation.released != 0) return;
    const char* by = allocation.kind == AllocationKind::kVmalloc ? "vmalloc"
                     : allocation.kind == AllocationKind::kDma   ? "dma_alloc"
                     : allocation.kind == AllocationKind::kKmalloc || allocation.from_kmalloc != 0
                         ? "kmalloc"
                         : "the page allocator";
    verdicts_.Report(45, 7, expected, "%llu bytes of %s are still allocated",
                     static_cast<unsigned long long>(allocation.size_bytes), by);
    verdicts_.Last().driver_pc = allocation.driver_pc;
  });
}

Allocation Allocator::NewAllocation(AllocationKind kind, uint64_t size_bytes, bool zeroed) const {
  Allocation allocation;
  allocation.kind = kind;
  allocation.zeroed = zeroed ? 1 : 0;
  allocation.size_bytes = size_bytes;
  allocation.driver_pc = verdicts_.DriverPc(verdicts_.caller());
  return allocation;
}

AllocationId Allocator::Enter(const Allocation& allocation) {
  const AllocationId id = register_.Add(allocation);
  if (id == 0) capacity_note_.Exceeded(AllocationRegister::kCapacity);
  return id;
}

void Allocator::InvalidFree(const char* function, const void* address, const char* why) {
  verdicts_.Report(0, 14, "only what was allocated is freed, once, by its own function",
                   "%s(%p): %s", function, address, why);
}

// --- kmalloc ---

void* Allocator::Kmalloc(size_t size_bytes, unsigned gfp) {
  if (size_bytes == 0) return reinterpret_cast<void*>(kZeroSizePtr);
  if (size_bytes > kMaxKmallocBytes || !MayAllocate(gfp)) return nullptr;
  const bool zeroed = (gfp & kGfpZero) != 0;
  if (size_bytes > Slab::kMaxObjectBytes) {
    Allocation wanted = NewAllocation(AllocationKind::kPages, size_bytes, zeroed);
    wanted.from_kmalloc = 1;
    wanted.compound = 1;
    const AllocationId id =
        TakeBlock(wanted, OrderOf(size_bytes), (gfp & (kGfpDma | kGfpDma32)) != 0,
                  size_bytes <= kMaxSlabBytes ? hw::FrameKind::kSlab : hw::FrameKind::kPages);
    return id == 0 ? nullptr : reinterpret_cast<void*>(register_[id].address);
  }
  void* object = slab_.Allocate(size_bytes, zeroed);
  if (object == nullptr) return nullptr;
  Allocation allocation = NewAllocation(AllocationKind::kKmalloc, size_bytes, zeroed);
  allocation.address = AddressOf(object);
  allocation.pfn = memory_.PhysOf(object).pfn();
  if (Enter(allocation) != 0) return object;
  slab_.Free(object);
  return nullptr;
}

size_t Allocator::Ksize(const void* object) {
  if (AddressOf(object) <= kZeroSizePtr) return 0;
  const AllocationId id = register_.FindStart(AddressOf(object));
  if (id == 0) return 0;
  const Allocation& allocation = register_[id];
  size_t class_bytes = 0;
  if (allocation.kind == AllocationKind::kKmalloc) slab_.ObjectAt(object, &class_bytes);
  if (class_bytes != 0) return class_bytes;
  return allocation.from_kmalloc != 0 ? allocation.pages << hw::kPageShift : 0;
}

void* Allocator::Krealloc(const void* object, size_t size_bytes, unsigned gfp) {
  if (AddressOf(object) <= kZeroSizePtr) return Kmalloc(size_bytes, gfp);
  if (size_bytes == 0) {
    Kfree(object);
    return reinterpret_cast<void*>(kZeroSizePtr);
  }
  const size_t room = Ksize(object);
  if (room == 0) {
    InvalidFree("krealloc", object, "no live kmalloc object starts there");
    return nullptr;
  }
  const AllocationId id = register_.FindStart(AddressOf(object));
  if (size_bytes <= room) {
    // The same object: the room between is usable from now on, and no more zeroed than it was.
    Allocation& allocation = register_.Mut(id);
    allocation.size_bytes = size_bytes;
    auto* start = reinterpret_cast<char*>(allocation.address);
    memory_.Poison(start, room);
    memory_.Unpoison(start, size_bytes);
    return start;
  }
  const uint64_t old_bytes = register_[id].size_bytes;
  void* larger = Kmalloc(size_bytes, gfp);
  if (larger == nullptr) return nullptr;
  hw::PhysAddr from = memory_.PhysOf(object), to = memory_.PhysOf(larger);
  for (uint64_t left = old_bytes; left != 0;) {
    const uint64_t piece = std::min({left, hw::kPageSize - (from.value & hw::kPageMask),
                                     hw::kPageSize - (to.value & hw::kPageMask)});
    memory_.MarkDirty(to.pfn());
    std::copy_n(memory_.Plain(from.pfn()) + (from.value & hw::kPageMask), piece,
                memory_.Plain(to.pfn()) + (to.value & hw::kPageMask));
    from = from + piece;
    to = to + piece;
    left -= piece;
  }
  Kfree(object);
  return larger;
}

void Allocator::Kfree(const void* object) {
  if (AddressOf(object) <= kZeroSizePtr) return;
  const AllocationId id = register_.FindStart(AddressOf(object));
  if (id != 0 && register_[id].released == 0) {
    const Allocation& allocation = register_[id];
    if (allocation.kind == AllocationKind::kKmalloc) {
      CheckDevices(memory_.PhysOf(object), allocation.size_bytes);
      if (caches_ != nullptr) caches_->Forget(memory_.PhysOf(object), allocation.size_bytes);
      if (freed_ != nullptr) freed_->OnFree(object, allocation.size_bytes);
      slab_.Free(reinterpret_cast<void*>(allocation.address));
      register_.Remove(id);
      return;
    }
    if (allocation.from_kmalloc != 0) {
      ReleaseBlock(id);
      return;
    }
  }
  if (!memory_.IsLinear(object)) {
    InvalidFree("kfree", object,
                memory_.InShuffledMap(object) ? "it is a vmalloc address" : "not kmalloc memory");
    return;
  }
  switch (slab_.StateOf(object)) {
    case Slab::ObjectState::kFreed:
      InvalidFree("kfree", object, "freed before: a double free");
      return;
    case Slab::ObjectState::kForeign:
    case Slab::ObjectState::kNeverUsed:
      InvalidFree("kfree", object, "never allocated");
      return;
    case Slab::ObjectState::kNotAnObject:
    case Slab::ObjectState::kLive:
      break;
  }
  size_t class_bytes = 0;
  InvalidFree("kfree", object,
              slab_.ObjectAt(object, &class_bytes) != nullptr
                  ? "points into an object, not at its start"
                  : WhyNotFreeable(memory_.PhysOf(object).pfn()));
}

// --- what is whose ---

AllocationId Allocator::OwnerOf(hw::Pfn pfn) const {
  return memory_.IsRam(pfn) ? memory_.frame(pfn).owner : 0;
}

AllocationId Allocator::FindByAddress(const volatile void* address) const {
  hw::Pfn pfn;
  if (!memory_.FindFrame(address, &pfn)) return 0;
  if (memory_.frame(pfn).owner != 0) return memory_.frame(pfn).owner;
  size_t class_bytes = 0;
  const void* object = slab_.ObjectAt(const_cast<const void*>(address), &class_bytes);
  return object == nullptr ? 0 : register_.FindStart(AddressOf(object));
}

bool Allocator::MayCopy(const void* address, uint64_t size_bytes, const char** what) const {
  if (size_bytes == 0) return true;
  const uint64_t start = AddressOf(address);
  if (start + size_bytes < start) {
    *what = "the range wraps";
    return false;
  }
  hw::Pfn pfn;
  if (!memory_.FindFrame(address, &pfn)) {
    if (hw::shadow::FirstPoisoned(address, size_bytes) == nullptr) return true;
    *what = "it runs out of its object (poisoned memory)";
    return false;
  }
  const AllocationId id = FindByAddress(address);
  if (id == 0) {
    const hw::FrameKind kind = memory_.frame(pfn).kind;
    if (kind == hw::FrameKind::kAnon) return true;  // kmap of a process's page
    *what = kind == hw::FrameKind::kFree ? "the memory is free" : "no live object is there";
    return false;
  }
  const Allocation& allocation = register_[id];
  // Page-granular memory may be used up to its last page's end; kmalloc's is exact.
  const bool by_page = allocation.kind != AllocationKind::kKmalloc && allocation.from_kmalloc == 0;
  const uint64_t room = by_page ? allocation.pages << hw::kPageShift : allocation.size_bytes;
  // A linear address of a vmalloc page: within the page.
  uint64_t begin = allocation.address;
  uint64_t end = begin + room;
  if (start < begin || start >= end) {
    begin = start & ~hw::kPageMask;
    end = begin + hw::kPageSize;
    if (!by_page) end = begin;
  }
  if (start >= begin && start < end && size_bytes <= end - start) return true;
  *what = "it runs out of its object";
  return false;
}

// --- addresses ---

unsigned long long Allocator::VirtToPhys(const volatile void* address) {
  if (memory_.IsLinear(address)) return memory_.PhysOf(address).value;
  const char* kind = "an address outside the linear map (static, stack or user memory)";
  bool known = true;
  if (memory_.InShuffledMap(address)) {
    kind = FindByAddress(address) != 0 &&
                   register_[FindByAddress(address)].kind == AllocationKind::kDma
               ? "the address of DMA memory, which is vmalloc's on this machine"
               : "a vmalloc address";
  } else if (memory_.InRemap(address)) {
    kind = "the address of DMA memory, which is vmalloc's on this machine";
  } else if (cookies_ != nullptr && cookies_->Contains(address)) {
    kind = "an ioremap address";
  } else if (address == nullptr) {
    kind = "NULL";
  } else {
    known = false;
  }
  verdicts_.Report(32, 18, "virt_to_phys() and virt_to_page() take linear kernel memory",
                   "given %s", kind);
  // What the subtraction gives. Where the host chose the address, a constant stands in: traces
  // repeat.
  if (known) return memory_.PhysOf(address).value;
  return (uint64_t{1} << 46) + (AddressOf(address) & hw::kPageMask);
}

void* Allocator::PhysToVirt(unsigned long long phys) {
  return memory_.KernelAddress(hw::PhysAddr{phys});
}

}  // namespace drydock::kernel
