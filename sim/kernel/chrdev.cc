// Registration: fs/char_dev.c, drivers/char/misc.c.
#include "sim/kernel/chrdev.h"

#include <cerrno>
#include <cstring>

#include "sim/kernel/errno_name.h"
#include "sim/kernel/format.h"

namespace drydock::kernel {
namespace {

constexpr unsigned int kMajorMax = 512;
constexpr unsigned int kHashBuckets = 255;
constexpr int kDynamicEnd = 234;
constexpr int kDynamicExtendedStart = 511;
constexpr int kDynamicExtendedEnd = 384;
constexpr unsigned int kMinorMask = 0xfffff;
constexpr int kDynamicMinors = 128;

}  // namespace

Chrdevs::Chrdevs(hw::ResetList& list, Verdicts& verdicts, DriverCall& calls, mocks::AllocApi& alloc,
                 mocks::LogApi& modules, DeviceModel& devices)
    : verdicts_(verdicts),
      calls_(calls),
      alloc_(alloc),
      modules_(modules),
      devices_(devices),
      regions_full_(list, verdicts, "character device regions"),
      cdevs_full_(list, verdicts, "character devices"),
      misc_full_(list, verdicts, "misc devices"),
      regions_(list, "chrdev regions", kMaxRegions),
      mappings_(list, "cdev map", kMaxCdevs),
      cdevs_(list, "cdevs", kMaxCdevs),
      miscs_(list, "misc devices", kMaxMisc),
      mapping_high_water_(list, "cdev map's high water"),
      misc_high_water_(list, "misc devices' high water"),
      serial_(list, "misc serial"),
      open_(list, "open files of drivers, misc_mtx"),
      misc_class_(devices.BuiltInClass("misc")) {
  static const file_operations kMiscOperations{};
  RegisterChrdev(kMiscMajor, 0, 256, "misc", &kMiscOperations);
  mappings_.Mut(0).misc = 1;
}

int Chrdevs::FindDynamicMajor() const {
  const auto any = [this](auto matches) {
    for (size_t i = 0; i < kMaxRegions; ++i) {
      if (regions_[i].used != 0 && matches(regions_[i].major)) return true;
    }
    return false;
  };
  // By bucket of the kernel's hash table in the first range, by number in the second.
  for (unsigned int i = kHashBuckets - 1; i >= kDynamicEnd; --i) {
    if (!any([i](unsigned int major) { return major % kHashBuckets == i; })) {
      return static_cast<int>(i);
    }
  }
  for (unsigned int i = kDynamicExtendedStart; i >= kDynamicExtendedEnd; --i) {
    if (!any([i](unsigned int major) { return major == i; })) return static_cast<int>(i);
  }
  return -EBUSY;
}

long Chrdevs::AddRegion(unsigned int major, unsigned int base_minor, unsigned int count,
                        const char* name) {
  if (major >= kMajorMax) return -EINVAL;
  // minorct is an int in the kernel, and the comparison is unsigned.
  if (count > kMinorMask + 1 - base_minor) return -EINVAL;
  if (!HasMemory("register_chrdev_region")) return -ENOMEM;  // NM9
  size_t free = 0;
  while (free < kMaxRegions && regions_[free].used != 0) ++free;
  if (free == kMaxRegions) {
    regions_full_.Exceeded(kMaxRegions);
    return -ENOMEM;
  }
  if (major == 0) {
    const int dynamic = FindDynamicMajor();
    if (dynamic < 0) return dynamic;
    major = static_cast<unsigned int>(dynamic);
  }
  for (size_t i = 0; i < kMaxRegions; ++i) {
    const Region& other = regions_[i];
    if (other.used == 0 || other.major != major) continue;
    if (other.base_minor + other.count <= base_minor) continue;
    if (other.base_minor >= base_minor + count) continue;
    return -EBUSY;
  }
  Region& region = regions_.Mut(free);
  region = {};
  region.used = 1;
  region.major = major;
  region.base_minor = base_minor;
  region.count = count;
  FormatTextOf(region.name, sizeof region.name, "%s", name);
  return static_cast<long>(free);
}

bool Chrdevs::RemoveRegion(unsigned int major, unsigned int base_minor, unsigned int count) {
  for (size_t i = 0; i < kMaxRegions; ++i) {
    const Region& region = regions_[i];
    if (region.used != 0 && region.major == major && region.base_minor == base_minor &&
        region.count == count) {
      regions_.Mut(i) = {};
      return true;
    }
  }
  return false;
}

int Chrdevs::RegisterChrdev(unsigned int major, unsigned int base_minor, unsigned int count,
                            const char* name, const file_operations* fops) {
  const long region = AddRegion(major, base_minor, count, name);
  if (region < 0) return static_cast<int>(region);
  const unsigned int given = regions_[static_cast<size_t>(region)].major;
  uint32_t slot = 0;
  while (slot < kMaxCdevs && cdevs_[slot].kobj.drydock_state != 0) ++slot;
  int error = -ENOMEM;
  if (slot < kMaxCdevs && HasMemory("cdev_alloc")) {  // NM9
    cdev& made = cdevs_.Mut(slot);
    made = {};
    made.kobj.drydock_state = kCdevInitialised;
    made.kobj.kref.refcount.counter = 1;
    made.kobj.name = regions_[static_cast<size_t>(region)].name;
    made.owner = fops->owner;
    made.ops = fops;
    error = MapCdev(&made, MakeDevt(given, base_minor), count, slot + 1);
    if (error != 0) made = {};
  }
  if (error != 0) {
    RemoveRegion(given, base_minor, count);
    return error;
  }
  return major != 0 ? 0 : static_cast<int>(given);
}

void Chrdevs::UnregisterChrdev(unsigned int major, unsigned int base_minor, unsigned int count,
                               const char* name) {
  if (!RemoveRegion(major, base_minor, count)) {
    verdicts_.Report(44, 6, "what is unregistered was registered, with the same numbers",
                     "unregister_chrdev: %u:%u-%u (%s) is not registered", major, base_minor,
                     base_minor + count - 1, name != nullptr ? name : "");
    return;
  }
  for (size_t i = 0; i < kMaxCdevs; ++i) {
    const Mapping& mapping = mappings_[i];
    if (mapping.cdev != 0 && mapping.mapped != 0 && mapping.pooled != 0 &&
        mapping.first == MakeDevt(major, base_minor) && mapping.count == count) {
      UnmapCdev(i);
      return;
    }
  }
}

int Chrdevs::AllocChrdevRegion(unsigned int* dev, unsigned int base_minor, unsigned int count,
                               const char* name) {
  const long region = AddRegion(0, base_minor, count, name);
  if (region < 0) return static_cast<int>(region);
  *dev = MakeDevt(regions_[static_cast<size_t>(region)].major, base_minor);
  return 0;
}

int Chrdevs::RegisterChrdevRegion(unsigned int dev, unsigned int count, const char* name) {
  const unsigned int end = dev + count;
  unsigned int next = 0;
  for (unsigned int at = dev; at < end; at = next) {
    next = MakeDevt(MajorOf(at) + 1, 0);
    if (next > end) next = end;
    const long region = AddRegion(MajorOf(at), MinorOf(at), next - at, name);
    if (region >= 0) continue;
    const unsigned int failed = at;
    for (at = dev; at < failed; at = next) {
      next = MakeDevt(MajorOf(at) + 1, 0);
      if (next > failed) next = failed;
      RemoveRegion(MajorOf(at), MinorOf(at), next - at);
    }
    return static_cast<int>(region);
  }
  return 0;
}

void Chrdevs::UnregisterChrdevRegion(unsigned int dev, unsigned int count) {
  const unsigned int end = dev + count;
  unsigned int next = 0;
  for (unsigned int at = dev; at < end; at = next) {
    next = MakeDevt(MajorOf(at) + 1, 0);
    if (next > end) next = end;
    if (RemoveRegion(MajorOf(at), MinorOf(at), next - at)) continue;
    verdicts_.Report(44, 6, "what is unregistered was registered, with the same numbers",
                     "unregister_chrdev_region: %u:%u-%u is not registered", MajorOf(at),
                     MinorOf(at), MinorOf(at) + (next - at) - 1);
  }
}

long Chrdevs::MappingOf(const cdev* cdev) const {
  for (size_t i = 0; i < kMaxCdevs; ++i) {
    if (mappings_[i].cdev == reinterpret_cast<uint64_t>(cdev)) return static_cast<long>(i);
  }
  return -1;
}

int Chrdevs::MapCdev(cdev* cdev, unsigned int devt, unsigned int count, uint32_t pooled) {
  cdev->dev = devt;
  cdev->count = count;
  if (!HasMemory("cdev_add")) return -ENOMEM;  // NM10: kobj_map()
  for (size_t i = 0; i < kMaxCdevs; ++i) {
    if (mappings_[i].cdev != 0) continue;
    if (i >= *mapping_high_water_) mapping_high_water_.Mut() = static_cast<uint32_t>(i + 1);
    Mapping& mapping = mappings_.Mut(i);
    mapping = {};
    mapping.cdev = reinterpret_cast<uint64_t>(cdev);
    mapping.owner = reinterpret_cast<uint64_t>(cdev->owner);
    mapping.first = devt;
    mapping.count = count;
    mapping.mapped = 1;
    mapping.refs = 1;
    mapping.pooled = pooled;
    mapping.allocated = (cdev->kobj.drydock_state & kCdevAllocated) != 0;
    return 0;
  }
  cdevs_full_.Exceeded(kMaxCdevs);
  return -ENOMEM;
}

void Chrdevs::UnmapCdev(size_t mapping) {
  mappings_.Mut(mapping).mapped = 0;
  PutMapping(mapping);
}

// kobject_put() of a cdev: the structure goes with its last reference.
void Chrdevs::PutMapping(size_t index) {
  if (--mappings_.Mut(index).refs != 0) return;
  const Mapping mapping = mappings_[index];
  mappings_.Mut(index) = {};
  if (mapping.pooled != 0) {
    cdevs_.Mut(mapping.pooled - 1) = {};
  } else if (mapping.allocated != 0) {
    alloc_.Kfree(reinterpret_cast<const void*>(mapping.cdev));
  }
}

void Chrdevs::CdevInit(cdev* cdev, const file_operations* fops) {
  *cdev = {};
  cdev->list.next = cdev->list.prev = &cdev->list;
  cdev->kobj.drydock_state = kCdevInitialised;
  cdev->kobj.kref.refcount.counter = 1;
  cdev->ops = fops;
}

int Chrdevs::CdevAdd(cdev* cdev, unsigned int dev, unsigned int count) {
  const long known = MappingOf(cdev);
  if (known >= 0 && mappings_[static_cast<size_t>(known)].mapped != 0) {
    verdicts_.Report(44, 6, "a cdev is added once", "cdev_add: the cdev of %u:%u is added again",
                     MajorOf(cdev->dev), MinorOf(cdev->dev));
    return -EBUSY;
  }
  return MapCdev(cdev, dev, count, 0);
}

void Chrdevs::CdevDel(cdev* cdev) {
  const long known = MappingOf(cdev);
  if (known >= 0 && mappings_[static_cast<size_t>(known)].mapped != 0) {
    --cdev->kobj.kref.refcount.counter;
    UnmapCdev(static_cast<size_t>(known));
    return;
  }
  // Initialised and never added is legal: an error path.
  if (known < 0 && (cdev->kobj.drydock_state & kCdevInitialised) != 0 &&
      cdev->kobj.kref.refcount.counter > 0) {
    --cdev->kobj.kref.refcount.counter;
    if ((cdev->kobj.drydock_state & kCdevAllocated) != 0) alloc_.Kfree(cdev);
    return;
  }
  verdicts_.Report(44, 6, "a cdev that is deleted was initialised, and is deleted once",
                   "cdev_del: the cdev at %p is not there any more, or never was",
                   static_cast<void*>(cdev));
}

miscdevice* Chrdevs::FindMisc(unsigned int minor) const {
  const Misc* newest = nullptr;  // the kernel adds at the front of its list
  for (size_t i = 0; i < *misc_high_water_; ++i) {
    const Misc& entry = miscs_[i];
    if (entry.misc == 0 || entry.minor != minor) continue;
    if (newest == nullptr || entry.serial > newest->serial) newest = &entry;
  }
  return newest != nullptr ? reinterpret_cast<miscdevice*>(newest->misc) : nullptr;
}

int Chrdevs::MiscRegister(miscdevice* misc) {
  misc->list.next = misc->list.prev = &misc->list;
  if (open_->misc_mutex != 0) {
    verdicts_.TrapNow(Trap::kDeadlock, 52, 15, "misc_mtx is free",
                      "misc_register: called from a misc device's open, which holds misc_mtx");
    return 0;
  }
  const bool dynamic = misc->minor == kMiscDynamicMinor;
  size_t free = 0;
  while (free < kMaxMisc && miscs_[free].misc != 0) ++free;
  if (dynamic) {
    int i = 0;
    while (i < kDynamicMinors && FindMisc(static_cast<unsigned int>(kDynamicMinors - i - 1))) ++i;
    if (i == kDynamicMinors) return -EBUSY;
    misc->minor = kDynamicMinors - i - 1;
  } else if (FindMisc(static_cast<unsigned int>(misc->minor)) != nullptr) {
    return -EBUSY;
  }
  device* made = ErrorPointer<device>(-ENOMEM);
  if (free == kMaxMisc) {
    misc_full_.Exceeded(kMaxMisc);
  } else {
    char name[DeviceModel::kNameBytes];
    FormatTextOf(name, sizeof name, "%s", misc->name);
    made = devices_.CreateNamed(misc_class_, misc->parent,
                                MakeDevt(kMiscMajor, static_cast<unsigned int>(misc->minor)), misc,
                                name, misc->nodename, misc->mode);
  }
  misc->this_device = made;
  if (IsErrorPointer(made)) {
    if (dynamic) misc->minor = kMiscDynamicMinor;
    return static_cast<int>(PointerError(made));
  }
  if (free >= *misc_high_water_) misc_high_water_.Mut() = static_cast<uint32_t>(free + 1);
  miscs_.Mut(free) = {reinterpret_cast<uint64_t>(misc), static_cast<uint32_t>(misc->minor),
                      ++serial_.Mut()};
  return 0;
}

void Chrdevs::MiscDeregister(miscdevice* misc) {
  for (size_t i = 0; i < kMaxMisc; ++i) {
    if (miscs_[i].misc != reinterpret_cast<uint64_t>(misc)) continue;
    if (open_->misc_mutex != 0) {
      verdicts_.TrapNow(Trap::kDeadlock, 52, 15, "misc_mtx is free",
                        "misc_deregister: called from a misc device's open, which holds misc_mtx");
      return;
    }
    const uint32_t minor = miscs_[i].minor;
    miscs_.Mut(i) = {};
    devices_.DeviceDestroy(misc_class_, MakeDevt(kMiscMajor, minor));
    return;
  }
  verdicts_.Report(44, 6, "a misc device that is deregistered is registered",
                   "WARN: misc_deregister: %s is not registered",
                   misc->name != nullptr ? misc->name : "(no name)");
}

void Chrdevs::Ihold(inode* inode) {
  if (++inode->i_count < 2) {
    verdicts_.Report(43, 6, "ihold() of an inode that somebody holds",
                     "WARN: ihold: nobody holds the inode");
  }
}

void Chrdevs::Iput(inode* inode) {
  if (inode == nullptr) return;
  if (inode->i_count > 1) {
    --inode->i_count;
    return;
  }
  verdicts_.Report(44, 6, "an iput() for each ihold() and no more",
                   "iput: the reference that is dropped is not the driver's");
}

}  // namespace drydock::kernel
