// Reports of AddressSanitizer and UndefinedBehaviorSanitizer on the driver's code become violations
// (O14) of the program that runs, instead of text on stderr. Does nothing where they are not
// linked.
#ifndef DRYDOCK_FUZZ_SANITIZER_REPORTS_H_
#define DRYDOCK_FUZZ_SANITIZER_REPORTS_H_

#include <atomic>
#include <cstdint>

#include "sim/kernel/kernel.h"

namespace drydock::fuzz {

// From now on reports go to the kernel's verdicts (nullptr: nowhere); a report that ends the
// process leaves its place in *fault_pc. Memory that is poisoned because a device has it is told as
// such (C56).
void CatchSanitizerReports(kernel::Kernel* kernel, std::atomic<uint64_t>* fault_pc);

}  // namespace drydock::fuzz

#endif  // DRYDOCK_FUZZ_SANITIZER_REPORTS_H_
