// What a worker does besides fuzzing: explain one program, and make one that kills it shorter.
#ifndef DRYDOCK_FUZZ_WORKER_MODES_H_
#define DRYDOCK_FUZZ_WORKER_MODES_H_

#include <string>

#include "fuzz/session.h"

namespace drydock::fuzz {

// Runs the program of a text file once and writes, as JSON lines to `out` (standard output if -1),
// each step with what it showed and the address space after it, then each violation. Exit status: 0
// no violations, 1 findings, 2 the program could not be run.
int ReplayMode(Session& session, const std::string& file, int out);

// The same for a load-trial (program.h), for which there is no session: one step, the insmod.
int ReplayLoadMode(const WorkerOptions& options, const Program& program, int out);

// The program of the file ends the process that runs it. Finds a shorter one that does, each try in
// a process of its own, and writes one JSON line: {"program", "signal", "driver_pc", "function"}.
// Exit status 0; 2 if the program ends nothing or could not be read.
int MinimiseMode(Session& session, const std::string& file, int out);

}  // namespace drydock::fuzz

#endif  // DRYDOCK_FUZZ_WORKER_MODES_H_
