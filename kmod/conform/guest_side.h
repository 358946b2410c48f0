// Linux's half of a comparison: a kernel, drivers as modules for it, a guest that is booted again
// whenever it has died.
#ifndef DRYDOCK_KMOD_CONFORM_GUEST_SIDE_H_
#define DRYDOCK_KMOD_CONFORM_GUEST_SIDE_H_

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kmod/runner/guest.h"
#include "kmod/runner/kernel_store.h"

namespace drydock::kmod {

// Where the parts are that a guest is made of.
struct GuestParts {
  std::string root;           // the checkout
  std::string agent;          // static program
  std::string pack;           // packs an initramfs
  std::string cache;          // for modules that were built
  std::string folder;         // for files of this run
  std::string built_modules;  // folder of modules that were built elsewhere; empty: none
  std::string accelerator = "tcg";
  std::string qemu = "qemu-system-x86_64";
  std::string kernel_words = {};  // for the kernel's command line, " word" each
  std::string cover_hook = {};    // C file for drivers that tell their coverage; empty: they do not
  std::vector<std::string> cover_flags = {};  // with which they are compiled then
};

struct ModuleOfDriver {
  std::string folder;     // of the checkout; its Kbuild makes ...
  std::string module;     // ... MODULE.ko
  std::string root = {};  // where the folder is, if not in the checkout
};

class GuestSide {
 public:
  GuestSide(const GuestParts& parts, const StoredKernel& kernel);

  // Builds the modules and packs what boots. "" or one line.
  std::string Prepare(const std::vector<ModuleOfDriver>& modules);

  // Begins to boot, if no guest runs; what is wrong, Run() says.
  void Start();

  // Runs programs on a driver that is loaded anew before the first of them, as Guest::Run says;
  // boots if need be. Not `fresh`: on the driver as it is, if the guest runs.
  std::string Run(std::span<const fuzz::Program> programs, const DriverInGuest& driver,
                  std::vector<Shown>* shown, bool fresh = true);
  // The guest, if one runs, is asked to end. "" if it ended well.
  std::string End();

  // The file of a module that Prepare() has built.
  const std::string& FileOf(const std::string& module) { return files_[module]; }

  size_t boots() const { return boots_; }
  double boot_seconds() const { return boot_seconds_; }  // of all boots
  double waited_seconds() const {
    return waited_seconds_;
  }  // of these, while nothing else was done
  size_t clock_jumps() const { return clock_jumps_ + (guest_ ? guest_->clock_jumps() : 0); }

 private:
  void Forget();
  std::string Build(const ModuleOfDriver& module, std::string* file);

  const GuestParts parts_;
  const StoredKernel kernel_;
  std::string initramfs_;
  std::map<std::string, std::string> files_;  // by module
  std::unique_ptr<Guest> guest_;
  bool ready_ = false;
  std::string not_started_;
  size_t boots_ = 0;
  double boot_seconds_ = 0, waited_seconds_ = 0;
  size_t clock_jumps_ = 0;
};

}  // namespace drydock::kmod

#endif  // DRYDOCK_KMOD_CONFORM_GUEST_SIDE_H_
