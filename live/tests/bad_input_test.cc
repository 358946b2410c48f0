// Programs that do what they should not, and a driver that faults, beside a program that uses all
// it has all the time: they get the kernel's errno or a message, and it loses nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <ostream>
#include <string>
#include <vector>

#include "live/tests/live_session.h"

namespace drydock::live {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Case {
  const char* name;
  std::vector<std::string> arguments;  // of cases
  const char* says;
  int status;
  size_t violations;
  int stop_status;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class BadInput : public testing::TestWithParam<Case> {};

TEST_P(BadInput, HasAClearAnswerAndTheOtherProgramLosesNothing) {
  const Case& c = GetParam();
  LiveSession session(Parts().driver);
  ASSERT_EQ(session.error(), "");
  const int bystander = session.Start({Parts().cases, "bystander"});
  usleep(200'000);
  std::vector<std::string> command = {Parts().cases};
  command.insert(command.end(), c.arguments.begin(), c.arguments.end());

  const Ended ended = session.Run(command);

  EXPECT_THAT(ended.output, HasSubstr(c.says));
  EXPECT_EQ(ended.status, c.status);
  usleep(50'000);
  session.Kill(bystander, SIGTERM);
  const Ended other = session.Wait(bystander);
  EXPECT_EQ(other.output, "begins\nhas lost nothing\n");
  EXPECT_EQ(other.errors, "");
  EXPECT_EQ(other.status, 0);
  EXPECT_EQ(session.Violations().size(), c.violations);
  EXPECT_EQ(session.Stop(), c.stop_status);
  EXPECT_THAT(session.Lines("left"), ElementsAre("true"));
}

INSTANTIATE_TEST_SUITE_P(
    Programs, BadInput,
    testing::Values(
        Case{"NodeThatNoDriverRegistered",
             {"nodes", "/dev/drydock_other"},
             "/dev/drydock_other ENOENT\n",
             0,
             0,
             0},
        Case{"SecondDeviceOfTheSameName", {"oops", "second"}, "came back: EEXIST\n", 0, 0, 0},
        Case{"ProgramThatMapsForksAndIsKilled", {"killed"}, "child: signal 9\n", 0, 0, 0},
        Case{"DriverThatFaults", {"survivor"}, "child: signal 11\ngoes on: ENOTTY\n", 0, 1, 1},
        Case{"DriverThatMeetsBug", {"oops", "bug"}, "calls\n", 128 + SIGSEGV, 1, 1},
        Case{"TenThousandMappings", {"ten_thousand"}, "10000: ok\n", 0, 0, 0},
        Case{"OneTebibyte", {"refusals"}, "1 TiB: EINVAL\n128 TiB: ENOMEM\n", 0, 0, 0},
        Case{"ProcessesUntilForkFails", {"many_processes"}, "fork: EAGAIN", 0, 0, 0},
        Case{"DescriptorsUntilTheLimit", {"many_descriptors"}, "EMFILE", 0, 0, 0}),
    [](const testing::TestParamInfo<Case>& info) { return info.param.name; });

}  // namespace
}  // namespace drydock::live

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  drydock::live::TakeParts(&argc, argv);
  return RUN_ALL_TESTS();
}
