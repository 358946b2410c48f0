// What a driver's locks and its interrupts, preemption and RCU sections lead to, through the macros
// of the headers: rules LO and AT of docs/task-rules.md.
#include <string>

#include "gtest/gtest.h"
#include "sim/world.h"

namespace drydock {
namespace {

class ContextTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(world_.LoadDriver("sim/context_test_driver.so", {}), "");
    world_.Checkpoint();
    fd_ = static_cast<int>(world_.init().Open("/dev/context", 0).value);
    ASSERT_GE(fd_, 0);
  }
  // What is reported when the driver is asked twice: "" or "C64 ...".
  std::string Asked(char command) {
    result_ = world_.init().Ioctl(fd_, static_cast<uint32_t>(command), 0).value;
    world_.init().Ioctl(fd_, static_cast<uint32_t>(command), 0);
    const kernel::Verdicts& verdicts = world_.verdicts();
    if (verdicts.count() == 0) return "";
    EXPECT_EQ(verdicts.pending_trap(), kernel::Trap::kNone);
    return "C" + std::to_string(verdicts[0].class_number) + " " + verdicts[0].seen +
           (verdicts.count() > 1 ? " and more" : "");
  }

  World world_{WorldOptions{}};
  int fd_ = -1;
  int64_t result_ = 0;
};

TEST_F(ContextTest, AT1_SpinlockForbidsSleep) {
  EXPECT_EQ(Asked('s'), "C64 an allocation: may sleep, and the spinlock &part->spin is held");
}

TEST_F(ContextTest, AT2_InterruptsOffForbidSleep) {
  EXPECT_EQ(Asked('i'), "C64 an allocation: may sleep, with interrupts off");
}

TEST_F(ContextTest, AT3_ReadSideSectionForbidsSleep) {
  EXPECT_EQ(Asked('r'), "C64 an allocation: may sleep, in a read-side section of RCU");
}

TEST_F(ContextTest, AT4_PreemptionOffForbidsSleep) {
  EXPECT_EQ(Asked('p'), "C64 an allocation: may sleep, with preemption off");
}

TEST_F(ContextTest, AT4_StayingOnAProcessorForbidsSleep) {
  EXPECT_EQ(Asked('c'), "C64 an allocation: may sleep, with preemption off");
  EXPECT_EQ(result_, 0);
}

TEST_F(ContextTest, AT4_SoftInterruptsOffForbidSleep) {
  EXPECT_EQ(Asked('b'), "C64 an allocation: may sleep, with soft interrupts off");
}

TEST_F(ContextTest, AT4_WithinSectionsNothingSleepsAndAfterThemAllIsWell) {
  EXPECT_EQ(Asked('f'), "");
  EXPECT_EQ(result_, 1);  // preempt_count(), which a section of RCU does not raise
}

TEST_F(ContextTest, AT5_SectionLeftOpenIsReported) {
  EXPECT_EQ(Asked('o'), "C52 ioctl: returns to user space in a read-side section of RCU and more");
}

TEST_F(ContextTest, AT6_SectionEndedTwiceIsReported) {
  EXPECT_EQ(Asked('e'), "C0 rcu_read_unlock: no read-side section is open and more");
}

TEST_F(ContextTest, LO2_TwoLocksOfOneInitSiteAreOneClass) {
  EXPECT_EQ(Asked('2'),
            "C52 mutex_lock: takes &part->lock while another lock of this class is held");
}

TEST_F(ContextTest, LO2_NestedSubclassIsFine) { EXPECT_EQ(Asked('n'), ""); }

TEST_F(ContextTest, LO2_EqualTextsOfTwoInitSitesAreTwoClasses) { EXPECT_EQ(Asked('d'), ""); }

TEST_F(ContextTest, LO2_LocksInitialisedByTheirDefinitionAreClassesOfTheirOwn) {
  EXPECT_EQ(Asked('t'), "");
  EXPECT_EQ(Asked('a'), "");
}

TEST_F(ContextTest, LO2_KeyOfTheDriverMakesAClass) { EXPECT_EQ(Asked('k'), ""); }

}  // namespace
}  // namespace drydock
