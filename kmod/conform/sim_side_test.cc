#include "kmod/conform/sim_side.h"

#include <gtest/gtest.h>

#include "kmod/conform/mix.h"
#include "kmod/conform/program_set.h"
#include "kmod/conform/rules_seen.h"
#include "kmod/observe/shown_text.h"
#include "sim/kernel/capacity.h"

namespace drydock::kmod {
namespace {

using fuzz::Call;
using fuzz::Program;

constexpr char kDriver[] = "driver_core/dma_buffer.so";

Program MapTwoPages() {
  Program program;
  program.Add({.call = Call::kOpen, .flags = fuzz::kOpenReadWrite});
  program.Add({.call = Call::kMmap,
               .flags = fuzz::kMapShared,
               .prot = fuzz::kProtRead | fuzz::kProtWrite,
               .length = fuzz::Pages(2)});
  return program;
}

using Lines = std::vector<std::string>;

TEST(SimSide, ShowsResultAndAddressSpaceOfEachStep) {
  SimSide sim(601, kDriver, {});
  ASSERT_EQ(sim.error(), "");
  EXPECT_EQ(sim.ObjectPages(), 16u);
  const std::vector<Program> survey = SurveyPrograms(16, 1);
  std::vector<Shown> shown;
  for (const Program& program : survey) shown.push_back(sim.Run(program));

  Program program = MapTwoPages();
  program.Add({.call = Call::kStore, .offset = fuzz::Pages(1), .length = 1});
  program.Add({.call = Call::kMunmap, .length = fuzz::Pages(1)});
  program.Add({.call = Call::kLoad, .length = 1});
  program.Add({.call = Call::kExit});
  program.Add({.call = Call::kLoad, .length = 1});
  const auto texts = TextOf(program, sim.Run(program), FramesOf(survey, shown));
  ASSERT_EQ(texts.size(), 7u);
  const std::string vma = " rd wr sh mr mw ms pf io de ar dd sd, prot WB rw";
  EXPECT_EQ(texts[0], (StepText{"3", {}}));
  EXPECT_EQ(texts[1],
            (StepText{"ok at -2",
                      {"[-2,0) pgoff 0" + vma, "  +0 2 pages n0+0 WB rw- special accessed"}}));
  EXPECT_EQ(texts[2], (StepText{"ok",
                                {"[-2,0) pgoff 0" + vma, "  +0 1 page n0+0 WB rw- special accessed",
                                 "  +1 1 page n0+1 WB rw- special dirty accessed"}}));
  const Lines rest = {"[-1,0) pgoff 1" + vma, "  +0 1 page n0+1 WB rw- special dirty accessed"};
  EXPECT_EQ(texts[3], (StepText{"ok", rest}));
  EXPECT_EQ(texts[4], (StepText{"SIGSEGV (SEGV_MAPERR)", rest}));
  EXPECT_EQ(texts[5], (StepText{"ok", {}}));
  EXPECT_EQ(texts[6], (StepText{"skipped", {}}));
}

// As in a kernel: what a program leaves, the next one finds, until the driver is loaded anew.
TEST(SimSide, ResetsNothingBetweenProgramsButFresh) {
  SimSide sim(601, kDriver, {});
  ASSERT_EQ(sim.error(), "");
  Program writes = MapTwoPages(), reads = MapTwoPages();
  writes.Add({.call = Call::kStore, .length = 1});
  reads.Add({.call = Call::kLoad, .length = 1});
  EXPECT_EQ(sim.Run(reads).steps[2].shown.data, 0u);
  sim.Run(writes);
  EXPECT_EQ(sim.Run(reads).steps[2].shown.data, fuzz::StoredByte(2, 0));
  EXPECT_EQ(sim.Run(reads).steps[0].shown.value, 3);
  sim.Fresh();
  EXPECT_EQ(sim.Run(reads).steps[2].shown.data, 0u);
}

TEST(SimSide, KnowsACopyOfTheDriversMemoryOntoItself) {
  SimSide sim(601, kDriver, {});
  ASSERT_EQ(sim.error(), "");
  Program own = MapTwoPages();
  own.Add({.call = Call::kAnonymous,
           .flags = fuzz::kMapPrivate,
           .prot = fuzz::kProtRead | fuzz::kProtWrite,
           .length = fuzz::Pages(1)});
  Program drivers = own, none = own;
  own.Add({.call = Call::kRead, .mapping = 1, .offset = 4, .length = 64});
  drivers.Add({.call = Call::kRead, .mapping = 0, .offset = fuzz::Pages(1) - 4, .length = 64});
  none.Add({.call = Call::kRead, .mapping = 0, .offset = fuzz::Pages(9), .length = 64});
  EXPECT_EQ(sim.Run(own).ending, Ending::kFinished);
  EXPECT_EQ(sim.Run(drivers).ending, Ending::kCopiesOntoItself);
  EXPECT_EQ(sim.Run(none).ending, Ending::kFinished);
}

constexpr char kCycles[] = "kmod/conform/prepare.so";  // from offset 32 on: its four pages, in turn

Program TouchesPages(uint64_t pages, int more_steps) {
  constexpr int kPopulate = 0x8000;
  Program program;
  program.Add({.call = Call::kOpen, .flags = fuzz::kOpenReadWrite});
  program.Add({.call = Call::kMmap,
               .flags = fuzz::kMapShared | kPopulate,
               .prot = fuzz::kProtRead,
               .offset = fuzz::Pages(32),
               .length = fuzz::Pages(pages)});
  for (int i = 0; i < more_steps; ++i) program.Add({.call = Call::kLoad, .length = 1});
  return program;
}

TEST(SimSide, KnowsWhatThereIsNoRoomToShow) {
  SimSide sim(703, kCycles, {});
  ASSERT_EQ(sim.error(), "");
  const uint64_t runs = kernel::Capacity{}.page_table_runs;
  const struct {
    const char* name;
    uint64_t pages;
    int more_steps;
    Ending wanted;
  } rows[] = {
      {"a page", 1, 14, Ending::kFinished},
      {"a run less than the simulation has", 4 * (runs - 1), 0, Ending::kFinished},
      {"all runs", 4 * runs, 0, Ending::kOverflow},
      {"half a million pages", 1 << 19, 0, Ending::kOverflow},
      {"3000 runs of 40 bytes, eight times", 12000, 7, Ending::kFinished},
      {"3000 runs of 40 bytes, nine times", 12000, 8, Ending::kOverflow},
  };
  for (const auto& row : rows) {
    const Shown shown = sim.Run(TouchesPages(row.pages, row.more_steps));
    EXPECT_EQ(shown.ending, row.wanted) << row.name;
    EXPECT_EQ(shown.steps.back().shown.ran, Ran::kRan) << row.name;
  }
}

TEST(SimSide, TellsOfProgramsThatReachForWhereAGuestHasItsStack) {
  SimSide sim(601, kDriver, {});
  ASSERT_EQ(sim.error(), "");
  constexpr uint64_t kMapped = kMmapBase - fuzz::Pages(2);
  constexpr uint64_t kEnd = kernel::kTaskSize - kMapped;  // as an offset
  const auto reaches = [&](const fuzz::Step& step) {
    Program program = MapTwoPages();
    program.Add(step);
    return sim.Run(program).reaches_stack;
  };
  EXPECT_FALSE(reaches({.call = Call::kLoad, .length = 8}));
  EXPECT_FALSE(reaches({.call = Call::kLoad, .offset = kSeenTo - kMapped - 8, .length = 8}));
  EXPECT_TRUE(reaches({.call = Call::kLoad, .offset = kSeenTo - kMapped - 8, .length = 9}));
  EXPECT_TRUE(reaches({.call = Call::kLoad, .offset = kEnd - 1, .length = 8}));
  EXPECT_FALSE(reaches({.call = Call::kLoad, .offset = kEnd, .length = 8}));
  EXPECT_TRUE(reaches({.call = Call::kMunmap, .length = kEnd}));
  EXPECT_FALSE(reaches({.call = Call::kMunmap, .length = kEnd + fuzz::Pages(1)})) << "is refused";
  EXPECT_TRUE(reaches({.call = Call::kAnonymous,
                       .at = 0,
                       .flags = fuzz::kMapPrivate | fuzz::kMapFixed,
                       .length = fuzz::Pages(1),
                       .at_offset = kEnd - fuzz::Pages(1)}));
}

TEST(SimSide, TellsOfProgramsThatUseFramesWhichNobodyHas) {
  SimSide sim(601, "kmod/conform/ways.so", {});
  ASSERT_EQ(sim.error(), "");
  const auto machines = [&](uint64_t offset_pages, Call call) {
    Program program;
    program.Add({.call = Call::kOpen, .flags = fuzz::kOpenReadWrite});
    program.Add({.call = Call::kMmap,
                 .flags = fuzz::kMapShared,
                 .prot = fuzz::kProtRead | fuzz::kProtWrite,
                 .offset = fuzz::Pages(offset_pages),
                 .length = fuzz::Pages(1)});
    program.Add({.call = call, .length = 8});
    return sim.Run(program).is_the_machines;
  };
  constexpr uint64_t kMmio = 16 * 256, kMixed = 74 * 256;  // WAY_MMIO, vmf_insert_mixed()
  for (const Call call : {Call::kLoad, Call::kStore}) {
    EXPECT_FALSE(machines(0, call)) << "the driver's own";
    EXPECT_FALSE(machines(7, call));
    EXPECT_TRUE(machines(kMixed + 229, call)) << "far behind it";
    EXPECT_TRUE(machines(kMmio, call)) << "no device";
  }
}

// A program whose mmap fails tells little.
TEST(SimSide, MostMmapsOfRandomProgramsSucceed) {
  SimSide sim(601, kDriver, {});
  ASSERT_EQ(sim.error(), "");
  Mix mix;
  for (const NamedProgram& one : RandomPrograms(1, 1000, sim.ObjectPages(), 1)) {
    mix.Count(one.program, sim.Run(one.program));
    if (TakesDevices(one.program)) sim.Fresh();
  }
  EXPECT_GE(mix.mmaps(), 1000u);
  EXPECT_GE(10 * mix.mmaps_ok(), 6 * mix.mmaps()) << mix.Text();
  // Some rules are those of other drivers; some take a program that was written for them.
  EXPECT_GE(RuleIds().size(), mix.NotSeen().size() + 24) << mix.Text();
}

TEST(SimSide, SaysWhyADriverDoesNotLoad) {
  EXPECT_NE(SimSide(601, "driver_core/nothing.so", {}).error(), "");
  EXPECT_NE(SimSide(601, kDriver, {{"frobnicate", "1"}}).error(), "");
}

}  // namespace
}  // namespace drydock::kmod
