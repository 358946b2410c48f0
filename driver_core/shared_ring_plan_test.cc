// The plans of the shared ring: tables of boundaries, and small rings walked record by record, over
// the place where positions wrap. mapping_request_test has the checks that all plans share.

#include <errno.h>

#include <cstdint>
#include <ostream>
#include <set>
#include <string>
#include <utility>

#include "driver_core/testing/plan_request.h"
#include "gtest/gtest.h"

extern "C" {
#include "driver_core/shared_ring_plan.h"
}

using Mapping = struct shared_ring_mapping;

// In the global namespace, where the C struct is, so that GoogleTest finds them.
static bool operator==(const Mapping& a, const Mapping& b) {
  return a.clear_may_write == b.clear_may_write && a.clear_may_exec == b.clear_may_exec;
}
static std::ostream& operator<<(std::ostream& os, const Mapping& mapping) {
  return os << "{clear_may_write " << mapping.clear_may_write << ", clear_may_exec "
            << mapping.clear_may_exec << "}";
}

namespace drydock {
namespace {

using Geometry = struct shared_ring_geometry;

constexpr unsigned long kPages = 17;  // of 256 records and a header

struct Row {
  const char* name;
  void (*change)(Geometry&, Request&);
  int error;
  Mapping expected = {.clear_may_write = false, .clear_may_exec = true};
};

void PrintTo(const Row& row, std::ostream* os) { *os << row.name; }

class SharedRingPlan : public testing::TestWithParam<Row> {};

TEST_P(SharedRingPlan, Answers) {
  Geometry geometry = {.records = 256, .page_shift = 12, .whole = false};
  Request request = SharedWritable(kPages);
  GetParam().change(geometry, request);
  // What a plan leaves alone when it refuses: no plan says this of a mapping that may be executed.
  const Mapping untouched = {.clear_may_write = true, .clear_may_exec = false};
  Mapping mapping = untouched;
  EXPECT_EQ(shared_ring_plan(&geometry, &request, &mapping), -GetParam().error);
  EXPECT_EQ(mapping, GetParam().error ? untouched : GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Table, SharedRingPlan,
    testing::Values(
        Row{"AcceptsTheRing", [](Geometry&, Request&) {}, 0},
        Row{"AcceptsTheHeader", [](Geometry&, Request& r) { SetRange(r, 0, 1); }, 0},
        Row{"AcceptsTheLastPage", [](Geometry&, Request& r) { SetRange(r, 16, 1); }, 0},
        Row{"AcceptsTheRecordsAlone", [](Geometry&, Request& r) { SetRange(r, 1, 16); }, 0},
        Row{"AcceptsAllOfARingThatIsMappedWhole", [](Geometry& g, Request&) { g.whole = true; }, 0},
        Row{"KeepsMprotectFromMakingAPrivateMappingWritable",
            [](Geometry&, Request& r) { MakePrivateReadOnly(r); },
            0,
            {.clear_may_write = true, .clear_may_exec = true}},
        Row{"RejectsAPageTooMany", [](Geometry&, Request& r) { SetRange(r, 0, 18); }, EINVAL},
        Row{"RejectsThePageAfterTheRing", [](Geometry&, Request& r) { SetRange(r, 17, 1); },
            EINVAL},
        Row{"RejectsTheLastPageAndOneMore", [](Geometry&, Request& r) { SetRange(r, 16, 2); },
            EINVAL},
        Row{"RejectsThePageBeforeTheRing", [](Geometry&, Request& r) { SetRange(r, kMax, 1); },
            EINVAL},
        Row{"RejectsOffsetWhoseEndWrapsIntoTheRing",
            [](Geometry&, Request& r) { SetRange(r, kMax, 2); }, EINVAL},
        Row{"RejectsOffsetWhoseBytesWrapToZero",
            [](Geometry&, Request& r) { SetRange(r, 1UL << 52, 1); }, EINVAL},
        Row{"RejectsPartOfARingThatIsMappedWhole",
            [](Geometry& g, Request& r) {
              g.whole = true;
              SetRange(r, 0, 16);
            },
            EINVAL},
        Row{"RejectsTheEndOfARingThatIsMappedWhole",
            [](Geometry& g, Request& r) {
              g.whole = true;
              SetRange(r, 1, 16);
            },
            EINVAL},
        Row{"RejectsPrivateWritable", [](Geometry&, Request& r) { r.shared = false; }, EINVAL},
        Row{"RejectsExecutable", [](Geometry&, Request& r) { r.exec = true; }, EPERM},
        Row{"RejectsHalfAPage", [](Geometry&, Request& r) { r.end -= kPage / 2; }, EINVAL},
        Row{"RejectsARingOfNoRecords", [](Geometry& g, Request&) { g.records = 0; }, EINVAL},
        Row{"SaysExecutableBeforeRange",
            [](Geometry&, Request& r) {
              r.exec = true;
              r.pgoff = 17;
            },
            EPERM}),
    [](const testing::TestParamInfo<Row>& info) { return std::string(info.param.name); });

TEST(SharedRingPages, AreOneForTheHeaderAndThoseOfTheRecords) {
  struct {
    uint32_t records;
    unsigned int page_shift;
    unsigned long expected;  // 0: refused
  } rows[] = {
      {16, 12, 2},  {32, 12, 3},       {1u << 12, 12, 257}, {1, 8, 2},    {256, 16, 2},
      {0, 12, 0},   {8, 12, 0},        {17, 12, 0},         {24, 12, 0},  {48, 12, 0},
      {128, 16, 0}, {1u << 13, 12, 0}, {1u << 31, 12, 0},   {~0u, 12, 0}, {16, 7, 0},
      {16, 0, 0},   {16, 63, 0},       {16, 64, 0},
  };
  for (const auto& row : rows) {
    const Geometry geometry = {
        .records = row.records, .page_shift = row.page_shift, .whole = false};
    unsigned long pages = 0xdead;
    EXPECT_EQ(shared_ring_pages(&geometry, &pages), row.expected ? 0 : -EINVAL)
        << row.records << " " << row.page_shift;
    EXPECT_EQ(pages, row.expected ? row.expected : 0xdead) << row.records << " " << row.page_shift;
  }
}

// Each record has a place of its own, in a page that is not the header's; and the next one round
// the ring has the same place, also where positions wrap.
TEST(SharedRingPlace, GivesEachRecordItsOwn) {
  const Geometry geometry = {.records = 64, .page_shift = 12, .whole = false};
  for (uint32_t start : {0u, 1u, 63u, 64u, 0x7fffffe0u, 0xffffffe0u, 0xffffffffu}) {
    std::set<std::pair<unsigned long, unsigned int>> places;
    for (uint32_t i = 0; i < 64; ++i) {
      unsigned long page = 0, again = 0;
      const unsigned int offset = shared_ring_place(&geometry, start + i, &page);
      EXPECT_GE(page, 1u);
      EXPECT_LT(page, 5u);
      EXPECT_LE(offset, kPage - SHARED_RING_RECORD_SIZE);
      EXPECT_EQ(offset % SHARED_RING_RECORD_SIZE, 0u);
      EXPECT_TRUE(places.insert({page, offset}).second) << start << " " << i;
      EXPECT_EQ(shared_ring_place(&geometry, start + i + 64, &again), offset);
      EXPECT_EQ(again, page);
    }
  }
}

TEST(SharedRingUsed, BelievesAConsumerThatIsWhereOneCanBe) {
  const Geometry geometry = {.records = 16, .page_shift = 12, .whole = false};
  for (uint32_t head : {0u, 5u, 16u, 0x7fffffffu, 0x80000003u, 0xffffffffu}) {
    for (int64_t behind = -40; behind <= 40; ++behind) {
      uint32_t used = 0xdead;
      const bool possible = behind >= 0 && behind <= 16;
      EXPECT_EQ(shared_ring_used(&geometry, head, head - static_cast<uint32_t>(behind), &used),
                possible ? 0 : -EIO)
          << head << " " << behind;
      EXPECT_EQ(used, possible ? static_cast<uint32_t>(behind) : 0xdead);
    }
  }
}

TEST(SharedRingFault, ShowsThePagesOfTheRingAndNoOthers) {
  for (unsigned long page = 0; page < 2 * kPages; ++page) {
    EXPECT_EQ(shared_ring_fault_plan(kPages, page), page < kPages) << page;
  }
  EXPECT_FALSE(shared_ring_fault_plan(kPages, kMax));
  EXPECT_FALSE(shared_ring_fault_plan(kPages, 1UL << 32));
  EXPECT_FALSE(shared_ring_fault_plan(0, 0));
}

TEST(SharedRingSplit, IsRefusedOfARingThatIsMappedWhole) {
  Geometry geometry = {.records = 256, .page_shift = 12, .whole = false};
  EXPECT_EQ(shared_ring_split_plan(&geometry), 0);
  geometry.whole = true;
  EXPECT_EQ(shared_ring_split_plan(&geometry), -EINVAL);
}

}  // namespace
}  // namespace drydock
