/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What makes a file a module. Initialisers, exits and parameters leave records
 * in linker sections, which module/this_module.c hands to the harness; the rest
 * (licence, author, device tables) is for other tools and leaves nothing.
 */
#ifndef _LINUX_KERNEL_MODULE_H
#define _LINUX_KERNEL_MODULE_H

#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/err.h>
#include <linux/string.h>
#include <linux/stat.h>
#include <linux/device.h>
#include <linux/sched.h>

extern struct module __this_module;
#define THIS_MODULE (&__this_module)
#define MODULE_NAME_LEN 56
#define KBUILD_BASENAME KBUILD_MODNAME

bool try_module_get(struct module *module);
void module_put(struct module *module);
void __module_get(struct module *module);
#define module_name(module) ((module) ? (module)->name : "kernel")
#define module_refcount(module) atomic_read(&(module)->refcount)

#define __init
#define __exit
#define __initdata
#define __initconst
#define __exitdata
#define __refdata
#define __ref
#define __devinit
#define __devexit
#define __init_or_module
#define __initdata_or_module
#define __exit_p(x) (x)

#define EXPORT_SYMBOL(symbol)
#define EXPORT_SYMBOL_GPL(symbol)
#define EXPORT_SYMBOL_NS(symbol, ns)
#define EXPORT_SYMBOL_NS_GPL(symbol, ns)

/* AddressSanitizer would put red zones between the records of a section. */
#ifdef __clang__
#define DRYDOCK_RECORD(name) \
	__attribute__((section(name), used, aligned(8), no_sanitize("address")))
#else
#define DRYDOCK_RECORD(name) __attribute__((section(name), used, aligned(8)))
#endif

/* Ends with its own semicolon: a good many drivers forget theirs. */
#define __drydock_initcall(init_fn, exit_fn, text, lvl)                    \
	static struct drydock_initcall __UNIQUE_ID(drydock_initcall)       \
		DRYDOCK_RECORD("drydock_initcalls") = { .init = (init_fn), \
							.exit = (exit_fn), \
							.name = (text),    \
							.level = (lvl) };

#define module_init(fn) __drydock_initcall(fn, NULL, #fn, 6)
#define module_exit(fn) __drydock_initcall(NULL, fn, #fn, 6)
#define early_initcall(fn) __drydock_initcall(fn, NULL, #fn, 0)
#define pure_initcall(fn) __drydock_initcall(fn, NULL, #fn, 0)
#define core_initcall(fn) __drydock_initcall(fn, NULL, #fn, 1)
#define postcore_initcall(fn) __drydock_initcall(fn, NULL, #fn, 2)
#define arch_initcall(fn) __drydock_initcall(fn, NULL, #fn, 3)
#define subsys_initcall(fn) __drydock_initcall(fn, NULL, #fn, 4)
#define fs_initcall(fn) __drydock_initcall(fn, NULL, #fn, 5)
#define rootfs_initcall(fn) __drydock_initcall(fn, NULL, #fn, 5)
#define device_initcall(fn) __drydock_initcall(fn, NULL, #fn, 6)
#define late_initcall(fn) __drydock_initcall(fn, NULL, #fn, 7)
#define __exitcall(fn) __drydock_initcall(NULL, fn, #fn, 6)

/* A module that is one driver and nothing else. */
#define DRYDOCK_MODULE_DRIVER(drv, register_fn, unregister_fn, args...) \
	static int __init drv##_init(void)                              \
	{                                                               \
		return register_fn(&(drv), ##args);                     \
	}                                                               \
	module_init(drv##_init) static void __exit drv##_exit(void)     \
	{                                                               \
		unregister_fn(&(drv), ##args);                          \
	}                                                               \
	module_exit(drv##_exit)
#define module_driver(drv, register_fn, unregister_fn, args...) \
	DRYDOCK_MODULE_DRIVER(drv, register_fn, unregister_fn, ##args)
#define builtin_driver(drv, register_fn, args...)   \
	static int __init drv##_init(void)          \
	{                                           \
		return register_fn(&(drv), ##args); \
	}                                           \
	device_initcall(drv##_init)
#define module_misc_device(misc) \
	DRYDOCK_MODULE_DRIVER(misc, misc_register, misc_deregister)
#define builtin_misc_device(misc) builtin_driver(misc, misc_register)

/* Parameters. The type is a word: bool, int, uint, charp, ... */
#define __drydock_kind_bool DRYDOCK_PARAM_BOOL
#define __drydock_kind_invbool DRYDOCK_PARAM_INVBOOL
#define __drydock_kind_int DRYDOCK_PARAM_INT
#define __drydock_kind_uint DRYDOCK_PARAM_UINT
#define __drydock_kind_hexint DRYDOCK_PARAM_UINT
#define __drydock_kind_long DRYDOCK_PARAM_LONG
#define __drydock_kind_ulong DRYDOCK_PARAM_ULONG
#define __drydock_kind_ullong DRYDOCK_PARAM_ULLONG
#define __drydock_kind_short DRYDOCK_PARAM_SHORT
#define __drydock_kind_ushort DRYDOCK_PARAM_USHORT
#define __drydock_kind_byte DRYDOCK_PARAM_BYTE
#define __drydock_kind_charp DRYDOCK_PARAM_CHARP

#define __drydock_param(text, param_kind, limit, variable, number)             \
	static struct drydock_param __UNIQUE_ID(drydock_param) DRYDOCK_RECORD( \
		"drydock_params") = { .name = (text),                          \
				      .kind = (param_kind),                    \
				      .max = (limit),                          \
				      .value = (void *)(variable),             \
				      .count = (number) }

#define module_param_named(param, var, type, perm) \
	__drydock_param(#param, __drydock_kind_##type, 1, &(var), NULL)
#define module_param(var, type, perm) \
	__drydock_param(#var, __drydock_kind_##type, 1, &(var), NULL)
#define module_param_unsafe(var, type, perm) \
	__drydock_param(#var, __drydock_kind_##type, 1, &(var), NULL)
#define module_param_hw(var, type, hw, perm) \
	__drydock_param(#var, __drydock_kind_##type, 1, &(var), NULL)
#define module_param_array_named(param, array, type, number, perm)        \
	__drydock_param(#param, __drydock_kind_##type, ARRAY_SIZE(array), \
			array, (unsigned int *)(number))
#define module_param_array(array, type, number, perm)                     \
	__drydock_param(#array, __drydock_kind_##type, ARRAY_SIZE(array), \
			array, (unsigned int *)(number))
#define module_param_string(param, string, len, perm) \
	__drydock_param(#param, DRYDOCK_PARAM_STRING, len, string, NULL)

struct kernel_param;
struct kernel_param_ops {
	unsigned int flags;
	int (*set)(const char *value, const struct kernel_param *param);
	int (*get)(char *buf, const struct kernel_param *param);
	void (*free)(void *arg);
};

/* A parameter with functions of its own compiles; the harness cannot set it. */
#define module_param_cb(param, param_ops, arg, perm)                         \
	static const struct kernel_param_ops *__UNIQUE_ID(drydock_param_ops) \
		__maybe_unused = (param_ops)
#define MODULE_PARM_DESC(param, text)

#define MODULE_INFO(tag, info)
#define MODULE_LICENSE(text)
#define MODULE_AUTHOR(text)
#define MODULE_DESCRIPTION(text)
#define MODULE_VERSION(text)
#define MODULE_ALIAS(text)
#define MODULE_SOFTDEP(text)
#define MODULE_FIRMWARE(text)
#define MODULE_IMPORT_NS(ns)
#define MODULE_SUPPORTED_DEVICE(text)
#define MODULE_DEVICE_TABLE(bus, table)                                  \
	static const __typeof__(table) *const __UNIQUE_ID(drydock_table) \
		__maybe_unused = &(table)
#define MODULE_ALIAS_MISCDEV(minor)
#define MODULE_ALIAS_CHARDEV(major, minor)
#define MODULE_ALIAS_CHARDEV_MAJOR(major)

#endif
