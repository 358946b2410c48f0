// What only the driver's author knows, told by a --policy text: what offsets mean, and which pages
// of the file user space may only read. Without one, oracles claim only what the driver itself
// shows.
//
//   drydock policy 1
//   offsets cookies          # an offset names an object: two may show the same page (O3 is off)
//   read-only 0..3           # pages of the file that must never be writable (C22)
#ifndef DRYDOCK_FUZZ_POLICY_H_
#define DRYDOCK_FUZZ_POLICY_H_

#include <cstdint>
#include <string>
#include <vector>

namespace drydock::fuzz {

struct PageRange {
  uint64_t first = 0;
  uint64_t last = 0;  // inclusive

  friend bool operator==(const PageRange&, const PageRange&) = default;
};

struct Policy {
  bool offsets_are_cookies = false;
  std::vector<PageRange> read_only;

  friend bool operator==(const Policy&, const Policy&) = default;
};

// Parses `text`. Returns "" or one line "NAME:LINE: what, what to do", with *policy unchanged.
std::string ParsePolicy(const std::string& text, const std::string& name, Policy* policy);
// The same for what a file holds; one that cannot be read is such a line, too. Without a path
// nothing changes.
std::string ReadPolicy(const std::string& path, Policy* policy);

}  // namespace drydock::fuzz

#endif  // DRYDOCK_FUZZ_POLICY_H_
