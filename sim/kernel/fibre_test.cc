#include "sim/kernel/fibre.h"

#include <gtest/gtest.h>

#include <string>

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

// Uses `a` bytes of the stack, and writes to all of them.
__attribute__((no_sanitize("address"), noinline)) long UsesStack(void* a, void*, void*, void*,
                                                                 void*, void*) {
  const auto bytes = reinterpret_cast<size_t>(a);
  auto* room = static_cast<volatile char*>(__builtin_alloca(bytes));
  for (size_t i = 0; i < bytes; ++i) room[i] = 1;
  return room[bytes - 1];
}

TEST_F(FibreTest, WhatGoesDeepIsSeenOnce) {
  bool left = false;
  const auto goes_deep = [&](size_t bytes) {
    void* const arguments[6] = {reinterpret_cast<void*>(bytes)};
    EXPECT_EQ(fibres_.Call(&UsesStack, arguments, &left), 1);
    return fibres_.went_deep();
  };
  EXPECT_FALSE(goes_deep(100));
  EXPECT_FALSE(goes_deep(Fibres::kMarkDepthBytes - 4096));
  EXPECT_TRUE(goes_deep(Fibres::kMarkDepthBytes));
  EXPECT_FALSE(goes_deep(100));
  EXPECT_TRUE(goes_deep(Fibres::kStackBytes - 4096));
}

long DistanceToTheTop(void*, void*, void*, void*, void*, void*) {
  const auto here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  return static_cast<long>((0 - here) & (Fibres::kStackBytes - 1));
}

TEST_F(FibreTest, AnAddressTellsHowDeepItIs) {
  bool left = false;
  const long distance = fibres_.Call(&DistanceToTheTop, kOneToSix, &left);
  EXPECT_GT(distance, 0);
  EXPECT_LT(distance, 1024);
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

// What contexts did, in order.
std::string* trace;

uint32_t SaysOneAndEnds(void* argument) {
  *trace += static_cast<const char*>(argument);
  return 0;
}

uint32_t StopsInTheMiddle(void* argument) {
  *trace += static_cast<const char*>(argument);
  fibres->SwitchTo(0);
  *trace += static_cast<const char*>(argument);
  return 0;
}

long SwitchesFromTheDriver(void* to, void*, void*, void*, void*, void*) {
  int local = 7;
  fibres->SwitchTo(static_cast<uint32_t>(reinterpret_cast<uintptr_t>(to)));
  return local;
}

uint32_t CallsTheDriverThatSwitchesBack(void*) {
  bool left = true;
  void* const args[6] = {};
  *trace += fibres->Call(&SwitchesFromTheDriver, args, &left) == 7 && !left ? "called " : "wrong ";
  fibres->Call(&LeavesAtOnce, kOneToSix, &left);
  *trace += left ? "left " : "wrong ";
  return 0;
}

class ContextTest : public FibreTest {
 protected:
  void SetUp() override {
    FibreTest::SetUp();
    trace = &trace_;
  }
  char* Text(const char* text) { return const_cast<char*>(text); }
  std::string trace_;
};

TEST_F(ContextTest, RunsToItsEndAndGivesItsPlaceBack) {
  for (int i = 0; i < 1000; ++i) {
    const uint32_t context = fibres_.NewContext(&SaysOneAndEnds, Text("a"));
    ASSERT_EQ(context, 1U);
    fibres_.SwitchTo(context);
  }
  EXPECT_EQ(trace_, std::string(1000, 'a'));
  EXPECT_EQ(fibres_.current(), 0U);
}

TEST_F(ContextTest, GoesOnWhereItStopped) {
  const uint32_t a = fibres_.NewContext(&StopsInTheMiddle, Text("a"));
  const uint32_t b = fibres_.NewContext(&StopsInTheMiddle, Text("b"));

  for (const uint32_t context : {a, b, b, a}) fibres_.SwitchTo(context);

  EXPECT_EQ(trace_, "abba");
}

TEST_F(ContextTest, DriverCodeOfTwoContextsIsInterleaved) {
  const uint32_t context = fibres_.NewContext(&CallsTheDriverThatSwitchesBack, nullptr);
  bool left = true;
  void* const args[6] = {reinterpret_cast<void*>(uintptr_t{context})};

  EXPECT_EQ(fibres_.Call(&SwitchesFromTheDriver, args, &left), 7);
  EXPECT_FALSE(left);
  EXPECT_EQ(fibres_.Call(&AddsSix, kOneToSix, &left), 21);
  fibres_.SwitchTo(context);

  EXPECT_EQ(trace_, "called left ");
  EXPECT_EQ(fibres_.depth(), 0U);
}

TEST_F(ContextTest, RefusesOneMoreThanThereIsRoomFor) {
  uint32_t last = 1;
  uint32_t count = 0;
  while ((last = fibres_.NewContext(&SaysOneAndEnds, Text("."))) != 0) ++count;

  EXPECT_EQ(count, Fibres::kContexts - 1);
  EXPECT_TRUE(fibres_.CanCall());
  for (uint32_t context = 1; context <= count; ++context) fibres_.SwitchTo(context);
  EXPECT_EQ(trace_, std::string(count, '.'));
}

}  // namespace
}  // namespace drydock::kernel
