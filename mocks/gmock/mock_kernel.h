// GoogleMock over the roles of the seam, and a kernel that puts such mocks in front of a real one.
//
// A mock made with a real role delegates to it until a test says otherwise, so a test names only
// the calls that are its subject:
//
//   NiceMock<MockMmApi> mm(world_kernel.mm());
//   MockKernel kernel(world_kernel);
//   kernel.Use(mm);
//   ScopedKernelApi installed(kernel);
//   EXPECT_CALL(mm, RemapPfnRange(_, 0x7000, 0x1234, 4096, _)).WillOnce(Return(-ENOMEM));
#ifndef DRYDOCK_MOCKS_GMOCK_MOCK_KERNEL_H_
#define DRYDOCK_MOCKS_GMOCK_MOCK_KERNEL_H_

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <utility>

#include "gmock/gmock.h"
#include "mocks/kernel_api.h"

namespace drydock::mocks {

class MockMmApi : public MmApi {
 public:
  MockMmApi();
  explicit MockMmApi(MmApi& real);
  ~MockMmApi() override;

  MOCK_METHOD(int, RemapPfnRange,
              (vm_area_struct * vma, unsigned long addr, unsigned long pfn, unsigned long size,
               pgprot_t prot),
              (override));
  MOCK_METHOD(int, VmIomapMemory,
              (vm_area_struct * vma, unsigned long long start, unsigned long len), (override));
  MOCK_METHOD(int, VmInsertPage, (vm_area_struct * vma, unsigned long addr, page* page),
              (override));
  MOCK_METHOD(vm_fault_t, VmfInsertPfn,
              (vm_area_struct * vma, unsigned long addr, unsigned long pfn), (override));
  MOCK_METHOD(vm_fault_t, VmfInsertPfnProt,
              (vm_area_struct * vma, unsigned long addr, unsigned long pfn, pgprot_t prot),
              (override));
  MOCK_METHOD(void, ZapVmaPtes, (vm_area_struct * vma, unsigned long addr, unsigned long size),
              (override));
  MOCK_METHOD(void, UnmapMappingRange,
              (address_space * mapping, long long hole_begin, long long hole_len, int even_cows),
              (override));
  MOCK_METHOD(pgprot_t, VmGetPageProt, (unsigned long vm_flags), (override));
  MOCK_METHOD(pgprot_t, PgprotWritecombine, (pgprot_t prot), (override));
  MOCK_METHOD(vm_area_struct*, FindVma, (mm_struct * mm, unsigned long addr), (override));
  MOCK_METHOD(mm_struct*, CurrentMm, (), (override));
  MOCK_METHOD(int, RemapVmallocRange, (vm_area_struct * vma, void* address, unsigned long pgoff),
              (override));
  MOCK_METHOD(pgprot_t, PgprotWritethrough, (pgprot_t prot), (override));
  MOCK_METHOD(pgprot_t, PgprotNoncached, (pgprot_t prot), (override));
  MOCK_METHOD(pgprot_t, PgprotDevice, (pgprot_t prot), (override));
  MOCK_METHOD(pgprot_t, PgprotDmacoherent, (pgprot_t prot), (override));
  MOCK_METHOD(pgprot_t, PgprotFramebuffer, (pgprot_t prot), (override));
  MOCK_METHOD(int, VmInsertPages,
              (vm_area_struct * vma, unsigned long addr, page** pages, unsigned long* count),
              (override));
  MOCK_METHOD(vm_fault_t, VmfInsertMixed,
              (vm_area_struct * vma, unsigned long addr, unsigned long long pfn, pgprot_t prot,
               bool mkwrite),
              (override));
  MOCK_METHOD(void, UnmapMappingPages,
              (address_space * mapping, unsigned long start, unsigned long count, int even_cows),
              (override));
};

class MockAllocApi : public AllocApi {
 public:
  MockAllocApi();
  explicit MockAllocApi(AllocApi& real);
  ~MockAllocApi() override;

  MOCK_METHOD(void*, Kmalloc, (size_t size_bytes, unsigned int gfp), (override));
  MOCK_METHOD(void*, Krealloc, (const void* object, size_t size_bytes, unsigned int gfp),
              (override));
  MOCK_METHOD(void, Kfree, (const void* object), (override));
  MOCK_METHOD(size_t, Ksize, (const void* object), (override));
  MOCK_METHOD(page*, AllocPages, (unsigned int gfp, unsigned int order), (override));
  MOCK_METHOD(void, FreePages, (page * page, unsigned int order), (override));
  MOCK_METHOD(void*, AllocPagesExact, (size_t size_bytes, unsigned int gfp), (override));
  MOCK_METHOD(void, FreePagesExact, (void* address, size_t size_bytes), (override));
  MOCK_METHOD(void, GetPage, (page * page), (override));
  MOCK_METHOD(void, PutPage, (page * page), (override));
  MOCK_METHOD(void, SplitPage, (page * page, unsigned int order), (override));
  MOCK_METHOD(void*, Vmalloc, (size_t size_bytes, unsigned int gfp, bool user), (override));
  MOCK_METHOD(void, Vfree, (const void* address), (override));
  MOCK_METHOD(page*, VmallocToPage, (const void* address), (override));
  MOCK_METHOD(bool, IsVmallocAddr, (const void* address), (override));
  MOCK_METHOD(unsigned long long, VirtToPhys, (const volatile void* address), (override));
  MOCK_METHOD(void*, PhysToVirt, (unsigned long long phys), (override));
  MOCK_METHOD(bool, PfnValid, (unsigned long pfn), (override));
};

class MockDmaApi : public DmaApi {
 public:
  MockDmaApi();
  explicit MockDmaApi(DmaApi& real);
  ~MockDmaApi() override;

  MOCK_METHOD(void*, DmaAllocAttrs,
              (device * dev, size_t size_bytes, unsigned long long* dma_handle, unsigned int gfp,
               unsigned long attrs),
              (override));
  MOCK_METHOD(void, DmaFreeAttrs,
              (device * dev, size_t size_bytes, void* cpu_addr, unsigned long long dma_handle,
               unsigned long attrs),
              (override));
  MOCK_METHOD(int, DmaMmapAttrs,
              (device * dev, vm_area_struct* vma, void* cpu_addr, unsigned long long dma_addr,
               size_t size_bytes, unsigned long attrs),
              (override));
  MOCK_METHOD(int, DmaSetMask, (device * dev, unsigned long long mask), (override));
  MOCK_METHOD(int, DmaSetCoherentMask, (device * dev, unsigned long long mask), (override));
  MOCK_METHOD(unsigned long long, DmaMapPage,
              (device * dev, page* page, size_t offset_bytes, size_t size_bytes, int direction,
               unsigned long attrs),
              (override));
  MOCK_METHOD(void, DmaUnmapPage,
              (device * dev, unsigned long long dma_addr, size_t size_bytes, int direction,
               unsigned long attrs),
              (override));
  MOCK_METHOD(void, DmaSync,
              (device * dev, unsigned long long dma_addr, size_t size_bytes, int direction,
               bool for_cpu),
              (override));
  MOCK_METHOD(unsigned long long, DmaMapSingle,
              (device * dev, void* address, size_t size_bytes, int direction, unsigned long attrs),
              (override));
  MOCK_METHOD(int, DmaMapSg,
              (device * dev, scatterlist* list, int count, int direction, unsigned long attrs),
              (override));
  MOCK_METHOD(void, DmaUnmapSg,
              (device * dev, scatterlist* list, int count, int direction, unsigned long attrs),
              (override));
  MOCK_METHOD(void, DmaSyncSg,
              (device * dev, scatterlist* list, int count, int direction, bool for_cpu),
              (override));
  MOCK_METHOD(unsigned long long, DmaMapResource,
              (device * dev, unsigned long long phys, size_t size_bytes, int direction,
               unsigned long attrs),
              (override));
  MOCK_METHOD(void, DmaUnmapResource,
              (device * dev, unsigned long long dma_addr, size_t size_bytes, int direction,
               unsigned long attrs),
              (override));
  MOCK_METHOD(int, DmaMappingError, (device * dev, unsigned long long dma_addr), (override));
  MOCK_METHOD(page*, DmaAllocPages,
              (device * dev, size_t size_bytes, unsigned long long* dma_handle, int direction,
               unsigned int gfp),
              (override));
  MOCK_METHOD(void, DmaFreePages,
              (device * dev, size_t size_bytes, page* page, unsigned long long dma_handle,
               int direction),
              (override));
  MOCK_METHOD(int, DmaGetSgtable,
              (device * dev, sg_table* table, void* cpu_addr, unsigned long long dma_addr,
               size_t size_bytes, unsigned long attrs),
              (override));
  MOCK_METHOD(bool, DmaNeedSync, (device * dev, unsigned long long dma_addr), (override));
  MOCK_METHOD(bool, DmaCanMmap, (device * dev), (override));
  MOCK_METHOD(unsigned long long, DmaGetRequiredMask, (device * dev), (override));
  MOCK_METHOD(dma_pool*, DmaPoolCreate,
              (const char* name, device* dev, size_t size_bytes, size_t align_bytes,
               size_t boundary_bytes),
              (override));
  MOCK_METHOD(void, DmaPoolDestroy, (dma_pool * pool), (override));
  MOCK_METHOD(void*, DmaPoolAlloc,
              (dma_pool * pool, unsigned int gfp, unsigned long long* dma_handle), (override));
  MOCK_METHOD(void, DmaPoolFree, (dma_pool * pool, void* address, unsigned long long dma_addr),
              (override));
};

class MockUaccessApi : public UaccessApi {
 public:
  MockUaccessApi();
  explicit MockUaccessApi(UaccessApi& real);
  ~MockUaccessApi() override;

  MOCK_METHOD(unsigned long, CopyToUser,
              (void* user_to, const void* from, unsigned long size_bytes), (override));
  MOCK_METHOD(unsigned long, CopyFromUser,
              (void* to, const void* user_from, unsigned long size_bytes), (override));
  MOCK_METHOD(unsigned long, ClearUser, (void* user_to, unsigned long size_bytes), (override));
  MOCK_METHOD(long, StrncpyFromUser, (char* to, const char* user_from, long count), (override));
  MOCK_METHOD(bool, AccessOk, (const void* user, unsigned long size_bytes), (override));
};

class MockIoApi : public IoApi {
 public:
  MockIoApi();
  explicit MockIoApi(IoApi& real);
  ~MockIoApi() override;

  MOCK_METHOD(void*, Ioremap, (unsigned long long phys, unsigned long size_bytes, IoCache cache),
              (override));
  MOCK_METHOD(void, Iounmap, (volatile void* address), (override));
  MOCK_METHOD(void*, Memremap, (unsigned long long phys, size_t size_bytes, unsigned long flags),
              (override));
  MOCK_METHOD(void, Memunmap, (void* address), (override));
  MOCK_METHOD(resource*, RequestMemRegion,
              (unsigned long long start, unsigned long long size_bytes, const char* name),
              (override));
  MOCK_METHOD(void, ReleaseMemRegion, (unsigned long long start, unsigned long long size_bytes),
              (override));
  MOCK_METHOD(uint64_t, MmioRead, (const volatile void* address, unsigned int size_bytes),
              (override));
  MOCK_METHOD(void, MmioWrite, (volatile void* address, uint64_t value, unsigned int size_bytes),
              (override));
};

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

class MockSyncApi : public SyncApi {
 public:
  MockSyncApi();
  explicit MockSyncApi(SyncApi& real);
  ~MockSyncApi() override;

  MOCK_METHOD(void, LockInit, (drydock_lock * lock, LockKind kind, const char* name), (override));
  MOCK_METHOD(void, LockAcquire, (drydock_lock * lock, LockKind kind, const char* function),
              (override));
  MOCK_METHOD(bool, LockTry, (drydock_lock * lock, LockKind kind, const char* function),
              (override));
  MOCK_METHOD(void, LockRelease, (drydock_lock * lock, LockKind kind, const char* function),
              (override));
  MOCK_METHOD(bool, LockIsHeld, (const drydock_lock* lock), (override));
  MOCK_METHOD(void, MightSleep, (const char* function), (override));
  MOCK_METHOD(unsigned long, Jiffies, (), (override));
  MOCK_METHOD(uint64_t, KtimeNs, (), (override));
  MOCK_METHOD(void, RandomBytes, (void* to, size_t size_bytes), (override));
  MOCK_METHOD(int, CurrentPid, (), (override));
  MOCK_METHOD(bool, Capable, (int capability), (override));
  MOCK_METHOD(int, LockAcquireOrSignal,
              (drydock_lock * lock, LockKind kind, unsigned int state, const char* function),
              (override));
  MOCK_METHOD(void, LocalIrq, (bool off), (override));
  MOCK_METHOD(bool, IrqsOff, (), (override));
  MOCK_METHOD(void, LocalBh, (bool off), (override));
  MOCK_METHOD(void, Preempt, (bool off), (override));
  MOCK_METHOD(void, RcuRead, (bool begin), (override));
  MOCK_METHOD(void, LockNested, (unsigned int subclass), (override));
  MOCK_METHOD(void, LockSetClass, (drydock_lock * lock, const void* key, const char* name),
              (override));
};

class MockLogApi : public LogApi {
 public:
  MockLogApi();
  explicit MockLogApi(LogApi& real);
  ~MockLogApi() override;

  MOCK_METHOD(int, Printk, (const char* format, va_list args), (override));
  MOCK_METHOD(void, DevPrintk,
              (const char* level, const device* dev, const char* format, va_list args), (override));
  MOCK_METHOD(int, Vsnprintf, (char* to, size_t size_bytes, const char* format, va_list args),
              (override));
  MOCK_METHOD(void, Warn,
              (const char* file, int line, const char* function, const char* format, va_list args),
              (override));
  MOCK_METHOD(void, Bug, (const char* file, int line, const char* function), (override));
  MOCK_METHOD(bool, TryModuleGet, (module * module), (override));
  MOCK_METHOD(void, ModulePut, (module * module), (override));
};

class MockTaskApi : public TaskApi {
 public:
  MockTaskApi();
  explicit MockTaskApi(TaskApi& real);
  ~MockTaskApi() override;

  MOCK_METHOD(task_struct*, CurrentTask, (), (override));
  MOCK_METHOD(void, Schedule, (const char* function), (override));
  MOCK_METHOD(long, ScheduleTimeout, (long timeout, const char* function), (override));
  MOCK_METHOD(uint64_t, Sleep, (uint64_t nanoseconds, unsigned int state, const char* function),
              (override));
  MOCK_METHOD(void, Yield, (const char* function), (override));
  MOCK_METHOD(void, BusyWait, (uint64_t nanoseconds), (override));
  MOCK_METHOD(int, WakeUpProcess, (task_struct * task, unsigned int mode), (override));
  MOCK_METHOD(void, AddWait, (wait_queue_head * queue, wait_queue_entry* entry, bool exclusive),
              (override));
  MOCK_METHOD(void, RemoveWait, (wait_queue_head * queue, wait_queue_entry* entry), (override));
  MOCK_METHOD(void, PrepareToWait,
              (wait_queue_head * queue, wait_queue_entry* entry, unsigned int state), (override));
  MOCK_METHOD(long, PrepareToWaitEvent,
              (wait_queue_head * queue, wait_queue_entry* entry, unsigned int state), (override));
  MOCK_METHOD(void, FinishWait, (wait_queue_head * queue, wait_queue_entry* entry), (override));
  MOCK_METHOD(int, WakeUpQueue,
              (wait_queue_head * queue, unsigned int mode, int exclusive, void* key,
               const char* function),
              (override));
  MOCK_METHOD(int, DefaultWake,
              (wait_queue_entry * entry, unsigned int mode, int flags, void* key, bool remove),
              (override));
  MOCK_METHOD(void, PollWait, (file * file, wait_queue_head* queue, poll_table_struct* table),
              (override));
  MOCK_METHOD(long, WaitOn,
              (const void* key, unsigned int state, long* timeout, const char* function),
              (override));
  MOCK_METHOD(void, WakeOn, (const void* key, unsigned int count), (override));
  MOCK_METHOD(unsigned int, Context, (), (override));
};

class MockTimerApi : public TimerApi {
 public:
  MockTimerApi();
  explicit MockTimerApi(TimerApi& real);
  ~MockTimerApi() override;

  MOCK_METHOD(int, ModTimer, (timer_list * timer, unsigned long expires, const char* function),
              (override));
  MOCK_METHOD(int, DeleteTimer, (timer_list * timer, bool sync, const char* function), (override));
  MOCK_METHOD(bool, TimerPending, (const timer_list* timer), (override));
  MOCK_METHOD(void, HrtimerStart, (hrtimer * timer, long long at, unsigned int mode), (override));
  MOCK_METHOD(int, HrtimerCancel, (hrtimer * timer, bool wait), (override));
  MOCK_METHOD(bool, HrtimerActive, (const hrtimer* timer), (override));
};

class MockWorkApi : public WorkApi {
 public:
  MockWorkApi();
  explicit MockWorkApi(WorkApi& real);
  ~MockWorkApi() override;

  MOCK_METHOD(workqueue_struct*, AllocWorkqueue,
              (const char* name, unsigned int flags, int max_active), (override));
  MOCK_METHOD(void, DestroyWorkqueue, (workqueue_struct * queue), (override));
  MOCK_METHOD(bool, QueueWork, (workqueue_struct * queue, work_struct* work), (override));
  MOCK_METHOD(bool, QueueDelayedWork,
              (workqueue_struct * queue, delayed_work* work, unsigned long delay), (override));
  MOCK_METHOD(bool, ModDelayedWork,
              (workqueue_struct * queue, delayed_work* work, unsigned long delay), (override));
  MOCK_METHOD(bool, FlushWork, (work_struct * work), (override));
  MOCK_METHOD(bool, FlushDelayedWork, (delayed_work * work), (override));
  MOCK_METHOD(bool, CancelWork, (work_struct * work, bool sync), (override));
  MOCK_METHOD(bool, CancelDelayedWork, (delayed_work * work, bool sync), (override));
  MOCK_METHOD(void, FlushWorkqueue, (workqueue_struct * queue), (override));
  MOCK_METHOD(bool, WorkPending, (const work_struct* work), (override));
};

class MockIrqApi : public IrqApi {
 public:
  MockIrqApi();
  explicit MockIrqApi(IrqApi& real);
  ~MockIrqApi() override;

  MOCK_METHOD(int, RequestThreadedIrq,
              (unsigned int irq, Handler handler, Handler thread, unsigned long flags,
               const char* name, void* data),
              (override));
  MOCK_METHOD(const void*, FreeIrq, (unsigned int irq, void* data), (override));
  MOCK_METHOD(void, EnableIrq, (unsigned int irq), (override));
  MOCK_METHOD(void, DisableIrq, (unsigned int irq, bool sync), (override));
  MOCK_METHOD(void, SynchronizeIrq, (unsigned int irq), (override));
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

// A kernel whose roles are another kernel's, except those replaced by Use(). A driver run is left
// as OnLeaveDriver() says, or as the real kernel does.
class MockKernel : public KernelApi {
 public:
  // No real kernel: every role that the driver uses has to be given.
  MockKernel() = default;
  explicit MockKernel(KernelApi& real) : real_(&real) { ShareCrossing(real); }

  void Use(MmApi& role) { mm_ = &role; }
  void Use(AllocApi& role) { alloc_ = &role; }
  void Use(DmaApi& role) { dma_ = &role; }
  void Use(UaccessApi& role) { uaccess_ = &role; }
  void Use(IoApi& role) { io_ = &role; }
  void Use(ChrdevApi& role) { chrdev_ = &role; }
  void Use(DeviceApi& role) { devices_ = &role; }
  void Use(OfApi& role) { of_ = &role; }
  void Use(SyncApi& role) { sync_ = &role; }
  void Use(LogApi& role) { log_ = &role; }
  void Use(TaskApi& role) { tasks_ = &role; }
  void Use(TimerApi& role) { timers_ = &role; }
  void Use(WorkApi& role) { works_ = &role; }
  void Use(IrqApi& role) { irqs_ = &role; }
  void Use(PciApi& role) { pci_ = &role; }

  // `leave` must not return: it throws or jumps.
  void OnLeaveDriver(std::function<void()> leave) { leave_ = std::move(leave); }
  // What a call of an unmodelled symbol does instead of asking the real kernel.
  void OnUnmodelled(std::function<void(const char*)> act) { unmodelled_ = std::move(act); }
  using KernelApi::set_trap_pending;

  MmApi& mm() override { return Of(mm_, &KernelApi::mm, "mm"); }
  AllocApi& alloc() override { return Of(alloc_, &KernelApi::alloc, "alloc"); }
  DmaApi& dma() override { return Of(dma_, &KernelApi::dma, "dma"); }
  UaccessApi& uaccess() override { return Of(uaccess_, &KernelApi::uaccess, "uaccess"); }
  IoApi& io() override { return Of(io_, &KernelApi::io, "io"); }
  ChrdevApi& chrdev() override { return Of(chrdev_, &KernelApi::chrdev, "chrdev"); }
  DeviceApi& devices() override { return Of(devices_, &KernelApi::devices, "devices"); }
  OfApi& of() override { return Of(of_, &KernelApi::of, "of"); }
  SyncApi& sync() override { return Of(sync_, &KernelApi::sync, "sync"); }
  LogApi& log() override { return Of(log_, &KernelApi::log, "log"); }
  TaskApi& tasks() override { return Of(tasks_, &KernelApi::tasks, "tasks"); }
  TimerApi& timers() override { return Of(timers_, &KernelApi::timers, "timers"); }
  WorkApi& works() override { return Of(works_, &KernelApi::works, "works"); }
  IrqApi& irqs() override { return Of(irqs_, &KernelApi::irqs, "irqs"); }
  PciApi& pci() override { return Of(pci_, &KernelApi::pci, "pci"); }

  void* LibraryState(size_t size_bytes) override {
    return real_ != nullptr ? real_->LibraryState(size_bytes) : library_state_;
  }

  void Unmodelled(const char* symbol) override {
    if (unmodelled_) {
      unmodelled_(symbol);
    } else {
      Real("Unmodelled").Unmodelled(symbol);
    }
  }

  void StackOverflow(size_t used_bytes) override {
    Real("StackOverflow").StackOverflow(used_bytes);
  }

  [[noreturn]] void LeaveDriver() override {
    if (leave_) {
      leave_();
      std::fputs("drydock: OnLeaveDriver's function returned\n", stderr);
      std::abort();
    }
    Real("LeaveDriver").LeaveDriver();
    std::abort();  // not reached
  }

 private:
  KernelApi& Real(const char* what) {
    if (real_ == nullptr) {
      std::fprintf(stderr, "drydock: the driver needs '%s', which this MockKernel was not given\n",
                   what);
      std::abort();
    }
    return *real_;
  }
  template <typename Role>
  Role& Of(Role* replaced, Role& (KernelApi::*get)(), const char* what) {
    return replaced != nullptr ? *replaced : (Real(what).*get)();
  }

  KernelApi* real_ = nullptr;
  alignas(16) char library_state_[512] = {};
  MmApi* mm_ = nullptr;
  AllocApi* alloc_ = nullptr;
  DmaApi* dma_ = nullptr;
  UaccessApi* uaccess_ = nullptr;
  IoApi* io_ = nullptr;
  ChrdevApi* chrdev_ = nullptr;
  DeviceApi* devices_ = nullptr;
  OfApi* of_ = nullptr;
  SyncApi* sync_ = nullptr;
  LogApi* log_ = nullptr;
  TaskApi* tasks_ = nullptr;
  TimerApi* timers_ = nullptr;
  WorkApi* works_ = nullptr;
  IrqApi* irqs_ = nullptr;
  PciApi* pci_ = nullptr;
  std::function<void()> leave_;
  std::function<void(const char*)> unmodelled_;
};

}  // namespace drydock::mocks

#endif  // DRYDOCK_MOCKS_GMOCK_MOCK_KERNEL_H_
