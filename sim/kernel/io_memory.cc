#include "sim/kernel/io_memory.h"

#include <cstring>

namespace drydock::kernel {
namespace {

constexpr unsigned long kResourceMemBusy = 0x80000200;  // IORESOURCE_MEM | IORESOURCE_BUSY

uint64_t PageFloor(uint64_t value) { return value & ~hw::kPageMask; }

uint64_t AddressOf(const volatile void* p) { return reinterpret_cast<uintptr_t>(p); }

}  // namespace

IoMemory::IoMemory(hw::ResetList& list, hw::MmioSpace& space, Allocator& allocator,
                   Verdicts& verdicts)
    : space_(space),
      allocator_(allocator),
      verdicts_(verdicts),
      cookies_(hw::kHostIoCookies, kMaxMappings * kMaxMappingBytes),
      mappings_note_(list, verdicts, "mappings of device memory"),
      resources_note_(list, verdicts, "requested memory regions"),
      mappings_(list, "ioremap mappings", kMaxMappings),
      resources_(list, "memory resources", kMaxResources),
      counters_(list, "io counters") {
  allocator.SetIoCookies(&cookies_);
}

bool IoMemory::FindSlot(uint32_t* slot) const {
  for (uint32_t i = 0; i < kMaxMappings; ++i) {
    *slot = (counters_->next_slot + i) % kMaxMappings;
    if (mappings_[*slot].address == 0) return true;
  }
  return false;
}

uint32_t IoMemory::Enter(const Mapping& mapping, uint32_t slot) {
  mappings_.Mut(slot) = mapping;
  Counters& counters = counters_.Mut();
  ++counters.mappings;
  counters.next_slot = (slot + 1) % kMaxMappings;
  return slot;
}

void IoMemory::Remove(uint32_t slot) {
  const Mapping& mapping = mappings_[slot];
  if (mapping.has_memtype != 0 && memtypes_ != nullptr) {
    memtypes_->FreeForKernel({PageFloor(mapping.phys)},
                             hw::PageAlignUp((mapping.phys & hw::kPageMask) + mapping.size_bytes));
  }
  mappings_.Mut(slot) = Mapping{};
  --counters_.Mut().mappings;
}

// --- ioremap ---

void* IoMemory::Ioremap(unsigned long long phys, unsigned long size_bytes, mocks::IoCache cache) {
  if (size_bytes == 0 || phys + size_bytes - 1 < phys || phys + size_bytes - 1 >= kPhysLimit) {
    return nullptr;
  }
  const uint64_t offset = phys & hw::kPageMask;
  const uint64_t whole = hw::PageAlignUp(offset + size_bytes);
  if (allocator_.memory().AnyRam({phys >> hw::kPageShift}, whole >> hw::kPageShift)) {
    verdicts_.Report(0, 10, "ioremap() is for device memory",
                     "ioremap() of RAM at 0x%llx, %lu bytes: refused with a warning", phys,
                     size_bytes);
    return nullptr;
  }
  if (allocator_.FailNow()) return nullptr;
  uint32_t slot = 0;
  if (whole > kMaxMappingBytes || !FindSlot(&slot)) {
    mappings_note_.Exceeded(kMaxMappings);
    return nullptr;
  }
  if (memtypes_ != nullptr && !memtypes_->ReserveForKernel({phys - offset}, whole, cache)) {
    return nullptr;
  }
  char* cookie = cookies_.base() + slot * kMaxMappingBytes + offset;
  Enter({.phys = phys,
         .size_bytes = size_bytes,
         .address = AddressOf(cookie),
         .is_cookie = 1,
         .has_memtype = memtypes_ != nullptr ? 1u : 0u},
        slot);
  return cookie;
}

void IoMemory::Iounmap(volatile void* address) {
  // Addresses of RAM are passed over in silence; so is NULL.
  if (address == nullptr || allocator_.memory().IsLinear(address)) return;
  if (cookies_.Contains(address)) {
    const auto slot =
        static_cast<uint32_t>((AddressOf(address) - AddressOf(cookies_.base())) / kMaxMappingBytes);
    if (mappings_[slot].address != 0 &&
        PageFloor(mappings_[slot].address) == PageFloor(AddressOf(address))) {
      Remove(slot);
      return;
    }
  }
  verdicts_.Report(0, 14, "iounmap() is given what ioremap() gave, once",
                   "iounmap(%p): no live mapping starts there", const_cast<const void*>(address));
}

bool IoMemory::Resolve(const volatile void* address, unsigned size_bytes, const char* function,
                       hw::PhysAddr* phys) {
  const uint64_t at = AddressOf(address) - AddressOf(cookies_.base());
  const Mapping& mapping = mappings_[at / kMaxMappingBytes];
  const uint64_t offset = mapping.phys & hw::kPageMask;
  const uint64_t in_slot = at % kMaxMappingBytes;
  const char* why = nullptr;
  if (mapping.address == 0) {
    why = "the mapping is gone (iounmap)";
  } else if (in_slot + size_bytes > hw::PageAlignUp(offset + mapping.size_bytes)) {
    why = "beyond the end of the mapping";
  }
  if (why != nullptr) {
    verdicts_.TrapNow(Trap::kOops, 0, 14, "device registers are accessed within a live ioremap()",
                      "%s of %u bytes at %p: %s", function, size_bytes,
                      const_cast<const void*>(address), why);
    return false;
  }
  *phys = hw::PhysAddr{mapping.phys - offset + in_slot};
  return true;
}

uint64_t IoMemory::MmioRead(const volatile void* address, unsigned size_bytes) {
  uint64_t value = 0;
  if (!cookies_.Contains(address)) {
    // readl() of ordinary memory is a load, on x86.
    hw::PhysAddr shown;
    if (space_.PhysOf(address, &shown)) return space_.ReadRegister(shown, size_bytes);
    allocator_.memory().ReadKernel(&value, const_cast<const void*>(address), size_bytes);
    return value;
  }
  hw::PhysAddr phys;
  if (!Resolve(address, size_bytes, "a register read", &phys)) return ~uint64_t{0};
  value = space_.ReadRegister(phys, size_bytes);
  if (accesses_ != nullptr && space_.DeviceAt(phys)) accesses_->OnDeviceAccess();
  return value;
}

void IoMemory::MmioWrite(volatile void* address, uint64_t value, unsigned size_bytes) {
  hw::PhysAddr phys;
  if (!cookies_.Contains(address)) {
    if (space_.PhysOf(address, &phys)) {
      space_.WriteRegister(phys, value, size_bytes);
    } else {
      allocator_.memory().WriteKernel(const_cast<void*>(address), &value, size_bytes);
    }
    return;
  }
  if (!Resolve(address, size_bytes, "a register write", &phys)) return;
  space_.WriteRegister(phys, value, size_bytes);
  if (accesses_ != nullptr && space_.DeviceAt(phys)) accesses_->OnDeviceAccess();
}

// --- memremap ---

void* IoMemory::Memremap(unsigned long long phys, size_t size_bytes, unsigned long flags) {
  if (flags == 0 || size_bytes == 0 || phys + size_bytes - 1 < phys ||
      phys + size_bytes - 1 >= kPhysLimit) {
    return nullptr;
  }
  hw::PhysicalMemory& memory = allocator_.memory();
  const uint64_t pages = hw::PagesOf((phys & hw::kPageMask) + size_bytes);
  const hw::Pfn first{phys >> hw::kPageShift};
  if (memory.AnyRam(first, pages)) {
    if (memory.AllRam(first, pages) && (flags & kMemremapWb) != 0) {
      return memory.KernelAddress({phys});
    }
    verdicts_.Report(0, 10, "memremap() of RAM is write-back, and of RAM alone",
                     "memremap() of 0x%llx, %zu bytes, flags 0x%lx: refused with a warning", phys,
                     size_bytes, flags);
    return nullptr;
  }
  if (allocator_.FailNow()) return nullptr;
  void* view = space_.KernelView({phys}, size_bytes);
  if (view == nullptr) return nullptr;
  uint32_t slot = 0;
  if (!FindSlot(&slot)) {
    mappings_note_.Exceeded(kMaxMappings);
    return nullptr;
  }
  const mocks::IoCache cache = (flags & kMemremapWb) != 0   ? mocks::IoCache::kWriteBack
                               : (flags & kMemremapWt) != 0 ? mocks::IoCache::kWriteThrough
                                                            : mocks::IoCache::kWriteCombining;
  const uint64_t offset = phys & hw::kPageMask;
  if (memtypes_ != nullptr &&
      !memtypes_->ReserveForKernel({phys - offset}, pages << hw::kPageShift, cache)) {
    return nullptr;
  }
  space_.Unpoison(view, size_bytes);
  Enter({.phys = phys,
         .size_bytes = size_bytes,
         .address = AddressOf(view),
         .is_cookie = 0,
         .has_memtype = memtypes_ != nullptr ? 1u : 0u},
        slot);
  return view;
}

void IoMemory::Memunmap(void* address) {
  // Linear memory needs no unmapping; the kernel tells by is_ioremap_addr().
  if (address == nullptr || allocator_.memory().IsLinear(address)) return;
  for (uint32_t slot = 0; slot < kMaxMappings; ++slot) {
    if (mappings_[slot].address != AddressOf(address) || mappings_[slot].is_cookie != 0) continue;
    const uint64_t size_bytes = mappings_[slot].size_bytes;
    Remove(slot);
    // Another mapping may show the same bytes.
    space_.Poison(address, size_bytes);
    for (uint32_t other = 0; other < kMaxMappings; ++other) {
      const Mapping& mapping = mappings_[other];
      if (mapping.address == 0 || mapping.is_cookie != 0) continue;
      space_.Unpoison(reinterpret_cast<void*>(mapping.address), mapping.size_bytes);
    }
    return;
  }
  verdicts_.Report(0, 14, "memunmap() is given what memremap() gave, once",
                   "memunmap(%p): no live mapping starts there", address);
}

// --- resources ---

resource* IoMemory::RequestMemRegion(unsigned long long start, unsigned long long size_bytes,
                                     const char* name) {
  const unsigned long long end = start + size_bytes - 1;
  if (size_bytes == 0 || end < start) return nullptr;
  const uint64_t first = start >> hw::kPageShift;
  if (allocator_.memory().AnyRam({first}, (end >> hw::kPageShift) - first + 1)) return nullptr;
  uint32_t free_slot = kMaxResources;
  for (uint32_t i = kMaxResources; i-- > 0;) {
    const resource& region = resources_[i];
    if (region.flags == 0) {
      free_slot = i;
    } else if (region.start <= end && start <= region.end) {
      return nullptr;
    }
  }
  if (allocator_.FailNow()) return nullptr;
  if (free_slot == kMaxResources) {
    resources_note_.Exceeded(kMaxResources);
    return nullptr;
  }
  resource& region = resources_.Mut(free_slot);
  region = resource{};
  region.start = start;
  region.end = end;
  region.name = name;
  region.flags = kResourceMemBusy;
  ++counters_.Mut().resources;
  return &region;
}

void IoMemory::ReleaseMemRegion(unsigned long long start, unsigned long long size_bytes) {
  for (uint32_t i = 0; i < kMaxResources; ++i) {
    const resource& region = resources_[i];
    if (region.flags == 0 || region.start != start || region.end != start + size_bytes - 1)
      continue;
    resources_.Mut(i) = resource{};
    --counters_.Mut().resources;
    return;
  }
  verdicts_.Report(0, 6, "release_mem_region() is given what request_mem_region() gave, once",
                   "0x%llx, %llu bytes: not requested", start, size_bytes);
}

void IoMemory::ReportLeftovers(const char* expected) {
  for (uint32_t i = 0; i < kMaxMappings; ++i) {
    const Mapping& mapping = mappings_[i];
    if (mapping.address == 0) continue;
    verdicts_.Report(45, 6, expected, "%s of 0x%llx, %llu bytes, is still there",
                     mapping.is_cookie != 0 ? "the ioremap()" : "the memremap()",
                     static_cast<unsigned long long>(mapping.phys),
                     static_cast<unsigned long long>(mapping.size_bytes));
  }
  for (uint32_t i = 0; i < kMaxResources; ++i) {
    const resource& region = resources_[i];
    if (region.flags == 0) continue;
    verdicts_.Report(45, 6, expected, "the memory region 0x%llx-0x%llx (%s) is still requested",
                     static_cast<unsigned long long>(region.start),
                     static_cast<unsigned long long>(region.end),
                     region.name != nullptr ? region.name : "no name");
  }
}

}  // namespace drydock::kernel
