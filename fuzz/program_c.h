// The C form of programs: a stand-alone reproducer for a real kernel. It needs only libc, makes the
// same calls on the real device node, prints what each showed and says where that differs from the
// simulation. `gcc -Wall -Wextra NAME.c` builds it.
#ifndef DRYDOCK_FUZZ_PROGRAM_C_H_
#define DRYDOCK_FUZZ_PROGRAM_C_H_

#include <span>
#include <string>

#include "fuzz/observation.h"
#include "fuzz/program.h"
#include "fuzz/program_text.h"

namespace drydock::fuzz {

struct CFormNotes {
  std::string title;                            // the first line of the banner; may be empty
  std::span<const Observation> simulated = {};  // of each step, or none ...
  std::span<const std::string> results = {};    // ... or as FormatObservation() wrote them
  int bad_step = -1;                            // the step that shows the bug, or -1
  std::string expected;                         // what this step should show
};

std::string FormatC(const Program& program, const NodePaths& nodes, const CFormNotes& notes);

}  // namespace drydock::fuzz

#endif  // DRYDOCK_FUZZ_PROGRAM_C_H_
