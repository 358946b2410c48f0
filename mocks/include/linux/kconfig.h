/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The configuration that drivers are compiled for: an x86-64 kernel with device
 * tree support. Only options that driver code tests are here.
 */
#ifndef _LINUX_KCONFIG_H
#define _LINUX_KCONFIG_H

#define CONFIG_64BIT 1
#define CONFIG_X86 1
#define CONFIG_X86_64 1
#define CONFIG_MMU 1
#define CONFIG_SMP 1
#define CONFIG_COMPAT 1
#define CONFIG_PCI 1
#define CONFIG_OF 1
#define CONFIG_OF_ADDRESS 1
#define CONFIG_OF_RESERVED_MEM 1
#define CONFIG_HAS_DMA 1
#define CONFIG_HAS_IOMEM 1
#define CONFIG_HAVE_IOREMAP_PROT 1
#define CONFIG_ARCH_DMA_ADDR_T_64BIT 1
#define CONFIG_PHYS_ADDR_T_64BIT 1
#define CONFIG_SYSFS 1
#define CONFIG_PRINTK 1
#define CONFIG_BUG 1
#define CONFIG_MODULES 1
#define CONFIG_MODULE_UNLOAD 1
#define CONFIG_HZ 250

/*
 * IS_ENABLED() must turn "defined to 1" into 1 and "not defined" into 0 inside
 * an expression: pasting the value 1 makes the name of a macro that inserts an
 * argument, anything else makes no name at all.
 */
#define __drydock_config_1 0,
#define __drydock_second(ignored, value, ...) value
#define __drydock_is_one(junk) __drydock_second(junk 1, 0)
#define __drydock_is_defined_paste(value) \
	__drydock_is_one(__drydock_config_##value)
#define __is_defined(option) __drydock_is_defined_paste(option)

#define IS_BUILTIN(option) __is_defined(option)
#define IS_MODULE(option) __is_defined(option##_MODULE)
#define IS_ENABLED(option) (IS_BUILTIN(option) || IS_MODULE(option))
#define IS_REACHABLE(option) IS_ENABLED(option)

#endif
