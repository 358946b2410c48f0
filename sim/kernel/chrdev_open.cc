// Opening, nodes, and what is left at exit: fs/char_dev.c:chrdev_open(),
// drivers/char/misc.c:misc_open(), fs/open.c:do_dentry_open(), fs/file_table.c:__fput().
#include <cerrno>
#include <cstring>

#include "sim/kernel/chrdev.h"
#include "sim/kernel/format.h"

namespace drydock::kernel {

// The smallest range that holds the number, as kobj_lookup() chooses.
long Chrdevs::MappingAt(unsigned int devt) const {
  long best = -1;
  for (size_t i = 0; i < *mapping_high_water_; ++i) {
    const Mapping& mapping = mappings_[i];
    if (mapping.cdev == 0 || mapping.mapped == 0 || devt - mapping.first >= mapping.count) continue;
    if (best < 0 || mapping.count < mappings_[static_cast<size_t>(best)].count) {
      best = static_cast<long>(i);
    }
  }
  return best;
}

const file_operations* Chrdevs::FindOperations(unsigned int devt) const {
  const long mapping = MappingAt(devt);
  if (mapping < 0) return nullptr;
  if (mappings_[static_cast<size_t>(mapping)].misc != 0) {
    const miscdevice* misc = FindMisc(MinorOf(devt));
    return misc != nullptr ? misc->fops : nullptr;
  }
  return reinterpret_cast<const cdev*>(mappings_[static_cast<size_t>(mapping)].cdev)->ops;
}

int Chrdevs::Open(inode* inode, file* file) {
  // A cdev that the inode remembers serves again, even when it was deleted meanwhile and lives on
  // by its open files.
  long found = inode->i_cdev != nullptr ? MappingOf(inode->i_cdev) : -1;
  if (found < 0) found = MappingAt(inode->i_rdev);
  if (found < 0) return -ENXIO;
  const auto mapping = static_cast<size_t>(found);
  auto* owner = reinterpret_cast<module*>(mappings_[mapping].owner);
  if (!modules_.TryModuleGet(owner)) return -ENXIO;
  ++mappings_.Mut(mapping).refs;
  auto* served = reinterpret_cast<cdev*>(mappings_[mapping].cdev);
  inode->i_cdev = served;

  int error = 0;
  if (mappings_[mapping].misc != 0) {
    error = OpenMisc(inode, file);
  } else if (served->ops == nullptr || !modules_.TryModuleGet(served->ops->owner)) {
    error = -ENXIO;
  } else {
    error = CallOpen(inode, file, served->ops);
  }
  if (Trapped()) return 0;
  if (error == 0) {
    ++open_.Mut().files;
    last_opened_ = file->f_op;
    return 0;
  }
  if (error > 0) {  // fs/open.c: WARN_ON_ONCE(error > 0)
    verdicts_.Report(35, 9, "open returns 0 or a negative errno", "open returned %d", error);
    error = -EINVAL;
  }
  PutMapping(mapping);
  modules_.ModulePut(owner);
  return error;
}

int Chrdevs::OpenMisc(inode* inode, file* file) {
  miscdevice* misc = FindMisc(MinorOf(inode->i_rdev));
  if (misc == nullptr || misc->fops == nullptr || !modules_.TryModuleGet(misc->fops->owner)) {
    return -ENODEV;
  }
  file->private_data = misc;
  open_.Mut().misc_mutex = 1;
  const int error = CallOpen(inode, file, misc->fops);
  open_.Mut().misc_mutex = 0;
  return error;
}

// The caller took a reference of fops->owner; it is given back on failure.
int Chrdevs::CallOpen(inode* inode, file* file, const file_operations* fops) {
  file->f_op = fops;
  if (fops->open == nullptr) return 0;
  const int error = CallDriver(calls_, fops->open, inode, file);
  if (Trapped() || error == 0) return error;
  modules_.ModulePut(fops->owner);
  file->f_op = nullptr;
  return error;
}

void Chrdevs::Release(inode* inode, file* file) {
  const file_operations* fops = file->f_op;
  if (fops == nullptr) return;
  if (fops->release != nullptr) {
    CallDriver(calls_, fops->release, inode, file);
    if (Trapped()) return;
  }
  const long mapping = inode->i_cdev != nullptr ? MappingOf(inode->i_cdev) : -1;
  if (mapping >= 0) {
    auto* owner = reinterpret_cast<module*>(mappings_[static_cast<size_t>(mapping)].owner);
    PutMapping(static_cast<size_t>(mapping));
    modules_.ModulePut(owner);
  }
  modules_.ModulePut(fops->owner);
  file->f_op = nullptr;
  if (open_->files != 0) --open_.Mut().files;
}

bool Chrdevs::NeedsSyntheticNode(const Mapping& mapping) const {
  return mapping.cdev != 0 && mapping.mapped != 0 && mapping.misc == 0 &&
         !devices_.HasNodeOf(mapping.first, mapping.count);
}

// "/dev/NAME" where NAME is the region's, with the minor behind it when the region has several
// cdevs; "/dev/char/MAJOR:MINOR" when there is no region or another node has the name.
void Chrdevs::SyntheticNode(const Mapping& mapping, Node* node) const {
  const unsigned int major = MajorOf(mapping.first);
  const unsigned int minor = MinorOf(mapping.first);
  node->devt = mapping.first;
  node->mode = 0600;
  node->synthetic = true;
  node->path[0] = '\0';
  for (size_t i = 0; i < kMaxRegions; ++i) {
    const Region& region = regions_[i];
    if (region.used == 0 || region.major != major || minor - region.base_minor >= region.count) {
      continue;
    }
    int siblings = 0;
    for (size_t m = 0; m < kMaxCdevs; ++m) {
      const Mapping& other = mappings_[m];
      siblings += other.cdev != 0 && other.mapped != 0 && MajorOf(other.first) == major &&
                  MinorOf(other.first) - region.base_minor < region.count;
    }
    if (siblings > 1) {
      FormatTextOf(node->path, sizeof node->path, "/dev/%s%u", region.name, minor);
    } else {
      FormatTextOf(node->path, sizeof node->path, "/dev/%s", region.name);
    }
    break;
  }
  bool clash = node->path[0] == '\0' || devices_.FindNode(node->path).path != nullptr;
  for (size_t m = 0; !clash && m < kMaxCdevs; ++m) {
    // Two registrations of one name: the first keeps it.
    if (&mappings_[m] == &mapping) break;
    if (!NeedsSyntheticNode(mappings_[m])) continue;
    Node other;
    SyntheticNode(mappings_[m], &other);
    clash = std::strcmp(other.path, node->path) == 0;
  }
  if (clash) FormatTextOf(node->path, sizeof node->path, "/dev/char/%u:%u", major, minor);
}

size_t Chrdevs::ListNodes(Node* to, size_t capacity) const {
  size_t count = 0;
  const auto add = [&](Node node) {
    node.can_mmap = CanMmap(FindOperations(node.devt));
    if (count < capacity) to[count] = node;
    ++count;
  };
  for (size_t i = 0; i < devices_.node_limit(); ++i) {
    const DeviceModel::Node found = devices_.node(i);
    if (found.path == nullptr) continue;
    Node node;
    FormatTextOf(node.path, sizeof node.path, "%s", found.path);
    node.devt = found.devt;
    node.mode = found.mode;
    add(node);
  }
  for (size_t i = 0; i < kMaxCdevs; ++i) {
    if (!NeedsSyntheticNode(mappings_[i])) continue;
    Node node;
    SyntheticNode(mappings_[i], &node);
    add(node);
  }
  return count;
}

bool Chrdevs::FindNode(const char* path, unsigned int* devt, unsigned short* mode) const {
  const DeviceModel::Node found = devices_.FindNode(path);
  if (found.path != nullptr) {
    *devt = found.devt;
    *mode = found.mode;
    return true;
  }
  for (size_t i = 0; i < *mapping_high_water_; ++i) {
    if (!NeedsSyntheticNode(mappings_[i])) continue;
    Node node;
    SyntheticNode(mappings_[i], &node);
    if (std::strcmp(node.path, path) != 0) continue;
    *devt = node.devt;
    *mode = node.mode;
    return true;
  }
  return false;
}

bool Chrdevs::AnythingRegistered() const {
  for (size_t i = 0; i < kMaxCdevs; ++i) {
    if (mappings_[i].cdev != 0 && mappings_[i].mapped != 0 && mappings_[i].misc == 0) return true;
  }
  for (size_t i = 0; i < kMaxMisc; ++i) {
    if (miscs_[i].misc != 0) return true;
  }
  return false;
}

void Chrdevs::ReportLeftovers(const char* expected) {
  for (size_t i = 0; i < kMaxMisc; ++i) {
    if (miscs_[i].misc == 0) continue;
    verdicts_.Report(45, 6, expected, "the misc device with minor %u is still registered",
                     miscs_[i].minor);
  }
  for (size_t i = 0; i < kMaxCdevs; ++i) {
    const Mapping& mapping = mappings_[i];
    if (mapping.cdev == 0 || mapping.mapped == 0 || mapping.misc != 0 || mapping.pooled != 0) {
      continue;
    }
    verdicts_.Report(45, 6, expected, "the cdev of %u:%u is still added", MajorOf(mapping.first),
                     MinorOf(mapping.first));
  }
  for (size_t i = 0; i < kMaxRegions; ++i) {
    if (regions_[i].used == 0 || regions_[i].major == kMiscMajor) continue;
    verdicts_.Report(45, 6, expected, "the region %s (major %u) is still registered",
                     regions_[i].name, regions_[i].major);
  }
}

}  // namespace drydock::kernel
