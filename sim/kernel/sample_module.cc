// A driver in the shape that mocks/module/this_module.c gives it, for module_loader_test. Its
// callbacks are the test's: it finds them in variables.
#include "mocks/include/drydock/device_structs.h"

extern "C" {

int sample_counter = 5;        // .data
int sample_zero;               // .bss
char sample_large[9000] = {};  // .bss, more than a page
__attribute__((section("__sancov_cntrs"))) unsigned char sample_coverage[4] = {1};

int (*sample_on_init)();
void (*sample_on_exit)();
static int sample_int;
static bool sample_flag;
static char sample_text[6];
static char* sample_charp;
static int sample_array[3];
static unsigned int sample_array_count;

module __this_module = {"sample", {0}, 0};

static int Init() { return sample_on_init != nullptr ? sample_on_init() : 0; }
static void Exit() {
  if (sample_on_exit != nullptr) sample_on_exit();
}
static drydock_initcall initcalls[] = {{Init, nullptr, "sample_init", 6},
                                       {nullptr, Exit, "sample_exit", 6}};
static drydock_param params[] = {
    {"number", DRYDOCK_PARAM_INT, 1, &sample_int, nullptr, 0},
    {"the_flag", DRYDOCK_PARAM_BOOL, 1, &sample_flag, nullptr, 0},
    {"text", DRYDOCK_PARAM_STRING, sizeof sample_text, sample_text, nullptr, 0},
    {"charp", DRYDOCK_PARAM_CHARP, 1, static_cast<void*>(&sample_charp), nullptr, 0},
    {"array", DRYDOCK_PARAM_INT, 3, sample_array, &sample_array_count, 0},
};

drydock_module_image drydock_module = {&__this_module, initcalls, initcalls + 2, params,
                                       params + 5};
}
