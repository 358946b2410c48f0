// dma_alloc_*(), dma_map_*(), dma_pool_*() and their kin: kernel/dma/mapping.c,
// kernel/dma/direct.c, kernel/dma/debug.c, mm/dmapool.c of 6.1. docs/mmap-rules.md sections 4 (DM)
// and 9 (DS, DP).
//
// Without an IOMMU a DMA address is the physical address + the platform's offset. Masks are
// compared with the address before the bridge adds the offset, so that a 32-bit device works on
// every platform. Memory behind 24-bit masks does not exist here, nor do bounce buffers (swiotlb):
// what a device does not reach cannot be mapped for it. With one, it is an address of hw::Iommu's,
// and drivers/iommu/dma-iommu.c is what is followed (DI).
//
// Its rooms: dma.cc (masks, coherent memory), dma_addresses.cc (what a DMA address is, and devices'
// own accesses), dma_streaming.cc (map, unmap), dma_sync.cc (sync and ownership), dma_cache.cc (the
// caches of a machine whose devices do not see them), dma_pool.cc. dma_register.h is the table of
// what is mapped.
#ifndef DRYDOCK_SIM_KERNEL_DMA_H_
#define DRYDOCK_SIM_KERNEL_DMA_H_

#include <memory>

#include "mocks/include/drydock/dma_structs.h"
#include "mocks/kernel_api.h"
#include "sim/hw/cache_model.h"
#include "sim/hw/iommu.h"
#include "sim/hw/memory_type.h"
#include "sim/hw/platform.h"
#include "sim/kernel/allocator.h"
#include "sim/kernel/capacity_note.h"
#include "sim/kernel/dma_register.h"
#include "sim/kernel/profile.h"
#include "sim/kernel/verdict.h"

namespace drydock::kernel {

class Dma final : public mocks::DmaApi {
 public:
  static constexpr unsigned long kAttrWriteCombine = 1ul << 2, kAttrNoKernelMapping = 1ul << 4,
                                 kAttrSkipCpuSync = 1ul << 5, kAttrForceContiguous = 1ul << 6;
  static constexpr unsigned long long kMappingError = ~0ull;  // DMA_MAPPING_ERROR
  static constexpr uint32_t kMaxPools = 16, kMaxPoolPages = 64, kMaxPoolBlocks = 1024;

  // `mapped` is the table that the allocator was told of, too (Allocator::SetDmaRegister).
  Dma(hw::ResetList& list, Allocator& allocator, DmaRegister& mapped, Verdicts& verdicts,
      mocks::MmApi& mm, const hw::Platform& platform, const Profile& profile);

  void SetSync(mocks::SyncApi* sync) { sync_ = sync; }

  const DmaRegister& mapped() const { return mapped_; }
  // A store by user space to a page: what it changes in a buffer that a device has is not the
  // driver's doing. Cheap while nothing is mapped.
  void NoteUserStore(hw::PhysAddr to, uint64_t size_bytes) {
    if (mapped_.any()) ForgetContent(to, size_bytes);
  }
  // A device reads or writes memory at an address that its driver gave it. False: an error on the
  // bus, after which nothing, or only the pages before, was copied. What lies outside of every
  // mapping for `dev` (of any device, if nullptr), or against its direction, is reported (C61);
  // without an IOMMU it is done all the same.
  bool DeviceRead(const device* dev, hw::DmaAddr from, void* to, size_t size_bytes);
  bool DeviceWrite(const device* dev, hw::DmaAddr to, const void* from, size_t size_bytes);
  // A load (to) or a store (from) by user space, within a page of RAM that is mapped as `type`, on
  // a machine that is not coherent. What is stale is reported (C36). False: a limit of ours was
  // met.
  bool UserAccess(hw::CacheType type, hw::PhysAddr phys, void* to, const void* from,
                  size_t size_bytes);
  // The machine's caches, for who frees memory; nullptr on a coherent machine.
  hw::CacheModel* caches() { return caches_.get(); }
  // Where a device's access to this byte goes. False: nowhere.
  bool Translate(hw::DmaAddr address, hw::Iommu::Access access, hw::PhysAddr* phys) const;

  // A device is unbound from its driver: what is mapped for it still is a leak (C45).
  void OnUnbound(const device* dev);
  // C56: true if the processor must not touch these bytes, and a report was made: O19.
  // Cheap while nothing is mapped.
  bool ReportIfDeviceOwned(const void* address, uint64_t size_bytes, bool write,
                           const char* function) {
    return (mapped_.any() || caches_ != nullptr) &&
           LookForDeviceOwned(address, size_bytes, write, function);
  }

  // Zeroed whole pages, in a block of 2^order, below the device's coherent mask. nullptr,
  // *dma_handle unchanged: no memory, no size, or nothing below the mask (a mask of 0 included).
  // With DMA_ATTR_NO_KERNEL_MAPPING the value is the struct page, and the memory stays poisoned and
  // is not zeroed.
  void* DmaAllocAttrs(device* dev, size_t size_bytes, unsigned long long* dma_handle, unsigned gfp,
                      unsigned long attrs) override;
  // Reports what does not fit the allocation (C59), and frees the buffer in which the address lies:
  // what was meant is not told again as a leak.
  void DmaFreeAttrs(device* dev, size_t size_bytes, void* cpu_addr, unsigned long long dma_handle,
                    unsigned long attrs) override;
  // DM1..DM6. -ENXIO if the VMA does not lie in `size_bytes`, which is the driver's word; else
  // what remap_pfn_range() gives. As the kernel does, from dma_addr alone.
  int DmaMmapAttrs(device* dev, vm_area_struct* vma, void* cpu_addr, unsigned long long dma_addr,
                   size_t size_bytes, unsigned long attrs) override;
  int DmaGetSgtable(device* dev, sg_table* table, void* cpu_addr, unsigned long long dma_addr,
                    size_t size_bytes, unsigned long attrs) override;
  // 0, or -EIO: fewer than 24 bits, or (dma_set_mask) the device has no dma_mask.
  int DmaSetMask(device* dev, unsigned long long mask) override;
  int DmaSetCoherentMask(device* dev, unsigned long long mask) override;
  unsigned long long DmaGetRequiredMask(device* dev) override;
  bool DmaCanMmap(device* dev) override;
  bool DmaNeedSync(device* dev, unsigned long long dma_addr) override;

  // DP1: cacheable pages that belong to the device until they are synchronised, zeroed.
  struct page* DmaAllocPages(device* dev, size_t size_bytes, unsigned long long* dma_handle,
                             int direction, unsigned gfp) override;
  void DmaFreePages(device* dev, size_t size_bytes, struct page* page,
                    unsigned long long dma_handle, int direction) override;

  // DS1..DS6. kMappingError if the memory is not RAM or beyond the mask.
  unsigned long long DmaMapPage(device* dev, struct page* page, size_t offset_bytes,
                                size_t size_bytes, int direction, unsigned long attrs) override;
  unsigned long long DmaMapSingle(device* dev, void* address, size_t size_bytes, int direction,
                                  unsigned long attrs) override;
  void DmaUnmapPage(device* dev, unsigned long long dma_addr, size_t size_bytes, int direction,
                    unsigned long attrs) override;
  // How many entries the device gets, or a negative errno with nothing mapped.
  int DmaMapSg(device* dev, scatterlist* list, int count, int direction,
               unsigned long attrs) override;
  void DmaUnmapSg(device* dev, scatterlist* list, int count, int direction,
                  unsigned long attrs) override;
  unsigned long long DmaMapResource(device* dev, unsigned long long phys, size_t size_bytes,
                                    int direction, unsigned long attrs) override;
  void DmaUnmapResource(device* dev, unsigned long long dma_addr, size_t size_bytes, int direction,
                        unsigned long attrs) override;
  int DmaMappingError(device* dev, unsigned long long dma_addr) override;
  void DmaSync(device* dev, unsigned long long dma_addr, size_t size_bytes, int direction,
               bool for_cpu) override;
  void DmaSyncSg(device* dev, scatterlist* list, int count, int direction, bool for_cpu) override;

  // DP2..DP6.
  dma_pool* DmaPoolCreate(const char* name, device* dev, size_t size_bytes, size_t align_bytes,
                          size_t boundary_bytes) override;
  void DmaPoolDestroy(dma_pool* pool) override;
  void* DmaPoolAlloc(dma_pool* pool, unsigned gfp, unsigned long long* dma_handle) override;
  void DmaPoolFree(dma_pool* pool, void* address, unsigned long long dma_addr) override;

 private:
  struct Pool {
    const dma_pool* handle = nullptr;  // nullptr: not in use
    device* dev = nullptr;
    uint64_t size_bytes = 0, boundary_bytes = 0, allocation_bytes = 0;
    uint64_t blocks_per_boundary = 0;
    uint64_t pages_made = 0;
    uint64_t first_free = 0;  // a block of any page, as PoolPage's; profile: lists_pool_blocks
    char name[32] = {};
  };
  struct PoolPage {
    const dma_pool* pool = nullptr;  // nullptr: not in use
    uint64_t address = 0, dma = 0;
    uint64_t blocks_in_use = 0;
    uint64_t number = 0;      // of the pool's pages, in the order they were made
    uint64_t first_free = 0;  // page * kMaxPoolBlocks + block + 1; 0: none
    uint32_t next_free[kMaxPoolBlocks] = {};
    uint64_t in_use[kMaxPoolBlocks / 64] = {};
  };

  bool NoDevice(const char* function, const device* dev);
  // The kernel's BUG_ON(!valid_dma_direction(dir)): true, and a trap.
  bool BadDirection(const char* function, int direction);
  hw::PhysicalMemory& memory() const { return allocator_.memory(); }

  // dma.cc: a block that ends below `limit`; 0: none.
  AllocationId AllocBelow(size_t size_bytes, unsigned long long limit, bool zeroed,
                          AllocationBacking backing);
  // iommu_dma_alloc(); 0: no memory, or no address.
  AllocationId AllocBehindIommu(size_t size_bytes, unsigned long long limit, bool scattered);
  pgprot_t DmaPgprot(pgprot_t prot);  // dma_pgprot() (DM2)
  int MmapBehindIommu(vm_area_struct* vma, void* cpu_addr, unsigned long pages);
  int MakeSgTable(sg_table* table, const Allocation& allocation, size_t size_bytes);

  // dma_addresses.cc
  // The device's address of these bytes: arithmetic, or a new mapping of the IOMMU. False: it
  // cannot reach them, or (IOMMU) there is no address left.
  bool MakeReachable(hw::PhysAddr phys, size_t size_bytes, uint64_t limit, uint64_t access,
                     uint64_t* dma);
  void EndReach(uint64_t dma, size_t size_bytes);
  bool Access(const device* dev, hw::DmaAddr address, void* to, const void* from,
              size_t size_bytes);
  // One page of it. False: not done.
  bool AccessPage(const device* dev, uint64_t address, void* to, const void* from,
                  size_t size_bytes);
  void CheckDeviceAccess(const device* dev, uint64_t address, hw::PhysAddr phys, bool write,
                         size_t size_bytes);

  // dma_streaming.cc
  bool CheckMapped(hw::PhysAddr phys, size_t size_bytes, const char* function);
  void CheckOverlap(hw::PhysAddr phys, size_t size_bytes, DmaDirection direction, DmaKind kind,
                    unsigned long attrs);
  // dma_map_sg() behind an IOMMU: one range of addresses for all entries (DI4).
  int MapSgBehindIommu(device* dev, scatterlist* list, int count, DmaDirection direction,
                       unsigned long attrs);
  void Enter(device* dev, uint64_t dma, hw::PhysAddr phys, size_t size_bytes,
             DmaDirection direction, DmaKind kind, uint32_t sg_entries, unsigned long attrs);
  // check_unmap(): reports what does not fit, and ends the mapping.
  void Leave(device* dev, uint64_t dma, size_t size_bytes, DmaDirection direction, DmaKind kind,
             uint32_t sg_entries, unsigned long attrs, const char* function);
  // Walks a scatter list of the driver's.
  struct Cursor {
    scatterlist* next = nullptr;
    int left = 0;
    scatterlist* at = nullptr;  // where the entry that was read lies
    scatterlist entry{};
  };
  // False at the end, and, with a trap, if the list is shorter than the count.
  bool ReadEntry(Cursor* cursor, const char* function);
  bool PhysOfEntry(const scatterlist& entry, hw::PhysAddr* phys) const;
  uint64_t AddressOfEntry(const scatterlist& entry, uint64_t* next) const;

  // dma_sync.cc
  bool LookForDeviceOwned(const void* address, uint64_t size_bytes, bool write,
                          const char* function);
  void GiveToDevice(DmaMapping& mapping, uint64_t begin, uint64_t end);
  void GiveToCpu(DmaMapping& mapping, uint64_t begin, uint64_t end);
  void CheckContentKept(const DmaMapping& mapping, const char* function);
  void ForgetContent(hw::PhysAddr to, uint64_t size_bytes);
  uint64_t ContentOf(const DmaMapping& mapping) const;
  // The live allocation that the memory is; its serial, 0 for none.
  uint64_t OwnerSerial(hw::PhysAddr phys) const;
  void SetPoison(const DmaMapping& mapping, uint64_t begin, uint64_t end, bool poison);
  void SyncOne(device* dev, uint64_t dma, size_t size_bytes, int direction, DmaKind kind,
               uint32_t sg_entries, bool for_cpu);

  // dma_cache.cc; on coherent machines they do nothing
  hw::CacheModel::KernelMaps KernelMapsOf(hw::Pfn pfn) const;
  // arch_sync_dma_for_device(), arch_sync_dma_for_cpu()
  void CleanCache(hw::PhysAddr phys, uint64_t size_bytes);
  void InvalidateCache(hw::PhysAddr phys, uint64_t size_bytes, DmaDirection direction);
  void LeaveCacheDirty(const Allocation& allocation);
  void CheckKernelReads(hw::PhysAddr phys, uint64_t size_bytes, const char* function);
  bool DeviceAccessPastCache(hw::PhysAddr phys, void* to, const void* from, size_t size_bytes);

  // dma_pool.cc
  uint32_t FindPool(const dma_pool* pool, const char* function);  // index + 1; 0, and a trap
  uint32_t AddPoolPage(const Pool& pool, unsigned gfp);           // index + 1; 0: no memory
  static uint64_t BlockCount(const Pool& pool);
  static uint64_t BlockOffset(const Pool& pool, uint64_t block);
  void ListBlocks(uint32_t pool_index, uint32_t page_index);  // pool_initialise_page()
  // What a free block holds in its first bytes (DP4), when it is taken.
  void WriteLink(const Pool& pool, const PoolPage& page, uint64_t block, uint32_t next);
  void SetBlockPoison(const PoolPage& page, const Pool& pool, uint64_t block, bool poison);

  // What a device reaches at most; no mask and no limit is nothing.
  static uint64_t Limit(const device& dev, uint64_t mask);
  static uint64_t AccessOf(DmaDirection direction);

  Allocator& allocator_;
  const hw::Platform& platform_;
  const Profile& profile_;
  const std::unique_ptr<hw::Iommu> iommu_;
  const std::unique_ptr<hw::CacheModel> caches_;
  DmaRegister& mapped_;
  Verdicts& verdicts_;
  mocks::MmApi& mm_;
  mocks::SyncApi* sync_ = nullptr;
  hw::TrackedArray<Pool> pools_;
  hw::TrackedArray<PoolPage> pool_pages_;
  CapacityNote pool_note_, pool_page_note_, cache_note_;
};

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_DMA_H_
