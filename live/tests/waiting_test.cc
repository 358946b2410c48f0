// Calls that sleep in the driver keep their own thread waiting and nobody else; and many of
// everything: descriptors, mappings, processes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <vector>

#include "live/tests/live_session.h"

namespace drydock::live {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Case {
  const char* name;
  const char* program;
  const char* output;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class CleanCase : public testing::TestWithParam<Case> {
 protected:
  LiveSession session{Parts().driver};
};

TEST_P(CleanCase, PrintsWhatAKernelWouldShowIt) {
  ASSERT_EQ(session.error(), "");

  const Ended ended = session.Run({Parts().cases, GetParam().program});

  EXPECT_EQ(ended.output, GetParam().output);
  EXPECT_EQ(ended.status, 0);
  EXPECT_THAT(session.Violations(), IsEmpty());
  EXPECT_EQ(session.Stop(), 0);
  EXPECT_THAT(session.Lines("left"), ElementsAre("true"));
}

INSTANTIATE_TEST_SUITE_P(
    Waiting, CleanCase,
    testing::Values(
        Case{"SleepingCallLetsOtherProcessesGoOn", "waiter",
             "pwrite 3\nmapped wabc\nwaitpid 0\nwoken: ok\nchild: status 0\n"
             "files 1, mappings 1\n"},
        Case{"SleepingThreadsLetTheThirdGoOn", "waiting_threads",
             "files 1, mappings 0\njoined 0\n"},
        Case{"SleepTakesItsTimeAndNobodyElses", "sleeper",
             "sleeps still 1\nsleeps still 1\nchild: status 0\na second: 1\n"},
        Case{"SignalWithAHandlerEndsTheSleep", "interrupted",
             "wait: EINTR, handled 1\nwaiting 0\n"},
        Case{"HandlerWithSaRestartHasTheCallMadeAgain", "restarted", "wait: ok, handled 1\n"},
        Case{"KilledProcessLeavesItsKillableSleep", "killed_waiter",
             "child: signal 9\nfiles 1, mappings 0\n"},
        Case{"UninterruptibleSleepOutlivesItsProcess", "stubborn_waiter",
             "child: signal 9\nwaiting 1, files 2, mappings 1\nwaiting 0, files 1, mappings 0\n"},
        Case{"FileThatIsClosedMeanwhileStaysUntilTheCallReturns", "closed_meanwhile",
             "close ok\nfiles 2, mappings 0\nfiles 1, mappings 0\n"},
        Case{"FaultThatSleepsLetsOthersGoOn", "slow_fault",
             "files 1, mappings 1\nchild: status 1\n"},
        Case{"ExecWaitsForTheCallsOfOtherThreads", "exec_meanwhile",
             "waiting 0, files 1, mappings 0\n"},
        Case{"PollSelectAndEpollAreWokenByAnotherProcess", "poll_wakes", "1\n1\n1\n"},
        Case{"SixteenCallsSleepAtATime", "many_waiters", "woken 16\n"}),
    [](const testing::TestParamInfo<Case>& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Many, CleanCase,
    testing::Values(Case{"TenThousandMappings", "ten_thousand",
                         "10000: ok\nfiles 1, mappings 10000\nwrong 0\nfiles 1, mappings 0\n"},
                    Case{"DescriptorsUpToTheProcesssLimit", "many_descriptors",
                         "EMFILE, more than 900: 1\nall of them: 1\n"},
                    Case{"ProcessesUntilForkFailsWithEagain", "many_processes",
                         "fork: EAGAIN, more than 16: 1\nfiles 1, mappings 0\n"}),
    [](const testing::TestParamInfo<Case>& info) { return info.param.name; });

TEST(LiveWaiting, DriverThatCrashesUnderOneProcessLeavesTheSleeperAlone) {
  LiveSession session(Parts().driver);
  ASSERT_EQ(session.error(), "");

  const Ended ended = session.Run({Parts().cases, "waiter_and_oops"});

  EXPECT_EQ(ended.output, "child: signal 11\nwoken: ok\nchild: status 0\nfiles 1, mappings 0\n");
  EXPECT_EQ(session.Violations().size(), 1u);
  EXPECT_EQ(session.Stop(), 1);
}

TEST(LiveWaiting, SleepThatNothingEndsIsToldAtTheEndOfTheRun) {
  LiveSession session(Parts().driver);
  ASSERT_EQ(session.error(), "");
  const int program = session.Start({Parts().cases, "hangs"});
  usleep(500'000);
  session.Kill(program, SIGKILL);
  EXPECT_EQ(session.Wait(program).status, 128 + SIGKILL);

  EXPECT_EQ(session.Stop(), 1);

  EXPECT_THAT(session.Violations(), ElementsAre("X04"));
  EXPECT_THAT(session.Lines("call"), ElementsAre(HasSubstr("ioctl(command")));
  EXPECT_THAT(session.Lines("left"), ElementsAre("false"));
}

}  // namespace
}  // namespace drydock::live

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  drydock::live::TakeParts(&argc, argv);
  return RUN_ALL_TESTS();
}
