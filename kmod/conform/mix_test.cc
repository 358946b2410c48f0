#include "kmod/conform/mix.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "kmod/conform/program_set.h"
#include "kmod/conform/rules_seen.h"
#include "sim/kernel/vm_flags.h"

namespace drydock::kmod {
namespace {

using fuzz::Call;
using fuzz::Program;

Step Ran(int64_t value, std::vector<ptdump_record> space = {}) {
  Step step{};
  step.shown.ran = Ran::kRan;
  step.shown.value = value;
  step.shown.entries = static_cast<uint32_t>(space.size());
  step.space = std::move(space);
  return step;
}

ptdump_record Vma(uint64_t from, uint64_t to, uint64_t flags) {
  ptdump_record record{};
  record.kind = PTDUMP_VMA;
  record.cache = PTDUMP_WB;
  record.start = from;
  record.end = to;
  record.flags = flags;
  return record;
}

size_t CountOf(std::string_view id, const Program& program, const Shown& shown) {
  std::vector<size_t> counts(RuleIds().size());
  CountRules(program, shown, &counts);
  for (size_t i = 0; i < counts.size(); ++i) {
    if (RuleIds()[i] == id) return counts[i];
  }
  ADD_FAILURE() << "no rule " << id;
  return 0;
}

TEST(RulesSeen, EachIsARuleOfTheDocument) {
  std::ifstream file("docs/mmap-rules.md");
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  ASSERT_FALSE(text.empty());
  for (const std::string_view id : RuleIds()) {
    const std::string row = "\n| " + std::string(id.substr(0, id.find(' '))) + " |";
    EXPECT_NE(text.find(row), std::string::npos) << id;
  }
}

TEST(RulesSeen, AreToldByCallAnswerAndMemory) {
  constexpr uint64_t kAt = 0x21ffffff0000, kPage = 4096;
  constexpr uint64_t kPfn = kernel::kVmShared | kernel::kVmIo | kernel::kVmPfnMap |
                            kernel::kVmDontExpand | kernel::kVmDontDump;
  Program program;
  program.Add({.call = Call::kOpen, .flags = 2});
  program.Add({.call = Call::kMmap, .flags = 1, .offset = 1, .length = kPage});
  program.Add({.call = Call::kMmap, .flags = 1, .length = 3 * kPage});
  program.Add({.call = Call::kMunmap, .mapping = 1, .offset = kPage, .length = kPage});
  Shown shown;
  shown.steps = {
      Ran(3), Ran(-EINVAL), Ran(kAt, {Vma(kAt, kAt + 3 * kPage, kPfn)}),
      Ran(0, {Vma(kAt, kAt + kPage, kPfn), Vma(kAt + 2 * kPage, kAt + 3 * kPage, kPfn)})};
  EXPECT_EQ(CountOf("1.1", program, shown), 1u);
  EXPECT_EQ(CountOf("RP4", program, shown), 1u);
  EXPECT_EQ(CountOf("SP1", program, shown), 1u);
  EXPECT_EQ(CountOf("SP1 (part)", program, shown), 0u);
  EXPECT_EQ(CountOf("1.3", program, shown), 0u);
  EXPECT_EQ(CountOf("FA5", program, shown), 0u);
}

// What wraps in bytes is refused by the limit of the file, not by the sum in pages.
TEST(RulesSeen, AnOffsetWhoseEndWrapsShowsTheLimitOfAFile) {
  Program program;
  program.Add({.call = Call::kOpen});
  program.Add({.call = Call::kMmap, .flags = 1, .offset = ~uint64_t{0xfff}, .length = 1});
  program.Add({.call = Call::kMmap, .flags = 1, .offset = 1 << 20, .length = 1});
  Shown shown;
  shown.steps = {Ran(3), Ran(-EOVERFLOW), Ran(-EOVERFLOW)};  // the second one by the driver
  EXPECT_EQ(CountOf("1.11", program, shown), 1u);
}

TEST(RulesSeen, AStepThatDidNotRunShowsNothing) {
  Program program;
  program.Add({.call = Call::kMmap, .offset = 1, .length = 1});
  Shown shown;
  shown.steps.push_back(Ran(-EINVAL));
  shown.steps[0].shown.ran = Ran::kSkipped;
  EXPECT_EQ(CountOf("1.1", program, shown), 0u);
}

TEST(Mix, MissesNoRuleThatTheKernelDoesNotKeep) {
  for (const auto& [profile, missed] : {std::pair{601, true}, {612, true}, {703, false}}) {
    Program program;
    program.header.profile = static_cast<uint16_t>(profile);
    program.Add({.call = Call::kFork});
    Shown shown;
    shown.steps = {Ran(0)};
    Mix mix;
    mix.Count(program, shown);
    const std::vector<std::string> ids = mix.NotSeen();
    EXPECT_EQ(std::count(ids.begin(), ids.end(), "P7"), missed ? 1 : 0) << profile;
    EXPECT_EQ(std::count(ids.begin(), ids.end(), "1.1"), 1);
  }
}

TEST(Mix, SaysSharesAndHowManyMmapsSucceed) {
  Program program;
  program.Add({.call = Call::kOpen});
  program.Add({.call = Call::kMmap, .flags = 1, .length = 4096});
  program.Add({.call = Call::kMmap, .flags = 1, .offset = 1, .length = 4096});
  program.Add({.call = Call::kFork});
  Shown shown;
  shown.steps = {Ran(3), Ran(0x10000), Ran(-EINVAL), Ran(0)};
  Mix one, all;
  EXPECT_EQ(all.Text(), "");
  one.Count(program, shown);
  all.Add(one);
  all.Add(one);
  EXPECT_EQ(all.mmaps(), 4u);
  EXPECT_EQ(all.mmaps_ok(), 2u);
  const std::string text = all.Text();
  EXPECT_EQ(text.substr(0, text.find('\n')),
            "  mix: 2 programs, 4.0 steps each that ran; 50 % of 4 mmaps of a file succeed");
  EXPECT_NE(text.find("  calls: mmap 50.0 %, open 25.0 %, fork 25.0 %,"), std::string::npos);
  EXPECT_NE(text.find(" 1.1 2\n"), std::string::npos);
  EXPECT_NE(text.find("rules not seen:"), std::string::npos);
}

}  // namespace
}  // namespace drydock::kmod
