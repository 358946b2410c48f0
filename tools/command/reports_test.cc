#include "tools/command/reports.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "tools/command/output_files.h"
#include "tools/command/symbolize.h"

namespace drydock::command {
namespace {

using testing::HasSubstr;

Finding C04() {
  Finding finding;
  finding.class_id = "C04";
  finding.oracle = 1;
  finding.function = "pump_mmap";
  finding.file = "/home/me/pump.c";
  finding.line = 88;
  finding.step = 1;
  finding.expected = "EINVAL";
  finding.seen = "page 0 shows PFN 0x1411";
  finding.program =
      "drydock program 1\n\nfd0 = open(\"/dev/pump\", O_RDWR)\n"
      "m0 = mmap(fd0, 1 page, PROT_READ, MAP_SHARED, offset 17 pages)\n";
  finding.results = {"3", "ok"};
  finding.platform = "x86-64";
  finding.program_file = "out/pump-C04.prog";
  finding.c_file = "out/pump-C04.c";
  finding.test_file = "out/pump-C04_test.cc";
  return finding;
}

DriverReport Pump() {
  DriverReport report;
  report.file = "pump.c";
  report.module = "pump";
  report.platforms = {"x86-64"};
  report.executions = 1204331;
  report.seconds = 10.0;
  report.edges = 221;
  report.edges_covered = 214;
  report.findings = {C04()};
  return report;
}

TEST(Table, OneDriverHasAHeading) {
  EXPECT_EQ(
      FormatTable({Pump()}),
      "pump.c · kernel 6.1 · x86-64              1,204,331 programs in 10.0 s (120 k/s) · 214 of "
      "221 edges\n1 finding\n");
}

TEST(Table, SeveralDriversHaveALineEach) {
  DriverReport clean = Pump();
  clean.file = "valve.c";
  clean.findings.clear();
  DriverReport bad = clean;
  bad.file = "x.c";
  bad.error = "x.c: empty";
  bad.executions = 0;
  EXPECT_EQ(FormatTable({Pump(), clean, bad}),
            "driver    executions     per second   findings\n"
            "pump.c     1,204,331        120 k/s   1 finding\n"
            "valve.c    1,204,331        120 k/s   no findings\n"
            "x.c                0            0/s   could not run\n");
}

TEST(Table, NumbersAreReadable) {
  EXPECT_EQ(WithCommas(0), "0");
  EXPECT_EQ(WithCommas(999), "999");
  EXPECT_EQ(WithCommas(1000), "1,000");
  EXPECT_EQ(Rate(999600), "1.0 M/s");
  EXPECT_EQ(Rate(120433), "120 k/s");
  EXPECT_EQ(Rate(830), "830/s");
}

TEST(FindingText, SaysWhatWhereHowAndWhatToType) {
  EXPECT_EQ(
      FormatFinding(C04(), "--driver pump.c"),
      "C04  size minus offset underflows                                     "
      "pump_mmap, pump.c:88\n"
      "     1  fd0 = open(\"/dev/pump\", O_RDWR)                               = 3\n"
      "     2  m0 = mmap(fd0, 1 page, PROT_READ, MAP_SHARED, offset 17 pages)  = ok   <- here\n"
      "     seen      page 0 shows PFN 0x1411\n"
      "     expected  EINVAL\n"
      "     oracle    O1 on x86-64\n"
      "     replay    ./drydock replay out/pump-C04.prog --driver pump.c\n"
      "     in C      out/pump-C04.c\n"
      "     as a test out/pump-C04_test.cc\n");
}

Finding There(Finding finding, const std::string& verdict, const std::string& shown) {
  finding.confirmation = {"6.1-small", verdict, shown};
  return finding;
}

TEST(FindingText, SaysWhatARealKernelMadeOfIt) {
  const std::string plain = FormatFinding(C04(), "--driver pump.c");
  EXPECT_EQ(FormatFinding(There(C04(), "confirmed", "page 0 is free memory"), "--driver pump.c"),
            plain + "     kernel    6.1-small: confirmed: page 0 is free memory\n");
  EXPECT_EQ(FormatFinding(There(C04(), "not observable", "a leak"), "--driver pump.c"),
            plain + "     kernel    6.1-small: not observable there: a leak\n");
  EXPECT_EQ(FormatFinding(There(C04(), "refuted", "EINVAL"), "--driver pump.c"),
            plain +
                "     kernel    6.1-small: refuted: EINVAL\n"
                "               a refuted finding is a bug of Drydock: please report it\n");
}

TEST(Table, CountsWhatARealKernelMadeOfFindings) {
  DriverReport pump = Pump();
  Finding advice = There(C04(), "refuted", "x");
  advice.class_id = "A01";
  pump.findings = {There(C04(), "not observable", "x"), There(C04(), "confirmed", "x"), advice,
                   There(C04(), "confirmed", "x")};
  EXPECT_THAT(FormatTable({pump}),
              testing::EndsWith("3 findings · kernel 6.1-small: 2 confirmed, 1 not observable\n"));
}

TEST(FindingText, ALoadTrialIsAnInsmodAndHasNoCForm) {
  Finding finding = C04();
  finding.program = "drydock program 1\nload-trial 3\n";
  finding.results.clear();
  finding.step = 0;
  finding.c_file.clear();
  EXPECT_EQ(FormatFinding(finding, "--driver pump.c"),
            "C04  size minus offset underflows                                     "
            "pump_mmap, pump.c:88\n"
            "     insmod; allocation 3 fails                                       <- here\n"
            "     seen      page 0 shows PFN 0x1411\n"
            "     expected  EINVAL\n"
            "     oracle    O1 on x86-64\n"
            "     replay    ./drydock replay out/pump-C04.prog --driver pump.c\n"
            "     as a test out/pump-C04_test.cc\n");
}

TEST(FindingText, ALoadTrialWithoutAFailureIsAnUnload) {
  Finding finding = C04();
  finding.program = "drydock program 1\nload-trial 0\n";
  EXPECT_NE(FormatFinding(finding, "").find("     insmod and rmmod  "), std::string::npos);
}

TEST(ExitStatus, FindingsThenLimitsThenNothing) {
  DriverReport report = Pump();
  EXPECT_EQ(ExitStatusOf({report}), 1);
  report.findings[0].class_id = "A01";
  EXPECT_EQ(ExitStatusOf({report}), 0) << "advice is no finding";
  report.findings[0].class_id = "U01";
  EXPECT_EQ(ExitStatusOf({report}), 2);
  DriverReport bad;
  bad.error = "x.c: empty";
  EXPECT_EQ(ExitStatusOf({bad}), 2);
  EXPECT_EQ(ExitStatusOf({bad, Pump()}), 1);
}

TEST(Json, HasWhatTheSchemaPromises) {
  DriverReport report = Pump();
  report.findings.push_back(C04());
  report.findings[1].class_id = "A01";
  report.findings[1].seen = "\xff not UTF-8";
  const nlohmann::json json = nlohmann::json::parse(FormatJson({report}, 1));

  EXPECT_EQ(json.at("drydock"), 1);
  EXPECT_EQ(json.at("exit_status"), 1);
  const nlohmann::json& driver = json.at("drivers").at(0);
  EXPECT_EQ(driver.at("file"), "pump.c");
  EXPECT_EQ(driver.at("executions"), 1204331);
  EXPECT_NEAR(driver.at("executions_per_second").get<double>(), 120433.1, 0.01);
  ASSERT_EQ(driver.at("findings").size(), 1u);
  ASSERT_EQ(driver.at("advice").size(), 1u);
  const nlohmann::json& finding = driver.at("findings").at(0);
  for (const char* key : {"class", "oracle", "function", "line", "steps", "program"}) {
    EXPECT_TRUE(finding.contains(key)) << key;
  }
  EXPECT_EQ(finding.at("steps").at(1).at("result"), "ok");
  EXPECT_EQ(finding.at("step"), 2);
}

TEST(Json, HasWhatARealKernelMadeOfAFinding) {
  DriverReport pump = Pump();
  const auto confirmation = [&] {
    return nlohmann::json::parse(
        FormatJson({pump}, 1))["drivers"][0]["findings"][0]["confirmation"];
  };
  EXPECT_EQ(confirmation(), nullptr);
  pump.findings = {There(C04(), "refuted", "EINVAL")};
  EXPECT_EQ(confirmation(),
            nlohmann::json({{"kernel", "6.1-small"}, {"verdict", "refuted"}, {"shown", "EINVAL"}}));
}

TEST(Json, TheDocumentedKeysAreTheWrittenOnes) {
  std::ifstream file("docs/json-schema.md");
  ASSERT_TRUE(file.is_open()) << "run in the root of the checkout";
  const std::string page{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const nlohmann::json json = nlohmann::json::parse(FormatJson({Pump()}, 1));
  const nlohmann::json& driver = json.at("drivers").at(0);

  for (const auto& [key, value] : json.items()) EXPECT_THAT(page, HasSubstr("`" + key + "`"));
  for (const auto& [key, value] : driver.items()) EXPECT_THAT(page, HasSubstr("`" + key + "`"));
  for (const auto& [key, value] : driver.at("findings").at(0).items()) {
    EXPECT_THAT(page, HasSubstr("`" + key + "`"));
  }
}

TEST(Symbolizer, PassesOverInlineFunctionsOfOurHeaders) {
  const CodePlace place = ParseSymbolizerBlock(
      "kmalloc\n/co/mocks/include/linux/slab.h:20:9\npump_alloc\n/me/pump.c:17:3\npump_init\n"
      "/me/pump.c:40:2");

  EXPECT_EQ(place.function, "pump_alloc");
  EXPECT_EQ(place.file, "/me/pump.c");
  EXPECT_EQ(place.line, 17);
  EXPECT_EQ(ParseSymbolizerBlock("??\n??:0:0").function, "");
}

TEST(OutputFiles, AreWholeOrNotThere) {
  const std::string folder = testing::TempDir() + "/output_files";
  std::filesystem::remove_all(folder);
  ASSERT_EQ(PrepareFolder(folder + "/deep"), "");
  const std::string file = folder + "/x.json";
  EXPECT_EQ(PrepareFile(file), "");
  EXPECT_FALSE(std::filesystem::exists(file)) << "asking writes nothing";
  EXPECT_EQ(WriteWhole(file, "text\n"), "");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 2)
      << "nothing beside it";

  EXPECT_THAT(PrepareFile("/proc/x.json"), HasSubstr("cannot be written"));
  EXPECT_THAT(PrepareFile(folder), HasSubstr("a folder, name a file"));
  EXPECT_THAT(PrepareFolder(file + "/out"), HasSubstr("cannot be written"));
  EXPECT_THAT(WriteWhole("/dev/full", "text"), HasSubstr("make room or name another disk"));
}

}  // namespace
}  // namespace drydock::command
