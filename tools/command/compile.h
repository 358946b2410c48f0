// A driver's C files become the shared object that a worker loads.
#ifndef DRYDOCK_TOOLS_COMMAND_COMPILE_H_
#define DRYDOCK_TOOLS_COMMAND_COMPILE_H_

#include <string>
#include <string_view>
#include <vector>

#include "tools/command/kbuild.h"
#include "tools/command/kernel_symbols.h"

namespace drydock::command {

// Where the parts of Drydock are: what the launcher script puts into the environment.
struct Installation {
  std::string root;          // DRYDOCK_ROOT: the checkout
  std::string worker;        // DRYDOCK_WORKER
  std::string flags;         // DRYDOCK_FLAGS: driver_flags.txt, its siblings beside it
  std::string confirm = {};  // DRYDOCK_CONFIRM: what --confirm starts; "" if it was not asked for
  std::string clang = "clang-19";
  std::string symbolizer = "llvm-symbolizer-19";
};
// Sets *error to one line if something is missing.
Installation FindInstallation(std::string* error);

struct CompiledDriver {
  std::string file;  // as the user named it
  Module module;
  std::string object;  // path of the shared object
  std::string error;   // one line "FILE:LINE: what, what to do"; empty if it compiled
};

// Compiles into `folder`, which it makes, the parts side by side; the compiler's words go to
// NAME.log there. Not instrumented: without sanitizers and coverage, for a loader that does not
// have their runtimes.
CompiledDriver CompileDriver(const Installation& installation, const std::string& file, int profile,
                             const std::string& folder, bool instrumented = true);

// The one line that a compiler's log comes to, and its exit status (127: it could not be started).
// `log_path` is named if there is more to read. A name that is not declared may be one of another
// kernel than that of `profile`: `symbols` knows.
std::string ExplainCompileLog(std::string_view log, int status, std::string_view file,
                              std::string_view log_path, const KernelSymbols& symbols = {},
                              int profile = 601);

// "" or the line for what is no C source at all: not there, a folder, binary, another suffix.
std::string WhyNotC(const std::string& file);

}  // namespace drydock::command

#endif  // DRYDOCK_TOOLS_COMMAND_COMPILE_H_
