#include "tools/command/command_main.h"

#include <cstdio>
#include <exception>

namespace drydock::command {

int CommandMain(int (*run)(int, char**), int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& mistake) {
    std::fprintf(stderr, "drydock: stopped: %s, see to free memory and disk\n", mistake.what());
  } catch (...) {
    std::fputs("drydock: stopped by an unknown exception, please report it\n", stderr);
  }
  return 2;
}

}  // namespace drydock::command
