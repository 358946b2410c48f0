#include "sim/kernel/mm_backend.h"

#include <climits>
#include <cstring>

#include "sim/kernel/gfp.h"
#include "sim/kernel/vfs.h"

namespace drydock::kernel {
namespace {

constexpr char kMmapLockClass[] = "mmap_lock";

mocks::LockKind KindOf(bool write) {
  return write ? mocks::LockKind::kRwsemWrite : mocks::LockKind::kRwsemRead;
}

}  // namespace

void MachineBackend::FileGet(file* file) { vfs_->FileGet(file); }
void MachineBackend::FilePut(file* file) { vfs_->FilePut(file); }

void MachineBackend::LockPage(page* page) {
  while (!allocator_.TrylockPage(page)) {
    long forever = LONG_MAX;
    tasks_->WaitOn(page, TASK_UNINTERRUPTIBLE, &forever, "lock_page");
    if (verdicts_->pending_trap() != Trap::kNone) return;
  }
}

void MachineBackend::UnlockPage(page* page) {
  allocator_.UnlockPage(page);
  tasks_->WakeOn(page, 1);
}

bool MachineBackend::ReadPhysical(hw::PhysAddr from, void* to, size_t size_bytes) {
  if (memory_.IsRam(from.pfn())) {
    // A program may copy a page onto itself: read(2) into a mapping of the buffer that is read.
    std::memmove(to, memory_.Plain(from.pfn()) + (from.value & hw::kPageMask), size_bytes);
    return true;
  }
  if (mmio_.Find(from) == nullptr) return false;
  mmio_.Read(from, to, size_bytes);
  return true;
}

bool MachineBackend::WritePhysical(hw::PhysAddr to, const void* from, size_t size_bytes) {
  if (memory_.IsRam(to.pfn())) {
    dma_->NoteUserStore(to, size_bytes);
    const size_t offset = to.value & hw::kPageMask;
    memory_.MarkDirty(to.pfn(), offset, size_bytes);
    std::memmove(memory_.Plain(to.pfn()) + offset, from, size_bytes);
    return true;
  }
  if (mmio_.Find(to) == nullptr) return false;
  mmio_.Write(to, from, size_bytes);
  return true;
}

bool MachineBackend::AccessAs(hw::CacheType type, hw::PhysAddr phys, void* to, const void* from,
                              size_t size_bytes) {
  if (!memory_.IsRam(phys.pfn())) {
    return from != nullptr ? WritePhysical(phys, from, size_bytes)
                           : ReadPhysical(phys, to, size_bytes);
  }
  if (from != nullptr) dma_->NoteUserStore(phys, size_bytes);
  return dma_->UserAccess(type, phys, to, from, size_bytes);
}

void MachineBackend::CopyPage(hw::Pfn to, hw::Pfn from) {
  memory_.MarkDirty(to);
  if (!ReadPhysical(hw::PhysAddr::Of(from), memory_.Plain(to), hw::kPageSize)) {
    std::memset(memory_.Plain(to), 0xff, hw::kPageSize);
  }
}

bool MachineBackend::VmallocArea(const void* address, uint64_t* size_bytes, bool* user) {
  if (!memory_.InShuffledMap(address) && !memory_.InRemap(address)) return false;
  const Allocation* area = allocator_.Find(allocator_.FindByAddress(address));
  if (area == nullptr || area->released != 0) return false;
  *size_bytes = hw::PageAlignUp(area->size_bytes);
  *user = area->user != 0 || area->kind == AllocationKind::kDma;  // VM_USERMAP, VM_DMA_COHERENT
  return true;
}

void* MachineBackend::TakeBuffer(size_t size_bytes) {
  return allocator_.Kmalloc(size_bytes, kGfpKernel);
}

void MachineBackend::LockMmap(mm_struct* mm, bool write) {
  drydock_lock* lock = &mm->mmap_lock;
  if (lock->class_id == 0) locks_.LockSetClass(lock, kMmapLockClass, kMmapLockClass);
  locks_.LockAcquire(&mm->mmap_lock, KindOf(write), "mmap_lock");
}

void MachineBackend::LockChildMmap(mm_struct* mm) {
  constexpr unsigned kSingleDepthNesting = 1;
  locks_.LockNested(kSingleDepthNesting);
  LockMmap(mm, true);
}

void MachineBackend::UnlockMmap(mm_struct* mm, bool write) {
  locks_.LockRelease(&mm->mmap_lock, KindOf(write), "mmap_lock");
}

}  // namespace drydock::kernel
