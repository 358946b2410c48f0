#include "sim/kernel/fibre.h"

#include <gtest/gtest.h>

namespace drydock::kernel {
namespace {

Fibres* fibres;
int destroyed;

long AddsSix(void* a, void* b, void* c, void* d, void* e, void* f) {
  return reinterpret_cast<long>(a) + reinterpret_cast<long>(b) + reinterpret_cast<long>(c) +
         reinterpret_cast<long>(d) + reinterpret_cast<long>(e) + reinterpret_cast<long>(f);
}

void* const kOneToSix[6] = {reinterpret_cast<void*>(1), reinterpret_cast<void*>(2),
                            reinterpret_cast<void*>(3), reinterpret_cast<void*>(4),
                            reinterpret_cast<void*>(5), reinterpret_cast<void*>(6)};

long LeavesAtOnce(void*, void*, void*, void*, void*, void*) { fibres->Leave(); }

struct CountsDestruction {
  ~CountsDestruction() { ++destroyed; }
};

// As the emulated kernel does when a driver's callback trapped: a frame with a destructor on the
// middle fibre, which returns normally before that fibre is left in turn.
long CallsOneThatLeaves(void*, void*, void*, void*, void*, void*) {
  bool left = false;
  {
    CountsDestruction frame;
    fibres->Call(&LeavesAtOnce, kOneToSix, &left);
  }
  fibres->Leave();
}

class FibreTest : public testing::Test {
 protected:
  void SetUp() override {
    fibres = &fibres_;
    destroyed = 0;
  }
  Fibres fibres_;
};

TEST_F(FibreTest, PassesSixArgumentsAndReturnsTheResult) {
  bool left = true;

  EXPECT_EQ(fibres_.Call(&AddsSix, kOneToSix, &left), 21);

  EXPECT_FALSE(left);
  EXPECT_EQ(fibres_.depth(), 0U);
}

long StackIsAligned(void*, void*, void*, void*, void*, void*) {
  return reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) % 16 == 0;
}

TEST_F(FibreTest, AlignsTheStackAsTheAbiWants) {
  bool left = true;

  EXPECT_EQ(fibres_.Call(&StackIsAligned, kOneToSix, &left), 1);
}

TEST_F(FibreTest, LeaveReturnsToTheCallerAndSaysSo) {
  bool left = false;

  EXPECT_EQ(fibres_.Call(&LeavesAtOnce, kOneToSix, &left), 0);

  EXPECT_TRUE(left);
  EXPECT_EQ(fibres_.depth(), 0U);
}

TEST_F(FibreTest, NestedLeaveUnwindsFramesBetween) {
  bool left = false;

  fibres_.Call(&CallsOneThatLeaves, kOneToSix, &left);

  EXPECT_TRUE(left);
  EXPECT_EQ(destroyed, 1);
  EXPECT_EQ(fibres_.depth(), 0U);
}

TEST_F(FibreTest, RunsAgainAfterTenThousandLeaves) {
  bool left = false;
  for (int i = 0; i < 10000; ++i) fibres_.Call(&LeavesAtOnce, kOneToSix, &left);

  EXPECT_EQ(fibres_.Call(&AddsSix, kOneToSix, &left), 21);
}

}  // namespace
}  // namespace drydock::kernel
