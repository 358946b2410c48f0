// The seam: what a driver may ask of the kernel, as small interfaces by role.
//
// Each exported kernel symbol is one virtual call here, reached through a one-line shim in
// mocks/shims/. The emulated kernel (sim/kernel) implements the roles; a GoogleMock test puts
// mocks/gmock in front of them. Inline helpers of the kernel stay inline C and never come here.
//
// Errors a driver sees are the kernel's: a negative errno, an ERR_PTR, nullptr. A verdict about the
// driver itself (BUG, an unmodelled symbol, the step budget, a dead lock) is a trap: the emulated
// kernel notes it and returns any value; the shim then calls LeaveDriver(), which abandons the
// driver's fibre. So no C++ frame with a destructor is ever skipped.
#ifndef DRYDOCK_MOCKS_KERNEL_API_H_
#define DRYDOCK_MOCKS_KERNEL_API_H_

#include <cstdarg>
#include <cstddef>
#include <cstdint>

#include "mocks/include/drydock/device_structs.h"
#include "mocks/include/drydock/dma_structs.h"
#include "mocks/include/drydock/mm_structs.h"
#include "mocks/pci_api.h"
#include "mocks/task_api.h"

struct dma_pool;

namespace drydock::mocks {

// Page-table population and VMA look-up: mm/memory.c, mm/mmap.c, arch/x86/mm/pat.
class MmApi {
 public:
  virtual ~MmApi() = default;
  virtual int RemapPfnRange(vm_area_struct* vma, unsigned long addr, unsigned long pfn,
                            unsigned long size, pgprot_t prot) = 0;
  virtual int VmIomapMemory(vm_area_struct* vma, unsigned long long start, unsigned long len) = 0;
  virtual int VmInsertPage(vm_area_struct* vma, unsigned long addr, page* page) = 0;
  virtual vm_fault_t VmfInsertPfn(vm_area_struct* vma, unsigned long addr, unsigned long pfn) = 0;
  virtual vm_fault_t VmfInsertPfnProt(vm_area_struct* vma, unsigned long addr, unsigned long pfn,
                                      pgprot_t prot) = 0;
  virtual void ZapVmaPtes(vm_area_struct* vma, unsigned long addr, unsigned long size) = 0;
  virtual void UnmapMappingRange(address_space* mapping, long long hole_begin, long long hole_len,
                                 int even_cows) = 0;
  virtual pgprot_t VmGetPageProt(unsigned long vm_flags) = 0;
  virtual pgprot_t PgprotWritecombine(pgprot_t prot) = 0;
  virtual vm_area_struct* FindVma(mm_struct* mm, unsigned long addr) = 0;
  virtual int GenericAccessPhys(vm_area_struct* vma, unsigned long addr, void* buf, int len,
                                int write) = 0;
  // The `current->mm` of the running task; nullptr in a kernel thread.
  virtual mm_struct* CurrentMm() = 0;

  virtual int RemapVmallocRange(vm_area_struct* vma, void* address, unsigned long pgoff) = 0;
  virtual pgprot_t PgprotWritethrough(pgprot_t prot) = 0;
  virtual pgprot_t PgprotNoncached(pgprot_t prot) = 0;
  virtual pgprot_t PgprotDevice(pgprot_t prot) = 0;
  virtual pgprot_t PgprotDmacoherent(pgprot_t prot) = 0;
  virtual pgprot_t PgprotFramebuffer(pgprot_t prot) = 0;  // fb_pgprotect()
  // On return *count is how many were not inserted.
  virtual int VmInsertPages(vm_area_struct* vma, unsigned long addr, page** pages,
                            unsigned long* count) = 0;
  // vmf_insert_mixed_prot() and, with `mkwrite`, vmf_insert_mixed_mkwrite(); `pfn` is a pfn_t,
  // flags and all.
  virtual vm_fault_t VmfInsertMixed(vm_area_struct* vma, unsigned long addr, unsigned long long pfn,
                                    pgprot_t prot, bool mkwrite) = 0;
  virtual void UnmapMappingPages(address_space* mapping, unsigned long start, unsigned long count,
                                 int even_cows) = 0;
  // 7.3: mmap_action_prepare(), mmap_action_complete(), __compat_vma_mmap().
  virtual int MmapActionPrepare(vm_area_desc* desc) = 0;
  virtual int MmapActionComplete(vm_area_struct* vma, mmap_action* action, bool is_compat) = 0;
  virtual int CompatVmaMmap(vm_area_desc* desc, vm_area_struct* vma) = 0;
};

// mm/slab_common.c, mm/page_alloc.c, mm/vmalloc.c, and the address arithmetic that is typed here
// (O18).
class AllocApi {
 public:
  virtual ~AllocApi() = default;
  virtual void* Kmalloc(size_t size_bytes, unsigned int gfp) = 0;
  virtual void* Krealloc(const void* object, size_t size_bytes, unsigned int gfp) = 0;
  virtual void Kfree(const void* object) = 0;
  virtual size_t Ksize(const void* object) = 0;
  virtual page* AllocPages(unsigned int gfp, unsigned int order) = 0;
  virtual void FreePages(page* page, unsigned int order) = 0;  // __free_pages
  virtual void* AllocPagesExact(size_t size_bytes, unsigned int gfp) = 0;
  virtual void FreePagesExact(void* address, size_t size_bytes) = 0;
  virtual void GetPage(page* page) = 0;
  virtual void PutPage(page* page) = 0;
  // PG_locked of the page, or of the first one of its block: lock_page() and its kin.
  virtual bool TrylockPage(page* page) = 0;
  virtual void UnlockPage(page* page) = 0;
  virtual void SplitPage(page* page, unsigned int order) = 0;
  // `user`: the area may be mapped by remap_vmalloc_range (VM_USERMAP), as vmalloc_user() makes it.
  virtual void* Vmalloc(size_t size_bytes, unsigned int gfp, bool user) = 0;
  virtual void Vfree(const void* address) = 0;
  virtual page* VmallocToPage(const void* address) = 0;
  virtual bool IsVmallocAddr(const void* address) = 0;
  // Valid for linear memory only; anything else is a violation of C32 and gives what arithmetic
  // gives.
  virtual unsigned long long VirtToPhys(const volatile void* address) = 0;
  virtual void* PhysToVirt(unsigned long long phys) = 0;
  virtual bool PfnValid(unsigned long pfn) = 0;
};

// kernel/dma/mapping.c, mm/dmapool.c
class DmaApi {
 public:
  virtual ~DmaApi() = default;
  virtual void* DmaAllocAttrs(device* dev, size_t size_bytes, unsigned long long* dma_handle,
                              unsigned int gfp, unsigned long attrs) = 0;
  virtual void DmaFreeAttrs(device* dev, size_t size_bytes, void* cpu_addr,
                            unsigned long long dma_handle, unsigned long attrs) = 0;
  virtual int DmaMmapAttrs(device* dev, vm_area_struct* vma, void* cpu_addr,
                           unsigned long long dma_addr, size_t size_bytes, unsigned long attrs) = 0;
  virtual int DmaSetMask(device* dev, unsigned long long mask) = 0;
  virtual int DmaSetCoherentMask(device* dev, unsigned long long mask) = 0;
  virtual unsigned long long DmaMapPage(device* dev, page* page, size_t offset_bytes,
                                        size_t size_bytes, int direction, unsigned long attrs) = 0;
  virtual void DmaUnmapPage(device* dev, unsigned long long dma_addr, size_t size_bytes,
                            int direction, unsigned long attrs) = 0;
  virtual void DmaSync(device* dev, unsigned long long dma_addr, size_t size_bytes, int direction,
                       bool for_cpu) = 0;
  virtual unsigned long long DmaMapSingle(device* dev, void* address, size_t size_bytes,
                                          int direction, unsigned long attrs) = 0;
  // How many entries the device gets, or a negative errno.
  virtual int DmaMapSg(device* dev, scatterlist* list, int count, int direction,
                       unsigned long attrs) = 0;
  virtual void DmaUnmapSg(device* dev, scatterlist* list, int count, int direction,
                          unsigned long attrs) = 0;
  virtual void DmaSyncSg(device* dev, scatterlist* list, int count, int direction,
                         bool for_cpu) = 0;
  virtual unsigned long long DmaMapResource(device* dev, unsigned long long phys, size_t size_bytes,
                                            int direction, unsigned long attrs) = 0;
  virtual void DmaUnmapResource(device* dev, unsigned long long dma_addr, size_t size_bytes,
                                int direction, unsigned long attrs) = 0;
  virtual int DmaMappingError(device* dev, unsigned long long dma_addr) = 0;
  virtual page* DmaAllocPages(device* dev, size_t size_bytes, unsigned long long* dma_handle,
                              int direction, unsigned int gfp) = 0;
  virtual void DmaFreePages(device* dev, size_t size_bytes, page* page,
                            unsigned long long dma_handle, int direction) = 0;
  virtual int DmaGetSgtable(device* dev, sg_table* table, void* cpu_addr,
                            unsigned long long dma_addr, size_t size_bytes,
                            unsigned long attrs) = 0;
  virtual bool DmaNeedSync(device* dev, unsigned long long dma_addr) = 0;
  virtual bool DmaCanMmap(device* dev) = 0;
  virtual unsigned long long DmaGetRequiredMask(device* dev) = 0;

  // mm/dmapool.c
  virtual dma_pool* DmaPoolCreate(const char* name, device* dev, size_t size_bytes,
                                  size_t align_bytes, size_t boundary_bytes) = 0;
  virtual void DmaPoolDestroy(dma_pool* pool) = 0;
  virtual void* DmaPoolAlloc(dma_pool* pool, unsigned int gfp, unsigned long long* dma_handle) = 0;
  virtual void DmaPoolFree(dma_pool* pool, void* address, unsigned long long dma_addr) = 0;
};

// arch/x86/lib/usercopy_64.c, lib/usercopy.c. Each returns the bytes NOT copied.
class UaccessApi {
 public:
  virtual ~UaccessApi() = default;
  virtual unsigned long CopyToUser(void* user_to, const void* from, unsigned long size_bytes) = 0;
  virtual unsigned long CopyFromUser(void* to, const void* user_from, unsigned long size_bytes) = 0;
  virtual unsigned long ClearUser(void* user_to, unsigned long size_bytes) = 0;
  virtual long StrncpyFromUser(char* to, const char* user_from, long count) = 0;
  virtual bool AccessOk(const void* user, unsigned long size_bytes) = 0;
};

// How a kernel mapping of device memory is cached: ioremap(), ioremap_wc(), ...
enum class IoCache { kUncachedMinus, kUncached, kWriteCombining, kWriteBack, kWriteThrough };

// kernel/resource.c, arch/x86/mm/ioremap.c, kernel/iomem.c, asm/io.h
class IoApi {
 public:
  virtual ~IoApi() = default;
  virtual void* Ioremap(unsigned long long phys, unsigned long size_bytes, IoCache cache) = 0;
  virtual void Iounmap(volatile void* address) = 0;
  virtual void* Memremap(unsigned long long phys, size_t size_bytes, unsigned long flags) = 0;
  virtual void Memunmap(void* address) = 0;
  virtual resource* RequestMemRegion(unsigned long long start, unsigned long long size_bytes,
                                     const char* name) = 0;
  virtual void ReleaseMemRegion(unsigned long long start, unsigned long long size_bytes) = 0;
  virtual uint64_t MmioRead(const volatile void* address, unsigned int size_bytes) = 0;
  virtual void MmioWrite(volatile void* address, uint64_t value, unsigned int size_bytes) = 0;
};

// fs/char_dev.c, drivers/char/misc.c, fs/inode.c. dev numbers are the kernel's dev_t (12 bits
// major, 20 minor).
class ChrdevApi {
 public:
  virtual ~ChrdevApi() = default;
  virtual int RegisterChrdev(unsigned int major, unsigned int base_minor, unsigned int count,
                             const char* name, const file_operations* fops) = 0;
  virtual void UnregisterChrdev(unsigned int major, unsigned int base_minor, unsigned int count,
                                const char* name) = 0;
  virtual int AllocChrdevRegion(unsigned int* dev, unsigned int base_minor, unsigned int count,
                                const char* name) = 0;
  virtual int RegisterChrdevRegion(unsigned int dev, unsigned int count, const char* name) = 0;
  virtual void UnregisterChrdevRegion(unsigned int dev, unsigned int count) = 0;
  virtual void CdevInit(cdev* cdev, const file_operations* fops) = 0;
  virtual int CdevAdd(cdev* cdev, unsigned int dev, unsigned int count) = 0;
  virtual void CdevDel(cdev* cdev) = 0;
  virtual int MiscRegister(miscdevice* misc) = 0;
  virtual void MiscDeregister(miscdevice* misc) = 0;
  virtual void Ihold(inode* inode) = 0;
  virtual void Iput(inode* inode) = 0;
};

// drivers/base: devices, classes, platform bus, devres.
class DeviceApi {
 public:
  virtual ~DeviceApi() = default;
  virtual kclass* ClassCreate(module* owner, const char* name) = 0;
  virtual int ClassRegister(kclass* cls) = 0;
  virtual void ClassUnregister(kclass* cls) = 0;
  virtual void ClassDestroy(kclass* cls) = 0;
  virtual device* DeviceCreate(kclass* cls, device* parent, unsigned int devt, void* drvdata,
                               const char* format, va_list args) = 0;
  virtual void DeviceDestroy(kclass* cls, unsigned int devt) = 0;
  virtual void DeviceInitialize(device* dev) = 0;
  virtual int DeviceAdd(device* dev) = 0;
  virtual void DeviceDel(device* dev) = 0;
  virtual device* GetDevice(device* dev) = 0;
  virtual void PutDevice(device* dev) = 0;
  virtual int DevSetName(device* dev, const char* format, va_list args) = 0;
  virtual int PlatformDriverRegister(platform_driver* driver, module* owner) = 0;
  virtual void PlatformDriverUnregister(platform_driver* driver) = 0;
  virtual int PlatformDriverProbe(platform_driver* driver, int (*probe)(platform_device*),
                                  module* owner) = 0;
  virtual platform_device* PlatformDeviceAlloc(const char* name, int id) = 0;
  virtual int PlatformDeviceAddResources(platform_device* pdev, const resource* resources,
                                         unsigned int count) = 0;
  virtual int PlatformDeviceAdd(platform_device* pdev) = 0;
  virtual void PlatformDeviceDel(platform_device* pdev) = 0;
  virtual void PlatformDevicePut(platform_device* pdev) = 0;
  virtual resource* PlatformGetResource(platform_device* pdev, unsigned int type,
                                        unsigned int index) = 0;
  // Devres (drivers/base/devres.c): actions run in reverse order when the device is unbound.
  virtual int DevmAddAction(device* dev, void (*action)(void*), void* data) = 0;
  // Removes the newest matching action; runs it if `run`. -ENOENT if there is none.
  virtual int DevmRemoveAction(device* dev, void (*action)(void*), void* data, bool run) = 0;
  virtual void* DevmKmalloc(device* dev, size_t size_bytes, unsigned int gfp) = 0;
  virtual void DevmKfree(device* dev, const void* object) = 0;
};

// drivers/of: the device tree that a --device text describes.
class OfApi {
 public:
  virtual ~OfApi() = default;
  virtual device_node* FindCompatibleNode(device_node* from, const char* type,
                                          const char* compatible) = 0;
  virtual device_node* FindNodeByPath(const char* path) = 0;
  virtual device_node* FindNodeByPhandle(unsigned int phandle) = 0;
  virtual const void* GetProperty(const device_node* node, const char* name, int* length) = 0;
  virtual int AddressToResource(device_node* node, int index, resource* out) = 0;
  virtual device_node* NodeGet(device_node* node) = 0;
  virtual void NodePut(device_node* node) = 0;
  // The reserved-memory region of a node: base and size_bytes. False if it is none.
  virtual bool ReservedMem(const device_node* node, unsigned long long* base,
                           unsigned long long* size_bytes) = 0;
};

enum class LockKind {
  kMutex,
  kSpin,
  kSpinIrq,  // interrupts are off while it is held
  kSpinBh,   // soft interrupts are off
  kRwWrite,
  kRwRead,
  kRwsemWrite,
  kRwsemRead,
  kSemaphore
};

// kernel/locking, kernel/time/timekeeping.c, drivers/char/random.c: locks with owner, order and
// context; the time; randomness.
class SyncApi {
 public:
  virtual ~SyncApi() = default;
  virtual void LockInit(drydock_lock* lock, LockKind kind, const char* name) = 0;
  virtual void LockAcquire(drydock_lock* lock, LockKind kind, const char* function) = 0;
  // The same, but a signal may end the wait: 0, or -EINTR and the lock is not taken. `state`:
  // TASK_INTERRUPTIBLE or TASK_KILLABLE.
  virtual int LockAcquireOrSignal(drydock_lock* lock, LockKind kind, unsigned int state,
                                  const char* function) = 0;
  virtual bool LockTry(drydock_lock* lock, LockKind kind, const char* function) = 0;
  virtual void LockRelease(drydock_lock* lock, LockKind kind, const char* function) = 0;
  virtual bool LockIsHeld(const drydock_lock* lock) = 0;
  virtual void MightSleep(const char* function) = 0;
  virtual unsigned long Jiffies() = 0;
  virtual uint64_t KtimeNs() = 0;
  virtual void RandomBytes(void* to, size_t size_bytes) = 0;
  virtual int CurrentPid() = 0;
  virtual bool Capable(int capability) = 0;
  // local_irq_disable(), local_irq_enable(): interrupts of the running task; local_bh_disable().
  // Each off needs its on.
  virtual void LocalIrq(bool off) = 0;
  virtual bool IrqsOff() = 0;
  virtual void LocalBh(bool off) = 0;
  // preempt_disable(), preempt_enable(); rcu_read_lock(), rcu_read_unlock(). They nest.
  virtual void Preempt(bool off) = 0;
  virtual void RcuRead(bool begin) = 0;
  // The next lock that is taken is of this subclass of its class: mutex_lock_nested() and its kin.
  virtual void LockNested(unsigned int subclass) = 0;
  // lockdep_set_class(): locks with equal keys are one class.
  virtual void LockSetClass(drydock_lock* lock, const void* key, const char* name) = 0;
};

// kernel/printk, lib/vsprintf.c, include/asm-generic/bug.h, kernel/module.
class LogApi {
 public:
  virtual ~LogApi() = default;
  virtual int Printk(const char* format, va_list args) = 0;
  virtual void DevPrintk(const char* level, const device* dev, const char* format,
                         va_list args) = 0;
  // As the kernel's vsnprintf: %pad, %pR, %pe, ... Returns the length without the bound.
  virtual int Vsnprintf(char* to, size_t size_bytes, const char* format, va_list args) = 0;
  virtual void Warn(const char* file, int line, const char* function, const char* format,
                    va_list args) = 0;
  virtual void Bug(const char* file, int line, const char* function) = 0;  // a trap
  virtual bool TryModuleGet(module* module) = 0;
  virtual void ModulePut(module* module) = 0;
};

// A stack that driver code runs on ends at a multiple of this: so an address on it tells how deep
// the driver is.
inline constexpr size_t kDriverStackBytes = size_t{256} << 10;

class KernelApi {
 public:
  KernelApi() = default;
  virtual ~KernelApi() = default;
  KernelApi(const KernelApi&) = delete;
  KernelApi& operator=(const KernelApi&) = delete;

  // The installed kernel. Aborts the process with a message when there is none: a harness bug.
  static KernelApi& Current() { return *(current_ != nullptr ? current_ : NoKernel()); }

  virtual MmApi& mm() = 0;
  virtual AllocApi& alloc() = 0;
  virtual DmaApi& dma() = 0;
  virtual UaccessApi& uaccess() = 0;
  virtual IoApi& io() = 0;
  virtual ChrdevApi& chrdev() = 0;
  virtual DeviceApi& devices() = 0;
  virtual OfApi& of() = 0;
  virtual SyncApi& sync() = 0;
  virtual LogApi& log() = 0;
  virtual TaskApi& tasks() = 0;
  virtual TimerApi& timers() = 0;
  virtual WorkApi& works() = 0;
  virtual IrqApi& irqs() = 0;
  virtual PciApi& pci() = 0;

  // What library code (mocks/library) keeps from one call to the next: `size_bytes` of it, zeroes
  // at first, put back by reset. There is one such memory; it ends at 512 bytes.
  virtual void* LibraryState(size_t size_bytes) = 0;

  // Notes that the driver called a symbol that is declared and not modelled: a trap.
  virtual void Unmodelled(const char* symbol) = 0;

  // The driver crosses the seam with more of its stack in use than a kernel's has: a trap.
  virtual void StackOverflow(size_t used_bytes) { static_cast<void>(used_bytes); }
  // What a kernel's stack has. Any depth will do unless the kernel runs drivers on stacks as above
  // and says so.
  size_t stack_limit_bytes() const { return crossing_->stack_limit_bytes; }

  bool trap_pending() const { return crossing_->trap_pending; }
  // Where the driver was when it last crossed the seam: the return address of the shim it called.
  void NoteCaller(const void* return_address) { crossing_->caller = return_address; }
  const void* caller() const { return crossing_->caller; }
  // As NoteCaller on Current(), for shims that need no kernel (memcpy in a test of a plan).
  static void NoteCallerIfInstalled(const void* return_address) {
    if (current_ != nullptr) current_->NoteCaller(return_address);
  }
  // Abandons the fibre of the driver that runs. Called by shims only.
  [[noreturn]] virtual void LeaveDriver() = 0;

 protected:
  void set_trap_pending(bool pending) { crossing_->trap_pending = pending; }
  void set_stack_limit_bytes(size_t bytes) { crossing_->stack_limit_bytes = bytes; }
  // For a kernel that stands in front of another one: both see one caller and one pending trap.
  void ShareCrossing(KernelApi& other) { crossing_ = other.crossing_; }
  // Where NoteCaller() puts it, for who reads it often.
  const void** caller_slot() { return &crossing_->caller; }

 private:
  friend class ScopedKernelApi;
  [[noreturn]] static KernelApi* NoKernel();
  static inline KernelApi* current_ = nullptr;
  struct Crossing {
    const void* caller = nullptr;
    size_t stack_limit_bytes = ~size_t{0};
    volatile bool trap_pending = false;
  };
  Crossing own_crossing_;
  Crossing* crossing_ = &own_crossing_;
};

// Installs a kernel for its own lifetime and restores the one before.
class ScopedKernelApi {
 public:
  explicit ScopedKernelApi(KernelApi& api) : before_(KernelApi::current_) {
    KernelApi::current_ = &api;
  }
  ~ScopedKernelApi() { KernelApi::current_ = before_; }
  ScopedKernelApi(const ScopedKernelApi&) = delete;
  ScopedKernelApi& operator=(const ScopedKernelApi&) = delete;

 private:
  KernelApi* before_;
};

}  // namespace drydock::mocks

#endif  // DRYDOCK_MOCKS_KERNEL_API_H_
