#include "sim/kernel/allocation_register.h"

namespace drydock::kernel {

AllocationRegister::AllocationRegister(hw::ResetList& list)
    : entries_(list, "allocations", kCapacity),
      buckets_(list, "allocation buckets", 1024),
      next_(list, "allocation chains", kCapacity),
      state_(list, "allocation counters") {}

AllocationId AllocationRegister::Add(const Allocation& allocation) {
  State& state = state_.Mut();
  AllocationId id = state.free_first;
  if (id != 0) {
    state.free_first = next_[id - 1];
  } else if (state.used < kCapacity) {
    id = ++state.used;
  } else {
    ++state.refused;
    return 0;
  }
  Allocation& entry = entries_.Mut(id - 1);
  entry = allocation;
  entry.serial = ++state.serial;
  ++state.live;
  uint16_t& bucket = buckets_.Mut(BucketOf(entry.address));
  next_.Mut(id - 1) = bucket;
  bucket = static_cast<uint16_t>(id);
  return id;
}

void AllocationRegister::Remove(AllocationId id) {
  uint16_t* link = &buckets_.Mut(BucketOf(entries_[id - 1].address));
  while (*link != id) link = &next_.Mut(*link - 1u);
  *link = next_[id - 1];
  entries_.Mut(id - 1) = Allocation{};
  State& state = state_.Mut();
  next_.Mut(id - 1) = static_cast<uint16_t>(state.free_first);
  state.free_first = id;
  --state.live;
}

AllocationId AllocationRegister::FindStart(uint64_t address) const {
  for (AllocationId id = buckets_[BucketOf(address)]; id != 0; id = next_[id - 1]) {
    if (entries_[id - 1].address == address) return id;
  }
  return 0;
}

}  // namespace drydock::kernel
