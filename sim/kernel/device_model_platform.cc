// The platform bus: drivers/base/platform.c, drivers/base/dd.c, and what is left at module exit.
#include <strings.h>

#include <cerrno>
#include <cstring>

#include "sim/kernel/device_model.h"
#include "sim/kernel/errno_name.h"
#include "sim/kernel/format.h"

namespace drydock::kernel {
namespace {

constexpr long kProbeDefer = -517;
constexpr int kIdNone = -1;  // PLATFORM_DEVID_NONE
constexpr int kIdAuto = -2;  // PLATFORM_DEVID_AUTO
constexpr unsigned long kResourceTypeBits = 0x1f00;

const property* FindProperty(const device_node* node, const char* name) {
  for (const property* p = node->properties; p != nullptr; p = p->next) {
    if (std::strcmp(p->name, name) == 0) return p;
  }
  return nullptr;
}

bool HasCompatible(const device_node* node, const char* wanted) {
  const property* compatible = FindProperty(node, "compatible");
  if (compatible == nullptr) return false;
  const char* text = static_cast<const char*>(compatible->value);
  for (const char* end = text + compatible->length; text < end; text += std::strlen(text) + 1) {
    if (strcasecmp(text, wanted) == 0) return true;  // of_compat_cmp()
  }
  return false;
}

// drivers/of/base.c:of_match_device(), without the score: any entry that fits.
bool MatchesNode(const device_node* node, const of_device_id* table) {
  for (; table->name[0] != '\0' || table->type[0] != '\0' || table->compatible[0] != '\0';
       ++table) {
    if (table->compatible[0] != '\0' && !HasCompatible(node, table->compatible)) continue;
    if (table->name[0] != '\0' && std::strcmp(table->name, node->name) != 0) continue;
    if (table->type[0] != '\0') {
      const property* type = FindProperty(node, "device_type");
      if (type == nullptr || std::strcmp(static_cast<const char*>(type->value), table->type) != 0) {
        continue;
      }
    }
    return true;
  }
  return false;
}

}  // namespace

// drivers/base/platform.c.
class DeviceModel::PlatformBus final : public Bus {
 public:
  explicit PlatformBus(DeviceModel& model) : model_(model) { type_.name = "platform"; }

  const bus_type& type() const override { return type_; }
  const char* noun() const override { return "platform"; }

  // platform_match().
  bool Matches(device* dev, const device_driver* base) override {
    platform_device* pdev = PdevOf(dev);
    const platform_driver* driver = DriverOf(base);
    if (pdev->driver_override != nullptr) {
      return std::strcmp(pdev->driver_override, base->name) == 0;
    }
    if (base->of_match_table != nullptr && dev->of_node != nullptr &&
        MatchesNode(dev->of_node, base->of_match_table)) {
      return true;
    }
    if (driver->id_table != nullptr) {
      for (const platform_device_id* id = driver->id_table; id->name[0] != '\0'; ++id) {
        if (std::strcmp(pdev->name, id->name) != 0) continue;
        pdev->id_entry = id;
        return true;
      }
      return false;  // a driver with a table is not matched by its name
    }
    return std::strcmp(pdev->name, base->name) == 0;
  }

  // platform_probe().
  long Probe(device* dev, device_driver* base) override {
    platform_driver* driver = DriverOf(base);
    long error = 0;
    if (model_.drivers_[static_cast<size_t>(model_.FindDriver(base))].no_more_probes != 0) {
      error = -ENXIO;
    } else if (driver->probe != nullptr) {
      error = CallDriver(model_.calls_, driver->probe, PdevOf(dev));
      if (model_.Trapped()) return 0;
    }
    if (error == kProbeDefer && driver->prevent_deferred_probe) {
      model_.log_.Say(4, "%s %s: probe deferral not supported\n", base->name, dev->kobj.name);
      error = -ENXIO;
    }
    return error;
  }

  // platform_remove().
  void Remove(device* dev, device_driver* base) override {
    platform_driver* driver = DriverOf(base);
    if (driver->remove_new != nullptr) {
      CallDriver(model_.calls_, driver->remove_new, PdevOf(dev));
    } else if (driver->remove != nullptr) {
      const int result = CallDriver(model_.calls_, driver->remove, PdevOf(dev));
      // Since 6.11 remove() returns nothing.
      if (model_.profile_ < 611 && !model_.Trapped() && result != 0) {
        model_.log_.Say(4,
                        "%s %s: remove callback returned a non-zero value. This will be ignored.\n",
                        base->name, dev->kobj.name);
      }
    }
  }

 private:
  static platform_device* PdevOf(device* dev) {
    return reinterpret_cast<platform_device*>(reinterpret_cast<char*>(dev) -
                                              offsetof(platform_device, dev));
  }
  static platform_driver* DriverOf(const device_driver* driver) {
    return reinterpret_cast<platform_driver*>(
        reinterpret_cast<char*>(const_cast<device_driver*>(driver)) -
        offsetof(platform_driver, driver));
  }
  DeviceModel& model_;
  bus_type type_{};
};

void DeviceModel::MakePlatformBus() { platform_bus_ = std::make_unique<PlatformBus>(*this); }

platform_device* DeviceModel::PlatformDeviceAlloc(const char* name, int id) {
  if (!HasMemory("platform_device_alloc")) return nullptr;  // NM1
  for (uint32_t i = 0; i < kMaxPlatformDevices; ++i) {
    if (platform_devices_[i].used != 0) continue;
    PlatformSlot& slot = platform_devices_.Mut(i);
    auto* pdev = reinterpret_cast<platform_device*>(slot.pdev);
    DeviceInitialize(&pdev->dev);
    if (pdev->dev.drydock_id == 0) return nullptr;
    slot.used = 1;
    FormatTextOf(slot.name, sizeof slot.name, "%s", name);
    Record& record = *Writable(pdev->dev.drydock_id - 1);
    record.origin = kPlatformPool;
    record.slot = i;
    pdev->name = slot.name;
    pdev->id = id;
    pdev->dev.coherent_dma_mask = 0xffffffff;
    pdev->platform_dma_mask = 0xffffffff;
    pdev->dev.dma_mask = &pdev->platform_dma_mask;
    return pdev;
  }
  platform_full_.Exceeded(kMaxPlatformDevices);
  return nullptr;
}

int DeviceModel::PlatformDeviceAddResources(platform_device* pdev, const resource* resources,
                                            unsigned int count) {
  const long index = Known(&pdev->dev, "platform_device_add_resources");
  if (index < 0) return -EINVAL;
  const Record& record = records_[static_cast<size_t>(index)];
  if (record.origin != kPlatformPool || count > kMaxResources) {
    platform_full_.Exceeded(kMaxResources);
    return -ENOMEM;
  }
  if (count != 0 && resources != nullptr && !HasMemory("platform_device_add_resources")) {
    return -ENOMEM;  // NM2
  }
  PlatformSlot& slot = platform_devices_.Mut(record.slot);
  if (count != 0 && resources != nullptr) {
    std::memmove(slot.resources, resources, count * sizeof(resource));
  }
  pdev->resource = count != 0 && resources != nullptr ? slot.resources : nullptr;
  pdev->num_resources = count;
  return 0;
}

int DeviceModel::PlatformDeviceAdd(platform_device* pdev) {
  device* dev = &pdev->dev;
  if (Known(dev, "platform_device_add") < 0) return -EINVAL;
  dev->bus = const_cast<bus_type*>(&platform_bus_->type());
  // NM3: errors of dev_set_name() are dropped, and device_add() finds no name.
  if (pdev->id == kIdNone) {
    DevSetNameTo(dev, "%s", pdev->name);
  } else if (pdev->id == kIdAuto) {
    if (!HasMemory("platform_device_add")) return -ENOMEM;  // NM3: ida_alloc()
    // The lowest number that no device of this name has.
    for (int id = 0; id < static_cast<int>(kMaxDevices); ++id) {
      char text[kNameBytes];
      FormatTextOf(text, sizeof text, "%s.%d.auto", pdev->name, id);
      bool taken = false;
      for (uint32_t i = 0; i < *high_water_; ++i) {
        taken = taken || (records_[i].dev != 0 && std::strcmp(records_[i].name, text) == 0);
      }
      if (taken) continue;
      pdev->id = id;
      pdev->id_auto = true;
      DevSetNameTo(dev, "%s", text);
      break;
    }
  } else {
    DevSetNameTo(dev, "%s.%d", pdev->name, pdev->id);
  }
  for (unsigned int i = 0; i < pdev->num_resources; ++i) {
    if (pdev->resource[i].name == nullptr) pdev->resource[i].name = dev->kobj.name;
    constexpr unsigned long kMemory = 0x200;  // IORESOURCE_MEM
    if (resource_listener_ != nullptr && (pdev->resource[i].flags & kMemory) != 0) {
      resource_listener_->OnMemoryResource(pdev->resource[i]);
    }
    constexpr unsigned long kInterrupt = 0x400;  // IORESOURCE_IRQ
    if (resource_listener_ != nullptr && (pdev->resource[i].flags & kInterrupt) != 0) {
      resource_listener_->OnInterruptResource(pdev->resource[i]);
    }
  }
  if (pdev->dev.coherent_dma_mask == 0) pdev->dev.coherent_dma_mask = 0xffffffff;
  if (pdev->dev.dma_mask == nullptr) {
    pdev->platform_dma_mask = 0xffffffff;
    pdev->dev.dma_mask = &pdev->platform_dma_mask;
  }
  const int error = DeviceAdd(dev);
  if (error != 0 && pdev->id_auto) {
    pdev->id = kIdAuto;
    pdev->id_auto = false;
  }
  return error;
}

void DeviceModel::PlatformDeviceDel(platform_device* pdev) {
  if (pdev == nullptr || IsErrorPointer(pdev)) return;
  DeviceDel(&pdev->dev);
}

void DeviceModel::PlatformDevicePut(platform_device* pdev) {
  if (pdev == nullptr || IsErrorPointer(pdev)) return;
  PutDevice(&pdev->dev);
}

resource* DeviceModel::PlatformGetResource(platform_device* pdev, unsigned int type,
                                           unsigned int index) {
  for (unsigned int i = 0; i < pdev->num_resources; ++i) {
    resource* res = &pdev->resource[i];
    if ((res->flags & kResourceTypeBits) == type && index-- == 0) return res;
  }
  return nullptr;
}

// drivers/base/dd.c:really_probe(). 0 when bound, else the probe's error.
int DeviceModel::Probe(long index, device* dev, size_t driver_index) {
  const auto slot = static_cast<uint32_t>(index);
  device_driver* driver = DriverAt(driver_index);
  if (!devres_.empty(slot)) {
    log_.Say(2, "%s %s: Resources present before probing\n", BusAt(driver_index).noun(),
             records_[slot].name);
    return -EBUSY;
  }
  if (!HasMemory("driver_sysfs_add")) {  // NM8: the probe is not called
    log_.Say(3, "really_probe: driver_sysfs_add(%s) failed\n", records_[slot].name);
    return -ENOMEM;
  }
  dev->driver = driver;
  const long error = BusAt(driver_index).Probe(dev, driver);
  if (Trapped()) return 0;
  Record& record = *Writable(slot);
  record.state &= ~static_cast<uint32_t>(kDeferred);
  if (error == 0) {
    record.state |= kBound;
    record.driver = static_cast<uint32_t>(driver_index) + 1;
    return 0;
  }
  devres_.ReleaseAll(slot);
  if (Trapped()) return 0;
  dev->driver = nullptr;
  dev->driver_data = nullptr;
  if (error == kProbeDefer) {
    record.state |= kDeferred;
  } else if (error != -ENODEV && error != -ENXIO) {
    log_.Say(4, "%s: probe of %s failed with error %ld\n", driver->name, record.name, error);
  }
  return static_cast<int>(error);
}

// drivers/base/dd.c:__device_release_driver().
void DeviceModel::Unbind(long index, device* dev) {
  const auto slot = static_cast<uint32_t>(index);
  if (resource_listener_ != nullptr) resource_listener_->OnUnbind();
  const size_t driver = records_[slot].driver - 1;
  BusAt(driver).Remove(dev, DriverAt(driver));
  if (Trapped()) return;
  devres_.ReleaseAll(slot);
  if (Trapped()) return;
  if (resource_listener_ != nullptr) resource_listener_->OnUnbound(dev);
  dev->driver = nullptr;
  dev->driver_data = nullptr;
  Record& record = *Writable(slot);
  record.state &= ~static_cast<uint32_t>(kBound);
  record.driver = 0;
}

// Devices in the order in which they were added. True if one was bound.
bool DeviceModel::AttachDriver(size_t driver_index) {
  Bus& bus = BusAt(driver_index);
  bool bound = false;
  uint32_t last = 0;
  for (;;) {
    uint32_t next = kMaxDevices;
    for (uint32_t i = 0; i < *high_water_; ++i) {
      const Record& record = records_[i];
      if (record.dev == 0 || (record.state & kAdded) == 0 || record.serial <= last) continue;
      if (next == kMaxDevices || record.serial < records_[next].serial) next = i;
    }
    if (next == kMaxDevices) return bound;
    last = records_[next].serial;
    auto* dev = reinterpret_cast<device*>(records_[next].dev);
    if (dev->bus != &bus.type() || (records_[next].state & kBound) != 0) continue;
    if (!bus.Matches(dev, DriverAt(driver_index))) continue;
    bound = Probe(next, dev, driver_index) == 0 || bound;
    if (Trapped()) return false;
  }
}

void DeviceModel::AttachDevice(long index) {
  auto* dev = reinterpret_cast<device*>(records_[static_cast<size_t>(index)].dev);
  for (size_t i = 0; i < kMaxDrivers; ++i) {
    if (drivers_[i].driver == 0 || dev->bus != &BusAt(i).type()) continue;
    if (!BusAt(i).Matches(dev, DriverAt(i))) continue;
    const int error = Probe(index, dev, i);
    if (Trapped()) return;
    if (error == 0) RetryDeferred();
    if (error == 0 || error == kProbeDefer) return;
  }
}

// Whenever a device is bound, the kernel probes the deferred ones again.
void DeviceModel::RetryDeferred() {
  if (*retrying_ != 0) return;
  retrying_.Mut() = 1;
  for (bool bound = true; bound;) {
    bound = false;
    for (uint32_t i = 0; i < *high_water_ && !Trapped(); ++i) {
      if ((records_[i].state & kDeferred) == 0) continue;
      Writable(i)->state &= ~static_cast<uint32_t>(kDeferred);
      AttachDevice(i);
      bound = bound || (records_[i].state & kBound) != 0;
    }
  }
  retrying_.Mut() = 0;
}

long DeviceModel::FindDriver(const device_driver* driver) const {
  for (size_t i = 0; i < kMaxDrivers; ++i) {
    if (drivers_[i].driver == reinterpret_cast<uint64_t>(driver)) return static_cast<long>(i);
  }
  return -1;
}

int DeviceModel::RegisterDriver(Bus& bus, device_driver* driver) {
  size_t free = kMaxDrivers;
  for (size_t i = 0; i < kMaxDrivers; ++i) {
    if (drivers_[i].driver == 0) {
      if (free == kMaxDrivers) free = i;
    } else if (&BusAt(i) == &bus && std::strcmp(DriverAt(i)->name, driver->name) == 0) {
      log_.Say(3, "Error: Driver '%s' is already registered, aborting...\n", driver->name);
      return -EBUSY;
    }
  }
  if (free == kMaxDrivers) {
    drivers_full_.Exceeded(kMaxDrivers);
    return -ENOMEM;
  }
  if (!HasMemory("driver_register")) return -ENOMEM;  // NM7: bus_add_driver()
  driver->bus = const_cast<bus_type*>(&bus.type());
  drivers_.Mut(free) = {reinterpret_cast<uint64_t>(driver), reinterpret_cast<uint64_t>(&bus), 0,
                        ++serial_.Mut()};
  if (AttachDriver(free) && !Trapped()) RetryDeferred();
  return 0;  // a probe that fails does not fail the registration
}

void DeviceModel::UnregisterDriver(Bus& bus, device_driver* driver) {
  const long index = FindDriver(driver);
  if (index < 0) {
    // drivers/base/driver.c:driver_unregister() looks for a pointer that is null only before.
    verdicts_.Report(
        44, 6, "a driver that is unregistered is registered", "%s_driver_unregister of %s: %s",
        bus.noun(), driver->name != nullptr ? driver->name : "(no name)",
        driver->bus == nullptr ? "WARN: Unexpected driver unregister!"
                               : "it was unregistered before, and what it had is freed");
    return;
  }
  for (;;) {  // the device added last goes first
    uint32_t next = kMaxDevices;
    for (uint32_t i = 0; i < *high_water_; ++i) {
      if (records_[i].driver != static_cast<uint32_t>(index) + 1) continue;
      if (next == kMaxDevices || records_[i].serial > records_[next].serial) next = i;
    }
    if (next == kMaxDevices) break;
    Unbind(next, reinterpret_cast<device*>(records_[next].dev));
    if (Trapped()) return;
  }
  drivers_.Mut(static_cast<size_t>(index)) = {};
}

int DeviceModel::PlatformDriverRegister(platform_driver* driver, module* owner) {
  driver->driver.owner = owner;
  return RegisterDriver(*platform_bus_, &driver->driver);
}

int DeviceModel::PlatformDriverProbe(platform_driver* driver, int (*probe)(platform_device*),
                                     module* owner) {
  constexpr int kPreferAsynchronous = 1;
  if (driver->driver.probe_type == kPreferAsynchronous) return -EINVAL;
  driver->prevent_deferred_probe = true;
  driver->driver.suppress_bind_attrs = true;
  driver->probe = probe;
  const int error = PlatformDriverRegister(driver, owner);
  if (error != 0 || Trapped()) return error;
  const auto index = static_cast<size_t>(FindDriver(&driver->driver));
  drivers_.Mut(index).no_more_probes = 1;
  for (uint32_t i = 0; i < *high_water_; ++i) {
    if (records_[i].driver == index + 1) return 0;
  }
  PlatformDriverUnregister(driver);
  return -ENODEV;
}

void DeviceModel::PlatformDriverUnregister(platform_driver* driver) {
  UnregisterDriver(*platform_bus_, &driver->driver);
}

void DeviceModel::BelongsToTheMachine(device* dev) {
  const long index = Find(dev);
  if (index >= 0) Writable(static_cast<uint32_t>(index))->origin = kMachineOwned;
}

device* DeviceModel::FindBusDevice(const char* name) const {
  for (size_t i = 0; i < *high_water_; ++i) {
    auto* dev = reinterpret_cast<device*>(records_[i].dev);
    if (dev == nullptr || dev->bus == nullptr || (records_[i].state & kAdded) == 0) continue;
    if (std::strcmp(records_[i].name, name) == 0) return dev;
  }
  return nullptr;
}

// drivers/base/bus.c:unbind_store().
bool DeviceModel::UnbindDevice(const char* name) {
  device* dev = FindBusDevice(name);
  if (dev == nullptr || dev->driver == nullptr || dev->driver->suppress_bind_attrs) return false;
  Unbind(Find(dev), dev);
  return true;
}

// drivers/base/bus.c:bind_store().
bool DeviceModel::BindDevice(const char* name) {
  device* dev = FindBusDevice(name);
  if (dev == nullptr || dev->driver != nullptr) return false;
  AttachDevice(Find(dev));
  return true;
}

bool DeviceModel::IsMachinePlatformDevice(const char* name) const {
  const device* dev = FindBusDevice(name);
  return dev != nullptr && dev->bus == &platform_bus_->type() &&
         (records_[static_cast<size_t>(Find(dev))].state & kBuiltIn) != 0;
}

bool DeviceModel::UnplugPlatformDevice(const char* name) {
  if (!IsMachinePlatformDevice(name)) return false;
  device* dev = FindBusDevice(name);
  DeviceDel(dev);
  if (!Trapped()) PutDevice(dev);
  return true;
}

DeviceModel::Node DeviceModel::node(size_t index) const {
  const Record& record = records_[index];
  if (record.dev == 0 || (record.state & kAdded) == 0 || record.node[0] == '\0') return {};
  return {record.node, reinterpret_cast<const device*>(record.dev)->devt,
          static_cast<unsigned short>(record.mode)};
}

DeviceModel::Node DeviceModel::FindNode(const char* path) const {
  for (size_t i = 0; i < *high_water_; ++i) {
    const Node found = node(i);
    if (found.path != nullptr && std::strcmp(found.path, path) == 0) return found;
  }
  return {};
}

bool DeviceModel::HasNodeOf(unsigned int devt_first, unsigned int count) const {
  for (size_t i = 0; i < *high_water_; ++i) {
    const Node found = node(i);
    if (found.path != nullptr && found.devt - devt_first < count) return true;
  }
  return false;
}

size_t DeviceModel::deferred_count() const {
  size_t count = 0;
  for (size_t i = 0; i < *high_water_; ++i) count += (records_[i].state & kDeferred) != 0;
  return count;
}

const char* DeviceModel::deferred_name(size_t index) const {
  for (size_t i = 0; i < *high_water_; ++i) {
    if ((records_[i].state & kDeferred) != 0 && index-- == 0) return records_[i].name;
  }
  return nullptr;
}

size_t DeviceModel::bound_count() const {
  size_t count = 0;
  for (size_t i = 0; i < *high_water_; ++i) count += (records_[i].state & kBound) != 0;
  return count;
}

void DeviceModel::AdoptExisting() {
  for (uint32_t i = 0; i < *high_water_; ++i) {
    if (records_[i].dev != 0) Writable(i)->state |= kBuiltIn;
  }
  for (size_t i = 0; i < kMaxClasses; ++i) {
    if (class_records_[i].cls != 0) class_records_.Mut(i).built_in = 1;
  }
}

void DeviceModel::ReportLeftovers(const char* expected) {
  for (size_t i = 0; i < kMaxDrivers; ++i) {
    if (drivers_[i].driver == 0) continue;
    verdicts_.Report(45, 6, expected, "the %s driver %s is still registered", BusAt(i).noun(),
                     DriverAt(i)->name);
  }
  for (size_t i = 0; i < *high_water_; ++i) {
    const Record& record = records_[i];
    if (record.dev == 0 || (record.state & kBuiltIn) != 0) continue;
    verdicts_.Report(
        45, 6, expected, "the device %s is still %s", record.name,
        (record.state & kAdded) != 0 ? "registered" : "allocated: a put_device() is missing");
  }
  for (size_t i = 0; i < kMaxClasses; ++i) {
    const ClassRecord& record = class_records_[i];
    if (record.registered == 0 || record.built_in != 0) continue;
    verdicts_.Report(45, 6, expected, "the class %s is still registered",
                     reinterpret_cast<const kclass*>(record.cls)->name);
  }
}

void DeviceModel::PutBackReachable() {
  for (size_t i = 0; i < *high_water_; ++i) {
    const Record& record = records_[i];
    if (record.dev == 0) continue;
    if (record.origin == kCreated) {
      devices_.PutBackAlways(record.slot, offsetof(DeviceSlot, dev), sizeof(device));
    }
    if (record.origin == kPlatformPool) {
      const auto* pdev =
          reinterpret_cast<const platform_device*>(platform_devices_[record.slot].pdev);
      platform_devices_.PutBackAlways(record.slot, offsetof(PlatformSlot, pdev), sizeof *pdev);
      platform_devices_.PutBackAlways(
          record.slot, offsetof(PlatformSlot, resources),
          std::min<size_t>(pdev->num_resources, kMaxResources) * sizeof(resource));
    }
  }
  for (size_t i = 0; i < kMaxClasses; ++i) {
    if (class_records_[i].in_pool != 0) classes_.PutBackAlways(i, 0, sizeof(kclass));
  }
}

}  // namespace drydock::kernel
