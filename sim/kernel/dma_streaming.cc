// Streaming mappings: what is mapped for a device and unmapped. kernel/dma/mapping.c and direct.c;
// the checks are those of kernel/dma/debug.c (DS1..DS6), and whether the memory is anybody's.
#include <algorithm>
#include <cerrno>

#include "sim/kernel/dma.h"

namespace drydock::kernel {
namespace {

constexpr unsigned long kLinkMask = SG_CHAIN | SG_END;

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
  verdicts_.Report(freed ? 60 : 57, freed ? 5 : 19, "a buffer that is there, mapped within its size",
                   "%s of %zu bytes at physical address 0x%llx: %s", function, size_bytes,
                   static_cast<unsigned long long>(phys.value), what);
  return true;
}

bool Dma::ReachableAt(const device& dev, hw::PhysAddr phys, size_t size_bytes, uint64_t* dma) {
  const uint64_t mask = *dev.dma_mask;
  const uint64_t limit = mask == 0               ? dev.bus_dma_limit
                         : dev.bus_dma_limit == 0 ? mask
                                                  : std::min<uint64_t>(mask, dev.bus_dma_limit);
  if (phys.value + size_bytes - 1 > limit) return false;  // dma_capable()
  *dma = allocator_.DmaOf(phys).value;
  return true;
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
    // DS6. Two that the device only reads do no harm.
    for (uint32_t id = mapped_.FindOverlap(phys, size_bytes); id != 0 && mapping.DeviceWrites();
         id = mapped_.FindOverlap(phys, size_bytes, id)) {
      const DmaMapping& other = mapped_[id];
      if (!other.DeviceWrites() || (attrs & kAttrSkipCpuSync) != 0) continue;
      verdicts_.Report(62, 19, "a buffer is mapped once while a device writes to it",
                       "%s of %zu bytes that overlap a live mapping of %llu bytes",
                       NameOf(kind), size_bytes, static_cast<unsigned long long>(other.size_bytes));
      break;
    }
  }
  const uint32_t id = mapped_.Add(mapping);
  if (id == 0 || kind == DmaKind::kResource) return;
  // Memory of dma_alloc_pages() is the driver's until it gives it away for the first time.
  if (kind == DmaKind::kPages) {
    mapped_.Mut(id).cpu_end = size_bytes;
  } else {
    GiveToDevice(mapped_.Mut(id), 0, size_bytes);
  }
}

void Dma::Leave(device* dev, uint64_t dma, size_t size_bytes, DmaDirection direction, DmaKind kind,
                uint32_t sg_entries, const char* function) {
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
    GiveToCpu(mapped_.Mut(id), 0, mapping.size_bytes);
  }
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
  uint64_t dma = 0;
  if (!CheckMapped(phys, size_bytes, "dma_map_page") ||
      !ReachableAt(*dev, phys, size_bytes, &dma)) {
    return kMappingError;
  }
  Enter(dev, dma, phys, size_bytes, static_cast<DmaDirection>(direction), DmaKind::kSingle, 0,
        attrs);
  return dma;
}

// dma_map_single_attrs(), inline in a kernel, and debug_dma_map_single().
unsigned long long Dma::DmaMapSingle(device* dev, void* address, size_t size_bytes, int direction,
                                     unsigned long attrs) {
  if (!memory().IsLinear(address)) {
    const bool vmalloc = allocator_.IsVmallocAddr(address);
    verdicts_.Report(32, 18, "dma_map_single() takes linear kernel memory",
                     "given %s: %s", vmalloc ? "a vmalloc address" : "memory of no allocator",
                     vmalloc ? "WARN, DMA_MAPPING_ERROR" : "static, stack or user memory");
    return kMappingError;
  }
  const hw::PhysAddr phys = memory().PhysOf(address);
  return DmaMapPage(dev, memory().PageAddress(phys.pfn()), phys.value & hw::kPageMask, size_bytes,
                    direction, attrs);
}

void Dma::DmaUnmapPage(device* dev, unsigned long long dma_addr, size_t size_bytes, int direction,
                       unsigned long) {
  if (NoDevice("dma_unmap_page_attrs", dev) || BadDirection("dma_unmap_page", direction)) return;
  Leave(dev, dma_addr, size_bytes, static_cast<DmaDirection>(direction), DmaKind::kSingle, 0,
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
  // All addresses first: nothing is entered unless the device reaches all.
  for (Cursor cursor{list, count}; ReadEntry(&cursor, "dma_map_sg");) {
    scatterlist& entry = cursor.entry;
    const auto* page = reinterpret_cast<struct page*>(entry.page_link & ~kLinkMask);
    if (!memory().IsPage(page)) {
      verdicts_.Report(32, 18, "streaming DMA is for memory that has a struct page",
                       "dma_map_sg() of an entry without a struct page of RAM");
      return -EIO;
    }
    const hw::PhysAddr phys = hw::PhysAddr::Of(memory().PfnOf(page)) + entry.offset;
    uint64_t dma = 0;
    if (!CheckMapped(phys, entry.length, "dma_map_sg") ||
        !ReachableAt(*dev, phys, entry.length, &dma)) {
      return -EIO;
    }
    entry.dma_address = dma;
    entry.dma_length = entry.length;
    memory().WriteKernel(cursor.at, &entry, sizeof entry);
  }
  if (verdicts_.pending_trap() != Trap::kNone) return -EINVAL;
  for (Cursor cursor{list, count}; ReadEntry(&cursor, "dma_map_sg");) {
    const scatterlist& entry = cursor.entry;
    const auto* page = reinterpret_cast<struct page*>(entry.page_link & ~kLinkMask);
    Enter(dev, entry.dma_address, hw::PhysAddr::Of(memory().PfnOf(page)) + entry.offset,
          entry.dma_length, static_cast<DmaDirection>(direction), DmaKind::kScatterGather,
          static_cast<uint32_t>(count), attrs);
  }
  return count;
}

void Dma::DmaUnmapSg(device* dev, scatterlist* list, int count, int direction, unsigned long) {
  if (NoDevice("dma_unmap_sg_attrs", dev) || BadDirection("dma_unmap_sg", direction)) return;
  for (Cursor cursor{list, count}; ReadEntry(&cursor, "dma_unmap_sg");) {
    Leave(dev, cursor.entry.dma_address, cursor.entry.dma_length,
          static_cast<DmaDirection>(direction), DmaKind::kScatterGather,
          static_cast<uint32_t>(count), "dma_unmap_sg");
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
  const uint64_t limit = *dev->dma_mask;
  if (phys + size_bytes - 1 > limit) return kMappingError;
  Enter(dev, phys, {phys}, size_bytes, static_cast<DmaDirection>(direction), DmaKind::kResource, 0,
        0);
  return phys;
}

void Dma::DmaUnmapResource(device* dev, unsigned long long dma_addr, size_t size_bytes,
                           int direction, unsigned long) {
  if (NoDevice("dma_unmap_resource", dev) || BadDirection("dma_unmap_resource", direction)) return;
  Leave(dev, dma_addr, size_bytes, static_cast<DmaDirection>(direction), DmaKind::kResource, 0,
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
