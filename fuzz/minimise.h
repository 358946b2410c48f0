// Makes a program that shows a violation as short and plain as it can be: steps are dropped, then
// values go to 0, 1 page and the buffer's boundaries, as long as the violation stays.
#ifndef DRYDOCK_FUZZ_MINIMISE_H_
#define DRYDOCK_FUZZ_MINIMISE_H_

#include <cstdint>

#include "fuzz/program.h"

namespace drydock::fuzz {

class Reproducer {
 public:
  virtual ~Reproducer() = default;
  // Runs the program on a fresh world: is the violation still there?
  virtual bool Shows(const Program& program) = 0;
};

struct MinimiseLimits {
  uint64_t object_pages = 16;
  int max_runs = 3000;
};

// Precondition: reproducer.Shows(program). So does the result.
Program Minimise(const Program& program, const MinimiseLimits& limits, Reproducer& reproducer);

}  // namespace drydock::fuzz

#endif  // DRYDOCK_FUZZ_MINIMISE_H_
