// Streaming mappings: what is mapped for a device and unmapped. kernel/dma/mapping.c and direct.c;
// the checks are those of kernel/dma/debug.c (DS1..DS6), and whether the memory is anybody's.
#include <algorithm>
#include <cerrno>

#include "sim/kernel/dma.h"

namespace drydock::kernel {
namespace {

constexpr unsigned long kLinkMask = SG_CHAIN | SG_END;
constexpr uint64_t kMaxSegmentBytes = uint64_t{64} << 10;  // dma_get_max_seg_size()

}  // namespace

// The memory is somebody's, and the range within one object: else a device reaches what nobody
// meant it to. False if it is not RAM.
bool Dma::CheckMapped(hw::PhysAddr phys, size_t size_bytes, const char* function) {
  if (!memory().AllRam(phys.pfn(), hw::PagesOf((phys.value & hw::kPageMask) + size_bytes))) {
    verdicts_.Report(32, 18, "streaming DMA is for memory that has a struct page",
                     "%s of physical address 0x%llx, %zu bytes: not RAM", function,
                     static_cast<unsigned long long>(phys.value), size_bytes);
    return false;
  }
  const hw::FrameKind kind = memory().frame(phys.pfn()).kind;
  const char* what = nullptr;
  if (kind == hw::FrameKind::kReserved || kind == hw::FrameKind::kAnon) return true;
  if (allocator_.MayCopy(memory().KernelAddress(phys), size_bytes, &what)) return true;
  const bool freed =
      kind == hw::FrameKind::kFree || allocator_.FindByAddress(memory().KernelAddress(phys)) == 0;
  verdicts_.Report(freed ? 60 : 57, freed ? 5 : 19,
                   "a buffer that is there, mapped within its size",
                   "%s of %zu bytes at physical address 0x%llx: %s", function, size_bytes,
                   static_cast<unsigned long long>(phys.value), what);
  return true;
}

// DS6. Two that the device only reads do no harm.
void Dma::CheckOverlap(hw::PhysAddr phys, size_t size_bytes, DmaDirection direction, DmaKind kind,
                       unsigned long attrs) {
  if (direction == DmaDirection::kToDevice || (attrs & kAttrSkipCpuSync) != 0) return;
  for (uint32_t id = mapped_.FindOverlap(phys, size_bytes); id != 0;
       id = mapped_.FindOverlap(phys, size_bytes, id)) {
    if (!mapped_[id].DeviceWrites()) continue;
    verdicts_.Report(62, 19, "a buffer is mapped once while a device writes to it",
                     "%s of %zu bytes that overlap a live mapping of %llu bytes", NameOf(kind),
                     size_bytes, static_cast<unsigned long long>(mapped_[id].size_bytes));
    return;
  }
}

void Dma::Enter(device* dev, uint64_t dma, hw::PhysAddr phys, size_t size_bytes,
                DmaDirection direction, DmaKind kind, uint32_t sg_entries, unsigned long attrs) {
  DmaMapping mapping;
  mapping.dma = dma;
  mapping.size_bytes = size_bytes;
  mapping.phys = phys;
  mapping.dev = dev;
  mapping.direction = direction;
  mapping.kind = kind;
  mapping.sg_entries = sg_entries;
  mapping.error_checked = kind == DmaKind::kSingle || kind == DmaKind::kResource ? 0 : 1;
  mapping.driver_pc = verdicts_.DriverPc(verdicts_.caller());
  if (kind != DmaKind::kResource) {
    mapping.owner_serial = OwnerSerial(phys);
    CheckOverlap(phys, size_bytes, direction, kind, attrs);
  }
  const uint32_t id = mapped_.Add(mapping);
  if (id == 0 || kind == DmaKind::kResource) return;
  if ((attrs & kAttrSkipCpuSync) == 0) CleanCache(phys, size_bytes);
  // Memory of dma_alloc_pages() is the driver's until it gives it away for the first time.
  if (kind == DmaKind::kPages) {
    mapped_.Mut(id).cpu_end = size_bytes;
  } else {
    GiveToDevice(mapped_.Mut(id), 0, size_bytes);
  }
}

void Dma::Leave(device* dev, uint64_t dma, size_t size_bytes, DmaDirection direction, DmaKind kind,
                uint32_t sg_entries, unsigned long attrs, const char* function) {
  DmaMapping like;
  like.size_bytes = size_bytes;
  like.kind = kind;
  like.direction = direction;
  like.sg_entries = sg_entries;
  const uint32_t id = mapped_.FindStart(dev, dma, like);
  if (id == 0) {
    if (dma == kMappingError) {
      verdicts_.Report(57, 19, "what was mapped is unmapped", "%s of DMA_MAPPING_ERROR", function);
      return;
    }
    const uint32_t around = mapped_.FindContaining(dev, dma);
    if (around != 0) {
      verdicts_.Report(57, 19, "unmapped by the address that mapping gave",
                       "%s of an address %llu bytes into a mapping of %llu", function,
                       static_cast<unsigned long long>(dma - mapped_[around].dma),
                       static_cast<unsigned long long>(mapped_[around].size_bytes));
    } else {
      verdicts_.Report(57, 19, "what was mapped is unmapped, once",
                       "%s of DMA address 0x%llx, which is not mapped for this device", function,
                       static_cast<unsigned long long>(dma));
    }
    return;
  }
  const DmaMapping mapping = mapped_[id];
  if (mapping.kind != kind) {
    verdicts_.Report(57, 19, "unmapped by the function that belongs to the one that mapped",
                     "mapped by %s, undone by %s", NameOf(mapping.kind), function);
  } else if (mapping.sg_entries != sg_entries) {
    verdicts_.Report(57, 19, "dma_unmap_sg() is given the list as it was mapped",
                     "%s with %u entries, mapped with %u", function, sg_entries,
                     mapping.sg_entries);
  } else if (mapping.size_bytes != size_bytes) {
    verdicts_.Report(57, 19, "unmapped with the size it was mapped with",
                     "%s of %zu bytes, mapped with %llu", function, size_bytes,
                     static_cast<unsigned long long>(mapping.size_bytes));
  }
  if (mapping.direction != direction) {
    verdicts_.Report(57, 19, "unmapped with the direction it was mapped with",
                     "%s with %s, mapped with %s", function, NameOf(direction),
                     NameOf(mapping.direction));
  }
  if (mapping.error_checked == 0) {
    verdicts_.Report(58, 19, "dma_mapping_error() is asked before the address is used",
                     "%s of an address that dma_mapping_error() never looked at", function);
    verdicts_.Last().driver_pc = mapping.driver_pc;
  }
  if (kind != DmaKind::kResource) {
    CheckContentKept(mapping, function);
    if ((attrs & kAttrSkipCpuSync) == 0) {
      InvalidateCache(mapping.phys, std::min<uint64_t>(size_bytes, mapping.size_bytes), direction);
    }
    GiveToCpu(mapped_.Mut(id), 0, mapping.size_bytes);
  }
  // dma_alloc_pages() has its address for as long as its memory.
  if (kind != DmaKind::kPages) EndReach(mapping.dma, size_bytes);
  mapped_.Remove(id);
}

unsigned long long Dma::DmaMapPage(device* dev, struct page* page, size_t offset_bytes,
                                   size_t size_bytes, int direction, unsigned long attrs) {
  if (NoDevice("dma_map_page_attrs", dev) || BadDirection("dma_map_page", direction)) {
    return kMappingError;
  }
  if (dev->dma_mask == nullptr) {
    verdicts_.Report(57, 19, "a device with a dma_mask",
                     "dma_map_page: the device has no dma_mask: WARN, DMA_MAPPING_ERROR");
    return kMappingError;
  }
  if (!memory().IsPage(page)) {
    verdicts_.Report(32, 18, "streaming DMA is for memory that has a struct page",
                     "dma_map_page() of %p, which is no struct page of RAM",
                     static_cast<void*>(page));
    return kMappingError;
  }
  const hw::PhysAddr phys = hw::PhysAddr::Of(memory().PfnOf(page)) + offset_bytes;
  const auto to = static_cast<DmaDirection>(direction);
  uint64_t dma = 0;
  if (!CheckMapped(phys, size_bytes, "dma_map_page") ||
      !MakeReachable(phys, size_bytes, Limit(*dev, *dev->dma_mask), AccessOf(to), &dma)) {
    return kMappingError;
  }
  Enter(dev, dma, phys, size_bytes, to, DmaKind::kSingle, 0, attrs);
  return dma;
}

// dma_map_single_attrs(), inline in a kernel, and debug_dma_map_single().
unsigned long long Dma::DmaMapSingle(device* dev, void* address, size_t size_bytes, int direction,
                                     unsigned long attrs) {
  if (!memory().IsLinear(address)) {
    const bool vmalloc = allocator_.IsVmallocAddr(address);
    verdicts_.Report(32, 18, "dma_map_single() takes linear kernel memory", "given %s: %s",
                     vmalloc ? "a vmalloc address" : "memory of no allocator",
                     vmalloc ? "WARN, DMA_MAPPING_ERROR" : "static, stack or user memory");
    return kMappingError;
  }
  const hw::PhysAddr phys = memory().PhysOf(address);
  return DmaMapPage(dev, memory().PageAddress(phys.pfn()), phys.value & hw::kPageMask, size_bytes,
                    direction, attrs);
}

void Dma::DmaUnmapPage(device* dev, unsigned long long dma_addr, size_t size_bytes, int direction,
                       unsigned long attrs) {
  if (NoDevice("dma_unmap_page_attrs", dev) || BadDirection("dma_unmap_page", direction)) return;
  Leave(dev, dma_addr, size_bytes, static_cast<DmaDirection>(direction), DmaKind::kSingle, 0, attrs,
        "dma_unmap_page or dma_unmap_single");
}

bool Dma::ReadEntry(Cursor* cursor, const char* function) {
  if (cursor->left == 0) return false;
  if (cursor->next == nullptr) {
    verdicts_.TrapNow(Trap::kOops, 57, 19, "as many entries as the list has",
                      "%s: the list ends %d entries before the count that was given", function,
                      cursor->left);
    return false;
  }
  cursor->at = cursor->next;
  memory().ReadKernel(&cursor->entry, cursor->at, sizeof cursor->entry);
  --cursor->left;
  cursor->next = nullptr;
  if ((cursor->entry.page_link & SG_END) != 0) return true;
  scatterlist after{};
  memory().ReadKernel(&after, cursor->at + 1, sizeof after);
  cursor->next = (after.page_link & SG_CHAIN) != 0
                     ? reinterpret_cast<scatterlist*>(after.page_link & ~kLinkMask)
                     : cursor->at + 1;
  return true;
}

int Dma::DmaMapSg(device* dev, scatterlist* list, int count, int direction, unsigned long attrs) {
  if (NoDevice("dma_map_sg_attrs", dev) || BadDirection("dma_map_sg", direction)) return -EINVAL;
  if (dev->dma_mask == nullptr) {
    verdicts_.Report(57, 19, "a device with a dma_mask",
                     "dma_map_sg: the device has no dma_mask: WARN, nothing mapped");
    return 0;
  }
  const auto to = static_cast<DmaDirection>(direction);
  // The whole list first: nothing is mapped unless all of it can be.
  for (Cursor cursor{list, count}; ReadEntry(&cursor, "dma_map_sg");) {
    hw::PhysAddr phys;
    if (!PhysOfEntry(cursor.entry, &phys)) {
      verdicts_.Report(32, 18, "streaming DMA is for memory that has a struct page",
                       "dma_map_sg() of an entry without a struct page of RAM");
      return -EIO;
    }
    if (!CheckMapped(phys, cursor.entry.length, "dma_map_sg") ||
        (iommu_ == nullptr && phys.value + cursor.entry.length - 1 > Limit(*dev, *dev->dma_mask))) {
      return -EIO;
    }
  }
  if (verdicts_.pending_trap() != Trap::kNone) return -EINVAL;
  if (iommu_ != nullptr) return MapSgBehindIommu(dev, list, count, to, attrs);
  for (Cursor cursor{list, count}; ReadEntry(&cursor, "dma_map_sg");) {
    hw::PhysAddr phys;
    PhysOfEntry(cursor.entry, &phys);
    cursor.entry.dma_address = allocator_.DmaOf(phys).value;
    cursor.entry.dma_length = cursor.entry.length;
    memory().WriteKernel(cursor.at, &cursor.entry, sizeof cursor.entry);
    Enter(dev, cursor.entry.dma_address, phys, cursor.entry.length, to, DmaKind::kScatterGather,
          static_cast<uint32_t>(count), attrs);
  }
  return count;
}

bool Dma::PhysOfEntry(const scatterlist& entry, hw::PhysAddr* phys) const {
  const auto* page = reinterpret_cast<struct page*>(entry.page_link & ~kLinkMask);
  if (!memory().IsPage(page)) return false;
  *phys = hw::PhysAddr::Of(memory().PfnOf(page)) + entry.offset;
  return true;
}

// iommu_dma_map_sg() and __finalise_sg(): pages in a row for all entries; those that meet become
// one for the device, up to the 64 KiB that a device takes by default.
int Dma::MapSgBehindIommu(device* dev, scatterlist* list, int count, DmaDirection direction,
                          unsigned long attrs) {
  uint64_t pages = 0;
  for (Cursor cursor{list, count}; ReadEntry(&cursor, "dma_map_sg");) {
    pages += hw::PagesOf((cursor.entry.offset & hw::kPageMask) + cursor.entry.length);
  }
  hw::DmaAddr iova;
  if (allocator_.FailNow() || !iommu_->Find(pages, Limit(*dev, *dev->dma_mask), &iova)) {
    return -ENOMEM;
  }
  int segments = 0;
  scatterlist* segment_at = nullptr;
  scatterlist segment{};
  for (Cursor cursor{list, count}; ReadEntry(&cursor, "dma_map_sg");) {
    hw::PhysAddr phys;
    PhysOfEntry(cursor.entry, &phys);
    const uint64_t offset = phys.value & hw::kPageMask;
    const uint64_t here = hw::PagesOf(offset + cursor.entry.length);
    for (uint64_t i = 0; i < here; ++i) {
      iommu_->Map({iova.value + (i << hw::kPageShift)}, phys.pfn() + i, AccessOf(direction));
    }
    const uint64_t dma = iova.value + offset;
    Enter(dev, dma, phys, cursor.entry.length, direction, DmaKind::kScatterGather,
          static_cast<uint32_t>(count), attrs);
    // Each entry's own fields say "none", until a segment of the device is put there.
    cursor.entry.dma_address = kMappingError;
    cursor.entry.dma_length = 0;
    memory().WriteKernel(cursor.at, &cursor.entry, sizeof cursor.entry);
    const bool joins = segment_at != nullptr && offset == 0 &&
                       segment.dma_address + segment.dma_length == dma &&
                       segment.dma_length + cursor.entry.length <= kMaxSegmentBytes;
    if (joins) {
      segment.dma_length += cursor.entry.length;
    } else {
      // The n-th segment goes to the n-th entry of the list.
      Cursor place{list, count};
      for (int i = 0; i <= segments; ++i) ReadEntry(&place, "dma_map_sg");
      segment_at = place.at;
      segment = place.entry;
      segment.dma_address = dma;
      segment.dma_length = cursor.entry.length;
      ++segments;
    }
    memory().WriteKernel(segment_at, &segment, sizeof segment);
    iova = {iova.value + (here << hw::kPageShift)};
  }
  return segments;
}

// The device's address of each entry as it was mapped. Behind an IOMMU only the first one says so.
uint64_t Dma::AddressOfEntry(const scatterlist& entry, uint64_t* next) const {
  if (iommu_ == nullptr) return entry.dma_address;
  const uint64_t offset = entry.offset & hw::kPageMask;
  if (*next == 0) *next = entry.dma_address & ~hw::kPageMask;
  const uint64_t address = *next + offset;
  *next += hw::PagesOf(offset + entry.length) << hw::kPageShift;
  return address;
}

void Dma::DmaUnmapSg(device* dev, scatterlist* list, int count, int direction,
                     unsigned long attrs) {
  if (NoDevice("dma_unmap_sg_attrs", dev) || BadDirection("dma_unmap_sg", direction)) return;
  uint64_t next = 0;
  for (Cursor cursor{list, count}; ReadEntry(&cursor, "dma_unmap_sg");) {
    const scatterlist& entry = cursor.entry;
    Leave(dev, AddressOfEntry(entry, &next), iommu_ != nullptr ? entry.length : entry.dma_length,
          static_cast<DmaDirection>(direction), DmaKind::kScatterGather,
          static_cast<uint32_t>(count), attrs, "dma_unmap_sg");
  }
}

unsigned long long Dma::DmaMapResource(device* dev, unsigned long long phys, size_t size_bytes,
                                       int direction, unsigned long) {
  if (NoDevice("dma_map_resource", dev) || BadDirection("dma_map_resource", direction)) {
    return kMappingError;
  }
  if (dev->dma_mask == nullptr) {
    verdicts_.Report(57, 19, "a device with a dma_mask",
                     "dma_map_resource: the device has no dma_mask: WARN, DMA_MAPPING_ERROR");
    return kMappingError;
  }
  if (memory().AnyRam(hw::PhysAddr{phys}.pfn(), hw::PagesOf(size_bytes))) {
    verdicts_.Report(32, 18, "dma_map_resource() is for device memory",
                     "dma_map_resource() of RAM at physical address 0x%llx", phys);
    return kMappingError;
  }
  const auto to = static_cast<DmaDirection>(direction);
  const uint64_t limit = Limit(*dev, *dev->dma_mask);
  uint64_t dma = phys;  // without the bridge's offset
  if (iommu_ == nullptr ? phys + size_bytes - 1 > limit
                        : !MakeReachable({phys}, size_bytes, limit, AccessOf(to), &dma)) {
    return kMappingError;
  }
  Enter(dev, dma, {phys}, size_bytes, to, DmaKind::kResource, 0, 0);
  return dma;
}

void Dma::DmaUnmapResource(device* dev, unsigned long long dma_addr, size_t size_bytes,
                           int direction, unsigned long) {
  if (NoDevice("dma_unmap_resource", dev) || BadDirection("dma_unmap_resource", direction)) return;
  Leave(dev, dma_addr, size_bytes, static_cast<DmaDirection>(direction), DmaKind::kResource, 0, 0,
        "dma_unmap_resource");
}

// debug_dma_mapping_error(): the first mapping of this address that was not looked at is now.
int Dma::DmaMappingError(device* dev, unsigned long long dma_addr) {
  uint32_t found = 0;
  if (mapped_.any()) {
    mapped_.ForEachLive([&](uint32_t id, const DmaMapping& mapping) {
      if (found == 0 && mapping.dma == dma_addr && mapping.dev == dev &&
          mapping.error_checked == 0) {
        found = id;
      }
    });
  }
  if (found != 0) mapped_.Mut(found).error_checked = 1;
  return dma_addr == kMappingError ? -ENOMEM : 0;
}

void Dma::OnUnbound(const device* dev) {
  const uint32_t count = mapped_.LiveOf(dev);
  if (count == 0) return;
  uint64_t pc = 0;
  mapped_.ForEachLive([&](uint32_t, const DmaMapping& mapping) {
    if (mapping.dev == dev) pc = mapping.driver_pc;
  });
  verdicts_.Report(45, 6, "what a driver maps for a device it unmaps before it lets the device go",
                   "%u DMA mapping%s left when the device was unbound", count,
                   count == 1 ? "" : "s");
  verdicts_.Last().driver_pc = pc;
}

}  // namespace drydock::kernel
