// GoogleMock over the roles of registration: character devices, the device model, PCI, the device
// tree. How to use them: mocks/gmock/mock_kernel.h.
#ifndef DRYDOCK_MOCKS_GMOCK_MOCK_DEVICES_H_
#define DRYDOCK_MOCKS_GMOCK_MOCK_DEVICES_H_

#include "gmock/gmock.h"
#include "mocks/kernel_api.h"

namespace drydock::mocks {

class MockChrdevApi : public ChrdevApi {
 public:
  MockChrdevApi();
  explicit MockChrdevApi(ChrdevApi& real);
  ~MockChrdevApi() override;

  MOCK_METHOD(int, RegisterChrdev,
              (unsigned int major, unsigned int base_minor, unsigned int count, const char* name,
               const file_operations* fops),
              (override));
  MOCK_METHOD(void, UnregisterChrdev,
              (unsigned int major, unsigned int base_minor, unsigned int count, const char* name),
              (override));
  MOCK_METHOD(int, AllocChrdevRegion,
              (unsigned int* dev, unsigned int base_minor, unsigned int count, const char* name),
              (override));
  MOCK_METHOD(int, RegisterChrdevRegion, (unsigned int dev, unsigned int count, const char* name),
              (override));
  MOCK_METHOD(void, UnregisterChrdevRegion, (unsigned int dev, unsigned int count), (override));
  MOCK_METHOD(void, CdevInit, (cdev * cdev, const file_operations* fops), (override));
  MOCK_METHOD(int, CdevAdd, (cdev * cdev, unsigned int dev, unsigned int count), (override));
  MOCK_METHOD(void, CdevDel, (cdev * cdev), (override));
  MOCK_METHOD(int, MiscRegister, (miscdevice * misc), (override));
  MOCK_METHOD(void, MiscDeregister, (miscdevice * misc), (override));
  MOCK_METHOD(void, Ihold, (inode * inode), (override));
  MOCK_METHOD(void, Iput, (inode * inode), (override));
};

class MockDeviceApi : public DeviceApi {
 public:
  MockDeviceApi();
  explicit MockDeviceApi(DeviceApi& real);
  ~MockDeviceApi() override;

  MOCK_METHOD(kclass*, ClassCreate, (module * owner, const char* name), (override));
  MOCK_METHOD(int, ClassRegister, (kclass * cls), (override));
  MOCK_METHOD(void, ClassUnregister, (kclass * cls), (override));
  MOCK_METHOD(void, ClassDestroy, (kclass * cls), (override));
  MOCK_METHOD(device*, DeviceCreate,
              (kclass * cls, device* parent, unsigned int devt, void* drvdata, const char* format,
               va_list args),
              (override));
  MOCK_METHOD(void, DeviceDestroy, (kclass * cls, unsigned int devt), (override));
  MOCK_METHOD(void, DeviceInitialize, (device * dev), (override));
  MOCK_METHOD(int, DeviceAdd, (device * dev), (override));
  MOCK_METHOD(void, DeviceDel, (device * dev), (override));
  MOCK_METHOD(device*, GetDevice, (device * dev), (override));
  MOCK_METHOD(void, PutDevice, (device * dev), (override));
  MOCK_METHOD(int, DevSetName, (device * dev, const char* format, va_list args), (override));
  MOCK_METHOD(int, PlatformDriverRegister, (platform_driver * driver, module* owner), (override));
  MOCK_METHOD(void, PlatformDriverUnregister, (platform_driver * driver), (override));
  MOCK_METHOD(int, PlatformDriverProbe,
              (platform_driver * driver, int (*probe)(platform_device*), module* owner),
              (override));
  MOCK_METHOD(platform_device*, PlatformDeviceAlloc, (const char* name, int id), (override));
  MOCK_METHOD(int, PlatformDeviceAddResources,
              (platform_device * pdev, const resource* resources, unsigned int count), (override));
  MOCK_METHOD(int, PlatformDeviceAdd, (platform_device * pdev), (override));
  MOCK_METHOD(void, PlatformDeviceDel, (platform_device * pdev), (override));
  MOCK_METHOD(void, PlatformDevicePut, (platform_device * pdev), (override));
  MOCK_METHOD(resource*, PlatformGetResource,
              (platform_device * pdev, unsigned int type, unsigned int index), (override));
  MOCK_METHOD(int, DevmAddAction, (device * dev, void (*action)(void*), void* data), (override));
  MOCK_METHOD(int, DevmRemoveAction, (device * dev, void (*action)(void*), void* data, bool run),
              (override));
  MOCK_METHOD(void*, DevmKmalloc, (device * dev, size_t size_bytes, unsigned int gfp), (override));
  MOCK_METHOD(void, DevmKfree, (device * dev, const void* object), (override));
};

class MockPciApi : public PciApi {
 public:
  MockPciApi();
  explicit MockPciApi(PciApi& real);
  ~MockPciApi() override;

  MOCK_METHOD(int, PciRegisterDriver, (pci_driver * driver, module* owner, const char* module_name),
              (override));
  MOCK_METHOD(void, PciUnregisterDriver, (pci_driver * driver), (override));
  MOCK_METHOD(int, PciEnableDevice, (pci_dev * pdev), (override));
  MOCK_METHOD(void, PciDisableDevice, (pci_dev * pdev), (override));
  MOCK_METHOD(void, PciSetMaster, (pci_dev * pdev, bool on), (override));
  MOCK_METHOD(int, PciReadConfig,
              (const pci_dev* pdev, int where, unsigned int size_bytes, unsigned int* value),
              (override));
  MOCK_METHOD(int, PciWriteConfig,
              (const pci_dev* pdev, int where, unsigned int size_bytes, unsigned int value),
              (override));
  MOCK_METHOD(int, PciAllocIrqVectors,
              (pci_dev * pdev, unsigned int min, unsigned int max, unsigned int flags), (override));
  MOCK_METHOD(void, PciFreeIrqVectors, (pci_dev * pdev), (override));
  MOCK_METHOD(int, PciIrqVector, (pci_dev * pdev, unsigned int index), (override));
};

class MockOfApi : public OfApi {
 public:
  MockOfApi();
  explicit MockOfApi(OfApi& real);
  ~MockOfApi() override;

  MOCK_METHOD(device_node*, FindCompatibleNode,
              (device_node * from, const char* type, const char* compatible), (override));
  MOCK_METHOD(device_node*, FindNodeByPath, (const char* path), (override));
  MOCK_METHOD(device_node*, FindNodeByPhandle, (unsigned int phandle), (override));
  MOCK_METHOD(const void*, GetProperty, (const device_node* node, const char* name, int* length),
              (override));
  MOCK_METHOD(int, AddressToResource, (device_node * node, int index, resource* out), (override));
  MOCK_METHOD(device_node*, NodeGet, (device_node * node), (override));
  MOCK_METHOD(void, NodePut, (device_node * node), (override));
  MOCK_METHOD(bool, ReservedMem,
              (const device_node* node, unsigned long long* base, unsigned long long* size_bytes),
              (override));
};

}  // namespace drydock::mocks

#endif  // DRYDOCK_MOCKS_GMOCK_MOCK_DEVICES_H_
