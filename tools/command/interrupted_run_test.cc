// A run that is cut short, by a person or by a disk that is full: what was found is told and kept,
// one line says what happened, and nothing is half-written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tools/command/command_run.h"

namespace drydock::command {
namespace {

namespace fs = std::filesystem;

class CutShort : public CommandTest {
 protected:
  // Workers tell what they find in files of the command's temporary folder.
  bool TheOffsetWasFound() const {
    return AnyFile("report", [](const std::string& text) {
      return text.find("\"C02\"") != text.npos && text.ends_with('\n');
    });
  }
  bool AReplayRuns() const {
    return AnyFile("replay", [](const std::string&) { return true; });
  }
  bool TheCompilerRuns() const { return !FilesIn("../" + TemporaryName()).empty(); }

 private:
  std::string TemporaryName() const { return fs::path(TemporaryFolder()).filename(); }
  bool AnyFile(const std::string& name, bool (*accept)(const std::string& text)) const {
    std::error_code gone;
    for (auto entry = fs::recursive_directory_iterator(TemporaryFolder(), gone);
         !gone && entry != fs::recursive_directory_iterator(); entry.increment(gone)) {
      if (entry->path().filename() != name) continue;
      std::ifstream file(entry->path(), std::ios::binary);
      if (accept({std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()})) {
        return true;
      }
    }
    return false;
  }
};

class Signal : public CutShort, public testing::WithParamInterface<int> {};

TEST_P(Signal, KeepsWhatWasFound) {
  Write("sample.c", WithoutOffsetCheck({}));
  nlohmann::json json;

  const CommandResult result =
      Check({"sample.c", "--seconds", "600"}, &json,
            {.signal_when = [&] { return TheOffsetWasFound(); }, .signal = GetParam()});

  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err, OneLineWith({"interrupted"}));
  EXPECT_THAT(result.out, testing::HasSubstr("\nC02  range not checked"));
  EXPECT_THAT(FilesIn("out"), testing::IsSupersetOf({"sample-C02.c", "sample-C02.prog"}));
  EXPECT_EQ(json.at("exit_status"), 1);
  EXPECT_EQ(json.at("drivers").at(0).at("interrupted"), true);
  EXPECT_THAT(ClassesIn(json.at("drivers").at(0).at("findings")),
              testing::Contains("C02 in sample_mmap"));
}

// Nothing was found, but nobody may take that for a clean driver.
TEST_P(Signal, BeforeAnythingIsFoundIsNotClean) {
  Write("sample.c", DriverText({}));
  Write("other.c", DriverText({.top = "#include \"never.h\""}));
  ASSERT_EQ(mkfifo((folder() + "/never.h").c_str(), 0600), 0);  // the compiler waits for ever

  const CommandResult result =
      Drydock({"check", "other.c", "sample.c", "--json", "result.json"},
              {.signal_when = [&] { return TheCompilerRuns(); }, .signal = GetParam()});

  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, OneLineWith({"interrupted"}));
  const nlohmann::json json = nlohmann::json::parse(Read("result.json"));
  for (const nlohmann::json& driver : json.at("drivers")) {
    EXPECT_EQ(driver.at("interrupted"), true);
    EXPECT_EQ(driver.at("error"), nullptr);
  }
  EXPECT_THAT(FilesIn("out"), testing::IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Table, Signal, testing::Values(SIGINT, SIGTERM, SIGHUP),
                         [](const auto& info) { return std::string(sigabbrev_np(info.param)); });

TEST_F(CutShort, AReplayThatIsInterruptedClaimsNothing) {
  Write("sample.c", DriverText({.mmap = "for (;;) READ_ONCE(buffer);"}));
  Write("loop.prog",
        "drydock program 1\n\nfd0 = open(\"/dev/sample\", O_RDWR)\n"
        "m0 = mmap(fd0, 1 page, PROT_READ, MAP_SHARED, offset 0 pages)\n");

  const CommandResult result =
      Drydock({"replay", "loop.prog", "--driver", "sample.c"},
              {.signal_when = [&] { return AReplayRuns(); }, .signal = SIGINT});

  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, OneLineWith({"interrupted"}));
  EXPECT_EQ(result.out, "");
}

TEST_F(CutShort, JsonOnAFullDiskIsOneLineAndTheFindingsArePrinted) {
  Write("sample.c", WithoutOffsetCheck({}));

  const CommandResult result = Drydock(
      {"check", "--seconds", "0.5", "--platform", "x86-64", "--json", "/dev/full", "sample.c"});

  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, OneLineWith({"/dev/full: cannot be written", "make room"}));
  EXPECT_THAT(result.out, testing::HasSubstr("\nC02  range not checked"));
  EXPECT_THAT(FilesIn("out"), testing::IsSupersetOf({"sample-C02.c", "sample-C02.prog"}));
}

TEST_F(CutShort, OutputOnAFullDiskIsOneLine) {
  Write("sample.c", DriverText({}));

  const CommandResult result = Drydock(
      {"check", "--seconds", "0.5", "--platform", "x86-64", "sample.c"}, {.output = "/dev/full"});

  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, OneLineWith({"standard output: cannot be written", "make room"}));
}

// `./drydock check | head -1`
TEST_F(CutShort, AReaderThatGoesAwayChangesNothing) {
  Write("sample.c", WithoutOffsetCheck({}));
  ASSERT_EQ(mkfifo((folder() + ".pipe").c_str(), 0600), 0);
  const pid_t reader = fork();
  if (reader == 0) {
    FILE* pipe = std::fopen((folder() + ".pipe").c_str(), "r");  // NOLINT: it leaves at once
    _exit(pipe == nullptr);
  }
  nlohmann::json json;

  const CommandResult result = Check({"sample.c"}, &json, {.output = folder() + ".pipe"});

  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(result.err, "");
  EXPECT_EQ(json.at("exit_status"), 1);
  waitpid(reader, nullptr, 0);
}

// A quota: what is larger than a page cannot be written anywhere.
TEST_F(CutShort, NoFileMayGrowBeyondAPage) {
  Write("sample.c", DriverText({}));

  const CommandResult result = Drydock({"check", "sample.c"}, {.largest_file_bytes = 4096});

  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, OneLineWith({"sample.c: "}));
}

// A disk of the given size at ./disk, full of the bytes that are asked for; false if this machine
// lets nobody mount one.
bool MountDisk(const std::string& folder, const std::string& size) {
  if (unshare(CLONE_NEWNS) != 0) return false;
  mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
  return mount("tmpfs", folder.c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0;
}

TEST_F(CutShort, AFullDiskForReproducersIsOneLineAndTheFindingsArePrinted) {
  Write("sample.c", WithoutOffsetCheck({}));
  Write("disk/x", "");
  // One page for the trial that the command makes, none for the second file of a finding.
  if (!MountDisk(folder() + "/disk", "4k")) {
    GTEST_SKIP() << "skipped: a disk cannot be mounted here (not root, or not allowed to root)";
  }

  const CommandResult result =
      Drydock({"check", "--seconds", "0.5", "--platform", "x86-64", "--out", "disk", "sample.c"});

  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, OneLineWith({"disk/sample-", "No space left", "make room"}));
  EXPECT_THAT(result.out, testing::HasSubstr("\nC02  range not checked"));
}

TEST_F(CutShort, ADiskThatIsFullFromTheBeginningStopsBeforeTheWork) {
  Write("sample.c", DriverText({}));
  Write("disk/x", "");
  if (!MountDisk(folder() + "/disk", "4k")) {
    GTEST_SKIP() << "skipped: a disk cannot be mounted here (not root, or not allowed to root)";
  }
  Write("disk/full", std::string(4096, 'x'));

  const CommandResult result = Drydock({"check", "--out", "disk", "sample.c"});

  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, OneLineWith({"disk: cannot be written (No space left", "make room"}));
  EXPECT_EQ(result.out, "");
}

TEST_F(CutShort, AFullDiskForTemporaryFilesIsOneLine) {
  Write("sample.c", DriverText({}));
  Write("disk/x", "");
  if (!MountDisk(folder() + "/disk", "64k")) {
    GTEST_SKIP() << "skipped: a disk cannot be mounted here (not root, or not allowed to root)";
  }

  const CommandResult result =
      Drydock({"check", "sample.c"}, {.environment = {"TMPDIR=" + folder() + "/disk"}});

  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, OneLineWith({"sample.c: "}));
  EXPECT_THAT(FilesIn("disk"), testing::IsEmpty());
}

}  // namespace
}  // namespace drydock::command
