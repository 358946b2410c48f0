#include "kmod/conform/fidelity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <regex>

namespace drydock::kmod {
namespace {

using testing::HasSubstr;

std::string ReadWhole(const std::string& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file.is_open()) << path;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

constexpr char kRulesText[] =
    "# Rules\n\n## 3. remap\n\n| id | rule | kernel |\n|---|---|---|\n"
    "| RP1 | One. | `a.c:b` |\n| RP2 | Two. | `a.c:b` |\n\n"
    "## 2b. mmap_prepare (7.3)\n\n| id | rule | kernel |\n|---|---|---|\n"
    "| PR1 | New. | `a.c:b` |\n\n"
    "## 12. What differs\n\n| id | 6.1 | 6.12 | 7.3 | kernel |\n|---|---|---|---|---|\n"
    "| RP2, P3 | A | as before | B | `x` |\n\n"
    "## Not modelled\n\n| id | rule | what |\n|---|---|---|\n| GU1 | None. | No. |\n";

RuleProgram Shows(const std::string& name, std::vector<std::string> rules) {
  return {"kmod/conform/programs/" + name + ".prog", std::move(rules), "aaaa", {}};
}

Record RecordOf(const RuleProgram& program) {
  return {program.file, program.sha256, "6.1-small", "6.1.192", "2026-11-21", "RP1"};
}

Reasons ForTheOthers() { return ParseReasons("# why\nRP2 P3 PR1: they are others\n", "reasons"); }

TEST(Fidelity, RulesAreThoseOfTheTablesButNotModelled) {
  const Rules rules = ParseRules(kRulesText);
  EXPECT_EQ(rules.error, "");
  std::string text;
  for (const Rule& rule : rules.list) {
    text += rule.id + "|" + rule.section + "|" + rule.profiles + "\n";
  }
  EXPECT_EQ(text,
            "RP1|3. remap|6.1, 6.12, 7.3\nRP2|3. remap|6.1, 6.12 / 7.3\n"
            "PR1|2b. mmap_prepare (7.3)|7.3\n"
            "P3|12. What differs|6.1, 6.12 / 7.3\n");
}

TEST(Fidelity, TwoRulesOfOneNameAreAMistake) {
  EXPECT_EQ(ParseRules("## 1\n| id | rule |\n|---|---|\n| A1 | x |\n| A1 | y |\n").error,
            "docs/mmap-rules.md: two rules are called A1");
  EXPECT_EQ(ParseRules("nothing").error, "docs/mmap-rules.md: no rules in it");
}

TEST(Fidelity, AProgramSaysBeforeItsFirstLineWhatItShows) {
  const std::string text = "# Why.\n# shows: RP2 RP4\n# on: 6.1\ndrydock program 1\n";
  EXPECT_EQ(WordsAfter(text, "shows"), (std::vector<std::string>{"RP2", "RP4"}));
  EXPECT_EQ(WordsAfter(text, "on"), (std::vector<std::string>{"6.1"}));
  EXPECT_TRUE(WordsAfter("drydock program 1\n# shows: RP2\n", "shows").empty());
  EXPECT_TRUE(WordsAfter("# RP2: a comment\n", "shows").empty());
}

TEST(Fidelity, ARecordIsForTheProgramAsItWas) {
  RuleProgram program = Shows("one", {"RP1"});
  Records records;
  records.list = {RecordOf(program)};
  const Rules rules = ParseRules(kRulesText);

  const std::string before = FidelityMarkdown(Join(rules, {program}, records, ForTheOthers()));
  program.sha256 = "bbbb";
  const std::string after = FidelityMarkdown(Join(rules, {program}, records, ForTheOthers()));

  EXPECT_THAT(before, HasSubstr("| RP1 | 6.1, 6.12, 7.3 | [one](../kmod/conform/programs/one.prog)"
                                " | 6.1-small | 2026-11-21 |\n"));
  EXPECT_THAT(before, HasSubstr("4 rules: 1 have programs (1 of them), 1 were seen in a kernel, "
                                "1 in 6.1-small; 3 are known from the sources alone."));
  EXPECT_THAT(after, HasSubstr(" | none yet |  |\n"));
  EXPECT_THAT(after, HasSubstr("0 were seen in a kernel; 3"));
}

TEST(Fidelity, ARuleSaysHowManyOfItsProgramsWereSeen) {
  const RuleProgram one = Shows("one", {"RP1"}), two = Shows("two", {"RP1"});
  Records records;
  records.list = {RecordOf(two)};

  EXPECT_THAT(FidelityMarkdown(Join(ParseRules(kRulesText), {one, two}, records, ForTheOthers())),
              HasSubstr(" | 6.1-small (1 of 2) | "));
}

struct Misfit {
  const char* what;
  std::vector<std::string> shows;
  const char* reasons;
  const char* error;
};

TEST(Fidelity, WhatDoesNotFitIsNamed) {
  const Misfit misfits[] = {
      {"fits", {"RP1"}, "RP2 P3 PR1: why\n", ""},
      {"no rule",
       {"RP1", "RP9"},
       "RP2 P3 PR1: why\n",
       "kmod/conform/programs/one.prog: shows RP9, which is no rule"},
      {"a reason for no rule", {"RP1"}, "RP2 P3 PR1 RP9: why\n", "source_only.txt: RP9 is no rule"},
      {"both", {"RP1", "P3"}, "RP2 P3 PR1: why\n", "source_only.txt: P3 has a program"},
      {"neither",
       {"RP1"},
       "RP2 PR1: why\n",
       "rule P3 has neither a program that shows it nor a reason in source_only.txt"},
      {"no why", {"RP1"}, "RP2 P3\n", "reasons:1: write RULE ...: why"},
      {"twice", {"RP1"}, "RP2 P3 PR1: why\nRP2: why\n", "reasons:2: RP2 is there twice"},
  };
  for (const Misfit& misfit : misfits) {
    SCOPED_TRACE(misfit.what);
    EXPECT_EQ(Join(ParseRules(kRulesText), {Shows("one", misfit.shows)}, {},
                   ParseReasons(misfit.reasons, "reasons"))
                  .error,
              misfit.error);
  }
}

TEST(Fidelity, RecordsAreReadAsTheyWereWritten) {
  const RuleProgram one = Shows("one", {"RP1"}), two = Shows("two", {"RP2"});
  const std::vector<Record> records = {RecordOf(two), RecordOf(one)};

  const Records read = ParseRecords(FormatRecords(records), "confirmed.tsv");

  EXPECT_EQ(read.error, "");
  EXPECT_EQ(read.list, (std::vector<Record>{RecordOf(one), RecordOf(two)}));
  EXPECT_EQ(ParseRecords("a\tb\n", "confirmed.tsv").error,
            "confirmed.tsv:1: write program, sha256, kernel, release, date and rules, tabs between "
            "them");
}

TEST(Fidelity, ARunReplacesTheRecordsOfItsKernel) {
  const std::vector<RuleProgram> programs = {Shows("equal", {"RP1", "RP2"}),
                                             Shows("differs", {"RP1"}), Shows("left", {"RP1"})};
  Record before = RecordOf(programs[0]);
  before.sha256 = "old";
  Record other = before;
  other.kernel = "6.12";
  std::vector<Record> records = {before, other, RecordOf(programs[1]), RecordOf(programs[2])};

  const size_t count = NoteConfirmed(
      programs, {{"/checkout/" + programs[0].file, true}, {"./" + programs[1].file, false}},
      {"", "", "6.1-small", "6.1.193", "2027-01-02", ""}, &records);

  EXPECT_EQ(count, 1u);
  EXPECT_EQ(records, (std::vector<Record>{other,
                                          RecordOf(programs[2]),
                                          {programs[0].file, "aaaa", "6.1-small", "6.1.193",
                                           "2027-01-02", "RP1 RP2"}}));
}

// A kernel that lacks what a program takes runs it, and confirms nothing by that.
TEST(Fidelity, AProgramIsRecordedOfTheKernelsThatItIsFor) {
  RuleProgram program = Shows("one", {"RP1"});
  program.on = {"6.1", "6.12"};
  std::vector<Record> records;
  for (const char* kernel : {"6.1-small", "7.3-small", "6.12"}) {
    NoteConfirmed({program}, {{program.file, true}}, {"", "", kernel, "1", "2026-11-21", ""},
                  &records);
  }
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].kernel, "6.1-small");
  EXPECT_EQ(records[1].kernel, "6.12");
}

// The page of this checkout.
TEST(FidelityPage, IsWhatItsSourcesMake) {
  const Fidelity fidelity = ReadFidelity(".");
  ASSERT_EQ(fidelity.error, "");
  EXPECT_GT(fidelity.programs.size(), 100u);
  EXPECT_EQ(ReadWhole("docs/fidelity.md"), FidelityMarkdown(fidelity))
      << "bazel run //kmod/conform:fidelity_markdown > docs/fidelity.md";
}

TEST(FidelityPage, HasEveryRule) {
  const std::string rules = ReadWhole("docs/mmap-rules.md");
  const std::string page = ReadWhole("docs/fidelity.md");
  const std::string modelled = rules.substr(0, rules.find("## Not modelled"));
  const std::regex row(R"(\n\| ([A-Z0-9][A-Za-z]*[0-9.]*[0-9]) \|)");
  size_t count = 0;
  for (std::sregex_iterator at(modelled.begin(), modelled.end(), row), end; at != end; ++at) {
    ++count;
    EXPECT_TRUE(std::regex_search(page, std::regex("[| ]" + (*at)[1].str() + "[ |]"))) << (*at)[1];
  }
  EXPECT_GT(count, 150u);
}

}  // namespace
}  // namespace drydock::kmod
