#include "sim/hw/cache_model.h"

#include <cstring>

#include "gtest/gtest.h"

namespace drydock::hw {
namespace {

constexpr auto kCacheable = CacheModel::KernelMaps::kCacheable;
constexpr auto kUncached = CacheModel::KernelMaps::kUncached;

class CacheModelTest : public testing::Test {
 protected:
  CacheModelTest() {
    memory_.MutFrame(kPage).kind = FrameKind::kPages;
    memory_.FillZero(kBase, kPageSize);
  }
  // What the kernel, the driver, does at its own address.
  void Store(uint64_t at, uint8_t byte) {
    memory_.MarkDirty(kPage);
    memory_.Plain(kPage)[at] = byte;
  }
  uint8_t Load(uint64_t at) { return memory_.Plain(kPage)[at]; }
  uint8_t Ram(uint64_t at, CacheModel::KernelMaps kernel) {
    uint8_t byte = 0;
    stale_ = {};
    EXPECT_TRUE(caches_.ReadRam(kBase + at, &byte, 1, kernel, &stale_));
    return byte;
  }
  uint8_t Cached(uint64_t at, CacheModel::KernelMaps kernel) {
    uint8_t byte = 0;
    stale_ = {};
    EXPECT_TRUE(caches_.ReadCached(kBase + at, &byte, 1, kernel, &stale_));
    return byte;
  }
  void ToRam(uint64_t at, uint8_t byte, CacheModel::KernelMaps kernel) {
    EXPECT_TRUE(caches_.WriteRam(kBase + at, &byte, 1, kernel));
  }
  void ToCache(uint64_t at, uint8_t byte, CacheModel::KernelMaps kernel) {
    EXPECT_TRUE(caches_.WriteCached(kBase + at, &byte, 1, kernel));
  }

  static constexpr Pfn kPage = PhysicalMemory::kNormalBase.pfn();
  static constexpr PhysAddr kBase = PhysicalMemory::kNormalBase;
  ResetList list_;
  PhysicalMemory memory_{list_};
  CacheModel caches_{list_, memory_};
  CacheModel::Stale stale_;
};

// --- memory that the kernel maps cacheable ---

TEST_F(CacheModelTest, AStoreStaysInTheCacheUntilItIsCleaned) {
  Store(5, 1);
  caches_.Clean(kBase, 64);
  EXPECT_EQ(Ram(5, kCacheable), 1);
  EXPECT_FALSE(stale_.found);
  Store(5, 2);
  EXPECT_EQ(Ram(5, kCacheable), 1);
  ASSERT_TRUE(stale_.found);
  EXPECT_EQ(stale_.seen, 1);
  EXPECT_EQ(stale_.newest, 2);
  caches_.Clean(kBase, 64);
  EXPECT_EQ(Ram(5, kCacheable), 2);
  EXPECT_FALSE(stale_.found);
}

TEST_F(CacheModelTest, OnlyTheRangeIsCleaned) {
  caches_.Clean(kBase, 4096);
  Store(5, 2);
  Store(64, 3);
  caches_.Clean(kBase, 64);
  EXPECT_EQ(Ram(5, kCacheable), 2);
  EXPECT_EQ(Ram(64, kCacheable), 0);
  EXPECT_TRUE(stale_.found);
}

TEST_F(CacheModelTest, WhatADeviceWroteIsNotSeenUntilInvalidated) {
  caches_.Clean(kBase, 64);
  ToRam(7, 9, kCacheable);
  EXPECT_EQ(Load(7), 0);
  EXPECT_TRUE(caches_.LookByKernel(kBase, 8).found);
  EXPECT_EQ(caches_.LookByKernel(kBase, 8).at, 7u);
  EXPECT_EQ(caches_.LookByKernel(kBase, 8).newest, 9);
  EXPECT_FALSE(caches_.LookByKernel(kBase, 7).found);
  EXPECT_EQ(Ram(7, kCacheable), 9);
  EXPECT_FALSE(stale_.found);  // the device sees its own
  caches_.Invalidate(kBase, 64);
  EXPECT_EQ(Load(7), 9);
  EXPECT_FALSE(caches_.LookByKernel(kBase, 64).found);
}

TEST_F(CacheModelTest, InvalidatingLosesAStoreThatWasNotCleaned) {
  caches_.Clean(kBase, 64);
  Store(5, 2);
  caches_.Invalidate(kBase, 64);
  EXPECT_EQ(Load(5), 0);
}

TEST_F(CacheModelTest, CleaningDoesNotUndoWhatADeviceWrote) {
  caches_.Clean(kBase, 64);
  ToRam(7, 9, kCacheable);
  caches_.Clean(kBase, 64);
  EXPECT_EQ(Ram(7, kCacheable), 9);
}

TEST_F(CacheModelTest, WhatWasNeverSharedIsTheSameForAll) {
  Store(5, 1);
  EXPECT_EQ(Ram(5, kCacheable), 1);
  EXPECT_EQ(Cached(5, kCacheable), 1);
  EXPECT_FALSE(stale_.found);
}

TEST_F(CacheModelTest, AnUncachedMappingOfUserSpaceIsLikeADevice) {
  caches_.Clean(kBase, 4096);
  ToRam(3, 7, kCacheable);
  EXPECT_EQ(Cached(3, kCacheable), 0);
  EXPECT_TRUE(stale_.found);
  ToCache(3, 8, kCacheable);
  EXPECT_EQ(Cached(3, kCacheable), 8);
  EXPECT_FALSE(stale_.found);
  EXPECT_EQ(Ram(3, kCacheable), 7);
  EXPECT_TRUE(stale_.found);
}

TEST_F(CacheModelTest, MemoryLeftDirtyShowsTheDeviceWhatWasThereBefore) {
  ASSERT_TRUE(caches_.LeaveDirty(kPage));
  Ram(0, kCacheable);
  EXPECT_TRUE(stale_.found);
  caches_.Clean(kBase, 4096);
  EXPECT_EQ(Ram(0, kCacheable), 0);
  EXPECT_FALSE(stale_.found);
}

// --- memory that the kernel maps uncached ---

TEST_F(CacheModelTest, ACachedAliasKeepsOldBytes) {
  Store(5, 1);
  EXPECT_EQ(Cached(0, kUncached), 0);  // brings in the line
  Store(5, 2);
  EXPECT_EQ(Cached(5, kUncached), 1);
  ASSERT_TRUE(stale_.found);
  EXPECT_EQ(stale_.newest, 2);
  EXPECT_EQ(Cached(64, kUncached), 0);  // another line
  EXPECT_FALSE(stale_.found);
}

TEST_F(CacheModelTest, AStoreThroughACachedAliasNeverArrives) {
  ToCache(5, 3, kUncached);
  EXPECT_EQ(Load(5), 0);
  EXPECT_TRUE(caches_.LookByKernel(kBase, 8).found);
  EXPECT_EQ(Ram(5, kUncached), 0);
  ASSERT_TRUE(stale_.found);
  EXPECT_EQ(stale_.newest, 3);
  EXPECT_EQ(Cached(5, kUncached), 3);
  EXPECT_FALSE(stale_.found);
}

TEST_F(CacheModelTest, UncachedOnBothSidesNeedsNoCopy) {
  ToRam(5, 3, kUncached);
  EXPECT_EQ(Load(5), 3);
  EXPECT_EQ(Ram(5, kUncached), 3);
  EXPECT_EQ(caches_.copies(), 0u);
}

// --- the copies ---

TEST_F(CacheModelTest, FreedPagesLoseTheirCopy) {
  ToCache(5, 3, kUncached);
  EXPECT_EQ(caches_.copies(), 1u);
  caches_.Forget(kPage, 1);
  EXPECT_EQ(caches_.copies(), 0u);
  EXPECT_EQ(Cached(5, kUncached), 0);
}

TEST_F(CacheModelTest, FreedBytesAreTheSameForAll) {
  caches_.Clean(kBase, 128);
  ToRam(7, 9, kCacheable);
  ToRam(70, 9, kCacheable);
  caches_.Forget(kBase, 64);
  EXPECT_FALSE(caches_.LookByKernel(kBase, 64).found);
  EXPECT_TRUE(caches_.LookByKernel(kBase + 64, 64).found);
}

TEST_F(CacheModelTest, MoreThanItHoldsIsRefused) {
  for (uint64_t i = 0; i < CacheModel::kPages; ++i) {
    ASSERT_TRUE(caches_.Clean(PhysAddr::Of(kPage + i), 1));
  }
  EXPECT_FALSE(caches_.Clean(PhysAddr::Of(kPage + CacheModel::kPages), 1));
  EXPECT_TRUE(caches_.Clean(kBase, 1));
  caches_.Forget(kPage, 1);
  EXPECT_TRUE(caches_.Clean(PhysAddr::Of(kPage + CacheModel::kPages), 1));
}

TEST_F(CacheModelTest, ResetPutsBothImagesBack) {
  Store(5, 1);
  caches_.Clean(kBase, 64);
  ToRam(6, 2, kCacheable);
  list_.Checkpoint();
  memory_.Checkpoint();
  caches_.Invalidate(kBase, 64);
  Store(7, 9);
  caches_.Clean(PhysAddr::Of(kPage + 1), 64);
  list_.Reset();
  memory_.Reset();
  EXPECT_EQ(list_.FirstDifference(), nullptr);
  EXPECT_EQ(Load(6), 0);
  EXPECT_EQ(Ram(6, kCacheable), 2);
  EXPECT_EQ(caches_.copies(), 1u);
}

}  // namespace
}  // namespace drydock::hw
