#include "kmod/conform/program_set.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <utility>

namespace drydock::kmod {
namespace {

using fuzz::Call;
using fuzz::Program;
using fuzz::Step;

std::string FolderWith(const std::string& name, const std::string& text) {
  std::string folder = testing::TempDir() + "/programs.XXXXXX";
  EXPECT_NE(mkdtemp(folder.data()), nullptr);
  std::ofstream(folder + "/" + name) << text;
  return folder;
}

TEST(ReadPrograms, NamesTheFileAndLineThatIsWrong) {
  const std::string folder = FolderWith("a.prog", "drydock program 1\nnothing\n");
  EXPECT_NE(ReadPrograms(folder, {"/dev/pump"}).error.find(folder + "/a.prog:"), std::string::npos);
}

TEST(ReadPrograms, SaysThatAFolderIsNotThere) {
  EXPECT_EQ(ReadPrograms("/nonexistent", {"/dev/pump"}).error,
            "/nonexistent: No such file or directory; name a folder of .prog files");
}

TEST(ReadPrograms, LeavesOutWhatIsNoProgram) {
  const ProgramFiles files = ReadPrograms(FolderWith("a.txt", "nothing"), {"/dev/pump"});
  EXPECT_EQ(files.error, "");
  EXPECT_TRUE(files.programs.empty());
}

TEST(RandomPrograms, AreTheSameForTheSameSeedAndOthersForAnother) {
  const auto text = [](uint64_t seed) {
    std::string all;
    for (const NamedProgram& one : RandomPrograms(seed, 50, 16, 1)) {
      EXPECT_TRUE(IsValid(one.program));
      all += one.name + "\n" + FormatProgram(one.program, {"/dev/pump"});
    }
    return all;
  };
  EXPECT_EQ(text(1), text(1));
  EXPECT_NE(text(1), text(2));
}

std::vector<NamedProgram> Kept() {
  std::vector<NamedProgram> kept(1);
  kept[0].name = "a.prog";
  kept[0].program.Add({.call = Call::kOpen, .flags = fuzz::kOpenReadWrite});
  kept[0].program.Add(
      {.call = Call::kMmap, .flags = fuzz::kMapShared, .prot = 1, .length = fuzz::Pages(3)});
  kept[0].program.Add({.call = Call::kMunmap, .length = fuzz::Pages(1)});
  return kept;
}

TEST(ChangedPrograms, AreTheSameForTheSameSeedAndOthersForAnother) {
  const auto text = [](uint64_t seed) {
    std::string all;
    for (const NamedProgram& one : ChangedPrograms(seed, 50, Kept(), 16, 1)) {
      EXPECT_TRUE(IsValid(one.program));
      EXPECT_EQ(one.file, "") << "it is not the kept one";
      all += one.name + "\n" + FormatProgram(one.program, {"/dev/pump"});
    }
    return all;
  };
  EXPECT_EQ(text(1), text(1));
  EXPECT_NE(text(1), text(2));
  EXPECT_NE(text(1).find("changed 49, a.prog\n"), std::string::npos);
}

TEST(ChangedPrograms, AreNearTheirOriginsAndMostlyNotThem) {
  const std::vector<NamedProgram> kept = Kept();
  size_t same = 0, same_call = 0;
  for (const NamedProgram& one : ChangedPrograms(1, 200, kept, 16, 1)) {
    same += one.program == kept[0].program;
    for (uint32_t i = 0; i < one.program.step_count; ++i) {
      same_call += one.program.steps[i].call == Call::kMunmap;
    }
  }
  EXPECT_LT(same, 40U);
  EXPECT_GT(same_call, 120U);
}

TEST(ChangedPrograms, ThereAreNoneOfNothing) {
  EXPECT_TRUE(ChangedPrograms(1, 50, {}, 16, 1).empty());
}

TEST(WhyNotComparable, KnowsWhatNoKernelHas) {
  Program program;
  EXPECT_EQ(WhyNotComparable(program), "");
  Program failing = program, machine = program, unguarded = program, trial = program;
  failing.header.fail_allocation = 1;
  machine.header.platform = 1;
  unguarded.header.core_guards = false;
  trial.header.load_trial = 0;
  EXPECT_EQ(WhyNotComparable(failing), "an allocation is made to fail");
  EXPECT_EQ(WhyNotComparable(machine), "another machine");
  EXPECT_EQ(WhyNotComparable(unguarded), "without the guards of mmap(2)");
  EXPECT_EQ(WhyNotComparable(trial), "a trial of loading");
}

TEST(WhyNotComparable, KnowsThatMoreMemoryThanThereIsCannotBeThere) {
  constexpr char kWhy[] = "may have more memory put in place than there is";
  constexpr uint32_t kPopulate = 0x8000;
  const auto why = [](const Step& one, const Step& other) {
    Program program;
    program.Add(one);
    program.Add(other);
    return WhyNotComparable(program);
  };
  const Step large = {.call = Call::kAnonymous, .length = fuzz::Pages(524288)};
  const Step small = {.call = Call::kAnonymous, .length = fuzz::Pages(4)};
  const Step populated = {
      .call = Call::kAnonymous, .flags = kPopulate, .length = fuzz::Pages(524288)};
  const Step lock = {.call = Call::kMlock, .length = fuzz::Pages(1)};
  const Step grow = {
      .call = Call::kMremap, .length = fuzz::Pages(4), .new_length = fuzz::Pages(524288)};
  EXPECT_EQ(why(large, lock), kWhy);
  EXPECT_EQ(why(small, populated), kWhy);
  EXPECT_EQ(why(large, {.call = Call::kMadvise, .flags = 22, .length = fuzz::Pages(1)}), kWhy);
  EXPECT_EQ(why(large, {.call = Call::kMadvise, .flags = 20, .length = fuzz::Pages(1)}), "");
  EXPECT_EQ(why(small, lock), "");
  EXPECT_EQ(why(small, grow), "");
  EXPECT_EQ(why({.call = Call::kAnonymous, .length = ~uint64_t{4095}}, lock), "") << "is refused";
  Program grown;
  for (const Step& step : {small, lock, grow}) grown.Add(step);
  EXPECT_EQ(WhyNotComparable(grown), kWhy);
}

TEST(WhyNotComparable, KnowsThatOpenMakesAFileWhereADeviceWas) {
  Program program;
  program.Add({.call = Call::kOpen, .flags = fuzz::kOpenCreate});
  program.Add({.call = Call::kUnbind});
  program.Add({.call = Call::kOpen});
  EXPECT_EQ(WhyNotComparable(program), "");
  program.Add({.call = Call::kOpen, .flags = fuzz::kOpenCreate});
  EXPECT_EQ(WhyNotComparable(program), "makes a file where a device was");
}

TEST(WhyNotComparable, KnowsThatTheSimulationHasRoomForSixProcesses) {
  Program program;
  for (int i = 0; i < 5; ++i) program.Add({.call = Call::kFork});
  EXPECT_EQ(WhyNotComparable(program), "");
  program.Add({.call = Call::kFork});
  EXPECT_EQ(WhyNotComparable(program), "more processes than there is room for");
}

TEST(WhyNotComparable, KnowsThatKernelsHaveNotAsMuchMemory) {
  for (const auto& [pages, comparable] : std::initializer_list<std::pair<uint64_t, bool>>{
           {1, true}, {32768, true}, {32769, false}, {65536, false}, {65537, true}}) {
    Program mapped, moved;
    mapped.Add({.call = Call::kAnonymous, .length = fuzz::Pages(pages)});
    moved.Add({.call = Call::kAnonymous, .length = fuzz::Pages(1)});
    moved.Add({.call = Call::kMremap, .length = fuzz::Pages(1), .new_length = fuzz::Pages(pages)});
    const std::string why = comparable ? "" : "asks for about as much memory as there is";
    EXPECT_EQ(WhyNotComparable(mapped), why) << pages;
    EXPECT_EQ(WhyNotComparable(moved), why) << pages;
  }
}

// A survey's program whose mappings show `frames`, one page each.
Shown ShownOf(const Program& program, const std::vector<uint64_t>& frames) {
  Shown shown;
  shown.steps.resize(program.step_count);
  uint64_t at = kMmapBase;
  size_t next = 0;
  for (size_t i = 0; i < program.step_count; ++i) {
    shown.steps[i].shown.ran = Ran::kRan;
    if (program.steps[i].call != Call::kMmap || next == frames.size()) continue;
    at -= 4096;
    shown.steps[i].shown.value = static_cast<int64_t>(at);
    ptdump_record record{};
    record.kind = PTDUMP_RUN;
    record.start = at;
    record.end = at + 4096;
    record.frame = frames[next++];
    shown.steps[i + 1].space.push_back(record);
  }
  return shown;
}

TEST(FramesOf, NamesFramesThatWereSeenAtOneOffsetTwice) {
  const std::vector<Program> survey = SurveyPrograms(2, 1);
  ASSERT_EQ(survey.size(), 2u);  // two rounds
  const std::vector<Shown> shown = {ShownOf(survey[0], {100, 101}), ShownOf(survey[1], {100, 7})};
  const KnownFrames known = FramesOf(survey, shown);
  ASSERT_EQ(known.size(), 1u);  // page 1 is another one each time
  EXPECT_EQ(known.at(100), (FrameName{"n0", 0}));
}

TEST(FramesOf, NamesNothingOfMappingsThatWereRefused) {
  const std::vector<Program> survey = SurveyPrograms(2, 1);
  const std::vector<Shown> shown = {ShownOf(survey[0], {}), ShownOf(survey[1], {})};
  EXPECT_TRUE(FramesOf(survey, shown).empty());
}

}  // namespace
}  // namespace drydock::kmod
