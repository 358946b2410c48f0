#include "sim/kernel/devres.h"

#include <cerrno>

namespace drydock::kernel {

Devres::Devres(hw::ResetList& list, Verdicts& verdicts, DriverCall& calls, mocks::AllocApi& alloc,
               size_t max_devices)
    : verdicts_(verdicts),
      calls_(calls),
      alloc_(alloc),
      full_(list, verdicts, "managed resources"),
      entries_(list, "devres", kCapacity),
      heads_(list, "devres lists", max_devices),
      free_(list, "devres free list") {
  for (uint32_t i = 0; i < kCapacity; ++i) {
    entries_.Mut(i) = {0, 0, i + 1 < kCapacity ? i + 2 : 0, kFree};
  }
  free_.Mut() = 1;
}

bool Devres::Push(uint32_t device, Kind kind, uint64_t action, uint64_t data) {
  if (*free_ == 0) {
    full_.Exceeded(kCapacity);
    return false;
  }
  const uint32_t entry = *free_;
  free_.Mut() = entries_[entry - 1].next;
  entries_.Mut(entry - 1) = {action, data, heads_[device], kind};
  heads_.Mut(device) = entry;
  return true;
}

bool Devres::Take(uint32_t device, Kind kind, uint64_t action, uint64_t data) {
  uint32_t before = 0;
  for (uint32_t at = heads_[device]; at != 0; before = at, at = entries_[at - 1].next) {
    const Entry& entry = entries_[at - 1];
    if (entry.kind != kind || entry.action != action || entry.data != data) continue;
    if (before == 0) {
      heads_.Mut(device) = entry.next;
    } else {
      entries_.Mut(before - 1).next = entry.next;
    }
    Release(at);
    return true;
  }
  return false;
}

void Devres::Release(uint32_t entry) {
  entries_.Mut(entry - 1) = {0, 0, *free_, kFree};
  free_.Mut() = entry;
}

int Devres::AddAction(uint32_t device, void (*action)(void*), void* data) {
  if (!Grants(memory_, "devm_add_action")) return -ENOMEM;  // NM12
  return Push(device, kAction, reinterpret_cast<uint64_t>(action), reinterpret_cast<uint64_t>(data))
             ? 0
             : -ENOMEM;
}

int Devres::RemoveAction(uint32_t device, void (*action)(void*), void* data, bool run) {
  if (!Take(device, kAction, reinterpret_cast<uint64_t>(action),
            reinterpret_cast<uint64_t>(data))) {
    return -ENOENT;
  }
  if (run) CallDriver(calls_, action, data);
  return 0;
}

void* Devres::Kmalloc(uint32_t device, size_t size_bytes, unsigned int gfp) {
  if (*free_ == 0) {
    full_.Exceeded(kCapacity);
    return nullptr;
  }
  void* object = alloc_.Kmalloc(size_bytes, gfp);
  if (object != nullptr) Push(device, kMemory, 0, reinterpret_cast<uint64_t>(object));
  return object;
}

bool Devres::Kfree(uint32_t device, const void* object) {
  if (!Take(device, kMemory, 0, reinterpret_cast<uint64_t>(object))) return false;
  alloc_.Kfree(object);
  return true;
}

void Devres::ReleaseAll(uint32_t device) {
  uint32_t at = heads_[device];
  if (at == 0) return;
  heads_.Mut(device) = 0;
  while (at != 0) {
    const Entry entry = entries_[at - 1];
    Release(at);
    at = entry.next;
    if (entry.kind == kMemory) {
      alloc_.Kfree(reinterpret_cast<const void*>(entry.data));
    } else {
      CallDriver(calls_, reinterpret_cast<void (*)(void*)>(entry.action),
                 reinterpret_cast<void*>(entry.data));
    }
    if (verdicts_.pending_trap() != Trap::kNone) return;
  }
}

}  // namespace drydock::kernel
