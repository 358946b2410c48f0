#include "tools/command/compile.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <unordered_set>

#include "fuzz/elf_image.h"
#include "tools/command/subprocess.h"

namespace drydock::command {
namespace {

namespace fs = std::filesystem;

constexpr double kCompileSeconds = 120;

std::string ReadWhole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// The lines of a flags file beside driver_flags.txt.
void AppendFlags(const fs::path& path, std::vector<std::string>* flags) {
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) {
    if (!line.empty()) flags->push_back(line);
  }
}

std::vector<std::string> CompileFlags(const Installation& installation, const Module& module,
                                      int profile, bool instrumented) {
  const fs::path flags = installation.flags;
  std::vector<std::string> all = {installation.clang};
  AppendFlags(flags, &all);
  if (instrumented) {
    AppendFlags(flags.parent_path() / "driver_sanitizer_flags.txt", &all);
    AppendFlags(flags.parent_path() / "driver_coverage_flags.txt", &all);
    all.insert(all.end(), {"-fsanitize=address,undefined",
                           // One report must not end the run: the worker makes a violation of it.
                           "-fsanitize-recover=address,undefined"});
  }
  all.insert(all.end(),
             {"-O1", "-g", "-fPIC", "-fno-omit-frame-pointer", "-isystem",
              installation.root + "/mocks/include", "-DKBUILD_MODNAME=\"" + module.name + "\"",
              "-DDRYDOCK_PROFILE=" + std::to_string(profile), "-fno-color-diagnostics",
              "-fno-caret-diagnostics"});
  return all;
}

// Compiles all at once. 0, or the exit status of the first that failed.
int CompileAll(const std::vector<std::vector<std::string>>& commands, const std::string& log) {
  std::vector<pid_t> children;
  for (const std::vector<std::string>& command : commands) {
    children.push_back(Spawn(command, {.environment = {}, .output_file = log}));
  }
  int failed = 0;
  for (const pid_t child : children) {
    const int status = child > 0 ? WaitSeconds(child, kCompileSeconds) : 1;
    if (failed == 0) failed = status;
  }
  return failed;
}

// What the driver declares itself is not seen by the compiler.
std::string MissingSymbols(const Installation& installation, const CompiledDriver& driver,
                           const KernelSymbols& symbols, int profile) {
  const fuzz::ElfImage object = fuzz::ReadElfImage(driver.object);
  const fuzz::ElfImage worker = fuzz::ReadElfImage(installation.worker);
  if (!object.error.empty()) return object.error;
  if (!worker.error.empty()) return worker.error;
  const std::unordered_set<std::string> exported(worker.exported.begin(), worker.exported.end());
  std::string names;
  size_t count = 0;
  for (const std::string& symbol : object.undefined) {
    if (const std::string others = symbols.OnlyIn(symbol, profile); !others.empty()) {
      return driver.file + ": uses " + symbol + ", which kernel " + KernelName(profile) +
             " does not export: only " + others;
    }
    if (exported.contains(symbol)) continue;
    if (++count <= 6) names += (names.empty() ? "" : ", ") + symbol;
  }
  if (count == 0) return {};
  if (count > 6) names += " and " + std::to_string(count - 6) + " more";
  return driver.file + ": uses " + names +
         ", which Drydock does not have: see docs/add-a-kernel-function.md";
}

}  // namespace

Installation FindInstallation(std::string* error) {
  Installation found;
  const auto variable = [&](const char* name, std::string* value) {
    const char* text = std::getenv(name);
    if (text != nullptr) *value = text;
    if (!value->empty() && fs::exists(*value)) return;
    if (error->empty()) {
      *error = std::string(name) +
               (value->empty() ? " is not set" : "=" + *value + " is not there") +
               ": start ./drydock in the checkout, it sets what the command needs";
    }
  };
  variable("DRYDOCK_ROOT", &found.root);
  variable("DRYDOCK_WORKER", &found.worker);
  variable("DRYDOCK_FLAGS", &found.flags);
  if (const char* confirm = std::getenv("DRYDOCK_CONFIRM"); confirm != nullptr) {
    found.confirm = confirm;
  }
  return found;
}

std::string WhyNotC(const std::string& file) {
  std::error_code error;
  const fs::file_status status = fs::status(file, error);
  if (!fs::exists(status)) return file + ": no such file, name the driver's C file";
  if (fs::is_directory(status)) return file + ": a folder, name the driver's C file";
  if (!fs::is_regular_file(status)) return file + ": not a file, name the driver's C file";
  if (!file.ends_with(".c")) return file + ": not a C file, name the driver's .c file";
  std::ifstream stream(file, std::ios::binary);
  std::string head(4096, '\0');
  stream.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<size_t>(stream.gcount()));
  if (!stream.is_open() || stream.bad()) {
    return file + ": cannot be read (" + std::strerror(errno) + "), see its permissions";
  }
  if (head.empty()) return file + ": empty, name the driver's C file";
  if (head.find('\0') != std::string::npos) return file + ": not C source (it has zero bytes)";
  return {};
}

CompiledDriver CompileDriver(const Installation& installation, const std::string& file, int profile,
                             const std::string& folder, bool instrumented) {
  CompiledDriver driver;
  driver.file = file;
  driver.error = WhyNotC(file);
  if (!driver.error.empty()) return driver;
  driver.module = ModuleOf(file);
  driver.object = folder + "/" + driver.module.name + ".so";
  const std::string log = folder + "/" + driver.module.name + ".log";
  std::error_code wrong;
  fs::create_directories(folder, wrong);
  if (wrong) {
    driver.error = file + ": " + folder + " cannot be made (" + wrong.message() +
                   "), see whether there is room for temporary files";
    return driver;
  }
  fs::remove(log, wrong);

  const KernelSymbols symbols(ReadWhole(installation.root + "/mocks/symbols.tsv"));
  const std::vector<std::string> flags =
      CompileFlags(installation, driver.module, profile, instrumented);
  std::vector<std::vector<std::string>> commands;
  std::vector<std::string> link = {installation.clang, "-shared", "-fPIC"};
  std::vector<std::string> sources = driver.module.parts;
  sources.push_back(installation.root + "/mocks/module/this_module.c");
  for (size_t i = 0; i < sources.size(); ++i) {
    const std::string object = folder + "/" + driver.module.name + "-" + std::to_string(i) + ".o";
    commands.push_back(flags);
    commands.back().insert(commands.back().end(), {"-c", sources[i], "-o", object});
    link.push_back(object);
  }
  if (const int status = CompileAll(commands, log); status != 0) {
    driver.error = ExplainCompileLog(ReadWhole(log), status, file, log, symbols, profile);
    return driver;
  }
  AppendFlags(fs::path(installation.flags).parent_path() / "driver_link_flags.txt", &link);
  link.insert(link.end(), {"-nostdlib", "-o", driver.object});
  if (const int status = CompileAll({link}, log); status != 0) {
    driver.error = ExplainCompileLog(ReadWhole(log), status, file, log);
    return driver;
  }
  driver.error = MissingSymbols(installation, driver, symbols, profile);
  return driver;
}

}  // namespace drydock::command
