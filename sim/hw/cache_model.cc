#include "sim/hw/cache_model.h"

#include <cstring>

namespace drydock::hw {

CacheModel::CacheModel(ResetList& list, PhysicalMemory& memory)
    : memory_(memory),
      pages_(list, "cache copies", kPages),
      slots_(list, "cache slots", PhysicalMemory::kFrames),
      state_(list, "cache state") {}

void CacheModel::SetNewer(Page* page, uint64_t offset, size_t size_bytes, bool newer) {
  for (size_t i = 0; i < size_bytes; ++i) {
    const uint64_t bit = uint64_t{1} << (offset + i) % 64;
    uint64_t& word = page->newer[(offset + i) / 64];
    word = newer ? word | bit : word & ~bit;
  }
}

const CacheModel::Page* CacheModel::Look(PhysAddr phys) const {
  const uint16_t slot = slots_[memory_.FrameIndex(phys.pfn())];
  return slot == 0 ? nullptr : &pages_[slot - 1u];
}

CacheModel::Page* CacheModel::Find(PhysAddr phys) {
  const uint16_t slot = slots_[memory_.FrameIndex(phys.pfn())];
  return slot == 0 ? nullptr : &pages_.Mut(slot - 1u);
}

CacheModel::Page* CacheModel::FindOrTake(PhysAddr phys, KernelMaps kernel) {
  if (Page* page = Find(phys)) return page;
  if (state_->used == kPages) return nullptr;
  for (size_t i = 0; i < kPages; ++i) {
    if (pages_[i].frame_index != 0) continue;
    Page& page = pages_.Mut(i);
    const uint64_t frame = memory_.FrameIndex(phys.pfn());
    page.frame_index = frame + 1;
    page.valid_lines = 0;
    std::memset(page.newer, 0, sizeof page.newer);
    if (kernel == KernelMaps::kCacheable) {
      std::memcpy(page.bytes, memory_.Plain(phys.pfn()), kPageSize);
    }
    slots_.Mut(frame) = static_cast<uint16_t>(i + 1);
    ++state_.Mut().used;
    return &page;
  }
  return nullptr;
}

void CacheModel::Fill(Page* page, PhysAddr phys, size_t size_bytes) {
  const uint64_t offset = phys.value & kPageMask;
  const unsigned char* host = memory_.Plain(phys.pfn());
  for (uint64_t line = offset / kLineBytes; line * kLineBytes < offset + size_bytes; ++line) {
    if ((page->valid_lines >> line & 1) != 0) continue;
    page->valid_lines |= uint64_t{1} << line;
    std::memcpy(page->bytes + line * kLineBytes, host + line * kLineBytes, kLineBytes);
  }
}

// (memmove: a driver may copy from its buffer to a mapping of it.)
bool CacheModel::ReadRam(PhysAddr phys, void* to, size_t size_bytes, KernelMaps kernel,
                         Stale* stale) {
  const uint64_t offset = phys.value & kPageMask;
  const bool cacheable = kernel == KernelMaps::kCacheable;
  const Page* page = cacheable ? FindOrTake(phys, kernel) : Look(phys);
  if (cacheable && page == nullptr) return false;
  const unsigned char* host = Host(phys);
  const unsigned char* ram = cacheable ? page->bytes + offset : host;
  std::memmove(to, ram, size_bytes);
  for (size_t i = 0; page != nullptr && i < size_bytes; ++i) {
    // The cache has the newest where neither a device nor an uncached store came later.
    const uint8_t cached = cacheable ? host[i] : page->bytes[offset + i];
    if (Newer(*page, offset + i) == cacheable || cached == ram[i]) continue;
    *stale = {true, i, ram[i], cached};
    break;
  }
  return true;
}

bool CacheModel::WriteRam(PhysAddr phys, const void* from, size_t size_bytes, KernelMaps kernel) {
  const uint64_t offset = phys.value & kPageMask;
  if (kernel == KernelMaps::kUncached) {
    memory_.MarkDirty(phys.pfn());
    std::memmove(Host(phys), from, size_bytes);
    return true;
  }
  Page* page = FindOrTake(phys, kernel);
  if (page == nullptr) return false;
  std::memcpy(page->bytes + offset, from, size_bytes);
  SetNewer(page, offset, size_bytes, true);
  return true;
}

bool CacheModel::ReadCached(PhysAddr phys, void* to, size_t size_bytes, KernelMaps kernel,
                            Stale* stale) {
  if (kernel == KernelMaps::kCacheable) {
    std::memmove(to, Host(phys), size_bytes);
    *stale = LookByKernel(phys, size_bytes);
    return true;
  }
  Page* page = FindOrTake(phys, kernel);
  if (page == nullptr) return false;
  Fill(page, phys, size_bytes);
  const uint64_t offset = phys.value & kPageMask;
  const unsigned char* ram = Host(phys);
  std::memcpy(to, page->bytes + offset, size_bytes);
  for (size_t i = 0; i < size_bytes; ++i) {
    if (Newer(*page, offset + i) || page->bytes[offset + i] == ram[i]) continue;
    *stale = {true, i, page->bytes[offset + i], ram[i]};
    break;
  }
  return true;
}

bool CacheModel::WriteCached(PhysAddr phys, const void* from, size_t size_bytes,
                             KernelMaps kernel) {
  const uint64_t offset = phys.value & kPageMask;
  if (kernel == KernelMaps::kCacheable) {
    memory_.MarkDirty(phys.pfn());
    std::memmove(Host(phys), from, size_bytes);
    if (Page* page = Find(phys)) SetNewer(page, offset, size_bytes, false);
    return true;
  }
  Page* page = FindOrTake(phys, kernel);
  if (page == nullptr) return false;
  Fill(page, phys, size_bytes);
  std::memcpy(page->bytes + offset, from, size_bytes);
  SetNewer(page, offset, size_bytes, true);
  return true;
}

CacheModel::Stale CacheModel::LookByKernel(PhysAddr phys, size_t size_bytes) const {
  const Page* page = Look(phys);
  if (page == nullptr) return {};
  const uint64_t offset = phys.value & kPageMask;
  const unsigned char* host = Host(phys);
  // Either way the kernel sees host memory, and the copy may be newer.
  for (size_t i = 0; i < size_bytes; ++i) {
    if (!Newer(*page, offset + i) || page->bytes[offset + i] == host[i]) continue;
    return {true, i, host[i], page->bytes[offset + i]};
  }
  return {};
}

bool CacheModel::Clean(PhysAddr phys, size_t size_bytes) {
  Page* page = FindOrTake(phys, KernelMaps::kCacheable);
  if (page == nullptr) return false;
  const uint64_t offset = phys.value & kPageMask;
  const unsigned char* host = Host(phys);
  for (size_t i = 0; i < size_bytes; ++i) {
    // A line that only a device wrote is clean: nothing of it goes back to RAM.
    if (!Newer(*page, offset + i)) page->bytes[offset + i] = host[i];
  }
  return true;
}

void CacheModel::Invalidate(PhysAddr phys, size_t size_bytes) {
  Page* page = Find(phys);
  if (page == nullptr) return;
  const uint64_t offset = phys.value & kPageMask;
  memory_.MarkDirty(phys.pfn());
  std::memcpy(Host(phys), page->bytes + offset, size_bytes);
  SetNewer(page, offset, size_bytes, false);
}

bool CacheModel::LeaveDirty(Pfn pfn) {
  Page* page = FindOrTake(PhysAddr::Of(pfn), KernelMaps::kCacheable);
  if (page == nullptr) return false;
  for (uint64_t at = 0; at < kPageSize; at += sizeof(uint64_t)) {
    const uint64_t word = PhysicalMemory::UninitialisedWord(PhysAddr::Of(pfn) + at);
    std::memcpy(page->bytes + at, &word, sizeof word);
  }
  return true;
}

void CacheModel::Forget(Pfn pfn, uint64_t pages) {
  if (state_->used == 0) return;
  for (uint64_t i = 0; i < pages; ++i) {
    const uint64_t frame = memory_.FrameIndex(pfn + i);
    if (slots_[frame] == 0) continue;
    pages_.Mut(slots_[frame] - 1u) = Page{};
    slots_.Mut(frame) = 0;
    --state_.Mut().used;
  }
}

void CacheModel::Forget(PhysAddr phys, size_t size_bytes) {
  if (state_->used == 0) return;
  Page* page = Find(phys);
  if (page == nullptr) return;
  const uint64_t offset = phys.value & kPageMask;
  SetNewer(page, offset, size_bytes, false);
  std::memcpy(page->bytes + offset, Host(phys), size_bytes);
}

}  // namespace drydock::hw
