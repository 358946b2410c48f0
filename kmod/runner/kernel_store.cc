#include "kmod/runner/kernel_store.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "fuzz/program_text.h"
#include "tools/command/subprocess.h"

namespace drydock::kmod {

std::map<std::string, std::string> ParseStamp(std::string_view text) {
  std::map<std::string, std::string> fields;
  std::istringstream lines{std::string(text)};
  std::string line;
  while (std::getline(lines, line)) {
    const size_t colon = line.find(": ");
    if (colon != std::string::npos) fields[line.substr(0, colon)] = line.substr(colon + 2);
  }
  return fields;
}

namespace {

// An ELF file's machine, or the mark of a bzImage (Documentation/x86/boot.rst).
bool IsForX86(const std::string& image) {
  constexpr size_t kMachineAt = 18, kMarkAt = 0x202;
  std::ifstream file(image, std::ios::binary);
  char head[kMarkAt + 4] = {};
  file.read(head, sizeof head);
  const std::string_view bytes(head, sizeof head);
  if (bytes.starts_with("\x7f"
                        "ELF"))
    return head[kMachineAt] == 62 && head[kMachineAt + 1] == 0;
  return bytes.substr(kMarkAt, 4) == "HdrS";
}

}  // namespace

StoredKernel FindKernel(const std::string& folder, const std::string& name, std::string* error) {
  StoredKernel kernel;
  const std::string place = folder + "/" + name;
  const auto wrong = [&](const std::string& what) {
    *error = "kernel " + name + ": " + what + "; run ./drydock kernel get " + name;
    return kernel;
  };
  std::ifstream file(place + "/stamp");
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  auto stamp = ParseStamp(text);
  if (stamp["name"] != name) return wrong("it is not here");
  kernel.name = name;
  kernel.release = stamp["release"];
  kernel.version = stamp["version"];
  kernel.image = place + "/image";
  kernel.build = std::filesystem::weakly_canonical(place + "/build").string();
  const std::string series = name.substr(0, name.find('-'));
  if (!fuzz::ParseProfile(series, &kernel.profile)) return wrong("no profile has its number");
  int status = 0;
  const std::string sum = command::Capture({"sha256sum", kernel.image}, &status);
  if (status != 0 || sum.substr(0, sum.find(' ')) != stamp["image-sha256"]) {
    return wrong("its image is corrupt");
  }
  if (!IsForX86(kernel.image)) return wrong("its image is not one for x86-64");
  if (!std::filesystem::exists(kernel.build + "/Module.symvers")) {
    return wrong("what modules are built against is not there");
  }
  return kernel;
}

}  // namespace drydock::kmod
