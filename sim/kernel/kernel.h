// The emulated kernel: its parts put together, and the seam's other side. Has no behaviour of its
// own beyond forwarding each role to the part that keeps it.
#ifndef DRYDOCK_SIM_KERNEL_KERNEL_H_
#define DRYDOCK_SIM_KERNEL_KERNEL_H_

#include <cstdint>
#include <string>

#include "mocks/kernel_api.h"
#include "sim/hw/mmio_space.h"
#include "sim/hw/physical_memory.h"
#include "sim/hw/platform.h"
#include "sim/hw/tracked.h"
#include "sim/kernel/allocator.h"
#include "sim/kernel/capacity.h"
#include "sim/kernel/chrdev.h"
#include "sim/kernel/clock.h"
#include "sim/kernel/device_model.h"
#include "sim/kernel/dma.h"
#include "sim/kernel/dma_register.h"
#include "sim/kernel/driver_runner.h"
#include "sim/kernel/failure_injection.h"
#include "sim/kernel/interrupts.h"
#include "sim/kernel/io_memory.h"
#include "sim/kernel/locks.h"
#include "sim/kernel/log.h"
#include "sim/kernel/machine_devices.h"
#include "sim/kernel/mm.h"
#include "sim/kernel/mm_backend.h"
#include "sim/kernel/of_tree.h"
#include "sim/kernel/pci.h"
#include "sim/kernel/tasks.h"
#include "sim/kernel/timers.h"
#include "sim/kernel/uaccess.h"
#include "sim/kernel/verdict.h"
#include "sim/kernel/vfs.h"
#include "sim/kernel/workqueues.h"

namespace drydock::kernel {

struct KernelOptions {
  const hw::Platform* platform = nullptr;
  int profile = 601;
  bool core_guards = true;
  uint64_t seed = 1;
  std::string device_text;
  std::string device_name;
  DeviceModels* models = nullptr;  // what stands behind registers; nullptr: nothing
  bool raw_io = false;             // programs have CAP_SYS_RAWIO
  Capacity capacity;
};

class Kernel final : public mocks::KernelApi,
                     private TrapListener,
                     private MappedPageQuery,
                     private MemtypeObserver,
                     private RunningTask,
                     private ResourceListener,
                     private ProcessSwitch,
                     private FailureInjection,
                     private FreeObserver,
                     private DeviceAccessListener,
                     private RemovalQuery {
 public:
  // Throws std::runtime_error, one line, for a bad device text.
  explicit Kernel(const KernelOptions& options);

  Mm& mm() override { return mm_; }
  Allocator& alloc() override { return allocator_; }
  Dma& dma() override { return dma_; }
  Uaccess& uaccess() override { return uaccess_; }
  IoMemory& io() override { return io_; }
  Chrdevs& chrdev() override { return chrdevs_; }
  DeviceModel& devices() override { return devices_; }
  OfTree& of() override { return of_; }
  Locks& sync() override { return locks_; }
  Log& log() override { return log_; }
  Tasks& tasks() override { return tasks_; }
  Timers& timers() override { return timers_; }
  Workqueues& works() override { return works_; }
  Interrupts& irqs() override { return interrupts_; }
  void* LibraryState(size_t size_bytes) override;
  PciBus& pci() override { return pci_; }
  void Unmodelled(const char* symbol) override;
  void StackOverflow(size_t used_bytes) override { runner_.NoteOverflow(used_bytes); }
  [[noreturn]] void LeaveDriver() override { runner_.Leave(); }

  hw::ResetList& state() { return state_; }
  const hw::ResetList& state() const { return state_; }
  hw::PhysicalMemory& memory() { return memory_; }
  hw::MmioSpace& mmio() { return mmio_; }
  Verdicts& verdicts() { return verdicts_; }
  DriverRunner& runner() { return runner_; }
  Locks& locks() { return locks_; }
  Vfs& vfs() { return vfs_; }
  MachineDevices& machine() { return machine_; }
  Clock& clock() { return clock_; }
  const AllocationRegister& allocations() const { return allocator_.allocations(); }

  // The end of a system call or of a load or store: what the driver left locked, and what the
  // machine does before user space goes on. Returns the value that user space sees; *killed: the
  // process is to end.
  int64_t EndCall(const char* call, int64_t value, bool* killed) {
    locks_.CheckNoneHeld(call);
    // tasks_.busy(), without its virtual calls.
    const bool busy = tasks_.waits() || works_.WorkWaits() || interrupts_.InterruptPending();
    return busy ? tasks_.EndCall(call, value, killed) : value;
  }

  // A device of the machine is pulled out: its registers read as ones, its driver is unbound. False
  // if there is none with this name ("0000:00:04.0", "drydock_framebuffer"). May trap.
  bool UnplugDevice(const char* name);

  // At module exit: work, timers and interrupt handlers that are left.
  void ReportLeftovers();

  // Notes which memory mmap shows, and reports what a driver that is let go frees before its device
  // is gone (C60). Off at first: it costs each mapping.
  void WatchRemoval(bool watch);
  // From now on the machine gets no more device windows. Once, when drivers are loaded.
  void CompleteMachine() { machine_complete_ = true; }
  // The state as it is becomes the one that Reset() goes back to.
  void Checkpoint();
  void Reset();
  uint64_t StateHash() const;
  const char* FirstDifference() const;

 private:
  void OnTrap(bool pending) override { set_trap_pending(pending); }
  bool IsMapped(hw::Pfn first, uint64_t pages) override { return mm_.AnyMapped(first, pages); }
  bool ReserveForKernel(hw::PhysAddr base, uint64_t size_bytes, mocks::IoCache wanted) override;
  void FreeForKernel(hw::PhysAddr base, uint64_t size_bytes) override;
  uint32_t TaskId() const override {
    return tasks_.running() != 0 ? tasks_.running() : mm_.current() + 1;
  }
  int Pid() const override { return static_cast<int>(TaskId()) + 99; }
  // Programs run as root. What one with CAP_SYS_RAWIO makes hardware do is no driver's mistake.
  bool Capable(int capability) const override {
    constexpr int kCapSysRawio = 17;
    return raw_io_ || capability != kCapSysRawio;
  }
  void OnMemoryResource(const resource& resource) override;
  void OnInterruptResource(const resource& resource) override {
    interrupts_.Declare(static_cast<uint32_t>(resource.start));
  }
  uint32_t CurrentProcess() const override { return mm_.current(); }
  void SetCurrentProcess(uint32_t process) override { mm_.SetCurrent(process); }
  mm_struct* AddressSpaceOf(uint32_t process) override { return mm_.mm(process); }
  int ExchangeFaultDepth(int depth) override { return mm_.ExchangeFaultDepth(depth); }
  bool FailAllocationNow() override { return allocator_.FailNow(); }
  void OnFree(const void* address, size_t size_bytes) override;
  void OnDeviceAccess() override;
  void OnUnbind() override {
    was_leaving_ = chrdevs_.leaving();
    chrdevs_.SetLeaving(true);
  }
  void OnUnbound(const device* dev) override {
    chrdevs_.SetLeaving(was_leaving_);
    dma_.OnUnbound(dev);
  }
  bool OutlivesItsMemory(uint32_t devt) override {
    return chrdevs_.leaving() && chrdevs_.FindOperations(devt) != nullptr;
  }
  // What drivers write to without a call is put back by each reset.
  void PutBackReachable();

  struct LibraryMemory {
    uint64_t words[64];
  };

  hw::ResetList state_;
  hw::Tracked<LibraryMemory> library_state_;
  Verdicts verdicts_;
  hw::PhysicalMemory memory_;
  hw::MmioSpace mmio_;
  DriverRunner runner_;
  DmaRegister mapped_for_devices_;
  Allocator allocator_;
  Log log_;
  Clock clock_;
  Locks locks_;
  Tasks tasks_;
  Timers timers_;
  Workqueues works_;
  Interrupts interrupts_;
  DeviceModel devices_;
  PciBus pci_;
  Chrdevs chrdevs_;
  OfTree of_;
  IoMemory io_;
  MachineBackend backend_;
  Mm mm_;
  Dma dma_;
  MachineDevices machine_;
  Uaccess uaccess_;
  Vfs vfs_;
  bool machine_complete_ = false;
  bool was_leaving_ = false;
  const bool raw_io_;
};

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_KERNEL_H_
