// The plans of the network device: each region's offset and length and their neighbours, each ring
// size, and the place of each buffer. mapping_request_test has the checks that all plans share.

#include <errno.h>

#include <cstdint>
#include <ostream>
#include <set>
#include <string>

#include "driver_core/testing/plan_request.h"
#include "gtest/gtest.h"

extern "C" {
#include "driver_core/nic_rings_plan.h"
#include "driver_core/nic_rings_uapi.h"
}

using Mapping = struct nic_mapping;
using NicRun = struct nic_run;

// In the global namespace, where the C structs are, so that GoogleTest finds them.
static bool operator==(const Mapping& a, const Mapping& b) {
  return a.region == b.region && a.clear_may_write == b.clear_may_write &&
         a.clear_may_exec == b.clear_may_exec;
}
static std::ostream& operator<<(std::ostream& os, const Mapping& mapping) {
  return os << "{region " << static_cast<int>(mapping.region) << ", clear_may_write "
            << mapping.clear_may_write << ", clear_may_exec " << mapping.clear_may_exec << "}";
}
static bool operator==(const NicRun& a, const NicRun& b) {
  return a.count == b.count && a.burst == b.burst && a.interval_us == b.interval_us &&
         a.lossless == b.lossless && a.loopback == b.loopback;
}
static std::ostream& operator<<(std::ostream& os, const NicRun& run) {
  return os << "{count " << run.count << ", burst " << run.burst << ", interval_us "
            << run.interval_us << ", lossless " << run.lossless << ", loopback " << run.loopback
            << "}";
}

namespace drydock {
namespace {

using Geometry = struct nic_geometry;

constexpr unsigned long kRx = DRYDOCK_NIC_RX_RING / kPage;
constexpr unsigned long kTx = DRYDOCK_NIC_TX_RING / kPage;
constexpr unsigned long kBuffers = DRYDOCK_NIC_BUFFERS / kPage;
constexpr Geometry kGeometry = {.entries = 512, .page_shift = 12};
constexpr unsigned long kRingPages = 2, kBufferPages = 512;

struct Row {
  const char* name;
  unsigned long pgoff, pages;
  int error;
  enum nic_region region = NIC_RX_RING;
  void (*change)(Request&) = [](Request&) {};
  bool clear_may_write = false;
};

void PrintTo(const Row& row, std::ostream* os) { *os << row.name; }

class NicPlan : public testing::TestWithParam<Row> {};

TEST_P(NicPlan, Answers) {
  const Row& row = GetParam();
  Request request = SharedWritable(row.pages);
  request.pgoff = row.pgoff;
  row.change(request);
  // What a plan leaves alone when it refuses: nothing a plan could say.
  const Mapping untouched = {
      .region = NIC_REGIONS, .clear_may_write = true, .clear_may_exec = false};
  Mapping mapping = untouched;
  const Mapping expected = {
      .region = row.region, .clear_may_write = row.clear_may_write, .clear_may_exec = true};
  EXPECT_EQ(nic_plan(&kGeometry, &request, &mapping), -row.error);
  EXPECT_EQ(mapping, row.error ? untouched : expected);
}

INSTANTIATE_TEST_SUITE_P(
    Table, NicPlan,
    testing::Values(Row{"AcceptsTheRxRing", kRx, kRingPages, 0, NIC_RX_RING},
                    Row{"AcceptsTheTxRing", kTx, kRingPages, 0, NIC_TX_RING},
                    Row{"AcceptsTheBuffers", kBuffers, kBufferPages, 0, NIC_BUFFERS},
                    Row{"AcceptsTheBuffersReadOnly", kBuffers, kBufferPages, 0, NIC_BUFFERS,
                        [](Request& r) { r.write = false; }},
                    Row{"KeepsMprotectFromMakingAPrivateMappingWritable", kRx, kRingPages, 0,
                        NIC_RX_RING, MakePrivateReadOnly, true},
                    Row{"RejectsPartOfARing", kRx, 1, EINVAL},
                    Row{"RejectsTheEndOfARing", kRx + 1, 1, EINVAL},
                    Row{"RejectsMoreThanARing", kTx, kRingPages + 1, EINVAL},
                    Row{"RejectsPartOfTheBuffers", kBuffers, kBufferPages - 1, EINVAL},
                    Row{"RejectsMoreThanTheBuffers", kBuffers, kBufferPages + 1, EINVAL},
                    Row{"RejectsTheLengthOfTheBuffersAtARing", kTx, kBufferPages, EINVAL},
                    Row{"RejectsTheLengthOfARingAtTheBuffers", kBuffers, kRingPages, EINVAL},
                    Row{"RejectsWhatOverlapsARingFromBefore", kTx - 1, kRingPages, EINVAL},
                    Row{"RejectsWhatOverlapsARingFromBehind", kTx + 1, kRingPages, EINVAL},
                    Row{"RejectsTwoRingsInOne", kRx, kTx + kRingPages, EINVAL},
                    Row{"RejectsTheOffsetOfAFourthRegion", 3 * kTx, kRingPages, EINVAL},
                    Row{"RejectsAnOffsetThatIsOneIn32Bits", (1UL << 32) + kTx, kRingPages, EINVAL},
                    Row{"RejectsAnOffsetWhoseBytesWrapToOne", (1UL << 52) + kTx, kRingPages,
                        EINVAL},
                    Row{"RejectsTheGreatestOffset", kMax, kRingPages, EINVAL},
                    Row{"RejectsPrivateWritable", kRx, kRingPages, EINVAL, NIC_RX_RING,
                        [](Request& r) { r.shared = false; }},
                    Row{"RejectsExecutable", kRx, kRingPages, EPERM, NIC_RX_RING,
                        [](Request& r) { r.exec = true; }},
                    Row{"RejectsHalfAPage", kRx, kRingPages, EINVAL, NIC_RX_RING,
                        [](Request& r) { r.end -= kPage / 2; }},
                    Row{"RejectsNothing", kRx, 0, EINVAL},
                    Row{"SaysExecutableBeforeOffset", kRx + 1, kRingPages, EPERM, NIC_RX_RING,
                        [](Request& r) { r.exec = true; }}),
    [](const testing::TestParamInfo<Row>& info) { return std::string(info.param.name); });

TEST(NicGeometry, IsOfPowersOfTwo) {
  for (uint32_t entries = 0; entries < 9000; ++entries) {
    const Geometry geometry = {.entries = entries, .page_shift = 12};
    const bool good = entries == 16 || entries == 32 || entries == 64 || entries == 128 ||
                      entries == 256 || entries == 512 || entries == 1024 || entries == 2048 ||
                      entries == 4096;
    EXPECT_EQ(nic_geometry_check(&geometry), good ? 0 : -EINVAL) << entries;
  }
  for (uint32_t entries : {1u << 31, 0xffffffffu, (1u << 31) + 256}) {
    const Geometry geometry = {.entries = entries, .page_shift = 12};
    EXPECT_EQ(nic_geometry_check(&geometry), -EINVAL) << entries;
  }
}

TEST(NicGeometry, IsOfPagesThatTheRegionsBeginWith) {
  for (unsigned int shift = 0; shift < 70; ++shift) {
    const Geometry geometry = {.entries = 256, .page_shift = shift};
    EXPECT_EQ(nic_geometry_check(&geometry), shift <= 28 ? 0 : -EINVAL) << shift;
  }
}

// Whatever the ring and the page, regions are whole pages, hold what they must and do not overlap.
TEST(NicRegionSize, HoldsWhatItMustAndEndsBeforeTheNext) {
  for (uint32_t entries = NIC_LEAST_ENTRIES; entries <= NIC_MOST_ENTRIES; entries *= 2) {
    for (unsigned int shift : {12u, 14u, 16u, 21u, 28u}) {
      const Geometry geometry = {.entries = entries, .page_shift = shift};
      ASSERT_EQ(nic_geometry_check(&geometry), 0);
      for (enum nic_region region : {NIC_RX_RING, NIC_TX_RING, NIC_BUFFERS}) {
        const unsigned long size = nic_region_size(&geometry, region);
        const unsigned long needed =
            region == NIC_BUFFERS ? 2ul * entries * DRYDOCK_NIC_BUFFER_SIZE : entries * 16ul;
        EXPECT_GE(size, needed);
        EXPECT_LT(size, needed + (1ul << shift));
        EXPECT_EQ(size % (1ul << shift), 0u);
        EXPECT_LE(size, static_cast<unsigned long>(DRYDOCK_NIC_TX_RING));
      }
    }
  }
}

TEST(NicBuffers, AreDescriptorsOwn) {
  const Geometry geometry = {.entries = 64, .page_shift = 12};
  std::set<unsigned long> seen;
  for (enum nic_region ring : {NIC_RX_RING, NIC_TX_RING}) {
    for (uint32_t i = 0; i < 64; ++i) {
      const unsigned long offset = nic_buffer_offset(&geometry, ring, i);
      EXPECT_EQ(offset % DRYDOCK_NIC_BUFFER_SIZE, 0u);
      EXPECT_LE(offset + DRYDOCK_NIC_BUFFER_SIZE, nic_region_size(&geometry, NIC_BUFFERS));
      EXPECT_TRUE(seen.insert(offset).second) << ring << " " << i;
      EXPECT_EQ(nic_buffer_offset(&geometry, ring, i + 64), offset);
      EXPECT_EQ(nic_buffer_offset(&geometry, ring, i - 64), offset);
    }
  }
}

TEST(NicFrame, IsAsLongAsAFrameCanBe) {
  for (uint64_t length = 0; length < 3000; ++length) {
    EXPECT_EQ(nic_frame_length(length), length >= 14 && length <= 1518) << length;
  }
  EXPECT_FALSE(nic_frame_length(UINT64_MAX));
  EXPECT_FALSE(nic_frame_length((uint64_t{1} << 32) + 100));
  static_assert(DRYDOCK_NIC_LONGEST <= DRYDOCK_NIC_BUFFER_SIZE);
}

struct RunRow {
  const char* name;
  uint32_t count, burst, interval_us, flags;
  int error;
};

void PrintTo(const RunRow& row, std::ostream* os) { *os << row.name; }

class NicRunPlan : public testing::TestWithParam<RunRow> {};

TEST_P(NicRunPlan, Answers) {
  const RunRow& row = GetParam();
  const NicRun untouched = {
      .count = 1, .burst = 2, .interval_us = 3, .lossless = true, .loopback = true};
  NicRun run = untouched;
  const NicRun expected = {.count = row.count,
                           .burst = row.burst,
                           .interval_us = row.interval_us,
                           .lossless = (row.flags & 1) != 0,
                           .loopback = (row.flags & 2) != 0};
  EXPECT_EQ(nic_run_plan(&kGeometry, row.count, row.burst, row.interval_us, row.flags, &run),
            -row.error);
  EXPECT_EQ(run, row.error ? untouched : expected);
}

INSTANTIATE_TEST_SUITE_P(
    Table, NicRunPlan,
    testing::Values(RunRow{"AcceptsABurst", 512, 512, 0, 0, 0},
                    RunRow{"AcceptsOneFrameASecond", 1, 1, 1000000, 0, 0},
                    RunRow{"AcceptsManyFrames", 0xffffffff, 512, 10, 1, 0},
                    RunRow{"AcceptsNoFramesOfItsOwn", 0, 0, 0, 2, 0},
                    RunRow{"AcceptsBothFlags", 7, 1, 5, 3, 0},
                    RunRow{"RejectsABurstThatTheRingDoesNotHold", 1000, 513, 0, 0, EINVAL},
                    RunRow{"RejectsFramesInBurstsOfNone", 1, 0, 0, 0, EINVAL},
                    RunRow{"RejectsBurstsOfNoFrames", 0, 1, 0, 0, EINVAL},
                    RunRow{"RejectsMoreThanASecond", 1, 1, 1000001, 0, EINVAL},
                    RunRow{"RejectsAFlagThatIsNone", 1, 1, 0, 4, EINVAL},
                    RunRow{"RejectsAllFlags", 1, 1, 0, 0xffffffff, EINVAL}),
    [](const testing::TestParamInfo<RunRow>& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace drydock
