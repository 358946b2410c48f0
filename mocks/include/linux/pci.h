/* SPDX-License-Identifier: GPL-2.0 */
/*
 * PCI, as far as drivers need it to compile. Functions are stubs: calling one
 * ends the run with its name.
 */
#ifndef _LINUX_KERNEL_PCI_H
#define _LINUX_KERNEL_PCI_H

#include <linux/device.h>
#include <linux/io.h>
#include <linux/interrupt.h>
#include <linux/mod_devicetable.h>

#define PCI_STD_NUM_BARS 6
#define PCI_DEVICE(vend, dev)                                       \
	.vendor = (vend), .device = (dev), .subvendor = PCI_ANY_ID, \
	.subdevice = PCI_ANY_ID
#define PCI_VDEVICE(vend, dev)                           \
	.vendor = PCI_VENDOR_ID_##vend, .device = (dev), \
	.subvendor = PCI_ANY_ID, .subdevice = PCI_ANY_ID, 0, 0
#define PCI_VENDOR_ID_INTEL 0x8086
#define PCI_VENDOR_ID_XILINX 0x10ee
#define PCI_IRQ_LEGACY (1 << 0)
#define PCI_IRQ_MSI (1 << 1)
#define PCI_IRQ_MSIX (1 << 2)
#define PCI_IRQ_ALL_TYPES (PCI_IRQ_LEGACY | PCI_IRQ_MSI | PCI_IRQ_MSIX)

struct pci_bus;

struct pci_dev {
	struct pci_bus *bus;
	unsigned int devfn;
	unsigned short vendor;
	unsigned short device;
	unsigned short subsystem_vendor;
	unsigned short subsystem_device;
	unsigned int class;
	u8 revision;
	unsigned int irq;
	struct resource resource[PCI_STD_NUM_BARS + 1];
	struct device dev;
};

struct pci_driver {
	const char *name;
	const struct pci_device_id *id_table;
	int (*probe)(struct pci_dev *dev, const struct pci_device_id *id);
	void (*remove)(struct pci_dev *dev);
	void (*shutdown)(struct pci_dev *dev);
	struct device_driver driver;
};

#define to_pci_dev(n) container_of(n, struct pci_dev, dev)
#define pci_resource_start(dev, bar) ((dev)->resource[bar].start)
#define pci_resource_end(dev, bar) ((dev)->resource[bar].end)
#define pci_resource_flags(dev, bar) ((dev)->resource[bar].flags)
#define pci_resource_len(dev, bar) \
	((dev)->resource[bar].end ? resource_size(&(dev)->resource[bar]) : 0)
#define pci_name(pdev) dev_name(&(pdev)->dev)
#define pci_get_drvdata(pdev) dev_get_drvdata(&(pdev)->dev)
#define pci_set_drvdata(pdev, data) dev_set_drvdata(&(pdev)->dev, data)

int __pci_register_driver(struct pci_driver *drv, struct module *owner,
			  const char *name);
void pci_unregister_driver(struct pci_driver *drv);
#define pci_register_driver(drv) \
	__pci_register_driver(drv, THIS_MODULE, KBUILD_MODNAME)
#define module_pci_driver(drv) \
	DRYDOCK_MODULE_DRIVER(drv, pci_register_driver, pci_unregister_driver)
int pci_enable_device(struct pci_dev *dev);
int pcim_enable_device(struct pci_dev *dev);
void pci_disable_device(struct pci_dev *dev);
void pci_set_master(struct pci_dev *dev);
void pci_clear_master(struct pci_dev *dev);
int pci_request_regions(struct pci_dev *dev, const char *name);
void pci_release_regions(struct pci_dev *dev);
int pci_request_region(struct pci_dev *dev, int bar, const char *name);
void pci_release_region(struct pci_dev *dev, int bar);
void __iomem *pci_iomap(struct pci_dev *dev, int bar, unsigned long max);
void __iomem *pci_ioremap_bar(struct pci_dev *dev, int bar);
void pci_iounmap(struct pci_dev *dev, void __iomem *address);
int pcim_iomap_regions(struct pci_dev *dev, int mask, const char *name);
void __iomem *const *pcim_iomap_table(struct pci_dev *dev);
int pci_read_config_byte(const struct pci_dev *dev, int where, u8 *value);
int pci_read_config_word(const struct pci_dev *dev, int where, u16 *value);
int pci_read_config_dword(const struct pci_dev *dev, int where, u32 *value);
int pci_write_config_byte(const struct pci_dev *dev, int where, u8 value);
int pci_write_config_word(const struct pci_dev *dev, int where, u16 value);
int pci_write_config_dword(const struct pci_dev *dev, int where, u32 value);
int pci_alloc_irq_vectors_affinity(struct pci_dev *dev, unsigned int min,
				   unsigned int max, unsigned int flags,
				   void *affinity);
#define pci_alloc_irq_vectors(dev, min, max, flags) \
	pci_alloc_irq_vectors_affinity(dev, min, max, flags, NULL)
void pci_free_irq_vectors(struct pci_dev *dev);
int pci_irq_vector(struct pci_dev *dev, unsigned int index);

#endif
