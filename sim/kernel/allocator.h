// The kernel's memory, as drivers allocate it: kmalloc, pages, vmalloc, and the references to
// pages.
//
// Models: mm/slab_common.c, mm/page_alloc.c, mm/vmalloc.c, include/linux/mm.h (get_page). Whoever
// allocates is entered in the register, so that a page a user sees can be named. Fresh memory that
// was not asked to be zeroed holds a pattern that says so; freed memory another; both are poisoned
// where no one may look.
//
// Errors a driver sees are the kernel's: nullptr. What a driver does wrong is reported to Verdicts;
// the wrong free is then not done, unless the comment says otherwise, so that one mistake is one
// report.
//
// Its rooms: allocator.cc (kmalloc, queries), allocator_pages.cc (blocks, frees),
// allocator_references.cc (get_page, put_page, split_page), allocator_vmalloc.cc.
#ifndef DRYDOCK_SIM_KERNEL_ALLOCATOR_H_
#define DRYDOCK_SIM_KERNEL_ALLOCATOR_H_

#include <cstddef>
#include <cstdint>

#include "mocks/kernel_api.h"
#include "sim/hw/cache_model.h"
#include "sim/hw/physical_memory.h"
#include "sim/hw/platform.h"
#include "sim/kernel/allocation.h"
#include "sim/kernel/allocation_register.h"
#include "sim/kernel/capacity_note.h"
#include "sim/kernel/dma_register.h"
#include "sim/kernel/gfp.h"
#include "sim/kernel/kernel_memory.h"
#include "sim/kernel/page_allocator.h"
#include "sim/kernel/slab.h"
#include "sim/kernel/verdict.h"
#include "sim/kernel/vmalloc.h"

namespace drydock::kernel {

// Asked before pages go back to the page allocator (C29, O5).
class MappedPageQuery {
 public:
  virtual ~MappedPageQuery() = default;
  // True if a user page-table entry of any process shows one of the pages.
  virtual bool IsMapped(hw::Pfn first, uint64_t pages) = 0;
};

// Told before memory of the driver is given back, while it still can be read.
class FreeObserver {
 public:
  virtual ~FreeObserver() = default;
  virtual void OnFree(const void* address, size_t size_bytes) = 0;
};

// Asked of memory that a mapping of a device has shown (C60).
class RemovalQuery {
 public:
  virtual ~RemovalQuery() = default;
  // True while the driver is let go and the device can still be opened.
  virtual bool OutlivesItsMemory(uint32_t devt) = 0;
};

class Allocator final : public mocks::AllocApi, public KernelMemory {
 public:
  Allocator(hw::ResetList& list, hw::PhysicalMemory& memory, Verdicts& verdicts,
            const hw::Platform& platform);
  Allocator(const Allocator&) = delete;
  Allocator& operator=(const Allocator&) = delete;

  // Set once, after construction; each may stay unset (nullptr). They outlive this object.
  void SetMappedPageQuery(MappedPageQuery* query) { mapped_ = query; }
  void SetFreeObserver(FreeObserver* observer) { freed_ = observer; }
  void SetSync(mocks::SyncApi* sync) { sync_ = sync; }  // told of allocations that may sleep
  // Asked of what is freed: a device may reach it still (C60).
  void SetDmaRegister(const DmaRegister* mapped_for_devices) {
    mapped_for_devices_ = mapped_for_devices;
  }
  // From now on it is noted what mappings show (NoteShown), and what of it is freed before the
  // device that shows it is gone is reported. nullptr: no longer.
  void WatchRemoval(RemovalQuery* query) { removal_ = query; }
  void NoteShown(hw::Pfn first, uint64_t pages, uint32_t devt);
  // Told of pages that are freed; nullptr where devices see the caches.
  void SetCaches(hw::CacheModel* caches) { caches_ = caches; }
  // Addresses of ioremap(), which are vmalloc addresses too (is_vmalloc_addr).
  void SetIoCookies(const hw::HostRegion* cookies) { cookies_ = cookies; }

  // --- the register ---
  const AllocationRegister& allocations() const { return register_; }
  const Allocation* Find(AllocationId id) const {
    return register_.IsLive(id) ? &register_[id] : nullptr;
  }
  // Whose whole page this is; 0 if nobody's, shared (slab), or the kernel's. Any pfn.
  AllocationId OwnerOf(hw::Pfn pfn) const;
  // The allocation that has this byte, anywhere in it, red zone and tail of the last page included;
  // 0 for none.
  AllocationId FindByAddress(const volatile void* address) const;
  template <class Visit>
  void ForEachLive(Visit visit) const {
    register_.ForEachLive(visit);
  }
  // For O7: call when a program starts; visit(id, allocation) then has each allocation made since
  // and still there, pages that only a lost reference holds included.
  uint64_t LeakMark() const { return register_.last_serial(); }
  template <class Visit>
  void ForEachSince(uint64_t mark, Visit visit) const {
    register_.ForEachLive([&](AllocationId id, const Allocation& allocation) {
      if (allocation.serial > mark) visit(id, allocation);
    });
  }

  // Fails the n-th allocation of any kind from now on (1 = the next), once; 0 = none.
  void FailNth(uint32_t n) { register_.FailNth(n); }
  // True if this allocation is the one to fail. For allocations made elsewhere too: page tables,
  // VMAs, devres.
  bool FailNow() { return register_.FailNow(); }
  bool failure_pending() const { return register_.failure_pending(); }
  bool Grants(const char* function) override;
  // Reports what was allocated since `mark` and is still there (C45); `expected` as of
  // DeviceModel::ReportLeftovers().
  void ReportLeftovers(uint64_t mark, const char* expected);

  // --- pages for a process's own use; not in the register ---
  bool AllocAnonPage(bool zeroed, hw::Pfn* pfn);
  // Drops the process's reference; the page is free when it was the last.
  void FreeAnonPage(hw::Pfn pfn) { PutPage(memory_.PageAddress(pfn)); }
  bool IsSlab(hw::Pfn pfn) const {
    return memory_.IsRam(pfn) && memory_.frame(pfn).kind == hw::FrameKind::kSlab;
  }
  // Of the objects in a page of a kmalloc cache; 0 for any other page. Precondition: IsRam.
  size_t SlabBytes(hw::Pfn pfn) const { return slab_.ObjectBytes(memory_.FrameIndex(pfn)); }
  // page_count(): of the whole block for a compound page. 0 if `page` is no struct page.
  int PageCount(const struct page* page) const;

  // --- for dma_alloc_* (sim/kernel/dma.h) ---
  // Whole pages, one block of 2^order; `dma` is filled in from `pfn`. 0 if there is no block.
  AllocationId AllocDma(uint64_t size_bytes, bool dma32_only, bool zeroed,
                        AllocationBacking backing = kLinearBacking);
  // Whole pages with frames anywhere, zeroed, at a kernel address of vmalloc's; no `dma` yet.
  AllocationId AllocDmaScattered(uint64_t size_bytes);
  // Frame of the allocation's page `index`.
  hw::Pfn PfnOfPage(const Allocation& allocation, uint64_t index) const;
  void SetDmaAddress(AllocationId id, hw::DmaAddr dma) { register_.Mut(id).dma = dma; }
  void MarkNoncoherent(AllocationId id) { register_.Mut(id).noncoherent = 1; }
  void FreeDma(AllocationId id);

  // True if [address, address + size) may be copied from or to by the kernel: within one object,
  // one area or any pages of RAM that are in use. `what` says what is wrong. Addresses outside of
  // RAM: the sanitizer is asked, if any.
  bool MayCopy(const void* address, uint64_t size_bytes, const char** what) const;

  hw::PhysicalMemory& memory() { return memory_; }
  hw::DmaAddr DmaOf(hw::PhysAddr phys) const { return {phys.value + platform_.dma_offset}; }
  hw::PhysAddr PhysOfDma(hw::DmaAddr dma) const { return {dma.value - platform_.dma_offset}; }

  // --- mocks::AllocApi ---
  void* Kmalloc(size_t size_bytes, unsigned gfp) override;
  void* Krealloc(const void* object, size_t size_bytes, unsigned gfp) override;
  void Kfree(const void* object) override;
  size_t Ksize(const void* object) override;
  struct page* AllocPages(unsigned gfp, unsigned order) override;
  void FreePages(struct page* page, unsigned order) override;
  void* AllocPagesExact(size_t size_bytes, unsigned gfp) override;
  void FreePagesExact(void* address, size_t size_bytes) override;
  void GetPage(struct page* page) override;
  void PutPage(struct page* page) override;
  bool TrylockPage(struct page* page) override;
  void UnlockPage(struct page* page) override;
  void SplitPage(struct page* page, unsigned order) override;
  void* Vmalloc(size_t size_bytes, unsigned gfp, bool user) override;
  void Vfree(const void* address) override;
  struct page* VmallocToPage(const void* address) override;
  bool IsVmallocAddr(const void* address) override;
  unsigned long long VirtToPhys(const volatile void* address) override;
  void* PhysToVirt(unsigned long long phys) override;
  bool PfnValid(unsigned long pfn) override { return memory_.IsRam({pfn}); }

  // get_order() for 1..4 MiB; a larger number for what no block can hold, 0 bytes included.
  static unsigned OrderOf(uint64_t size_bytes);

 private:
  static constexpr uintptr_t kZeroSizePtr = 16;

  bool MayAllocate(unsigned gfp);  // sleeps if allowed; false if this one is to fail
  AllocationId Enter(const Allocation& allocation);
  Allocation NewAllocation(AllocationKind kind, uint64_t size_bytes, bool zeroed) const;
  // A block for `wanted`, which gets pfn, address, pages, order. 0, and nothing changed, if there
  // is none.
  AllocationId TakeBlock(Allocation wanted, unsigned order, bool dma32_only, hw::FrameKind kind);
  void SetUpFrames(hw::Pfn pfn, uint64_t pages, hw::FrameKind kind, AllocationId owner,
                   bool zeroed);
  // Pages whose last reference is gone: checks C29, poisons, gives them back, ends their allocation
  // with the last one. All of one allocation; `pages` > 1 only where they are neighbours.
  void FreeFrames(hw::Pfn pfn, uint64_t pages);
  // Drops one reference of each page; frees those that were held by no other. False if a page was
  // no longer `owner`'s: that one is left alone.
  bool DropPages(AllocationId owner, hw::Pfn pfn, uint64_t pages);
  void ReleaseBlock(AllocationId id);  // the driver's own reference to a whole block
  AllocationId TakeArea(Allocation wanted, hw::FrameKind kind);  // of the shuffled map
  void ReleaseArea(AllocationId id);
  void LastReferenceDropped(hw::Pfn head);
  hw::Pfn HeadOf(hw::Pfn pfn) const;
  void CheckRemoval(AllocationId id) const;                          // C60
  void CheckDevices(hw::PhysAddr start, uint64_t size_bytes) const;  // C60
  void InvalidFree(const char* function, const void* address, const char* why);
  const char* WhyNotFreeable(hw::Pfn pfn) const;

  hw::PhysicalMemory& memory_;
  Verdicts& verdicts_;
  const hw::Platform& platform_;
  AllocationRegister register_;
  CapacityNote capacity_note_;
  PageAllocator pages_;
  Slab slab_;
  VmallocSpace vmalloc_;
  MappedPageQuery* mapped_ = nullptr;
  FreeObserver* freed_ = nullptr;
  mocks::SyncApi* sync_ = nullptr;
  const DmaRegister* mapped_for_devices_ = nullptr;
  hw::CacheModel* caches_ = nullptr;
  RemovalQuery* removal_ = nullptr;
  const hw::HostRegion* cookies_ = nullptr;
};

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_ALLOCATOR_H_
