// For tests: RAM, verdicts and an allocator, with checkpoint and reset.
#ifndef DRYDOCK_SIM_KERNEL_MEMORY_FIXTURE_H_
#define DRYDOCK_SIM_KERNEL_MEMORY_FIXTURE_H_

#include <cstring>
#include <string>

#include "gtest/gtest.h"
#include "sim/hw/physical_memory.h"
#include "sim/hw/shadow.h"
#include "sim/hw/write_fault_handler.h"
#include "sim/kernel/allocator.h"

namespace drydock::kernel {

// Answers as told, and notes the last question.
class FakeMappedPages final : public MappedPageQuery {
 public:
  bool IsMapped(hw::Pfn first, uint64_t pages) override {
    return mapped >= first && mapped.value - first.value < pages;
  }
  hw::Pfn mapped{0};  // 0: nothing is mapped
};

class MemoryTest : public testing::Test {
 protected:
  explicit MemoryTest(const hw::Platform& platform = hw::Platforms()[0])
      : allocator_(list_, memory_, verdicts_, platform) {
    allocator_.SetMappedPageQuery(&mapped_);
  }

  void Checkpoint() {
    list_.Checkpoint();
    memory_.Checkpoint();
  }
  void Reset() {
    list_.Reset();
    memory_.Reset();
    verdicts_.Clear();
  }
  const char* FirstDifference() const {
    const char* name = list_.FirstDifference();
    return name != nullptr ? name : memory_.FirstDifference();
  }
  uint64_t Hash() const { return list_.Hash() ^ memory_.Hash() * 3; }

  // The word the simulation sees at a kernel address.
  uint64_t WordAt(const void* address) const {
    uint64_t word;
    memory_.ReadKernel(&word, address, sizeof word);
    return word;
  }
  hw::Pfn PfnOf(const struct page* page) const { return memory_.PfnOf(page); }
  int Count(hw::Pfn pfn) const { return memory_.ReadPage(pfn)._refcount.counter; }
  hw::FrameKind Kind(hw::Pfn pfn) const { return memory_.frame(pfn).kind; }
  // The number of violations since the last call must be `count`; the last one's text must contain
  // `text`.
  void ExpectViolations(size_t count, int class_number = 0, int oracle = 0, const char* text = "") {
    ASSERT_EQ(verdicts_.count(), count);
    if (count != 0) {
      const Violation& last = verdicts_[count - 1];
      EXPECT_EQ(int{last.class_number}, class_number);
      EXPECT_EQ(int{last.oracle}, oracle);
      EXPECT_NE(std::string(last.seen).find(text), std::string::npos) << last.seen;
    }
    verdicts_.Clear();
  }
  static bool Poisoned(const void* address, size_t size_bytes = 1) {
    return hw::shadow::FirstPoisoned(address, size_bytes) != nullptr;
  }

  hw::ResetList list_;
  hw::PhysicalMemory memory_{list_};
  Verdicts verdicts_;
  Allocator allocator_;
  FakeMappedPages mapped_;
  hw::ScopedWriteFaultHandler<hw::PhysicalMemory> handler_{memory_};
};

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_MEMORY_FIXTURE_H_
