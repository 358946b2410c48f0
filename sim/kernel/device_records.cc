// What devices, nodes and classes there are, and which are left at module exit.
#include <algorithm>
#include <cstddef>
#include <cstring>

#include "sim/kernel/device_model.h"

namespace drydock::kernel {

void DeviceModel::BelongsToTheMachine(device* dev) {
  const long index = Find(dev);
  if (index >= 0) Writable(static_cast<uint32_t>(index))->origin = kMachineOwned;
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
