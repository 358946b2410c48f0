// The emulated kernel's tables are of fixed size. A driver that wants more ends the run, and the
// verdicts say that the limit is the harness's own: an answer of -ENOMEM would be a lie.
#ifndef DRYDOCK_SIM_KERNEL_CAPACITY_NOTE_H_
#define DRYDOCK_SIM_KERNEL_CAPACITY_NOTE_H_

#include "sim/hw/tracked.h"
#include "sim/kernel/verdict.h"

namespace drydock::kernel {

class CapacityNote {
 public:
  CapacityNote(hw::ResetList& list, Verdicts& verdicts, const char* table)
      : verdicts_(verdicts), table_(table), noted_(list, table) {}

  void Exceeded(size_t capacity) {
    if (*noted_ != 0) return;
    noted_.Mut() = 1;
    verdicts_.TrapNow(Trap::kUnmodelled, 0, 0, "a table of the emulated kernel is large enough",
                      "harness limit: no more than %zu %s", capacity, table_);
  }

 private:
  Verdicts& verdicts_;
  const char* table_;
  hw::Tracked<uint32_t> noted_;
};

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_CAPACITY_NOTE_H_
