#include "sim/kernel/kernel.h"

#include <cstdlib>
#include <stdexcept>

#include "sim/kernel/device_text.h"
#include "sim/kernel/errno_name.h"

namespace drydock::kernel {
namespace {

DeviceDescription Describe(const KernelOptions& options) {
  if (options.device_name.empty() && options.device_text.empty()) return {};
  return ParseDeviceText(options.device_text, options.device_name);
}

hw::CacheType CacheOf(mocks::IoCache cache) {
  switch (cache) {
    case mocks::IoCache::kUncachedMinus:
      return hw::CacheType::kUncachedMinus;
    case mocks::IoCache::kUncached:
      return hw::CacheType::kUncached;
    case mocks::IoCache::kWriteCombining:
      return hw::CacheType::kWriteCombining;
    case mocks::IoCache::kWriteBack:
      return hw::CacheType::kWriteBack;
    case mocks::IoCache::kWriteThrough:
      return hw::CacheType::kWriteThrough;
  }
  return hw::CacheType::kUncachedMinus;
}

}  // namespace

Kernel::Kernel(const KernelOptions& options)
    : library_state_(state_, "library state"),
      memory_(state_),
      runner_(verdicts_, memory_, mmio_),
      mapped_for_devices_(state_, verdicts_),
      allocator_(state_, memory_, verdicts_, *options.platform),
      log_(state_, verdicts_),
      clock_(state_, verdicts_),
      locks_(state_, verdicts_, *this, clock_, options.seed),
      tasks_(state_, verdicts_, runner_.fibres(), runner_, clock_, locks_, *this),
      timers_(verdicts_, runner_, clock_, locks_),
      works_(state_, verdicts_, runner_, clock_, tasks_, *this),
      interrupts_(state_, verdicts_, runner_, locks_, log_, tasks_, *this),
      devices_(state_, verdicts_, runner_, allocator_, log_, options.profile),
      pci_(state_, verdicts_, runner_, log_, devices_, interrupts_),
      chrdevs_(state_, verdicts_, runner_, allocator_, log_, devices_),
      of_(state_, verdicts_, Describe(options), options.device_name),
      io_(state_, mmio_, allocator_, verdicts_),
      backend_(memory_, mmio_, allocator_, locks_),
      mm_(state_, verdicts_, runner_, backend_, options.core_guards, *options.platform,
          ProfileOf(options.profile), options.capacity),
      dma_(state_, allocator_, mapped_for_devices_, verdicts_, mm_, *options.platform,
           ProfileOf(options.profile)),
      machine_(state_, mmio_, clock_, interrupts_, pci_, dma_, devices_),
      uaccess_(allocator_, verdicts_, mm_),
      vfs_(state_, verdicts_, runner_, chrdevs_, backend_, options.capacity),
      raw_io_(options.raw_io) {
  verdicts_.SetListener(this);
  verdicts_.SetCallerSlot(caller_slot());
  static_assert(Fibres::kStackBytes == mocks::kDriverStackBytes);
  set_stack_limit_bytes(DriverRunner::StackLimitBytes());
  vfs_.SetMm(mm_);
  vfs_.SetTasks(tasks_);
  backend_.SetVfs(vfs_);
  backend_.SetDma(dma_);
  backend_.SetTasks(tasks_, verdicts_);
  allocator_.SetMappedPageQuery(this);
  locks_.SetWaiter(&tasks_);
  tasks_.SetSources(&interrupts_, &works_);
  allocator_.SetFreeObserver(this);
  allocator_.SetSync(&locks_);
  allocator_.SetDmaRegister(&mapped_for_devices_);
  allocator_.SetCaches(dma_.caches());
  devices_.SetMemory(&allocator_);
  chrdevs_.SetMemory(&allocator_);
  allocator_.SetIoCookies(&io_.cookies());
  io_.SetMemtypeObserver(this);
  io_.SetDeviceAccessListener(this);
  dma_.SetSync(&locks_);
  uaccess_.SetSync(&locks_);
  uaccess_.SetDma(&dma_);
  devices_.SetResourceListener(this);
  machine_.Build(of_, options.models, options.device_name);
  for (const ReservedRegion& region : of_.reserved()) {
    if (!mmio_.AddWindow(region.base, region.size_bytes, hw::WindowKind::kReservedMemory,
                         region.name)) {
      throw std::runtime_error(options.device_name + ": reserved memory " + region.name +
                               " overlaps memory or another window, give it a range of its own");
    }
  }
  const mocks::ScopedKernelApi current(*this);
  if (const int error = of_.CreateDevices(devices_); error != 0) {
    throw std::runtime_error(options.device_name +
                             ": a platform device cannot be registered: " + ErrnoName(-error));
  }
  if (const int error = pci_.CreateDevices(); error != 0) {
    throw std::runtime_error(options.device_name +
                             ": a PCI function cannot be registered: " + ErrnoName(-error));
  }
  devices_.AdoptExisting();
  vfs_.NewProcess();
  // mmap_lock gets its class here, not anew in each run.
  backend_.LockMmap(mm_.mm(0), true);
  backend_.UnlockMmap(mm_.mm(0), true);
}

void Kernel::WatchRemoval(bool watch) {
  allocator_.WatchRemoval(watch ? this : nullptr);
  mm_.NoteShownPages(watch);
}

void* Kernel::LibraryState(size_t size_bytes) {
  if (size_bytes > sizeof(LibraryMemory)) std::abort();
  return &library_state_.Mut();
}

void Kernel::Unmodelled(const char* symbol) {
  verdicts_.TrapNow(Trap::kUnmodelled, 0, 0, "a symbol that is modelled",
                    "%s is not modelled, see docs/add-a-kernel-function.md", symbol);
}

bool Kernel::ReserveForKernel(hw::PhysAddr base, uint64_t size_bytes, mocks::IoCache wanted) {
  hw::CacheType got{};
  return mm_.memory_types().Reserve(base.pfn(), hw::PagesOf(size_bytes), CacheOf(wanted), &got) ==
         hw::MemoryTypes::Result::kOk;
}

void Kernel::FreeForKernel(hw::PhysAddr base, uint64_t size_bytes) {
  mm_.memory_types().Free(base.pfn(), hw::PagesOf(size_bytes));
}

// A device that the driver declares by itself has registers too: bytes that keep what was stored.
void Kernel::OnMemoryResource(const resource& resource) {
  if (machine_complete_ || mmio_.Find({resource.start}) != nullptr) return;
  mmio_.AddWindow({resource.start}, resource.end - resource.start + 1, hw::WindowKind::kMmio,
                  resource.name != nullptr ? resource.name : "device");
}

void Kernel::OnFree(const void* address, size_t size_bytes) {
  if (locks_.held_count() != 0) locks_.CheckFreed(address, size_bytes);
  tasks_.CheckFreed(address, size_bytes);
  timers_.CheckFreed(address, size_bytes);
  works_.CheckFreed(address, size_bytes);
}

void Kernel::ReportLeftovers() {
  works_.ReportLeftovers();
  timers_.ReportLeftovers();
  interrupts_.ReportLeftovers();
  vfs_.ReportLeftovers();
}

bool Kernel::UnplugDevice(const char* name) {
  if (pci_.Unplug(name)) return true;
  if (!devices_.IsMachinePlatformDevice(name)) return false;
  machine_.NotePlatformUnplugged(name);
  return devices_.UnplugPlatformDevice(name);
}

// A register is read or written in a moment, in which the device goes on.
void Kernel::OnDeviceAccess() {
  constexpr uint64_t kAccessNs = 100;
  if (!clock_.empty()) clock_.Advance(kAccessNs);
  tasks_.Serve();
}

void Kernel::PutBackReachable() {
  devices_.PutBackReachable();
  pci_.PutBackReachable();
  of_.PutBackReachable();
  mm_.PutBackReachable();
}

void Kernel::Checkpoint() {
  memory_.MakeCurrent();
  state_.Checkpoint();
  memory_.Checkpoint();
  mmio_.Checkpoint();
  PutBackReachable();
}

void Kernel::Reset() {
  tasks_.Unwind();
  state_.Reset();
  memory_.Reset();
  mmio_.Reset();
  log_.Clear();
  chrdevs_.SetLeaving(false);
  mm_.SetCurrent(0);
  mm_.ForgetLastMmap();
}

uint64_t Kernel::StateHash() const { return state_.Hash() ^ memory_.Hash() * 3 ^ mmio_.Hash() * 5; }

const char* Kernel::FirstDifference() const {
  if (const char* piece = state_.FirstDifference()) return piece;
  if (const char* piece = memory_.FirstDifference()) return piece;
  return mmio_.FirstDifference();
}

}  // namespace drydock::kernel
