// Which C files make a module, as the Kbuild or Makefile beside them says.
#ifndef DRYDOCK_TOOLS_COMMAND_KBUILD_H_
#define DRYDOCK_TOOLS_COMMAND_KBUILD_H_

#include <string>
#include <string_view>
#include <vector>

namespace drydock::command {

struct Module {
  std::string name;                // as KBUILD_MODNAME: '-' is '_'
  std::vector<std::string> parts;  // file names without folder, as "pump.c"

  friend bool operator==(const Module&, const Module&) = default;
};

// Every module of a Kbuild text: `obj-m`/`obj-y`/`obj-$(...)` and their `NAME-y`/`NAME-objs`.
std::vector<Module> ParseKbuild(std::string_view text);

// The module that the C file at `path` belongs to; by itself, if no Kbuild file says more. Its
// parts get the file's folder.
Module ModuleOf(const std::string& path);

// The modules of the folder's Kbuild file, parts with folder; empty if there is none.
std::vector<Module> ModulesIn(const std::string& folder);

}  // namespace drydock::command

#endif  // DRYDOCK_TOOLS_COMMAND_KBUILD_H_
