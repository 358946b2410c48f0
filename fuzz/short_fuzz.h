// For tests: a short fuzz of one driver, the same on every machine. Enumerates mappings at the
// boundaries, then mutates programs from a fixed seed; says which classes of violations showed.
#ifndef DRYDOCK_FUZZ_SHORT_FUZZ_H_
#define DRYDOCK_FUZZ_SHORT_FUZZ_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "fuzz/worker_options.h"

namespace drydock::fuzz {

struct ShortFuzz {
  std::string error;                         // one line: the driver could not be run
  std::map<std::string, std::string> found;  // class id -> first sighting, for people
  std::set<std::string> findings;            // the ids, by weight
  std::set<std::string> advice;
  std::set<std::string> limits;
  std::vector<std::string> nodes;
  uint64_t programs = 0;
  uint64_t mmaps_ok = 0;
};

// In a process of its own: a driver is loaded once in a process, and may end it.
ShortFuzz FuzzShortly(const WorkerOptions& options, uint32_t mutations = 20'000);

}  // namespace drydock::fuzz

#endif  // DRYDOCK_FUZZ_SHORT_FUZZ_H_
