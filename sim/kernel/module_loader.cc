#include "sim/kernel/module_loader.h"

#include <cerrno>

#include "sim/kernel/errno_name.h"

namespace drydock::kernel {
namespace {

constexpr int kComing = 0;
constexpr int kLive = 1;
constexpr int kGoing = 2;

// kernel/params.c:parameq(): '-' and '_' are the same.
bool SameName(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  const auto plain = [](char c) { return c == '-' ? '_' : c; };
  for (size_t i = 0; i < a.size(); ++i) {
    if (plain(a[i]) != plain(b[i])) return false;
  }
  return true;
}

const drydock_param* FindParam(const ModuleImage& image, std::string_view name) {
  for (const drydock_param& param : image.params()) {
    if (SameName(param.name, name)) return &param;
  }
  return nullptr;
}

std::string ParamError(const ModuleImage& image, const std::string& name, const std::string& value,
                       int error) {
  if (error == -ENOENT) {
    std::string known;
    for (const drydock_param& param : image.params()) {
      known += (known.empty() ? "" : ", ") + std::string(param.name);
    }
    return image.path() + ": unknown parameter '" + name + "'" +
           (known.empty() ? "; it has none" : "; it has " + known);
  }
  if (error == -ENOSPC) {
    return image.path() + ": '" + value + "' is too long for parameter '" + name + "'";
  }
  return image.path() + ": '" + value + "' is invalid for parameter '" + name + "'";
}

}  // namespace

std::string ModuleLoader::Load(ModuleImage& image, const ModuleParams& params) {
  image.self().state = kComing;
  for (const auto& [name, value] : params) {
    const drydock_param* param = FindParam(image, name);
    const int error = param != nullptr ? SetModuleParam(*param, value, &texts_) : -ENOENT;
    if (error != 0) return ParamError(image, name, value, error);
  }
  bool any_init = false;
  for (const drydock_initcall& call : image.initcalls()) any_init |= call.init != nullptr;
  if (!any_init) {
    return image.path() + ": has no module_init: nothing to run";
  }
  std::string error = RunInits(image);
  if (!error.empty()) return error;
  image.self().state = kLive;
  return CheckRegistered(image);
}

bool ModuleLoader::IsLive(ModuleImage& image) { return image.self().state == kLive; }

bool ModuleLoader::CanBeRemoved(const ModuleImage& image) {
  if (image.self().state != kLive || image.self().refcount.counter != 0) return false;
  for (const drydock_initcall& call : image.initcalls()) {
    if (call.exit != nullptr) return true;
  }
  return false;
}

std::string ModuleLoader::RunInits(ModuleImage& image) {
  for (long level = 0; level <= 7; ++level) {
    for (const drydock_initcall& call : image.initcalls()) {
      if (call.init == nullptr || call.level != level) continue;
      last_init_ = reinterpret_cast<const void*>(call.init);
      const int result = CallDriver(calls_, call.init);
      if (verdicts_.pending_trap() != Trap::kNone) {
        const size_t count = verdicts_.count();
        return image.path() + ": " + call.name +
               "() did not return: " + (count != 0 ? verdicts_[count - 1].seen : "trapped");
      }
      if (result < 0) {
        const char* name = ErrnoName(result);
        std::string line = image.path() + ": " + call.name + "() failed with ";
        line += name != nullptr ? "-" + std::string(name) : std::to_string(result);
        if (log_.line_count() != 0) {
          line += "; the driver said: " + std::string(log_.line(log_.line_count() - 1));
        }
        return line;
      }
      if (result > 0) {
        log_.Say(4, "%s: '%s'->init suspiciously returned %d, it should follow 0/-E convention\n",
                 "do_init_module", image.self().name, result);
      }
    }
  }
  return {};
}

std::string ModuleLoader::CheckRegistered(const ModuleImage& image) const {
  if (!chrdevs_.AnythingRegistered()) {
    std::string line = image.path() + ": registers no character device";
    if (devices_.deferred_count() != 0) {
      line += "; the probe of " + std::string(devices_.deferred_name(0)) +
              " is deferred for ever (-EPROBE_DEFER)";
    } else if (devices_.bound_count() == 0) {
      line += "; if it is a platform driver, describe its device with --device";
    }
    if (log_.line_count() != 0) {
      line += "; the log says: " + std::string(log_.line(log_.line_count() - 1));
    }
    return line;
  }
  std::vector<Chrdevs::Node> nodes(chrdevs_.ListNodes(nullptr, 0));
  chrdevs_.ListNodes(nodes.data(), nodes.size());
  for (const Chrdevs::Node& node : nodes) {
    if (node.can_mmap) return {};
  }
  return image.path() + ": no character device of it has an mmap hook";
}

ModuleLoader::Unloaded ModuleLoader::Unload(ModuleImage& image) {
  if (image.self().refcount.counter != 0 || chrdevs_.open_count() != 0) return Unloaded::kBusy;
  bool has_exit = false;
  for (const drydock_initcall& call : image.initcalls()) has_exit |= call.exit != nullptr;
  if (!has_exit) return Unloaded::kNoExit;
  image.self().state = kGoing;
  for (long level = 7; level >= 0; --level) {
    for (size_t i = image.initcalls().size(); i > 0; --i) {
      const drydock_initcall& call = image.initcalls()[i - 1];
      if (call.exit == nullptr || call.level != level) continue;
      chrdevs_.SetLeaving(true);
      CallDriver(calls_, call.exit);
      chrdevs_.SetLeaving(false);
      if (verdicts_.pending_trap() != Trap::kNone) return Unloaded::kTrapped;
    }
  }
  constexpr char kExpected[] = "module exit takes back what init registered";
  chrdevs_.ReportLeftovers(kExpected);
  devices_.ReportLeftovers(kExpected);
  return Unloaded::kDone;
}

}  // namespace drydock::kernel
