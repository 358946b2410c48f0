// What insmod shows when memory runs out in it: the driver is loaded once for each allocation of
// its init calls, with this one failing, and once with none failing and unloaded again; then once
// more, with a program that maps each of its nodes before it is unloaded. The fuzzer's programs
// begin after that.
//
// In processes of their own: the driver is loaded many times, and may end the process.
#ifndef DRYDOCK_FUZZ_LOAD_TRIALS_H_
#define DRYDOCK_FUZZ_LOAD_TRIALS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "fuzz/worker_options.h"
#include "sim/kernel/verdict.h"

namespace drydock::fuzz {

struct LoadViolation {
  uint32_t fail_allocation = 0;  // which allocation failed; 0: none, the driver was unloaded
  kernel::Violation violation;
};

struct LoadTrials {
  uint32_t trials = 0;
  std::vector<LoadViolation> violations;  // by trial, and in each as reported
};

// All of them. No two worlds live in one process: call it where there is none. Nothing is said
// about a driver that does not load at all.
LoadTrials TryLoads(const WorkerOptions& options);
// Just one. *result: what insmod said, as of World::LoadTrial::error.
LoadTrials TryLoad(const WorkerOptions& options, uint32_t fail_allocation, std::string* result);

}  // namespace drydock::fuzz

#endif  // DRYDOCK_FUZZ_LOAD_TRIALS_H_
