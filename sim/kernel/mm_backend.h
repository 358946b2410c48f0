// Mm's view of the machine: pages from the allocator, bytes from RAM or device windows, files from
// the VFS, mmap_lock from the lock checker, a page's lock from the tasks.
#ifndef DRYDOCK_SIM_KERNEL_MM_BACKEND_H_
#define DRYDOCK_SIM_KERNEL_MM_BACKEND_H_

#include "sim/hw/mmio_space.h"
#include "sim/hw/physical_memory.h"
#include "sim/kernel/allocator.h"
#include "sim/kernel/dma.h"
#include "sim/kernel/locks.h"
#include "sim/kernel/mm.h"
#include "sim/kernel/tasks.h"
#include "sim/kernel/verdict.h"

namespace drydock::kernel {

class Vfs;

class MachineBackend final : public MmBackend {
 public:
  MachineBackend(hw::PhysicalMemory& memory, hw::MmioSpace& mmio, Allocator& allocator,
                 Locks& locks)
      : memory_(memory), mmio_(mmio), allocator_(allocator), locks_(locks) {}
  void SetVfs(Vfs& vfs) { vfs_ = &vfs; }                   // before anything else
  void SetDma(Dma& dma) { dma_ = &dma; }                   // likewise
  void SetTasks(Tasks& tasks, const Verdicts& verdicts) {  // likewise
    tasks_ = &tasks;
    verdicts_ = &verdicts;
  }

  bool AllocAnonPage(bool zeroed, hw::Pfn* pfn) override {
    return allocator_.AllocAnonPage(zeroed, pfn);
  }
  void FreeAnonPage(hw::Pfn pfn) override { allocator_.FreeAnonPage(pfn); }
  bool FailNow() override { return allocator_.FailNow(); }
  void FileGet(file* file) override;
  void FilePut(file* file) override;
  bool IsRam(hw::Pfn pfn) override { return memory_.IsRam(pfn); }
  bool AnyRam(hw::Pfn pfn, uint64_t pages) override { return memory_.AnyRam(pfn, pages); }
  bool IsSlab(hw::Pfn pfn) override { return allocator_.IsSlab(pfn); }
  void PageGet(hw::Pfn pfn) override { allocator_.GetPage(memory_.PageAddress(pfn)); }
  void PagePut(hw::Pfn pfn) override { allocator_.PutPage(memory_.PageAddress(pfn)); }
  int PageCount(const page* page) override { return allocator_.PageCount(page); }
  void LockPage(page* page) override;
  void UnlockPage(page* page) override;
  hw::Pfn PfnOf(const page* page) override { return memory_.PfnOf(page); }
  page* PageOf(hw::Pfn pfn) override { return memory_.IsRam(pfn) ? memory_.PageOf(pfn) : nullptr; }
  bool ReadPhysical(hw::PhysAddr from, void* to, size_t size_bytes) override;
  bool WritePhysical(hw::PhysAddr to, const void* from, size_t size_bytes) override;
  void CopyPage(hw::Pfn to, hw::Pfn from) override;
  bool AccessAs(hw::CacheType type, hw::PhysAddr phys, void* to, const void* from,
                size_t size_bytes) override;
  bool VmallocArea(const void* address, uint64_t* size_bytes, bool* user) override;
  page* VmallocPage(const void* address) override { return allocator_.VmallocToPage(address); }
  void NoteShown(hw::Pfn first, uint64_t pages, unsigned devt) override {
    allocator_.NoteShown(first, pages, devt);
  }
  void* TakeBuffer(size_t size_bytes) override;
  void GiveBuffer(void* buffer) override { allocator_.Kfree(buffer); }
  void ReadKernel(void* to, const void* from, size_t size_bytes) override {
    memory_.ReadKernel(to, from, size_bytes);
  }
  void WriteKernel(void* to, const void* from, size_t size_bytes) override {
    memory_.WriteKernel(to, from, size_bytes);
  }
  void LockMmap(mm_struct* mm, bool write) override;
  void LockChildMmap(mm_struct* mm) override;
  void UnlockMmap(mm_struct* mm, bool write) override;

 private:
  hw::PhysicalMemory& memory_;
  hw::MmioSpace& mmio_;
  Allocator& allocator_;
  Locks& locks_;
  Vfs* vfs_ = nullptr;
  Dma* dma_ = nullptr;
  Tasks* tasks_ = nullptr;
  const Verdicts* verdicts_ = nullptr;
};

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_MM_BACKEND_H_
