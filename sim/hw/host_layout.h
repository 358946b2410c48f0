// Where the simulated machine lies in the host process. Fixed, so that a driver's %p, a trace and a
// replay show the same numbers on every run; each region falls back to any address when the host
// refuses (another world is alive, or a tool has taken it), so code reads bases at run time and
// never these constants.
#ifndef DRYDOCK_SIM_HW_HOST_LAYOUT_H_
#define DRYDOCK_SIM_HW_HOST_LAYOUT_H_

#include <cstddef>
#include <cstdint>

namespace drydock::hw {

inline constexpr uint64_t kHostDirectMap = 0x110000000000;  // + physical address: RAM's linear map
inline constexpr uint64_t kHostVmalloc = 0x120000000000;    // vmalloc(): RAM behind shuffled frames
inline constexpr uint64_t kHostRemap = 0x128000000000;      // DMA memory with vmalloc addresses
inline constexpr uint64_t kHostVmemmap = 0x130000000000;    // struct page of PFN 0
inline constexpr uint64_t kHostIoCookies = 0x140000000000;  // ioremap(): never dereferenceable
inline constexpr uint64_t kHostDeviceMemory = 0x150000000000;  // memremap() of what is not RAM

// Address space of the host process, inaccessible until something is mapped over it; given back at
// the end.
class HostRegion {
 public:
  // Reserves `size_bytes` at `preferred`, else anywhere at a multiple of 2 MiB. Aborts if there is
  // none.
  HostRegion(uint64_t preferred, uint64_t size_bytes);
  ~HostRegion();
  HostRegion(const HostRegion&) = delete;
  HostRegion& operator=(const HostRegion&) = delete;

  char* base() const { return base_; }
  uint64_t size_bytes() const { return size_bytes_; }
  bool Contains(const volatile void* address) const {
    const auto* p = static_cast<const volatile char*>(address);
    return p >= base_ && p < base_ + size_bytes_;
  }

 private:
  char* base_;
  uint64_t size_bytes_;
};

}  // namespace drydock::hw

#endif  // DRYDOCK_SIM_HW_HOST_LAYOUT_H_
