// Managed resources of devices: drivers/base/devres.c.
#ifndef DRYDOCK_SIM_KERNEL_DEVRES_H_
#define DRYDOCK_SIM_KERNEL_DEVRES_H_

#include <cstddef>
#include <cstdint>

#include "mocks/kernel_api.h"
#include "sim/hw/tracked.h"
#include "sim/kernel/capacity_note.h"
#include "sim/kernel/driver_call.h"
#include "sim/kernel/kernel_memory.h"
#include "sim/kernel/verdict.h"

namespace drydock::kernel {

// One list per device, of actions and of memory; released newest first, both kinds in one order.
// Devices are named by an index below `max_devices`.
class Devres {
 public:
  static constexpr size_t kCapacity = 512;

  Devres(hw::ResetList& list, Verdicts& verdicts, DriverCall& calls, mocks::AllocApi& alloc,
         size_t max_devices);

  void SetMemory(KernelMemory* memory) { memory_ = memory; }

  // -ENOMEM when there is no memory for a node (NM12), or the table is full; nothing is added then
  // (the caller of devm_add_action_or_reset runs the action).
  int AddAction(uint32_t device, void (*action)(void*), void* data);
  // The newest that matches. -ENOENT if there is none; nothing is run then.
  int RemoveAction(uint32_t device, void (*action)(void*), void* data, bool run);
  // nullptr as kmalloc, or when the table is full.
  void* Kmalloc(uint32_t device, size_t size_bytes, unsigned int gfp);
  // False if `object` is not this device's managed memory; nothing is freed then.
  bool Kfree(uint32_t device, const void* object);
  // Empties the list. What the actions add meanwhile stays on it. Stops where the driver traps.
  void ReleaseAll(uint32_t device);
  bool empty(uint32_t device) const { return heads_[device] == 0; }

 private:
  enum Kind : uint32_t { kFree, kAction, kMemory };
  struct Entry {
    uint64_t action;
    uint64_t data;
    uint32_t next;  // index + 1
    uint32_t kind;
  };
  bool Push(uint32_t device, Kind kind, uint64_t action, uint64_t data);
  // Unlinks the newest that matches. False if there is none.
  bool Take(uint32_t device, Kind kind, uint64_t action, uint64_t data);
  void Release(uint32_t entry);

  Verdicts& verdicts_;
  DriverCall& calls_;
  mocks::AllocApi& alloc_;
  KernelMemory* memory_ = nullptr;
  CapacityNote full_;
  hw::TrackedArray<Entry> entries_;
  hw::TrackedArray<uint32_t> heads_;  // by device: index + 1 of the newest
  hw::Tracked<uint32_t> free_;
};

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_DEVRES_H_
