// What a set of programs was made of: which calls, how many mmaps succeeded, which rules were seen.
// By what a real kernel answered.
#ifndef DRYDOCK_KMOD_CONFORM_MIX_H_
#define DRYDOCK_KMOD_CONFORM_MIX_H_

#include <array>
#include <climits>
#include <cstddef>
#include <string>
#include <vector>

#include "fuzz/program.h"
#include "kmod/observe/shown.h"

namespace drydock::kmod {

class Mix {
 public:
  Mix();
  void Count(const fuzz::Program& program, const Shown& linux);
  void Add(const Mix& other);

  // Lines that begin with two spaces; "" if nothing was counted.
  std::string Text() const;
  size_t mmaps() const { return mmaps_; }        // of a file, that ran
  size_t mmaps_ok() const { return mmaps_ok_; }  // of these
  // Ids of rules that no program has shown, of those that the programs' kernels keep.
  std::vector<std::string> NotSeen() const;

 private:
  int first_profile_ = INT_MAX;  // of the programs
  size_t programs_ = 0, steps_ = 0, mmaps_ = 0, mmaps_ok_ = 0;
  std::array<size_t, fuzz::kCallCount> calls_{};
  std::vector<size_t> rules_;
};

}  // namespace drydock::kmod

#endif  // DRYDOCK_KMOD_CONFORM_MIX_H_
