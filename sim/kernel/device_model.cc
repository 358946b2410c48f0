// Devices and classes: drivers/base/core.c, drivers/base/class.c.
#include "sim/kernel/device_model.h"

#include <cerrno>
#include <cstring>

#include "sim/kernel/errno_name.h"
#include "sim/kernel/format.h"

namespace drydock::kernel {

DeviceModel::DeviceModel(hw::ResetList& list, Verdicts& verdicts, DriverCall& calls,
                         mocks::AllocApi& alloc, Log& log, int profile)
    : verdicts_(verdicts),
      calls_(calls),
      alloc_(alloc),
      log_(log),
      profile_(profile),
      devres_(list, verdicts, calls, alloc, kMaxDevices),
      devices_full_(list, verdicts, "devices"),
      classes_full_(list, verdicts, "device classes"),
      drivers_full_(list, verdicts, "drivers"),
      platform_full_(list, verdicts, "platform devices"),
      records_(list, "devices", kMaxDevices),
      devices_(list, "device structures", kMaxDevices),
      class_records_(list, "class records", kMaxClasses),
      classes_(list, "classes", kMaxClasses),
      drivers_(list, "drivers", kMaxDrivers),
      platform_devices_(list, "platform devices", kMaxPlatformDevices),
      serial_(list, "device serial"),
      high_water_(list, "device high water"),
      retrying_(list, "deferred probe retry") {
  MakePlatformBus();
}

DeviceModel::~DeviceModel() = default;

long DeviceModel::Find(const device* dev) const {
  const uint32_t id = IdOf(dev);
  if (id == 0 || id > kMaxDevices) return -1;
  return records_[id - 1].dev == reinterpret_cast<uint64_t>(dev) ? long{id} - 1 : -1;
}

long DeviceModel::Known(const device* dev, const char* function) {
  const long index = Find(dev);
  if (index < 0) {
    verdicts_.Report(43, 6, "a device is initialised and not yet released",
                     "%s: the device at %p was never initialised or is gone", function,
                     static_cast<const void*>(dev));
  }
  return index;
}

bool DeviceModel::ClassRegistered(const kclass* cls) const {
  for (size_t i = 0; i < kMaxClasses; ++i) {
    if (class_records_[i].registered != 0 &&
        class_records_[i].cls == reinterpret_cast<uint64_t>(cls)) {
      return true;
    }
  }
  return false;
}

int DeviceModel::ClassRegister(kclass* cls) {
  if (!HasMemory("class_register")) return -ENOMEM;  // NM6
  size_t free = kMaxClasses;
  for (size_t i = 0; i < kMaxClasses; ++i) {
    const ClassRecord& record = class_records_[i];
    if (record.cls == 0) {
      if (free == kMaxClasses) free = i;
      continue;
    }
    const auto* other = reinterpret_cast<const kclass*>(record.cls);
    if (record.registered != 0 && std::strcmp(other->name, cls->name) == 0) return -EEXIST;
  }
  if (free == kMaxClasses) {
    classes_full_.Exceeded(kMaxClasses);
    return -ENOMEM;
  }
  const uint32_t in_pool =
      classes_.Contains(cls) ? static_cast<uint32_t>(classes_.IndexOf(cls)) + 1 : 0;
  class_records_.Mut(free) = {reinterpret_cast<uint64_t>(cls), 1, in_pool, 0, 0};
  return 0;
}

kclass* DeviceModel::ClassCreate(module* owner, const char* name) {
  if (!HasMemory("class_create")) return ErrorPointer<kclass>(-ENOMEM);  // NM6
  for (size_t i = 0; i < kMaxClasses; ++i) {
    if (classes_[i].name != nullptr) continue;
    kclass& cls = classes_.Mut(i);
    cls = {};
    cls.name = name;
    cls.owner = owner;
    const int error = ClassRegister(&cls);
    if (error == 0) return &cls;
    cls = {};
    return ErrorPointer<kclass>(error);
  }
  classes_full_.Exceeded(kMaxClasses);
  return ErrorPointer<kclass>(-ENOMEM);
}

kclass* DeviceModel::BuiltInClass(const char* name) {
  kclass* cls = ClassCreate(nullptr, name);
  if (IsErrorPointer(cls)) return cls;
  for (size_t i = 0; i < kMaxClasses; ++i) {
    if (class_records_[i].cls == reinterpret_cast<uint64_t>(cls))
      class_records_.Mut(i).built_in = 1;
  }
  return cls;
}

void DeviceModel::ClassUnregister(kclass* cls) {
  for (size_t i = 0; i < kMaxClasses; ++i) {
    const ClassRecord record = class_records_[i];
    if (record.registered == 0 || record.cls != reinterpret_cast<uint64_t>(cls)) continue;
    class_records_.Mut(i).registered = 0;
    if (record.in_pool == 0 && cls->class_release != nullptr) {
      CallDriver(calls_, cls->class_release, cls);
      if (Trapped()) return;
    }
    ForgetClass(i);
    return;
  }
  verdicts_.Report(44, 6, "a class that is unregistered is registered",
                   "class_unregister: the class at %p is not registered", static_cast<void*>(cls));
}

// The record goes; the structure stays while a device still points to it.
void DeviceModel::ForgetClass(size_t index) {
  const ClassRecord record = class_records_[index];
  class_records_.Mut(index) = {};
  if (record.in_pool == 0) return;
  for (size_t i = 0; i < *high_water_; ++i) {
    const auto* dev = reinterpret_cast<const device*>(records_[i].dev);
    if (dev != nullptr && dev->class_ == &classes_[record.in_pool - 1]) return;
  }
  classes_.Mut(record.in_pool - 1) = {};
}

void DeviceModel::ClassDestroy(kclass* cls) {
  if (cls == nullptr || IsErrorPointer(cls)) return;
  ClassUnregister(cls);
}

void DeviceModel::DeviceInitialize(device* dev) {
  size_t index = 0;
  if (Find(dev) >= 0) {
    index = static_cast<size_t>(Find(dev));  // initialised twice: as new
  } else {
    while (index < kMaxDevices && records_[index].dev != 0) ++index;
  }
  if (index == kMaxDevices) {
    devices_full_.Exceeded(kMaxDevices);
    return;
  }
  Record& record = *Writable(static_cast<uint32_t>(index));
  record = {};
  record.dev = reinterpret_cast<uint64_t>(dev);
  record.state = kInitialised;
  record.origin = kDriverOwned;
  if (index >= *high_water_) high_water_.Mut() = static_cast<uint32_t>(index) + 1;
  dev->drydock_id = static_cast<uint32_t>(index) + 1;
  dev->kobj.kref.refcount.counter = 1;
  dev->kobj.drydock_state = 1;
}

int DeviceModel::SetName(device* dev, const char* text) {
  const long index = Known(dev, "dev_set_name");
  if (index < 0) return -EINVAL;
  if (!HasMemory("dev_set_name")) return -ENOMEM;  // NM3: the name stays what it was
  Record& record = *Writable(static_cast<uint32_t>(index));
  // The kernel turns '/' into '!': a name is one directory of sysfs.
  size_t i = 0;
  for (; text[i] != '\0' && i + 1 < sizeof record.name; ++i) {
    record.name[i] = text[i] == '/' ? '!' : text[i];
  }
  std::memset(record.name + i, 0, sizeof record.name - i);
  dev->kobj.name = record.name;
  return 0;
}

int DeviceModel::DevSetName(device* dev, const char* format, va_list args) {
  char text[kNameBytes];
  FormatText(text, sizeof text, format, args);
  return SetName(dev, text);
}

int DeviceModel::DevSetNameTo(device* dev, const char* format, ...) {
  va_list args;
  va_start(args, format);
  const int error = DevSetName(dev, format, args);
  va_end(args);
  return error;
}

int DeviceModel::DeviceAdd(device* dev) {
  const long index = Known(dev, "device_add");
  if (index < 0) return -EINVAL;
  const int error = AddChecked(index, dev);
  if (error != 0) return error;
  MakeNode(index, dev);
  if (Trapped()) return 0;
  if (dev->bus != nullptr) AttachDevice(index);
  return 0;
}

// The refusals of device_add(), in its order, and what it takes.
int DeviceModel::AddChecked(long index, device* dev) {
  if (!HasMemory("device_add")) return -ENOMEM;  // NM4: device_private_init()
  if (dev->init_name != nullptr) {
    SetName(dev, dev->init_name);  // NM3: its error is dropped
    dev->init_name = nullptr;
  }
  const Record& record = records_[static_cast<size_t>(index)];
  if (record.name[0] == '\0') return -EINVAL;
  if ((record.state & kAdded) != 0) return -EEXIST;
  for (uint32_t i = 0; i < *high_water_; ++i) {
    const Record& other = records_[i];
    if (other.dev == 0 || (other.state & kAdded) == 0) continue;
    const auto* other_dev = reinterpret_cast<const device*>(other.dev);
    const bool siblings = dev->class_ != nullptr ? other_dev->class_ == dev->class_
                          : dev->bus != nullptr
                              ? other_dev->bus == dev->bus
                              : other_dev->parent == dev->parent && other_dev->class_ == nullptr;
    if (siblings && std::strcmp(other.name, record.name) == 0) {
      log_.Say(4, "sysfs: cannot create duplicate filename '%s'\n", record.name);
      return -EEXIST;
    }
    if (dev->devt != 0 && other_dev->devt == dev->devt) return -EEXIST;  // /sys/dev/char/M:N
  }
  if (!HasMemory("device_add")) return -ENOMEM;  // NM4: its directory and files in sysfs
  Record& mine = *Writable(static_cast<uint32_t>(index));
  mine.state |= kAdded;
  mine.serial = ++serial_.Mut();
  if (dev->parent != nullptr && Find(dev->parent) >= 0) GetDevice(dev->parent);
  return 0;
}

// devtmpfs: the class may name the node; a '!' in the device's name stands for a folder.
void DeviceModel::MakeNode(long index, device* dev) {
  Record& record = *Writable(static_cast<uint32_t>(index));
  if (dev->devt == 0 || record.node[0] != '\0') return;
  unsigned short mode = 0;
  char* chosen = nullptr;
  if (dev->class_ != nullptr && dev->class_->devnode != nullptr) {
    chosen = CallDriver(calls_, dev->class_->devnode, dev, &mode);
    if (Trapped()) return;
  }
  FormatTextOf(record.node, sizeof record.node, "/dev/%s",
               chosen != nullptr ? chosen : record.name);
  if (chosen != nullptr) {
    alloc_.Kfree(chosen);
  } else {
    for (char* c = record.node; *c != '\0'; ++c) {
      if (*c == '!') *c = '/';
    }
  }
  record.mode = mode != 0 ? mode : 0600;
}

void DeviceModel::DeviceDel(device* dev) {
  const long index = Known(dev, "device_del");
  if (index < 0) return;
  Record& record = *Writable(static_cast<uint32_t>(index));
  if ((record.state & kAdded) == 0) {
    verdicts_.Report(44, 6, "a device that is deleted was added", "device_del: %s is not added",
                     record.name[0] != '\0' ? record.name : "a device");
    return;
  }
  if ((record.state & kBound) != 0) {
    Unbind(index, dev);
    if (Trapped()) return;
  }
  record.state &= ~static_cast<uint32_t>(kAdded | kDeferred);
  std::memset(record.node, 0, sizeof record.node);
  device* parent = dev->parent;
  if (parent != nullptr && Find(parent) >= 0) PutDevice(parent);
}

device* DeviceModel::GetDevice(device* dev) {
  if (dev == nullptr || Known(dev, "get_device") < 0) return dev;
  ++dev->kobj.kref.refcount.counter;
  return dev;
}

void DeviceModel::PutDevice(device* dev) {
  if (dev == nullptr) return;
  const long index = Find(dev);
  if (index < 0) {
    verdicts_.Report(44, 6, "put_device() gives back what get_device() took",
                     "put_device: the device at %p was never initialised or is gone",
                     static_cast<void*>(dev));
    return;
  }
  if (--dev->kobj.kref.refcount.counter > 0) return;
  const Record& record = records_[static_cast<size_t>(index)];
  if ((record.state & kAdded) != 0) {
    verdicts_.Report(44, 6, "a device's last reference goes after device_del()",
                     "put_device: %s is released while it is still registered", record.name);
    Writable(static_cast<uint32_t>(index))->state &= ~static_cast<uint32_t>(kAdded);
  }
  Destroy(index, dev);
}

// drivers/base/core.c:device_release().
void DeviceModel::Destroy(long index, device* dev) {
  const auto slot = static_cast<uint32_t>(index);
  devres_.ReleaseAll(slot);
  if (Trapped()) return;
  const Record record = records_[slot];
  void (*release)(device*) = dev->release != nullptr ? dev->release
                             : dev->type != nullptr && dev->type->release != nullptr
                                 ? dev->type->release
                             : dev->class_ != nullptr ? dev->class_->dev_release
                                                      : nullptr;
  if (release == nullptr && record.origin == kDriverOwned) {
    verdicts_.Report(0, 10, "a device has a release function",
                     "WARN: device '%s' does not have a release() function, it is broken",
                     record.name);
  }
  *Writable(slot) = {};
  while (*high_water_ != 0 && records_[*high_water_ - 1].dev == 0) --high_water_.Mut();
  dev->drydock_id = 0;
  dev->kobj.name = nullptr;
  if (release != nullptr && record.origin != kCreated) CallDriver(calls_, release, dev);
  if (record.origin == kCreated) devices_.Mut(record.slot) = {};
  if (record.origin == kPlatformPool) {
    std::memset(static_cast<void*>(&platform_devices_.Mut(record.slot)), 0, sizeof(PlatformSlot));
  }
}

device* DeviceModel::Create(kclass* cls, device* parent, unsigned int devt, void* drvdata) {
  for (uint32_t i = 0; i < kMaxDevices; ++i) {
    if (devices_[i].used != 0) continue;
    DeviceSlot& slot = devices_.Mut(i);
    slot = {};
    DeviceInitialize(&slot.dev);
    if (slot.dev.drydock_id == 0) return nullptr;
    slot.used = 1;
    Record& record = *Writable(slot.dev.drydock_id - 1);
    record.origin = kCreated;
    record.slot = i;
    slot.dev.class_ = cls;
    slot.dev.parent = parent;
    slot.dev.devt = devt;
    slot.dev.driver_data = drvdata;
    return &slot.dev;
  }
  devices_full_.Exceeded(kMaxDevices);
  return nullptr;
}

device* DeviceModel::DeviceCreate(kclass* cls, device* parent, unsigned int devt, void* drvdata,
                                  const char* format, va_list args) {
  if (cls == nullptr || IsErrorPointer(cls)) return ErrorPointer<device>(-ENODEV);
  char name[kNameBytes];
  FormatText(name, sizeof name, format, args);
  return CreateNamed(cls, parent, devt, drvdata, name, nullptr, 0);
}

device* DeviceModel::CreateNamed(kclass* cls, device* parent, unsigned int devt, void* drvdata,
                                 const char* name, const char* node_name, unsigned short mode) {
  if (!HasMemory("device_create")) return ErrorPointer<device>(-ENOMEM);  // NM5
  device* dev = Create(cls, parent, devt, drvdata);
  if (dev == nullptr) return ErrorPointer<device>(-ENOMEM);
  Record& record = *Writable(dev->drydock_id - 1);
  int error = SetName(dev, name);  // NM5
  if (error == 0) {
    // NM11: misc_devnode()'s copy of the name; without it the node has the device's name.
    if (node_name != nullptr && HasMemory("misc_devnode")) {
      FormatTextOf(record.node, sizeof record.node, "/dev/%s", node_name);
    }
    error = DeviceAdd(dev);
  }
  if (Trapped()) return dev;
  if (error != 0) {
    PutDevice(dev);
    return ErrorPointer<device>(error);
  }
  if (mode != 0 || node_name != nullptr) record.mode = mode != 0 ? mode : 0600;
  return dev;
}

void DeviceModel::DeviceDestroy(kclass* cls, unsigned int devt) {
  for (uint32_t i = 0; i < *high_water_; ++i) {
    auto* dev = reinterpret_cast<device*>(records_[i].dev);
    if (dev == nullptr || (records_[i].state & kAdded) == 0) continue;
    if (dev->class_ != cls || dev->devt != devt) continue;
    DeviceDel(dev);
    if (!Trapped()) PutDevice(dev);
    return;
  }
  // The kernel says nothing when there is none.
}

int DeviceModel::DevmAddAction(device* dev, void (*action)(void*), void* data) {
  const long index = Known(dev, "devm_add_action");
  return index < 0 ? -EINVAL : devres_.AddAction(static_cast<uint32_t>(index), action, data);
}

int DeviceModel::DevmRemoveAction(device* dev, void (*action)(void*), void* data, bool run) {
  const long index = Known(dev, "devm_remove_action");
  return index < 0 ? -ENOENT
                   : devres_.RemoveAction(static_cast<uint32_t>(index), action, data, run);
}

void* DeviceModel::DevmKmalloc(device* dev, size_t size_bytes, unsigned int gfp) {
  const long index = Known(dev, "devm_kmalloc");
  return index < 0 ? nullptr : devres_.Kmalloc(static_cast<uint32_t>(index), size_bytes, gfp);
}

void DeviceModel::DevmKfree(device* dev, const void* object) {
  if (object == nullptr) return;
  const long index = Known(dev, "devm_kfree");
  if (index < 0 || devres_.Kfree(static_cast<uint32_t>(index), object)) return;
  verdicts_.Report(44, 6, "devm_kfree() frees memory of its device",
                   "WARN: devm_kfree: %p is not managed memory of this device", object);
}

}  // namespace drydock::kernel
