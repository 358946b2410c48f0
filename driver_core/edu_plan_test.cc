// The plans of the educational device: which mappings and transfers it grants, at each boundary,
// and small memories tried whole. mapping_request_test has the checks that all plans share.

#include <errno.h>

#include <cstdint>
#include <ostream>
#include <string>

#include "driver_core/testing/plan_request.h"
#include "gtest/gtest.h"

extern "C" {
#include "driver_core/edu_plan.h"
#include "driver_core/edu_regs.h"
#include "driver_core/edu_uapi.h"
}

using Mapping = struct edu_mapping;
using Transfer = struct edu_transfer;

// In the global namespace, where the C structs are, so that GoogleTest finds them.
static bool operator==(const Mapping& a, const Mapping& b) {
  return a.region == b.region && a.clear_may_write == b.clear_may_write &&
         a.clear_may_exec == b.clear_may_exec;
}
static std::ostream& operator<<(std::ostream& os, const Mapping& mapping) {
  return os << "{region " << static_cast<int>(mapping.region) << ", clear_may_write "
            << mapping.clear_may_write << ", clear_may_exec " << mapping.clear_may_exec << "}";
}
static bool operator==(const Transfer& a, const Transfer& b) {
  return a.source == b.source && a.destination == b.destination && a.count == b.count &&
         a.command == b.command;
}
static std::ostream& operator<<(std::ostream& os, const Transfer& transfer) {
  return os << std::hex << "{source " << transfer.source << ", destination " << transfer.destination
            << ", count " << transfer.count << ", command " << transfer.command << "}";
}

namespace drydock {
namespace {

using Geometry = struct edu_geometry;

constexpr unsigned long kMemory = DRYDOCK_EDU_MEMORY / kPage;  // 256

Geometry Plain() {
  return {.registers_phys = 0xfea00000,
          .registers_size = 0x100000,
          .memory_size = kPage,
          .page_shift = 12};
}

constexpr Mapping kRegisters = {
    .region = EDU_REGISTERS, .clear_may_write = false, .clear_may_exec = true};
constexpr Mapping kTheMemory = {
    .region = EDU_MEMORY, .clear_may_write = false, .clear_may_exec = true};

Mapping ReadOnly(Mapping mapping) {
  mapping.clear_may_write = true;
  return mapping;
}

struct Row {
  const char* name;
  bool raw_io;
  void (*change)(Request&);
  int error;
  Mapping expected = kRegisters;
};

void PrintTo(const Row& row, std::ostream* os) { *os << row.name; }

class EduPlan : public testing::TestWithParam<Row> {};

TEST_P(EduPlan, Answers) {
  const Geometry geometry = Plain();
  Request request = SharedWritable(1);
  GetParam().change(request);
  // What a plan leaves alone when it refuses: no plan says this of a mapping that may be executed.
  const Mapping untouched = {
      .region = EDU_MEMORY, .clear_may_write = true, .clear_may_exec = false};
  Mapping mapping = untouched;
  ASSERT_EQ(edu_geometry_check(&geometry), 0);
  EXPECT_EQ(edu_plan(&geometry, &request, GetParam().raw_io, &mapping), -GetParam().error);
  EXPECT_EQ(mapping, GetParam().error ? untouched : GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Table, EduPlan,
    testing::Values(
        Row{"AcceptsARegisterPage", true, [](Request&) {}, 0, kRegisters},
        Row{"AcceptsAllRegisters", true, [](Request& r) { SetRange(r, 0, 256); }, 0, kRegisters},
        Row{"AcceptsTheLastRegisterPage", true, [](Request& r) { SetRange(r, 255, 1); }, 0,
            kRegisters},
        Row{"AcceptsTheMemory", true, [](Request& r) { SetRange(r, kMemory, 1); }, 0, kTheMemory},
        Row{"AcceptsTheMemoryWithoutRawIo", false, [](Request& r) { SetRange(r, kMemory, 1); }, 0,
            kTheMemory},
        Row{"AcceptsRegistersReadOnlyWithoutRawIoAndForGood", false,
            [](Request& r) { r.write = false; }, 0, ReadOnly(kRegisters)},
        Row{"LeavesMprotectToRawIo", true, [](Request& r) { r.write = false; }, 0, kRegisters},
        Row{"KeepsMprotectFromMakingPrivateMemoryWritable", true,
            [](Request& r) {
              SetRange(r, kMemory, 1);
              MakePrivateReadOnly(r);
            },
            0, ReadOnly(kTheMemory)},
        Row{"RejectsRegistersWritableWithoutRawIo", false, [](Request&) {}, EPERM},
        Row{"RejectsRegistersAndTheMemoryInOne", true, [](Request& r) { SetRange(r, 255, 2); },
            EINVAL},
        Row{"RejectsAPageMoreThanTheRegisters", true, [](Request& r) { SetRange(r, 0, 257); },
            EINVAL},
        Row{"RejectsThePageAfterTheMemory", true, [](Request& r) { SetRange(r, kMemory + 1, 1); },
            EINVAL},
        Row{"RejectsTwoPagesOfMemory", true, [](Request& r) { SetRange(r, kMemory, 2); }, EINVAL},
        Row{"RejectsThePageBeforeTheRegisters", true, [](Request& r) { SetRange(r, kMax, 1); },
            EINVAL},
        Row{"RejectsOffsetWhoseEndWrapsIntoTheRegisters", true,
            [](Request& r) { SetRange(r, kMax, 2); }, EINVAL},
        Row{"RejectsOffsetWhoseBytesWrapToTheMemory", true,
            [](Request& r) { SetRange(r, (1UL << 52) + kMemory, 1); }, EINVAL},
        Row{"RejectsOffsetThatIsTheMemorysIn32Bits", true,
            [](Request& r) { SetRange(r, (1UL << 32) + kMemory, 1); }, EINVAL},
        Row{"RejectsPrivateWritable", true, [](Request& r) { r.shared = false; }, EINVAL},
        Row{"RejectsExecutable", true, [](Request& r) { r.exec = true; }, EPERM},
        Row{"RejectsHalfAPage", true, [](Request& r) { r.end -= kPage / 2; }, EINVAL},
        Row{"SaysRangeBeforeRawIo", false, [](Request& r) { SetRange(r, 0, 257); }, EINVAL},
        Row{"SaysExecutableBeforeRange", true,
            [](Request& r) {
              SetRange(r, 0, 257);
              r.exec = true;
            },
            EPERM}),
    [](const testing::TestParamInfo<Row>& info) { return std::string(info.param.name); });

struct GeometryRow {
  const char* name;
  void (*change)(Geometry&);
  int error;
};

void PrintTo(const GeometryRow& row, std::ostream* os) { *os << row.name; }

class EduGeometryCheck : public testing::TestWithParam<GeometryRow> {};

TEST_P(EduGeometryCheck, Answers) {
  Geometry geometry = Plain();
  GetParam().change(geometry);
  EXPECT_EQ(edu_geometry_check(&geometry), -GetParam().error);
}

INSTANTIATE_TEST_SUITE_P(
    Table, EduGeometryCheck,
    testing::Values(
        GeometryRow{"AcceptsTheDevice", [](Geometry&) {}, 0},
        GeometryRow{"AcceptsARegisterPage", [](Geometry& g) { g.registers_size = kPage; }, 0},
        GeometryRow{"AcceptsPagesOf64KiB",
                    [](Geometry& g) {
                      g.page_shift = 16;
                      g.memory_size = 0x10000;
                    },
                    0},
        GeometryRow{"AcceptsRegistersThatEndAtTheLastAddress",
                    [](Geometry& g) { g.registers_phys = UINT64_MAX - 0xfffff; }, 0},
        GeometryRow{"RejectsNoRegisters", [](Geometry& g) { g.registers_size = 0; }, EINVAL},
        GeometryRow{"RejectsRegistersThatReachIntoTheMemory",
                    [](Geometry& g) { g.registers_size = 0x101000; }, EINVAL},
        GeometryRow{"RejectsRegistersOfHalfAPage", [](Geometry& g) { g.registers_size = 2048; },
                    EINVAL},
        GeometryRow{"RejectsRegistersNotOnAPage", [](Geometry& g) { g.registers_phys += 0x80; },
                    EINVAL},
        GeometryRow{"RejectsRegistersWhoseEndWraps",
                    [](Geometry& g) { g.registers_phys = UINT64_MAX - 0xfefff; }, EINVAL},
        GeometryRow{"RejectsNoMemory", [](Geometry& g) { g.memory_size = 0; }, EINVAL},
        GeometryRow{"RejectsMemoryOfHalfAPage", [](Geometry& g) { g.memory_size = 2048; }, EINVAL},
        GeometryRow{"RejectsMemoryWhoseOffsetsWrap",
                    [](Geometry& g) { g.memory_size = kMax - 0xfffff; }, EINVAL},
        GeometryRow{"RejectsPagesThatTheMemoryDoesNotBeginWith",
                    [](Geometry& g) {
                      g.page_shift = 21;
                      g.registers_size = g.memory_size = 1UL << 21;
                    },
                    EINVAL},
        GeometryRow{"RejectsPageSizeOf64Bits", [](Geometry& g) { g.page_shift = 64; }, EINVAL}),
    [](const testing::TestParamInfo<GeometryRow>& info) { return std::string(info.param.name); });

TEST(EduFault, ShowsThePagesOfItsRegionAndNoOthers) {
  const Geometry geometry = Plain();
  for (unsigned long pgoff = 0; pgoff < 2 * kMemory; ++pgoff) {
    unsigned long page = 0xdead;
    EXPECT_EQ(edu_fault_plan(&geometry, EDU_REGISTERS, pgoff, &page), pgoff < 256) << pgoff;
    EXPECT_EQ(page, pgoff < 256 ? pgoff : 0xdead) << pgoff;
    page = 0xdead;
    EXPECT_EQ(edu_fault_plan(&geometry, EDU_MEMORY, pgoff, &page), pgoff == kMemory) << pgoff;
    EXPECT_EQ(page, pgoff == kMemory ? 0 : 0xdeadul) << pgoff;
  }
  unsigned long page = 0;
  EXPECT_FALSE(edu_fault_plan(&geometry, EDU_REGISTERS, kMax, &page));
  EXPECT_FALSE(edu_fault_plan(&geometry, EDU_MEMORY, kMax, &page));
}

// Transfers.

constexpr uint64_t kBus = 0x1234000;

struct TransferRow {
  const char* name;
  uint64_t bus;
  uint32_t buffer_offset, memory_offset, length, to_memory;
  int error;
  Transfer expected = {};
};

void PrintTo(const TransferRow& row, std::ostream* os) { *os << row.name; }

class EduTransferPlan : public testing::TestWithParam<TransferRow> {};

TEST_P(EduTransferPlan, Answers) {
  const TransferRow& row = GetParam();
  const Transfer untouched = {.source = 1, .destination = 2, .count = 3, .command = 4};
  Transfer transfer = untouched;
  EXPECT_EQ(edu_transfer_plan(row.bus, kPage, row.buffer_offset, row.memory_offset, row.length,
                              row.to_memory, &transfer),
            -row.error);
  EXPECT_EQ(transfer, row.error ? untouched : row.expected);
}

INSTANTIATE_TEST_SUITE_P(
    Table, EduTransferPlan,
    testing::Values(
        TransferRow{"AcceptsAllToTheDevice", kBus, 0, 0, 4095, 0, 0, {kBus, 0x40000, 4095, 5}},
        TransferRow{"AcceptsAllToMemory", kBus, 0, 0, 4095, 1, 0, {0x40000, kBus, 4095, 7}},
        TransferRow{
            "AcceptsTheLastByteThatIsUsable", kBus, 4094, 0, 1, 0, 0, {kBus, 0x40ffe, 1, 5}},
        TransferRow{
            "AcceptsTheLastByteOfMemory", kBus, 0, 4095, 1, 1, 0, {0x40000, kBus + 4095, 1, 7}},
        TransferRow{
            "AcceptsTheHighestAddress", 0xffff000, 0, 0, 8, 0, 0, {0xffff000, 0x40000, 8, 5}},
        TransferRow{"RejectsNoBytes", kBus, 0, 0, 0, 0, EINVAL},
        TransferRow{"RejectsTheLastByte", kBus, 0, 0, 4096, 0, EINVAL},
        TransferRow{"RejectsAByteTooMany", kBus, 0, 0, 4097, 0, EINVAL},
        TransferRow{"RejectsBufferOffsetAtTheEnd", kBus, 4096, 0, 1, 0, EINVAL},
        TransferRow{"RejectsMemoryOffsetAtTheEnd", kBus, 0, 4096, 1, 0, EINVAL},
        TransferRow{"RejectsBufferOverTheEnd", kBus, 1, 0, 4095, 0, EINVAL},
        TransferRow{"RejectsMemoryOverTheEnd", kBus, 0, 2, 4095, 0, EINVAL},
        TransferRow{"RejectsBufferOffsetWhoseEndWraps", kBus, ~0u, 0, 2, 0, EINVAL},
        TransferRow{"RejectsMemoryOffsetWhoseEndWraps", kBus, 0, ~0u, 2, 0, EINVAL},
        TransferRow{"RejectsLengthWhoseEndWraps", kBus, 1, 0, ~0u, 0, EINVAL},
        TransferRow{"RejectsAThirdDirection", kBus, 0, 0, 1, 2, EINVAL},
        TransferRow{"RejectsMemoryThatTheDeviceDoesNotReach", 0x10000000, 0, 0, 1, 0, EINVAL},
        TransferRow{"RejectsMemoryThatTheDeviceReachesInPart", 0xffff800, 0, 0, 1, 0, EINVAL},
        TransferRow{"RejectsMemoryThatIsReachedIn32BitsOnly", 0x101234000, 0, 0, 1, 0, EINVAL}),
    [](const testing::TestParamInfo<TransferRow>& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace drydock
