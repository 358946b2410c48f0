// What one part of the emulated kernel needs around it in a test: direct calls, a heap that counts,
// a task.
#ifndef DRYDOCK_SIM_KERNEL_PART_FIXTURE_H_
#define DRYDOCK_SIM_KERNEL_PART_FIXTURE_H_

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "mocks/kernel_api.h"
#include "sim/hw/tracked.h"
#include "sim/kernel/driver_call.h"
#include "sim/kernel/kernel_memory.h"
#include "sim/kernel/log.h"
#include "sim/kernel/verdict.h"

namespace drydock::kernel {

// kmalloc() alone; the rest is not for these tests.
class CountingHeap final : public mocks::AllocApi {
 public:
  void* Kmalloc(size_t size_bytes, unsigned int) override {
    if (fail_next_) {
      fail_next_ = false;
      return nullptr;
    }
    ++live_;
    return std::calloc(1, size_bytes);
  }
  void Kfree(const void* object) override {
    if (object != nullptr) --live_;
    std::free(const_cast<void*>(object));
  }
  void* Krealloc(const void*, size_t, unsigned int) override { return nullptr; }
  size_t Ksize(const void*) override { return 0; }
  page* AllocPages(unsigned int, unsigned int) override { return nullptr; }
  void FreePages(page*, unsigned int) override {}
  void* AllocPagesExact(size_t, unsigned int) override { return nullptr; }
  void FreePagesExact(void*, size_t) override {}
  void GetPage(page*) override {}
  void PutPage(page*) override {}
  bool TrylockPage(page*) override { return true; }
  void UnlockPage(page*) override {}
  void SplitPage(page*, unsigned int) override {}
  void* Vmalloc(size_t, unsigned int, bool) override { return nullptr; }
  void Vfree(const void*) override {}
  page* VmallocToPage(const void*) override { return nullptr; }
  bool IsVmallocAddr(const void*) override { return false; }
  unsigned long long VirtToPhys(const volatile void*) override { return 0; }
  void* PhysToVirt(unsigned long long) override { return nullptr; }
  bool PfnValid(unsigned long) override { return false; }

  int live() const { return live_; }
  void FailNext() { fail_next_ = true; }

 private:
  int live_ = 0;
  bool fail_next_ = false;
};

// Refuses the n-th allocation that a kernel function makes for itself.
class FailingMemory final : public KernelMemory {
 public:
  explicit FailingMemory(int fail_nth) : left_(fail_nth) {}
  bool Grants(const char* function) override {
    const bool grants = --left_ != 0;
    if (!grants) refused_ = function;
    return grants;
  }
  // Whom it refused; "" for nobody yet.
  const std::string& refused() const { return refused_; }

 private:
  int left_;
  std::string refused_;
};

class PartTest : public testing::Test {
 public:  // callbacks of tests reach in
  // The one violation there is, as "C44 O6"; "" for none.
  std::string OnlyVerdict() const {
    if (verdicts_.count() == 0) return "";
    EXPECT_EQ(verdicts_.count(), 1u) << verdicts_[1].seen;
    const Violation& v = verdicts_[0];
    return "C" + std::to_string(v.class_number) + " O" + std::to_string(v.oracle);
  }
  std::string Seen(size_t i = 0) const { return i < verdicts_.count() ? verdicts_[i].seen : ""; }
  bool LogHas(std::string_view text) const {
    for (size_t i = 0; i < log_.line_count(); ++i) {
      if (log_.line(i).find(text) != std::string_view::npos) return true;
    }
    return false;
  }

  hw::ResetList list_;
  Verdicts verdicts_;
  DirectDriverCall calls_;
  CountingHeap heap_;
  Log log_{list_, verdicts_};
};

// What callbacks of a test did, in order: "probe remove action:2".
inline std::string& Trace() {
  static std::string trace;
  return trace;
}
inline void Note(const std::string& what) { Trace() += (Trace().empty() ? "" : " ") + what; }

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_PART_FIXTURE_H_
