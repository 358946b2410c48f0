// What tests of a plan ask it for: one mmap request, which their rows change.
#ifndef DRYDOCK_DRIVER_CORE_TESTING_PLAN_REQUEST_H_
#define DRYDOCK_DRIVER_CORE_TESTING_PLAN_REQUEST_H_

#include <limits>

extern "C" {
#include "driver_core/mapping_request.h"
}

namespace drydock {

using Request = struct mapping_request;

inline constexpr unsigned long kMax = std::numeric_limits<unsigned long>::max();
inline constexpr unsigned int kPageShift = 12;
inline constexpr unsigned long kPage = 1UL << kPageShift;

inline void SetRange(Request& request, unsigned long pgoff, unsigned long pages) {
  request.pgoff = pgoff;
  request.end = request.start + pages * kPage;
}

// The middle of what is allowed: the first `pages` pages, shared, read and write.
inline Request SharedWritable(unsigned long pages) {
  Request request = {.start = 0x7f12'3456'7000,
                     .end = 0,
                     .pgoff = 0,
                     .shared = true,
                     .write = true,
                     .may_write = true,
                     .exec = false,
                     .may_exec = true};
  SetRange(request, 0, pages);
  return request;
}

// What a program makes that wants to see and not to change: private, and never written.
inline void MakePrivateReadOnly(Request& request) {
  request.shared = false;
  request.write = false;
}

}  // namespace drydock

#endif  // DRYDOCK_DRIVER_CORE_TESTING_PLAN_REQUEST_H_
