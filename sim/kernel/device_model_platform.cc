// The platform bus: drivers/base/platform.c.
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

}  // namespace drydock::kernel
