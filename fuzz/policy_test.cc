#include "fuzz/policy.h"

#include <gtest/gtest.h>

#include <fstream>
#include <ostream>
#include <string>
#include <vector>

namespace drydock::fuzz {
namespace {

TEST(Policy, ReadsCookiesAndReadOnlyRanges) {
  Policy policy;

  const std::string error = ParsePolicy(
      "drydock policy 1\n# a ring\noffsets cookies\nread-only 0..3  # status\nread-only 9\n", "p",
      &policy);

  EXPECT_EQ(error, "");
  EXPECT_EQ(policy, (Policy{.offsets_are_cookies = true, .read_only = {{0, 3}, {9, 9}}}));
}

TEST(Policy, AFileIsReadAndWhatCannotBeReadIsALine) {
  const std::string path = testing::TempDir() + "/of.policy";
  std::ofstream(path) << "drydock policy 1\nread-only 7\n";
  Policy policy;

  EXPECT_EQ(ReadPolicy(path, &policy), "");
  const Policy read = policy;
  EXPECT_EQ(read.read_only, std::vector<PageRange>({{7, 7}}));
  EXPECT_EQ(ReadPolicy("", &policy), "");
  EXPECT_EQ(ReadPolicy("/nonexistent/x.policy", &policy),
            "/nonexistent/x.policy: cannot be read, name a readable file");
  EXPECT_EQ(ReadPolicy("/", &policy), "/: cannot be read, name a readable file");
  EXPECT_EQ(policy, read);
}

struct Bad {
  const char* name;
  const char* text;
  const char* error;
};

void PrintTo(const Bad& bad, std::ostream* out) { *out << bad.name; }

class BadPolicy : public testing::TestWithParam<Bad> {};

TEST_P(BadPolicy, IsRefusedWithItsLineAndChangesNothing) {
  Policy policy{.offsets_are_cookies = true, .read_only = {{1, 2}}};
  const Policy before = policy;

  const std::string error = ParsePolicy(GetParam().text, "x.policy", &policy);

  EXPECT_EQ(error.substr(0, std::string(GetParam().error).size()), GetParam().error);
  EXPECT_EQ(policy, before);
}

INSTANTIATE_TEST_SUITE_P(
    Lines, BadPolicy,
    testing::Values(
        Bad{"Empty", "", "x.policy:1: empty"},
        Bad{"CommentsOnly", "# hello\n", "x.policy:1: empty"},
        Bad{"NoFirstLine", "offsets linear\n", "x.policy:1: not a policy"},
        Bad{"OtherVersion", "drydock policy 2\n", "x.policy:1: not a policy"},
        Bad{"UnknownWord", "drydock policy 1\noffset linear\n",
            "x.policy:2: unknown line \"offset\""},
        Bad{"UnknownMeaning", "drydock policy 1\noffsets random\n", "x.policy:2: unknown line"},
        Bad{"RangeBackwards", "drydock policy 1\n\nread-only 3..1\n",
            "x.policy:3: \"3..1\" is no range"},
        Bad{"RangeWithoutEnd", "drydock policy 1\nread-only 3..\n",
            "x.policy:2: \"3..\" is no range"},
        Bad{"RangeNegative", "drydock policy 1\nread-only -1\n", "x.policy:2: \"-1\" is no range"},
        Bad{"RangeTooLarge", "drydock policy 1\nread-only 99999999999999999999\n",
            "x.policy:2: \"99999999999999999999\" is no range"}),
    [](const testing::TestParamInfo<Bad>& row) { return row.param.name; });

}  // namespace
}  // namespace drydock::fuzz
