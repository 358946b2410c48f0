// What every plan is made of: the checks of one mmap request. Tables of boundaries, and a small
// world, all of it, against an oracle that counts pages in integers that cannot wrap.

#include <errno.h>

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "driver_core/testing/plan_request.h"
#include "gtest/gtest.h"

namespace drydock {
namespace {

struct CheckRow {
  const char* name;
  void (*change)(Request&);
  int expected;
};

void PrintTo(const CheckRow& row, std::ostream* os) { *os << row.name; }

class MappingRequestCheck : public testing::TestWithParam<CheckRow> {};

TEST_P(MappingRequestCheck, Answers) {
  Request request = SharedWritable(1);
  GetParam().change(request);
  EXPECT_EQ(mapping_request_check(&request, kPageShift), -GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Table, MappingRequestCheck,
    testing::Values(CheckRow{"AcceptsSharedWritable", [](Request&) {}, 0},
                    CheckRow{"AcceptsSharedReadOnly", [](Request& r) { r.write = false; }, 0},
                    CheckRow{"AcceptsPrivateReadOnly", MakePrivateReadOnly, 0},
                    CheckRow{"AcceptsReadOnlyDescriptor",
                             [](Request& r) {
                               r.write = false;
                               r.shared = false;
                               r.may_write = false;
                             },
                             0},
                    CheckRow{"AcceptsAddressZero",
                             [](Request& r) {
                               r.start = 0;
                               r.end = kPage;
                             },
                             0},
                    CheckRow{"LeavesTheOffsetToThePlan", [](Request& r) { r.pgoff = kMax; }, 0},
                    CheckRow{"RejectsEmptyRange", [](Request& r) { r.end = r.start; }, EINVAL},
                    CheckRow{"RejectsRangeThatRunsBackwards",
                             [](Request& r) { r.end = r.start - kPage; }, EINVAL},
                    CheckRow{"RejectsRangeWhoseEndWrapped",
                             [](Request& r) {
                               r.start = kMax - (kPage - 1);
                               r.end = 0;
                             },
                             EINVAL},
                    CheckRow{"RejectsStartNotOnAPage", [](Request& r) { r.start += 1; }, EINVAL},
                    CheckRow{"RejectsEndNotOnAPage", [](Request& r) { r.end += 1; }, EINVAL},
                    CheckRow{"RejectsWholePagesNotOnAPage",
                             [](Request& r) {
                               r.start += 8;
                               r.end += 8;
                             },
                             EINVAL},
                    CheckRow{"RejectsExecutable", [](Request& r) { r.exec = true; }, EPERM},
                    CheckRow{"RejectsPrivateWritable", [](Request& r) { r.shared = false; },
                             EINVAL},
                    CheckRow{"RejectsPrivateWritableWithoutMayWrite",
                             [](Request& r) {
                               r.shared = false;
                               r.may_write = false;
                             },
                             EINVAL},
                    CheckRow{"SaysAlignmentBeforeExecutable",
                             [](Request& r) {
                               r.end += 1;
                               r.exec = true;
                             },
                             EINVAL},
                    CheckRow{"SaysExecutableBeforePrivateWritable",
                             [](Request& r) {
                               r.exec = true;
                               r.shared = false;
                             },
                             EPERM}),
    [](const testing::TestParamInfo<CheckRow>& info) { return std::string(info.param.name); });

TEST(MappingRequestClearsMayWrite, OfPrivateMappingsThatMayBeMadeWritable) {
  for (bool shared : {false, true}) {
    for (bool may_write : {false, true}) {
      Request request = SharedWritable(1);
      request.write = false;
      request.shared = shared;
      request.may_write = may_write;
      EXPECT_EQ(mapping_clears_may_write(&request), !shared && may_write)
          << "shared " << shared << " may_write " << may_write;
    }
  }
}

TEST(MappingRequestPages, CountsThePagesOfTheRange) {
  Request request = SharedWritable(1);
  EXPECT_EQ(mapping_request_pages(&request, kPageShift), 1u);
  request.end = request.start + (kPage << 20);
  EXPECT_EQ(mapping_request_pages(&request, kPageShift), 1ul << 20);
  request.start = 0;
  request.end = kMax - (kPage - 1);
  EXPECT_EQ(mapping_request_pages(&request, kPageShift), (1ul << 52) - 1);
}

// With pages of 2^61 bytes the address space has eight of them, and page numbers go on to 2^64: all
// regions and ranges around every border can be tried.
TEST(MappingRequestInside, IsTrueIfEachPageIsOneOfTheRegion) {
  using Wide = __int128;
  std::vector<unsigned long> numbers;
  for (unsigned long i = 0; i < 12; ++i) {
    numbers.push_back(i);
    numbers.push_back(kMax - i);
    numbers.push_back((1ul << 63) - 6 + i);
  }
  long inside = 0, outside = 0;
  for (unsigned int shift : {61u, 62u, 63u}) {
    const unsigned long page = 1UL << shift;
    for (unsigned long length = 1; length <= kMax / page; ++length) {
      for (unsigned long pgoff : numbers) {
        for (unsigned long first : numbers) {
          for (unsigned long pages : numbers) {
            if (Wide{first} + Wide{pages} > Wide{kMax}) continue;
            Request request = SharedWritable(1);
            request.start = 0;
            request.end = length * page;
            request.pgoff = pgoff;
            bool expected = true;
            for (unsigned long i = 0; i < length; ++i) {
              const Wide wanted = Wide{pgoff} + Wide{i};
              if (wanted < Wide{first} || wanted >= Wide{first} + Wide{pages}) expected = false;
            }
            ASSERT_EQ(mapping_request_inside(&request, shift, first, pages), expected)
                << "shift " << shift << " length " << length << " pgoff " << pgoff << " first "
                << first << " pages " << pages;
            ++(expected ? inside : outside);
          }
        }
      }
    }
  }
  EXPECT_GT(inside, 100);
  EXPECT_GT(outside, inside);
}

}  // namespace
}  // namespace drydock
