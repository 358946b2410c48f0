// check and replay from one end to the other: exit status, what is printed, the files, the JSON as
// docs/json-schema.md has it, and a reproducer that replays.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tools/command/command_run.h"

namespace drydock::command {
namespace {

using CheckAndReplay = CommandTest;

// The keys of each table of docs/json-schema.md, by the line that stands before the table.
std::map<std::string, std::set<std::string>> DocumentedKeys() {
  std::ifstream file("docs/json-schema.md");
  EXPECT_TRUE(file.is_open());
  std::map<std::string, std::set<std::string>> tables;
  std::string line, heading = "top";
  while (std::getline(file, line)) {
    if (line.starts_with("Of a ")) heading = line;
    if (line.starts_with("## ")) break;
    if (!line.starts_with("| `")) continue;
    std::stringstream cell(line.substr(1, line.find('|', 1) - 1));
    for (std::string key; std::getline(cell, key, '`');) {
      if (key.find_first_of(" ,") == key.npos && !key.empty()) tables[heading].insert(key);
    }
  }
  return tables;
}

std::set<std::string> KeysOf(const nlohmann::json& object) {
  std::set<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.insert(key);
  return keys;
}

void ExpectFinding(const nlohmann::json& finding) {
  EXPECT_THAT(finding.at("class").get<std::string>(), testing::MatchesRegex("[A-Z][0-9][0-9]"));
  EXPECT_FALSE(finding.at("name").get<std::string>().empty());
  EXPECT_TRUE(finding.at("oracle").is_null() || finding.at("oracle").get<std::string>()[0] == 'O');
  EXPECT_TRUE(finding.at("line").is_number_unsigned());
  EXPECT_THAT(finding.at("platform").get<std::string>(), testing::AnyOf("x86-64", "offset-dma"));
  for (const char* text : {"function", "file", "expected", "seen", "program"}) {
    EXPECT_TRUE(finding.at(text).is_string()) << text;
  }
  const nlohmann::json& steps = finding.at("steps");
  ASSERT_FALSE(steps.empty());
  EXPECT_GE(finding.at("step"), 1);
  EXPECT_LE(finding.at("step"), steps.size() + 1);
  for (const nlohmann::json& step : steps) {
    EXPECT_EQ(KeysOf(step), (std::set<std::string>{"call", "result"}));
    EXPECT_THAT(finding.at("program").get<std::string>(),
                testing::HasSubstr(step.at("call").get<std::string>()));
  }
}

TEST_F(CheckAndReplay, TheJsonIsAsDocumented) {
  Write("sample.c", WithoutOffsetCheck({}));
  Write("bad.c", "letter\n");

  const CommandResult result =
      Drydock({"check", "--seconds", "0.5", "--json", "result.json", "sample.c", "bad.c"});

  EXPECT_EQ(result.status, 1);
  const auto documented = DocumentedKeys();
  ASSERT_EQ(documented.size(), 3u);
  const nlohmann::json json = nlohmann::json::parse(Read("result.json"));
  EXPECT_EQ(KeysOf(json), documented.at("top"));
  EXPECT_EQ(json.at("drydock"), 1);
  EXPECT_EQ(json.at("exit_status"), 1);
  ASSERT_EQ(json.at("drivers").size(), 2u);
  for (const nlohmann::json& driver : json.at("drivers")) {
    EXPECT_EQ(KeysOf(driver), documented.at("Of a driver:"));
    EXPECT_EQ(driver.at("profile"), "6.1");
    EXPECT_EQ(driver.at("interrupted"), false);
    for (const char* list : {"findings", "advice", "limits"}) {
      for (const nlohmann::json& finding : driver.at(list)) {
        EXPECT_EQ(KeysOf(finding), documented.at("Of a finding:"));
        ExpectFinding(finding);
      }
    }
  }
  const nlohmann::json& sample = json.at("drivers").at(0);
  EXPECT_EQ(sample.at("file"), "sample.c");
  EXPECT_EQ(sample.at("module"), "sample");
  EXPECT_EQ(sample.at("error"), nullptr);
  EXPECT_GT(sample.at("executions"), 0);
  EXPECT_GT(sample.at("executions_per_second"), 0.0);
  EXPECT_GE(sample.at("edges"), sample.at("edges_covered"));
  EXPECT_GE(sample.at("mmaps"), sample.at("mmaps_succeeded"));
  EXPECT_THAT(ClassesIn(sample.at("findings")), testing::Contains("C02 in sample_mmap"));
  EXPECT_TRUE(json.at("drivers").at(1).at("error").is_string());
}

TEST_F(CheckAndReplay, ACleanDriverIsStatusZeroAndWritesNoReproducerOfABug) {
  Write("sample.c", DriverText({}));
  nlohmann::json json;

  const CommandResult result = Check({"sample.c"}, &json);

  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.err, "");
  EXPECT_THAT(result.out, testing::HasSubstr("\nno findings\n"));
  EXPECT_EQ(json.at("exit_status"), 0);
  EXPECT_THAT(FilesIn("out"), testing::Not(testing::Contains(testing::StartsWith("sample-C0"))));
}

TEST_F(CheckAndReplay, EachKernelAnswersAsItDoes) {
  Write("sample.c", DriverText({}));
  for (const std::string profile : {"6.1", "6.12", "7.3"}) {
    SCOPED_TRACE(profile);
    const CommandResult checked = Drydock(
        {"check", "--seconds", "0.5", "--profile", profile, "--json", "result.json", "sample.c"});
    EXPECT_EQ(checked.status, 0) << checked.err << checked.out;
    EXPECT_EQ(nlohmann::json::parse(Read("result.json")).at("drivers").at(0).at("profile"),
              profile);
    // MAP_DROPPABLE, of anonymous memory.
    Write("droppable.prog", "drydock program 1\nprofile " + profile +
                                "\n\nm0 = mmap(anonymous, 1 page, PROT_READ, 0x8)\n");
    const CommandResult replayed = Drydock({"replay", "droppable.prog", "--driver", "sample.c"});
    EXPECT_EQ(replayed.status, 0) << replayed.err;
    EXPECT_THAT(replayed.out, testing::HasSubstr("kernel " + profile + " "));
    EXPECT_EQ(replayed.out.find("EINVAL") != replayed.out.npos, profile == "6.1") << replayed.out;
  }
}

// In place of //kmod/confirm: the first claim is confirmed, the others cannot be observed.
constexpr char kConfirm[] = R"(#!/bin/bash
while (($#)); do
  case $1 in
    --kernel) [[ $2 == 6.1 ]] || { echo "drydock: kernel $2: it is not here" >&2; exit 2; } ;;
    --claims) claims=$2 ;;
    --judgements) judgements=$2 ;;
  esac
  shift
done
[[ -n ${claims:-} ]] || exit 0
{
  echo '[{"verdict": "confirmed", "shown": "a page of nobody"}'
  for ((i = $(grep -c '"class"' "$claims"); i > 1; --i)); do
    echo ', {"verdict": "not observable", "shown": "a reason"}'
  done
  echo ']'
} >"$judgements"
)";

class Confirm : public CommandTest {
 protected:
  CommandOptions With(const std::string& script) const {
    Write("confirm.sh", script);
    const std::string path = folder() + "/confirm.sh";
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return {.environment = {"DRYDOCK_CONFIRM=" + path}};
  }
};

TEST_F(Confirm, EachFindingSaysWhatTheKernelMadeOfIt) {
  Write("sample.c", WithoutOffsetCheck({}));
  nlohmann::json json;

  const CommandResult result = Check({"sample.c", "--confirm", "6.1"}, &json, With(kConfirm));

  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.out, testing::HasSubstr(" · kernel 6.1: "));
  std::string verdicts;
  for (const char* list : {"findings", "advice"}) {
    for (const nlohmann::json& finding : json.at("drivers").at(0).at(list)) {
      const nlohmann::json& there = finding.at("confirmation");
      EXPECT_EQ(there.at("kernel"), "6.1");
      verdicts += there.at("verdict").get<std::string>()[0];
      EXPECT_THAT(there.at("shown"), testing::AnyOf("a page of nobody", "a reason"));
    }
  }
  EXPECT_EQ(std::count(verdicts.begin(), verdicts.end(), 'c'), 1) << verdicts;
}

TEST_F(Confirm, AKernelThatIsMissingIsSaidBeforeAnythingElse) {
  Write("sample.c", WithoutOffsetCheck({}));
  Write("sample.prog", "drydock program 1\n\nfd0 = open(node 0, O_RDWR)\n");
  const CommandOptions options = With(kConfirm);
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"check", "--confirm", "9.9", "sample.c"},
        {"replay", "sample.prog", "--driver", "sample.c", "--confirm", "9.9"}}) {
    const CommandResult result = Drydock(arguments, options);
    EXPECT_EQ(result.status, 2);
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(result.err, "drydock: --confirm: kernel 9.9: it is not here\n");
  }
}

TEST_F(Confirm, WhatWasFoundIsToldIfTheGuestFails) {
  Write("sample.c", WithoutOffsetCheck({}));
  const CommandResult result =
      Drydock({"check", "--seconds", "0.5", "--confirm", "6.1", "sample.c"},
              With("#!/bin/bash\n[[ $1 == --ready ]] && exit 0\n"
                   "echo 'drydock: kernel 6.1: the guest hangs' >&2; exit 2\n"));
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.out, testing::HasSubstr("C02  range not checked"));
  EXPECT_EQ(result.err, "drydock: --confirm: kernel 6.1: the guest hangs\n");
}

TEST_F(Confirm, ItIsSaidIfNothingWasBuiltForIt) {
  Write("sample.c", DriverText({}));
  EXPECT_THAT(Drydock({"check", "--confirm", "6.1", "sample.c"}).err,
              OneLineWith({"--confirm", "DRYDOCK_CONFIRM is not set"}));
}

TEST_F(CheckAndReplay, AReproducerReplaysAsTheReportSays) {
  Write("sample.c", WithoutOffsetCheck({}));
  nlohmann::json json;
  ASSERT_EQ(Check({"sample.c"}, &json).status, 1);
  const nlohmann::json finding = json.at("drivers").at(0).at("findings").at(0);

  const CommandResult result =
      Drydock({"replay", finding.at("program_file"), "--driver", "sample.c"});

  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(result.err, "");
  for (const nlohmann::json& step : finding.at("steps")) {
    EXPECT_THAT(result.out, testing::HasSubstr(step.at("call").get<std::string>()));
    EXPECT_THAT(result.out, testing::HasSubstr("= " + step.at("result").get<std::string>()));
  }
  EXPECT_THAT(result.out, testing::HasSubstr("<- 1 violation"));
  EXPECT_THAT(result.out, testing::HasSubstr("(all processes exit)"));
  EXPECT_THAT(result.out, testing::HasSubstr("\nC02  range not checked"));
  EXPECT_THAT(result.out, testing::HasSubstr(finding.at("seen").get<std::string>()));

  Write("sample.c", DriverText({}));
  const CommandResult repaired =
      Drydock({"replay", finding.at("program_file"), "--driver", "sample.c"});

  EXPECT_EQ(repaired.status, 0);
  EXPECT_THAT(repaired.out, testing::HasSubstr("= EINVAL"));
  EXPECT_THAT(repaired.out, testing::HasSubstr("no violations"));
}

TEST_F(CheckAndReplay, AReplayThatMeetsOurLimitsIsNotClean) {
  Write("sample.c", DriverText({.mmap = "clk_enable(NULL);"}));
  Write("a.prog",
        "drydock program 1\n\nfd0 = open(\"/dev/sample\", O_RDWR)\n"
        "m0 = mmap(fd0, 1 page, PROT_READ, MAP_SHARED, offset 0 pages)\n");

  const CommandResult result = Drydock({"replay", "a.prog", "--driver", "sample.c"});

  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, OneLineWith({"sample.c", "clk_enable"}));
}

TEST_F(CheckAndReplay, AReplayThatEndsTheWorkerSaysInWhichStep) {
  Write("sample.c", DriverText({.mmap = "asm volatile(\"syscall\" : : \"a\"(231), \"D\"(3) : "
                                        "\"rcx\", \"r11\", \"memory\");"}));
  Write("a.prog",
        "drydock program 1\n\nfd0 = open(\"/dev/sample\", O_RDWR)\n"
        "m0 = mmap(fd0, 1 page, PROT_READ, MAP_SHARED, offset 0 pages)\n");

  const CommandResult result = Drydock({"replay", "a.prog", "--driver", "sample.c"});

  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err, OneLineWith({"a.prog", "ended the worker in step 2", "status 3"}));
  EXPECT_THAT(result.out, testing::HasSubstr(" 1  fd0 = open("));
}

// Two drivers of one name, and names that a shell would take apart.
TEST_F(CheckAndReplay, FilesOfDriversWithOneNameDoNotOverwriteEachOther) {
  Write("a/sample.c", WithoutOffsetCheck({}));
  Write("b c/sample.c", WithoutOffsetCheck({}));
  nlohmann::json json;

  const CommandResult result = Check({"a/sample.c", "b c/sample.c"}, &json);

  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(FilesIn("out"), testing::IsSupersetOf({"sample-C02.c", "sample-C02.prog",
                                                     "sample-2-C02.c", "sample-2-C02.prog"}));
}

}  // namespace
}  // namespace drydock::command
