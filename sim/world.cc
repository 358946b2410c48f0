#include "sim/world.h"

#include <stdexcept>

#include "sim/devices/framebuffer.h"
#include "sim/devices/models.h"
#include "sim/hw/page_copy.h"
#include "sim/kernel/driver_data.h"
#include "sim/kernel/kernel.h"
#include "sim/kernel/module_image.h"
#include "sim/kernel/module_loader.h"

namespace drydock {
namespace {

constexpr double kSecondsPerCallback = 1.0;

devices::Models models;  // it has no state

kernel::KernelOptions OptionsOf(const WorldOptions& options) {
  const bool plain = options.device_text.empty() && options.device_name.empty();
  return {.platform = options.platform,
          .profile = options.profile,
          .core_guards = options.core_guards,
          .seed = options.seed,
          .device_text = plain ? devices::kDefaultMachine : options.device_text,
          .device_name = plain ? devices::kDefaultMachineName : options.device_name,
          .models = &models,
          .raw_io = options.raw_io,
          .capacity = options.capacity};
}

}  // namespace

struct World::Impl {
  explicit Impl(WorldOptions given)
      : options(std::move(given)),
        kernel(OptionsOf(options)),
        current(kernel),
        loader(kernel.verdicts(), kernel.runner(), kernel.log(), kernel.chrdev(),
               kernel.devices()) {}

  void ListNodes() {
    nodes.clear();
    std::vector<kernel::Chrdevs::Node> found(kernel::Chrdevs::kMaxCdevs);
    const size_t count = kernel.chrdev().ListNodes(found.data(), found.size());
    for (size_t i = 0; i < count && i < found.size(); ++i) {
      if (!found[i].can_mmap) continue;
      nodes.emplace_back(found[i].path);
      kernel.vfs().MakeInode(found[i].path);
    }
  }

  // What insmod, or rmmod after it, left behind.
  void ReportLeft(uint64_t mark) {
    kernel.locks().CheckNoneHeld("insmod");
    const char* expected = "an init that fails takes back what it took";
    if (kernel::ModuleLoader::IsLive(*image)) {
      // (No exit, or references of its own that keep it: it stays loaded.)
      if (loader.Unload(*image) != kernel::ModuleLoader::Unloaded::kDone) return;
      kernel.locks().CheckNoneHeld("rmmod");
      expected = "module exit takes back what init took";
    } else {
      // One past its first byte: a call's place is looked for before the address it returns to.
      if (loader.last_init() != nullptr) {
        kernel.verdicts().NoteCaller(static_cast<const char*>(loader.last_init()) + 1);
      }
      kernel.chrdev().ReportLeftovers(expected);
      kernel.devices().ReportLeftovers(expected);
    }
    kernel.io().ReportLeftovers(expected);
    kernel.alloc().ReportLeftovers(mark, expected);
  }

  // "", or why there is none. Then the verdicts know the driver's code.
  std::string OpenImage(const std::string& so_path) {
    try {
      image = std::make_unique<kernel::ModuleImage>(so_path);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    data = std::make_unique<kernel::DriverData>(image->data());
    kernel.verdicts().SetDriverImage(image->base(), image->code_end());
    return "";
  }

  void CloseImage() {
    data.reset();
    image.reset();
    kernel.verdicts().SetDriverImage(nullptr, nullptr);
  }

  bool Trapped() { return kernel.verdicts().pending_trap() != kernel::Trap::kNone; }

  // A program that maps the first page of each node, as far as the driver lets it. Not after a
  // trap: then nothing can be said any more.
  void MapEachNode() {
    user::Process process(kernel, 0);
    for (const std::string& node : nodes) {
      constexpr int kReadWrite = 2, kReadOnly = 0, kRead = 1, kWrite = 2, kShared = 1;
      user::Outcome file = process.Open(node.c_str(), kReadWrite);
      if (Trapped()) return;
      if (!file.ok()) file = process.Open(node.c_str(), kReadOnly);
      if (Trapped()) return;
      for (const int prot : {kRead | kWrite, kRead}) {
        if (!file.ok()) break;
        const user::Outcome at =
            process.Mmap({}, hw::kPageSize, prot, kShared, static_cast<int>(file.value), 0);
        if (Trapped()) return;
        if (!at.ok()) continue;
        process.Touch({static_cast<uint64_t>(at.value)}, /*write=*/false);
        break;
      }
      if (Trapped()) return;
    }
    process.Exit();
  }

  // What init began goes on until it sleeps for good: a checkpoint holds no running task. "", or
  // one line.
  std::string ComeToRest() {
    bool killed = false;
    kernel.EndCall("module init", 0, &killed);
    if (kernel.tasks().any_alive()) kernel.tasks().Settle();
    if (kernel.verdicts().pending_trap() != kernel::Trap::kNone) {
      const size_t count = kernel.verdicts().count();
      return std::string("what init began does not end: ") +
             (count != 0 ? kernel.verdicts()[count - 1].seen : "trapped");
    }
    if (!kernel.tasks().any_alive()) return "";
    return "a work item or interrupt thread that init began sleeps for ever: not modelled";
  }

  WorldOptions options;
  kernel::Kernel kernel;
  mocks::ScopedKernelApi current;
  kernel::ModuleLoader loader;
  std::unique_ptr<kernel::ModuleImage> image;
  std::unique_ptr<kernel::DriverData> data;
  std::vector<std::string> nodes;
};

World::World(WorldOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {
  kernel::DriverRunner::InstallSignalHandlers(kSecondsPerCallback);
  Checkpoint();
}

World::~World() = default;

std::string World::LoadDriver(const std::string& so_path,
                              const std::vector<std::pair<std::string, std::string>>& params) {
  Impl& world = *impl_;
  std::string wrong = world.OpenImage(so_path);
  if (!wrong.empty()) return wrong;
  wrong = world.loader.Load(*world.image, params);
  if (wrong.empty()) wrong = world.ComeToRest();
  if (!wrong.empty()) {
    Reset();
    verdicts().Clear();
    world.CloseImage();
    return wrong;
  }
  world.ListNodes();
  world.kernel.CompleteMachine();
  return "";
}

World::LoadTrial World::TryLoad(const std::string& so_path,
                                const std::vector<std::pair<std::string, std::string>>& params,
                                uint32_t fail_allocation) {
  Impl& world = *impl_;
  LoadTrial trial;
  trial.error = world.OpenImage(so_path);
  if (!trial.error.empty()) return trial;
  const uint64_t mark = world.kernel.alloc().LeakMark();
  FailAllocation(fail_allocation);
  trial.error = world.loader.Load(*world.image, params);
  if (trial.error.empty()) trial.error = world.ComeToRest();
  trial.allocation_failed = fail_allocation != 0 && !world.kernel.alloc().failure_pending();
  FailAllocation(0);
  // After a trap nothing can be said about what is left.
  if (!world.Trapped()) world.ReportLeft(mark);
  Reset();
  if (world.Trapped()) verdicts().ClearTrap();
  world.CloseImage();
  return trial;
}

void World::TryUnloadAfterUse(const std::string& so_path,
                              const std::vector<std::pair<std::string, std::string>>& params) {
  Impl& world = *impl_;
  if (!world.OpenImage(so_path).empty()) return;
  world.kernel.WatchRemoval(true);
  const uint64_t mark = world.kernel.alloc().LeakMark();
  bool used = world.loader.Load(*world.image, params).empty() && world.ComeToRest().empty();
  if (used) {
    world.ListNodes();
    world.MapEachNode();
    used = !world.Trapped() && Settle();
  }
  // What is wrong with loading and mapping it others tell.
  verdicts().Clear();
  if (used) world.ReportLeft(mark);
  Reset();
  if (world.Trapped()) verdicts().ClearTrap();
  world.kernel.WatchRemoval(false);
  world.nodes.clear();
  world.CloseImage();
}

bool World::UnloadDriver() {
  Impl& world = *impl_;
  if (world.image == nullptr ||
      world.loader.Unload(*world.image) != kernel::ModuleLoader::Unloaded::kDone) {
    return false;
  }
  world.kernel.ReportLeftovers();
  return true;
}

// As a process does it that runs on another processor: whatever comes of it has come when this
// returns.
bool World::Happens(bool did) {
  kernel::Kernel& kernel = impl_->kernel;
  bool killed = false;
  if (did && verdicts().pending_trap() == kernel::Trap::kNone) kernel.EndCall("remove", 0, &killed);
  if (verdicts().pending_trap() != kernel::Trap::kNone) kernel.tasks().Unwind();
  return did;
}

bool World::UnplugDevice(const char* name) { return Happens(impl_->kernel.UnplugDevice(name)); }
bool World::UnbindDevice(const char* name) {
  return Happens(impl_->kernel.devices().UnbindDevice(name));
}
bool World::BindDevice(const char* name) {
  return Happens(impl_->kernel.devices().BindDevice(name));
}

const char* World::DeviceBehind(const char* node) const {
  unsigned int devt = 0;
  unsigned short mode = 0;
  if (!impl_->kernel.chrdev().FindNode(node, &devt, &mode)) return nullptr;
  return impl_->kernel.devices().BoundBehind(devt);
}

bool World::InjectFault(const char* name, std::string_view fault, uint32_t count) {
  kernel::SimulatedDevice* device = impl_->kernel.machine().Find(name);
  return device != nullptr && device->Inject(fault, count);
}

std::string World::ScanOut(const char* name, devices::Picture* picture) {
  const kernel::MachineDevices& machine = impl_->kernel.machine();
  if (name == nullptr) {
    for (size_t i = 0; i < machine.count(); ++i) {
      auto* screen = dynamic_cast<devices::Framebuffer*>(machine.At(i));
      if (screen != nullptr) return screen->ScanOut(picture);
    }
    return "the machine has no framebuffer: describe one with --device";
  }
  auto* screen = dynamic_cast<devices::Framebuffer*>(machine.Find(name));
  return screen != nullptr ? screen->ScanOut(picture) : std::string(name) + " is no framebuffer";
}

bool World::DriverCanBeRemoved() const {
  return impl_->image != nullptr && kernel::ModuleLoader::CanBeRemoved(*impl_->image);
}

uint64_t World::InitPc() const {
  return impl_->kernel.verdicts().EntryPc(impl_->loader.last_init());
}

bool World::Settle() {
  impl_->kernel.tasks().Settle();
  if (verdicts().pending_trap() == kernel::Trap::kNone) return true;
  impl_->kernel.tasks().Unwind();
  return false;
}

const std::vector<std::string>& World::nodes() const { return impl_->nodes; }

void World::CopyDriverData(std::vector<unsigned char>* to) const {
  to->clear();
  if (impl_->image == nullptr) return;
  for (const kernel::ModuleImage::Range& range : impl_->image->data()) {
    const size_t before = to->size();
    to->resize(before + range.size_bytes);
    hw::CopyPlain(to->data() + before, range.begin, range.size_bytes);
  }
}

uint64_t World::DriverDataOffset(size_t at) const {
  for (const kernel::ModuleImage::Range& range : impl_->image->data()) {
    if (at < range.size_bytes) {
      return static_cast<uint64_t>(range.begin + at -
                                   static_cast<const unsigned char*>(impl_->image->base()));
    }
    at -= range.size_bytes;
  }
  return 0;
}

void World::Checkpoint() {
  impl_->kernel.Checkpoint();
  if (impl_->data != nullptr) impl_->data->Checkpoint();
}

void World::Reset() {
  impl_->kernel.Reset();
  if (impl_->data != nullptr) impl_->data->Reset();
}

void World::UnshareAfterFork() {
  impl_->kernel.memory().Unshare();
  impl_->kernel.mmio().Unshare();
}

uint64_t World::StateHash() const {
  return impl_->kernel.StateHash() ^ (impl_->data != nullptr ? impl_->data->Hash() * 7 : 0);
}

const char* World::FirstDifference() const {
  if (const char* piece = impl_->kernel.FirstDifference()) return piece;
  return impl_->data != nullptr && !impl_->data->EqualsCheckpoint() ? "the driver's data" : nullptr;
}

user::Process World::init() { return {impl_->kernel, 0}; }
user::Process World::process(uint32_t index) { return {impl_->kernel, index}; }
bool World::StartProcess() { return impl_->kernel.vfs().NewProcess() >= 0; }
kernel::Kernel& World::kernel() { return impl_->kernel; }
kernel::Verdicts& World::verdicts() { return impl_->kernel.verdicts(); }
const WorldOptions& World::options() const { return impl_->options; }
void World::FailAllocation(uint32_t n) { impl_->kernel.alloc().FailNth(n); }

}  // namespace drydock
