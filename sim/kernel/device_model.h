// Devices, classes, the platform bus and its drivers: drivers/base/{core,class,dd,platform}.c.
//
// Errors are the kernel's own and leave nothing behind. What the kernel would only log, or do to
// memory that is gone, is a violation:
//  put_device() below zero, or of a device still added         C44, O6
//  get_device() and others of a device that is gone            C43, O6
//  unregistering what is not registered                        C44, O6
//  a device released without a release function                class 0, O10 (the kernel's WARN)
//  what is left at module exit (ReportLeftovers)               C45, O6
#ifndef DRYDOCK_SIM_KERNEL_DEVICE_MODEL_H_
#define DRYDOCK_SIM_KERNEL_DEVICE_MODEL_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "mocks/kernel_api.h"
#include "sim/hw/tracked.h"
#include "sim/kernel/capacity_note.h"
#include "sim/kernel/devres.h"
#include "sim/kernel/driver_call.h"
#include "sim/kernel/kernel_memory.h"
#include "sim/kernel/log.h"
#include "sim/kernel/verdict.h"

namespace drydock::kernel {

// Told of each resource of a platform device that is added, and of each device that its
// driver let go of.
class ResourceListener {
 public:
  virtual ~ResourceListener() = default;
  virtual void OnMemoryResource(const resource& resource) = 0;
  virtual void OnUnbind() {}  // before its remove() runs
  virtual void OnUnbound(const device*) {}
  virtual void OnInterruptResource(const resource&) {}
};

// A bus: which driver fits a device, and how the two meet and part.
class Bus {
 public:
  virtual ~Bus() = default;
  virtual const bus_type& type() const = 0;  // what dev->bus points to
  virtual const char* noun() const = 0;      // "platform", for messages
  virtual bool Matches(device* dev, const device_driver* driver) = 0;
  // The driver's probe: 0 or its error. After a trap the value means nothing.
  virtual long Probe(device* dev, device_driver* driver) = 0;
  virtual void Remove(device* dev, device_driver* driver) = 0;
};

class DeviceModel final : public mocks::DeviceApi {
 public:
  static constexpr size_t kMaxDevices = 128;  // known at one time, the driver's own among them
  static constexpr size_t kMaxClasses = 16;
  static constexpr size_t kMaxDrivers = 16;          // of all buses
  static constexpr size_t kMaxPlatformDevices = 32;  // made by platform_device_alloc
  static constexpr size_t kMaxResources = 16;        // of one platform device
  static constexpr size_t kNameBytes = 64;

  DeviceModel(hw::ResetList& list, Verdicts& verdicts, DriverCall& calls, mocks::AllocApi& alloc,
              Log& log, int profile = 601);
  ~DeviceModel() override;

  void SetResourceListener(ResourceListener* listener) { resource_listener_ = listener; }
  // Asked for what these functions allocate for themselves; unset, that never fails.
  void SetMemory(KernelMemory* memory) {
    kernel_memory_ = memory;
    devres_.SetMemory(memory);
  }

  kclass* ClassCreate(module* owner, const char* name) override;
  int ClassRegister(kclass* cls) override;
  void ClassUnregister(kclass* cls) override;
  void ClassDestroy(kclass* cls) override;
  device* DeviceCreate(kclass* cls, device* parent, unsigned int devt, void* drvdata,
                       const char* format, va_list args) override;
  void DeviceDestroy(kclass* cls, unsigned int devt) override;
  void DeviceInitialize(device* dev) override;
  int DeviceAdd(device* dev) override;
  void DeviceDel(device* dev) override;
  device* GetDevice(device* dev) override;
  void PutDevice(device* dev) override;
  int DevSetName(device* dev, const char* format, va_list args) override;
  int PlatformDriverRegister(platform_driver* driver, module* owner) override;
  void PlatformDriverUnregister(platform_driver* driver) override;
  int PlatformDriverProbe(platform_driver* driver, int (*probe)(platform_device*),
                          module* owner) override;
  platform_device* PlatformDeviceAlloc(const char* name, int id) override;
  int PlatformDeviceAddResources(platform_device* pdev, const resource* resources,
                                 unsigned int count) override;
  int PlatformDeviceAdd(platform_device* pdev) override;
  void PlatformDeviceDel(platform_device* pdev) override;
  void PlatformDevicePut(platform_device* pdev) override;
  resource* PlatformGetResource(platform_device* pdev, unsigned int type,
                                unsigned int index) override;
  int DevmAddAction(device* dev, void (*action)(void*), void* data) override;
  int DevmRemoveAction(device* dev, void (*action)(void*), void* data, bool run) override;
  void* DevmKmalloc(device* dev, size_t size_bytes, unsigned int gfp) override;
  void DevmKfree(device* dev, const void* object) override;

  // Drivers of any bus: bus_add_driver(), bus_remove_driver().
  int RegisterDriver(Bus& bus, device_driver* driver);
  void UnregisterDriver(Bus& bus, device_driver* driver);
  // The device's structure is the machine's own: nobody has to release it.
  void BelongsToTheMachine(device* dev);
  // The device with this name on any bus, or nullptr.
  device* FindBusDevice(const char* name) const;
  // What root does in /sys/bus/.../drivers/...: unbind and bind. False if there is no such device,
  // it is not bound (or is), or its driver forbids it (suppress_bind_attrs). May trap.
  bool UnbindDevice(const char* name);
  bool BindDevice(const char* name);
  // The name of the device that the node's stands on (its parent, /sys/dev/char/M:m/device), if a
  // driver has it that gives devices back so. nullptr: there is none.
  const char* BoundBehind(unsigned int devt) const;
  // A platform device of the machine is pulled out: unbound and unregistered. False if there is
  // none, or the driver made it. May trap.
  bool UnplugPlatformDevice(const char* name);
  bool IsMachinePlatformDevice(const char* name) const;

  // As device_create() with a literal name and the node's path and mode, which the class "misc"
  // decides by itself. ERR_PTR on failure.
  device* CreateNamed(kclass* cls, device* parent, unsigned int devt, void* drvdata,
                      const char* name, const char* node_name, unsigned short mode);
  // A class of the kernel's own: no module, never a leftover.
  kclass* BuiltInClass(const char* name);
  int DevSetNameTo(device* dev, const char* format, ...);

  // One device node that devtmpfs made: a device with a device number, added and not deleted.
  struct Node {
    const char* path = nullptr;  // "/dev/pump"; nullptr: there is none
    unsigned int devt = 0;
    unsigned short mode = 0;
  };
  Node FindNode(const char* path) const;
  size_t node_limit() const { return kMaxDevices; }
  Node node(size_t index) const;  // empty slots have no path
  bool HasNodeOf(unsigned int devt_first, unsigned int count) const;

  // Devices whose probe returned -EPROBE_DEFER and that nothing will ever probe again.
  size_t deferred_count() const;
  const char* deferred_name(size_t index) const;
  size_t bound_count() const;

  // From here on, what exists is the machine's (devices of the --device text), not the driver's.
  void AdoptExisting();
  // What the driver registered and did not take back, by its exit or by an init that failed:
  // `expected` says which.
  void ReportLeftovers(const char* expected);
  // Drivers write to these structures without a call: each reset puts the live ones back. After a
  // checkpoint.
  void PutBackReachable();

 private:
  enum State : uint32_t { kInitialised = 1, kAdded = 2, kBound = 4, kDeferred = 8, kBuiltIn = 16 };
  enum Origin : uint32_t { kDriverOwned, kCreated, kPlatformPool, kMachineOwned };
  struct Record {
    uint64_t dev;     // device*; 0: free
    uint32_t state;   // State bits
    uint32_t origin;  // Origin
    uint32_t slot;    // in the pool of its origin
    uint32_t driver;  // index + 1 of the driver bound to it
    uint32_t mode;    // of the node
    uint32_t serial;  // counts devices added
    char name[kNameBytes];
    char node[kNameBytes];  // "" for none
  };
  struct ClassRecord {
    uint64_t cls;
    uint32_t registered;
    uint32_t in_pool;  // index + 1
    uint32_t built_in;
    uint32_t reserved;
  };
  struct DriverRecord {
    uint64_t driver;  // device_driver*; 0: free
    uint64_t bus;     // Bus*
    uint32_t no_more_probes;
    uint32_t serial;
  };
  // platform_device has padding, and state must have none.
  struct PlatformSlot {
    alignas(8) unsigned char pdev[sizeof(platform_device)];
    resource resources[kMaxResources];
    char name[kNameBytes];
    uint64_t used;
  };
  struct DeviceSlot {
    device dev;
    uint64_t used;
  };

  static uint32_t IdOf(const device* dev) { return dev->drydock_id; }
  Record* Writable(uint32_t index) { return &records_.Mut(index); }
  // Index of the record, or -1 after a report that names `function`.
  long Known(const device* dev, const char* function);
  long Find(const device* dev) const;
  bool Trapped() const { return verdicts_.pending_trap() != Trap::kNone; }
  bool HasMemory(const char* function) { return Grants(kernel_memory_, function); }
  device* Create(kclass* cls, device* parent, unsigned int devt, void* drvdata);
  int SetName(device* dev, const char* text);
  int AddChecked(long index, device* dev);
  void MakeNode(long index, device* dev);
  void Destroy(long index, device* dev);
  bool ClassRegistered(const kclass* cls) const;
  void ForgetClass(size_t index);

  class PlatformBus;
  void MakePlatformBus();
  int Probe(long index, device* dev, size_t driver);
  void Unbind(long index, device* dev);
  bool AttachDriver(size_t driver);
  void AttachDevice(long index);
  void RetryDeferred();
  long FindDriver(const device_driver* driver) const;
  device_driver* DriverAt(size_t index) const {
    return reinterpret_cast<device_driver*>(drivers_[index].driver);
  }
  Bus& BusAt(size_t index) const { return *reinterpret_cast<Bus*>(drivers_[index].bus); }

  Verdicts& verdicts_;
  DriverCall& calls_;
  mocks::AllocApi& alloc_;
  Log& log_;
  ResourceListener* resource_listener_ = nullptr;
  KernelMemory* kernel_memory_ = nullptr;
  const int profile_;
  std::unique_ptr<Bus> platform_bus_;
  Devres devres_;
  CapacityNote devices_full_, classes_full_, drivers_full_, platform_full_;
  hw::TrackedArray<Record> records_;
  hw::TrackedArray<DeviceSlot> devices_;
  hw::TrackedArray<ClassRecord> class_records_;
  hw::TrackedArray<kclass> classes_;
  hw::TrackedArray<DriverRecord> drivers_;
  hw::TrackedArray<PlatformSlot> platform_devices_;
  hw::Tracked<uint32_t> serial_;
  hw::Tracked<uint32_t> high_water_;  // records at and above it are free
  hw::Tracked<uint32_t> retrying_;
};

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_DEVICE_MODEL_H_
