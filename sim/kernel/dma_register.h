// What devices may reach through streaming DMA mappings, and who may touch it: the table behind the
// checks that kernel/dma/debug.c makes, and a few that it cannot make.
//
// A buffer that is mapped belongs to the device until it is unmapped or dma_sync_*_for_cpu() gives
// (a part of) it back. Knows no allocator and reports nothing; costs nothing while no mapping is
// live.
#ifndef DRYDOCK_SIM_KERNEL_DMA_REGISTER_H_
#define DRYDOCK_SIM_KERNEL_DMA_REGISTER_H_

#include <cstdint>

#include "sim/hw/address.h"
#include "sim/hw/tracked.h"
#include "sim/kernel/capacity_note.h"
#include "sim/kernel/verdict.h"

struct device;

namespace drydock::kernel {

enum class DmaDirection : uint32_t { kBidirectional, kToDevice, kFromDevice, kNone };
const char* NameOf(DmaDirection direction);  // "DMA_TO_DEVICE"

enum class DmaKind : uint32_t { kSingle, kScatterGather, kResource, kPages };
const char* NameOf(DmaKind kind);  // the functions' family: "dma_map_sg"

struct DmaMapping {
  uint64_t dma = 0;
  uint64_t size_bytes = 0;
  hw::PhysAddr phys;
  const device* dev = nullptr;
  uint64_t owner_serial = 0;  // of the allocation that the memory is, 0 if none
  uint64_t content = 0;       // hash of a DMA_TO_DEVICE buffer as the device got it, 0 = not known
  uint64_t cpu_begin = 0, cpu_end = 0;  // the part that was given back, as offsets
  uint64_t driver_pc = 0;               // where the driver mapped it
  DmaDirection direction = DmaDirection::kNone;
  DmaKind kind = DmaKind::kSingle;
  uint32_t sg_entries = 0;     // of the list it is a piece of
  uint32_t error_checked = 0;  // dma_mapping_error() looked at it, or need not
  uint32_t live = 0;
  uint32_t next = 0;  // in the chain of free entries

  bool DeviceWrites() const { return direction != DmaDirection::kToDevice; }
  bool Overlaps(hw::PhysAddr start, uint64_t bytes) const {
    return phys.value < start.value + bytes && start.value < phys.value + size_bytes;
  }
};

class DmaRegister {
 public:
  static constexpr uint32_t kCapacity = 1024;

  DmaRegister(hw::ResetList& list, Verdicts& verdicts);
  DmaRegister(const DmaRegister&) = delete;
  DmaRegister& operator=(const DmaRegister&) = delete;

  bool any() const { return state_->live != 0; }
  uint32_t live_count() const { return state_->live; }
  uint32_t LiveOf(const device* dev) const;

  // 0, and the run ends with the limit's name, if the table is full.
  uint32_t Add(const DmaMapping& mapping);
  void Remove(uint32_t id);
  const DmaMapping& operator[](uint32_t id) const { return entries_[id - 1]; }
  DmaMapping& Mut(uint32_t id) { return entries_.Mut(id - 1); }

  // The mapping that starts at this address: the one that fits `like` in every respect, else the
  // only one there is; 0 for none (bucket_find_exact()).
  uint32_t FindStart(const device* dev, uint64_t dma, const DmaMapping& like) const;
  // The mapping that holds this address; 0 for none.
  uint32_t FindContaining(const device* dev, uint64_t dma) const;
  // One that reaches these bytes of memory, from `after` on; 0 for none.
  uint32_t FindOverlap(hw::PhysAddr start, uint64_t size_bytes, uint32_t after = 0) const;
  // One whose bytes, of these, belong to the device: the processor must not read them (write them,
  // if `write`). 0 for none.
  uint32_t FindDeviceOwned(hw::PhysAddr start, uint64_t size_bytes, bool write) const;
  template <class Visit>
  void ForEachLive(Visit visit) const {
    for (uint32_t id = 1; id <= state_->used; ++id) {
      if (entries_[id - 1].live != 0) visit(id, entries_[id - 1]);
    }
  }

 private:
  struct State {
    uint32_t live;
    uint32_t used;  // entries 1..used were ever used
    uint32_t free_first;
    uint32_t reserved;
  };
  hw::TrackedArray<DmaMapping> entries_;
  hw::Tracked<State> state_;
  CapacityNote capacity_note_;
};

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_DMA_REGISTER_H_
