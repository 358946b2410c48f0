// Symbols of drivers/pci that keep state.
#include "mocks/shims/shim.h"

using drydock::mocks::Cross;
using drydock::mocks::PciApi;

namespace {

template <class Value>
DRYDOCK_SHIM_INLINE int Read(const pci_dev* pdev, int where, Value* value) {
  unsigned int all = 0;
  const int error =
      Cross<&PciApi::PciReadConfig>(pdev, where, static_cast<unsigned int>(sizeof(Value)), &all);
  *value = static_cast<Value>(all);
  return error;
}

}  // namespace

extern "C" {

int __pci_register_driver(pci_driver* driver, module* owner, const char* module_name) {
  return Cross<&PciApi::PciRegisterDriver>(driver, owner, module_name);
}
void pci_unregister_driver(pci_driver* driver) { Cross<&PciApi::PciUnregisterDriver>(driver); }
int pci_enable_device(pci_dev* pdev) { return Cross<&PciApi::PciEnableDevice>(pdev); }
int pci_enable_device_mem(pci_dev* pdev) { return Cross<&PciApi::PciEnableDevice>(pdev); }
void pci_disable_device(pci_dev* pdev) { Cross<&PciApi::PciDisableDevice>(pdev); }
void pci_set_master(pci_dev* pdev) { Cross<&PciApi::PciSetMaster>(pdev, true); }
void pci_clear_master(pci_dev* pdev) { Cross<&PciApi::PciSetMaster>(pdev, false); }
int pci_read_config_byte(const pci_dev* pdev, int where, unsigned char* value) {
  return Read(pdev, where, value);
}
int pci_read_config_word(const pci_dev* pdev, int where, unsigned short* value) {
  return Read(pdev, where, value);
}
int pci_read_config_dword(const pci_dev* pdev, int where, unsigned int* value) {
  return Read(pdev, where, value);
}
int pci_write_config_byte(const pci_dev* pdev, int where, unsigned char value) {
  return Cross<&PciApi::PciWriteConfig>(pdev, where, 1u, static_cast<unsigned int>(value));
}
int pci_write_config_word(const pci_dev* pdev, int where, unsigned short value) {
  return Cross<&PciApi::PciWriteConfig>(pdev, where, 2u, static_cast<unsigned int>(value));
}
int pci_write_config_dword(const pci_dev* pdev, int where, unsigned int value) {
  return Cross<&PciApi::PciWriteConfig>(pdev, where, 4u, value);
}
int pci_alloc_irq_vectors_affinity(pci_dev* pdev, unsigned int min, unsigned int max,
                                   unsigned int flags, void*) {
  return Cross<&PciApi::PciAllocIrqVectors>(pdev, min, max, flags);
}
void pci_free_irq_vectors(pci_dev* pdev) { Cross<&PciApi::PciFreeIrqVectors>(pdev); }
int pci_irq_vector(pci_dev* pdev, unsigned int index) {
  return Cross<&PciApi::PciIrqVector>(pdev, index);
}

}  // extern "C"
