// Physical addresses that are not RAM: register windows of devices, and memory that firmware set
// aside.
//
// A window is declared at set-up, by the device file or a simulated device. Registers either react
// (an MmioDevice stands behind them) or are bytes that keep what was stored. Reserved memory is RAM
// in all but name: the kernel has no struct page for it and hands it out through memremap() only.
// Where no window is, loads give ones and stores vanish, as on a PC's bus.
#ifndef DRYDOCK_SIM_HW_MMIO_SPACE_H_
#define DRYDOCK_SIM_HW_MMIO_SPACE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sim/hw/address.h"
#include "sim/hw/host_layout.h"
#include "sim/hw/watched_memory.h"

namespace drydock::hw {

// Registers that react. Its state is its own to reset (Tracked). Offsets are bytes from the
// window's base; sizes 1, 2, 4 or 8 bytes, naturally aligned; values little-endian in the low bits.
class MmioDevice {
 public:
  virtual ~MmioDevice() = default;
  virtual uint64_t ReadRegister(uint64_t offset, unsigned size_bytes) = 0;
  virtual void WriteRegister(uint64_t offset, uint64_t value, unsigned size_bytes) = 0;
};

enum class WindowKind { kMmio, kReservedMemory };

struct MmioWindow {
  PhysAddr base;
  uint64_t size_bytes = 0;
  WindowKind kind = WindowKind::kMmio;
  MmioDevice* device = nullptr;  // nullptr: plain bytes
  uint64_t first_page = 0;       // of its bytes in the backing store
  std::array<char, 32> name{};   // NUL-terminated

  bool Contains(PhysAddr phys) const {
    return phys >= base && phys.value - base.value < size_bytes;
  }
};

class MmioSpace {
 public:
  static constexpr size_t kMaxWindows = 64;
  static constexpr uint64_t kMaxPages = uint64_t{256} << (20 - kPageShift);  // 256 MiB in all

  MmioSpace();
  MmioSpace(const MmioSpace&) = delete;
  MmioSpace& operator=(const MmioSpace&) = delete;

  // Set-up only. False, and nothing changed, if the range is empty, wraps, overlaps RAM or another
  // window, or does not fit. `device` outlives this object; reserved memory has none. Bytes start
  // as zero.
  bool AddWindow(PhysAddr base, uint64_t size_bytes, WindowKind kind, std::string_view name,
                 MmioDevice* device = nullptr);

  size_t window_count() const { return count_; }
  const MmioWindow& window(size_t index) const { return windows_[index]; }
  // The window that has this byte, or nullptr.
  const MmioWindow* Find(PhysAddr phys) const;
  // True if a device stands behind this byte.
  bool DeviceAt(PhysAddr phys) const {
    if (!any_device_) return false;
    const MmioWindow* window = Find(phys);
    return window != nullptr && window->device != nullptr;
  }

  // User loads and stores, and devices' DMA: any length, any alignment, across windows. They mark.
  void Read(PhysAddr phys, void* to, size_t size_bytes);
  void Write(PhysAddr phys, const void* from, size_t size_bytes);
  // A single access of 1, 2, 4 or 8 bytes.
  uint64_t ReadRegister(PhysAddr phys, unsigned size_bytes);
  void WriteRegister(PhysAddr phys, uint64_t value, unsigned size_bytes);

  // Host memory that shows the window's bytes and that driver code may dereference: for memremap().
  // nullptr unless the range lies in one window of plain bytes. Poisoned until Unpoison().
  void* KernelView(PhysAddr phys, uint64_t size_bytes) const;
  bool InKernelView(const volatile void* address) const { return region_.Contains(address); }
  // `address` is a kernel view's; the range stays within its window.
  void Poison(const void* address, uint64_t size_bytes);
  void Unpoison(const void* address, uint64_t size_bytes);
  // The physical address that a kernel view's byte shows; false if none.
  bool PhysOf(const volatile void* address, PhysAddr* phys) const;

  // For another process that maps windows of plain bytes: the file that holds them, and where a
  // page lies in it. False if the page is not such a window's as a whole: its accesses are for
  // Read() and Write().
  int file() const { return bytes_.file(); }
  bool FileOffset(Pfn pfn, uint64_t* offset) const;

  // As PhysicalMemory's.
  void StopWatching() { bytes_.StopWatching(); }
  void Checkpoint();
  void Reset() { bytes_.Reset(); }
  void Unshare() { bytes_.Unshare(); }
  const char* FirstDifference() const;
  uint64_t Hash() const;
  bool OnWriteFault(void* address);

 private:
  const MmioWindow* Next(PhysAddr phys, uint64_t* distance) const;
  unsigned char* Plain(const MmioWindow& window, uint64_t offset) const;
  void MarkDirty(const MmioWindow& window, uint64_t offset, uint64_t size_bytes);
  template <class Access>
  void ForEachRegister(uint64_t offset, size_t size_bytes, Access access);

  HostRegion region_;
  WatchedMemory bytes_;
  std::array<MmioWindow, kMaxWindows> windows_;  // fixed after set-up: not state
  size_t count_ = 0;
  uint64_t used_pages_ = 0;
  bool any_device_ = false;
};

}  // namespace drydock::hw

#endif  // DRYDOCK_SIM_HW_MMIO_SPACE_H_
