// What a program showed, as lines that are equal exactly when two worlds agree.
//
//   3  munmap(m0 + 1 page, 1 page) = ok
//      [-4,-3) pgoff 0 rd wr sh mr mw me ms pf io de ar dd sd, prot WB rw
//        +0 1 page n0+0 WB rw- special accessed
//
// Addresses are pages from the place where mmap's search begins, which is the same in both worlds.
// Frames have names: n0+3 is page 3 of what node 0 shows (KnownFrames), a0 the first anonymous page
// of the program, x0 the first other one, zero the page of zeroes. A name lasts as long as some
// process of the program maps the frame, for afterwards the kernel may use it for something else.
#ifndef DRYDOCK_KMOD_OBSERVE_SHOWN_TEXT_H_
#define DRYDOCK_KMOD_OBSERVE_SHOWN_TEXT_H_

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "fuzz/program.h"
#include "kmod/observe/shown.h"

namespace drydock::kmod {

struct FrameName {
  std::string of;  // "n0", "a", "x", "zero"
  uint64_t page = 0;
  friend bool operator==(const FrameName&, const FrameName&) = default;
};
using KnownFrames = std::map<uint64_t, FrameName>;

struct StepText {
  std::string result;  // as fuzz::FormatObservation, and where a mapping came to be
  std::vector<std::string>
      space;  // the address space after the step; empty if it was not looked at
  friend bool operator==(const StepText&, const StepText&) = default;
};

std::vector<StepText> TextOf(const fuzz::Program& program, const Shown& shown,
                             const KnownFrames& known);

}  // namespace drydock::kmod

#endif  // DRYDOCK_KMOD_OBSERVE_SHOWN_TEXT_H_
