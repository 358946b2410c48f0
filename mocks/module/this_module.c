// SPDX-License-Identifier: GPL-2.0
/*
 * Compiled once for each driver, with its -DKBUILD_MODNAME="name", and linked
 * into its shared object: THIS_MODULE, and where the driver's records lie.
 */
#include <linux/module.h>

struct module __this_module = {.name = KBUILD_MODNAME};

/* The linker makes these for a section whose name is a C identifier. */
#define BOUND __attribute__((weak, visibility("hidden")))
extern struct drydock_initcall __start_drydock_initcalls[] BOUND;
extern struct drydock_initcall __stop_drydock_initcalls[] BOUND;
extern struct drydock_param __start_drydock_params[] BOUND;
extern struct drydock_param __stop_drydock_params[] BOUND;

struct drydock_module_image drydock_module = {
    .module = &__this_module,
    .initcalls = __start_drydock_initcalls,
    .initcalls_end = __stop_drydock_initcalls,
    .params = __start_drydock_params,
    .params_end = __stop_drydock_params,
};
