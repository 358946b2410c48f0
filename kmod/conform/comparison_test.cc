#include "kmod/conform/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drydock::kmod {
namespace {

using fuzz::Call;

const fuzz::NodePaths kNodes = {"/dev/pump"};

fuzz::Program OpenAndMap() {
  fuzz::Program program;
  program.Add({.call = Call::kOpen, .flags = fuzz::kOpenReadWrite});
  program.Add({.call = Call::kMmap,
               .flags = fuzz::kMapShared,
               .prot = fuzz::kProtRead,
               .length = fuzz::Pages(1)});
  return program;
}

std::vector<StepText> Mapped() {
  return {{.result = "3", .space = {}},
          {.result = "ok at -1", .space = {"[-1,0) pgoff 0 rd", "  +0 1 page n0+0 WB r--"}}};
}

TEST(Compare, FindsNoneInEqualTexts) {
  EXPECT_FALSE(Compare(OpenAndMap(), kNodes, Mapped(), Mapped()));
  EXPECT_EQ(CountObservations(Mapped()), 4u);
}

TEST(Compare, FindsTheFirstLineThatDiffers) {
  struct Row {
    const char* what;
    std::vector<StepText> linux;
    size_t step;
    const char* call;
    const char* sim_line;
    const char* linux_line;
    bool in_result;
  };
  std::vector<StepText> result = Mapped(), line = Mapped(), more = Mapped(), less = Mapped();
  result[0].result = "ENODEV";
  result[1].result = "skipped";
  line[1].space[1] = "  +0 1 page n0+1 WB r--";
  more[1].space.push_back("outside:");
  less[1].space.pop_back();
  const char* const kMap = "m0 = mmap(fd0, 1 page, PROT_READ, MAP_SHARED, offset 0 pages)";
  const Row rows[] = {
      {"a result, and not what follows from it", result, 0, "fd0 = open(\"/dev/pump\", O_RDWR)",
       "3", "ENODEV", true},
      {"an entry", line, 1, kMap, "  +0 1 page n0+0 WB r--", "  +0 1 page n0+1 WB r--", false},
      {"a line more", more, 1, kMap, "", "outside:", false},
      {"a line less", less, 1, kMap, "  +0 1 page n0+0 WB r--", "", false},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.what);
    const auto found = Compare(OpenAndMap(), kNodes, Mapped(), row.linux);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->step, row.step);
    EXPECT_EQ(found->call, row.call);
    EXPECT_EQ(found->sim, row.sim_line);
    EXPECT_EQ(found->linux, row.linux_line);
    EXPECT_EQ(found->in_result, row.in_result);
  }
}

TEST(SignatureOf, LeavesAwayWhatIsOnlyOfThisProgram) {
  struct Row {
    Difference difference;
    const char* signature;
  };
  const Row rows[] = {
      {{.step = 0,
        .call = "m3 = mmap(fd0, 1 page)",
        .sim = "[-1,0) pgoff 14 rd ar dd, prot WB r-",
        .linux = "[-1,0) pgoff 14 rd dd, prot WB r-"},
       "mmap: sim 'ar', linux ''"},
      {{.step = 0, .call = "munmap(m0, 1 page)", .sim = "", .linux = "[-12,0) pgoff 3 rd"},
       "munmap: sim '', linux '[-N,N) pgoff N rd'"},
      {{.step = 0, .call = "load(m0, 1)", .sim = "0x00", .linux = "SIGSEGV (x)", .in_result = true},
       "load: sim 'NxN', linux 'SIGSEGV (x)'"},
      {{.step = 0, .call = "p1 = fork()", .sim = "ok", .linux = "ok ENOMEM", .in_result = true},
       "fork: sim 'ok', linux 'ok ENOMEM'"},
  };
  for (const Row& row : rows) EXPECT_EQ(SignatureOf(row.difference), row.signature);
}

// What is kept can be put into kmod/conform/programs as it is.
TEST(FormatRegression, ParsesToTheProgramAndSaysWhatDiffered) {
  const Difference difference = {
      .step = 1, .call = "m0 = mmap(fd0, 1 page)", .sim = "", .linux = "outside:"};
  const std::string text = FormatRegression(OpenAndMap(), kNodes, "6.1-small", "pump", difference);
  EXPECT_EQ(text.substr(0, text.find("drydock")),
            "# pump on kernel 6.1-small, step 2: m0 = mmap(fd0, 1 page)\n"
            "#   sim    (nothing)\n"
            "#   linux  outside:\n");
  const fuzz::ParsedProgram parsed = fuzz::ParseProgram(text, "a.prog");
  EXPECT_EQ(parsed.error, "");
  EXPECT_EQ(parsed.program, OpenAndMap());
}

TEST(WriteWhole, MakesTheFolderAndSaysWhenItCannot) {
  const std::string folder = testing::TempDir() + "/write_whole";
  EXPECT_TRUE(WriteWhole(folder + "/new/a.prog", "text"));
  EXPECT_FALSE(WriteWhole(folder + "/new/a.prog/b.prog", "text"));
}

TEST(FormatDifference, ShowsBothSidesOfTheStep) {
  std::vector<StepText> linux = Mapped();
  linux[1].space[1] = "  +0 1 page n0+1 WB r--";
  const auto found = Compare(OpenAndMap(), kNodes, Mapped(), linux);
  ASSERT_TRUE(found);
  EXPECT_EQ(FormatDifference(OpenAndMap(), kNodes, *found, Mapped(), linux),
            "   1  fd0 = open(\"/dev/pump\", O_RDWR) = 3\n"
            "   2  m0 = mmap(fd0, 1 page, PROT_READ, MAP_SHARED, offset 0 pages) = ok at -1\n"
            "               [-1,0) pgoff 0 rd\n"
            "        sim      +0 1 page n0+0 WB r--\n"
            "        linux    +0 1 page n0+1 WB r--\n");
}

TEST(FormatDifference, OfALargeAddressSpaceShowsWhatIsAroundTheFirstDifference) {
  std::vector<StepText> sim = Mapped(), linux = Mapped();
  for (int i = 0; i < 1000; ++i) {
    sim[1].space.push_back("  +" + std::to_string(i));
    linux[1].space.push_back(i < 500 ? sim[1].space.back() : "  other");
  }
  const auto found = Compare(OpenAndMap(), kNodes, sim, linux);
  ASSERT_TRUE(found);
  const std::string text = FormatDifference(OpenAndMap(), kNodes, *found, sim, linux);
  EXPECT_THAT(text, testing::HasSubstr("               (486 lines are equal)\n"
                                       "                 +484\n"));
  EXPECT_THAT(text, testing::HasSubstr("                 +499\n"
                                       "        sim      +500\n"
                                       "        linux    other\n"));
  EXPECT_THAT(text, testing::EndsWith("        sim      +543\n"
                                      "        linux    other\n"
                                      "               (456 lines more)\n"));
}

constexpr char kOne[] =
    "# a comment\n"
    "\n"
    "name: no-ksm\n"
    "kernel: 6.1-small\n"
    "call: madvise(*, MADV_MERGEABLE)\n"
    "sim: EINVAL\n"
    "linux: ok\n"
    "why: the small kernel has no KSM.\n";

TEST(KnownDifferences, ExplainWhatMatchesInEveryField) {
  KnownDifferences known = ParseKnownDifferences(kOne, "known.txt");
  ASSERT_EQ(known.error, "");
  ASSERT_EQ(known.list.size(), 1u);
  const Difference same = {.step = 0,
                           .call = "madvise(m0, 1 page, MADV_MERGEABLE)",
                           .sim = "EINVAL",
                           .linux = "ok",
                           .in_result = true};
  Difference other_call = same, other_sim = same, other_linux = same;
  other_call.call = "madvise(m0, 1 page, MADV_NORMAL)";
  other_sim.sim = "ok";
  other_linux.linux = "ENOMEM";
  EXPECT_EQ(Explain(same, "6.1", "pump", &known), nullptr);
  EXPECT_EQ(Explain(other_call, "6.1-small", "pump", &known), nullptr);
  EXPECT_EQ(Explain(other_sim, "6.1-small", "pump", &known), nullptr);
  EXPECT_EQ(Explain(other_linux, "6.1-small", "pump", &known), nullptr);
  EXPECT_EQ(known.list[0].seen, 0u);
  EXPECT_EQ(Explain(same, "6.1-small", "pump", &known), &known.list[0]);
  EXPECT_EQ(known.list[0].seen, 1u);
}

TEST(KnownDifferences, RefuseWhatIsNotWhole) {
  const std::pair<const char*, const char*> rows[] = {
      {"name: a\ncall: b\n", "known.txt:1: a known difference needs name, call and why"},
      {"\nname: a\nwhy: b\n", "known.txt:2: a known difference needs name, call and why"},
      {"call: a\nwhy: b\n\n", "known.txt:1: a known difference needs name, call and why"},
      {"name: a\ncall: b\nwhy: c\nbecause: d\n",
       "known.txt:4: 'because: d': write name, kernel, driver, call, sim, linux or why, a colon "
       "and a space"},
      {"name:a\n",
       "known.txt:1: 'name:a': write name, kernel, driver, call, sim, linux or why, a colon and a "
       "space"},
  };
  for (const auto& [text, error] : rows) {
    EXPECT_EQ(ParseKnownDifferences(text, "known.txt").error, error) << text;
  }
}

}  // namespace
}  // namespace drydock::kmod
