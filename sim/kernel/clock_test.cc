#include "sim/kernel/clock.h"

#include <string>

#include "sim/kernel/part_fixture.h"

namespace drydock::kernel {
namespace {

struct Recorder final : EventSink {
  void OnEvent(uint64_t cookie) override { seen += std::to_string(cookie) + " "; }
  std::string seen;
};

class ClockTest : public PartTest {
 protected:
  void FireAll(bool masked = false) {
    while (clock_.FireDue(masked)) {
    }
  }
  Recorder sink_, other_;
  Clock clock_{list_, verdicts_};
};

TEST_F(ClockTest, EventsComeInOrderOfTimeAndThenOfArrival) {
  clock_.Add(300, EventKind::kHardware, sink_, 3);
  clock_.Add(100, EventKind::kHardware, sink_, 1);
  clock_.Add(200, EventKind::kHardware, sink_, 2);
  clock_.Add(100, EventKind::kHardware, sink_, 11);
  EXPECT_EQ(clock_.next_due_ns(), 100u);

  clock_.Advance(250);
  FireAll();
  EXPECT_EQ(sink_.seen, "1 11 2 ");
  EXPECT_FALSE(clock_.due());

  clock_.AdvanceTo(300);
  FireAll();
  EXPECT_EQ(sink_.seen, "1 11 2 3 ");
  EXPECT_TRUE(clock_.empty());
}

TEST_F(ClockTest, NothingComesBeforeItsTime) {
  clock_.Add(100, EventKind::kHardware, sink_, 1);
  clock_.Advance(99);
  EXPECT_FALSE(clock_.due());
  FireAll();
  EXPECT_EQ(sink_.seen, "");
}

TEST_F(ClockTest, MaskedInterruptsWaitAndHardwareDoesNot) {
  clock_.Add(10, EventKind::kInterrupt, sink_, 1);
  clock_.Add(20, EventKind::kHardware, sink_, 2);
  clock_.Advance(30);
  FireAll(/*masked=*/true);
  EXPECT_EQ(sink_.seen, "2 ");
  EXPECT_TRUE(clock_.due());
  FireAll();
  EXPECT_EQ(sink_.seen, "2 1 ");
}

TEST_F(ClockTest, CancelTakesTheOneOfThisSink) {
  clock_.Add(10, EventKind::kHardware, sink_, 7);
  clock_.Add(10, EventKind::kHardware, other_, 7);
  EXPECT_EQ(clock_.DueOf(sink_, 7), 10u);
  EXPECT_TRUE(clock_.Cancel(sink_, 7));
  EXPECT_FALSE(clock_.Cancel(sink_, 7));
  EXPECT_FALSE(clock_.Cancel(other_, 8));
  EXPECT_EQ(clock_.DueOf(sink_, 7), Clock::kNever);
  clock_.Advance(10);
  FireAll();
  EXPECT_EQ(sink_.seen + other_.seen, "7 ");
}

TEST_F(ClockTest, FindsTheFirstInARangeOfCookies) {
  clock_.Add(30, EventKind::kHardware, sink_, 5);
  clock_.Add(20, EventKind::kHardware, sink_, 9);
  uint64_t cookie = 0;
  EXPECT_FALSE(clock_.FindIn(sink_, 6, 9, &cookie));
  EXPECT_TRUE(clock_.FindIn(sink_, 0, 10, &cookie));
  EXPECT_EQ(cookie, 9u);
  EXPECT_FALSE(clock_.FindIn(other_, 0, 10, &cookie));
}

TEST_F(ClockTest, SlotsAreUsedAgain) {
  for (uint64_t i = 0; i < 10 * Clock::kMaxEvents; ++i) {
    clock_.Add(i, EventKind::kHardware, sink_, i);
    EXPECT_TRUE(clock_.Cancel(sink_, i));
  }
  EXPECT_EQ(OnlyVerdict(), "");
}

TEST_F(ClockTest, OneTooManyIsALimitOfTheHarness) {
  for (uint64_t i = 0; i < Clock::kMaxEvents; ++i) {
    clock_.Add(i, EventKind::kHardware, sink_, i);
  }
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kNone);
  clock_.Add(1, EventKind::kHardware, sink_, 1);
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kUnmodelled);
}

TEST_F(ClockTest, JiffiesAreMomentsOfTime) {
  const uint64_t now = clock_.Jiffies();
  EXPECT_EQ(Clock::NsOfJiffies(now), 0u);
  EXPECT_EQ(Clock::NsOfJiffies(now - 5), 0u);
  EXPECT_EQ(Clock::NsOfJiffies(now + 3), 3 * Clock::kTickNs);
  EXPECT_EQ(Clock::NsOfJiffies(now + (uint64_t{1} << 62)), Clock::kNever - 1);
  clock_.AdvanceTo(3 * Clock::kTickNs);
  EXPECT_EQ(clock_.Jiffies(), now + 3);
}

TEST_F(ClockTest, TimeDoesNotWrap) {
  clock_.Advance(Clock::kNever - 10);
  clock_.Advance(100);
  EXPECT_EQ(clock_.NowNs(), Clock::kNever - 1);
}

TEST_F(ClockTest, ResetBringsBackWhatWasPending) {
  clock_.Add(100, EventKind::kHardware, sink_, 1);
  list_.Checkpoint();
  const uint64_t hash = list_.Hash();
  clock_.Add(50, EventKind::kHardware, sink_, 2);
  clock_.Advance(1000);
  FireAll();
  EXPECT_NE(list_.Hash(), hash);
  list_.Reset();
  EXPECT_EQ(list_.Hash(), hash);
  EXPECT_EQ(list_.FirstDifference(), nullptr);
  EXPECT_EQ(clock_.next_due_ns(), 100u);
  EXPECT_EQ(clock_.NowNs(), 0u);
}

}  // namespace
}  // namespace drydock::kernel
