// The plans of the framebuffer: tables of boundaries for modes, panning and mappings, and each byte
// of small pictures against a walk over pixels. mapping_request_test has the checks that all plans
// share.

#include <errno.h>

#include <cstdint>
#include <ostream>
#include <set>
#include <string>

#include "driver_core/testing/plan_request.h"
#include "gtest/gtest.h"

extern "C" {
#include "driver_core/framebuffer_plan.h"
}

using Mapping = struct framebuffer_mapping;
using Mode = struct framebuffer_mode;

// In the global namespace, where the C structs are, so that GoogleTest finds them.
static bool operator==(const Mapping& a, const Mapping& b) {
  return a.phys == b.phys && a.size == b.size && a.cache == b.cache &&
         a.clear_may_write == b.clear_may_write && a.clear_may_exec == b.clear_may_exec;
}
static bool operator==(const Mode& a, const Mode& b) {
  return a.width == b.width && a.height == b.height && a.bytes_per_pixel == b.bytes_per_pixel &&
         a.line_length == b.line_length && a.lines == b.lines && a.pan_y == b.pan_y;
}
static std::ostream& operator<<(std::ostream& os, const Mapping& mapping) {
  return os << "{phys " << mapping.phys << ", size " << mapping.size << ", cache "
            << static_cast<int>(mapping.cache) << ", clear_may_write " << mapping.clear_may_write
            << ", clear_may_exec " << mapping.clear_may_exec << "}";
}
static std::ostream& operator<<(std::ostream& os, const Mode& mode) {
  return os << "{" << mode.width << " x " << mode.height << " x " << mode.bytes_per_pixel
            << ", line_length " << mode.line_length << ", lines " << mode.lines << ", pan_y "
            << mode.pan_y << "}";
}

namespace drydock {
namespace {

using Geometry = struct framebuffer_geometry;

constexpr uint64_t kPhys = 0xfd00'0000;
constexpr unsigned long kSize = 486400;  // 118 pages and three quarters
constexpr unsigned long kPages = 119;

// What a plan leaves alone when it refuses: nothing a plan could say.
constexpr Mapping kUntouched = {.phys = 0xdead,
                                .size = 0xf00d,
                                .cache = FRAMEBUFFER_WB,
                                .clear_may_write = true,
                                .clear_may_exec = true};
constexpr Mode kNoMode = {
    .width = 1, .height = 2, .bytes_per_pixel = 3, .line_length = 4, .lines = 5, .pan_y = 6};

// Mappings.

struct Row {
  const char* name;
  void (*change)(Geometry&, Request&);
  int error;
  Mapping expected = kUntouched;
};

void PrintTo(const Row& row, std::ostream* os) { *os << row.name; }

constexpr Mapping Whole(bool clear_may_write = false) {
  return {.phys = kPhys,
          .size = kPages * kPage,
          .cache = FRAMEBUFFER_WC,
          .clear_may_write = clear_may_write,
          .clear_may_exec = true};
}

class FramebufferPlan : public testing::TestWithParam<Row> {};

TEST_P(FramebufferPlan, Answers) {
  Geometry geometry = {.phys = kPhys, .size = kSize, .page_shift = 12, .cache = FRAMEBUFFER_WC};
  Request request = SharedWritable(kPages);
  GetParam().change(geometry, request);
  Mapping mapping = kUntouched;
  EXPECT_EQ(framebuffer_plan(&geometry, &request, &mapping), -GetParam().error);
  EXPECT_EQ(mapping, GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Table, FramebufferPlan,
    testing::Values(
        Row{"AcceptsTheWholeMemory", [](Geometry&, Request&) {}, 0, Whole()},
        Row{"AcceptsTheFirstPage", [](Geometry&, Request& r) { SetRange(r, 0, 1); }, 0, Whole()},
        Row{"AcceptsTheLastPageThatTheMemoryFillsInPart",
            [](Geometry&, Request& r) { SetRange(r, 118, 1); }, 0, Whole()},
        Row{"AcceptsTheMiddle", [](Geometry&, Request& r) { SetRange(r, 50, 20); }, 0, Whole()},
        Row{"KeepsMprotectFromMakingAPrivateMappingWritable",
            [](Geometry&, Request& r) { MakePrivateReadOnly(r); }, 0, Whole(true)},
        Row{"PassesWriteBackOn",
            [](Geometry& g, Request&) { g.cache = FRAMEBUFFER_WB; },
            0,
            {.phys = kPhys,
             .size = kPages * kPage,
             .cache = FRAMEBUFFER_WB,
             .clear_may_write = false,
             .clear_may_exec = true}},
        Row{"RejectsOnePageMoreThanTheMemory",
            [](Geometry&, Request& r) { SetRange(r, 0, kPages + 1); }, EINVAL},
        Row{"RejectsThePageAfterTheMemory", [](Geometry&, Request& r) { SetRange(r, kPages, 1); },
            EINVAL},
        Row{"RejectsTheLastPageAndOneMore",
            [](Geometry&, Request& r) { SetRange(r, kPages - 1, 2); }, EINVAL},
        Row{"RejectsThePageBeforeTheFirst", [](Geometry&, Request& r) { SetRange(r, kMax, 1); },
            EINVAL},
        Row{"RejectsOffsetWhoseEndWrapsIntoTheMemory",
            [](Geometry&, Request& r) { SetRange(r, kMax, 2); }, EINVAL},
        Row{"RejectsOffsetWhoseBytesWrapToZero",
            [](Geometry&, Request& r) { SetRange(r, 1UL << 52, 1); }, EINVAL},
        Row{"RejectsPrivateWritable", [](Geometry&, Request& r) { r.shared = false; }, EINVAL},
        Row{"RejectsExecutable", [](Geometry&, Request& r) { r.exec = true; }, EPERM},
        Row{"RejectsHalfAPage", [](Geometry&, Request& r) { r.end -= kPage / 2; }, EINVAL},
        Row{"RejectsMemoryOfNoBytes", [](Geometry& g, Request&) { g.size = 0; }, EINVAL},
        Row{"RejectsMemoryThatTheStartRegisterDoesNotReach",
            [](Geometry& g, Request&) { g.size = 1UL << 32; }, EINVAL},
        Row{"RejectsMemoryWhoseSizeWrapsWhenRounded", [](Geometry& g, Request&) { g.size = kMax; },
            EINVAL},
        Row{"RejectsMemoryNotOnAPage", [](Geometry& g, Request&) { g.phys += 256; }, EINVAL},
        Row{"RejectsMemoryWhoseEndWraps",
            [](Geometry& g, Request&) { g.phys = UINT64_MAX - 118 * kPage + 1; }, EINVAL},
        Row{"RejectsUnknownCache",
            [](Geometry& g, Request&) { g.cache = static_cast<framebuffer_cache>(2); }, EINVAL},
        Row{"RejectsPageSizeOf64Bits", [](Geometry& g, Request&) { g.page_shift = 64; }, EINVAL},
        Row{"SaysExecutableBeforeRange",
            [](Geometry&, Request& r) {
              r.exec = true;
              r.pgoff = kPages;
            },
            EPERM}),
    [](const testing::TestParamInfo<Row>& info) { return std::string(info.param.name); });

// Modes.

struct ModeRow {
  const char* name;
  unsigned long size;
  uint32_t width, height, bytes_per_pixel;
  int error;
  Mode expected = kNoMode;
};

void PrintTo(const ModeRow& row, std::ostream* os) { *os << row.name; }

class FramebufferModePlan : public testing::TestWithParam<ModeRow> {};

TEST_P(FramebufferModePlan, Answers) {
  const ModeRow& row = GetParam();
  Mode mode = kNoMode;
  EXPECT_EQ(framebuffer_mode_plan(row.size, row.width, row.height, row.bytes_per_pixel, &mode),
            -row.error);
  EXPECT_EQ(mode, row.expected);
}

constexpr uint32_t kMost = FRAMEBUFFER_MOST_PIXELS;

INSTANTIATE_TEST_SUITE_P(
    Table, FramebufferModePlan,
    testing::Values(
        ModeRow{"AlignsLinesAndCountsThem", kSize, 300, 200, 4, 0, {300, 200, 4, 1216, 400, 0}},
        ModeRow{"AcceptsTwoBytesPerPixel", kSize, 300, 200, 2, 0, {300, 200, 2, 640, 760, 0}},
        ModeRow{"LeavesAnAlignedLineAsItIs", 6400, 16, 100, 4, 0, {16, 100, 4, 64, 100, 0}},
        ModeRow{"AcceptsOnePixel", 64, 1, 1, 2, 0, {1, 1, 2, 64, 1, 0}},
        ModeRow{"AcceptsAPictureThatFillsTheMemory",
                kSize,
                300,
                400,
                4,
                0,
                {300, 400, 4, 1216, 400, 0}},
        ModeRow{"DoesNotCountALineThatDoesNotFit",
                kSize - 1,
                300,
                200,
                4,
                0,
                {300, 200, 4, 1216, 399, 0}},
        ModeRow{"AcceptsTheWidestAndHighest",
                1UL << 30,
                kMost,
                kMost,
                4,
                0,
                {kMost, kMost, 4, 65536, kMost, 0}},
        ModeRow{"RejectsALineMoreThanFits", kSize, 300, 401, 4, EINVAL},
        ModeRow{"RejectsTheLastLineWithoutItsLastByte", kSize - 1, 300, 400, 4, EINVAL},
        ModeRow{"RejectsALineLongerThanTheMemory", 1000, 300, 1, 4, EINVAL},
        ModeRow{"RejectsNoPixels", kSize, 0, 200, 4, EINVAL},
        ModeRow{"RejectsNoLines", kSize, 300, 0, 4, EINVAL},
        ModeRow{"RejectsPixelsOfNoBytes", kSize, 300, 200, 0, EINVAL},
        ModeRow{"RejectsPixelsOfThreeBytes", kSize, 300, 200, 3, EINVAL},
        ModeRow{"RejectsPixelsWhoseBytesWrap", kSize, 300, 200, 0x80000000, EINVAL},
        ModeRow{"RejectsMoreThanTheWidest", kMax, kMost + 1, 1, 4, EINVAL},
        ModeRow{"RejectsMoreThanTheHighest", kMax, 1, kMost + 1, 4, EINVAL},
        ModeRow{"RejectsAWidthWhoseBytesWrap", kSize, 0x40000001, 1, 4, EINVAL},
        ModeRow{"RejectsAHeightThatIsNegative", kSize, 300, 0x80000000, 4, EINVAL}),
    [](const testing::TestParamInfo<ModeRow>& info) { return std::string(info.param.name); });

TEST(FramebufferPan, GoesToWhereThePictureStillFits) {
  Mode mode;
  ASSERT_EQ(framebuffer_mode_plan(kSize, 300, 200, 4, &mode), 0);
  EXPECT_EQ(framebuffer_pan_plan(&mode, 0), 0);
  EXPECT_EQ(framebuffer_pan_plan(&mode, 200), 0);
  EXPECT_EQ(framebuffer_pan_plan(&mode, 201), -EINVAL);
  EXPECT_EQ(framebuffer_pan_plan(&mode, UINT32_MAX), -EINVAL);
  EXPECT_EQ(framebuffer_pan_plan(&mode, UINT32_MAX - 198), -EINVAL) << "y + height wraps to 1";

  ASSERT_EQ(framebuffer_mode_plan(kSize, 300, 400, 4, &mode), 0);
  EXPECT_EQ(framebuffer_pan_plan(&mode, 0), 0);
  EXPECT_EQ(framebuffer_pan_plan(&mode, 1), -EINVAL);
}

// Each byte of a picture, in order, is where a walk over lines, pixels and their bytes finds it.
TEST(FramebufferSpan, FindsEachByteOfThePicture) {
  for (uint32_t bytes_per_pixel : {2u, 4u}) {
    for (uint32_t width : {1u, 15u, 16u, 17u, 33u}) {
      for (uint32_t pan_y : {0u, 1u, 3u}) {
        Mode mode;
        ASSERT_EQ(framebuffer_mode_plan(4096, width, 5, bytes_per_pixel, &mode), 0);
        ASSERT_EQ(framebuffer_pan_plan(&mode, pan_y), 0);
        mode.pan_y = pan_y;
        uint64_t position = 0;
        std::set<unsigned long> seen;
        for (uint32_t y = 0; y < 5; ++y) {
          for (uint32_t byte = 0; byte < width * bytes_per_pixel; ++byte) {
            unsigned long offset = kMax;
            EXPECT_EQ(framebuffer_span(&mode, position, &offset), width * bytes_per_pixel - byte);
            EXPECT_EQ(offset, (pan_y + y) * mode.line_length + byte);
            EXPECT_LT(offset, 4096u);
            EXPECT_TRUE(seen.insert(offset).second);
            ++position;
          }
        }
        EXPECT_EQ(framebuffer_picture_size(&mode), position);
        unsigned long offset = 0xdead;
        for (uint64_t behind : {position, position + 1, uint64_t{1} << 32, uint64_t{UINT64_MAX}}) {
          EXPECT_EQ(framebuffer_span(&mode, behind, &offset), 0u) << behind;
        }
        EXPECT_EQ(offset, 0xdeadul);
      }
    }
  }
}

TEST(FramebufferSpan, FindsTheLastByteOfTheGreatestPicture) {
  Mode mode;
  ASSERT_EQ(framebuffer_mode_plan(1UL << 30, kMost, kMost, 4, &mode), 0);
  EXPECT_EQ(framebuffer_picture_size(&mode), uint64_t{1} << 30);
  unsigned long offset = 0;
  EXPECT_EQ(framebuffer_span(&mode, (1ul << 30) - 1, &offset), 1u);
  EXPECT_EQ(offset, (1ul << 30) - 1);
}

}  // namespace
}  // namespace drydock
