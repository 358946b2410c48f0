// Memory that is freed while its device can still be opened (C60), when a driver is let go.
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "sim/kernel/kernel.h"
#include "sim/world.h"

namespace drydock {
namespace {

constexpr char kDriver[] = "sim/removal_test_driver.so";
constexpr int kReadOnly = 0, kRead = 1, kShared = 1;

class RemovalTest : public ::testing::Test {
 protected:
  void Load(const std::vector<std::pair<std::string, std::string>>& params) {
    ASSERT_EQ(world_.LoadDriver(kDriver, params), "");
    world_.Checkpoint();
  }
  // What a program does with it, to its end.
  void MapOnce() {
    const auto fd = world_.init().Open("/dev/removal", kReadOnly).value;
    ASSERT_GE(fd, 0);
    const auto at = world_.init().Mmap({}, 4096, kRead, kShared, static_cast<int>(fd), 0).value;
    ASSERT_GT(at, 0);
    ASSERT_EQ(world_.init().Munmap({static_cast<uint64_t>(at)}, 4096).value, 0);
    ASSERT_EQ(world_.init().Close(static_cast<int>(fd)).value, 0);
  }
  std::string Seen() {
    const kernel::Verdicts& verdicts = world_.verdicts();
    if (verdicts.count() == 0) return "";
    EXPECT_EQ(verdicts.count(), 1u);
    return "C" + std::to_string(verdicts[0].class_number) + " " + verdicts[0].seen;
  }

  World world_{WorldOptions{}};
};

constexpr char kFreed[] = "C60 memory of 1 page(s) that mmap shows is freed while its device";

TEST_F(RemovalTest, TheRightOrderIsSilent) {
  Load({});
  world_.kernel().WatchRemoval(true);
  MapOnce();
  EXPECT_TRUE(world_.UnloadDriver());
  EXPECT_EQ(Seen(), "");
}

TEST_F(RemovalTest, FreedInExitBeforeTheDeviceIsGone) {
  Load({{"free_first", "1"}});
  world_.kernel().WatchRemoval(true);
  MapOnce();
  world_.UnloadDriver();
  EXPECT_EQ(Seen().substr(0, sizeof kFreed - 1), kFreed);
}

TEST_F(RemovalTest, FreedInRemoveBeforeTheDeviceIsGone) {
  Load({{"free_first", "1"}, {"in_remove", "1"}});
  world_.kernel().WatchRemoval(true);
  MapOnce();
  world_.UnloadDriver();
  EXPECT_EQ(Seen().substr(0, sizeof kFreed - 1), kFreed);
}

TEST_F(RemovalTest, InRemoveTheRightOrderIsSilentToo) {
  Load({{"in_remove", "1"}});
  world_.kernel().WatchRemoval(true);
  MapOnce();
  EXPECT_TRUE(world_.UnloadDriver());
  EXPECT_EQ(Seen(), "");
}

TEST_F(RemovalTest, WhatNoMappingShowedMayGoAnyTime) {
  Load({{"free_first", "1"}});
  world_.kernel().WatchRemoval(true);
  world_.UnloadDriver();
  EXPECT_EQ(Seen(), "");
}

TEST_F(RemovalTest, NothingIsNotedUnlessWatched) {
  Load({{"free_first", "1"}});
  MapOnce();
  world_.UnloadDriver();
  EXPECT_EQ(Seen(), "");
}

TEST_F(RemovalTest, ResetForgetsWhatWasShown) {
  Load({{"free_first", "1"}});
  world_.kernel().WatchRemoval(true);
  MapOnce();
  world_.Reset();
  EXPECT_EQ(world_.FirstDifference(), nullptr);
  world_.UnloadDriver();
  EXPECT_EQ(Seen(), "");
}

}  // namespace
}  // namespace drydock
