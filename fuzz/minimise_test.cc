// Minimising against violations that are known by a rule on the program alone.
#include "fuzz/minimise.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <ostream>

#include "fuzz/program_text.h"

namespace drydock::fuzz {
namespace {

class RuleReproducer final : public Reproducer {
 public:
  explicit RuleReproducer(std::function<bool(const Program&)> rule) : rule_(std::move(rule)) {}
  bool Shows(const Program& program) override {
    ++runs;
    EXPECT_TRUE(IsValid(program));
    return rule_(program);
  }
  int runs = 0;

 private:
  std::function<bool(const Program&)> rule_;
};

constexpr char kLong[] =
    "drydock program 1\n"
    "fail-allocation 7\n"
    "fd0 = open(node 0, O_RDWR|O_CLOEXEC)\n"
    "fd1 = open(node 0, O_RDONLY)\n"
    "m0 = mmap(fd1, 4 pages, PROT_READ, MAP_SHARED, offset 0 pages)\n"
    "p1 = fork()\n"
    "m1 = mmap(fd0, 13 pages, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_POPULATE, offset 900 pages)\n"
    "load(m1 + 2 pages, 64 bytes)\n"
    "munmap(m0, 4 pages)\n"
    "exit()\n";

// Steps alone, as one line each.
std::string StepsOf(const Program& program) {
  const std::string text = FormatProgram(program, {});
  return text.substr(text.find("\n\n") + 2);
}

TEST(Minimise, KeepsOnlyTheStepsThatMatterAndTakesValuesToBoundaries) {
  RuleReproducer beyond([](const Program& program) {
    for (size_t i = 0; i < program.step_count; ++i) {
      const Step& step = program.steps[i];
      if (step.call == Call::kMmap && step.offset > Pages(16)) return true;
    }
    return false;
  });
  const Program best =
      Minimise(ParseProgram(kLong, "t").program, {.object_pages = 16, .max_runs = 3000}, beyond);

  EXPECT_EQ(StepsOf(best),
            "fd0 = open(node 0, O_RDWR)\n"
            "m0 = mmap(fd0, 0 pages, PROT_READ|PROT_WRITE, MAP_SHARED, offset 17 pages)\n");
  EXPECT_EQ(best.header.fail_allocation, 0u);
  EXPECT_LT(beyond.runs, 100);
}

struct WordCase {
  const char* name;
  const char* call;  // with more bits than it takes
  uint32_t Step::* field;
  uint32_t needed;  // bits without which the violation does not show
  const char* minimal;
};
void PrintTo(const WordCase& c, std::ostream* out) { *out << c.name; }

class MinimiseWord : public testing::TestWithParam<WordCase> {};

TEST_P(MinimiseWord, LeavesNoBitThatIsNotNeeded) {
  const WordCase& c = GetParam();
  RuleReproducer needs([&](const Program& program) {
    if (program.step_count != 2) return false;
    return (program.steps[1].*c.field & c.needed) == c.needed;
  });
  const std::string text =
      std::string("drydock program 1\nfd0 = open(node 0, O_RDWR)\n") + c.call + "\n";
  const ParsedProgram parsed = ParseProgram(text, "t");
  ASSERT_EQ(parsed.error, "");

  const Program best = Minimise(parsed.program, {.object_pages = 16, .max_runs = 3000}, needs);

  EXPECT_EQ(StepsOf(best), std::string("fd0 = open(node 0, O_RDWR)\n") + c.minimal + "\n");
}

INSTANTIATE_TEST_SUITE_P(
    Words, MinimiseWord,
    testing::Values(
        WordCase{"exec_of_a_random_prot",
                 "m0 = mmap(fd0, 0 pages, 0x94a7, MAP_SHARED, offset 0 pages)", &Step::prot, 4,
                 "m0 = mmap(fd0, 0 pages, PROT_READ|PROT_EXEC, MAP_SHARED, offset 0 pages)"},
        WordCase{"a_bit_that_is_no_permission",
                 "m0 = mmap(fd0, 0 pages, 0x94a0, MAP_SHARED, offset 0 pages)", &Step::prot, 0x400,
                 "m0 = mmap(fd0, 0 pages, 0x400, MAP_SHARED, offset 0 pages)"},
        WordCase{"a_flag_among_flags",
                 "m0 = mmap(fd0, 0 pages, PROT_READ|PROT_WRITE, 0x9c001, offset 0 pages)",
                 &Step::flags, 0x8000,
                 "m0 = mmap(fd0, 0 pages, PROT_READ|PROT_WRITE, MAP_POPULATE, offset 0 pages)"},
        WordCase{"an_event", "poll(fd0, 0x2145)", &Step::flags, 0x2000, "poll(fd0, POLLRDHUP)"},
        WordCase{"a_flag_of_open", "fd1 = open(node 0, 0x94802)", &Step::flags, 0x800,
                 "fd1 = open(node 0, O_RDONLY|O_NONBLOCK)"}),
    [](const testing::TestParamInfo<WordCase>& info) { return std::string(info.param.name); });

TEST(Minimise, AnotherProcessIsNotNeededWhereOnesOwnWillDo) {
  const Program start = ParseProgram(
                            "drydock program 1\n"
                            "fd0 = open(node 0, O_RDWR)\n"
                            "m0 = mmap(fd0, 1 page, PROT_READ, MAP_SHARED, offset 0 pages)\n"
                            "p1 = fork()\n"
                            "pread(\"/proc/p1/mem\", m0 + 3 pages + 8, 4096 bytes)\n",
                            "t")
                            .program;
  RuleReproducer reads([](const Program& program) {
    return program.step_count != 0 && program.steps[program.step_count - 1].call == Call::kMemRead;
  });

  EXPECT_EQ(StepsOf(Minimise(start, {.object_pages = 16, .max_runs = 3000}, reads)),
            "fd0 = open(node 0, O_RDWR)\n"
            "m0 = mmap(fd0, 0 pages, PROT_READ|PROT_WRITE, MAP_SHARED, offset 0 pages)\n"
            "pread(\"/proc/p0/mem\", m0, 8 bytes)\n");
}

TEST(Minimise, LeavesAProgramThatNothingCanBeTakenFrom) {
  const Program start = ParseProgram(kLong, "t").program;
  RuleReproducer exact([&](const Program& program) { return program == start; });

  EXPECT_EQ(Minimise(start, {.object_pages = 16, .max_runs = 3000}, exact), start);
}

TEST(Minimise, StopsWhenItsRunsAreUsedUp) {
  RuleReproducer any([](const Program&) { return true; });
  Minimise(ParseProgram(kLong, "t").program, {.object_pages = 16, .max_runs = 3}, any);

  EXPECT_EQ(any.runs, 3);
}

}  // namespace
}  // namespace drydock::fuzz
