// Constructors, compiled once: they are what costs when a test includes the header.
#include "mocks/gmock/mock_devices.h"

namespace drydock::mocks {

MockChrdevApi::MockChrdevApi() = default;
MockChrdevApi::MockChrdevApi(ChrdevApi& real) {
  ON_CALL(*this, RegisterChrdev)
      .WillByDefault(::testing::Invoke(&real, &ChrdevApi::RegisterChrdev));
  ON_CALL(*this, UnregisterChrdev)
      .WillByDefault(::testing::Invoke(&real, &ChrdevApi::UnregisterChrdev));
  ON_CALL(*this, AllocChrdevRegion)
      .WillByDefault(::testing::Invoke(&real, &ChrdevApi::AllocChrdevRegion));
  ON_CALL(*this, RegisterChrdevRegion)
      .WillByDefault(::testing::Invoke(&real, &ChrdevApi::RegisterChrdevRegion));
  ON_CALL(*this, UnregisterChrdevRegion)
      .WillByDefault(::testing::Invoke(&real, &ChrdevApi::UnregisterChrdevRegion));
  ON_CALL(*this, CdevInit).WillByDefault(::testing::Invoke(&real, &ChrdevApi::CdevInit));
  ON_CALL(*this, CdevAdd).WillByDefault(::testing::Invoke(&real, &ChrdevApi::CdevAdd));
  ON_CALL(*this, CdevDel).WillByDefault(::testing::Invoke(&real, &ChrdevApi::CdevDel));
  ON_CALL(*this, MiscRegister).WillByDefault(::testing::Invoke(&real, &ChrdevApi::MiscRegister));
  ON_CALL(*this, MiscDeregister)
      .WillByDefault(::testing::Invoke(&real, &ChrdevApi::MiscDeregister));
  ON_CALL(*this, Ihold).WillByDefault(::testing::Invoke(&real, &ChrdevApi::Ihold));
  ON_CALL(*this, Iput).WillByDefault(::testing::Invoke(&real, &ChrdevApi::Iput));
}
MockChrdevApi::~MockChrdevApi() = default;

MockDeviceApi::MockDeviceApi() = default;
MockDeviceApi::MockDeviceApi(DeviceApi& real) {
  ON_CALL(*this, ClassCreate).WillByDefault(::testing::Invoke(&real, &DeviceApi::ClassCreate));
  ON_CALL(*this, ClassRegister).WillByDefault(::testing::Invoke(&real, &DeviceApi::ClassRegister));
  ON_CALL(*this, ClassUnregister)
      .WillByDefault(::testing::Invoke(&real, &DeviceApi::ClassUnregister));
  ON_CALL(*this, ClassDestroy).WillByDefault(::testing::Invoke(&real, &DeviceApi::ClassDestroy));
  ON_CALL(*this, DeviceCreate).WillByDefault(::testing::Invoke(&real, &DeviceApi::DeviceCreate));
  ON_CALL(*this, DeviceDestroy).WillByDefault(::testing::Invoke(&real, &DeviceApi::DeviceDestroy));
  ON_CALL(*this, DeviceInitialize)
      .WillByDefault(::testing::Invoke(&real, &DeviceApi::DeviceInitialize));
  ON_CALL(*this, DeviceAdd).WillByDefault(::testing::Invoke(&real, &DeviceApi::DeviceAdd));
  ON_CALL(*this, DeviceDel).WillByDefault(::testing::Invoke(&real, &DeviceApi::DeviceDel));
  ON_CALL(*this, GetDevice).WillByDefault(::testing::Invoke(&real, &DeviceApi::GetDevice));
  ON_CALL(*this, PutDevice).WillByDefault(::testing::Invoke(&real, &DeviceApi::PutDevice));
  ON_CALL(*this, DevSetName).WillByDefault(::testing::Invoke(&real, &DeviceApi::DevSetName));
  ON_CALL(*this, PlatformDriverRegister)
      .WillByDefault(::testing::Invoke(&real, &DeviceApi::PlatformDriverRegister));
  ON_CALL(*this, PlatformDriverUnregister)
      .WillByDefault(::testing::Invoke(&real, &DeviceApi::PlatformDriverUnregister));
  ON_CALL(*this, PlatformDriverProbe)
      .WillByDefault(::testing::Invoke(&real, &DeviceApi::PlatformDriverProbe));
  ON_CALL(*this, PlatformDeviceAlloc)
      .WillByDefault(::testing::Invoke(&real, &DeviceApi::PlatformDeviceAlloc));
  ON_CALL(*this, PlatformDeviceAddResources)
      .WillByDefault(::testing::Invoke(&real, &DeviceApi::PlatformDeviceAddResources));
  ON_CALL(*this, PlatformDeviceAdd)
      .WillByDefault(::testing::Invoke(&real, &DeviceApi::PlatformDeviceAdd));
  ON_CALL(*this, PlatformDeviceDel)
      .WillByDefault(::testing::Invoke(&real, &DeviceApi::PlatformDeviceDel));
  ON_CALL(*this, PlatformDevicePut)
      .WillByDefault(::testing::Invoke(&real, &DeviceApi::PlatformDevicePut));
  ON_CALL(*this, PlatformGetResource)
      .WillByDefault(::testing::Invoke(&real, &DeviceApi::PlatformGetResource));
  ON_CALL(*this, DevmAddAction).WillByDefault(::testing::Invoke(&real, &DeviceApi::DevmAddAction));
  ON_CALL(*this, DevmRemoveAction)
      .WillByDefault(::testing::Invoke(&real, &DeviceApi::DevmRemoveAction));
  ON_CALL(*this, DevmKmalloc).WillByDefault(::testing::Invoke(&real, &DeviceApi::DevmKmalloc));
  ON_CALL(*this, DevmKfree).WillByDefault(::testing::Invoke(&real, &DeviceApi::DevmKfree));
}
MockDeviceApi::~MockDeviceApi() = default;

MockPciApi::MockPciApi() = default;
MockPciApi::MockPciApi(PciApi& real) {
  ON_CALL(*this, PciRegisterDriver)
      .WillByDefault(::testing::Invoke(&real, &PciApi::PciRegisterDriver));
  ON_CALL(*this, PciUnregisterDriver)
      .WillByDefault(::testing::Invoke(&real, &PciApi::PciUnregisterDriver));
  ON_CALL(*this, PciEnableDevice).WillByDefault(::testing::Invoke(&real, &PciApi::PciEnableDevice));
  ON_CALL(*this, PciDisableDevice)
      .WillByDefault(::testing::Invoke(&real, &PciApi::PciDisableDevice));
  ON_CALL(*this, PciSetMaster).WillByDefault(::testing::Invoke(&real, &PciApi::PciSetMaster));
  ON_CALL(*this, PciReadConfig).WillByDefault(::testing::Invoke(&real, &PciApi::PciReadConfig));
  ON_CALL(*this, PciWriteConfig).WillByDefault(::testing::Invoke(&real, &PciApi::PciWriteConfig));
  ON_CALL(*this, PciAllocIrqVectors)
      .WillByDefault(::testing::Invoke(&real, &PciApi::PciAllocIrqVectors));
  ON_CALL(*this, PciFreeIrqVectors)
      .WillByDefault(::testing::Invoke(&real, &PciApi::PciFreeIrqVectors));
  ON_CALL(*this, PciIrqVector).WillByDefault(::testing::Invoke(&real, &PciApi::PciIrqVector));
}
MockPciApi::~MockPciApi() = default;

MockOfApi::MockOfApi() = default;
MockOfApi::MockOfApi(OfApi& real) {
  ON_CALL(*this, FindCompatibleNode)
      .WillByDefault(::testing::Invoke(&real, &OfApi::FindCompatibleNode));
  ON_CALL(*this, FindNodeByPath).WillByDefault(::testing::Invoke(&real, &OfApi::FindNodeByPath));
  ON_CALL(*this, FindNodeByPhandle)
      .WillByDefault(::testing::Invoke(&real, &OfApi::FindNodeByPhandle));
  ON_CALL(*this, GetProperty).WillByDefault(::testing::Invoke(&real, &OfApi::GetProperty));
  ON_CALL(*this, AddressToResource)
      .WillByDefault(::testing::Invoke(&real, &OfApi::AddressToResource));
  ON_CALL(*this, NodeGet).WillByDefault(::testing::Invoke(&real, &OfApi::NodeGet));
  ON_CALL(*this, NodePut).WillByDefault(::testing::Invoke(&real, &OfApi::NodePut));
  ON_CALL(*this, ReservedMem).WillByDefault(::testing::Invoke(&real, &OfApi::ReservedMem));
}
MockOfApi::~MockOfApi() = default;

}  // namespace drydock::mocks
