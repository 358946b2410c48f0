// Minimising against violations that are known by a rule on the program alone.
#include "fuzz/minimise.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

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
