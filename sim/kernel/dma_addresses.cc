// What a DMA address is: arithmetic, or the IOMMU's (DI1, DI2). And what devices do with it.
#include <algorithm>
#include <cstring>

#include "sim/kernel/dma.h"

namespace drydock::kernel {

uint64_t Dma::Limit(const device& dev, uint64_t mask) {
  if (mask == 0) return dev.bus_dma_limit;
  return dev.bus_dma_limit != 0 ? std::min<uint64_t>(mask, dev.bus_dma_limit) : mask;
}

uint64_t Dma::AccessOf(DmaDirection direction) {
  switch (direction) {
    case DmaDirection::kToDevice:
      return hw::Iommu::kRead;
    case DmaDirection::kFromDevice:
      return hw::Iommu::kWrite;
    case DmaDirection::kBidirectional:
    case DmaDirection::kNone:
      break;
  }
  return hw::Iommu::kRead | hw::Iommu::kWrite;
}

bool Dma::MakeReachable(hw::PhysAddr phys, size_t size_bytes, uint64_t limit, uint64_t access,
                        uint64_t* dma) {
  if (iommu_ == nullptr) {
    if (phys.value + size_bytes - 1 > limit) return false;  // dma_capable()
    *dma = allocator_.DmaOf(phys).value;
    return true;
  }
  const uint64_t offset = phys.value & hw::kPageMask;
  const uint64_t pages = hw::PagesOf(offset + size_bytes);
  hw::DmaAddr iova;
  if (allocator_.FailNow() || !iommu_->Find(pages, limit, &iova)) return false;
  for (uint64_t i = 0; i < pages; ++i) {
    iommu_->Map({iova.value + (i << hw::kPageShift)}, phys.pfn() + i, access);
  }
  *dma = iova.value + offset;
  return true;
}

void Dma::EndReach(uint64_t dma, size_t size_bytes) {
  if (iommu_ == nullptr) return;
  const uint64_t pages = hw::PagesOf((dma & hw::kPageMask) + size_bytes);
  // What a wrong size leaves behind stays reachable, as it does in a kernel.
  for (uint64_t i = 0; i < pages; ++i) {
    const hw::DmaAddr page{(dma & ~hw::kPageMask) + (i << hw::kPageShift)};
    if (iommu_->IsMapped(page)) iommu_->Unmap(page, 1);
  }
}

bool Dma::Translate(hw::DmaAddr address, hw::Iommu::Access access, hw::PhysAddr* phys) const {
  if (iommu_ != nullptr) return iommu_->Translate(address, access, phys);
  *phys = allocator_.PhysOfDma(address);
  return memory().IsRam(phys->pfn());
}

bool Dma::DeviceRead(const device* dev, hw::DmaAddr from, void* to, size_t size_bytes) {
  return Access(dev, from, to, nullptr, size_bytes);
}

bool Dma::DeviceWrite(const device* dev, hw::DmaAddr to, const void* from, size_t size_bytes) {
  return Access(dev, to, nullptr, from, size_bytes);
}

bool Dma::Access(const device* dev, hw::DmaAddr address, void* to, const void* from,
                 size_t size_bytes) {
  for (size_t done = 0; done < size_bytes;) {
    const uint64_t at = address.value + done;
    const size_t piece = std::min<size_t>(size_bytes - done, hw::kPageSize - (at & hw::kPageMask));
    if (!AccessPage(dev, at, to != nullptr ? static_cast<char*>(to) + done : nullptr,
                    from != nullptr ? static_cast<const char*>(from) + done : nullptr, piece)) {
      return false;
    }
    done += piece;
  }
  return true;
}

bool Dma::AccessPage(const device* dev, uint64_t address, void* to, const void* from,
                     size_t size_bytes) {
  const bool write = from != nullptr;
  hw::PhysAddr phys;
  if (!Translate({address}, write ? hw::Iommu::kWrite : hw::Iommu::kRead, &phys)) {
    verdicts_.Report(61, 19, "addresses that are mapped for the device",
                     "the device %s %zu bytes at DMA address 0x%llx: %s",
                     write ? "writes" : "reads", size_bytes,
                     static_cast<unsigned long long>(address),
                     iommu_ != nullptr ? "the IOMMU faults" : "no memory is there");
    return false;
  }
  if (!memory().IsRam(phys.pfn())) return false;  // of one device by another: nothing answers
  CheckDeviceAccess(dev, address, phys, write, size_bytes);
  if (caches_ != nullptr) return DeviceAccessPastCache(phys, to, from, size_bytes);
  const uint64_t offset = phys.value & hw::kPageMask;
  if (write) {
    ForgetContent(phys, size_bytes);
    memory().MarkDirty(phys.pfn());
    std::memcpy(memory().Plain(phys.pfn()) + offset, from, size_bytes);
  } else {
    std::memcpy(to, memory().Plain(phys.pfn()) + offset, size_bytes);
  }
  return true;
}

// C61: the memory is dma_alloc'ed, or mapped for the device, these bytes, in this direction.
void Dma::CheckDeviceAccess(const device* dev, uint64_t address, hw::PhysAddr phys, bool write,
                            size_t size_bytes) {
  const AllocationId owner = allocator_.OwnerOf(phys.pfn());
  const Allocation* allocation = allocator_.Find(owner);
  if (allocation != nullptr && allocation->kind == AllocationKind::kDma &&
      allocation->released == 0) {
    return;
  }
  const DmaMapping* against = nullptr;
  for (uint32_t id = mapped_.FindOverlap(phys, size_bytes); id != 0;
       id = mapped_.FindOverlap(phys, size_bytes, id)) {
    const DmaMapping& mapping = mapped_[id];
    if (dev != nullptr && mapping.dev != dev) continue;
    const bool inside = address - mapping.dma < mapping.size_bytes &&
                        size_bytes <= mapping.size_bytes - (address - mapping.dma);
    if (!inside) continue;
    if (write ? mapping.DeviceWrites() : mapping.direction != DmaDirection::kFromDevice) return;
    against = &mapping;
  }
  verdicts_.Report(
      61, 19, "addresses that are mapped for the device, in this direction",
      "the device %s %zu bytes at DMA address 0x%llx: %s", write ? "writes" : "reads", size_bytes,
      static_cast<unsigned long long>(address),
      against != nullptr ? NameOf(against->direction) : "not mapped for it, or only in part");
  if (against != nullptr) verdicts_.Last().driver_pc = against->driver_pc;
}

}  // namespace drydock::kernel
