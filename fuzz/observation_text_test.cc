#include "fuzz/observation_text.h"

#include <gtest/gtest.h>

namespace drydock::fuzz {
namespace {

std::string Show(Call call, int64_t value, uint64_t data = 0, uint64_t length = 8) {
  const Step step{.call = call, .length = length};
  Observation seen;
  seen.state = StepState::kRan;
  seen.outcome.value = value;
  seen.data = data;
  return FormatObservation(step, seen);
}

TEST(ObservationText, ResultsAreStableAcrossWorlds) {
  EXPECT_EQ(Show(Call::kOpen, 3), "3");
  EXPECT_EQ(Show(Call::kMmap, 0x7f0000000000), "ok") << "addresses mean nothing elsewhere";
  EXPECT_EQ(Show(Call::kMmap, -22), "EINVAL");
  EXPECT_EQ(Show(Call::kMmap, -517), "errno 517") << "the driver's own invention";
  EXPECT_EQ(Show(Call::kMunmap, 0), "ok");
  EXPECT_EQ(Show(Call::kIoctl, 7), "7");
  EXPECT_EQ(Show(Call::kLoad, 0, 0x1122), "0x0000000000001122");
  EXPECT_EQ(Show(Call::kLoad, 0, 0x22, 1), "0x22");
  EXPECT_EQ(Show(Call::kLoad, 0, 0x22, 64), "0x0000000000000022...");
  EXPECT_EQ(Show(Call::kMlock, 0), "ok");
  EXPECT_EQ(Show(Call::kMsync, -22), "EINVAL");
  EXPECT_EQ(Show(Call::kMincore, 0, 0x010001, 4 * 4096), "ok 1010");
  EXPECT_EQ(Show(Call::kMincore, 0, 1, 9 * 4096), "ok 10000000...");
  EXPECT_EQ(Show(Call::kMincore, 0, 1, 0), "ok");
  EXPECT_EQ(Show(Call::kPoll, 5), "POLLIN|POLLOUT");
  EXPECT_EQ(Show(Call::kPoll, 0), "0");
  EXPECT_EQ(Show(Call::kVmReadv, 2, 0x3322, 64), "2 0x3322") << "as much as was read";
  EXPECT_EQ(Show(Call::kMemRead, -5, 0, 64), "EIO");
  EXPECT_EQ(Show(Call::kMemWrite, 64, 0, 64), "64");
}

TEST(ObservationText, SignalsTrapsAndStepsThatDidNotRun) {
  Observation seen;
  EXPECT_EQ(FormatObservation({}, seen), "not run");
  seen.state = StepState::kSkipped;
  EXPECT_EQ(FormatObservation({}, seen), "skipped");
  seen.state = StepState::kRan;
  seen.outcome.signal = user::Signal::kSegvAccerr;
  EXPECT_EQ(FormatObservation({}, seen), "SIGSEGV (SEGV_ACCERR)");
  seen.outcome.signal = user::Signal::kBusAdrerr;
  EXPECT_EQ(FormatObservation({}, seen), "SIGBUS (BUS_ADRERR)");
  seen.outcome.trapped = true;
  EXPECT_EQ(FormatObservation({}, seen), "the driver stopped");
}

}  // namespace
}  // namespace drydock::fuzz
