// The table of live allocations, and the counter that makes the n-th one fail.
#ifndef DRYDOCK_SIM_KERNEL_ALLOCATION_REGISTER_H_
#define DRYDOCK_SIM_KERNEL_ALLOCATION_REGISTER_H_

#include <cstdint>

#include "sim/hw/tracked.h"
#include "sim/kernel/allocation.h"

namespace drydock::kernel {

class AllocationRegister {
 public:
  static constexpr uint32_t kCapacity = 1024;

  explicit AllocationRegister(hw::ResetList& list);
  AllocationRegister(const AllocationRegister&) = delete;
  AllocationRegister& operator=(const AllocationRegister&) = delete;

  // Enters `allocation` under a new serial. 0, and nothing entered, when the table is full.
  AllocationId Add(const Allocation& allocation);
  void Remove(AllocationId id);  // precondition: live
  bool IsLive(AllocationId id) const {
    return id != 0 && id <= kCapacity && entries_[id - 1].kind != AllocationKind::kNone;
  }
  const Allocation& operator[](AllocationId id) const { return entries_[id - 1]; }
  Allocation& Mut(AllocationId id) { return entries_.Mut(id - 1); }
  // The live allocation that starts at this kernel address, 0 for none.
  AllocationId FindStart(uint64_t address) const;

  uint32_t live_count() const { return state_->live; }
  uint64_t last_serial() const { return state_->serial; }
  // How many allocations were refused because the table was full: a limit of the harness, not a
  // driver's fault.
  uint32_t refused_count() const { return state_->refused; }
  // Calls visit(id, allocation) for each live one, in order of id.
  template <class Visit>
  void ForEachLive(Visit visit) const {
    for (AllocationId id = 1; id <= state_->used; ++id) {
      if (entries_[id - 1].kind != AllocationKind::kNone) visit(id, entries_[id - 1]);
    }
  }

  // The n-th call of FailNow() from now on (1 = the next) answers true, once; 0 = none.
  void FailNth(uint32_t n) {
    if (state_->fail_in != n) state_.Mut().fail_in = n;
  }
  bool FailNow() { return state_->fail_in != 0 && --state_.Mut().fail_in == 0; }
  // True while the failure that FailNth() asked for has not come.
  bool failure_pending() const { return state_->fail_in != 0; }

 private:
  struct State {
    uint64_t serial;
    uint32_t live;
    uint32_t used;        // entries 1..used were ever used
    uint32_t free_first;  // chain of free entries below `used`, 0 = none
    uint32_t refused;
    uint32_t fail_in;  // calls until the failing one, 0 = none
    uint32_t reserved;
  };
  static uint32_t BucketOf(uint64_t address) {
    return static_cast<uint32_t>(((address >> 3) * 0x9e3779b97f4a7c15) >> 54);
  }

  hw::TrackedArray<Allocation> entries_;
  hw::TrackedArray<uint16_t> buckets_;  // by start address
  hw::TrackedArray<uint16_t> next_;     // in the bucket, or in the free chain
  hw::Tracked<State> state_;
};

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_ALLOCATION_REGISTER_H_
