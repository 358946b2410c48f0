#include "kmod/conform/guest_side.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tools/command/subprocess.h"

namespace drydock::kmod {
namespace fs = std::filesystem;

constexpr char kPtdump[] = "kmod/ptdump";

GuestSide::GuestSide(const GuestParts& parts, const StoredKernel& kernel)
    : parts_(parts), kernel_(kernel) {}

std::string GuestSide::Build(const ModuleOfDriver& module, std::string* file) {
  if (!parts_.built_modules.empty()) {
    *file = parts_.built_modules + "/" + module.module + ".ko";
    return fs::exists(*file) ? "" : *file + ": no such file";
  }
  const std::string log = parts_.folder + "/module.log";
  fs::remove(log);
  std::vector<std::string> words = {parts_.root + "/kmod/runner/module.sh",
                                    module.root.empty() ? parts_.root : module.root,
                                    module.folder,
                                    module.module,
                                    kernel_.build,
                                    parts_.cache + "/" + kernel_.name};
  if (!parts_.cover_hook.empty() && module.folder != kPtdump) {
    words.push_back(parts_.cover_hook);
    words.insert(words.end(), parts_.cover_flags.begin(), parts_.cover_flags.end());
  }
  const pid_t child = command::Spawn(words, {.environment = {}, .output_file = log});
  const int status = child > 0 ? command::WaitSeconds(child, 300) : 127;
  std::ifstream lines(log);
  std::string first, last, line;
  while (std::getline(lines, line)) {
    if (first.empty()) first = line;
    last = line;
  }
  if (status != 0) {
    return module.module + ".ko does not build against kernel " + kernel_.name + ": " + first;
  }
  *file = last;
  return {};
}

std::string GuestSide::Prepare(const std::vector<ModuleOfDriver>& modules) {
  initramfs_ = parts_.folder + "/guest.cpio";
  std::vector<std::string> words = {parts_.pack, initramfs_, "init", parts_.agent};
  std::vector<ModuleOfDriver> all = {{kPtdump, "drydock_ptdump"}};
  all.insert(all.end(), modules.begin(), modules.end());
  for (const ModuleOfDriver& module : all) {
    std::string file;
    const std::string wrong = Build(module, &file);
    if (!wrong.empty()) return wrong;
    files_[module.module] = file;
    const std::string place = module.module + ".ko";
    if (std::find(words.begin(), words.end(), place) != words.end()) continue;
    words.insert(words.end(), {place, file});
  }
  int status = 0;
  command::Capture(words, &status);
  return status == 0 ? "" : initramfs_ + " cannot be packed; see to the space there";
}

void GuestSide::Start() {
  if (guest_ != nullptr) return;
  guest_ = std::make_unique<Guest>(GuestOptions{.qemu = parts_.qemu,
                                                .accelerator = parts_.accelerator,
                                                .image = kernel_.image,
                                                .initramfs = initramfs_,
                                                .folder = parts_.folder,
                                                .kernel_words = parts_.kernel_words,
                                                .interrupted = command::Interrupted});
  not_started_ = guest_->Start();
  ready_ = false;
  ++boots_;
}

std::string GuestSide::Run(std::span<const fuzz::Program> programs, const DriverInGuest& driver,
                           std::vector<Shown>* shown, bool fresh) {
  fresh |= guest_ == nullptr || !ready_;
  Start();
  if (!ready_) {
    const std::string wrong = not_started_.empty() ? guest_->AwaitReady() : not_started_;
    boot_seconds_ += guest_->boot_seconds();
    waited_seconds_ += guest_->waited_seconds();
    if (!wrong.empty()) {
      Forget();
      return wrong;
    }
    ready_ = true;
  }
  const std::string wrong = guest_->Run(programs, fresh ? &driver : nullptr, shown);
  if (!wrong.empty()) Forget();
  return wrong;
}

void GuestSide::Forget() {
  clock_jumps_ += guest_->clock_jumps();
  guest_.reset();
}

std::string GuestSide::End() {
  if (guest_ == nullptr) return {};
  const std::string wrong = ready_ ? guest_->End() : "";
  Forget();
  return wrong;
}

}  // namespace drydock::kmod
