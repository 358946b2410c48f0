#include "sim/kernel/devres.h"

#include "sim/kernel/part_fixture.h"

namespace drydock::kernel {
namespace {

void ActionA(void*) { Note("A"); }
void ActionB(void*) { Note("B"); }

class DevresTest : public PartTest {
 protected:
  void SetUp() override { Trace().clear(); }
  Devres devres_{list_, verdicts_, calls_, heap_, 4};
};

TEST_F(DevresTest, ReleasesNewestFirst) {
  devres_.AddAction(0, ActionA, nullptr);
  devres_.AddAction(0, ActionB, nullptr);
  devres_.ReleaseAll(0);
  EXPECT_EQ(Trace(), "B A");
  EXPECT_TRUE(devres_.empty(0));
}

TEST_F(DevresTest, MemoryAndActionsShareOneOrder) {
  static CountingHeap* heap = &heap_;
  heap = &heap_;
  const auto live = [](void*) { Note(std::to_string(heap->live())); };
  devres_.Kmalloc(0, 8, 0);
  devres_.AddAction(0, live, nullptr);
  devres_.Kmalloc(0, 8, 0);
  devres_.AddAction(0, live, nullptr);
  devres_.ReleaseAll(0);
  EXPECT_EQ(Trace(), "2 1");
  EXPECT_EQ(heap_.live(), 0);
}

TEST_F(DevresTest, DevicesHaveListsOfTheirOwn) {
  devres_.AddAction(0, ActionA, nullptr);
  devres_.AddAction(1, ActionB, nullptr);
  devres_.ReleaseAll(1);
  EXPECT_EQ(Trace(), "B");
  EXPECT_FALSE(devres_.empty(0));
}

TEST_F(DevresTest, RemovesOnlyWhatMatches) {
  int x = 0;
  devres_.AddAction(0, ActionA, &x);
  EXPECT_EQ(devres_.RemoveAction(0, ActionA, nullptr, true), -ENOENT);
  EXPECT_EQ(devres_.RemoveAction(0, ActionB, &x, true), -ENOENT);
  EXPECT_EQ(devres_.RemoveAction(1, ActionA, &x, true), -ENOENT);
  EXPECT_EQ(Trace(), "");
  EXPECT_EQ(devres_.RemoveAction(0, ActionA, &x, false), 0);
  EXPECT_EQ(Trace(), "");
  EXPECT_TRUE(devres_.empty(0));
}

TEST_F(DevresTest, ForeignMemoryIsNotFreed) {
  void* object = devres_.Kmalloc(0, 8, 0);
  EXPECT_FALSE(devres_.Kfree(1, object));
  EXPECT_EQ(heap_.live(), 1);
  EXPECT_TRUE(devres_.Kfree(0, object));
  EXPECT_FALSE(devres_.Kfree(0, object));
}

TEST_F(DevresTest, FailedAllocationAddsNothing) {
  heap_.FailNext();
  EXPECT_EQ(devres_.Kmalloc(0, 8, 0), nullptr);
  EXPECT_TRUE(devres_.empty(0));
}

TEST_F(DevresTest, FullTableRefusesAndSaysSoOnce) {
  for (size_t i = 0; i < Devres::kCapacity; ++i) {
    ASSERT_EQ(devres_.AddAction(0, ActionA, nullptr), 0);
  }
  EXPECT_EQ(devres_.AddAction(0, ActionA, nullptr), -ENOMEM);
  EXPECT_EQ(devres_.Kmalloc(0, 8, 0), nullptr);
  EXPECT_EQ(heap_.live(), 0);
  EXPECT_EQ(OnlyVerdict(), "C0 O0");
}

TEST_F(DevresTest, StopsWhereTheDriverTraps) {
  static Verdicts* verdicts = nullptr;
  verdicts = &verdicts_;
  devres_.AddAction(0, ActionA, nullptr);
  devres_.AddAction(0, [](void*) { verdicts->TrapNow(Trap::kBug, 0, 10, "", "bug"); }, nullptr);
  devres_.ReleaseAll(0);
  EXPECT_EQ(Trace(), "");
}

TEST_F(DevresTest, ResetPutsEntriesBack) {
  devres_.AddAction(0, ActionA, nullptr);
  list_.Checkpoint();
  const uint64_t hash = list_.Hash();
  devres_.AddAction(0, ActionB, nullptr);
  devres_.ReleaseAll(0);
  Trace().clear();
  list_.Reset();
  EXPECT_EQ(list_.Hash(), hash);
  devres_.ReleaseAll(0);
  EXPECT_EQ(Trace(), "A");
}

}  // namespace
}  // namespace drydock::kernel
