// The text form of programs: the one that is kept, read and reviewed (docs/programs.md).
//
//   drydock program 1
//   profile 6.1
//   platform x86-64
//   core-guards on
//   fail-allocation 0
//
//   fd0 = open("/dev/pump", O_RDWR)
//   m0 = mmap(fd0, 4 pages, PROT_READ|PROT_WRITE, MAP_SHARED, offset 17 pages)
//   store(m0 + 2 pages + 8, 8 bytes, pattern)
//   munmap(m0 + 1 page, 2 pages)
//
// Written text parses to the program it came from, and writing that gives the same text.
#ifndef DRYDOCK_FUZZ_PROGRAM_TEXT_H_
#define DRYDOCK_FUZZ_PROGRAM_TEXT_H_

#include <string>
#include <string_view>
#include <vector>

#include "fuzz/program.h"

namespace drydock::fuzz {

// Longer files are refused unread.
inline constexpr size_t kMaxTextBytes = 64 * 1024;

// What Step::node means: paths in order ("/dev/pump"). The nodes after those have no path and are
// written `node 0`, `node 1`, ...: the driver's own, whatever they are called (seeds use them).
using NodePaths = std::vector<std::string>;

std::string FormatProgram(const Program& program, const NodePaths& nodes);
// One step, without a line end. `index` gives its results their names.
std::string FormatStep(const Program& program, size_t index, const NodePaths& nodes);
// "4 pages", "1 page", "100 bytes".
std::string FormatBytes(uint64_t size_bytes);
std::string FormatProfile(int profile);             // "6.1"
bool ParseProfile(std::string_view, int* profile);  // 6.1, 6.12, 7.3

struct ParsedProgram {
  Program program;
  NodePaths nodes;    // in order of first mention; `node N` mentions none
  std::string error;  // "FILE:LINE: what, what to do"; empty if the program is good
};
ParsedProgram ParseProgram(std::string_view text, std::string_view file_name);
// Reads the file, too. A file that cannot be read is an error of the same form.
ParsedProgram LoadProgram(const std::string& path);

// Makes the steps' nodes mean `to` instead of `from`. Returns "" or the path that `to` has not.
std::string RenumberNodes(const NodePaths& from, const NodePaths& to, Program* program);

}  // namespace drydock::fuzz

#endif  // DRYDOCK_FUZZ_PROGRAM_TEXT_H_
