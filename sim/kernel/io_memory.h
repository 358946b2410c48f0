// ioremap(), memremap(), request_mem_region() and the accessors of device registers.
//
// Models: arch/x86/mm/ioremap.c, kernel/iomem.c, kernel/resource.c. An ioremap() address is a
// cookie in a region that cannot be dereferenced: a driver that forgets readl()/writel() faults.
// memremap() gives what may be dereferenced: the linear address of RAM, or host memory that shows a
// window's bytes.
#ifndef DRYDOCK_SIM_KERNEL_IO_MEMORY_H_
#define DRYDOCK_SIM_KERNEL_IO_MEMORY_H_

#include <array>
#include <cstdint>

#include "mocks/kernel_api.h"
#include "sim/hw/host_layout.h"
#include "sim/hw/mmio_space.h"
#include "sim/hw/tracked.h"
#include "sim/kernel/allocator.h"
#include "sim/kernel/capacity_note.h"
#include "sim/kernel/verdict.h"

namespace drydock::kernel {

// The register of cache types (PAT), which user mappings share with ioremap() (PAT7). Ranges are
// page-aligned.
class MemtypeObserver {
 public:
  virtual ~MemtypeObserver() = default;
  // memtype_reserve(): false refuses the mapping, and nothing is reserved.
  virtual bool ReserveForKernel(hw::PhysAddr base, uint64_t size_bytes, mocks::IoCache wanted) = 0;
  virtual void FreeForKernel(hw::PhysAddr base, uint64_t size_bytes) = 0;
};

// Told when the driver has touched a register of a device.
class DeviceAccessListener {
 public:
  virtual ~DeviceAccessListener() = default;
  virtual void OnDeviceAccess() = 0;
};

class IoMemory final : public mocks::IoApi {
 public:
  static constexpr uint32_t kMaxMappings = 128;
  static constexpr uint32_t kMaxResources = 64;
  static constexpr uint64_t kMaxMappingBytes = uint64_t{256} << 20;
  static constexpr uint64_t kPhysLimit = uint64_t{1} << 52;  // MAXPHYADDR
  static constexpr unsigned long kMemremapWb = 1, kMemremapWt = 2, kMemremapWc = 4;

  IoMemory(hw::ResetList& list, hw::MmioSpace& space, Allocator& allocator, Verdicts& verdicts);
  IoMemory(const IoMemory&) = delete;
  IoMemory& operator=(const IoMemory&) = delete;

  void SetMemtypeObserver(MemtypeObserver* observer) { memtypes_ = observer; }
  void SetDeviceAccessListener(DeviceAccessListener* listener) { accesses_ = listener; }
  const hw::HostRegion& cookies() const { return cookies_; }

  uint32_t live_mappings() const { return counters_->mappings; }
  uint32_t live_resources() const { return counters_->resources; }

  // What the driver requested or mapped and did not give back (C45); `expected` as of
  // DeviceModel::ReportLeftovers().
  void ReportLeftovers(const char* expected);

  // nullptr: no size, wraps or above MAXPHYADDR, RAM in the range (x86 warns and refuses), refused
  // by the cache-type register, failure injection, or the table is full.
  void* Ioremap(unsigned long long phys, unsigned long size_bytes, mocks::IoCache cache) override;
  // Any address of the mapping's first page will do, as in the kernel. Reports what is no live
  // mapping.
  void Iounmap(volatile void* address) override;
  // nullptr: no flags, RAM in part, RAM without MEMREMAP_WB, no window of plain bytes there.
  void* Memremap(unsigned long long phys, size_t size_bytes, unsigned long flags) override;
  void Memunmap(void* address) override;
  // nullptr: overlaps RAM or a range that is requested already, empty, or the table is full.
  resource* RequestMemRegion(unsigned long long start, unsigned long long size_bytes,
                             const char* name) override;
  // Reports what is not a requested range.
  void ReleaseMemRegion(unsigned long long start, unsigned long long size_bytes) override;
  // `address` is a cookie, or any memory that the driver may dereference. A cookie of no live
  // mapping is an oops.
  uint64_t MmioRead(const volatile void* address, unsigned size_bytes) override;
  void MmioWrite(volatile void* address, uint64_t value, unsigned size_bytes) override;

 private:
  struct Mapping {
    uint64_t phys = 0;  // as given
    uint64_t size_bytes = 0;
    uint64_t address = 0;  // cookie or view; 0 = free
    uint32_t is_cookie = 0;
    uint32_t has_memtype = 0;
  };
  struct Counters {
    uint32_t mappings;
    uint32_t resources;
    uint32_t next_slot;  // next-fit: an address just unmapped does not come back soon
    uint32_t reserved;
  };

  bool FindSlot(uint32_t* slot) const;
  uint32_t Enter(const Mapping& mapping, uint32_t slot);
  void Remove(uint32_t slot);
  // The physical address behind a cookie; false, with a trap, if none.
  bool Resolve(const volatile void* address, unsigned size_bytes, const char* function,
               hw::PhysAddr* phys);

  hw::MmioSpace& space_;
  Allocator& allocator_;
  Verdicts& verdicts_;
  hw::HostRegion cookies_;
  CapacityNote mappings_note_, resources_note_;
  hw::TrackedArray<Mapping> mappings_;    // a cookie's slot is in its address
  hw::TrackedArray<resource> resources_;  // free: flags == 0
  hw::Tracked<Counters> counters_;
  MemtypeObserver* memtypes_ = nullptr;
  DeviceAccessListener* accesses_ = nullptr;
};

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_IO_MEMORY_H_
