#include "fuzz/worker_options.h"

#include <cctype>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <utility>

#include "fuzz/linux_names.h"
#include "fuzz/program_text.h"
#include "fuzz/whole_file.h"
#include "sim/hw/platform.h"

namespace drydock::fuzz {
namespace {

constexpr std::string_view kNames[] = {
    "driver", "device",   "policy",  "seeds",       "corpus",       "replay",    "minimise",
    "param",  "platform", "profile", "core-guards", "object-pages", "world-seed"};

void Number(std::string_view name, const std::string& value, uint64_t* out, std::string* error) {
  const std::optional<uint64_t> number = ParseNumber(value);
  if (number) {
    *out = *number;
  } else {
    *error = "--" + std::string(name) + "=" + value + ": not a number";
  }
}

void Take(std::string_view name, const std::string& value, WorkerOptions* options) {
  if (name == "driver") {
    options->driver = value;
  } else if (name == "device") {
    options->device_file = value;
    options->world.device_name = value;
    if (std::optional<std::string> text = ReadWholeFile(value)) {
      options->world.device_text = std::move(*text);
    } else {
      options->error = value + ": cannot be read, name a readable file";
    }
  } else if (name == "policy") {
    options->policy_file = value;
  } else if (name == "seeds") {
    options->seeds = value;
  } else if (name == "corpus") {
    options->corpus = value;
  } else if (name == "replay") {
    options->replay = value;
  } else if (name == "minimise") {
    options->minimise = value;
  } else if (name == "param") {
    const size_t equals = value.find('=');
    if (equals == std::string::npos || equals == 0) {
      options->error = "--param=" + value + ": write --param=NAME=VALUE";
    } else {
      options->params.emplace_back(value.substr(0, equals), value.substr(equals + 1));
    }
  } else if (name == "platform") {
    options->world.platform = hw::FindPlatform(value);
    if (options->world.platform == nullptr) {
      options->world.platform = &hw::Platforms()[0];
      options->error = "--platform=" + value + ": no such platform";
    }
  } else if (name == "profile") {
    if (!ParseProfile(value, &options->world.profile)) {
      options->error = "--profile=" + value + ": no such kernel profile, write 6.1, 6.12 or 7.3";
    }
  } else if (name == "core-guards") {
    if (value != "on" && value != "off") {
      options->error = "--core-guards=" + value + ": write on or off";
    }
    options->world.core_guards = value == "on";
  } else if (name == "object-pages") {
    Number(name, value, &options->object_pages, &options->error);
  } else if (name == "world-seed") {
    Number(name, value, &options->world.seed, &options->error);
  }
}

std::string VariableOf(std::string_view name) {
  std::string variable = "DRYDOCK_";
  for (const char c : name) {
    variable += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return variable;
}

}  // namespace

WorkerOptions TakeWorkerOptions(int* argc, char** argv) {
  WorkerOptions options;
  for (const std::string_view name : kNames) {
    const char* value = std::getenv(VariableOf(name).c_str());
    if (value != nullptr) Take(name, value, &options);
  }
  int kept = 0;
  for (int i = 0; i < *argc; ++i) {
    const std::string_view argument = argv[i];
    bool taken = false;
    for (const std::string_view name : kNames) {
      if (i == 0 || !argument.starts_with("--") || !argument.substr(2).starts_with(name)) continue;
      const std::string_view rest = argument.substr(2 + name.size());
      if (!rest.starts_with('=')) continue;
      Take(name, std::string(rest.substr(1)), &options);
      taken = true;
      break;
    }
    if (!taken) argv[kept++] = argv[i];
  }
  argv[kept] = nullptr;
  *argc = kept;
  if (options.driver.empty() && options.error.empty()) {
    options.error = "--driver=PATH is missing: name the driver's shared object";
  }
  return options;
}

}  // namespace drydock::fuzz
