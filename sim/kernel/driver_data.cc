#include "sim/kernel/driver_data.h"

#include "sim/hw/page_copy.h"

namespace drydock::kernel {

__attribute__((no_sanitize("address"))) size_t FirstDifferencePlain(const void* a, const void* b,
                                                                    size_t size_bytes) {
  const auto* x = static_cast<const volatile unsigned char*>(a);
  const auto* y = static_cast<const volatile unsigned char*>(b);
  size_t i = 0;
  while (i < size_bytes && x[i] == y[i]) ++i;
  return i;
}

DriverData::DriverData(std::span<const ModuleImage::Range> ranges)
    : ranges_(ranges.begin(), ranges.end()) {
  size_t total = 0;
  for (const auto& range : ranges_) total += range.size_bytes;
  snapshot_.resize(total);
  Checkpoint();
}

void DriverData::Checkpoint() {
  unsigned char* to = snapshot_.data();
  for (const auto& range : ranges_) {
    hw::CopyPlain(to, range.begin, range.size_bytes);
    to += range.size_bytes;
  }
}

void DriverData::Reset() {
  const unsigned char* from = snapshot_.data();
  for (const auto& range : ranges_) {
    hw::CopyPlain(range.begin, from, range.size_bytes);
    from += range.size_bytes;
  }
}

const void* DriverData::FirstDifference() const {
  const unsigned char* then = snapshot_.data();
  for (const auto& range : ranges_) {
    const size_t at = FirstDifferencePlain(range.begin, then, range.size_bytes);
    if (at != range.size_bytes) return range.begin + at;
    then += range.size_bytes;
  }
  return nullptr;
}

bool DriverData::EqualsCheckpoint() const { return FirstDifference() == nullptr; }

__attribute__((no_sanitize("address"))) uint64_t DriverData::Hash() const {
  uint64_t hash = 0xcbf29ce484222325;
  for (const auto& range : ranges_) {
    const volatile unsigned char* bytes = range.begin;
    for (size_t i = 0; i < range.size_bytes; ++i) hash = (hash ^ bytes[i]) * 0x100000001b3;
  }
  return hash;
}

}  // namespace drydock::kernel
