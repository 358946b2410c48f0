// kmalloc of up to 2 KiB: objects of fixed classes that share pages.
//
// Models: mm/slub.c as a driver sees it: classes, LIFO reuse, neighbours. In every slab page each
// second object is the kernel's own, with contents that no driver wrote
// (PhysicalMemory::ForeignWord): who maps the page of a kmalloc object to user space shows them
// (C50). Each class has one slab page from the start; slab pages are never given back, as the
// kernel's objects keep them.
//
// Objects are poisoned for AddressSanitizer except for the bytes asked for. The slack up to the
// class size is a red zone.
#ifndef DRYDOCK_SIM_KERNEL_SLAB_H_
#define DRYDOCK_SIM_KERNEL_SLAB_H_

#include <cstddef>
#include <cstdint>

#include "sim/hw/physical_memory.h"
#include "sim/hw/tracked.h"
#include "sim/kernel/page_allocator.h"

namespace drydock::kernel {

class Slab {
 public:
  static constexpr size_t kMaxObjectBytes = 2048;
  static constexpr unsigned kClasses = 11;  // 8 16 32 64 96 128 192 256 512 1024 2048
  static constexpr uint32_t kMaxSlabPages = 1024;

  enum class ObjectState {
    kNotAnObject,  // no slab page, or not an object's first byte
    kForeign,      // the kernel's own
    kLive,         // the driver's
    kFreed,        // was the driver's
    kNeverUsed,
  };

  Slab(hw::ResetList& list, hw::PhysicalMemory& memory, PageAllocator& pages);
  Slab(const Slab&) = delete;
  Slab& operator=(const Slab&) = delete;

  // `size_bytes` 1..kMaxObjectBytes. nullptr when no page is left. The bytes are zero, or the
  // uninitialised pattern, up to the class size.
  void* Allocate(size_t size_bytes, bool zeroed);
  void Free(void* object);  // precondition: StateOf(object) == kLive

  ObjectState StateOf(const void* address) const;
  // The first byte of the object that `address` lies in, whoever's it is; nullptr if in none.
  // `class_bytes`: its room.
  const void* ObjectAt(const void* address, size_t* class_bytes) const;
  // The size of the objects in this frame; 0 if it is no slab page.
  size_t ObjectBytes(uint64_t frame_index) const {
    const uint16_t page = page_of_frame_[frame_index];
    return page == 0 ? 0 : kSizes[pages_[page - 1].size_class];
  }

 private:
  static constexpr size_t kSizes[kClasses] = {8, 16, 32, 64, 96, 128, 192, 256, 512, 1024, 2048};
  static constexpr uint32_t kStackDepth = 30;

  // Objects 0, 2, 4, ... are for drivers and numbered 0, 1, 2, ... as slots; the odd ones are
  // foreign.
  struct Page {
    uint64_t used[4];  // by slot
    uint64_t ever_used[4];
    uint32_t frame;  // index
    uint32_t size_class;
    uint32_t next;  // partial list: index + 1
    uint32_t in_partial;
  };
  struct Class {
    uint32_t partial;  // pages that may have free slots not on the stack: index + 1
    uint32_t depth;
    uint32_t stack[kStackDepth];  // freed last on top: page index << 8 | slot
  };

  struct Place {
    uint32_t page = 0;
    uint32_t slot = 0;
  };
  static unsigned ClassOf(size_t size_bytes);
  static uint32_t SlotsOf(unsigned size_class) {
    return static_cast<uint32_t>((hw::kPageSize / kSizes[size_class] + 1) / 2);
  }
  hw::PhysAddr AddressOf(Place place) const;
  bool AddPage(unsigned size_class);
  bool FindSlot(unsigned size_class, Place* place);
  // False if the address is in no slab page. `object`: index in the page, may be past the last one.
  bool Locate(const void* address, uint32_t* page, size_t* object, size_t* offset) const;

  hw::PhysicalMemory& memory_;
  PageAllocator& page_allocator_;
  hw::TrackedArray<Page> pages_;
  hw::TrackedArray<Class> classes_;
  hw::TrackedArray<uint16_t> page_of_frame_;  // index + 1
  hw::Tracked<uint64_t> page_count_;
};

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_SLAB_H_
