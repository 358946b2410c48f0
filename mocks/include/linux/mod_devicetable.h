/* SPDX-License-Identifier: GPL-2.0 */
/* Tables by which drivers say what they are for. */
#ifndef _LINUX_MOD_DEVICETABLE_H
#define _LINUX_MOD_DEVICETABLE_H

#include <linux/types.h>
#include <drydock/pci_structs.h>

typedef unsigned long kernel_ulong_t;
#define PLATFORM_NAME_SIZE 24

struct acpi_device_id {
	__u8 id[16];
	kernel_ulong_t driver_data;
	__u32 cls;
	__u32 cls_msk;
};

struct dmi_system_id;

#endif
