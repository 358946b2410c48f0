// The mocks' constructors, compiled once: they are what costs when a test includes the header.
#include "mocks/gmock/mock_kernel.h"

namespace drydock::mocks {

MockMmApi::MockMmApi() = default;
MockMmApi::MockMmApi(MmApi& real) {
  ON_CALL(*this, RemapPfnRange).WillByDefault(::testing::Invoke(&real, &MmApi::RemapPfnRange));
  ON_CALL(*this, VmIomapMemory).WillByDefault(::testing::Invoke(&real, &MmApi::VmIomapMemory));
  ON_CALL(*this, VmInsertPage).WillByDefault(::testing::Invoke(&real, &MmApi::VmInsertPage));
  ON_CALL(*this, VmfInsertPfn).WillByDefault(::testing::Invoke(&real, &MmApi::VmfInsertPfn));
  ON_CALL(*this, VmfInsertPfnProt)
      .WillByDefault(::testing::Invoke(&real, &MmApi::VmfInsertPfnProt));
  ON_CALL(*this, ZapVmaPtes).WillByDefault(::testing::Invoke(&real, &MmApi::ZapVmaPtes));
  ON_CALL(*this, UnmapMappingRange)
      .WillByDefault(::testing::Invoke(&real, &MmApi::UnmapMappingRange));
  ON_CALL(*this, VmGetPageProt).WillByDefault(::testing::Invoke(&real, &MmApi::VmGetPageProt));
  ON_CALL(*this, PgprotWritecombine)
      .WillByDefault(::testing::Invoke(&real, &MmApi::PgprotWritecombine));
  ON_CALL(*this, FindVma).WillByDefault(::testing::Invoke(&real, &MmApi::FindVma));
  ON_CALL(*this, CurrentMm).WillByDefault(::testing::Invoke(&real, &MmApi::CurrentMm));
  ON_CALL(*this, RemapVmallocRange)
      .WillByDefault(::testing::Invoke(&real, &MmApi::RemapVmallocRange));
  ON_CALL(*this, PgprotWritethrough)
      .WillByDefault(::testing::Invoke(&real, &MmApi::PgprotWritethrough));
  ON_CALL(*this, PgprotNoncached).WillByDefault(::testing::Invoke(&real, &MmApi::PgprotNoncached));
  ON_CALL(*this, PgprotDevice).WillByDefault(::testing::Invoke(&real, &MmApi::PgprotDevice));
  ON_CALL(*this, PgprotDmacoherent)
      .WillByDefault(::testing::Invoke(&real, &MmApi::PgprotDmacoherent));
  ON_CALL(*this, PgprotFramebuffer)
      .WillByDefault(::testing::Invoke(&real, &MmApi::PgprotFramebuffer));
  ON_CALL(*this, VmInsertPages).WillByDefault(::testing::Invoke(&real, &MmApi::VmInsertPages));
  ON_CALL(*this, VmfInsertMixed).WillByDefault(::testing::Invoke(&real, &MmApi::VmfInsertMixed));
  ON_CALL(*this, UnmapMappingPages)
      .WillByDefault(::testing::Invoke(&real, &MmApi::UnmapMappingPages));
}
MockMmApi::~MockMmApi() = default;

MockAllocApi::MockAllocApi() = default;
MockAllocApi::MockAllocApi(AllocApi& real) {
  ON_CALL(*this, Kmalloc).WillByDefault(::testing::Invoke(&real, &AllocApi::Kmalloc));
  ON_CALL(*this, Krealloc).WillByDefault(::testing::Invoke(&real, &AllocApi::Krealloc));
  ON_CALL(*this, Kfree).WillByDefault(::testing::Invoke(&real, &AllocApi::Kfree));
  ON_CALL(*this, Ksize).WillByDefault(::testing::Invoke(&real, &AllocApi::Ksize));
  ON_CALL(*this, AllocPages).WillByDefault(::testing::Invoke(&real, &AllocApi::AllocPages));
  ON_CALL(*this, FreePages).WillByDefault(::testing::Invoke(&real, &AllocApi::FreePages));
  ON_CALL(*this, AllocPagesExact)
      .WillByDefault(::testing::Invoke(&real, &AllocApi::AllocPagesExact));
  ON_CALL(*this, FreePagesExact).WillByDefault(::testing::Invoke(&real, &AllocApi::FreePagesExact));
  ON_CALL(*this, GetPage).WillByDefault(::testing::Invoke(&real, &AllocApi::GetPage));
  ON_CALL(*this, PutPage).WillByDefault(::testing::Invoke(&real, &AllocApi::PutPage));
  ON_CALL(*this, SplitPage).WillByDefault(::testing::Invoke(&real, &AllocApi::SplitPage));
  ON_CALL(*this, Vmalloc).WillByDefault(::testing::Invoke(&real, &AllocApi::Vmalloc));
  ON_CALL(*this, Vfree).WillByDefault(::testing::Invoke(&real, &AllocApi::Vfree));
  ON_CALL(*this, VmallocToPage).WillByDefault(::testing::Invoke(&real, &AllocApi::VmallocToPage));
  ON_CALL(*this, IsVmallocAddr).WillByDefault(::testing::Invoke(&real, &AllocApi::IsVmallocAddr));
  ON_CALL(*this, VirtToPhys).WillByDefault(::testing::Invoke(&real, &AllocApi::VirtToPhys));
  ON_CALL(*this, PhysToVirt).WillByDefault(::testing::Invoke(&real, &AllocApi::PhysToVirt));
  ON_CALL(*this, PfnValid).WillByDefault(::testing::Invoke(&real, &AllocApi::PfnValid));
}
MockAllocApi::~MockAllocApi() = default;

MockDmaApi::MockDmaApi() = default;
MockDmaApi::MockDmaApi(DmaApi& real) {
  ON_CALL(*this, DmaAllocAttrs).WillByDefault(::testing::Invoke(&real, &DmaApi::DmaAllocAttrs));
  ON_CALL(*this, DmaFreeAttrs).WillByDefault(::testing::Invoke(&real, &DmaApi::DmaFreeAttrs));
  ON_CALL(*this, DmaMmapAttrs).WillByDefault(::testing::Invoke(&real, &DmaApi::DmaMmapAttrs));
  ON_CALL(*this, DmaSetMask).WillByDefault(::testing::Invoke(&real, &DmaApi::DmaSetMask));
  ON_CALL(*this, DmaSetCoherentMask)
      .WillByDefault(::testing::Invoke(&real, &DmaApi::DmaSetCoherentMask));
  ON_CALL(*this, DmaMapPage).WillByDefault(::testing::Invoke(&real, &DmaApi::DmaMapPage));
  ON_CALL(*this, DmaUnmapPage).WillByDefault(::testing::Invoke(&real, &DmaApi::DmaUnmapPage));
  ON_CALL(*this, DmaSync).WillByDefault(::testing::Invoke(&real, &DmaApi::DmaSync));
  ON_CALL(*this, DmaMapSingle).WillByDefault(::testing::Invoke(&real, &DmaApi::DmaMapSingle));
  ON_CALL(*this, DmaMapSg).WillByDefault(::testing::Invoke(&real, &DmaApi::DmaMapSg));
  ON_CALL(*this, DmaUnmapSg).WillByDefault(::testing::Invoke(&real, &DmaApi::DmaUnmapSg));
  ON_CALL(*this, DmaSyncSg).WillByDefault(::testing::Invoke(&real, &DmaApi::DmaSyncSg));
  ON_CALL(*this, DmaMapResource).WillByDefault(::testing::Invoke(&real, &DmaApi::DmaMapResource));
  ON_CALL(*this, DmaUnmapResource)
      .WillByDefault(::testing::Invoke(&real, &DmaApi::DmaUnmapResource));
  ON_CALL(*this, DmaMappingError).WillByDefault(::testing::Invoke(&real, &DmaApi::DmaMappingError));
  ON_CALL(*this, DmaAllocPages).WillByDefault(::testing::Invoke(&real, &DmaApi::DmaAllocPages));
  ON_CALL(*this, DmaFreePages).WillByDefault(::testing::Invoke(&real, &DmaApi::DmaFreePages));
  ON_CALL(*this, DmaGetSgtable).WillByDefault(::testing::Invoke(&real, &DmaApi::DmaGetSgtable));
  ON_CALL(*this, DmaNeedSync).WillByDefault(::testing::Invoke(&real, &DmaApi::DmaNeedSync));
  ON_CALL(*this, DmaCanMmap).WillByDefault(::testing::Invoke(&real, &DmaApi::DmaCanMmap));
  ON_CALL(*this, DmaGetRequiredMask)
      .WillByDefault(::testing::Invoke(&real, &DmaApi::DmaGetRequiredMask));
  ON_CALL(*this, DmaPoolCreate).WillByDefault(::testing::Invoke(&real, &DmaApi::DmaPoolCreate));
  ON_CALL(*this, DmaPoolDestroy).WillByDefault(::testing::Invoke(&real, &DmaApi::DmaPoolDestroy));
  ON_CALL(*this, DmaPoolAlloc).WillByDefault(::testing::Invoke(&real, &DmaApi::DmaPoolAlloc));
  ON_CALL(*this, DmaPoolFree).WillByDefault(::testing::Invoke(&real, &DmaApi::DmaPoolFree));
}
MockDmaApi::~MockDmaApi() = default;

MockUaccessApi::MockUaccessApi() = default;
MockUaccessApi::MockUaccessApi(UaccessApi& real) {
  ON_CALL(*this, CopyToUser).WillByDefault(::testing::Invoke(&real, &UaccessApi::CopyToUser));
  ON_CALL(*this, CopyFromUser).WillByDefault(::testing::Invoke(&real, &UaccessApi::CopyFromUser));
  ON_CALL(*this, ClearUser).WillByDefault(::testing::Invoke(&real, &UaccessApi::ClearUser));
  ON_CALL(*this, StrncpyFromUser)
      .WillByDefault(::testing::Invoke(&real, &UaccessApi::StrncpyFromUser));
  ON_CALL(*this, AccessOk).WillByDefault(::testing::Invoke(&real, &UaccessApi::AccessOk));
}
MockUaccessApi::~MockUaccessApi() = default;

MockIoApi::MockIoApi() = default;
MockIoApi::MockIoApi(IoApi& real) {
  ON_CALL(*this, Ioremap).WillByDefault(::testing::Invoke(&real, &IoApi::Ioremap));
  ON_CALL(*this, Iounmap).WillByDefault(::testing::Invoke(&real, &IoApi::Iounmap));
  ON_CALL(*this, Memremap).WillByDefault(::testing::Invoke(&real, &IoApi::Memremap));
  ON_CALL(*this, Memunmap).WillByDefault(::testing::Invoke(&real, &IoApi::Memunmap));
  ON_CALL(*this, RequestMemRegion)
      .WillByDefault(::testing::Invoke(&real, &IoApi::RequestMemRegion));
  ON_CALL(*this, ReleaseMemRegion)
      .WillByDefault(::testing::Invoke(&real, &IoApi::ReleaseMemRegion));
  ON_CALL(*this, MmioRead).WillByDefault(::testing::Invoke(&real, &IoApi::MmioRead));
  ON_CALL(*this, MmioWrite).WillByDefault(::testing::Invoke(&real, &IoApi::MmioWrite));
}
MockIoApi::~MockIoApi() = default;

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

MockSyncApi::MockSyncApi() = default;
MockSyncApi::MockSyncApi(SyncApi& real) {
  ON_CALL(*this, LockInit).WillByDefault(::testing::Invoke(&real, &SyncApi::LockInit));
  ON_CALL(*this, LockAcquire).WillByDefault(::testing::Invoke(&real, &SyncApi::LockAcquire));
  ON_CALL(*this, LockTry).WillByDefault(::testing::Invoke(&real, &SyncApi::LockTry));
  ON_CALL(*this, LockRelease).WillByDefault(::testing::Invoke(&real, &SyncApi::LockRelease));
  ON_CALL(*this, LockIsHeld).WillByDefault(::testing::Invoke(&real, &SyncApi::LockIsHeld));
  ON_CALL(*this, MightSleep).WillByDefault(::testing::Invoke(&real, &SyncApi::MightSleep));
  ON_CALL(*this, Jiffies).WillByDefault(::testing::Invoke(&real, &SyncApi::Jiffies));
  ON_CALL(*this, KtimeNs).WillByDefault(::testing::Invoke(&real, &SyncApi::KtimeNs));
  ON_CALL(*this, RandomBytes).WillByDefault(::testing::Invoke(&real, &SyncApi::RandomBytes));
  ON_CALL(*this, CurrentPid).WillByDefault(::testing::Invoke(&real, &SyncApi::CurrentPid));
  ON_CALL(*this, LockAcquireOrSignal)
      .WillByDefault(::testing::Invoke(&real, &SyncApi::LockAcquireOrSignal));
  ON_CALL(*this, LocalIrq).WillByDefault(::testing::Invoke(&real, &SyncApi::LocalIrq));
  ON_CALL(*this, IrqsOff).WillByDefault(::testing::Invoke(&real, &SyncApi::IrqsOff));
  ON_CALL(*this, LocalBh).WillByDefault(::testing::Invoke(&real, &SyncApi::LocalBh));
  ON_CALL(*this, Preempt).WillByDefault(::testing::Invoke(&real, &SyncApi::Preempt));
  ON_CALL(*this, RcuRead).WillByDefault(::testing::Invoke(&real, &SyncApi::RcuRead));
  ON_CALL(*this, LockNested).WillByDefault(::testing::Invoke(&real, &SyncApi::LockNested));
  ON_CALL(*this, LockSetClass).WillByDefault(::testing::Invoke(&real, &SyncApi::LockSetClass));
  ON_CALL(*this, Capable).WillByDefault(::testing::Invoke(&real, &SyncApi::Capable));
}
MockSyncApi::~MockSyncApi() = default;

MockLogApi::MockLogApi() = default;
MockLogApi::MockLogApi(LogApi& real) {
  ON_CALL(*this, Printk).WillByDefault(::testing::Invoke(&real, &LogApi::Printk));
  ON_CALL(*this, DevPrintk).WillByDefault(::testing::Invoke(&real, &LogApi::DevPrintk));
  ON_CALL(*this, Vsnprintf).WillByDefault(::testing::Invoke(&real, &LogApi::Vsnprintf));
  ON_CALL(*this, Warn).WillByDefault(::testing::Invoke(&real, &LogApi::Warn));
  ON_CALL(*this, Bug).WillByDefault(::testing::Invoke(&real, &LogApi::Bug));
  ON_CALL(*this, TryModuleGet).WillByDefault(::testing::Invoke(&real, &LogApi::TryModuleGet));
  ON_CALL(*this, ModulePut).WillByDefault(::testing::Invoke(&real, &LogApi::ModulePut));
}
MockLogApi::~MockLogApi() = default;

MockTaskApi::MockTaskApi() = default;
MockTaskApi::MockTaskApi(TaskApi& real) {
  ON_CALL(*this, CurrentTask).WillByDefault(::testing::Invoke(&real, &TaskApi::CurrentTask));
  ON_CALL(*this, Schedule).WillByDefault(::testing::Invoke(&real, &TaskApi::Schedule));
  ON_CALL(*this, ScheduleTimeout)
      .WillByDefault(::testing::Invoke(&real, &TaskApi::ScheduleTimeout));
  ON_CALL(*this, Sleep).WillByDefault(::testing::Invoke(&real, &TaskApi::Sleep));
  ON_CALL(*this, Yield).WillByDefault(::testing::Invoke(&real, &TaskApi::Yield));
  ON_CALL(*this, BusyWait).WillByDefault(::testing::Invoke(&real, &TaskApi::BusyWait));
  ON_CALL(*this, WakeUpProcess).WillByDefault(::testing::Invoke(&real, &TaskApi::WakeUpProcess));
  ON_CALL(*this, AddWait).WillByDefault(::testing::Invoke(&real, &TaskApi::AddWait));
  ON_CALL(*this, RemoveWait).WillByDefault(::testing::Invoke(&real, &TaskApi::RemoveWait));
  ON_CALL(*this, PrepareToWait).WillByDefault(::testing::Invoke(&real, &TaskApi::PrepareToWait));
  ON_CALL(*this, PrepareToWaitEvent)
      .WillByDefault(::testing::Invoke(&real, &TaskApi::PrepareToWaitEvent));
  ON_CALL(*this, FinishWait).WillByDefault(::testing::Invoke(&real, &TaskApi::FinishWait));
  ON_CALL(*this, WakeUpQueue).WillByDefault(::testing::Invoke(&real, &TaskApi::WakeUpQueue));
  ON_CALL(*this, DefaultWake).WillByDefault(::testing::Invoke(&real, &TaskApi::DefaultWake));
  ON_CALL(*this, PollWait).WillByDefault(::testing::Invoke(&real, &TaskApi::PollWait));
  ON_CALL(*this, WaitOn).WillByDefault(::testing::Invoke(&real, &TaskApi::WaitOn));
  ON_CALL(*this, WakeOn).WillByDefault(::testing::Invoke(&real, &TaskApi::WakeOn));
  ON_CALL(*this, Context).WillByDefault(::testing::Invoke(&real, &TaskApi::Context));
}
MockTaskApi::~MockTaskApi() = default;

MockTimerApi::MockTimerApi() = default;
MockTimerApi::MockTimerApi(TimerApi& real) {
  ON_CALL(*this, ModTimer).WillByDefault(::testing::Invoke(&real, &TimerApi::ModTimer));
  ON_CALL(*this, DeleteTimer).WillByDefault(::testing::Invoke(&real, &TimerApi::DeleteTimer));
  ON_CALL(*this, TimerPending).WillByDefault(::testing::Invoke(&real, &TimerApi::TimerPending));
  ON_CALL(*this, HrtimerStart).WillByDefault(::testing::Invoke(&real, &TimerApi::HrtimerStart));
  ON_CALL(*this, HrtimerCancel).WillByDefault(::testing::Invoke(&real, &TimerApi::HrtimerCancel));
  ON_CALL(*this, HrtimerActive).WillByDefault(::testing::Invoke(&real, &TimerApi::HrtimerActive));
}
MockTimerApi::~MockTimerApi() = default;

MockWorkApi::MockWorkApi() = default;
MockWorkApi::MockWorkApi(WorkApi& real) {
  ON_CALL(*this, AllocWorkqueue).WillByDefault(::testing::Invoke(&real, &WorkApi::AllocWorkqueue));
  ON_CALL(*this, DestroyWorkqueue)
      .WillByDefault(::testing::Invoke(&real, &WorkApi::DestroyWorkqueue));
  ON_CALL(*this, QueueWork).WillByDefault(::testing::Invoke(&real, &WorkApi::QueueWork));
  ON_CALL(*this, QueueDelayedWork)
      .WillByDefault(::testing::Invoke(&real, &WorkApi::QueueDelayedWork));
  ON_CALL(*this, ModDelayedWork).WillByDefault(::testing::Invoke(&real, &WorkApi::ModDelayedWork));
  ON_CALL(*this, FlushWork).WillByDefault(::testing::Invoke(&real, &WorkApi::FlushWork));
  ON_CALL(*this, FlushDelayedWork)
      .WillByDefault(::testing::Invoke(&real, &WorkApi::FlushDelayedWork));
  ON_CALL(*this, CancelWork).WillByDefault(::testing::Invoke(&real, &WorkApi::CancelWork));
  ON_CALL(*this, CancelDelayedWork)
      .WillByDefault(::testing::Invoke(&real, &WorkApi::CancelDelayedWork));
  ON_CALL(*this, FlushWorkqueue).WillByDefault(::testing::Invoke(&real, &WorkApi::FlushWorkqueue));
  ON_CALL(*this, WorkPending).WillByDefault(::testing::Invoke(&real, &WorkApi::WorkPending));
}
MockWorkApi::~MockWorkApi() = default;

MockIrqApi::MockIrqApi() = default;
MockIrqApi::MockIrqApi(IrqApi& real) {
  ON_CALL(*this, RequestThreadedIrq)
      .WillByDefault(::testing::Invoke(&real, &IrqApi::RequestThreadedIrq));
  ON_CALL(*this, FreeIrq).WillByDefault(::testing::Invoke(&real, &IrqApi::FreeIrq));
  ON_CALL(*this, EnableIrq).WillByDefault(::testing::Invoke(&real, &IrqApi::EnableIrq));
  ON_CALL(*this, DisableIrq).WillByDefault(::testing::Invoke(&real, &IrqApi::DisableIrq));
  ON_CALL(*this, SynchronizeIrq).WillByDefault(::testing::Invoke(&real, &IrqApi::SynchronizeIrq));
}
MockIrqApi::~MockIrqApi() = default;

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

}  // namespace drydock::mocks
