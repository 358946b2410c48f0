// Pools of small coherent blocks: mm/dmapool.c (DP2..DP6). A block that is free is poisoned for
// AddressSanitizer, where its size allows.
#include <algorithm>
#include <cstring>

#include "sim/kernel/dma.h"

namespace drydock::kernel {
namespace {

constexpr size_t kSmallestBlock = 4, kSmallestListed = 16;
static_assert(hw::kPageSize / kSmallestBlock == Dma::kMaxPoolBlocks);
constexpr size_t kHandleBytes = 96;  // what a struct dma_pool takes from kmalloc()

bool PowerOfTwo(uint64_t value) { return (value & (value - 1)) == 0; }

}  // namespace

uint32_t Dma::FindPool(const dma_pool* pool, const char* function) {
  for (uint32_t i = 0; i < kMaxPools; ++i) {
    if (pool != nullptr && pools_[i].handle == pool) return i + 1;
  }
  verdicts_.TrapNow(Trap::kOops, 0, 14, "a pool of dma_pool_create()",
                    "%s: there is no such pool (any more)", function);
  return 0;
}

uint64_t Dma::BlockCount(const Pool& pool) {
  return pool.allocation_bytes / pool.boundary_bytes * pool.blocks_per_boundary;
}

uint64_t Dma::BlockOffset(const Pool& pool, uint64_t block) {
  const uint64_t each = pool.blocks_per_boundary;
  return block / each * pool.boundary_bytes + block % each * pool.size_bytes;
}

void Dma::SetBlockPoison(const PoolPage& page, const Pool& pool, uint64_t block, bool poison) {
  const uint64_t address = page.address + BlockOffset(pool, block);
  if (pool.size_bytes % 8 != 0 || address % 8 != 0) return;
  if (poison) {
    memory().Poison(reinterpret_cast<void*>(address), pool.size_bytes);
  } else {
    memory().Unpoison(reinterpret_cast<void*>(address), pool.size_bytes);
  }
}

dma_pool* Dma::DmaPoolCreate(const char* name, device* dev, size_t size_bytes, size_t align_bytes,
                             size_t boundary_bytes) {
  if (NoDevice("dma_pool_create", dev)) return nullptr;
  if (align_bytes == 0) align_bytes = 1;
  if (!PowerOfTwo(align_bytes) || size_bytes == 0) return nullptr;  // DP2
  size_bytes = std::max(size_bytes, profile_.lists_pool_blocks ? kSmallestListed : kSmallestBlock);
  size_bytes = (size_bytes + align_bytes - 1) & ~(align_bytes - 1);
  const size_t allocation = std::max<size_t>(size_bytes, hw::kPageSize);
  if (boundary_bytes == 0) {
    boundary_bytes = allocation;
  } else if (boundary_bytes < size_bytes || !PowerOfTwo(boundary_bytes)) {
    return nullptr;
  }
  // pool_initialise_page(): blocks do not cross a boundary, and of several 6.1 leaves out the one
  // that would end with it (DP3).
  const bool to_the_end = profile_.lists_pool_blocks || boundary_bytes > allocation;
  if (boundary_bytes > allocation) {
    if (allocation % size_bytes != 0 && !profile_.lists_pool_blocks) {
      verdicts_.Report(50, 14, "a boundary that is no larger than what the pool allocates",
                       "dma_pool_create: blocks of %zu bytes with a boundary of %zu: one of each "
                       "page runs out of it (6.1 does not look)",
                       size_bytes, boundary_bytes);
    }
    boundary_bytes = allocation;
  }
  for (uint32_t i = 0; i < kMaxPools; ++i) {
    if (pools_[i].handle != nullptr) continue;
    auto* handle = static_cast<dma_pool*>(allocator_.Kmalloc(kHandleBytes, kGfpKernel));
    if (handle == nullptr) return nullptr;
    // Its first field (mocks/library/structs.h).
    memory().WriteKernel(handle, static_cast<const void*>(&dev), sizeof(device*));
    Pool& pool = pools_.Mut(i);
    pool = Pool{};
    pool.handle = handle;
    pool.dev = dev;
    pool.size_bytes = size_bytes;
    pool.boundary_bytes = boundary_bytes;
    pool.allocation_bytes = allocation;
    const uint64_t fit = boundary_bytes / size_bytes;
    const bool ends_there = fit * size_bytes == boundary_bytes;
    pool.blocks_per_boundary = to_the_end || !ends_there || fit == 1 ? fit : fit - 1;
    std::strncpy(pool.name, name != nullptr ? name : "", sizeof pool.name - 1);
    return handle;
  }
  pool_note_.Exceeded(kMaxPools);
  return nullptr;
}

void Dma::ListBlocks(uint32_t pool_index, uint32_t page_index) {
  Pool& pool = pools_.Mut(pool_index);
  PoolPage& page = pool_pages_.Mut(page_index);
  const auto blocks = static_cast<uint32_t>(BlockCount(pool));
  const uint32_t base = page_index * kMaxPoolBlocks + 1;
  for (uint32_t block = 0; block + 1 < blocks; ++block) page.next_free[block] = base + block + 1;
  page.number = ++pool.pages_made;
  if (profile_.lists_pool_blocks) {
    page.next_free[blocks - 1] = static_cast<uint32_t>(pool.first_free);
    pool.first_free = base;
  } else {
    page.first_free = base;
  }
}

void Dma::WriteLink(const Pool& pool, const PoolPage& page, uint64_t block, uint32_t next) {
  const uint32_t next_block = (next - 1) % kMaxPoolBlocks;
  const uint64_t address = page.address + BlockOffset(pool, block);
  if (!profile_.lists_pool_blocks) {  // the next one's offset, or the end
    const auto offset = static_cast<uint32_t>(next != 0 ? BlockOffset(pool, next_block)
                                                        : BlockOffset(pool, BlockCount(pool)));
    memory().WriteKernel(reinterpret_cast<void*>(address), &offset, sizeof offset);
    return;
  }
  uint64_t link[2] = {0, page.dma + BlockOffset(pool, block)};  // struct dma_block
  if (next != 0) {
    link[0] = pool_pages_[(next - 1) / kMaxPoolBlocks].address + BlockOffset(pool, next_block);
  }
  memory().WriteKernel(reinterpret_cast<void*>(address), link, sizeof link);
}

uint32_t Dma::AddPoolPage(const Pool& pool, unsigned gfp) {
  for (uint32_t i = 0; i < kMaxPoolPages; ++i) {
    if (pool_pages_[i].pool != nullptr) continue;
    unsigned long long dma = 0;
    void* address = DmaAllocAttrs(pool.dev, pool.allocation_bytes, &dma, gfp & ~kGfpZero, 0);
    if (address == nullptr) return 0;
    PoolPage& page = pool_pages_.Mut(i);
    page = PoolPage{};
    page.pool = pool.handle;
    page.address = reinterpret_cast<uintptr_t>(address);
    page.dma = dma;
    memory().Poison(address, pool.allocation_bytes);
    return i + 1;
  }
  pool_page_note_.Exceeded(kMaxPoolPages);
  return 0;
}

void* Dma::DmaPoolAlloc(dma_pool* handle, unsigned gfp, unsigned long long* dma_handle) {
  const uint32_t index = FindPool(handle, "dma_pool_alloc");
  if (index == 0) return nullptr;
  const Pool& pool = pools_[index - 1];
  if (sync_ != nullptr && (gfp & kGfpDirectReclaim) != 0) sync_->MightSleep("dma_pool_alloc");
  // What was freed last is taken first: of the pool, or (6.1) of the newest page that has one.
  uint64_t free = pool.first_free;
  uint64_t newest = 0;
  for (uint32_t i = 0; i < kMaxPoolPages && !profile_.lists_pool_blocks; ++i) {
    const PoolPage& page = pool_pages_[i];
    if (page.pool != handle || page.first_free == 0 || page.number < newest) continue;
    newest = page.number;
    free = page.first_free;
  }
  if (free == 0) {
    const uint32_t added = AddPoolPage(pool, gfp);
    if (added == 0) return nullptr;
    ListBlocks(index - 1, added - 1);
    free = (added - 1) * kMaxPoolBlocks + 1;
  }
  PoolPage& page = pool_pages_.Mut((free - 1) / kMaxPoolBlocks);
  const uint64_t block = (free - 1) % kMaxPoolBlocks;
  const uint32_t next_free = page.next_free[block];
  if (profile_.lists_pool_blocks) {
    pools_.Mut(index - 1).first_free = next_free;
  } else {
    page.first_free = next_free;
  }
  page.in_use[block / 64] |= uint64_t{1} << block % 64;
  ++page.blocks_in_use;
  SetBlockPoison(page, pool, block, false);
  const uint64_t offset = BlockOffset(pool, block);
  const unsigned long long dma = page.dma + offset;
  memory().WriteKernel(dma_handle, &dma, sizeof dma);
  auto* address = reinterpret_cast<char*>(page.address + offset);
  WriteLink(pool, page, block, next_free);  // behind it is whatever its last user left
  if ((gfp & kGfpZero) != 0) {
    static constexpr char kZeroes[256] = {};
    for (uint64_t done = 0; done < pool.size_bytes;) {
      const uint64_t piece = std::min<uint64_t>(sizeof kZeroes, pool.size_bytes - done);
      memory().WriteKernel(address + done, kZeroes, piece);
      done += piece;
    }
  }
  return address;
}

void Dma::DmaPoolFree(dma_pool* handle, void* address, unsigned long long dma_addr) {
  const uint32_t index = FindPool(handle, "dma_pool_free");
  if (index == 0) return;
  const Pool& pool = pools_[index - 1];
  constexpr char kExpected[] = "dma_pool_free() is given what dma_pool_alloc() gave, once";
  for (uint32_t i = 0; i < kMaxPoolPages; ++i) {
    if (pool_pages_[i].pool != handle || dma_addr - pool_pages_[i].dma >= pool.allocation_bytes) {
      continue;
    }
    const uint64_t offset = dma_addr - pool_pages_[i].dma;
    if (reinterpret_cast<uintptr_t>(address) != pool_pages_[i].address + offset) {
      verdicts_.Report(59, 14, kExpected, "dma_pool_free, pool %s: address and handle differ",
                       pool.name);
      return;
    }
    const uint64_t block = offset / pool.boundary_bytes * pool.blocks_per_boundary +
                           offset % pool.boundary_bytes / pool.size_bytes;
    if (block >= BlockCount(pool) || BlockOffset(pool, block) != offset) {
      verdicts_.Report(59, 14, kExpected, "dma_pool_free, pool %s: no block starts there",
                       pool.name);
      return;
    }
    if ((pool_pages_[i].in_use[block / 64] >> block % 64 & 1) == 0) {
      verdicts_.Report(59, 14, kExpected, "dma_pool_free, pool %s: freed before: a double free",
                       pool.name);
      return;
    }
    PoolPage& page = pool_pages_.Mut(i);
    page.in_use[block / 64] &= ~(uint64_t{1} << block % 64);
    --page.blocks_in_use;
    uint64_t& first_free =
        profile_.lists_pool_blocks ? pools_.Mut(index - 1).first_free : page.first_free;
    page.next_free[block] = static_cast<uint32_t>(first_free);
    first_free = i * kMaxPoolBlocks + static_cast<uint32_t>(block) + 1;
    SetBlockPoison(page, pool, block, true);
    return;
  }
  verdicts_.Report(59, 14, kExpected, "dma_pool_free, pool %s: bad DMA handle 0x%llx", pool.name,
                   dma_addr);
}

void Dma::DmaPoolDestroy(dma_pool* handle) {
  if (handle == nullptr) return;
  const uint32_t index = FindPool(handle, "dma_pool_destroy");
  if (index == 0) return;
  const Pool& pool = pools_[index - 1];
  uint64_t busy = 0;
  for (uint32_t i = 0; i < kMaxPoolPages; ++i) {
    if (pool_pages_[i].pool != handle) continue;
    const PoolPage page = pool_pages_[i];
    pool_pages_.Mut(i) = PoolPage{};
    busy += page.blocks_in_use;
    // A page that is in use is lost (DP6).
    if (page.blocks_in_use == 0) {
      DmaFreeAttrs(pool.dev, pool.allocation_bytes, reinterpret_cast<void*>(page.address), page.dma,
                   0);
    }
  }
  if (busy != 0) {
    verdicts_.Report(45, 6, "every block is back before its pool goes",
                     "dma_pool_destroy, pool %s: %llu block%s in use: their memory is lost",
                     pool.name, static_cast<unsigned long long>(busy), busy == 1 ? "" : "s");
  }
  pools_.Mut(index - 1) = Pool{};
  allocator_.Kfree(handle);
}

}  // namespace drydock::kernel
