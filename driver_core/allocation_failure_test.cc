// Each allocation of each reference driver fails once, while it is loaded and while a program uses
// it: nothing is left, nothing is broken, and the next program finds the driver as good as before.
#include <cerrno>
#include <cstdint>
#include <string>

#include "driver_core/edu_uapi.h"
#include "driver_core/testing/driver_world.h"
#include "gtest/gtest.h"
#include "mocks/gmock/mock_kernel.h"
#include "sim/devices/models.h"
#include "sim/kernel/module_image.h"
#include "sim/kernel/module_loader.h"

namespace drydock {
namespace {

using mocks::ScopedKernelApi;

struct Case {
  const char *name;
  const char *driver;
  Params params;
  uint64_t offset;
  uint64_t length;
  int least_failures;        // of a program
  int64_t read_refusal = 0;  // what read(2) of 100 bytes says
};
void PrintTo(const Case &c, std::ostream *out) { *out << c.name; }

// Whether the failure that FailNth() asked for came; if not, it is taken back.
bool Fired(kernel::Allocator &allocator) {
  for (int i = 0; i < 200; ++i) {
    if (allocator.FailNow()) return false;
  }
  return true;
}

class AllocationFailureTest : public ::testing::TestWithParam<Case> {
 protected:
  static std::string SharedObject() {
    return std::string("driver_core/") + GetParam().driver + ".so";
  }
};

// World::LoadDriver() puts the world back after a failure, and would hide a leak.
TEST_P(AllocationFailureTest, AtLoadFreesEverything) {
  kernel::DriverRunner::InstallSignalHandlers(10);
  devices::Models models;
  kernel::KernelOptions options;
  options.platform = hw::FindPlatform("x86-64");
  options.device_text = devices::kDefaultMachine;
  options.device_name = devices::kDefaultMachineName;
  options.models = &models;
  int failed = 0;
  for (uint32_t n = 1; n < 200; ++n) {
    kernel::Kernel kernel(options);
    ScopedKernelApi installed(kernel);
    kernel.Checkpoint();
    kernel::ModuleImage image(SharedObject());
    kernel.verdicts().SetDriverImage(image.base(), image.code_end());
    kernel::ModuleLoader loader(kernel.verdicts(), kernel.runner(), kernel.log(), kernel.chrdev(),
                                kernel.devices());
    const auto before = Names(kernel.allocations());
    kernel.alloc().FailNth(n);
    const std::string error = loader.Load(image, GetParam().params);
    EXPECT_EQ(kernel.verdicts().count(), 0u) << n << ": " << kernel.verdicts()[0].seen;
    if (!Fired(kernel.alloc())) {
      // The driver loads, and unloading frees what loading took.
      EXPECT_EQ(error, "");
      EXPECT_EQ(loader.Unload(image), kernel::ModuleLoader::Unloaded::kDone);
      EXPECT_EQ(Names(kernel.allocations()), before);
      EXPECT_EQ(kernel.verdicts().count(), 0u) << kernel.verdicts()[0].seen;
      EXPECT_GE(failed, 1);
      return;
    }
    ++failed;
    // EINVAL: of a platform device without a name, rule NM3.
    const bool no_memory = error.find("failed with -ENOMEM") != std::string::npos;
    const bool no_name = error.find("failed with -EINVAL") != std::string::npos;
    // A PCI driver is loaded though its device was not bound; one that brings its own device says
    // that it has none.
    const bool not_bound = error.find("registers no character device") != std::string::npos ||
                           error.find("failed with -ENODEV") != std::string::npos;
    EXPECT_TRUE(no_memory || no_name || not_bound) << n << ": " << error;
    if (kernel::ModuleLoader::IsLive(image)) {
      EXPECT_EQ(loader.Unload(image), kernel::ModuleLoader::Unloaded::kDone);
    }
    EXPECT_EQ(Names(kernel.allocations()), before) << "allocation " << n;
    EXPECT_FALSE(kernel.chrdev().AnythingRegistered()) << "allocation " << n;
    EXPECT_EQ(kernel.devices().bound_count(), 0u) << "allocation " << n;
  }
  FAIL() << "loading allocates without end";
}

// What a program does with any of the drivers.
void RunAll(World &world, const Case &c) {
  user::Process process = world.init();
  const auto note = [&](user::Outcome outcome) {
    EXPECT_FALSE(outcome.trapped);
    EXPECT_TRUE(outcome.value >= 0 || outcome.value == -ENOMEM || outcome.value == -EBADF ||
                outcome.value == -EFAULT || outcome.value == c.read_refusal)
        << outcome.value;
    return outcome;
  };
  ASSERT_FALSE(world.nodes().empty());
  const int fd = static_cast<int>(note(process.Open(world.nodes()[0].c_str(), kReadWrite)).value);
  const user::Outcome memory =
      note(process.Mmap({}, kPage, kRead | kWrite, kPrivate | kAnonymous, -1, 0));
  const hw::VirtAddr own{memory.ok() ? static_cast<uint64_t>(memory.value) : 0};
  note(process.Read(fd, own, 100));
  const user::Outcome mapped =
      note(process.Mmap({}, c.length, kRead | kWrite, kShared, fd, c.offset));
  if (mapped.ok()) {
    const hw::VirtAddr at{static_cast<uint64_t>(mapped.value)};
    const uint64_t word = 1;
    note(process.Store(at, &word, sizeof word));
    note(process.Mprotect(at, kPage, kRead));
    const user::Outcome child = note(process.Fork());
    note(process.Munmap(at + c.length / kPage / 2 * kPage, kPage));
    if (child.ok()) {
      user::Process other = world.process(static_cast<uint32_t>(child.value));
      uint64_t seen = 0;
      note(other.Load(at, &seen, sizeof seen));
      note(other.Exit());
    }
  }
  note(process.Exit());
}

TEST_P(AllocationFailureTest, InAProgramFreesEverything) {
  World world{WorldOptions{}};
  ASSERT_EQ(world.LoadDriver(SharedObject(), GetParam().params), "");
  world.Checkpoint();
  // (The process itself has memory until it exits; so compare with a run in which none failed.)
  RunAll(world, GetParam());
  const auto after = Names(world.kernel().allocations());
  int failed = 0;
  for (uint32_t n = 1; n < 200; ++n) {
    world.Reset();
    world.FailAllocation(n);
    RunAll(world, GetParam());
    const bool fired = Fired(world.kernel().alloc());
    EXPECT_EQ(Names(world.kernel().allocations()), after) << "allocation " << n;
    EXPECT_EQ(world.verdicts().count(), 0u) << n << ": " << world.verdicts()[0].seen;
    // The module is not held, so nothing of the driver is open or mapped.
    EXPECT_TRUE(world.UnloadDriver()) << "allocation " << n;
    EXPECT_EQ(world.kernel().allocations().live_count(), 0u) << "allocation " << n;
    EXPECT_EQ(world.verdicts().count(), 0u) << n << ": " << world.verdicts()[0].seen;
    if (!fired) {
      EXPECT_GE(failed, GetParam().least_failures);
      return;
    }
    ++failed;
  }
  FAIL() << "the program allocates without end";
}

INSTANTIATE_TEST_SUITE_P(
    Drivers, AllocationFailureTest,
    ::testing::Values(
        Case{"Chardev", "chardev", {}, 0, kPage, 6},
        Case{"DmaBufferRemap", "dma_buffer", {{"method", "remap"}}, 0, 4 * kPage, 8},
        Case{"DmaBufferDmaMmap", "dma_buffer", {{"method", "dma_mmap"}}, 0, 4 * kPage, 8},
        Case{"Edu", "edu", {}, DRYDOCK_EDU_MEMORY, kPage, 6, -EINVAL},
        Case{"Framebuffer", "framebuffer", {}, 5 * kPage, 4 * kPage, 6},
        Case{"NicRings", "nic_rings", {{"entries", "512"}}, 0, 2 * kPage, 6, -ENETDOWN},
        Case{"SharedRingPage", "shared_ring", {}, 0, 4 * kPage, 6, -EINVAL},
        Case{"SharedRingPfn", "shared_ring", {{"method", "pfn"}}, 0, 4 * kPage, 6, -EINVAL}),
    [](const ::testing::TestParamInfo<Case> &info) { return std::string(info.param.name); });

}  // namespace
}  // namespace drydock
