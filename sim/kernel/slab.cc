#include "sim/kernel/slab.h"

#include <bit>

namespace drydock::kernel {

using hw::PhysAddr;

Slab::Slab(hw::ResetList& list, hw::PhysicalMemory& memory, PageAllocator& pages)
    : memory_(memory),
      page_allocator_(pages),
      pages_(list, "slab pages", kMaxSlabPages),
      classes_(list, "slab classes", kClasses),
      page_of_frame_(list, "slab page of frame", hw::PhysicalMemory::kFrames),
      page_count_(list, "slab page count") {
  for (unsigned size_class = 0; size_class < kClasses; ++size_class) AddPage(size_class);
}

unsigned Slab::ClassOf(size_t size_bytes) {
  unsigned size_class = 0;
  while (size_class < kClasses && kSizes[size_class] < size_bytes) ++size_class;
  return size_class;
}

PhysAddr Slab::AddressOf(Place place) const {
  const Page& page = pages_[place.page];
  return PhysAddr::Of(memory_.PfnAt(page.frame)) +
         uint64_t{place.slot} * 2 * kSizes[page.size_class];
}

bool Slab::AddPage(unsigned size_class) {
  hw::Pfn pfn;
  if (*page_count_ == kMaxSlabPages || !page_allocator_.Take(0, false, &pfn)) return false;
  const auto index = static_cast<uint32_t>(page_count_.Mut()++);
  const auto frame = static_cast<uint32_t>(memory_.FrameIndex(pfn));
  memory_.MutFrame(pfn) = hw::Frame{.kind = hw::FrameKind::kSlab};
  memory_.MutPage(pfn)._refcount.counter = 1;
  page_of_frame_.Mut(frame) = static_cast<uint16_t>(index + 1);
  Class& cls = classes_.Mut(size_class);
  pages_.Mut(index) = Page{.used = {},
                           .ever_used = {},
                           .frame = frame,
                           .size_class = size_class,
                           .next = cls.partial,
                           .in_partial = 1};
  cls.partial = index + 1;
  const PhysAddr base = PhysAddr::Of(pfn);
  memory_.FillUninitialised(base, hw::kPageSize);
  const size_t size = kSizes[size_class];
  for (size_t object = 1; (object + 1) * size <= hw::kPageSize; object += 2) {
    memory_.FillForeign(base + object * size, size);
  }
  return true;
}

bool Slab::FindSlot(unsigned size_class, Place* place) {
  if (classes_[size_class].depth != 0) {
    Class& cls = classes_.Mut(size_class);
    const uint32_t top = cls.stack[--cls.depth];
    *place = {top >> 8, top & 0xff};
    return true;
  }
  // With an empty stack, every free slot is in a page of the partial list.
  for (;;) {
    const uint32_t first = classes_[size_class].partial;
    if (first == 0) {
      if (!AddPage(size_class)) return false;
      continue;
    }
    const Page& page = pages_[first - 1];
    for (uint32_t word = 0; word < 4; ++word) {
      const auto slot = word * 64 + static_cast<uint32_t>(std::countr_one(page.used[word]));
      if (slot == (word + 1) * 64) continue;
      if (slot >= SlotsOf(size_class)) break;
      *place = {first - 1, slot};
      return true;
    }
    Page& full = pages_.Mut(first - 1);
    full.in_partial = 0;
    classes_.Mut(size_class).partial = full.next;
    full.next = 0;
  }
}

void* Slab::Allocate(size_t size_bytes, bool zeroed) {
  const unsigned size_class = ClassOf(size_bytes);
  Place place;
  if (!FindSlot(size_class, &place)) return nullptr;
  Page& page = pages_.Mut(place.page);
  page.used[place.slot / 64] |= uint64_t{1} << place.slot % 64;
  page.ever_used[place.slot / 64] |= uint64_t{1} << place.slot % 64;
  const PhysAddr phys = AddressOf(place);
  if (zeroed) {
    memory_.FillZero(phys, kSizes[size_class]);
  } else {
    memory_.FillUninitialised(phys, kSizes[size_class]);
  }
  void* object = memory_.KernelAddress(phys);
  memory_.Unpoison(object, size_bytes);
  return object;
}

void Slab::Free(void* object) {
  uint32_t index = 0;
  size_t number = 0, offset = 0;
  if (!Locate(object, &index, &number, &offset)) return;
  Page& page = pages_.Mut(index);
  const auto slot = static_cast<uint32_t>(number / 2);
  page.used[slot / 64] &= ~(uint64_t{1} << slot % 64);
  const size_t size = kSizes[page.size_class];
  memory_.FillFreed(memory_.PhysOf(object), size);
  memory_.Poison(object, size);
  Class& cls = classes_.Mut(page.size_class);
  if (cls.depth < kStackDepth) {
    cls.stack[cls.depth++] = index << 8 | slot;
  } else if (page.in_partial == 0) {
    page.in_partial = 1;
    page.next = cls.partial;
    cls.partial = index + 1;
  }
}

bool Slab::Locate(const void* address, uint32_t* page, size_t* object, size_t* offset) const {
  if (!memory_.IsLinear(address)) return false;
  const PhysAddr phys = memory_.PhysOf(address);
  const uint16_t found = page_of_frame_[memory_.FrameIndex(phys.pfn())];
  if (found == 0) return false;
  *page = found - 1u;
  const size_t size = kSizes[pages_[*page].size_class];
  *object = (phys.value & hw::kPageMask) / size;
  *offset = (phys.value & hw::kPageMask) % size;
  return true;
}

Slab::ObjectState Slab::StateOf(const void* address) const {
  uint32_t index = 0;
  size_t object = 0, offset = 0;
  if (!Locate(address, &index, &object, &offset) || offset != 0) return ObjectState::kNotAnObject;
  const Page& page = pages_[index];
  if ((object + 1) * kSizes[page.size_class] > hw::kPageSize) return ObjectState::kNotAnObject;
  if (object % 2 != 0) return ObjectState::kForeign;
  const size_t slot = object / 2;
  if ((page.used[slot / 64] >> slot % 64 & 1) != 0) return ObjectState::kLive;
  return (page.ever_used[slot / 64] >> slot % 64 & 1) != 0 ? ObjectState::kFreed
                                                           : ObjectState::kNeverUsed;
}

const void* Slab::ObjectAt(const void* address, size_t* class_bytes) const {
  uint32_t index = 0;
  size_t object = 0, offset = 0;
  if (!Locate(address, &index, &object, &offset)) return nullptr;
  *class_bytes = kSizes[pages_[index].size_class];
  if ((object + 1) * *class_bytes > hw::kPageSize) return nullptr;
  return static_cast<const char*>(address) - offset;
}

}  // namespace drydock::kernel
