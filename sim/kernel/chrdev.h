// Character devices: fs/char_dev.c, drivers/char/misc.c, and the part of fs/open.c that opens one;
// references to inodes, fs/inode.c.
//
// A device number is the kernel's dev_t: major << 20 | minor. Errors are the kernel's, in its
// order, and leave nothing behind. Violations:
//  unregistering or deleting what is not registered       C44, O6
//  removing the same cdev or misc device twice             C44, O6
//  more iput() than ihold()                                C44, O6
//  registrations left at module exit (ReportLeftovers)     C45, O6
//  misc_register() from a misc device's open               Trap::kDeadlock, C52, O15 (misc_mtx)
//
// Nodes: devtmpfs makes one for each device with a device number (DeviceModel). Where a driver
// registers numbers and makes no device, a user would call mknod(1); Drydock does that for the
// first number: see docs/device-files.md, "Nodes".
#ifndef DRYDOCK_SIM_KERNEL_CHRDEV_H_
#define DRYDOCK_SIM_KERNEL_CHRDEV_H_

#include <cstddef>
#include <cstdint>

#include "mocks/kernel_api.h"
#include "sim/hw/tracked.h"
#include "sim/kernel/capacity_note.h"
#include "sim/kernel/device_model.h"
#include "sim/kernel/driver_call.h"
#include "sim/kernel/kernel_memory.h"
#include "sim/kernel/verdict.h"

namespace drydock::kernel {

constexpr unsigned int MakeDevt(unsigned int major, unsigned int minor) {
  return major << 20 | minor;
}
constexpr unsigned int MajorOf(unsigned int devt) { return devt >> 20; }
constexpr unsigned int MinorOf(unsigned int devt) { return devt & 0xfffff; }

inline constexpr unsigned int kCdevInitialised = DRYDOCK_CDEV_INITIALISED;
inline constexpr unsigned int kCdevAllocated = DRYDOCK_CDEV_ALLOCATED;

class Chrdevs final : public mocks::ChrdevApi {
 public:
  static constexpr size_t kMaxRegions = 64;
  static constexpr size_t kMaxCdevs = 128;
  static constexpr size_t kMaxMisc = 64;
  static constexpr unsigned int kMiscMajor = 10;
  static constexpr int kMiscDynamicMinor = 255;

  // Registers the class "misc" and major 10.
  Chrdevs(hw::ResetList& list, Verdicts& verdicts, DriverCall& calls, mocks::AllocApi& alloc,
          mocks::LogApi& modules, DeviceModel& devices);

  // Asked for what these functions allocate for themselves; unset, that never fails.
  void SetMemory(KernelMemory* memory) { kernel_memory_ = memory; }

  int RegisterChrdev(unsigned int major, unsigned int base_minor, unsigned int count,
                     const char* name, const file_operations* fops) override;
  void UnregisterChrdev(unsigned int major, unsigned int base_minor, unsigned int count,
                        const char* name) override;
  int AllocChrdevRegion(unsigned int* dev, unsigned int base_minor, unsigned int count,
                        const char* name) override;
  int RegisterChrdevRegion(unsigned int dev, unsigned int count, const char* name) override;
  void UnregisterChrdevRegion(unsigned int dev, unsigned int count) override;
  void CdevInit(cdev* cdev, const file_operations* fops) override;
  int CdevAdd(cdev* cdev, unsigned int dev, unsigned int count) override;
  void CdevDel(cdev* cdev) override;
  int MiscRegister(miscdevice* misc) override;
  void MiscDeregister(miscdevice* misc) override;
  // Inodes are the Vfs's; it counts one reference to each for the name by which it is found.
  void Ihold(inode* inode) override;
  void Iput(inode* inode) override;

  struct Node {
    char path[96] = {};
    unsigned int devt = 0;
    unsigned short mode = 0;
    bool synthetic = false;  // no devtmpfs node: as if made by mknod
    bool can_mmap = false;   // the hook .mmap or .mmap_prepare is there
  };
  // Every node of a driver, in a stable order. Writes at most `capacity` nodes; returns how many
  // there are.
  size_t ListNodes(Node* to, size_t capacity) const;
  // The device number behind a path. False if there is no such node (ENOENT).
  bool FindNode(const char* path, unsigned int* devt, unsigned short* mode) const;
  // The operations an open of `devt` would use; nullptr when nothing serves it (ENXIO or ENODEV).
  const file_operations* FindOperations(unsigned int devt) const;

  // chrdev_open() and, for misc devices, misc_open(): inode->i_rdev says which. Sets inode->i_cdev,
  // file->f_op and, for misc devices, file->private_data before the driver's open. Returns 0 or a
  // negative errno (or the positive number of a driver that errs); on failure no reference is kept
  // and f_op is nullptr. After a trap everything is left as it stands.
  int Open(inode* inode, file* file);
  // The last part of __fput(): the driver's release, then the references that Open() took. Its
  // value is ignored, as in the kernel.
  void Release(inode* inode, file* file);
  // Files that are open.
  uint32_t open_count() const { return open_->files; }
  // While a driver is let go: its exit, or the remove of one of its devices.
  void SetLeaving(bool leaving) { leaving_ = leaving; }
  bool leaving() const { return leaving_; }
  // What the last successful Open() opened, for who asks right after it; no state of the machine.
  const file_operations* last_opened() const { return last_opened_; }
  // True if anything is registered, the kernel's own apart.
  bool AnythingRegistered() const;
  // As DeviceModel::ReportLeftovers().
  void ReportLeftovers(const char* expected);

 private:
  struct Region {
    uint32_t used;
    uint32_t major, base_minor, count;
    char name[64];
  };
  // A cdev that was added. References and owner are kept here: the driver's structure may be gone
  // when the last file is closed.
  struct Mapping {
    uint64_t cdev;   // cdev*; 0: free
    uint64_t owner;  // module*
    uint32_t first;  // device number
    uint32_t count;
    uint32_t mapped;  // 0: deleted, and kept by open files
    uint32_t refs;
    uint32_t pooled;     // index + 1 of a cdev of register_chrdev
    uint32_t misc;       // 1: major 10, the kernel's own
    uint32_t allocated;  // 1: cdev_alloc() made it, so the last put frees it
    uint32_t reserved;
  };
  struct Misc {
    uint64_t misc;  // miscdevice*; 0: free
    uint32_t minor;
    uint32_t serial;
  };

  struct OpenState {
    uint32_t files;       // of drivers
    uint32_t misc_mutex;  // 1 while misc_open() runs a driver's open
  };

  int FindDynamicMajor() const;
  // Region index, or a negative errno.
  long AddRegion(unsigned int major, unsigned int base_minor, unsigned int count, const char* name);
  bool RemoveRegion(unsigned int major, unsigned int base_minor, unsigned int count);
  // Indices into mappings_, or -1.
  long MappingAt(unsigned int devt) const;
  long MappingOf(const cdev* cdev) const;
  miscdevice* FindMisc(unsigned int minor) const;
  int MapCdev(cdev* cdev, unsigned int devt, unsigned int count, uint32_t pooled);
  void UnmapCdev(size_t mapping);
  void PutMapping(size_t mapping);
  int OpenMisc(inode* inode, file* file);
  int CallOpen(inode* inode, file* file, const file_operations* fops);
  void SyntheticNode(const Mapping& mapping, Node* node) const;
  bool NeedsSyntheticNode(const Mapping& mapping) const;
  bool Trapped() const { return verdicts_.pending_trap() != Trap::kNone; }
  bool HasMemory(const char* function) { return Grants(kernel_memory_, function); }
  static bool CanMmap(const file_operations* fops) {
    return fops != nullptr && (fops->mmap != nullptr || fops->mmap_prepare != nullptr);
  }

  Verdicts& verdicts_;
  DriverCall& calls_;
  mocks::AllocApi& alloc_;
  mocks::LogApi& modules_;
  DeviceModel& devices_;
  KernelMemory* kernel_memory_ = nullptr;
  CapacityNote regions_full_, cdevs_full_, misc_full_;
  hw::TrackedArray<Region> regions_;
  hw::TrackedArray<Mapping> mappings_;
  hw::TrackedArray<cdev> cdevs_;  // of register_chrdev
  hw::TrackedArray<Misc> miscs_;
  // Entries at and above them are free.
  hw::Tracked<uint32_t> mapping_high_water_, misc_high_water_;
  hw::Tracked<uint32_t> serial_;
  hw::Tracked<OpenState> open_;
  kclass* misc_class_;
  bool leaving_ = false;
  const file_operations* last_opened_ = nullptr;
};

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_CHRDEV_H_
