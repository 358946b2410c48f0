// Reads the state after each step of a program and reports what is wrong with it. The rules of the
// MM API (O2, O10), lifetimes (O5) and typed addresses (O18) are reported where they are broken, in
// sim/kernel; here are the oracles that need to look at the whole: O1, O3, O4, O6, O8, O9. See
// docs/violations.md.
//
// Costs nothing but a comparison after a step that changed no mapping; allocates nothing.
#ifndef DRYDOCK_FUZZ_ORACLES_H_
#define DRYDOCK_FUZZ_ORACLES_H_

#include <array>
#include <cstdint>
#include <vector>

#include "fuzz/executor.h"
#include "fuzz/policy.h"
#include "fuzz/provenance.h"
#include "sim/hw/page_table.h"
#include "sim/hw/platform.h"
#include "sim/kernel/kernel.h"
#include "sim/world.h"

namespace drydock::fuzz {

class Oracles final : public StepObserver {
 public:
  // `world` is loaded and at its checkpoint; both outlive the oracles.
  Oracles(World& world, const Policy& policy);

  // Before each program, after World::Reset().
  void Begin();
  // The next AfterStep() looks at these pages alone, unless memory was allocated or freed since the
  // last one: for tables so large that looking at all of them after each call takes too long.
  void LookOnlyAt(uint32_t mm, hw::VirtAddr from, hw::VirtAddr to);
  void AfterStep(int) override {
    const uint32_t open = kernel_.chrdev().open_count();
    if (open > seen_open_) CheckModuleHeld();
    seen_open_ = open;
    const kernel::MmapCall& call = kernel_.mm().last_mmap();
    if ((call.called && call.serial != seen_call_) || kernel_.mm().changes() != seen_changes_)
      Look();
    scoped_ = false;
  }
  // After the exits at the end of a program that no trap ended.
  void AfterRun();
  // Copies of this kind of a mapping that is closed at `close_pc` are counted, or nothing can be
  // said about them: no run tells of them again.
  void NoteCounted(uint64_t close_pc, kernel::CopyKind kind);

 private:
  // A mapping that ->mmap made in this run.
  struct Made {
    const file* of = nullptr;
    uint64_t pgoff = 0;
    uint64_t pages = 0;
    uint64_t flags = 0;  // as asked for
    hw::Pfn first;
    bool populated = false;  // `first` means something
  };

  struct Frames {
    hw::Pfn first;
    uint64_t pages = 0;
  };

  // Bit by CopyKind.
  struct Counted {
    uint64_t close_pc = 0;  // 0: free
    uint32_t kinds = 0;
  };

  void CheckModuleHeld();
  // A driver's ->mmap was called, or a mapping changed.
  void Look();
  void CheckMmapResult();
  void CheckCopy();
  bool CheckScope();
  void CheckTables();
  void CheckExtent(const kernel::Vma* vma, const hw::Extent& extent);
  void CheckFrames(const kernel::Vma* vma, const hw::Extent& extent);
  void CheckPermissions(const kernel::Vma& vma, const hw::Extent& extent);
  void CheckUpgrade(const kernel::Vma& vma, const hw::Extent& extent);
  void CheckCacheType(const hw::Extent& extent);
  void CheckContent(const hw::Extent& extent, hw::Pfn pfn, uint64_t pages);
  void CheckIdentity();
  Request RequestOf(const kernel::Vma& vma) const;
  bool IsTold(const kernel::Vma& vma, hw::Pfn pfn) const;
  void At(uint64_t driver_pc);
  void About(const Request& request, const Mistake& mistake);

  const World& world_;
  kernel::Kernel& kernel_;
  kernel::Verdicts& verdicts_;
  const hw::Platform& platform_;
  const Policy& policy_;
  uint64_t seen_changes_ = 0;
  uint64_t seen_call_ = 0;
  uint32_t seen_open_ = 0;  // files
  std::array<Made, 2 * kMaxSteps> made_;
  size_t made_count_ = 0;
  std::array<Frames, 2 * kMaxSteps> told_;  // that are not the driver's
  size_t told_count_ = 0;
  std::array<Counted, 16> counted_;
  std::vector<uint8_t> clean_;  // by allocation: at the checkpoint every byte had been written
  bool scoped_ = false;
  uint32_t scope_mm_ = 0;
  hw::VirtAddr scope_from_{0}, scope_to_{0};
  uint64_t seen_serial_ = 0, seen_live_ = 0;
  uint64_t checkpoint_serial_ = 0;
  uint32_t checkpoint_live_ = 0;
};

}  // namespace drydock::fuzz

#endif  // DRYDOCK_FUZZ_ORACLES_H_
