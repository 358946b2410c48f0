// The ranges of this process's address space that are mappings of devices, and the lock of whatever
// changes them.
#ifndef DRYDOCK_LIVE_PRELOAD_MAPPINGS_H_
#define DRYDOCK_LIVE_PRELOAD_MAPPINGS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "live/preload/raw.h"

namespace drydock::live {

struct Range {
  uint64_t begin = 0, end = 0;
};

class Mappings {
 public:
  // Without the lock: false means that no part of the range is a device's.
  bool MayOverlap(uint64_t begin, uint64_t end) const {
    return begin < high_.load(std::memory_order_relaxed) &&
           end > low_.load(std::memory_order_relaxed);
  }

  // The rest with the lock.
  bool Overlaps(uint64_t begin, uint64_t end) const;
  // The first part of [begin, end) that is a device's; false: there is none.
  bool First(uint64_t begin, uint64_t end, Range* part) const;
  void Add(uint64_t begin, uint64_t end);
  void Remove(uint64_t begin, uint64_t end);
  // In the child of a fork: nothing is shown until the server says so.
  void HideAll() const;

 private:
  static constexpr size_t kCapacity = 65536;
  size_t FirstEndingAfter(uint64_t address) const;
  void NoteBounds();

  // Sorted, apart from each other.
  Range ranges_[kCapacity];
  size_t count_ = 0;
  std::atomic<uint64_t> low_{0}, high_{0};
};

extern Mappings mappings;

// Held by who changes the layout of the address space, over the call to the server and what the
// host is told. Signals are blocked meanwhile: a handler may touch a device's memory and fault.
class LayoutLock {
 public:
  LayoutLock();
  ~LayoutLock();
  LayoutLock(const LayoutLock&) = delete;
  LayoutLock& operator=(const LayoutLock&) = delete;

 private:
  raw::SignalsBlocked blocked_;
};

// For fork, which holds it from before to after in the parent and in the child.
void AcquireLayoutLock();
void ReleaseLayoutLock();

inline uint64_t PageUp(uint64_t bytes) { return (bytes + 4095) & ~uint64_t{4095}; }

}  // namespace drydock::live

#endif  // DRYDOCK_LIVE_PRELOAD_MAPPINGS_H_
