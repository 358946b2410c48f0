// The driver's .data and .bss, put back after every run.
#ifndef DRYDOCK_SIM_KERNEL_DRIVER_DATA_H_
#define DRYDOCK_SIM_KERNEL_DRIVER_DATA_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sim/kernel/module_image.h"

namespace drydock::kernel {

// Copies are plain: AddressSanitizer's red zones between the variables are copied with them and its
// shadow is left alone. A reset costs the size of the data, whatever was touched; nothing is
// allocated by it.
class DriverData {
 public:
  // Takes a first checkpoint. `ranges` must stay valid and must not overlap.
  explicit DriverData(std::span<const ModuleImage::Range> ranges);

  void Checkpoint();
  void Reset();
  bool EqualsCheckpoint() const;
  // The address of the first byte that differs, or nullptr. For messages.
  const void* FirstDifference() const;
  uint64_t Hash() const;  // FNV-1a over the present bytes
  size_t size_bytes() const { return snapshot_.size(); }

 private:
  std::vector<ModuleImage::Range> ranges_;
  std::vector<unsigned char> snapshot_;
};

// Offset of the first difference, or `size_bytes`; no sanitizer sees the comparison.
size_t FirstDifferencePlain(const void* a, const void* b, size_t size_bytes);

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_DRIVER_DATA_H_
