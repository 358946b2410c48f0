// Where a driver's object code tells that it runs (-fsanitize-coverage=trace-pc), and what came of
// it in two worlds: by function and by line of the driver's own files.
#ifndef DRYDOCK_KMOD_COVER_POINTS_H_
#define DRYDOCK_KMOD_COVER_POINTS_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace drydock::kmod {

// Offsets behind the calls of __sanitizer_cov_trace_pc in section .text, as `objdump -dr` has them:
// what is recorded when they are made. Of a module the calls are relocations.
std::vector<uint64_t> CallPoints(std::string_view objdump);
// The offset of a symbol, as `nm` has it; false if it is not there.
bool SymbolAt(std::string_view nm, std::string_view name, uint64_t* at);

struct Place {
  std::string function;  // without what the compiler appends to clones
  std::string file;      // without folder
  int line = 0;
};
// The places of points, in their order, as `addr2line -f` has them: two lines each.
std::vector<Place> ReadPlaces(std::string_view addr2line);

// What was told of in one world.
struct Reached {
  std::map<std::string, bool> functions;              // those that tell; whether they did
  std::map<std::pair<std::string, int>, bool> lines;  // the same of lines
};
// `files`: the driver's own; places in others are left out.
Reached ReachedOf(const std::vector<uint64_t>& points, const std::vector<Place>& places,
                  const std::set<uint64_t>& told, const std::set<std::string>& files);

struct CoverComparison {
  size_t functions = 0, functions_reached = 0;  // of those that both worlds tell of
  size_t lines = 0, lines_reached = 0;
  size_t lines_of_one = 0;               // only one build tells of them: not compared
  std::vector<std::string> differences;  // "pump.c:88 pump_mmap: the kernel alone"
};
CoverComparison CompareReached(const Reached& sim, const Reached& linux);

// The offsets that a bit map has: bit 0 is `first`.
std::set<uint64_t> OffsetsIn(const std::vector<uint8_t>& map, int64_t first);

}  // namespace drydock::kmod

#endif  // DRYDOCK_KMOD_COVER_POINTS_H_
