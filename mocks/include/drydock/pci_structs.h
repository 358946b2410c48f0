/* SPDX-License-Identifier: GPL-2.0 */
/*
 * PCI functions and their drivers, as driver code and the emulated kernel share
 * them. Valid C11 and C++20; see mm_structs.h for the rules.
 */
#ifndef DRYDOCK_PCI_STRUCTS_H
#define DRYDOCK_PCI_STRUCTS_H

#include "device_structs.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PCI_STD_NUM_BARS 6
#define PCI_ANY_ID (~0U)

struct pci_device_id {
	unsigned int vendor, device;
	unsigned int subvendor, subdevice;
	unsigned int DRYDOCK_FIELD(class, class_), class_mask;
	unsigned long driver_data;
	unsigned int override_only;
	unsigned int drydock_reserved;
};

struct pci_bus {
	unsigned char number;
	unsigned char drydock_reserved[7];
	struct pci_dev *self;
};

struct pci_driver;
struct pci_error_handlers;

/**
 * struct pci_dev - one PCI function
 * @irq: the legacy line, or with MSI the first vector's number
 * @enable_cnt: pci_enable_device()s that are not undone
 * @drydock_managed: pcim_enable_device() was called
 * @drydock_regions: BARs that pci_request_region() took since then
 * @drydock_iomap: what pcim_iomap_table() gives
 * @drydock_index: the emulated kernel's index of it
 */
struct pci_dev {
	struct pci_bus *bus;
	unsigned int devfn;
	unsigned short vendor;
	unsigned short device;
	unsigned short subsystem_vendor;
	unsigned short subsystem_device;
	unsigned int DRYDOCK_FIELD(class, class_);
	unsigned char revision;
	unsigned char hdr_type;
	unsigned char pin;
	unsigned char drydock_managed;
	struct pci_driver *driver;
	unsigned long long dma_mask;
	unsigned int irq;
	atomic_t enable_cnt;
	unsigned char msi_enabled;
	unsigned char msix_enabled;
	unsigned char is_busmaster;
	unsigned char drydock_regions;
	unsigned int drydock_index;
	void *drydock_iomap[PCI_STD_NUM_BARS];
	struct resource resource[PCI_STD_NUM_BARS + 1];
	struct device dev;
};

struct pci_driver {
	const char *name;
	const struct pci_device_id *id_table;
	int (*probe)(struct pci_dev *dev, const struct pci_device_id *id);
	void (*remove)(struct pci_dev *dev);
	int (*suspend)(struct pci_dev *dev, int state);
	int (*resume)(struct pci_dev *dev);
	void (*shutdown)(struct pci_dev *dev);
	int (*sriov_configure)(struct pci_dev *dev, int num_vfs);
	const struct pci_error_handlers *err_handler;
	const struct attribute_group **groups;
	const struct attribute_group **dev_groups;
	struct device_driver driver;
};

#ifdef __cplusplus
}
#endif

#endif
