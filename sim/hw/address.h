// Addresses of the simulated machine, each a type of its own: a page-shift mistake is what this
// project looks for in drivers and does not compile here.
#ifndef DRYDOCK_SIM_HW_ADDRESS_H_
#define DRYDOCK_SIM_HW_ADDRESS_H_

#include <compare>
#include <cstdint>

namespace drydock::hw {

inline constexpr unsigned kPageShift = 12;
inline constexpr uint64_t kPageSize = uint64_t{1} << kPageShift;
inline constexpr uint64_t kPageMask = kPageSize - 1;

// Frame number: physical address >> kPageShift. Any value may occur: drivers make them up.
struct Pfn {
  uint64_t value = 0;
  friend auto operator<=>(const Pfn&, const Pfn&) = default;
  constexpr Pfn operator+(uint64_t pages) const { return {value + pages}; }
  constexpr uint64_t operator-(Pfn other) const { return value - other.value; }
};

// Physical address, in bytes.
struct PhysAddr {
  uint64_t value = 0;
  friend auto operator<=>(const PhysAddr&, const PhysAddr&) = default;
  constexpr PhysAddr operator+(uint64_t bytes) const { return {value + bytes}; }
  constexpr Pfn pfn() const { return {value >> kPageShift}; }
  static constexpr PhysAddr Of(Pfn pfn) { return {pfn.value << kPageShift}; }
};

// Bus address a device uses, in bytes. Equal to the physical one on some platforms only.
struct DmaAddr {
  uint64_t value = 0;
  friend auto operator<=>(const DmaAddr&, const DmaAddr&) = default;
};

// User virtual address of a simulated process. Never dereferenced by the host.
struct VirtAddr {
  uint64_t value = 0;
  friend auto operator<=>(const VirtAddr&, const VirtAddr&) = default;
  constexpr VirtAddr operator+(uint64_t bytes) const { return {value + bytes}; }
  constexpr uint64_t operator-(VirtAddr other) const { return value - other.value; }
};

constexpr uint64_t PagesOf(uint64_t bytes) { return (bytes + kPageMask) >> kPageShift; }
constexpr uint64_t PageAlignUp(uint64_t bytes) { return (bytes + kPageMask) & ~kPageMask; }

}  // namespace drydock::hw

#endif  // DRYDOCK_SIM_HW_ADDRESS_H_
