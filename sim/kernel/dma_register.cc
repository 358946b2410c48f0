#include "sim/kernel/dma_register.h"

namespace drydock::kernel {

const char* NameOf(DmaDirection direction) {
  switch (direction) {
    case DmaDirection::kBidirectional:
      return "DMA_BIDIRECTIONAL";
    case DmaDirection::kToDevice:
      return "DMA_TO_DEVICE";
    case DmaDirection::kFromDevice:
      return "DMA_FROM_DEVICE";
    case DmaDirection::kNone:
      break;
  }
  return "DMA_NONE";
}

const char* NameOf(DmaKind kind) {
  switch (kind) {
    case DmaKind::kSingle:
      return "dma_map_single or dma_map_page";
    case DmaKind::kScatterGather:
      return "dma_map_sg";
    case DmaKind::kResource:
      return "dma_map_resource";
    case DmaKind::kPages:
      break;
  }
  return "dma_alloc_pages";
}

DmaRegister::DmaRegister(hw::ResetList& list, Verdicts& verdicts)
    : entries_(list, "DMA mappings", kCapacity),
      state_(list, "DMA mapping counters"),
      capacity_note_(list, verdicts, "live DMA mappings") {}

uint32_t DmaRegister::Add(const DmaMapping& mapping) {
  State& state = state_.Mut();
  uint32_t id = state.free_first;
  if (id != 0) {
    state.free_first = entries_[id - 1].next;
  } else if (state.used < kCapacity) {
    id = ++state.used;
  } else {
    capacity_note_.Exceeded(kCapacity);
    return 0;
  }
  DmaMapping& entry = entries_.Mut(id - 1);
  entry = mapping;
  entry.live = 1;
  entry.next = 0;
  ++state.live;
  return id;
}

void DmaRegister::Remove(uint32_t id) {
  State& state = state_.Mut();
  DmaMapping& entry = entries_.Mut(id - 1);
  entry = DmaMapping{};
  entry.next = state.free_first;
  state.free_first = id;
  --state.live;
}

uint32_t DmaRegister::LiveOf(const device* dev) const {
  uint32_t count = 0;
  if (any()) {
    ForEachLive([&](uint32_t, const DmaMapping& mapping) { count += mapping.dev == dev ? 1 : 0; });
  }
  return count;
}

uint32_t DmaRegister::FindStart(const device* dev, uint64_t dma, const DmaMapping& like) const {
  uint32_t found = 0, matches = 0;
  for (uint32_t id = 1; id <= state_->used; ++id) {
    const DmaMapping& entry = entries_[id - 1];
    if (entry.live == 0 || entry.dma != dma || entry.dev != dev) continue;
    if (entry.size_bytes == like.size_bytes && entry.kind == like.kind &&
        entry.direction == like.direction && entry.sg_entries == like.sg_entries) {
      return id;
    }
    found = id;
    ++matches;
  }
  return matches == 1 ? found : 0;
}

uint32_t DmaRegister::FindContaining(const device* dev, uint64_t dma) const {
  for (uint32_t id = 1; id <= state_->used; ++id) {
    const DmaMapping& entry = entries_[id - 1];
    if (entry.live != 0 && entry.dev == dev && dma - entry.dma < entry.size_bytes) return id;
  }
  return 0;
}

uint32_t DmaRegister::FindOverlap(hw::PhysAddr start, uint64_t size_bytes, uint32_t after) const {
  if (!any()) return 0;
  for (uint32_t id = after + 1; id <= state_->used; ++id) {
    const DmaMapping& entry = entries_[id - 1];
    if (entry.live != 0 && entry.kind != DmaKind::kResource && entry.Overlaps(start, size_bytes)) {
      return id;
    }
  }
  return 0;
}

uint32_t DmaRegister::FindDeviceOwned(hw::PhysAddr start, uint64_t size_bytes, bool write) const {
  for (uint32_t id = FindOverlap(start, size_bytes); id != 0;
       id = FindOverlap(start, size_bytes, id)) {
    const DmaMapping& entry = entries_[id - 1];
    if (!write && !entry.DeviceWrites()) continue;
    // The part of the bytes that this mapping reaches, as offsets in it.
    const uint64_t begin = start.value > entry.phys.value ? start.value - entry.phys.value : 0;
    uint64_t end = start.value + size_bytes - entry.phys.value;
    if (end > entry.size_bytes) end = entry.size_bytes;
    if (begin < entry.cpu_begin || end > entry.cpu_end) return id;
  }
  return 0;
}

}  // namespace drydock::kernel
