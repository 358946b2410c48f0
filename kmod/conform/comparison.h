// What two worlds showed of one program, side by side.
#ifndef DRYDOCK_KMOD_CONFORM_COMPARISON_H_
#define DRYDOCK_KMOD_CONFORM_COMPARISON_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/program.h"
#include "fuzz/program_text.h"
#include "kmod/observe/shown_text.h"

namespace drydock::kmod {

// The first place where they differ: what comes after follows from it.
struct Difference {
  size_t step = 0;
  std::string call;        // "munmap(m0 + 1 page, 1 page)"
  std::string sim, linux;  // the lines that differ first; "" where one world has no further line
  bool in_result = false;  // the result differs, not the address space
};

// How much was compared: results and lines of address spaces.
size_t CountObservations(const std::vector<StepText>& texts);

std::optional<Difference> Compare(const fuzz::Program& program, const fuzz::NodePaths& nodes,
                                  const std::vector<StepText>& sim,
                                  const std::vector<StepText>& linux);

// What is different, without what is only of this program: "mmap: sim 'ar', linux ''". Words that
// both lines have are left away, unless the call's result differs; numbers are N.
std::string SignatureOf(const Difference& difference);

// The program with what both showed of each step up to the one that differs, that one in full.
std::string FormatDifference(const fuzz::Program& program, const fuzz::NodePaths& nodes,
                             const Difference& difference, const std::vector<StepText>& sim,
                             const std::vector<StepText>& linux);

// A .prog file for kmod/conform/programs: what differed is said in a remark before the program.
std::string FormatRegression(const fuzz::Program& program, const fuzz::NodePaths& nodes,
                             const std::string& kernel, const std::string& driver,
                             const Difference& difference);
// Writes a file, and its folder if need be; false, and no file, if that is not possible.
bool WriteWhole(const std::string& path, const std::string& text);

// Differences that are understood and let stand: known_differences.txt, a block each.
//
//   name: madvise-mergeable
//   kernel: 6.1-small
//   call: madvise(*, MADV_MERGEABLE)
//   sim: EINVAL
//   linux: ok
//   why: the small kernel has no KSM.
//
// `kernel`, `driver`, `call`, `sim` and `linux` are patterns as a shell's; the first two default to
// `*`. `name` and `why` must be there.
struct KnownDifference {
  std::string name, kernel = "*", driver = "*", call, sim, linux, why;
  size_t seen = 0;
};
struct KnownDifferences {
  std::vector<KnownDifference> list;
  std::string error;  // "FILE:LINE: what"
};
KnownDifferences ParseKnownDifferences(std::string_view text, const std::string& file_name);
// The one that explains it, or nullptr.
KnownDifference* Explain(const Difference& difference, const std::string& kernel,
                         const std::string& driver, KnownDifferences* known);

}  // namespace drydock::kmod

#endif  // DRYDOCK_KMOD_CONFORM_COMPARISON_H_
