// What a step of a program showed: plain data while the program runs, text on demand
// (observation_text.h).
#ifndef DRYDOCK_FUZZ_OBSERVATION_H_
#define DRYDOCK_FUZZ_OBSERVATION_H_

#include <cstdint>

#include "sim/kernel/outcome.h"

namespace drydock::fuzz {

enum class StepState : uint8_t {
  kNotRun,   // the program did not come this far: the driver's run was abandoned
  kSkipped,  // what it refers to failed, or its process is gone
  kRan,
};

struct Observation {
  user::Outcome outcome = {};
  // What was read, its first 8 bytes, little-endian: by a load, of another process, by mincore (a
  // byte for each page).
  uint64_t data = 0;
  uint32_t process = 0;  // the program's number of the process that made the step
  StepState state = StepState::kNotRun;
};

}  // namespace drydock::fuzz

#endif  // DRYDOCK_FUZZ_OBSERVATION_H_
