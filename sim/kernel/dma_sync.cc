// Whose a streaming buffer is: dma_sync_*(), and what shows that the processor touched what is the
// device's. The checks of kernel/dma/debug.c:check_sync() (DS5), and ownership (DS4): a buffer that
// the device writes is poisoned for AddressSanitizer while it is the device's; of one that the
// device reads, the content is compared when it comes back.
#include <algorithm>

#include "sim/kernel/dma.h"

namespace drydock::kernel {
namespace {

constexpr uint64_t kContentBytes = uint64_t{64} << 10;  // of larger buffers, the first ones
constexpr uint64_t kGranule = 8;                        // of AddressSanitizer

}  // namespace

uint64_t Dma::OwnerSerial(hw::PhysAddr phys) const {
  const Allocation* owner = allocator_.Find(allocator_.FindByAddress(memory().KernelAddress(phys)));
  return owner != nullptr && owner->released == 0 ? owner->serial : 0;
}

uint64_t Dma::ContentOf(const DmaMapping& mapping) const {
  uint64_t hash = 0xcbf29ce484222325;
  const uint64_t size = std::min(mapping.size_bytes, kContentBytes);
  for (uint64_t done = 0; done < size;) {
    const hw::PhysAddr at = mapping.phys + done;
    const uint64_t offset = at.value & hw::kPageMask;
    const uint64_t piece = std::min(size - done, hw::kPageSize - offset);
    const unsigned char* bytes = memory().Plain(at.pfn()) + offset;
    for (uint64_t i = 0; i < piece; ++i) hash = (hash ^ bytes[i]) * 0x100000001b3;
    done += piece;
  }
  return hash == 0 ? 1 : hash;
}

// Whole granules within [begin, end) of the mapping, if the memory is still what was mapped.
void Dma::SetPoison(const DmaMapping& mapping, uint64_t begin, uint64_t end, bool poison) {
  if (mapping.owner_serial == 0 || OwnerSerial(mapping.phys) != mapping.owner_serial) return;
  const uint64_t first = (mapping.phys.value + begin + kGranule - 1) & ~(kGranule - 1);
  const uint64_t last = (mapping.phys.value + end) & ~(kGranule - 1);
  if (first >= last) return;
  void* address = memory().KernelAddress({first});
  if (poison) {
    memory().Poison(address, last - first);
  } else {
    memory().Unpoison(address, last - first);
  }
}

void Dma::GiveToDevice(DmaMapping& mapping, uint64_t begin, uint64_t end) {
  if (begin <= mapping.cpu_begin && end >= mapping.cpu_end) {
    mapping.cpu_begin = 0;
    mapping.cpu_end = 0;
  } else if (begin <= mapping.cpu_begin) {
    mapping.cpu_begin = std::max(mapping.cpu_begin, end);
  } else if (end >= mapping.cpu_end) {
    mapping.cpu_end = std::min(mapping.cpu_end, begin);
  }
  if (mapping.DeviceWrites()) {
    SetPoison(mapping, begin, end, true);
  } else {
    mapping.content = ContentOf(mapping);
  }
}

void Dma::GiveToCpu(DmaMapping& mapping, uint64_t begin, uint64_t end) {
  if (mapping.cpu_begin == mapping.cpu_end || begin > mapping.cpu_end || end < mapping.cpu_begin) {
    mapping.cpu_begin = begin;
    mapping.cpu_end = end;
  } else {
    mapping.cpu_begin = std::min(mapping.cpu_begin, begin);
    mapping.cpu_end = std::max(mapping.cpu_end, end);
  }
  mapping.content = 0;
  if (mapping.DeviceWrites()) SetPoison(mapping, begin, end, false);
}

void Dma::CheckContentKept(const DmaMapping& mapping, const char* function) {
  if (mapping.content == 0 || OwnerSerial(mapping.phys) != mapping.owner_serial) return;
  if (ContentOf(mapping) == mapping.content) return;
  verdicts_.Report(56, 19, "the processor leaves a buffer alone while a device has it",
                   "%s: bytes of a DMA_TO_DEVICE buffer changed while it was the device's",
                   function);
}

void Dma::ForgetContent(hw::PhysAddr to, uint64_t size_bytes) {
  for (uint32_t id = mapped_.FindOverlap(to, size_bytes); id != 0;
       id = mapped_.FindOverlap(to, size_bytes, id)) {
    if (mapped_[id].content != 0) mapped_.Mut(id).content = 0;
  }
}

bool Dma::LookForDeviceOwned(const void* address, uint64_t size_bytes, bool write,
                             const char* function) {
  const auto* at = static_cast<const char*>(address);
  for (uint64_t left = size_bytes; left != 0;) {
    const uint64_t piece =
        std::min(left, hw::kPageSize - (reinterpret_cast<uintptr_t>(at) & hw::kPageMask));
    hw::Pfn pfn;
    if (!memory().FindFrame(at, &pfn)) return false;
    const hw::PhysAddr phys =
        hw::PhysAddr::Of(pfn) + (reinterpret_cast<uintptr_t>(at) & hw::kPageMask);
    const uint32_t id = mapped_.FindDeviceOwned(phys, piece, write);
    if (id != 0) {
      verdicts_.Report(56, 19, "dma_sync_*_for_cpu() or unmap before the processor touches it",
                       "%s %s a buffer of %llu bytes that is mapped %s and not synchronised",
                       function, write ? "writes" : "reads",
                       static_cast<unsigned long long>(mapped_[id].size_bytes),
                       NameOf(mapped_[id].direction));
      return true;
    }
    if (!write) CheckKernelReads(phys, piece, function);
    at += piece;
    left -= piece;
  }
  return false;
}

void Dma::SyncOne(device* dev, uint64_t dma, size_t size_bytes, int direction, DmaKind kind,
                  uint32_t sg_entries, bool for_cpu) {
  const char* function = for_cpu ? "dma_sync for the processor" : "dma_sync for the device";
  const uint32_t id = mapped_.FindContaining(dev, dma);
  if (id == 0) {
    verdicts_.Report(57, 19, "what is mapped is synchronised",
                     "%s of DMA address 0x%llx, which is not mapped for this device", function,
                     static_cast<unsigned long long>(dma));
    return;
  }
  const DmaMapping& mapping = mapped_[id];
  const uint64_t begin = dma - mapping.dma;
  if (size_bytes > mapping.size_bytes - begin) {
    verdicts_.Report(57, 19, "a range within the mapping",
                     "%s of %zu bytes from byte %llu of a mapping of %llu", function, size_bytes,
                     static_cast<unsigned long long>(begin),
                     static_cast<unsigned long long>(mapping.size_bytes));
    size_bytes = mapping.size_bytes - begin;
  }
  const auto given = static_cast<DmaDirection>(direction);
  if (mapping.direction != DmaDirection::kBidirectional && mapping.direction != given) {
    verdicts_.Report(57, 19, "synchronised with the direction it was mapped with",
                     "%s with %s, mapped with %s", function, NameOf(given),
                     NameOf(mapping.direction));
  }
  if (kind == DmaKind::kScatterGather && mapping.kind == kind && mapping.sg_entries != sg_entries) {
    verdicts_.Report(57, 19, "a list is synchronised as it was mapped",
                     "%s with %u entries, mapped with %u", function, sg_entries,
                     mapping.sg_entries);
  }
  if (for_cpu) {
    CheckContentKept(mapping, function);
    InvalidateCache(mapping.phys + begin, size_bytes, given);
    GiveToCpu(mapped_.Mut(id), begin, begin + size_bytes);
  } else {
    CleanCache(mapping.phys + begin, size_bytes);
    GiveToDevice(mapped_.Mut(id), begin, begin + size_bytes);
  }
}

void Dma::DmaSync(device* dev, unsigned long long dma_addr, size_t size_bytes, int direction,
                  bool for_cpu) {
  if (NoDevice("dma_sync_single", dev) || BadDirection("dma_sync_single", direction)) return;
  SyncOne(dev, dma_addr, size_bytes, direction, DmaKind::kSingle, 0, for_cpu);
}

void Dma::DmaSyncSg(device* dev, scatterlist* list, int count, int direction, bool for_cpu) {
  if (NoDevice("dma_sync_sg", dev) || BadDirection("dma_sync_sg", direction)) return;
  uint64_t next = 0;
  for (Cursor cursor{list, count}; ReadEntry(&cursor, "dma_sync_sg");) {
    const scatterlist& entry = cursor.entry;
    SyncOne(dev, AddressOfEntry(entry, &next), iommu_ != nullptr ? entry.length : entry.dma_length,
            direction, DmaKind::kScatterGather, static_cast<uint32_t>(count), for_cpu);
  }
}

// Directly: never where devices see the caches and nothing is bounced. Behind an IOMMU: always, as
// its operations include dma_sync_*().
bool Dma::DmaNeedSync(device* dev, unsigned long long) {
  if (NoDevice("dma_need_sync", dev)) return false;
  return iommu_ != nullptr || !platform_.coherent;
}

}  // namespace drydock::kernel
