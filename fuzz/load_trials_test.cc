// Loading a driver while memory runs out in it: the ones that are right are silent at every
// allocation, and what another one leaves behind is named.
#include "fuzz/load_trials.h"

#include <gtest/gtest.h>

#include <ostream>
#include <set>

#include "fuzz/elf_image.h"

namespace drydock::fuzz {
namespace {

using Params = std::vector<std::pair<std::string, std::string>>;

WorkerOptions Options(const std::string& driver, const Params& params = {}) {
  WorkerOptions options;
  options.driver = driver;
  options.params = params;
  return options;
}

std::string Text(const LoadTrials& trials) {
  std::string text;
  for (const LoadViolation& found : trials.violations) {
    text += "allocation " + std::to_string(found.fail_allocation) + ": C" +
            std::to_string(found.violation.class_number) + " " + found.violation.seen + "\n";
  }
  return text;
}

std::set<uint32_t> FailuresOf(const LoadTrials& trials) {
  std::set<uint32_t> failures;
  for (const LoadViolation& found : trials.violations) failures.insert(found.fail_allocation);
  return failures;
}

struct RightDriver {
  const char* name;
  const char* driver;
  Params params;
  uint32_t least_allocations;  // of its init calls
};
void PrintTo(const RightDriver& driver, std::ostream* out) { *out << driver.name; }

class DriverThatUnwinds : public testing::TestWithParam<RightDriver> {};

TEST_P(DriverThatUnwinds, LeavesNothingWhicheverAllocationFails) {
  const LoadTrials trials = TryLoads(Options(GetParam().driver, GetParam().params));

  EXPECT_EQ(Text(trials), "");
  // One without a failure, one each, and the one in which no allocation was left to fail.
  EXPECT_GE(trials.trials, GetParam().least_allocations + 2);
}

INSTANTIATE_TEST_SUITE_P(
    Drivers, DriverThatUnwinds,
    testing::Values(
        RightDriver{"dma_buffer_remap", "driver_core/dma_buffer.so", {{"method", "remap"}}, 8},
        RightDriver{
            "dma_buffer_dma_mmap", "driver_core/dma_buffer.so", {{"method", "dma_mmap"}}, 8},
        RightDriver{"tutorial", "fuzz/bugs/tutorial/repaired.so", {}, 4},
        RightDriver{"wrap_dma", "fuzz/bugs/wrap_dma/repaired.so", {}, 4},
        RightDriver{"framebuffer_offset", "fuzz/bugs/framebuffer_offset/repaired.so", {}, 4},
        RightDriver{"split_count", "fuzz/bugs/split_count/repaired.so", {}, 5},
        RightDriver{"unwinding", "fuzz/bugs/unwinding/repaired.so", {}, 9}),
    [](const testing::TestParamInfo<RightDriver>& info) { return std::string(info.param.name); });

struct WrongDriver {
  const char* name;
  int class_number;
  kernel::Trap trap;
  const char* seen;
  std::set<uint32_t> failures;  // allocations whose failure shows it; 0: rmmod does
};
void PrintTo(const WrongDriver& driver, std::ostream* out) { *out << driver.name; }

class DriverThatDoesNot : public testing::TestWithParam<WrongDriver> {};

TEST_P(DriverThatDoesNot, IsSeenWhereItFails) {
  const std::string path = std::string("fuzz/bugs/unwinding/") + GetParam().name + ".so";
  const LoadTrials trials = TryLoads(Options(path));

  EXPECT_EQ(FailuresOf(trials), GetParam().failures) << Text(trials);
  const ElfImage image = ReadElfImage(path);
  for (const LoadViolation& found : trials.violations) {
    EXPECT_EQ(found.violation.class_number, GetParam().class_number) << Text(trials);
    EXPECT_EQ(found.violation.trap, GetParam().trap) << Text(trials);
    EXPECT_NE(std::string(found.violation.seen).find(GetParam().seen), std::string::npos)
        << Text(trials);
    EXPECT_EQ(image.FunctionAt(found.violation.driver_pc),
              found.fail_allocation == 0 ? "unwinding_exit" : "unwinding_init");
  }
}

// Its allocations: the page, the region, the cdev's map, the class (2), the device (4).
INSTANTIATE_TEST_SUITE_P(
    Mistakes, DriverThatDoesNot,
    testing::Values(
        WrongDriver{"only_C44", 44, kernel::Trap::kNone, "unregister_chrdev_region", {2}},
        WrongDriver{"only_C45",
                    45,
                    kernel::Trap::kNone,
                    "the class drydock_unwinding is still registered",
                    {6, 7, 8, 9}},
        WrongDriver{"memory",
                    45,
                    kernel::Trap::kNone,
                    "100 bytes of kmalloc are still allocated",
                    {6, 7, 8, 9}},
        WrongDriver{"exit",
                    45,
                    kernel::Trap::kNone,
                    "the class drydock_unwinding is still registered",
                    {0}},
        WrongDriver{"oops", 0, kernel::Trap::kOops, "segmentation fault", {6, 7, 8, 9}}),
    [](const testing::TestParamInfo<WrongDriver>& info) { return std::string(info.param.name); });

TEST(LoadTrials, OneTrialIsOneInsmod) {
  std::string result;
  const LoadTrials trials = TryLoad(Options("fuzz/bugs/unwinding/only_C44.so"), 2, &result);
  EXPECT_EQ(trials.trials, 1u);
  EXPECT_EQ(trials.violations.size(), 1u);
  EXPECT_EQ(result, "fuzz/bugs/unwinding/only_C44.so: unwinding_init() failed with -ENOMEM");
}

TEST(LoadTrials, NothingIsSaidOfADriverThatDoesNotLoad) {
  for (const WorkerOptions& options :
       {Options("driver_core/dma_buffer.so", {{"size", "0"}}),
        Options("driver_core/dma_buffer.so", {{"colour", "red"}}), Options("no/such.so")}) {
    const LoadTrials trials = TryLoads(options);
    EXPECT_EQ(Text(trials), "");
    EXPECT_EQ(trials.trials, 1u);
  }
}

TEST(LoadTrials, ABadDeviceTextIsForOthersToTell) {
  WorkerOptions options = Options("driver_core/dma_buffer.so");
  options.world.device_name = "bad.device";
  options.world.device_text = "no such line\n";
  EXPECT_EQ(TryLoads(options).trials, 0u);
}

}  // namespace
}  // namespace drydock::fuzz
