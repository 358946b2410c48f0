// One simulated machine with its emulated kernel, a loaded driver and a first process: what
// programs run against. One static world per process; Reset() puts it back to where Checkpoint()
// was.
#ifndef DRYDOCK_SIM_WORLD_H_
#define DRYDOCK_SIM_WORLD_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/hw/platform.h"
#include "sim/kernel/capacity.h"
#include "sim/kernel/verdict.h"
#include "sim/user/process.h"

namespace drydock::kernel {
class Kernel;
}
namespace drydock::devices {
struct Picture;
}

namespace drydock {

struct WorldOptions {
  const hw::Platform* platform = &hw::Platforms()[0];
  int profile = 601;        // 601, 612, 703
  bool core_guards = true;  // mmap(2)'s own checks of offset + length (C03)
  uint64_t seed = 1;
  std::string device_text;  // a --device description; with no name either, the default machine's
  std::string device_name;  // the file it came from, for messages
  bool raw_io = false;      // programs have CAP_SYS_RAWIO
  kernel::Capacity capacity;
};

class World {
 public:
  // Throws std::runtime_error with a one-line message for a bad device text.
  explicit World(WorldOptions options);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // Loads a driver's shared object as insmod does: parameters, then its init calls. Returns "" or
  // one line that begins with `so_path` and says what failed (unknown parameter, no module_init,
  // init's errno, nothing registered with an mmap hook). On failure the world is as it was.
  std::string LoadDriver(const std::string& so_path,
                         const std::vector<std::pair<std::string, std::string>>& params);
  // One load for the sake of what it leaves behind: insmod while the n-th allocation of the init
  // calls fails (0: none does), and rmmod if they succeeded. The verdicts then hold what was
  // reported on the way and what was left registered, allocated or locked (C45, C52); all else is
  // put back. Precondition: no driver is loaded.
  struct LoadTrial {
    bool allocation_failed = false;  // false: the init calls make fewer than n allocations
    std::string error;               // as of LoadDriver(); "" if the driver loaded in spite of it
  };
  LoadTrial TryLoad(const std::string& so_path,
                    const std::vector<std::pair<std::string, std::string>>& params,
                    uint32_t fail_allocation);
  // Another: insmod, a program that maps the first page of each node and exits, rmmod. The verdicts
  // then hold what the unloading showed: memory that is freed before its device is gone (C60), and
  // what is left. Nothing, if the driver does not load or the program traps. Precondition: no
  // driver is loaded.
  void TryUnloadAfterUse(const std::string& so_path,
                         const std::vector<std::pair<std::string, std::string>>& params);
  // As rmmod: the modules' exits in reverse order. False if a module is in use or has no exit.
  bool UnloadDriver();

  // rmmod would remove the driver now, open files or not: nothing holds its module.
  bool DriverCanBeRemoved() const;
  // Where the driver's (last) init begins, as a place in its code (Violation::driver_pc).
  uint64_t InitPc() const;

  // Character device nodes that have an mmap hook, as paths ("/dev/pump").
  const std::vector<std::string>& nodes() const;

  // The driver's .data and .bss as it is now, one after the other; empty without a driver.
  void CopyDriverData(std::vector<unsigned char>* to) const;
  // Where byte `at` of that lies in the driver's image, as Violation::driver_pc counts.
  uint64_t DriverDataOffset(size_t at) const;

  void Checkpoint();
  void Reset();
  // What happens to the machine's devices, by the kernel's name of them ("0000:00:04.0",
  // "drydock_framebuffer"). False if there is no such device, or nothing of the kind happens to it.
  // The driver may trap: verdicts().
  bool UnplugDevice(const char* name);  // it is pulled out
  bool UnbindDevice(const char* name);  // root writes to unbind, or bind, in /sys
  bool BindDevice(const char* name);
  // The device that a node stands on, as root finds it through /sys/dev/char: its name, while a
  // driver has it. nullptr: there is none.
  const char* DeviceBehind(const char* node) const;
  // "lost-interrupt", "bus-error", "short-transfer", `count` times.
  bool InjectFault(const char* name, std::string_view fault, uint32_t count);
  // What a framebuffer shows, nullptr: the first there is. "" or one line that says why it shows
  // nothing.
  std::string ScanOut(const char* name, devices::Picture* picture);

  // Leaves the machine alone for a while, so that what is to come comes: timers, delayed work.
  // Costs nothing where there is none. False if the driver trapped.
  bool Settle();
  // In a child of fork(2), before anything else: its world becomes its own, not the parent's.
  void UnshareAfterFork();
  uint64_t StateHash() const;
  // Name of the first state that differs from the checkpoint, or nullptr (after Reset, for tests).
  const char* FirstDifference() const;

  user::Process init();  // the first process, alive after LoadDriver and Reset
  user::Process process(uint32_t index);
  // Makes another first process after the last one exited, without a reset. False if there is no
  // room.
  bool StartProcess();
  kernel::Kernel& kernel();
  kernel::Verdicts& verdicts();
  const WorldOptions& options() const;

  // Fails the n-th allocation from now on (1 = the next), once; 0 = none.
  void FailAllocation(uint32_t n);

 private:
  bool Happens(bool did);
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace drydock

#endif  // DRYDOCK_SIM_WORLD_H_
