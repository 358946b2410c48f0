// Drivers meet devices and part from them: drivers/base/dd.c, drivers/base/bus.c.
#include <cerrno>
#include <cstring>

#include "sim/kernel/device_model.h"

namespace drydock::kernel {
namespace {

constexpr long kProbeDefer = -517;

}  // namespace

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

device* DeviceModel::FindBusDevice(const char* name) const {
  for (size_t i = 0; i < *high_water_; ++i) {
    auto* dev = reinterpret_cast<device*>(records_[i].dev);
    if (dev == nullptr || dev->bus == nullptr || (records_[i].state & kAdded) == 0) continue;
    if (std::strcmp(records_[i].name, name) == 0) return dev;
  }
  return nullptr;
}

const char* DeviceModel::BoundBehind(unsigned int devt) const {
  for (size_t i = 0; i < *high_water_; ++i) {
    const auto* dev = reinterpret_cast<const device*>(records_[i].dev);
    if (dev == nullptr || dev->devt != devt || (records_[i].state & kAdded) == 0) continue;
    const device* parent = dev->parent;
    const long index = parent != nullptr ? Find(parent) : -1;
    if (index < 0 || parent->bus == nullptr || parent->driver == nullptr) return nullptr;
    return parent->driver->suppress_bind_attrs ? nullptr
                                               : records_[static_cast<size_t>(index)].name;
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

}  // namespace drydock::kernel
