// A device that is removed while a program is in the middle of mmap: when both are over nothing
// shows what the device has given back, and nobody waits for ever.
#include <cerrno>
#include <cstdint>
#include <functional>
#include <ostream>
#include <string>

#include "driver_core/testing/driver_world.h"
#include "driver_core/testing/mmap_calls.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace drydock {
namespace {

using ::testing::NiceMock;

constexpr unsigned kUninterruptible = 2;  // TASK_UNINTERRUPTIBLE

struct Case {
  const char *name;
  const char *driver;
  const char *node;
  Params params;
  const char *device;
  uint64_t pages;
};
void PrintTo(const Case &c, std::ostream *out) { *out << c.name; }

class RevocableTest : public DriverWorldTest, public ::testing::WithParamInterface<Case> {
 protected:
  RevocableTest() : DriverWorldTest(GetParam().driver, GetParam().node) {}

  void SetUp() override { ASSERT_NO_FATAL_FAILURE(Load(GetParam().params)); }
  // Another task begins to remove the device, and gets as far as it can.
  void RemoveMeanwhile() {
    kernel::Tasks &tasks = world_->kernel().tasks();
    ASSERT_NE(tasks.Spawn(
                  [](void *self, uint64_t) {
                    auto *test = static_cast<RevocableTest *>(self);
                    test->removed_ =
                        test->world_->kernel().devices().UnbindDevice(GetParam().device);
                  },
                  this, 0, "remover"),
              0u);
    tasks.Sleep(1'000'000, kUninterruptible, "msleep");
    EXPECT_FALSE(removed_);
  }
  int64_t MapWhole() { return Map(0, GetParam().pages * kPage); }
  void ExpectAllGone() {
    EXPECT_TRUE(world_->Settle());
    EXPECT_TRUE(removed_);
    EXPECT_EQ(MapWhole(), -ENODEV);
    EXPECT_EQ(process().Open(GetParam().node, kReadWrite).value, -ENOENT);
    EXPECT_TRUE(process().Exit().ok());
    EXPECT_TRUE(world_->UnloadDriver());
    EXPECT_EQ(world_->kernel().allocations().live_count(), 0u);
  }

  bool removed_ = false;
};

// Has the entries made, in whichever way, after `before`, and answers what `after` makes of it.
template <typename Calls>
void Interpose(Calls *calls, kernel::Kernel *kernel, const std::function<void()> &before,
               const std::function<int(int)> &after) {
  ON_CALL(calls->mm, RemapPfnRange)
      .WillByDefault([=](vm_area_struct *vma, unsigned long addr, unsigned long pfn,
                         unsigned long size, pgprot_t prot) {
        before();
        return after(kernel->mm().RemapPfnRange(vma, addr, pfn, size, prot));
      });
  ON_CALL(calls->mm, VmIomapMemory)
      .WillByDefault([=](vm_area_struct *vma, unsigned long long start, unsigned long length) {
        before();
        return after(kernel->mm().VmIomapMemory(vma, start, length));
      });
  ON_CALL(calls->dma, DmaMmapAttrs)
      .WillByDefault([=](device *dev, vm_area_struct *vma, void *cpu, unsigned long long handle,
                         size_t size, unsigned long attrs) {
        before();
        return after(kernel->dma().DmaMmapAttrs(dev, vma, cpu, handle, size, attrs));
      });
}

TEST_P(RevocableTest, RemovalWaitsForAMappingThatIsBeingMade) {
  MmapCalls<NiceMock> calls(world_->kernel());
  Interpose(
      &calls, &world_->kernel(), [this] { RemoveMeanwhile(); }, [](int error) { return error; });

  const int64_t at = MapWhole();

  ASSERT_GT(at, 0);
  for (uint64_t page = 0; page < GetParam().pages; ++page) {
    EXPECT_EQ(SignalOfLoad(static_cast<uint64_t>(at) + page * kPage), user::Signal::kBusAdrerr);
  }
  ExpectAllGone();
}

TEST_P(RevocableTest, RemovalThatComesWhenTheEntriesAreMadeTakesThemToo) {
  MmapCalls<NiceMock> calls(world_->kernel());
  Interpose(
      &calls, &world_->kernel(), [] {},
      [this](int error) {
        RemoveMeanwhile();
        return error;
      });

  const int64_t at = MapWhole();

  ASSERT_GT(at, 0);
  EXPECT_EQ(SignalOfLoad(static_cast<uint64_t>(at)), user::Signal::kBusAdrerr);
  ExpectAllGone();
}

// The kernel takes the entries away when mmap has returned; removal waits for nobody any more then.
TEST_P(RevocableTest, RemovalFindsNothingOfAMappingThatFailedHalfWay) {
  MmapCalls<NiceMock> calls(world_->kernel());
  Interpose(
      &calls, &world_->kernel(), [] {},
      [this](int error) {
        EXPECT_EQ(error, 0);
        RemoveMeanwhile();
        return -ENOMEM;
      });

  EXPECT_EQ(MapWhole(), -ENOMEM);

  ExpectAllGone();
}

INSTANTIATE_TEST_SUITE_P(
    Drivers, RevocableTest,
    ::testing::Values(
        Case{"DmaBufferRemap",
             "dma_buffer",
             "/dev/drydock_dma_buffer",
             {{"method", "remap"}},
             "drydock_dma_buffer",
             16},
        Case{"DmaBufferDmaMmap",
             "dma_buffer",
             "/dev/drydock_dma_buffer",
             {{"method", "dma_mmap"}},
             "drydock_dma_buffer",
             16},
        Case{"Framebuffer", "framebuffer", "/dev/drydock_framebuffer", {}, "drydock_soft_fb", 119},
        Case{"NicRings", "nic_rings", "/dev/drydock_nic_rings", {}, "drydock_soft_nic", 1}),
    [](const ::testing::TestParamInfo<Case> &info) { return std::string(info.param.name); });

}  // namespace
}  // namespace drydock
