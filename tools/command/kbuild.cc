#include "tools/command/kbuild.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

namespace drydock::command {
namespace {

namespace fs = std::filesystem;

// Lines with their continuations joined and comments cut off.
std::vector<std::string> LogicalLines(std::string_view text) {
  std::vector<std::string> lines;
  std::string line;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    part = part.substr(0, part.find('#'));
    const bool more = part.ends_with('\\');
    if (more) part.remove_suffix(1);
    line += part;
    line += ' ';
    if (more && !text.empty()) continue;
    lines.push_back(std::move(line));
    line.clear();
  }
  return lines;
}

std::string StemOf(const std::string& object) {
  return object.ends_with(".o") ? object.substr(0, object.size() - 2) : std::string();
}

bool IsObjectList(std::string_view name) {
  return name == "obj-m" || name == "obj-y" || name.starts_with("obj-$(");
}

// "pump" of `pump-y`, `pump-objs`, `pump-$(CONFIG_X)`; "" of others.
std::string CompositeOf(const std::string& name) {
  const size_t dash = name.rfind('-');
  if (dash == std::string::npos || dash == 0 || IsObjectList(name)) return {};
  const std::string_view kind = std::string_view(name).substr(dash + 1);
  const bool is_list = kind == "y" || kind == "objs" || kind == "m" || kind.starts_with("$(");
  return is_list && name.find('$') >= dash ? name.substr(0, dash) : std::string();
}

std::string ModuleName(std::string stem) {
  std::replace(stem.begin(), stem.end(), '-', '_');
  return stem;
}

std::string ReadKbuild(const fs::path& folder) {
  for (const char* name : {"Kbuild", "Makefile"}) {
    std::ifstream file(folder / name, std::ios::binary);
    if (!file.is_open()) continue;
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  return {};
}

void AddFolder(const fs::path& folder, Module* module) {
  for (std::string& part : module->parts) part = (folder / part).string();
}

}  // namespace

std::vector<Module> ParseKbuild(std::string_view text) {
  std::vector<std::string> objects;
  std::map<std::string, std::vector<std::string>> composites;
  for (const std::string& line : LogicalLines(text)) {
    const size_t equals = line.find('=');
    if (equals == std::string::npos || line.starts_with('\t')) continue;
    std::istringstream left(line.substr(0, equals)), right(line.substr(equals + 1));
    std::string name, word;
    left >> name;
    while (!name.empty() && (name.back() == ':' || name.back() == '+' || name.back() == '?')) {
      name.pop_back();
    }
    const std::string composite = CompositeOf(name);
    while (right >> word) {
      const std::string stem = StemOf(word);
      if (stem.empty()) continue;
      if (IsObjectList(name)) objects.push_back(stem);
      if (!composite.empty()) composites[composite].push_back(stem + ".c");
    }
  }
  std::vector<Module> modules;
  for (const std::string& object : objects) {
    const auto parts = composites.find(object);
    Module module{ModuleName(object), {object + ".c"}};
    if (parts != composites.end()) module.parts = parts->second;
    if (std::find(modules.begin(), modules.end(), module) == modules.end()) {
      modules.push_back(module);
    }
  }
  return modules;
}

std::vector<Module> ModulesIn(const std::string& folder) {
  std::vector<Module> modules = ParseKbuild(ReadKbuild(folder));
  for (Module& module : modules) AddFolder(folder, &module);
  return modules;
}

Module ModuleOf(const std::string& path) {
  const fs::path file = path;
  const fs::path folder = file.parent_path();
  for (Module& module : ParseKbuild(ReadKbuild(folder.empty() ? "." : folder))) {
    if (std::find(module.parts.begin(), module.parts.end(), file.filename()) ==
        module.parts.end()) {
      continue;
    }
    // A list that names files which are not here is another tree's: the file stands for itself.
    const bool complete =
        std::all_of(module.parts.begin(), module.parts.end(),
                    [&](const std::string& part) { return fs::exists(folder / part); });
    if (!complete) continue;
    AddFolder(folder, &module);
    return module;
  }
  return {ModuleName(file.stem().string()), {path}};
}

}  // namespace drydock::command
