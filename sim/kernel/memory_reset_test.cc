// The property that everything else rests on: whatever a run does to memory, Reset() undoes it,
// exactly.
#include <cstdint>
#include <vector>

#include "sim/kernel/memory_fixture.h"

namespace drydock::kernel {
namespace {

// xorshift64*: the same numbers with every library.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t Below(uint64_t bound) {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return state_ * 0x2545f4914f6cdd1d % bound;
  }

 private:
  uint64_t state_;
};

class MemoryResetTest : public MemoryTest, public testing::WithParamInterface<uint64_t> {
 protected:
  // Some legal, some wrong operations on whatever lives.
  void Step(Random& random) {
    static constexpr size_t kSizes[] = {1, 8, 33, 96, 100, 192, 500, 2000, 3000, 5000, 20000};
    const size_t size = kSizes[random.Below(std::size(kSizes))];
    const unsigned gfp = kGfpKernel | (random.Below(2) != 0 ? kGfpZero : 0);
    switch (random.Below(12)) {
      case 0:
      case 1:
        Keep(allocator_.Kmalloc(size, gfp), size);
        break;
      case 2:
        Keep(allocator_.Vmalloc(size, gfp, false), size);
        break;
      case 3:
        Keep(allocator_.AllocPagesExact(size, gfp), size);
        break;
      case 4: {
        const auto order = static_cast<unsigned>(random.Below(4));
        struct page* page = allocator_.AllocPages(
            gfp | (random.Below(2) != 0 ? kGfpComp : 0) | (random.Below(2) != 0 ? kGfpDma32 : 0),
            order);
        if (page != nullptr) {
          Keep(memory_.KernelAddress(hw::PhysAddr::Of(PfnOf(page))), hw::kPageSize << order);
        }
        break;
      }
      case 5: {
        hw::Pfn pfn;
        if (allocator_.AllocAnonPage(true, &pfn)) {
          memory_.MarkDirty(pfn);
          memory_.Plain(pfn)[random.Below(4096)] = 1;
          if (random.Below(2) != 0) allocator_.FreeAnonPage(pfn);
        }
        break;
      }
      case 6:
      case 7:
        if (!live_.empty()) Free(random.Below(live_.size()), random);
        break;
      case 8:
        if (!live_.empty()) {
          const Live& live = live_[random.Below(live_.size())];
          if (allocator_.FindByAddress(live.address) != 0) {
            live.address[random.Below(live.size_bytes)] = static_cast<char>(random.Below(256));
          }
        }
        break;
      case 9: {  // a wild store through a user mapping
        const hw::Pfn pfn = memory_.PfnAt(random.Below(4096) + hw::PhysicalMemory::kDma32Frames);
        memory_.MarkDirty(pfn);
        memory_.Plain(pfn)[random.Below(4096)] ^= 1;
        break;
      }
      case 10:
        if (!live_.empty()) {
          hw::Pfn pfn;
          const Live& live = live_[random.Below(live_.size())];
          if (memory_.FindFrame(live.address, &pfn)) {
            struct page* page = memory_.PageAddress(pfn);
            if (random.Below(2) != 0) {
              allocator_.GetPage(page);
            } else {
              allocator_.PutPage(page);
            }
            page->flags ^= 1;
          }
        }
        break;
      default:
        if (random.Below(8) == 0) allocator_.FailNth(static_cast<uint32_t>(random.Below(5)));
        break;
    }
    if (verdicts_.count() > 8) verdicts_.Clear();
    verdicts_.ClearTrap();
  }

  struct Live {
    char* address;
    size_t size_bytes;
  };
  void Keep(void* address, size_t size_bytes) {
    if (address == nullptr) return;
    live_.push_back({static_cast<char*>(address), size_bytes});
  }
  void Free(size_t index, Random& random) {
    const Live live = live_[index];
    if (random.Below(8) != 0)
      live_.erase(live_.begin() + static_cast<ptrdiff_t>(index));  // else: twice
    const Allocation* allocation = allocator_.Find(allocator_.FindByAddress(live.address));
    if (allocation == nullptr || IsOfKmalloc(*allocation)) {
      allocator_.Kfree(live.address);
    } else if (allocation->kind == AllocationKind::kVmalloc) {
      allocator_.Vfree(live.address);
    } else if (allocation->exact != 0) {
      allocator_.FreePagesExact(live.address, live.size_bytes);
    } else {
      allocator_.FreePages(memory_.PageAddress(allocation->pfn), allocation->order);
    }
  }
  static bool IsOfKmalloc(const Allocation& allocation) {
    if (allocation.kind == AllocationKind::kVmalloc || allocation.exact != 0) return false;
    return allocation.kind != AllocationKind::kPages || allocation.from_kmalloc != 0;
  }

  std::vector<Live> live_;
};

TEST_P(MemoryResetTest, ResetAfterRandomRunsIsTheCheckpointAndRunsRepeat) {
  Random setup(GetParam());
  for (int i = 0; i < 60; ++i) Step(setup);
  Checkpoint();
  const uint64_t hash = Hash();
  const std::vector<Live> live = live_;
  uint64_t first_end = 0;
  for (int run = 0; run < 12; ++run) {
    // Runs 0 and 11 are the same program; the others lie between them.
    Random random(run == 11 ? 1000 : 1000 + static_cast<uint64_t>(run));
    for (int i = 0; i < 80; ++i) Step(random);
    if (run == 0) first_end = Hash();
    if (run == 11) {
      EXPECT_EQ(Hash(), first_end) << "a run depends on the runs before it";
    }
    Reset();
    ASSERT_EQ(FirstDifference(), nullptr) << "after run " << run;
    ASSERT_EQ(Hash(), hash) << "after run " << run;
    live_ = live;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, MemoryResetTest, testing::Values(1, 2, 3, 4, 5, 6));

}  // namespace
}  // namespace drydock::kernel
