#include "sim/hw/page_table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <utility>
#include <vector>

namespace drydock::hw {
namespace {

constexpr PteBits kPlain{.present = 1, .write = 1};
constexpr PteBits kReadOnly{.present = 1};

class PageTableTest : public testing::Test {
 protected:
  static VirtAddr At(uint64_t page) { return {page << kPageShift}; }
  ResetList list_;
  PageTable table_{list_, "table"};
};

TEST_F(PageTableTest, EmptyFindsNothing) {
  EXPECT_EQ(table_.Find(At(0)), nullptr);
  EXPECT_EQ(table_.LowerBound(At(0)), 0U);
  EXPECT_FALSE(table_.AnyIn(At(0), uint64_t{1} << 40));
  EXPECT_TRUE(table_.Unmap(At(0), 100));
}

TEST_F(PageTableTest, TwoToThe28PagesAreOneExtent) {
  ASSERT_TRUE(table_.Map(At(16), uint64_t{1} << 28, {1000}, kPlain, 0));
  EXPECT_EQ(table_.count(), 1U);
  const VirtAddr last = At(16 + (uint64_t{1} << 28) - 1);
  ASSERT_NE(table_.Find(last), nullptr);
  EXPECT_EQ(PageTable::PfnAt(*table_.Find(last), last), Pfn{1000 + (uint64_t{1} << 28) - 1});
  EXPECT_EQ(table_.Find(At(15)), nullptr);
  EXPECT_EQ(table_.Find(At(16 + (uint64_t{1} << 28))), nullptr);
}

TEST_F(PageTableTest, RunsThatContinueAreJoinedUpwardsOnlyWhenAllIsEqual) {
  ASSERT_TRUE(table_.Map(At(0), 1, {10}, kPlain, 7));
  ASSERT_TRUE(table_.Map(At(1), 1, {11}, kPlain, 7));
  EXPECT_EQ(table_.count(), 1U);
  ASSERT_TRUE(table_.Map(At(2), 1, {13}, kPlain, 7));
  ASSERT_TRUE(table_.Map(At(3), 1, {14}, kReadOnly, 7));
  ASSERT_TRUE(table_.Map(At(4), 1, {15}, kReadOnly, 8));
  ASSERT_TRUE(table_.Map(At(6), 1, {17}, kReadOnly, 8));
  EXPECT_EQ(table_.count(), 5U);
}

TEST_F(PageTableTest, UnmapOfTheMiddleLeavesBothEnds) {
  ASSERT_TRUE(table_.Map(At(0), 10, {100}, kPlain, 0));
  ASSERT_TRUE(table_.Unmap(At(3), 4));
  EXPECT_EQ(table_.count(), 2U);
  EXPECT_EQ(PageTable::PfnAt(*table_.Find(At(2)), At(2)), Pfn{102});
  EXPECT_EQ(table_.Find(At(3)), nullptr);
  EXPECT_EQ(table_.Find(At(6)), nullptr);
  EXPECT_EQ(PageTable::PfnAt(*table_.Find(At(7)), At(7)), Pfn{107});
}

TEST_F(PageTableTest, RemoveAtTakesThatExtentAlone) {
  ASSERT_TRUE(table_.Map(At(0), 1, {1}, kPlain, 0));
  ASSERT_TRUE(table_.Map(At(8), 4, {20}, kPlain, 0));
  ASSERT_TRUE(table_.Map(At(32), 2, {40}, kReadOnly, 7));

  table_.RemoveAt(1);

  ASSERT_EQ(table_.count(), 2U);
  EXPECT_EQ(table_[0].pfn, Pfn{1});
  EXPECT_EQ(table_[1].va, At(32));
  EXPECT_EQ(table_[1].pages, 2U);
  EXPECT_EQ(table_[1].pfn, Pfn{40});
  EXPECT_EQ(table_[1].bits, kReadOnly);
  EXPECT_EQ(table_[1].driver_pc, 7U);
}

TEST_F(PageTableTest, ChangeTouchesOnlyItsRange) {
  ASSERT_TRUE(table_.Map(At(0), 10, {100}, kPlain, 0));
  ASSERT_TRUE(table_.Change(At(2), 3, [](PteBits bits) {
    bits.write = 0;
    return bits;
  }));
  for (uint64_t i = 0; i < 10; ++i) {
    EXPECT_EQ(table_.Find(At(i))->bits.write, i >= 2 && i < 5 ? 0 : 1) << i;
    EXPECT_EQ(PageTable::PfnAt(*table_.Find(At(i)), At(i)), Pfn{100 + i});
  }
}

TEST_F(PageTableTest, WhenFullItRefusesAndKeepsWhatItHas) {
  for (size_t i = 0; i < PageTable::kCapacity; ++i)
    ASSERT_TRUE(table_.Map(At(4 * i), 3, {9}, kPlain, 0));
  EXPECT_FALSE(table_.Map(At(4 * PageTable::kCapacity), 1, {9}, kPlain, 0));
  EXPECT_FALSE(table_.Unmap(At(1), 1));
  EXPECT_FALSE(table_.Change(At(1), 1, [](PteBits) { return kReadOnly; }));
  EXPECT_EQ(table_.count(), PageTable::kCapacity);
  EXPECT_EQ(table_.Find(At(1))->pages, 3U);
  EXPECT_TRUE(table_.Map(At(3), 1, {12}, kPlain, 0));  // joins the first
  EXPECT_TRUE(table_.Unmap(At(0), 4));
}

TEST_F(PageTableTest, ResetBringsBackTheCheckpoint) {
  ASSERT_TRUE(table_.Map(At(0), 10, {100}, kPlain, 0));
  list_.Checkpoint();
  ASSERT_TRUE(table_.Unmap(At(3), 4));
  ASSERT_TRUE(table_.Map(At(20), 4, {7}, kReadOnly, 0));
  list_.Reset();
  EXPECT_EQ(list_.FirstDifference(), nullptr);
  EXPECT_EQ(table_.count(), 1U);
  EXPECT_EQ(table_.Find(At(5))->pages, 10U);
}

// Against a table that has an entry for each page.
TEST_F(PageTableTest, AgreesWithATableOfSinglePages) {
  struct Entry {
    Pfn pfn;
    uint8_t write = 0;
  };
  std::mt19937 random(1);
  std::map<uint64_t, Entry> plain;
  for (int step = 0; step < 20000; ++step) {
    const uint64_t at = random() % 64;
    const uint64_t pages = 1 + random() % 12;
    const auto write = static_cast<uint8_t>(random() % 2);
    bool any = false;
    for (uint64_t i = at; i < at + pages; ++i) any |= plain.contains(i);
    ASSERT_EQ(table_.AnyIn(At(at), pages), any);
    switch (random() % 3) {
      case 0:
        if (any) break;
        ASSERT_TRUE(table_.Map(At(at), pages, {at + 100 * (random() % 2)},
                               {.present = 1, .write = write}, 0));
        for (uint64_t i = at; i < at + pages; ++i) {
          plain[i] = {PageTable::PfnAt(*table_.Find(At(at)), At(at)) + (i - at), write};
        }
        break;
      case 1:
        ASSERT_TRUE(table_.Unmap(At(at), pages));
        for (uint64_t i = at; i < at + pages; ++i) plain.erase(i);
        break;
      default:
        ASSERT_TRUE(table_.Change(At(at), pages, [write](PteBits bits) {
          bits.write = write;
          return bits;
        }));
        for (uint64_t i = at; i < at + pages; ++i) {
          if (plain.contains(i)) plain[i].write = write;
        }
    }
    for (uint64_t i = 0; i < 80; ++i) {
      const Extent* extent = table_.Find(At(i));
      ASSERT_EQ(extent != nullptr, plain.contains(i));
      if (extent == nullptr) continue;
      ASSERT_EQ(PageTable::PfnAt(*extent, At(i)), plain[i].pfn);
      ASSERT_EQ(extent->bits.write, plain[i].write);
    }
  }
}

class NarrowedRanges final : public PageTableWatcher {
 public:
  void OnNarrowed(const PageTable& table, VirtAddr va, uint64_t pages) override {
    // The change is made already.
    still_there = table.AnyIn(va, pages);
    ranges.emplace_back(va.value >> kPageShift, pages);
  }
  std::vector<std::pair<uint64_t, uint64_t>> ranges;
  bool still_there = false;
};

using Ranges = std::vector<std::pair<uint64_t, uint64_t>>;

TEST_F(PageTableTest, WatcherIsToldOfWhatGoesAwayAndNotOfWhatComes) {
  NarrowedRanges watcher;
  table_.SetWatcher(&watcher);
  ASSERT_TRUE(table_.Map(At(0), 10, {100}, kPlain, 0));
  EXPECT_TRUE(table_.Unmap(At(20), 5));  // where nothing is
  EXPECT_EQ(watcher.ranges, Ranges());

  ASSERT_TRUE(table_.Unmap(At(3), 2));
  EXPECT_EQ(watcher.ranges, Ranges({{3, 2}}));
  EXPECT_FALSE(watcher.still_there);
  table_.RemoveAt(0);
  EXPECT_EQ(watcher.ranges, Ranges({{3, 2}, {0, 3}}));
  EXPECT_FALSE(watcher.still_there);

  table_.SetWatcher(nullptr);
  ASSERT_TRUE(table_.Unmap(At(0), 10));
  EXPECT_EQ(watcher.ranges.size(), 2U);
}

TEST_F(PageTableTest, WatcherIsToldOfPermissionsThatGoAndNotOfOtherBits) {
  NarrowedRanges watcher;
  table_.SetWatcher(&watcher);
  ASSERT_TRUE(table_.Map(At(0), 10, {100}, kReadOnly, 0));
  const auto change = [&](auto edit) {
    ASSERT_TRUE(table_.Change(At(2), 3, [&](PteBits bits) {
      edit(bits);
      return bits;
    }));
  };
  change([](PteBits& bits) { bits.write = 1; });
  change([](PteBits& bits) { bits.dirty = bits.accessed = 1; });
  change([](PteBits& bits) { bits.exec = 1; });
  EXPECT_EQ(watcher.ranges, Ranges());
  change([](PteBits& bits) { bits.write = 0; });
  change([](PteBits& bits) { bits.exec = 0; });
  change([](PteBits& bits) { bits.present = 0; });
  EXPECT_EQ(watcher.ranges, Ranges({{2, 3}, {2, 3}, {2, 3}}));
}

}  // namespace
}  // namespace drydock::hw
