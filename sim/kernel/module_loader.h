// insmod and rmmod: kernel/module/main.c, kernel/params.c.
#ifndef DRYDOCK_SIM_KERNEL_MODULE_LOADER_H_
#define DRYDOCK_SIM_KERNEL_MODULE_LOADER_H_

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/kernel/chrdev.h"
#include "sim/kernel/device_model.h"
#include "sim/kernel/driver_call.h"
#include "sim/kernel/log.h"
#include "sim/kernel/module_image.h"
#include "sim/kernel/verdict.h"

namespace drydock::kernel {

using ModuleParams = std::vector<std::pair<std::string, std::string>>;

class ModuleLoader {
 public:
  ModuleLoader(Verdicts& verdicts, DriverCall& calls, Log& log, Chrdevs& chrdevs,
               DeviceModel& devices)
      : verdicts_(verdicts), calls_(calls), log_(log), chrdevs_(chrdevs), devices_(devices) {}

  // Sets the parameters and runs the init calls by level. Returns "" or one line that begins with
  // the image's path and says what failed:
  //  an unknown parameter, a value it does not take; no module_init; init's errno, or what it
  //  trapped on; a driver that registers nothing, or nothing with an mmap hook.
  // After a failure the world must be put back by Reset(): the driver may have registered things.
  std::string Load(ModuleImage& image, const ModuleParams& params);

  // True when the init calls of Load() all succeeded, whatever it said then: the module is there
  // and can be unloaded.
  static bool IsLive(ModuleImage& image);
  // rmmod would take the module away: it is there, no reference is held, and it has an exit.
  // Whether files are open nobody asks: they hold references, or should (C63).
  static bool CanBeRemoved(const ModuleImage& image);
  // Where the init call that ran last begins; nullptr before the first.
  const void* last_init() const { return last_init_; }

  enum class Unloaded {
    kDone,
    kBusy,     // -EBUSY: files are open, or module references are held; nothing happened
    kNoExit,   // -EBUSY: the module has no exit and cannot be unloaded; nothing happened
    kTrapped,  // the exit trapped; what it did remains
  };
  // Runs the exits in reverse order and reports what they leave registered (C45, O6).
  Unloaded Unload(ModuleImage& image);

 private:
  std::string RunInits(ModuleImage& image);
  std::string CheckRegistered(const ModuleImage& image) const;

  Verdicts& verdicts_;
  DriverCall& calls_;
  Log& log_;
  Chrdevs& chrdevs_;
  DeviceModel& devices_;
  const void* last_init_ = nullptr;
  // Values of charp parameters, which the driver points to. Never part of its memory.
  std::vector<std::unique_ptr<char[]>> texts_;
};

// Stores one parameter's value as the kernel's param_set_*() of its kind does. 0 or a negative
// errno: -EINVAL no number, -ERANGE too large, -ENOSPC a text too long. An array takes values
// between commas and may be half written on failure. `texts` keeps what charp variables point to.
int SetModuleParam(const drydock_param& param, std::string_view value,
                   std::vector<std::unique_ptr<char[]>>* texts);

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_MODULE_LOADER_H_
