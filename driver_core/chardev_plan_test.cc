// The plan of the one-page device: what is not exactly its page is refused, and the frame is that
// of the whole physical address. mapping_request_test has the checks that all plans share.

#include <errno.h>

#include <cstdint>
#include <ostream>
#include <string>

#include "driver_core/testing/plan_request.h"
#include "gtest/gtest.h"

extern "C" {
#include "driver_core/chardev_plan.h"
}

using Mapping = struct chardev_mapping;

// In the global namespace, where the C struct is, so that GoogleTest finds them.
static bool operator==(const Mapping& a, const Mapping& b) {
  return a.pfn == b.pfn && a.length == b.length && a.clear_may_write == b.clear_may_write &&
         a.clear_may_exec == b.clear_may_exec;
}

static std::ostream& operator<<(std::ostream& os, const Mapping& mapping) {
  return os << "{pfn " << mapping.pfn << ", length " << mapping.length << ", clear_may_write "
            << mapping.clear_may_write << ", clear_may_exec " << mapping.clear_may_exec << "}";
}

namespace drydock {
namespace {

using Geometry = struct chardev_geometry;

constexpr uint64_t kPhys = 0x1'2345'6000;

// What a plan leaves alone when it refuses: nothing a plan could say.
constexpr Mapping kUntouched = {
    .pfn = 0xdead, .length = 0xf00d, .clear_may_write = true, .clear_may_exec = true};

constexpr Mapping kThePage = {
    .pfn = kPhys >> 12, .length = kPage, .clear_may_write = false, .clear_may_exec = true};

struct Row {
  const char* name;
  void (*change)(Geometry&, Request&);
  int error;
  Mapping expected = kUntouched;
};

void PrintTo(const Row& row, std::ostream* os) { *os << row.name; }

class ChardevPlan : public testing::TestWithParam<Row> {};

TEST_P(ChardevPlan, Answers) {
  Geometry geometry = {.phys = kPhys, .page_shift = 12};
  Request request = SharedWritable(1);
  GetParam().change(geometry, request);
  Mapping mapping = kUntouched;
  EXPECT_EQ(chardev_plan(&geometry, &request, &mapping), -GetParam().error);
  EXPECT_EQ(mapping, GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ChardevPlan,
    testing::Values(
        Row{"AcceptsThePage", [](Geometry&, Request&) {}, 0, kThePage},
        Row{"AcceptsThePageReadOnly", [](Geometry&, Request& r) { r.write = false; }, 0, kThePage},
        Row{"KeepsMprotectFromMakingAPrivateMappingWritable",
            [](Geometry&, Request& r) { MakePrivateReadOnly(r); },
            0,
            {.pfn = kPhys >> 12, .length = kPage, .clear_may_write = true, .clear_may_exec = true}},
        Row{"LeavesMayExecAloneWhereTheFileSystemTookIt",
            [](Geometry&, Request& r) { r.may_exec = false; },
            0,
            {.pfn = kPhys >> 12,
             .length = kPage,
             .clear_may_write = false,
             .clear_may_exec = false}},
        Row{"TakesTheLastFrameThereIs",
            [](Geometry& g, Request&) { g.phys = UINT64_MAX - (kPage - 1); },
            0,
            {.pfn = (1UL << 52) - 1,
             .length = kPage,
             .clear_may_write = false,
             .clear_may_exec = true}},
        Row{"CountsInPagesOf64KiB",
            [](Geometry& g, Request& r) {
              g = {.phys = 0x7fff0000, .page_shift = 16};
              r.start = 0x10000;
              r.end = 0x20000;
            },
            0,
            {.pfn = 0x7fff, .length = 0x10000, .clear_may_write = false, .clear_may_exec = true}},
        Row{"RejectsTwoPages", [](Geometry&, Request& r) { r.end += kPage; }, EINVAL},
        Row{"RejectsSecondPage", [](Geometry&, Request& r) { r.pgoff = 1; }, EINVAL},
        Row{"RejectsPageBeforeTheFirst", [](Geometry&, Request& r) { r.pgoff = kMax; }, EINVAL},
        Row{"RejectsOffsetThatIsZeroIn32Bits", [](Geometry&, Request& r) { r.pgoff = 1UL << 32; },
            EINVAL},
        Row{"RejectsOffsetWhoseBytesWrapToZero", [](Geometry&, Request& r) { r.pgoff = 1UL << 52; },
            EINVAL},
        Row{"RejectsOffsetWhoseEndWrapsToThePage",
            [](Geometry&, Request& r) {
              r.pgoff = kMax;
              r.end += kPage;
            },
            EINVAL},
        Row{"RejectsTheWholeAddressSpace",
            [](Geometry&, Request& r) {
              r.start = 0;
              r.end = kMax - (kPage - 1);
            },
            EINVAL},
        Row{"RejectsEmptyRange", [](Geometry&, Request& r) { r.end = r.start; }, EINVAL},
        Row{"RejectsHalfAPage", [](Geometry&, Request& r) { r.end -= kPage / 2; }, EINVAL},
        Row{"RejectsExecutable", [](Geometry&, Request& r) { r.exec = true; }, EPERM},
        Row{"RejectsPrivateWritable", [](Geometry&, Request& r) { r.shared = false; }, EINVAL},
        Row{"RejectsMemoryNotOnAPage", [](Geometry& g, Request&) { g.phys += 2048; }, EINVAL},
        Row{"RejectsPageSizeOf64Bits", [](Geometry& g, Request&) { g.page_shift = 64; }, EINVAL},
        Row{"SaysExecutableBeforeRange",
            [](Geometry&, Request& r) {
              r.exec = true;
              r.pgoff = 1;
            },
            EPERM}),
    [](const testing::TestParamInfo<Row>& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace drydock
