// What a violation comes from. An oracle sees that a page is not the driver's; which check is
// missing shows in what else the driver accepts. So a new violation is diagnosed by probes: short
// programs of one mmap each, run from the same fresh world. Slow beside the fuzzing loop, and run
// once for each new violation.
#ifndef DRYDOCK_FUZZ_DIAGNOSIS_H_
#define DRYDOCK_FUZZ_DIAGNOSIS_H_

#include <cstdint>

#include "fuzz/balance.h"
#include "fuzz/executor.h"
#include "fuzz/oracles.h"
#include "fuzz/program.h"
#include "sim/kernel/verdict.h"
#include "sim/world.h"

namespace drydock::fuzz {

class Diagnosis {
 public:
  // All outlive the diagnosis.
  Diagnosis(World& world, Executor& executor, Oracles& oracles, const ElfImage* image)
      : world_(world), executor_(executor), oracles_(oracles), balance_(world, executor, image) {}

  // How long the driver's buffer is; 0: not known.
  void SetObjectPages(uint64_t pages) { object_pages_ = pages; }

  // Whether probes can say more about a violation than the oracle did.
  static bool Concerns(const kernel::Violation& violation);
  // Names the class more exactly, or finds that there is nothing wrong: then false. Resets the
  // world, and leaves it reset. Deterministic: the same program and violation give the same answer.
  bool Refine(const Program& program, kernel::Violation* violation);

 private:
  // Would the driver accept this request, made as step `like` of `program` was made?
  bool Accepts(const Program& program, uint32_t like, uint64_t pgoff, uint64_t pages);
  int ClassOfRange(const Program& program, uint32_t step, const kernel::Violation& violation);
  bool IgnoresOffset(const Program& program, uint32_t like);
  bool IsLeak(const Program& program);
  // C38, C39, C41: says what shows it, and names the class.
  bool IsUncounted(const Program& program, uint32_t maker, kernel::Violation* violation);
  bool RefusesWritable(const Program& program, uint32_t step);
  // The step that made the mapping which the violation is about; step_count if none.
  static uint32_t MakerOf(const Program& program, const kernel::Violation& violation);
  void Run(const Program& program, StepObserver* observer = nullptr);

  World& world_;
  Executor& executor_;
  Oracles& oracles_;
  Balance balance_;
  uint64_t object_pages_ = 0;
};

}  // namespace drydock::fuzz

#endif  // DRYDOCK_FUZZ_DIAGNOSIS_H_
