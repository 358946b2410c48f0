// What every reference driver refuses, the same rows for each: more than there is, sums that wrap,
// more than one mapping may have, stores that would go to a copy, code. With mmap(2)'s own check of
// offset and length and, as in kernels before 4.17 and on 32-bit machines, without it. After each
// refusal the process and the driver are as before, and a mapping of everything is granted.
#include <cerrno>
#include <cstdint>
#include <ostream>
#include <string>
#include <tuple>

#include "driver_core/testing/driver_world.h"
#include "gtest/gtest.h"

namespace drydock {
namespace {

struct Driver {
  const char *name;
  const char *driver;
  const char *node;
  Params params;
  uint64_t pages;
  uint64_t max_pages;  // of one mapping
  int beyond;          // what it says of a range that is not its own
};

void PrintTo(const Driver &driver, std::ostream *out) { *out << driver.name; }

struct Refusal {
  const char *name;
  // In pages; what is counted from the driver's end, or from 2^52 where the offset in bytes ends.
  uint64_t from_end, from_wrap, offset, more_than_all, pages;
  int prot;
  int flags;
  int error;  // 0: the driver's own for what is beyond
};

void PrintTo(const Refusal &refusal, std::ostream *out) { *out << refusal.name; }

constexpr uint64_t kWrap = uint64_t{1} << 52;
constexpr int kReadAndWrite = kRead | kWrite;

class MappingRefusalTest : public DriverWorldTest,
                           public ::testing::WithParamInterface<std::tuple<Driver, Refusal, bool>> {
 protected:
  MappingRefusalTest()
      : DriverWorldTest(std::get<0>(GetParam()).driver, std::get<0>(GetParam()).node) {}
};

TEST_P(MappingRefusalTest, IsRefusedAndNothingChanges) {
  const auto &[driver, refusal, guarded] = GetParam();
  core_guards_ = guarded;
  raw_io_ = true;  // so that registers are refused for no other reason
  ASSERT_NO_FATAL_FAILURE(Load(driver.params));
  uint64_t offset = refusal.offset;
  if (refusal.from_end != 0) offset = driver.pages - 1 + refusal.from_end - 1;
  if (refusal.from_wrap != 0) offset = kWrap - refusal.from_wrap;
  uint64_t pages = refusal.pages;
  if (refusal.more_than_all != 0) pages = driver.pages + refusal.more_than_all;
  const int expected = refusal.error != 0 ? refusal.error : driver.beyond;
  // What mmap(2) itself refuses comes first (1.11).
  const bool wraps = offset + pages >= kWrap;
  const AllocationNames allocations = Allocations();
  const uint32_t vmas = Vmas();

  const int64_t result = Map(offset * kPage, pages * kPage, refusal.prot, refusal.flags);

  EXPECT_EQ(result, guarded && wraps ? -EOVERFLOW : -expected);
  EXPECT_EQ(Vmas(), vmas);
  EXPECT_EQ(Allocations(), allocations);
  EXPECT_GT(Map(0, driver.max_pages * kPage), 0);
}

INSTANTIATE_TEST_SUITE_P(
    Drivers, MappingRefusalTest,
    ::testing::Combine(
        ::testing::Values(
            Driver{"Chardev", "chardev", "/dev/drydock_chardev", {}, 1, 1, EINVAL},
            Driver{"DmaBufferRemap",
                   "dma_buffer",
                   "/dev/drydock_dma_buffer",
                   {{"method", "remap"}, {"size", "65000"}},
                   16,
                   16,
                   EINVAL},
            Driver{"DmaBufferDmaMmap",
                   "dma_buffer",
                   "/dev/drydock_dma_buffer",
                   {{"method", "dma_mmap"}, {"size", "65000"}},
                   16,
                   16,
                   ENXIO},
            // Registers of 1 MiB, and a page of memory: nothing may be mapped across the border.
            Driver{"Edu", "edu", "/dev/drydock_edu0", {}, 257, 256, EINVAL},
            Driver{"Framebuffer", "framebuffer", "/dev/drydock_framebuffer", {}, 119, 119, EINVAL},
            Driver{"NicRingsRxRing", "nic_rings", "/dev/drydock_nic_rings", {}, 1, 1, EINVAL},
            Driver{"SharedRing", "shared_ring", "/dev/drydock_shared_ring", {}, 17, 17, EINVAL}),
        ::testing::Values(
            Refusal{"OnePageMoreThanAll", 0, 0, 0, 1, 0, kReadAndWrite, kShared, 0},
            Refusal{"TwiceAllAndMore", 0, 0, 0, 500, 0, kRead, kShared, 0},
            Refusal{"OneTebibyte", 0, 0, 0, 0, uint64_t{1} << 28, kReadAndWrite, kShared, 0},
            Refusal{"LastPageAndOneMore", 1, 0, 0, 0, 2, kReadAndWrite, kShared, 0},
            Refusal{"PageAfterTheLast", 2, 0, 0, 0, 1, kReadAndWrite, kShared, 0},
            Refusal{"PageAfterThat", 3, 0, 0, 0, 1, kRead, kShared, 0},
            Refusal{"PageAfterTheLastPrivate", 2, 0, 0, 0, 1, kRead, kPrivate, 0},
            Refusal{"OffsetOf4GiB", 0, 0, uint64_t{1} << 20, 0, 1, kRead, kShared, 0},
            Refusal{"OffsetOf16TiB", 0, 0, uint64_t{1} << 32, 0, 1, kRead, kShared, 0},
            Refusal{"OffsetWhosePageIsNegative", 0, 0, uint64_t{1} << 51, 0, 1, kRead, kShared, 0},
            Refusal{"SumIsTwo64", 0, 1, 0, 0, 1, kRead, kShared, 0},
            Refusal{"SumWrapsToNothing", 0, 1, 0, 0, 2, kRead, kShared, 0},
            Refusal{"SumWrapsIntoTheFirstPage", 0, 2, 0, 0, 3, kReadAndWrite, kShared, 0},
            Refusal{"PrivateWritable", 0, 0, 0, 0, 1, kReadAndWrite, kPrivate, EINVAL},
            Refusal{"PrivateWriteOnly", 0, 0, 0, 0, 1, kWrite, kPrivate, EINVAL},
            Refusal{"Executable", 0, 0, 0, 0, 1, kRead | kExec, kShared, EPERM},
            Refusal{"ExecutableAndWritable", 0, 0, 0, 0, 1, kReadAndWrite | kExec, kShared, EPERM},
            Refusal{"ExecutablePrivate", 0, 0, 0, 0, 1, kRead | kExec, kPrivate, EPERM}),
        ::testing::Bool()),
    [](const auto &info) {
      return std::string(std::get<0>(info.param).name) + "_" + std::get<1>(info.param).name +
             (std::get<2>(info.param) ? "" : "_WithoutCoreGuards");
    });

INSTANTIATE_TEST_SUITE_P(
    MaximumMapping, MappingRefusalTest,
    ::testing::Combine(
        ::testing::Values(Driver{"DmaBufferRemap",
                                 "dma_buffer",
                                 "/dev/drydock_dma_buffer",
                                 {{"method", "remap"}, {"max_map", "49152"}},
                                 16,
                                 12,
                                 EINVAL},
                          Driver{"DmaBufferDmaMmap",
                                 "dma_buffer",
                                 "/dev/drydock_dma_buffer",
                                 {{"method", "dma_mmap"}, {"max_map", "49152"}},
                                 16,
                                 12,
                                 EINVAL}),
        ::testing::Values(Refusal{"OnePageMore", 0, 0, 0, 0, 13, kRead, kShared, 0},
                          Refusal{"OnePageMoreInTheMiddle", 0, 0, 2, 0, 13, kRead, kShared, 0},
                          Refusal{"AllOfIt", 0, 0, 0, 0, 16, kRead, kShared, 0},
                          Refusal{"MoreThanThereIs", 0, 0, 0, 9, 0, kRead, kShared, 0}),
        ::testing::Bool()),
    [](const auto &info) {
      return std::string(std::get<0>(info.param).name) + "_" + std::get<1>(info.param).name +
             (std::get<2>(info.param) ? "" : "_WithoutCoreGuards");
    });

}  // namespace
}  // namespace drydock
