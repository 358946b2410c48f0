// Observations as stable text: the same in every world, so that two worlds can be compared line by
// line.
#ifndef DRYDOCK_FUZZ_OBSERVATION_TEXT_H_
#define DRYDOCK_FUZZ_OBSERVATION_TEXT_H_

#include <string>

#include "fuzz/observation.h"
#include "fuzz/program.h"

namespace drydock::fuzz {

// "ok", "3", "EINVAL", "SIGSEGV (SEGV_MAPERR)", "SIGBUS (BUS_ADRERR)", "the driver stopped",
// "skipped". Addresses are "ok": they mean nothing in another world.
std::string FormatObservation(const Step& step, const Observation& observation);

}  // namespace drydock::fuzz

#endif  // DRYDOCK_FUZZ_OBSERVATION_TEXT_H_
