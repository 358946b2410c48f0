// A driver that calls what no kernel has, for module_loader_test.
#include "mocks/include/drydock/device_structs.h"

extern "C" {
void sample_symbol_that_no_kernel_has();
module __this_module = {"missing", {0}, 0};
static int Init() {
  sample_symbol_that_no_kernel_has();
  return 0;
}
static drydock_initcall initcalls[] = {{Init, nullptr, "missing_init", 6}};
drydock_module_image drydock_module = {&__this_module, initcalls, initcalls + 1, nullptr, nullptr};
}
