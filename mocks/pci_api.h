// The role of the seam for PCI. Part of kernel_api.h, which says what all roles keep to.
#ifndef DRYDOCK_MOCKS_PCI_API_H_
#define DRYDOCK_MOCKS_PCI_API_H_

#include "mocks/include/drydock/pci_structs.h"

namespace drydock::mocks {

// drivers/pci/pci-driver.c, drivers/pci/pci.c, drivers/pci/access.c, drivers/pci/msi.
class PciApi {
 public:
  virtual ~PciApi() = default;
  virtual int PciRegisterDriver(pci_driver* driver, module* owner, const char* module_name) = 0;
  virtual void PciUnregisterDriver(pci_driver* driver) = 0;
  virtual int PciEnableDevice(pci_dev* pdev) = 0;
  virtual void PciDisableDevice(pci_dev* pdev) = 0;
  virtual void PciSetMaster(pci_dev* pdev, bool on) = 0;
  // 0, or PCIBIOS_BAD_REGISTER_NUMBER (0x87). `size_bytes`: 1, 2 or 4. A function that is gone
  // reads as ones, and PCIBIOS_DEVICE_NOT_FOUND (0x86) is returned.
  virtual int PciReadConfig(const pci_dev* pdev, int where, unsigned int size_bytes,
                            unsigned int* value) = 0;
  virtual int PciWriteConfig(const pci_dev* pdev, int where, unsigned int size_bytes,
                             unsigned int value) = 0;
  // How many vectors there are now, between `min` and `max`, or a negative errno. `flags`:
  // PCI_IRQ_*.
  virtual int PciAllocIrqVectors(pci_dev* pdev, unsigned int min, unsigned int max,
                                 unsigned int flags) = 0;
  virtual void PciFreeIrqVectors(pci_dev* pdev) = 0;
  virtual int PciIrqVector(pci_dev* pdev, unsigned int index) = 0;
};

}  // namespace drydock::mocks

#endif  // DRYDOCK_MOCKS_PCI_API_H_
