// The supervisor against workers that are shell scripts: whatever a worker does, the run goes on,
// and what was found is there.
#include "tools/command/supervisor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tools/command/subprocess.h"

namespace drydock::command {
namespace {

namespace fs = std::filesystem;

// What every script can do. The page's layout is fuzz/worker_page.h.
constexpr char kPrelude[] = R"sh(#!/bin/bash
put() { printf "$2" | dd of="$DRYDOCK_PAGE" bs=1 seek="$1" conv=notrunc status=none; }
running() { put 0 '\x02'; }
executions() { put 8 "$1"; }
input() { put 4 "$1"; put 52 "$2"; }
cannot_run() { put 2100 "$1"; put 0 '\x04'; exit 2; }
find_one() {
  echo '{"class":"'$1'","oracle":1,"trap":0,"driver_pc":0,"function":"f","step":1,"expected":"e",'\
'"seen":"s","executions":9,"program":"p","results":["3"],"maps":""}' >> "$DRYDOCK_REPORT"
}
for argument; do case $argument in --minimise=*) exit 2;; esac; done
)sh";

class Supervisor : public testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }

  DriverReport Run(const std::string& script, double seconds = 3) {
    const std::string worker = folder_ + "/worker.sh";
    std::ofstream(worker) << kPrelude << script << "\n";
    chmod(worker.c_str(), 0755);
    Job job;
    job.worker = worker;
    job.driver = "pump.so";
    job.platform = "x86-64";
    job.core_guards = "on";
    job.folder = folder_ + "/job";
    job.seconds = seconds;
    job.hang_seconds = 0.5;
    job.most_deaths = 3;
    fs::create_directories(job.folder);
    std::vector<DriverReport> reports(1);
    reports[0].file = "pump.c";
    RunJobs({job}, &reports, [&](const Progress& progress) { last_ = progress; });
    return reports[0];
  }

  const std::string folder_ = testing::TempDir() + "/supervisor";
  Progress last_;
};

TEST_F(Supervisor, TakesInWhatAWorkerFindsAndCounts) {
  const DriverReport report = Run("running; executions '\\xe8\\x03'; find_one C04; find_one A01");

  EXPECT_EQ(report.error, "");
  EXPECT_EQ(report.executions, 1000u);
  ASSERT_EQ(report.findings.size(), 2u);
  EXPECT_EQ(report.findings[0].class_id, "C04");
  EXPECT_EQ(report.findings[0].platform, "x86-64");
  EXPECT_EQ(report.Count(fuzz::Weight::kAdvice), 1u);
}

TEST_F(Supervisor, AWorkerThatDiesIsAFindingAndAnotherOneTakesItsPlace) {
  // Bytes 00 00 00 00: open and mmap.
  const DriverReport report =
      Run("running; executions '\\x05'; input '\\x04' '\\0\\0\\0\\0'\n"
          "if [ ! -e " +
          folder_ + "/died ]; then touch " + folder_ +
          "/died; kill -SEGV $$; fi\n"
          "find_one C38");

  ASSERT_EQ(report.findings.size(), 2u);
  EXPECT_EQ(report.findings[0].class_id, "X02");
  EXPECT_EQ(report.findings[0].seen, "the worker was ended by SIGSEGV");
  EXPECT_THAT(report.findings[0].program, testing::HasSubstr("m0 = mmap(fd0, 1 page,"));
  EXPECT_EQ(report.findings[1].class_id, "C38") << "of the second worker";
  EXPECT_EQ(report.executions, 10u) << "of both";
}

TEST_F(Supervisor, AnAbortWithoutASanitizerReportIsOurs) {
  const DriverReport report =
      Run("running; executions '\\x05'; input '\\x04' '\\0\\0\\0\\0'; kill -ABRT $$");

  ASSERT_FALSE(report.findings.empty());
  EXPECT_EQ(report.findings[0].kind().weight, fuzz::Weight::kLimit);
  EXPECT_EQ(ExitStatusOf({report}), 2);
}

TEST_F(Supervisor, AWorkerWithoutProgressIsKilledAndIsAFinding) {
  const DriverReport report =
      Run("running; executions '\\x05'; input '\\x04' '\\0\\0\\0\\0'\n"
          "if [ ! -e " +
              folder_ + "/hung ]; then touch " + folder_ + "/hung; sleep 60; fi",
          5);

  ASSERT_EQ(report.findings.size(), 1u);
  EXPECT_EQ(report.findings[0].class_id, "X05");
  EXPECT_EQ(ExitStatusOf({report}), 1);
}

TEST_F(Supervisor, EndlessDeathsEndTheJob) {
  const DriverReport report =
      Run("running; executions '\\x05'; input '\\x04' '\\0\\0\\0\\0'; kill -SEGV $$", 60);

  EXPECT_EQ(report.findings.size(), 3u) << "most_deaths";
}

TEST_F(Supervisor, AWorkerThatRunsOnIsEndedWhenItsTimeIsOver) {
  const double begun = Now();
  const DriverReport report =
      Run("running; for i in 1 2 3 4 5 6 7 8 9; do executions \"\\x$i\"; sleep 0.2; done; sleep 9",
          0.7);

  EXPECT_LT(Now() - begun, 4);
  EXPECT_THAT(report.findings, testing::IsEmpty());
  EXPECT_GT(report.executions, 0u);
}

TEST_F(Supervisor, AWorkerThatCannotLoadItsDriverSaysWhy) {
  const DriverReport report = Run("exit 2");
  EXPECT_NE(report.error, "");
  EXPECT_EQ(ExitStatusOf({report}), 2);
}

TEST_F(Supervisor, AWorkerThatIsNotThereIsSaid) {
  std::vector<DriverReport> reports(1);
  Job job;
  job.worker = "/nonexistent/worker";
  job.platform = "x86-64";
  job.folder = folder_;
  RunJobs({job}, &reports, [](const Progress&) {});

  EXPECT_EQ(reports[0].error, "/nonexistent/worker: cannot be started, build it anew");
}

TEST_F(Supervisor, LinesThatWereCutOffAreNotRead) {
  const DriverReport report =
      Run("running; executions '\\x01'; printf '{\"class\":\"C04\"' >> $DRYDOCK_REPORT");

  EXPECT_THAT(report.findings, testing::IsEmpty());
}

// The last: an interrupt is remembered for ever.
TEST_F(Supervisor, ZInterruptKeepsWhatWasFound) {
  CatchInterrupts();
  const pid_t self = getpid();
  const DriverReport report =
      Run("running; executions '\\x01'; find_one C04; sleep 0.3; kill -INT " +
              std::to_string(self) + "; sleep 60",
          60);

  EXPECT_TRUE(report.interrupted);
  EXPECT_EQ(report.findings.size(), 1u);
}

}  // namespace
}  // namespace drydock::command
