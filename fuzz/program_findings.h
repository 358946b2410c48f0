// For tests of a driver: what one program finds in it, with all the oracles that `check` has.
#ifndef DRYDOCK_FUZZ_PROGRAM_FINDINGS_H_
#define DRYDOCK_FUZZ_PROGRAM_FINDINGS_H_

#include <string>
#include <string_view>

#include "fuzz/worker_options.h"

namespace drydock::fuzz {

// Loads options.driver, runs the program (docs/programs.md; its header says which machine and
// kernel) and returns one line for each finding, "C02 range not checked in pump_mmap: page 0 ...",
// "" if there are none. Advice is not told. What could not be run is told likewise, and begins with
// the file or with "program:". No world may live in the process meanwhile.
std::string FindingsOf(WorkerOptions options, std::string_view program);

}  // namespace drydock::fuzz

#endif  // DRYDOCK_FUZZ_PROGRAM_FINDINGS_H_
