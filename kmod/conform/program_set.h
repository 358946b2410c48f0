// The programs that a comparison runs: files, random ones, and those that find out which frames a
// driver shows.
#ifndef DRYDOCK_KMOD_CONFORM_PROGRAM_SET_H_
#define DRYDOCK_KMOD_CONFORM_PROGRAM_SET_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "fuzz/program.h"
#include "fuzz/program_text.h"
#include "kmod/observe/shown_text.h"

namespace drydock::kmod {

struct NamedProgram {
  std::string name;  // "map_over.prog", "random 17", "changed 17, map_over.prog"
  fuzz::Program program;
  std::string file = {};  // path; "" for one that was made up
  bool changed = false;   // made up from a kept one
};

// The .prog files of a folder, by name, for a driver with these nodes. A file that cannot be read
// or is wrong is an error; one for another driver's nodes is left out and counted.
struct ProgramFiles {
  std::vector<NamedProgram> programs;
  size_t for_others = 0;
  std::string error;
};
ProgramFiles ReadPrograms(const std::string& folder, const fuzz::NodePaths& nodes);

// The same for the same arguments.
std::vector<NamedProgram> RandomPrograms(uint64_t seed, size_t count, uint64_t object_pages,
                                         size_t nodes);
// Those that chance does not write: each is one of `kept` after one to three mutations.
std::vector<NamedProgram> ChangedPrograms(uint64_t seed, size_t count,
                                          std::span<const NamedProgram> kept, uint64_t object_pages,
                                          size_t nodes);

// "" or why the program means nothing to a kernel: it has what only the simulation has.
std::string WhyNotComparable(const fuzz::Program& program);

// Programs that map each of the first pages of each node by itself, twice over.
std::vector<fuzz::Program> SurveyPrograms(uint64_t object_pages, size_t nodes);
// What they showed: frames that a node shows at one offset both times.
KnownFrames FramesOf(std::span<const fuzz::Program> survey, std::span<const Shown> shown);

}  // namespace drydock::kmod

#endif  // DRYDOCK_KMOD_CONFORM_PROGRAM_SET_H_
